"""A fan over HTTPS, as scripts/up --https has it."""


def test_a_purchase_over_http_2(new_fan, new_concert, new_stack):
    secure = new_stack(https="yes", workers=4)
    concert, item = new_concert(on=secure)
    # nobody but this machine believes the certificate, and of a service worker chromium does not ignore that
    fan = new_fan(on=secure, ignore_https_errors=True).sign_in()
    fan.context.add_init_script("delete Navigator.prototype.serviceWorker")
    fan.charge(500000)
    with fan.page.expect_response(f"{secure.url}/") as first:
        page = fan.open(f"/concert/{concert}/item/{item}")
    assert first.value.security_details()["protocol"] == "TLS 1.3"
    page.get_by_role("button", name="Take the best seats").click()
    page.locator("button.large:enabled").click()
    fan.wait_title("Paid")
    page.get_by_role("link", name="Show my tickets").click()
    page.locator("svg.code path").wait_for()
    protocols = "[...new Set(performance.getEntries().map((one) => one.nextHopProtocol).filter(Boolean))]"
    assert page.evaluate(protocols) == ["h2"]
    assert fan.count("payment") == 1
    secure.check_books()

"""Browsers that refuse to keep anything: a full disk, a private window, a policy."""

import pytest

FULL = """for (const storage of ["localStorage", "sessionStorage"]) {
    Object.getPrototypeOf(window[storage]).setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
}"""
FORBIDDEN = """for (const storage of ["localStorage", "sessionStorage"]) {
    Object.defineProperty(window, storage, { get() { throw new DOMException("no", "SecurityError"); } });
}"""


@pytest.mark.parametrize("refusing", [FULL, FORBIDDEN], ids=["full", "forbidden"])
def test_the_place_is_kept_where_nothing_can_be_stored(new_fan, new_concert, stack, refusing):
    concert, _ = new_concert(admissionCapacity=1)
    rival = stack.post("/token/add", {"userId": "a-rival", "concertId": concert}).json()["token"]
    fan = new_fan("ko")
    fan.context.add_init_script(refusing)
    page = fan.open(f"/concert/{concert}/queue")
    page.get_by_role("button", name="대기열 들어가기").click()
    page.locator("#name").fill(fan.name)
    page.get_by_role("button", name="계속").click()
    page.locator(".ahead").wait_for()
    page.get_by_text("이 브라우저에는 아무것도 저장되지 않습니다").wait_for()
    assert stack.call("DELETE", "/token", headers={"X-Queue-Token": rival}).status == 204
    fan.wait_title("입장하실 차례입니다")


@pytest.mark.parametrize("refusing", [FULL, FORBIDDEN], ids=["full", "forbidden"])
def test_tickets_are_shown_where_they_cannot_be_kept(new_fan, new_concert, stack, refusing):
    """And the page says that they are not."""
    concert, item = new_concert([{"from": 1, "to": 4, "price": 0}])
    fan = new_fan()
    caller = {"userId": fan.name}
    token = stack.post("/token/add", {**caller, "concertId": concert}).json()["token"]
    held = stack.post("/reservation", {**caller, "concertId": concert, "itemId": item, "count": 1}).json()
    assert stack.post("/payment", {**caller, "reservationId": held["reservationId"], "token": token}).status == 200
    fan.context.add_init_script(refusing)
    page = fan.open("/tickets")
    page.locator("#name").fill(fan.name)
    page.get_by_role("button", name="Continue").click()
    page.locator("svg.code path").wait_for()
    page.get_by_text("This browser stores nothing").wait_for()


@pytest.mark.parametrize("refusing", [FULL, FORBIDDEN], ids=["full", "forbidden"])
def test_the_operators_page_opens_where_nothing_can_be_stored(new_fan, refusing):
    fan = new_fan()
    fan.context.add_init_script(refusing)
    fan.page.goto("/ops/")
    fan.page.locator("h1").wait_for()

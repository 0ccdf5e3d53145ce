"""The operators' page."""

import json
import re

import pytest
from fan import PHONE, violations
from stack import wait_for


def sign_in(fan, stack, path="", key=None):
    """Opens a page of the operators with a key, the admin's unless said otherwise."""
    page = fan.page
    page.goto(f"/ops/#{path}")
    page.locator("#key").fill(key or (stack.var / "admin.key").read_text().strip())
    page.keyboard.press("Enter")
    page.locator(".bar nav").wait_for()
    return page


@pytest.mark.parametrize("key", ["wrong", "비밀 열쇠"], ids=["wrong", "one that no header carries"])
def test_a_key_that_is_not_accepted(new_fan, key):
    page = new_fan().page
    page.goto("/ops/")
    page.get_by_label("Admin key").fill(key)
    page.get_by_role("button", name="Open", exact=True).click()
    page.get_by_text("This key is not accepted").wait_for()
    assert violations(page) == []


def test_a_server_that_does_not_answer_is_told(new_fan, stack):
    page = sign_in(new_fan(), stack)
    page.route("**/metrics", lambda route: route.abort())
    page.get_by_role("link", name="Server").click()
    page.get_by_text("The page tries again each second").wait_for()
    page.unroute("**/metrics")
    page.locator(".uplot").nth(3).wait_for()
    page.locator(".fact", has_text="MySQL").locator("dd", has_text="up").wait_for()
    assert violations(page) == []
    with stack.without("frontrow"):
        page.get_by_text("the last figures are shown").wait_for()
        page.reload()
        page.get_by_role("button", name="Try again").wait_for()
    page.get_by_role("button", name="Try again").click()
    page.locator(".uplot").nth(3).wait_for()


def alert(name, severity, since):
    return {"fingerprint": name, "startsAt": f"2026-12-01T{since}.000Z", "labels": {
        "alertname": name, "severity": severity, "owner": "database"}, "annotations": {
        "summary": f"{name} is so.", "customers": "They notice <b>it</b>.", "runbook": f"docs/incidents/{name}.md"}}


def test_firing_alerts_are_shown(new_fan, stack):
    """The worst first; and whether there are none, or nobody knows. Without Alertmanager nothing is said."""
    page = sign_in(new_fan(), stack)
    assert page.get_by_role("region", name="Alerts").count() == 0
    told = [alert("MysqlSlow", "SEV2", "10:00:00"), alert("MysqlDown", "SEV1", "11:00:00"), alert("DiskFull", "SEV2", "09:00:00")]
    page.route("**/ops/alerts", lambda route: route.fulfill(json=told))
    page.reload()
    shown = page.get_by_role("region", name="Alerts")
    shown.get_by_text("SEV1 MysqlDown").wait_for()
    assert [text.split()[1] for text in shown.locator("strong").all_inner_texts()] == ["MysqlDown", "DiskFull", "MysqlSlow"]
    assert shown.get_by_text("They notice <b>it</b>.").count() == 3 and shown.get_by_text("docs/incidents/MysqlDown.md").count() == 1
    assert violations(page) == []
    page.unroute("**/ops/alerts")
    page.route("**/ops/alerts", lambda route: route.fulfill(json=[]))
    page.reload()
    shown.get_by_text("No alert is firing.").wait_for()
    page.unroute("**/ops/alerts")
    page.route("**/ops/alerts", lambda route: route.abort())
    page.reload()
    shown.get_by_text("Alertmanager does not answer").wait_for()
    page.unroute("**/ops/alerts")


def test_figures_follow_and_the_queue_is_steered(new_fan, new_concert, stack):
    concert, item = new_concert(title="Watched", admissionCapacity=5)
    page = sign_in(new_fan(), stack, f"/concert/{concert}")
    token = stack.post("/token/add", {"userId": "buyer", "concertId": concert}).json()["token"]
    made = stack.post("/reservation", {"userId": "buyer", "concertId": concert, "itemId": item, "count": 2, "token": token})
    assert made.status == 200, made
    page.locator(".fact", has_text="Held").locator("dd", has_text="2").wait_for()
    page.locator(".fact", has_text="Free").locator("dd", has_text="38").wait_for()
    page.get_by_role("link", name="Queue").click()
    page.locator(".uplot").nth(1).wait_for()
    page.locator(".fact", has_text="Active").locator("dd", has_text="1").wait_for()
    page.get_by_role("button", name="Pause the queue").click()
    page.get_by_role("button", name="Resume the queue").click()
    page.get_by_role("button", name="Pause the queue").wait_for()
    page.get_by_label("Capacity (5)").fill("7")
    page.get_by_role("button", name="Set").click()
    page.get_by_text("Capacity (7)").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Remove the queue").click()
    page.get_by_role("dialog").get_by_text("so may everybody who comes").wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Remove the queue").click()
    page.get_by_label("There is no queue").fill("3")
    page.get_by_role("button", name="Set", exact=True).click()
    page.get_by_label("Capacity (3)").wait_for()
    shown = stack.call("GET", f"/admin/concert/{concert}", headers=stack.admin_headers()).json()
    assert (shown["admissionCapacity"], shown["paused"]) == (3, False)


def test_a_draw_is_switched_on_and_its_beacon_given(new_fan, new_concert, stack):
    concert, _ = new_concert(title="To be drawn", admissionCapacity=5, opensAt="2098-01-01T00:00:00Z")
    stack.query("UPDATE concert SET opens_at = UTC_TIMESTAMP() + INTERVAL 1 HOUR, line_version = line_version + 1"
                " WHERE concert_id = %s", concert)
    page = sign_in(new_fan(), stack, f"/concert/{concert}/queue")
    page.get_by_label("freeze so many seconds").fill("3000")
    page.get_by_role("button", name="Draw the order").click()
    page.get_by_text("Draw: collecting entries.").wait_for()
    page.get_by_label("where its value will come from").fill("The lottery")
    page.wait_for_timeout(1500)  # the figures that come each second leave it as it is
    page.get_by_role("button", name="Name the beacon").click()
    page.get_by_text("Done.").wait_for()
    assert violations(page) == []
    assert stack.fresh(f"/concert/{concert}/queue").json()["draw"]["beaconSource"] == "The lottery"
    for left in ("2999", "2990"):
        stack.query("UPDATE concert SET opens_at = UTC_TIMESTAMP() + INTERVAL %s SECOND, line_version = line_version + 1"
                    " WHERE concert_id = %s", left, concert)
        stack.fresh(f"/concert/{concert}/queue")
    assert stack.ctl("queue", "draw", str(concert)).returncode == 0
    page.get_by_label("Value of the beacon (The lottery)").fill("3 5 7")
    page.get_by_role("button", name="Give the value").click()
    page.get_by_label("Value of the beacon").wait_for(state="detached")
    assert stack.fresh(f"/concert/{concert}/queue").json()["draw"]["beacon"] == "3 5 7"


def test_create_a_concert_from_a_file(new_fan, stack, tmp_path):
    page = sign_in(new_fan(size=PHONE, color_scheme="dark"), stack, "/new")
    draft = {"title": "From a file", "venue": "A hall", "status": "open",
             "items": [{"date": "2099-01-01", "startsAt": "2099-01-01T10:00:00Z", "seats": [{"from": 1, "to": 9, "price": 1}]}]}
    (tmp_path / "concert.json").write_text(json.dumps(draft))
    page.get_by_text("From JSON", exact=True).click()
    page.get_by_label("From a file").set_input_files(tmp_path / "concert.json")
    page.get_by_label("From a file").set_input_files([])  # as one who takes the choice back
    page.get_by_role("button", name="Create from JSON").click()
    page.get_by_text(re.compile("Concert [0-9]+ was created")).wait_for()
    assert violations(page) == []
    page.get_by_role("link", name="To the concert").click()
    page.get_by_role("heading", name="From a file").wait_for()


def test_create_a_concert_field_by_field(new_fan, stack):
    """By the venue's clock, whatever the browser's is; what was typed is there after a reload."""
    page = sign_in(new_fan(), stack, "/new")
    fields = {"Title": "By hand", "Venue": "A hall", "Time zone": "Europe/Berlin",
              "Capacity of the queue (none: no queue)": "50", "Seats for one person at most": "4"}
    for label, value in fields.items():
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="One more").nth(0).click()
    page.get_by_label("Begins").nth(0).fill("2099-06-01T19:30")
    page.get_by_label("Begins").nth(1).fill("2037-03-29T02:30")
    page.get_by_text("This time does not exist on that day").wait_for()
    page.get_by_role("button", name="2037-03-29 03:30").click()
    page.get_by_text("This time does not exist on that day").wait_for(state="detached")
    page.get_by_label("Sale opens").fill("2036-10-26T02:30")
    page.get_by_label("This time comes twice").select_option(label="the second, after the clocks are put back")
    page.get_by_role("button", name="One more").nth(1).click()
    for i, values in enumerate([("VIP", "2", "10", "150000"), ("R", "3", "12", "99000")]):
        for label, value in zip(("Section", "Rows", "Seats in a row", "Price"), values, strict=True):
            page.get_by_label(label, exact=True).nth(i).fill(value)
    page.reload()
    page.get_by_label("Begins").nth(1).wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Create a concert").click()
    said = page.get_by_text(re.compile("Concert [0-9]+ was created"))
    said.wait_for()
    assert page.get_by_label("Title").input_value() == "", "what is made is no draft any more"
    path = f"/concert/{re.search('[0-9]+', said.inner_text()).group()}"
    concert = stack.get(path).json()
    assert [concert[name] for name in ("title", "status", "queue", "maxSeatsPerUser", "timeZone", "opensAt")] == [
        "By hand", "scheduled", True, 4, "Europe/Berlin", "2036-10-26T01:30:00.000Z"]
    items = stack.get(f"{path}/item").json()["items"]
    assert [(item["date"], item["startsAt"], item["seatCount"]) for item in items] == [
        ("2037-03-29", "2037-03-29T01:30:00.000Z", 56), ("2099-06-01", "2099-06-01T17:30:00.000Z", 56)]
    seats = stack.get(f"{path}/item/{items[0]['itemId']}/layout").json()["seats"]
    assert (seats[20] | {"seatId": 0}) == {"seatId": 0, "section": "R", "row": "1", "label": "1", "price": 99000, "x": 0, "y": 4}


def test_forecasts_are_compared_with_what_came(new_fan):
    """Who enters is told something; when the number is called it shows how long it took."""
    page = new_fan().page
    page.goto("/ops/")
    rows = page.evaluate("""async () => {
        const script = document.querySelector("script[type=module]").src;
        const { Forecasts } = await import(script.replace("ops.js", "opsdata.js"));
        const forecasts = new Forecasts();
        const queue = (serving, lastNumber, etaSeconds, etaSecondsHigh) => ({ serving, lastNumber, etaSeconds, etaSecondsHigh });
        const rows = [
            forecasts.add(queue(0, 5, null, null), 0), // nothing is told yet
            forecasts.add(queue(2, 8, 30, 40), 10),
            forecasts.add(queue(4, 9, 30, 40), 20),
            forecasts.add(queue(8, 9, 30, 40), 45),
            forecasts.add(queue(9, 9, 30, 40), 45),
        ];
        return { rows, parts: forecasts.parts() };
    }""")
    assert rows == {
        "rows": [None, None, None, {"told": 30, "toldHigh": 40, "waited": 35}, {"told": 30, "toldHigh": 40, "waited": 25}],
        "parts": {"told": 0.5, "toldHigh": 1},
    }

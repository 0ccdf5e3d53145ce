"""The operators' page."""

import json
import re

import pytest
from fan import PHONE, violations
from stack import wait_for


def sign_in(fan, stack):
    page = fan.page
    page.goto("/ops/")
    page.get_by_label("Admin key").fill((stack.var / "admin.key").read_text().strip())
    page.get_by_role("button", name="Open").click()
    page.locator(".uplot").nth(5).wait_for()
    return page


def fact(page, name):
    return page.locator(".fact", has_text=name).first.locator("dd").inner_text()


@pytest.mark.parametrize("key", ["wrong", "비밀 열쇠"], ids=["wrong", "one that no header carries"])
def test_a_key_that_is_not_accepted(new_fan, key):
    page = new_fan().page
    page.goto("/ops/")
    page.get_by_label("Admin key").fill(key)
    page.get_by_role("button", name="Open").click()
    page.get_by_text("This key is not accepted").wait_for()
    assert violations(page) == []


def test_a_server_that_does_not_answer_is_told(new_fan, stack):
    page = new_fan().page
    page.route("**/metrics", lambda route: route.abort())
    page.goto("/ops/")
    page.get_by_label("Admin key").fill((stack.var / "admin.key").read_text().strip())
    page.get_by_role("button", name="Open").click()
    page.get_by_text("No answer at the moment").wait_for()
    page.unroute("**/metrics")
    page.locator(".uplot").nth(5).wait_for()


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


def test_figures_follow_what_happens(new_fan, new_concert, stack):
    concert, item = new_concert(title="Watched", admissionCapacity=5)
    page = sign_in(new_fan(), stack)
    page.get_by_label("Concert", exact=True).select_option(str(concert))
    page.get_by_role("heading", name="Watched").wait_for()
    token = stack.post("/token/add", {"userId": "buyer", "concertId": concert}).json()["token"]
    made = stack.post("/reservation", {"userId": "buyer", "concertId": concert, "itemId": item, "count": 2, "token": token})
    assert made.status == 200, made
    page.locator(".fact", has_text="Held").locator("dd", has_text="2").wait_for()
    page.locator(".fact", has_text="Free").locator("dd", has_text="38").wait_for()
    page.locator(".fact", has_text="MySQL").locator("dd", has_text="up").wait_for()
    page.wait_for_timeout(2500)
    assert violations(page) == []


def test_pause_resume_and_capacity(new_fan, new_concert, stack):
    concert, _ = new_concert(title="Steered", admissionCapacity=5)
    page = sign_in(new_fan(), stack)
    page.get_by_label("Concert", exact=True).select_option(str(concert))
    page.get_by_role("heading", name="Steered").wait_for()
    page.get_by_role("button", name="Pause the queue").click()
    page.get_by_role("button", name="Resume the queue").click()
    page.get_by_role("button", name="Pause the queue").wait_for()
    page.get_by_label("Capacity (5)").fill("7")
    page.get_by_role("button", name="Set").click()
    page.get_by_text("Capacity (7)").wait_for()
    shown = stack.call("GET", f"/admin/concert/{concert}", headers=stack.admin_headers()).json()
    assert (shown["admissionCapacity"], shown["paused"]) == (7, False)


def test_what_steers_is_of_the_concert_that_is_chosen(new_fan, new_concert, stack):
    first, second = (new_concert(title=title)[0] for title in ("The first", "The second"))
    page = sign_in(new_fan(), stack)
    choose = page.get_by_label("Concert", exact=True)
    choose.select_option(str(first))
    page.get_by_role("heading", name="The first").wait_for()
    late = []
    page.route(f"**/admin/concert/{second}", lambda route: late.append(route))
    choose.select_option(str(second))
    page.get_by_role("heading", name="The first").wait_for(state="detached")
    assert page.get_by_role("button", name="Close the sale").count() == 0
    wait_for(lambda: page.wait_for_timeout(50) or late, 5)
    for route in late:
        route.continue_()
    page.unroute(f"**/admin/concert/{second}")
    page.get_by_role("heading", name="The second").wait_for()
    page.get_by_role("button", name="Close the sale").click()
    page.get_by_role("button", name="Open the sale").wait_for()
    statuses = [stack.call("GET", f"/admin/concert/{one}", headers=stack.admin_headers()).json()["status"]
                for one in (first, second)]
    assert statuses == ["open", "closed"]


def test_a_sale_is_opened_and_gets_a_queue(new_fan, new_concert, stack):
    concert, _ = new_concert(title="Not yet", status="closed")
    page = sign_in(new_fan(), stack)
    stack.call("PATCH", f"/admin/concert/{concert}", {"status": "open"}, stack.admin_headers())
    page.get_by_label("Concert", exact=True).select_option(str(concert))
    page.get_by_role("button", name="Close the sale").click()
    page.get_by_role("button", name="Open the sale").click()
    page.get_by_role("button", name="Close the sale").wait_for()
    page.get_by_label("There is no queue").fill("3")
    page.get_by_role("button", name="Set", exact=True).click()
    page.get_by_label("Capacity (3)").wait_for()
    shown = stack.call("GET", f"/admin/concert/{concert}", headers=stack.admin_headers()).json()
    assert (shown["status"], shown["admissionCapacity"]) == ("open", 3)


def test_a_draw_is_switched_on_and_its_beacon_given(new_fan, new_concert, stack):
    concert, _ = new_concert(title="To be drawn", admissionCapacity=5, opensAt="2098-01-01T00:00:00Z")
    stack.query("UPDATE concert SET opens_at = UTC_TIMESTAMP() + INTERVAL 1 HOUR, line_version = line_version + 1"
                " WHERE concert_id = %s", concert)
    page = sign_in(new_fan(), stack)
    page.get_by_label("Concert", exact=True).select_option(str(concert))
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
    page = sign_in(new_fan(size=PHONE, color_scheme="dark"), stack)
    page.get_by_text("Create a concert").first.click()
    draft = {"title": "From a file", "venue": "A hall", "status": "open",
             "items": [{"date": "2099-01-01", "startsAt": "2099-01-01T10:00:00Z", "seats": [{"from": 1, "to": 9, "price": 1}]}]}
    (tmp_path / "concert.json").write_text(json.dumps(draft))
    page.get_by_text("From a JSON or CSV file").click()
    page.get_by_label("From a file").set_input_files(tmp_path / "concert.json")
    page.get_by_label("From a file").set_input_files([])  # as one who takes the choice back
    page.get_by_role("button", name="Create from JSON").click()
    page.get_by_text(re.compile("Concert [0-9]+ was created")).wait_for()
    page.get_by_role("heading", name="From a file").wait_for()
    assert violations(page) == []


def test_create_a_concert_from_a_table(new_fan, stack, tmp_path):
    page = sign_in(new_fan(), stack)
    page.get_by_text("Create a concert").first.click()
    (tmp_path / "Spring tour.csv").write_text(
        "date,startsAt,section,row,from,to,price\n"
        "2099-03-01,2099-03-01T10:00:00Z,R,1,1,10,90000\n2099-03-01,2099-03-01T10:00:00Z,S,1,11,20,70000\n"
        "2099-03-02,2099-03-02T10:00:00Z,R,1,1,10,90000\n"
    )
    page.get_by_text("From a JSON or CSV file").click()
    page.get_by_label("From a file").set_input_files(tmp_path / "Spring tour.csv")
    wait_for(lambda: "Spring tour" in page.get_by_label("JSON").input_value())
    draft = json.loads(page.get_by_label("JSON").input_value())
    page.get_by_label("JSON").fill(json.dumps(draft | {"venue": "Everywhere", "status": "open"}))
    page.get_by_role("button", name="Create from JSON").click()
    said = page.get_by_text(re.compile("Concert [0-9]+ was created"))
    said.wait_for()
    concert = re.search("[0-9]+", said.inner_text()).group()
    items = stack.get(f"/concert/{concert}/item").json()["items"]
    assert [item["seatCount"] for item in items] == [20, 10]


def test_create_a_concert_field_by_field(new_fan, stack):
    page = sign_in(new_fan(), stack)
    page.get_by_text("Create a concert").first.click()
    fields = {"Title": "By hand", "Venue": "A hall", "Capacity of the queue (none: no queue)": "50", "Seats for one person at most": "4"}
    for label, value in fields.items():
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="One more").nth(0).click()
    for i, (day, time) in enumerate([("2099-06-01", "19:30"), ("2099-06-02", "15:00")]):
        page.get_by_label("Day").nth(i).fill(day)
        page.get_by_label("Begins at").nth(i).fill(time)
    page.get_by_role("button", name="One more").nth(1).click()
    for i, values in enumerate([("VIP", "2", "10", "150000"), ("R", "3", "12", "99000")]):
        for label, value in zip(("Section", "Rows", "Seats in a row", "Price"), values, strict=True):
            page.get_by_label(label, exact=True).nth(i).fill(value)
    assert violations(page) == []
    page.get_by_role("button", name="Create a concert").click()
    said = page.get_by_text(re.compile("Concert [0-9]+ was created"))
    said.wait_for()
    path = f"/concert/{re.search('[0-9]+', said.inner_text()).group()}"
    concert = stack.get(path).json()
    assert (concert["title"], concert["status"], concert["queue"], concert["maxSeatsPerUser"]) == ("By hand", "open", True, 4)
    items = stack.get(f"{path}/item").json()["items"]
    assert [(item["date"], item["startsAt"], item["seatCount"]) for item in items] == [
        ("2099-06-01", "2099-06-01T10:30:00.000Z", 56), ("2099-06-02", "2099-06-02T06:00:00.000Z", 56)]
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


def test_a_server_that_is_away_is_told(new_fan, stack):
    page = sign_in(new_fan(), stack)
    with stack.without("frontrow"):
        page.get_by_text("No answer at the moment").wait_for()
    page.get_by_text("No answer at the moment").wait_for(state="detached")

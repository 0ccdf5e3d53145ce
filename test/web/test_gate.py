"""The page of a gate: what the camera sees is admitted once, with a network and without."""

import itertools

import pytest
from fan import DESKTOP, PHONE, Fan, assert_fits, violations
from film import hold_before_camera
from stack import wait_for
from test_organiser import buy

KEPT = "navigator.serviceWorker.controller && caches.match(location.pathname).then(Boolean)"
numbers = itertools.count(1)


class Gate(Fan):
    """Somebody at a door with a phone."""

    def __init__(self, browser, stack, item, name=None, language="en", size=PHONE, **options):
        super().__init__(browser, stack, language, size, **options)
        self.item, self.device = item, name or f"Gate {next(numbers)}"
        self.key = stack.ctl("operator", "add", f"gate-{next(numbers)}-{self.name}", "--role", "gate").stdout.strip()

    def start(self, key=None):
        page = self.page
        page.goto("/gate/")
        page.locator("#key").fill(key or self.key)
        page.locator("#device").fill(self.device)
        page.locator("#item").fill(str(self.item))
        page.locator("button.primary").click()
        return self

    def wait_list(self):
        self.page.locator(".gate-state", has_text="list of").wait_for()
        return self

    def scan(self, code, says):
        """By the field: like a hand-held scanner."""
        before = self.page.locator(".verdict").get_attribute("data-number")
        self.page.locator("#code").fill(code)
        self.page.locator("#code").press("Enter")
        self.page.locator(f".verdict:not([data-number='{before}'])", has_text=says).wait_for()
        return self.page.locator(".verdict").inner_text()

    def waiting(self):
        return self.page.locator(".gate-state", has_text="to be told to the server")


@pytest.fixture
def new_gate(browser, stack):
    gates = []

    def make(item, *arguments, on=None, by=None, **options):
        gates.append(Gate(by or browser, on or stack, item, *arguments, **options))
        return gates[-1]

    yield make
    for gate in gates:
        gate.end()


@pytest.fixture
def new_tickets(new_concert, stack):
    """(itemId, tickets) of a guest's order of so many seats."""

    def make(count=1, on=None, **settings):
        on = on or stack
        concert, item = new_concert(on=on)
        if settings:
            assert on.call("PATCH", f"/admin/concert/{concert}", settings, on.admin_headers()).status == 200
        body = {"userId": f"guest-{item}", "concertId": concert, "itemId": item, "seatIds": list(range(1, count + 1)), "method": "guest"}
        sold = on.post("/admin/reservation", body, **on.admin_headers())
        assert sold.status == 200, sold
        answer = on.get(f"/reservation/{sold.json()['reservationId']}/ticket?userId={body['userId']}")
        return item, answer.json()["tickets"]

    return make


@pytest.fixture
def film(tmp_path, new_browser):
    """Launches browsers with a camera before which these codes are held."""
    started = []

    def launch(*codes):
        started.append(new_browser(*hold_before_camera(tmp_path / f"film-{len(started)}.y4m", *codes)))
        return started[-1]

    yield launch
    for one in started:
        one.close()


def refuse_later(stack, ticket, item):
    """Whether the server knows that the ticket was used."""
    answer = stack.post("/admin/checkin", {"code": ticket["code"], "itemId": item}, **stack.admin_headers())
    return answer.code == "already_checked_in" and answer.json()


def test_the_camera_admits_a_ticket_once(new_gate, new_tickets, stack, film):
    """The same code stays before the camera and is told once; then another one comes, and the first one again."""
    item, tickets = new_tickets(2)
    gate = new_gate(item, by=film(tickets[0]["code"])).start()
    gate.page.locator(".verdict.good", has_text="Come in").wait_for()
    assert f"seat {tickets[0]['seat']['label']}" in gate.page.locator(".verdict").inner_text()
    told = refuse_later(stack, tickets[0], item)
    assert told["deviceId"] == gate.device and told["scannedAt"]
    gate.page.wait_for_timeout(4000)
    assert gate.page.locator(".verdict.good").count() == 1, "it is still before the camera"
    gate.scan(tickets[1]["code"], "Come in")
    gate.wait_list()
    said = gate.scan(tickets[0]["code"], "Used already")
    assert gate.device in said and f"seat {tickets[0]['seat']['label']}" in said


def test_a_browser_with_a_detector_uses_its_own(new_gate, new_tickets, film):
    item, (ticket,) = new_tickets()
    gate = new_gate(item, by=film(ticket["code"]))
    gate.context.add_init_script("""globalThis.BarcodeDetector = class {
        static async getSupportedFormats() { return ["qr_code"]; }
        async detect(video) { return video.videoWidth ? [{ rawValue: "of its own" }] : []; } };""")
    gate.start()
    gate.page.locator(".verdict.bad", has_text="No ticket").wait_for()


def test_what_is_refused_says_why(new_gate, new_tickets, stack):
    item, tickets = new_tickets(2)
    other, (elsewhere,) = new_tickets()
    gate = new_gate(item).start().wait_list()
    gate.scan("https://example.org", "No ticket")
    gate.scan(elsewhere["code"], "Another date")
    gate.scan(tickets[0]["code"][:60] + "AAAA" + tickets[0]["code"][64:], "No ticket")
    gate.scan(tickets[0]["code"].lower(), "Come in")
    assert "seat 1" in gate.page.locator(".verdict").inner_text()
    reservation = stack.query("SELECT reservation_id AS id FROM ticket WHERE item_id = %s LIMIT 1", item)[0]["id"]
    back = {"reason": "ill", "seatIds": [tickets[1]["seat"]["seatId"]]}
    assert stack.post(f"/admin/reservation/{reservation}/refund", back, **stack.admin_headers()).status == 200
    gate.scan(tickets[1]["code"], "Not valid any more")
    assert violations(gate.page) == []


def test_without_a_network_and_afterwards(new_gate, new_tickets, stack):
    """The list decides, also after a reload; what was scanned is told when the network is back."""
    item, tickets = new_tickets(3)
    _, (elsewhere,) = new_tickets()
    stack.post("/admin/checkin", {"code": tickets[2]["code"], "itemId": item, "deviceId": "another gate"}, **stack.admin_headers())
    gate = new_gate(item).start().wait_list()
    page = gate.page
    gate.context.set_offline(True)
    assert "the server will be told" in gate.scan(tickets[0]["code"], "Come in")
    gate.scan(tickets[0]["code"], "Used already")
    assert gate.device in page.locator(".verdict").inner_text()
    gate.scan(tickets[2]["code"], "Used already")
    assert "another gate" in page.locator(".verdict").inner_text()
    gate.scan(elsewhere["code"], "Another date")
    gate.scan(tickets[1]["code"][:-4] + "AAAA", "No ticket")
    gate.waiting().wait_for()
    page.locator(".gate-state", has_text="Offline").wait_for()
    assert_fits(page)
    assert violations(page) == []
    gate.context.set_offline(False)
    gate.waiting().wait_for(state="detached")
    told = refuse_later(stack, tickets[0], item)
    assert told["deviceId"] == gate.device and told["scannedAt"] < told["checkedInAt"]
    page.locator(".lead", has_text="2 of 3 came").wait_for()
    assert page.locator(".conflicts").count() == 0


def test_the_page_opens_without_a_server(new_gate, new_tickets, new_stack):
    """As it was kept, with its list and its scans."""
    private = new_stack()
    item, tickets = new_tickets(2, on=private)
    gate = new_gate(item, on=private).start().wait_list()
    page = gate.page
    wait_for(lambda: page.evaluate(KEPT))
    with private.without("nginx"):
        gate.scan(tickets[0]["code"], "Come in")
        page.reload()
        gate.waiting().wait_for()
        gate.scan(tickets[0]["code"], "Used already")
        gate.scan(tickets[1]["code"], "Come in")
    gate.waiting().wait_for(state="detached")
    assert all(refuse_later(private, ticket, item)["deviceId"] == gate.device for ticket in tickets)


def test_two_gates_without_a_network_and_one_ticket(new_gate, new_tickets, stack):
    """Both let somebody in. The first scan is the ticket's, whichever gate tells first, and the conflict is shown."""
    item, tickets = new_tickets(2)
    first, second = (new_gate(item).start().wait_list() for _ in range(2))
    for gate in (first, second):
        gate.context.set_offline(True)
    for ticket, gates in zip(tickets, ((first, second), (second, first))):
        for gate in gates:
            gate.scan(ticket["code"], "Come in")
            gate.page.wait_for_timeout(1500)  # each gate knows the server's clock to half a second
    for gate in (second, first):
        gate.context.set_offline(False)
        gate.waiting().wait_for(state="detached")
    assert [refuse_later(stack, ticket, item)["deviceId"] for ticket in tickets] == [first.device, second.device]
    # of the first ticket the later scan was told first, of the second one the earlier
    shown = first.page.locator(".conflicts li")
    assert shown.count() == 2 and second.page.locator(".conflicts").count() == 0
    assert all(second.device in text for text in shown.all_inner_texts())
    assert violations(first.page) == []
    for left in (1, 0):
        shown.first.get_by_role("button", name="Seen").click()
        wait_for(lambda: shown.count() == left)
    first.page.reload()
    first.wait_list()
    assert shown.count() == 0


def test_a_ticket_that_was_made_after_the_list(new_gate, new_tickets, stack):
    """Its signature is enough; a browser that cannot verify it goes by the list."""
    item, (ticket,) = new_tickets()
    without = """delete SubtleCrypto.prototype.verify; SubtleCrypto.prototype.importKey = () => Promise.reject(new DOMException("", "NotSupportedError"))"""
    gates = [new_gate(item), new_gate(item)]
    gates[1].context.add_init_script(without)
    for gate in gates:
        gate.start().wait_list()
        gate.context.set_offline(True)
    user = f"late-{item}"
    concert = stack.query("SELECT concert_id AS id FROM item WHERE item_id = %s", item)[0]["id"]
    sold = stack.post("/admin/reservation", {"userId": user, "concertId": concert, "itemId": item, "seatIds": [40], "method": "guest"},
                      **stack.admin_headers()).json()
    late = stack.get(f"/reservation/{sold['reservationId']}/ticket?userId={user}").json()["tickets"][0]
    assert "made after the list" in gates[0].scan(late["code"], "Come in")
    gates[1].scan(late["code"], "Not in the list")
    assert "cannot verify" in gates[1].scan(ticket["code"], "Come in")


def test_a_swapped_ticket_without_a_network(new_gate, new_concert, stack):
    """The old one is void there too, and the new one is good."""
    concert, item = new_concert()
    assert stack.call("PATCH", f"/admin/concert/{concert}", {"swaps": True}, stack.admin_headers()).status == 200
    user = f"swapper-{item}"
    order = buy(stack, user, concert, item, [1])
    tickets = lambda: stack.get(f"/reservation/{order}/ticket?userId={user}").json()["tickets"]
    old, = tickets()
    gate = new_gate(item).start().wait_list()
    swapped = stack.post(f"/reservation/{order}/swap", {"userId": user, "seatIds": [1], "toSeatIds": [2]})
    assert swapped.status == 200, swapped
    new, = tickets()
    for _ in range(2):  # the second reading begins when the first one is kept
        with gate.page.expect_response(lambda answer: "since=" in answer.url):
            pass
    gate.context.set_offline(True)
    gate.scan(old["code"], "Not valid any more")
    gate.scan(new["code"], "Come in")
    assert "seat 2" in gate.page.locator(".verdict").inner_text()
    gate.context.set_offline(False)
    gate.waiting().wait_for(state="detached")
    assert refuse_later(stack, new, item)["deviceId"] == gate.device and gate.page.locator(".conflicts").count() == 0


def test_out_and_in_again(new_gate, new_tickets, stack):
    item, (ticket,) = new_tickets(reentry=True)
    other, (once,) = new_tickets()
    gate = new_gate(item).start().wait_list()
    gate.page.get_by_role("button", name="Out").click()
    gate.scan(ticket["code"], "Not inside")
    gate.page.get_by_role("button", name="In", exact=True).click()
    gate.scan(ticket["code"], "Come in")
    gate.page.get_by_role("button", name="Out").click()
    gate.scan(ticket["code"], "Goodbye")
    gate.context.set_offline(True)
    gate.scan(ticket["code"], "Needs the network")
    gate.page.get_by_role("button", name="In", exact=True).click()
    gate.scan(ticket["code"], "Come in")
    gate.scan(ticket["code"], "Used already")
    gate.context.set_offline(False)
    gate.waiting().wait_for(state="detached")
    stack.post("/admin/checkin", {"code": once["code"], "itemId": other}, **stack.admin_headers())
    strict = new_gate(other).start().wait_list()
    strict.page.get_by_role("button", name="Out").click()
    strict.scan(once["code"], "No re-entry here")


def test_the_key_is_given_once(new_gate, new_tickets, stack):
    item, (ticket,) = new_tickets()
    gate = new_gate(item).start(key="wrong")
    page = gate.page
    page.get_by_text("This key is not accepted.").wait_for()
    assert violations(page) == []
    page.locator("#key").fill(gate.key)
    page.locator("#item").fill("2147483647")
    page.locator("button.primary").click()
    page.get_by_text("There is no such date.").wait_for()
    page.locator("#item").fill(str(item))
    page.locator("button.primary").click()
    gate.wait_list()
    page.reload()
    gate.wait_list().scan(ticket["code"], "Come in")
    name = stack.query("SELECT name FROM operator_key ORDER BY created_at DESC LIMIT 1")[0]["name"]
    assert stack.ctl("operator", "revoke", name).returncode == 0
    page.locator(".gate-state", has_text="This key is not accepted.").wait_for()
    page.get_by_role("button", name="Forget this gate").click()
    page.get_by_role("button", name="Yes").click()
    page.locator("#key").wait_for()
    assert page.evaluate("Object.values(localStorage).join()").find(gate.key) == -1


def test_in_korean_and_in_dark(new_gate, new_tickets):
    item, (ticket,) = new_tickets()
    gate = new_gate(item, language="ko", color_scheme="dark").start()
    gate.page.locator(".gate-state", has_text="목록").wait_for()
    gate.scan(ticket["code"], "입장하세요")
    assert violations(gate.page) == []
    gate.scan(ticket["code"], "이미 사용한 표입니다")
    assert violations(gate.page) == []
    assert_fits(gate.page)


def test_storage_that_refuses(new_gate, new_tickets, stack):
    """Memory stands in, and the page says so."""
    item, tickets = new_tickets(2)
    gate = new_gate(item, size=DESKTOP)
    gate.context.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('', 'SecurityError'); }")
    gate.start().wait_list()
    gate.page.get_by_text("do not reload").wait_for()
    gate.context.set_offline(True)
    gate.scan(tickets[0]["code"], "Come in")
    gate.scan(tickets[0]["code"], "Used already")
    gate.context.set_offline(False)
    gate.waiting().wait_for(state="detached")
    assert refuse_later(stack, tickets[0], item)["deviceId"] == gate.device

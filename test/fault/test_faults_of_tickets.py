"""Gates take tickets while COMMITs are lost and workers are killed: each ticket is taken once, and told as it is
stored."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from booking import Hall
from breaking import ask_until_told, kill_workers_while
from cutter import Cutter

ORDERS, SEATS = 30, 2


@pytest.fixture
def tickets(whole):
    """(itemId, ticket) of some orders, two of each."""
    hall = Hall(whole, items=1, seats=ORDERS * SEATS)
    found = []
    for number in range(ORDERS):
        body = {"userId": f"guest-{hall.id}-{number}", "concertId": hall.id, "itemId": hall.last, "method": "guest",
                "seatIds": [SEATS * number + 1, SEATS * number + 2]}
        sold = whole.post("/admin/reservation", body, **whole.admin_headers())
        assert sold.status == 200, sold
        answer = whole.get(f"/reservation/{sold.json()['reservationId']}/ticket?userId={body['userId']}")
        assert answer.status == 200, answer
        found += [(hall.last, ticket) for ticket in answer.json()["tickets"]]
    return found


def ask(stack, path, body, **key):
    """As a gate, until it is told."""
    return ask_until_told(stack, "POST", path, body, stack.admin_headers() | key)


def scan(stack, item, ticket, keyed):
    body = {"code": ticket["code"], "itemId": item, "deviceId": f"gate of {ticket['ticketId']}"}
    key = {"Idempotency-Key": f"scan-{ticket['ticketId']}"} if keyed else {}
    answers = ask(stack, "/admin/checkin", body, **key)
    last = answers[-1].json()
    if answers[-1].status != 200:  # an earlier one was done, which its gate was not told
        assert not keyed and len(answers) > 1 and last["code"] == "already_checked_in", answers
    assert last["deviceId"] == body["deviceId"]
    return last["checkedInAt"]


def scan_all(stack, tickets):
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda n: scan(stack, *tickets[n], n % 2), range(len(tickets))))


def assert_taken_once(stack, tickets, told):
    rows = stack.query("SELECT DATE_FORMAT(checked_in_at, '%%Y-%%m-%%dT%%H:%%i:%%s.%%f') AS at FROM ticket WHERE item_id = %s"
                       " ORDER BY ticket_id", tickets[0][0])
    assert [row["at"][:-3] + "Z" for row in rows] == told
    logged = stack.query("SELECT COUNT(*) AS n FROM audit_log WHERE action = 'ticket checkin' AND concert_id ="
                         " (SELECT concert_id FROM item WHERE item_id = %s)", tickets[0][0])
    assert logged == [{"n": len(tickets)}]


def test_commits_lost_while_tickets_are_taken_and_undone(whole, tickets):
    with Cutter(whole, every=2, most=40) as cutter:
        told = scan_all(whole, tickets)
        assert cutter.cuts.total() > 10
    assert_taken_once(whole, tickets, told)
    with Cutter(whole, every=2, most=20) as cutter:
        for item, ticket in tickets:
            answers = ask(whole, "/admin/checkin/undo", {"ticketId": ticket["ticketId"], "reason": "a test"})
            assert answers[-1].status == 200 or (len(answers) > 1 and answers[-1].code == "not_checked_in"), answers
        assert cutter.cuts.total() > 5
    assert whole.query("SELECT COUNT(checked_in_at) AS n FROM ticket WHERE item_id = %s", tickets[0][0]) == [{"n": 0}]


def test_commits_lost_while_holders_go_out_and_in(whole, tickets):
    """With keys: each is told what was done, and it was done once."""
    item, _ = tickets[0]
    whole.query("UPDATE concert SET reentry = 1 WHERE concert_id = (SELECT concert_id FROM item WHERE item_id = %s)", item)
    scan_all(whole, tickets)

    def call(path, ticket, **more):
        body = {"code": ticket["code"], "itemId": item, **more}
        answer = ask(whole, path, body, **{"Idempotency-Key": f"{path[7:]}-{ticket['ticketId']}"})[-1]
        assert answer.status == 200, answer
        return answer.json()

    with Cutter(whole, every=2, most=40) as cutter, ThreadPoolExecutor(8) as pool:
        left = list(pool.map(lambda one: call("/admin/checkout", one[1])["leftAt"], tickets))
        assert cutter.cuts.total() > 10
    rows = whole.query("SELECT DATE_FORMAT(left_at, '%%Y-%%m-%%dT%%H:%%i:%%s.%%f') AS at FROM ticket WHERE item_id = %s"
                       " ORDER BY ticket_id", item)
    assert [row["at"][:-3] + "Z" for row in rows] == left
    with Cutter(whole, every=2, most=40) as cutter, ThreadPoolExecutor(8) as pool:
        back = list(pool.map(lambda one: call("/admin/checkin", one[1], deviceId="again"), tickets))
        assert cutter.cuts.total() > 10
    assert all(one["leftAt"] is None and one["deviceId"] == "again" for one in back)
    logged = whole.query("SELECT action, COUNT(*) AS n FROM audit_log WHERE action LIKE 'ticket check%%' AND concert_id ="
                         " (SELECT concert_id FROM item WHERE item_id = %s) GROUP BY action ORDER BY action", item)
    assert logged == [{"action": "ticket checkin", "n": 2 * len(tickets)}, {"action": "ticket checkout", "n": len(tickets)}]


def test_workers_killed_while_tickets_are_taken(whole, tickets):
    assert_taken_once(whole, tickets, kill_workers_while(whole, lambda: scan_all(whole, tickets)))


class TakenAgain(Cutter):
    """Loses the answer to the next COMMIT; before its sender asks what became of it, a gate takes the ticket."""

    def __init__(self, stack, check_in):
        super().__init__(stack, every=1, most=0)
        self.check_in = check_in

    def cut(self, kind, pair, data):
        pair.muted = True
        pair.server.sendall(data)
        pair.answered.wait(5)
        self.taken = self.check_in()
        pair.close()


def test_a_ticket_is_taken_again_while_an_undo_is_settled(whole, tickets):
    """The undo was done. What a gate took since then stays taken."""
    item, ticket = tickets[0]

    def check_in():
        body = {"code": ticket["code"], "itemId": item}
        return ask(whole, "/admin/checkin", body)[-1]

    assert check_in().status == 200
    with TakenAgain(whole, check_in) as cutter:
        cutter.most = 1
        undone = whole.post("/admin/checkin/undo", {"ticketId": ticket["ticketId"], "reason": "a test"},
                            **whole.admin_headers())
    assert cutter.taken.status == 200 and undone.status == 200
    assert whole.query("SELECT COUNT(checked_in_at) AS n FROM ticket WHERE item_id = %s", item) == [{"n": 1}]

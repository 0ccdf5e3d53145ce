"""The connection to MySQL is cut between the COMMIT and its OK."""

import socket
import time

import pytest
from booking import Hall, Load, hold
from cutter import Cutter
from stack import wait_for

LOST = "the answer to a COMMIT was lost"


def test_the_answer_to_a_commit_is_lost(whole, times, long):
    """Each call is done, not done, or outcome_unknown and settled by the same key; never wrong."""
    hall = Hall(whole, capacity=500)
    began = len(whole.log("frontrow").read_text().splitlines())
    # the load ends last: it is judged when nothing is cut any more
    with Load(hall, rate=100) as load, Cutter(whole, every=8, most=1000 if long else 100) as cutter:
        wait_for(lambda: cutter.done, 300)
        time.sleep(0.5)
    print(f"cuts: {dict(cutter.cuts)}")
    said = [line for line in whole.log("frontrow").read_text().splitlines()[began:] if LOST in line]
    assert len(said) > cutter.cuts.total() // 2
    named = {request for line in said for request in line.partition(" request=")[2].partition(" ")[0].split(",")}
    assert {a.request_id for a in load.told.lost_but_done()} <= named
    assert {a.code for a in load.told.failures()} <= {
        "outcome_unknown", "mysql_unavailable", "queue_unavailable", "busy",
    }
    settled = [
        answers for answers in load.told.by_key.values()
        if any(a.code == "outcome_unknown" for a in answers)
    ]
    assert all(answers[-1].ok or answers[-1].status in range(400, 500) for answers in settled)
    times.note(f"{cutter.cuts.total()} COMMITs cut", 0, 0)


class TwinFirst(Cutter):
    """Loses the next COMMIT, and before its sender hears of that, somebody else does something."""

    def __init__(self, stack, twin):
        super().__init__(stack, every=1, most=0)
        self.twin = twin

    def __enter__(self):
        super().__enter__()
        self.most = 1
        return self

    def cut(self, kind, pair, data):
        pair.muted = True
        pair.server.shutdown(socket.SHUT_RDWR)
        self.done_by_twin = self.twin()
        pair.close()


def test_a_twin_does_what_a_lost_commit_did_not(whole):
    """Two cancel; the COMMIT of the first is lost and rolled back. It is told what a retry is told."""
    hall = Hall(whole, items=1)
    user = f"twin-{hall.id}"
    _, number = hold(hall, user)

    def cancel(key):
        path = f"/reservation/{number}?userId={user}"
        return whole.new_client().call("DELETE", path, headers={"Idempotency-Key": key})

    def cancel_after_the_rollback():
        """MySQL needs a moment to hear that the first one's connection ended."""
        return wait_for(lambda: (answer := cancel("second")).code != "busy" and answer)

    with TwinFirst(whole, cancel_after_the_rollback) as cutter:
        first = cancel("first")
    again = cancel("first")
    assert cutter.done_by_twin.status == 200
    assert (first.status, first.code) == (again.status, again.code) == (409, "not_cancellable")
    assert cancel("second").body == cutter.done_by_twin.body


class Once(Cutter):
    """Cuts the next COMMIT in this way."""

    def __init__(self, stack, kind):
        super().__init__(stack, every=1, most=1)
        self.kind = kind

    def choose(self):
        with self.lock:
            if self.done:
                return None
            self.cuts[self.kind] += 1
            return self.kind


@pytest.mark.parametrize("kind", ["before", "at once", "after"])
def test_a_cancel_of_a_concert_is_done_once(whole, kind):
    """With all of its dates or not at all, whatever was lost of its COMMIT."""
    hall = Hall(whole, items=3)
    hold(hall, f"cancel-{hall.id}")

    def cancel():
        headers = whole.admin_headers() | {"Idempotency-Key": f"cancel-{hall.id}"}
        return whole.new_client().post(f"/admin/concert/{hall.id}/cancel", {"reason": "Ill"}, **headers)

    with Once(whole, kind) as cutter:
        first = cancel()
    last = wait_for(lambda: (answer := cancel()).status == 200 and answer)
    assert cutter.cuts.total() == 1 and (first.status, first.body) in ((200, last.body), (503, first.body))
    rows = whole.query("SELECT COUNT(*) AS n, COUNT(DISTINCT begun_at) AS times FROM item_cancel WHERE concert_id = %s", hall.id)
    assert rows == [{"n": 3, "times": 1}]
    told = whole.query("SELECT actor FROM audit_log WHERE concert_id = %s AND action = 'concert cancel'", hall.id)
    assert len(told) == 1

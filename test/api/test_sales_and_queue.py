"""frontrowctl sales and frontrowctl queue show."""

import re
import subprocess

import pytest

from helpers import add_token, age_hold, buy, new_concert, new_user, ok, reserve

pytestmark = pytest.mark.usefixtures("audited")

HEAD = ["itemId", "date", "seats", "available", "held", "sold", "blocked", "revenue", "boxOffice", "boxRevenue", "guest",
        "section"]

APART = ["0"] * 3  # what was not paid with points


@pytest.fixture(scope="module")
def concert(stack):
    """Two items; the later one was made first."""
    seats = [{"from": 21, "to": 24, "price": 300, "section": "VIP\n석"}, {"from": 1, "to": 10, "price": 100},
             {"from": 11, "to": 12, "price": 100, "blocked": True}]
    items = [{"date": date, "startsAt": f"{date}T10:00:00Z", "seats": seats} for date in ("2031-02-02", "2031-02-01")]
    made = ok(stack.post("/admin/concert", {"title": "Sales", "venue": "Here", "status": "open", "items": items},
                         **stack.admin_headers()))
    concert = type("Made", (), {"id": made["concertId"], "items": made["itemIds"]})
    late, early = concert.items
    buy(stack, new_user(), concert, item=late, seats=[21, 22])
    buy(stack, new_user(), concert, item=late, seats=1)
    reserve(stack, new_user(), concert, late, [2, 3])
    lapsed = reserve(stack, new_user(), concert, early, [1, 2])
    age_hold(stack, lapsed["reservationId"], 301)
    return concert


def test_sales(stack, concert):
    """By date, item and the sections' lowest seat; a lapsed hold is available."""
    done = stack.ctl("sales", str(concert.id))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    late, early = map(str, concert.items)
    assert [line.split(maxsplit=11) for line in lines] == [
        HEAD,
        [early, "2031-02-01", "12", "10", "0", "0", "2", "0", *APART, "A"],
        [early, "2031-02-01", "4", "4", "0", "0", "0", "0", *APART, "VIP 석"],
        [late, "2031-02-02", "12", "7", "2", "1", "2", "100", *APART, "A"],
        [late, "2031-02-02", "4", "2", "0", "2", "0", "600", *APART, "VIP 석"],
        ["total", "32", "23", "2", "3", "4", "700", *APART],
    ]
    assert len({line.index(word) for line in lines[1:5] for word in ("A", "VIP") if line.endswith(word)}) == 1
    ends = [re.search(rf"\b{number}\b", line[20:]).end() for line, number in zip(lines[1:5], (12, 4, 12, 4))]
    assert len(set(ends)) == 1, "columns stand below each other"


def test_sales_and_admin_agree(stack, concert):
    total = stack.ctl("sales", str(concert.id)).stdout.splitlines()[-1].split()[1:]
    sales = ok(stack.get(f"/admin/concert/{concert.id}", **stack.admin_headers()))["sales"]
    apart = sales.pop("boxOffice"), sales.pop("guest")
    assert [str(number) for part in (sales, *apart) for number in part.values()] == total


def test_sales_of_nothing(stack):
    concert = new_concert(stack, items=0)
    lines = stack.ctl("sales", str(concert.id)).stdout.splitlines()
    assert lines[0].split() == HEAD and lines[1].split() == ["total"] + ["0"] * 9


def test_queue_show(stack):
    concert = new_concert(stack, capacity=2)
    for _ in range(5):
        add_token(stack, new_user(), concert)
    done = stack.ctl("queue", "show", str(concert.id))
    assert (done.returncode, done.stderr) == (0, "")
    shown = dict(line.split() for line in done.stdout.splitlines())
    assert shown.pop("admittedPerMinute").isdigit()
    assert shown == {"status": "open", "paused": "no", "capacity": "2", "active": "2", "waiting": "3",
                     "serving": "2", "lastNumber": "5"}


def test_queue_show_of_a_paused_queue(stack):
    concert = new_concert(stack, capacity=1, opens="UTC_TIMESTAMP(3) + INTERVAL 1 HOUR")
    concert.set(paused=1)
    shown = stack.ctl("queue", "show", str(concert.id)).stdout
    assert "paused             yes\n" in shown and shown.startswith("status             scheduled\n")


def test_queue_show_where_no_queue_is_kept(stack):
    shown = stack.ctl("queue", "show", str(new_concert(stack, status="cancelled").id))
    assert (shown.returncode, shown.stdout) == (0, "status             cancelled\nthere is no queue\n")


@pytest.mark.parametrize("command", [["sales"], ["queue", "show"]], ids=" ".join)
def test_what_can_not_be_shown(stack, command):
    unknown = stack.ctl(*command, "2000000000")
    assert (unknown.returncode, unknown.stderr) == (1, "frontrowctl: There is no such concert\n")
    for wrong in ("abc", "0", "1x"):
        assert stack.ctl(*command, wrong).returncode == 2
    assert stack.ctl(*command).returncode == 2


def test_stores_out_of_reach(stack):
    concert = new_concert(stack, capacity=2)
    for command, store in ((["sales"], "MYSQL"), (["queue", "show"], "MYSQL"), (["queue", "show"], "REDIS")):
        done = subprocess.run(
            [stack.build / "frontrowctl", "--config", stack.var / "frontrow.conf", *command, str(concert.id)],
            env=stack.environment | {f"FRONTROW_{store}_SOCKET": "/nowhere/socket"}, timeout=120, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode == 75 and "cannot be reached" in done.stderr

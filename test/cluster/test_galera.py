"""What Galera does otherwise than a single server, where app hosts use several of its nodes."""

import contextlib
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from booking import Hall, Load
from machines import DATABASES, address
from stack import ROOT


def test_a_buyer_sees_his_own_change_at_another_node(whole):
    """The other node gets it, and has no time to apply it."""
    user, late = f"reader-{time.time_ns()}", []
    with whole.each_at_its_own_node():
        for number in range(1, 6):
            with contextlib.closing(whole.connect("db-2")) as other, other.cursor() as cursor, ThreadPoolExecutor(1) as pool:
                cursor.execute("FLUSH TABLES WITH READ LOCK")
                assert whole.ask("app-1", "POST", "/point/charge", user, {"userId": user, "amount": 1}).status == 200
                asked = pool.submit(whole.ask, "app-2", "GET", "/point", user)
                time.sleep(0.3)
                cursor.execute("UNLOCK TABLES")
            if asked.result().json()["balance"] != number:
                late.append((number, asked.result().body))
    assert not late, late


def test_one_seat_at_two_nodes(whole):
    """Each node lets its buyer have it; of the two COMMITs the later one loses, and its buyer hears that the seat is
    taken."""
    hall, seats = Hall(whole, items=1, seats=40), range(1, 41)
    before = whole.conflicts()

    def reserve(name, user, seat):
        token = whole.ask(name, "POST", "/token/add", user, {"concertId": hall.id}).json()["token"]
        wanted = {"concertId": hall.id, "itemId": hall.first, "seatId": seat}
        return whole.ask(name, "POST", "/reservation", user, wanted, X_Queue_Token=token)

    with whole.each_at_its_own_node(), ThreadPoolExecutor(2) as pool:
        for seat in seats:
            users = {name: f"{name}-{time.time_ns()}" for name in ("app-1", "app-2")}
            asked = [pool.submit(reserve, name, user, seat) for name, user in users.items()]
            answers = [each.result() for each in asked]
            assert sorted((a.status, a.code) for a in answers) == [(200, ""), (409, "seat_taken")], (seat, answers)
    sold = whole.query("SELECT COUNT(*) AS n FROM reservation WHERE item_id = %s", hall.first)
    assert sold == [{"n": len(seats)}]
    assert whole.conflicts() > before, "nobody met anybody"


def test_all_nodes_are_written_to(whole):
    """Nothing is sold twice, and all that was told is so."""
    with whole.each_at_its_own_node():
        with Load(Hall(whole, items=1, seats=200), rate=20, users=40, retry=50, timeout=4) as load:
            time.sleep(15)
    assert any(a.ok and a.call == "pay" for a in load.told.answers)


def test_one_migration_at_a_time(whole):
    """Two that are begun at two nodes do not meet: the second one finds everything done."""
    whole.query("CREATE DATABASE elsewhere CHARACTER SET utf8mb4")
    whole.query("GRANT ALL ON elsewhere.* TO frontrow@'10.77.0.%%'")
    try:
        hosts = [address(name) for name in DATABASES]
        begun = [
            subprocess.Popen(
                [whole.build / "frontrowctl", "--config", whole.var / "client/frontrow.conf", "migrate"],
                env=whole.environment | {
                    "FRONTROW_SCHEMA": str(ROOT / "schema"), "FRONTROW_MYSQL_DATABASE": "elsewhere",
                    "FRONTROW_MYSQL_HOSTS": " ".join(hosts[number:] + hosts[:number]),
                },
                text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
            for number in (0, 1)
        ]
        said = [process.communicate(timeout=200)[0] for process in begun]
        assert [process.returncode for process in begun] == [0, 0], said
        assert sorted("(0 run now)" in text for text in said) == [False, True], said
    finally:
        whole.query("DROP DATABASE elsewhere")

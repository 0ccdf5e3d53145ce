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


def test_all_nodes_are_written_to(whole):
    """Two nodes may take the same seat, of which the later COMMIT loses. Nothing is sold twice, and all that was told
    is so."""
    hall = Hall(whole, items=1, seats=200)
    before = whole.conflicts()
    with whole.each_at_its_own_node():
        with Load(hall, rate=20, users=40, retry=50, timeout=4) as load:
            time.sleep(15)
    assert whole.conflicts() > before, "nobody met anybody"
    assert not load.told.broken(hasty=("busy",))


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

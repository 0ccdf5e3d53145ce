"""Three MySQLs that are a group (Group Replication), while tickets are sold: with one primary, which is killed, frozen
and replaced, and whose majority is lost; and with three of them, where sales meet. Frontrow is told all addresses and
no more. Only where there is MySQL with that plugin."""

import contextlib
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from booking import Hall, Load, now
from servers import Member
from stack import Stack, health, wait_for

REFUSALS = {"mysql_unavailable", "queue_unavailable", "busy", "outcome_unknown"}


class Group(Stack):
    """A stack that sells from a group of three. Its own MySQL has nothing to do."""

    def __init__(self, *lines):
        super().__init__(mysql_socket="", redis_timeout_ms=900, workers=4)
        self.members = [Member(self.var, number, *lines) for number in (1, 2, 3)]
        for member in self.members:
            member.configure(self.members)
        self.environment["FRONTROW_MYSQL_HOSTS"] = " ".join(member.address for member in self.members)

    def start(self):
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(Member.start, self.members))
        self.members[0].found()
        for member in self.members[1:]:
            member.join()
        self.members[0].query(
            "CREATE DATABASE frontrow CHARACTER SET utf8mb4", "CREATE USER frontrow@'127.0.0.1'",
            "GRANT ALL ON frontrow.* TO frontrow@'127.0.0.1'",
        )
        super().start()
        return self

    def stop(self):
        for member in self.members:
            member.kill()
        super().stop()

    def primary(self):
        """One that takes writes, as the others see it too; None: there is none."""
        found = [member for member in self.members if member.answers() and member.takes_writes()]
        return found[0] if found else None

    def others(self):
        primary = self.primary()
        return [member for member in self.members if member is not primary]

    def mysql(self, socket=None, **options):
        """Of the primary."""
        return wait_for(self.primary).connect(database="frontrow", init_command="SET time_zone = '+00:00'", **options)

    def make_whole(self):
        """All are members again."""
        for member in self.members:
            if member.process is None:
                member.start()
                member.join()
        wait_for(lambda: all(member.sees(3) for member in self.members))
        wait_for(lambda: health(self) == "ready")


@pytest.fixture(scope="module")
def single():
    private = Group()
    try:
        yield private.start()
    finally:
        private.stop()


@pytest.fixture
def group(single):
    """Whole, all workers there; and afterwards the same workers and clean books."""
    single.make_whole()
    workers = set(single.workers())
    yield single
    single.make_whole()
    assert set(single.workers()) == workers, "a worker had to be replaced"
    single.check_books()


def charge(stack, user, amount=1, **headers):
    return stack.new_client(timeout=60).post("/point/charge", {"userId": user, "amount": amount}, **headers)


def load(hall):
    return Load(hall, rate=40, users=10)


def test_another_primary(group, times):
    """As an operator names it: a few refusals, nothing lost."""
    former, chosen = group.primary(), group.others()[0]
    hall = Hall(group)
    with load(hall) as selling:
        time.sleep(1)
        chosen.become_primary()
        mended = now()
        time.sleep(1)
    assert group.primary() is chosen and not former.takes_writes()
    assert {a.code for a in selling.told.failures()} <= REFUSALS
    times.note("a group's primary replaced", selling.told.time_back(mended), 1000)


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_without_its_primary(group, times, fault):
    """The group names another one after it missed the first for 5 s, and nothing is lost. Nobody goes back to the
    former one when it moves again, and still believes that it is the primary."""
    former = group.primary()
    hall = Hall(group)
    with load(hall) as selling:
        time.sleep(1)
        former.signal(fault)
        began = now()
        wait_for(lambda: [member for member in group.members if member is not former and member.takes_writes()])
        named = now()
        time.sleep(3)
        if fault == signal.SIGSTOP:
            former.signal(signal.SIGCONT)
            time.sleep(3)
        else:
            former.kill()
    assert {a.code for a in selling.told.failures()} <= REFUSALS
    print(f"another primary after {named - began:.0f} ms, sold after {selling.told.time_back(began):.0f} ms")
    times.note(f"a group's primary {fault.name}, after another is", selling.told.time_back(named), 3000)


def lose_majority(group, keeper):
    """Two of three stand still, and move again after a while: what was told meanwhile, and from when on."""
    with load(Hall(group)) as selling:
        time.sleep(1)
        for member in group.members:
            if member is not keeper:
                member.signal(signal.SIGSTOP)
        wait_for(lambda: health(group) not in ("ready", "degraded"))
        wait_for(lambda: "its group has no majority" in group.log("frontrow").read_text())
        time.sleep(1)
        began = now()
        time.sleep(3)
        mended = now()
        for member in group.members:
            member.signal(signal.SIGCONT)
        wait_for(lambda: health(group) == "ready")
        time.sleep(1)
    assert {a.code for a in selling.told.failures()} <= REFUSALS
    late = [a for a in selling.told.answers if began < a.sent and a.received < mended]
    assert late and not [a for a in late if a.ok or a.code == "outcome_unknown"]
    return selling.told, began, mended


def test_no_majority(group, times):
    """All is refused, soon at once, and health says so; it goes on when the others are back."""
    told, began, mended = lose_majority(group, group.primary())
    times.note("a group without a majority, slowest refusal", told.slowest(began, mended - 100), 100)
    times.note("a group without a majority, after it has one", told.time_back(mended), 3000)


# ---- all three take writes


@pytest.fixture(scope="module")
def crowd():
    """Two app hosts, each at a member of its own; both have the Redis of the first."""
    private = Group("group-replication-single-primary-mode = OFF", "group-replication-enforce-update-everywhere-checks = ON")
    try:
        private.start()
        addresses = [member.address for member in private.members]
        other = Stack(
            mysql_socket="", redis_timeout_ms=900, workers=4, redis_socket=private.run / "redis.sock",
            mysql_hosts=" ".join(addresses[1:] + addresses[:1]),
        )
        try:
            private.hosts = [private, other.start()]
            private.fronts += other.fronts
            yield private
        finally:
            other.stop()
    finally:
        private.stop()


@pytest.fixture
def all_write(crowd):
    crowd.make_whole()
    yield crowd
    crowd.make_whole()
    crowd.check_books()


def conflicts(group):
    found = group.query("SELECT SUM(count_conflicts_detected) AS n FROM performance_schema.replication_group_member_stats")
    return found[0]["n"]


def test_a_buyer_sees_his_own_change_at_another_member(all_write):
    """The other member gets it, and has no time to apply it."""
    user, late = f"reader-{time.time_ns()}", []
    here, there = all_write.hosts
    for number in range(1, 4):
        with contextlib.closing(all_write.members[1].connect()) as held, held.cursor() as cursor, ThreadPoolExecutor(1) as pool:
            cursor.execute("FLUSH TABLES WITH READ LOCK")
            assert charge(here, user).status == 200
            asked = pool.submit(there.new_client().get, f"/point?userId={user}")
            time.sleep(0.3)
            cursor.execute("UNLOCK TABLES")
        if asked.result().json()["balance"] != number:
            late.append((number, asked.result().body))
    assert not late, late


def test_one_seat_at_two_members(all_write):
    """Each member lets its buyer have it; of the two COMMITs the later one loses, and its buyer hears that the seat is
    taken."""
    hall, seats = Hall(all_write, items=1, seats=20), range(1, 21)
    before = conflicts(all_write)

    def reserve(host, seat):
        user = f"meeting-{host.port}-{seat}-{hall.id}"
        body = {"userId": user, "concertId": hall.id}
        body["token"] = host.new_client().post("/token/add", body).json()["token"]
        return host.new_client().post("/reservation", body | {"itemId": hall.first, "seatId": seat})

    with ThreadPoolExecutor(2) as pool:
        for seat in seats:
            answers = [each.result() for each in [pool.submit(reserve, host, seat) for host in all_write.hosts]]
            assert sorted((a.status, a.code) for a in answers) == [(200, ""), (409, "seat_taken")], (seat, answers)
    sold = all_write.query("SELECT COUNT(*) AS n FROM reservation WHERE item_id = %s", hall.first)
    assert sold == [{"n": len(seats)}]
    assert conflicts(all_write) > before, "nobody met anybody"


def test_all_members_are_written_to(all_write):
    """Nothing is sold twice, and all that was told is so."""
    with Load(Hall(all_write, items=1, seats=200), rate=40, users=20, retry=50, timeout=8) as load:
        time.sleep(8)
    assert any(a.ok and a.call == "pay" for a in load.told.answers)


def test_ids_of_many_rows(all_write):
    """They step by seven, and each buyer is told his own."""
    assert all_write.query("SELECT @@auto_increment_increment AS step") == [{"step": 7}]
    users = [f"many-{number}-{time.time_ns()}" for number in range(64)]
    with ThreadPoolExecutor(32) as pool:
        told = {user: answer.json()["historyId"] for user, answer in zip(users, pool.map(lambda u: charge(all_write, u), users))}
    rows = all_write.query("SELECT user_id, history_id FROM point_history WHERE user_id LIKE 'many-%%'")
    assert {row["user_id"]: row["history_id"] for row in rows} == told


def test_no_majority_where_all_write(all_write, times):
    told, _, mended = lose_majority(all_write, all_write.members[0])
    times.note("all of a group write, after it has a majority", told.time_back(mended), 3000)


def test_one_migration_at_a_time(all_write):
    """Two that are begun at two members do not meet: the second one finds everything done."""
    member = all_write.members[0]
    member.query("CREATE DATABASE elsewhere CHARACTER SET utf8mb4", "GRANT ALL ON elsewhere.* TO frontrow@'127.0.0.1'")
    try:
        with ThreadPoolExecutor(2) as pool:
            begun = [
                pool.submit(host.program, "frontrowctl", "migrate", timeout=200, mysql_database="elsewhere")
                for host in all_write.hosts
            ]
            done = [each.result() for each in begun]
        assert [each.returncode for each in done] == [0, 0], done
        assert sorted("(0 run now)" in each.stdout for each in done) == [False, True], done
    finally:
        member.query("DROP DATABASE elsewhere")


def test_what_a_group_demands_of_tables(all_write):
    """Primary keys, and no foreign key that changes rows by itself."""
    assert not all_write.query(
        "SELECT table_name FROM information_schema.tables t WHERE table_schema = 'frontrow' AND table_type = 'BASE TABLE'"
        " AND NOT EXISTS (SELECT 1 FROM information_schema.table_constraints c WHERE c.constraint_type = 'PRIMARY KEY'"
        " AND c.table_schema = t.table_schema AND c.table_name = t.table_name)"
    )
    assert not all_write.query(
        "SELECT constraint_name FROM information_schema.referential_constraints WHERE constraint_schema = 'frontrow'"
        " AND (delete_rule NOT IN ('NO ACTION', 'RESTRICT') OR update_rule NOT IN ('NO ACTION', 'RESTRICT'))"
    )

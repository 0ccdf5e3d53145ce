"""Three MySQLs that are a group (Group Replication): its primary is replaced, killed and frozen, and its majority lost,
while tickets are sold. Frontrow is told all addresses and no more. Only where there is MySQL with that plugin."""

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

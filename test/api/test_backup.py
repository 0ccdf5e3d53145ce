"""Backup and restore as docs/backup.md has them, with sales going on."""

import contextlib
import os
import re
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers import ask_pay, ask_reserve, buy, charge, new_concert, new_user, ok, pay, reserve
from queue_helpers import Queue, same
from stack import ROOT, UNHURRIED

BACKUP, COPY, RESTORE = re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs/backup.md").read_text(), re.DOTALL | re.M)
# MySQL's own client has another name
DUMP = "mariadb-dump" if shutil.which("mariadb-dump") else "mysqldump"
CLIENT = "mariadb" if shutil.which("mariadb") else "mysql"


pytestmark = pytest.mark.skipif(not shutil.which(DUMP), reason="there is no program that dumps MySQL")


@pytest.fixture(scope="module")
def private(new_stack):
    """A stack whose MySQL is set back."""
    return new_stack(workers=4, **UNHURRIED)


@pytest.fixture
def shell(private, tmp_path):
    """Runs commands as the documentation has them: what they are to ask is in the user's own settings."""
    (tmp_path / ".my.cnf").write_text(f"[client]\nuser = root\nsocket = {private.run / 'mysql.sock'}\n")
    environment = private.environment | {
        "HOME": str(tmp_path), "FRONTROW_CONFIG": str(private.var / "frontrow.conf"),
        "PATH": f"{private.build}:{os.environ['PATH']}",
    }

    def run(commands):
        commands = commands.replace("mariadb-dump", DUMP)
        commands = re.sub(r"^mariadb ", f"{CLIENT} ", commands, flags=re.MULTILINE)
        done = subprocess.run(["bash", "-ec", commands], cwd=tmp_path, env=environment, timeout=200, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@contextlib.contextmanager
def selling(stack):
    """People buy meanwhile; gives the answers that were no success."""
    concert, queue, failed, over = new_concert(stack, seats=2000), Queue.new(stack, 50, seats=10), [], threading.Event()
    seats = iter(range(1, 2001))

    def customer():
        client = stack.new_client()
        while not over.is_set():
            user = new_user()
            answers = [client.post("/point/charge", {"userId": user, "amount": 1000}), queue.ask_add(user, client),
                       client.post("/token/add", {"userId": user, "concertId": concert.id})]
            answers.append(ask_reserve(client, user, concert, concert.item, next(seats)))
            if answers[-1].status == 200:
                token = answers[2].json()["token"]
                answers.append(ask_pay(client, user, answers[-1].json()["reservationId"], token))
            failed.extend(answer for answer in answers if answer.status != 200)

    with ThreadPoolExecutor(4) as pool:
        customers = [pool.submit(customer) for _ in range(4)]
        try:
            yield failed
        finally:
            over.set()
        for one in customers:
            one.result()


def test_a_backup_hinders_nobody(private, shell):
    title = "백일의 무대 🎫"
    concert = new_concert(private, title=title)
    buy(private, new_user(), concert)
    with selling(private) as failed:
        for _ in range(3):
            shell(BACKUP)
    assert not failed, failed[:3]
    assert "queue_without_row" in shell(COPY)
    copied = private.query("SELECT title FROM frontrow_copy.concert WHERE concert_id = %s", concert.id)
    assert copied[0]["title"] == title
    lost = private.query("SELECT COUNT(*) AS n FROM frontrow_copy.queue_token c LEFT JOIN queue_token t USING (token)"
                         " WHERE t.token IS NULL")
    assert lost[0]["n"] == 0
    private.query("DROP DATABASE frontrow_copy")


def test_mysql_is_set_back_and_redis_is_not(private, shell):
    """The rules of docs/backup.md, one after the other."""
    queue = Queue.new(private, 2)
    payer, second, third, fourth = queue.add_many(4)
    shell(BACKUP)

    held = reserve(private, payer["userId"], queue, token=payer["token"])
    charge(private, payer["userId"], 1000)
    pay(private, payer["userId"], held["reservationId"], payer["token"])
    fifth, sixth = queue.add_many(2)
    assert queue.poll(third)["status"] == "active"
    assert private.ctl("queue", "pause", str(queue.id)).returncode == 0
    later = ok(private.post("/admin/concert", {"title": "T", "venue": "V", "items": [], "admissionCapacity": 0,
                                               "status": "open"}, **private.admin_headers()))["concertId"]
    for _ in range(2):
        ok(private.post("/token/add", {"userId": new_user(), "concertId": later}))

    private.stop_service("frontrow")
    shell(RESTORE)
    private.start_service("frontrow")

    assert sorted(queue.rows()) == [1, 2, 3, 4]
    assert "MySQL was set back" not in private.sweeper().stderr  # the pass of the restore has seen that
    assert queue.public()["paused"] is False
    for ticket in (fifth, sixth):  # they have no row
        assert same(queue.poll(ticket), ticket) and queue.poll(ticket)["status"] == "waiting"
    assert queue.poll(third)["status"] == "active"
    assert queue.rows()[3]["status"] == "active"
    assert private.ctl("queue", "pause", str(queue.id)).stdout == f"concert {queue.id}: capacity 2, paused\n"
    assert queue.public()["paused"] is True
    assert private.ctl("queue", "resume", str(queue.id)).returncode == 0

    back = queue.poll(payer)  # the payment is gone, and so the place is not given up
    assert same(back, payer) and back["status"] == "active"
    assert queue.add()["number"] == 7
    for ticket in (payer, second, third):
        assert queue.leave(ticket).status == 204
    assert queue.statuses(fourth, fifth, sixth) == ["active", "active", "waiting"]
    assert queue.rows()[5]["user_id"] == fifth["userId"] and 6 not in queue.rows()
    assert same(queue.add(sixth["userId"]), sixth) and queue.rows()[6]["user_id"] == sixth["userId"]

    again = ok(private.post("/admin/concert", {"title": "T", "venue": "V", "items": [], "admissionCapacity": 0,
                                               "status": "open"}, **private.admin_headers()))["concertId"]
    first = ok(private.post("/token/add", {"userId": new_user(), "concertId": again}))
    assert again == later and first["status"] == "waiting"
    audit = private.ctl("audit")
    assert audit.returncode == 0, audit.stdout + audit.stderr

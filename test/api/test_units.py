"""The units of scripts/systemd: how much they leave to a program that was taken over, and that the programs
do all their work under them; and that no program leaves a core."""

import os
import pathlib
import re
import resource
import shlex
import signal
import subprocess
import sys

import pytest
from draw_helpers import Draw
from helpers import buy, new_concert, new_user, ok
from stack import ROOT, wait_for
from under_unit import read_service

UNITS = ROOT / "scripts/systemd"
SERVICES = ["frontrow.service", "frontrow-sweeper.service", "frontrow-audit.service", "frontrow-outbox.service"]
TIMERS = ["frontrow-sweeper.timer", "frontrow-audit.timer"]
UNDER_UNIT = pathlib.Path(__file__).with_name("under_unit.py")


@pytest.mark.parametrize("unit", SERVICES)
def test_the_exposure_is_small(unit):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", UNITS / unit],
        timeout=60, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    level = re.search(r"Overall exposure level for \S+: (\d+\.\d+)", done.stdout)
    assert level and float(level[1]) <= 2.0, done.stdout


@pytest.mark.parametrize("unit", [*SERVICES, *TIMERS])
def test_systemd_knows_every_line(unit, stack, tmp_path):
    for name in [*SERVICES, *TIMERS]:
        text = (UNITS / name).read_text().replace("User=frontrow-outbox", "User=root").replace("User=frontrow", "User=root")
        for program in "/usr/sbin/frontrow", "/usr/bin/frontrowctl", "/bin/kill":  # which may not be here
            text = text.replace(program, str(stack.build / "frontrow"))
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", tmp_path / unit],
        timeout=60, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout


def test_all_have_the_same_sandbox():
    def sandbox(unit):
        text = (UNITS / unit).read_text()
        return set(re.findall(r"^(?:LimitCORE|NoNew|Capability|Private|Remove|Protect|Restrict|Lock|Memory|System).*",
                              text[text.index("LimitCORE"):], re.MULTILINE)) - {"SystemCallFilter=sched_setscheduler"}

    server, *others = map(sandbox, SERVICES)
    assert others == [server] * 3 and len(server) > 20


def test_what_may_pass_by_itself_ends_no_service():
    """A database that is not migrated yet (exit status 1) is asked again and again; systemd's own limit are five
    starts in ten seconds. Settings stay wrong (78) until somebody changes them. test_schema.py and
    test_deploy.py have the statuses."""
    text = (UNITS / "frontrow.service").read_text()
    assert re.search(r"^StartLimitIntervalSec=0$", text[:text.index("[Service]")], re.MULTILINE)
    settings = read_service(UNITS / "frontrow.service")
    assert settings["Restart"] == ["always"] and "ExecStartPre" not in settings
    assert settings["RestartPreventExitStatus"] == ["2 78"]


# ---- the programs under them


@pytest.fixture(scope="module")
def sandboxed(new_stack, tmp_path_factory):
    """A stack whose programs run under the rules of their units, frontrowctl under those of the audit."""
    folder = tmp_path_factory.mktemp("sandboxed")
    build = pathlib.Path(os.environ.get("FRONTROW_BUILD", ROOT / "var/build")).resolve()
    for program, unit in zip(["frontrow", "frontrow-sweeper", "frontrowctl"], SERVICES):
        # LeakSanitizer would have to trace
        words = ["exec", "env", "ASAN_OPTIONS=abort_on_error=1:detect_leaks=0", sys.executable, str(UNDER_UNIT),
                 str(UNITS / unit), str(build / program)]
        (folder / program).write_text(f'#!/bin/sh\n{shlex.join(words)} "$@"\n')
        (folder / program).chmod(0o755)
    old = os.environ.get("FRONTROW_BUILD")
    os.environ["FRONTROW_BUILD"] = str(folder)
    try:
        private = new_stack()
    finally:
        del os.environ["FRONTROW_BUILD"]
        if old:
            os.environ["FRONTROW_BUILD"] = old
    return private


def test_the_server_works_under_its_unit(sandboxed):
    """A sale, a reload and an upgrade: workers that batch, sockets, pid file, both dependencies."""
    status = pathlib.Path(f"/proc/{sandboxed.workers()[0]}/status").read_text()
    assert "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status
    concert = new_concert(sandboxed, capacity=5, max_seats=4)
    buy(sandboxed, new_user(), concert)
    assert os.sched_getscheduler(sandboxed.workers()[0]) == os.SCHED_BATCH
    for number in signal.SIGHUP, signal.SIGUSR2:
        before = sandboxed.workers()
        sandboxed.kill("frontrow", number)
        wait_for(lambda: sandboxed.workers() and not set(before) & set(sandboxed.workers()))
        buy(sandboxed, new_user(), concert)
    assert ok(sandboxed.get("/health/ready"))["status"] == "ready"


def test_the_server_is_refused_what_its_unit_takes_away():
    """So that the test before this one can fail."""
    program = ("import os, socket, mmap\n"
               "for call in (lambda: os.chroot('/'), lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),\n"
               "             lambda: os.nice(1), lambda: mmap.mmap(-1, 4096, prot=7)):\n"
               "    try:\n"
               "        call()\n"
               "    except PermissionError:\n"
               "        print('refused')\n")
    done = subprocess.run([sys.executable, UNDER_UNIT, UNITS / "frontrow-sweeper.service", sys.executable, "-c", program],
                          timeout=60, text=True, stdout=subprocess.PIPE)
    assert done.stdout.split() == ["refused"] * 4


def test_the_sweeper_works_under_its_unit(sandboxed):
    """It writes the list of a draw, readable for nginx whatever the unit's umask."""
    draw = Draw.new(sandboxed)
    draw.add(new_user())
    draw.freeze()
    umask = int(read_service(UNITS / "frontrow-sweeper.service")["UMask"][0], 8)
    done = subprocess.run(
        [sandboxed.build / "frontrow-sweeper", "--config", sandboxed.var / "frontrow.conf"], umask=umask,
        env=sandboxed.environment, timeout=120, text=True, stderr=subprocess.PIPE,
    )
    assert done.returncode == 0, done.stderr
    assert (sandboxed.var / "draw" / f"{draw.id}.txt").stat().st_mode & 0o777 == 0o644
    assert len(draw.list()) == 1


def test_the_audit_works_under_its_unit(sandboxed):
    """It leaves its verdict for /metrics."""
    assert sandboxed.ctl("audit").returncode == 0
    assert b"\nfrontrow_audit_violations 0\n" in sandboxed.get("/metrics").body


# ---- cores


@pytest.mark.parametrize("program", ["frontrow", "frontrow-outbox", "frontrow-sweeper", "frontrowctl"])
def test_no_program_leaves_a_core(stack, program, tmp_path):
    """Also one that is started by hand: it is held while it opens its settings."""
    settings = tmp_path / "settings"
    os.mkfifo(settings)
    command = [stack.build / program, "--config", settings] + (["audit"] if program == "frontrowctl" else [])
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL,
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (most, most)))
    try:
        wait_for(lambda: re.search(r"^Max core file size +0 +0 ", limits(running.pid), re.MULTILINE), 10)
    finally:
        running.kill()
        running.wait()


def limits(pid):
    return pathlib.Path(f"/proc/{pid}/limits").read_text()


def test_no_worker_leaves_a_core(stack):
    for pid in [stack.pid("frontrow"), *stack.workers()]:
        assert re.search(r"^Max core file size +0 +0 ", limits(pid), re.MULTILINE)
    for unit in *SERVICES, "nginx.service.d/frontrow.conf":
        assert read_service(UNITS / unit)["LimitCORE"] == ["0"]

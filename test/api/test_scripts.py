"""scripts/up and what it leaves running; cron's line; what is said when something is in the way."""

import contextlib
import http.client
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import time

import pytest
from stack import ROOT, SERVICES, UNHURRIED, Stack, beside, clear_up, is_gone, wait_for


def is_group_alive(pid):
    """Whether a process is left of the group that it led; a zombie is not."""
    def group_and_state(stat):
        fields = stat.read_text().rpartition(")")[2].split()
        return int(fields[2]), fields[0]

    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            group, state = group_and_state(stat)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if group == pid and state != "Z":
            return True
    return False


def run(private, script, *arguments, timeout=300, **settings):
    return subprocess.run(
        [ROOT / "scripts" / script, *arguments], env=private.environment | settings, timeout=timeout, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )


def serves(private):
    try:
        return private.new_client().get("/health/ready").status == 200
    except (OSError, http.client.HTTPException):
        return False


@pytest.fixture(scope="module")
def kept():
    """A stack by scripts/up, with its keeper."""
    private = Stack(**UNHURRIED)
    try:
        done = run(private, "up")
        assert done.returncode == 0, done.stdout
        assert f"{private.url}/" in done.stdout
        yield private
    finally:
        run(private, "down")
        private.stop()


def test_up_again_changes_nothing(kept):
    before = [kept.pid(name) for name in (*SERVICES, "keeper")]
    done = run(kept, "up")
    assert done.returncode == 0 and "already running" in done.stdout, done.stdout
    assert [kept.pid(name) for name in (*SERVICES, "keeper")] == before


def test_up_takes_over_a_new_program_without_losing_a_request(kept):
    program = kept.build / "frontrow"
    shutil.copy2(program, kept.build / "frontrow.new")
    (kept.build / "frontrow.new").rename(program)
    before, workers = kept.pid("frontrow"), set(kept.workers())
    statuses, client = [], kept.new_client()
    with beside(lambda: statuses.append(client.get("/health").status)):
        done = run(kept, "up")
    assert done.returncode == 0, done.stdout
    assert kept.pid("frontrow") == before
    assert os.readlink(f"/proc/{before}/exe") == str(program)
    assert set(statuses) == {200}
    assert not workers & set(kept.workers()), "said to be up while workers of the old program answer"


@pytest.mark.parametrize("name", SERVICES)
def test_the_keeper_restarts_what_died(kept, name):
    before = kept.pid(name)

    def is_another():
        with contextlib.suppress(FileNotFoundError):  # the keeper clears away what died
            return kept.pid(name) != before
        return False

    kept.kill(name)
    wait_for(is_another, 10)
    wait_for(lambda: serves(kept), 120)
    assert f"{name} ended and is started again" in kept.log("keeper").read_text()


def test_the_keeper_sweeps(kept):
    wait_for(lambda: "swept" in kept.log("sweeper").read_text(), 120)


def test_the_admin_key_is_secret(kept):
    key = kept.var / "admin.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert re.fullmatch("[0-9a-f]{64}\n", key.read_text())


def test_ctl_asks_this_stack(kept):
    assert run(kept, "ctl").returncode == 2
    done = subprocess.run([ROOT / "scripts/ctl", "migrate"], env=kept.environment, timeout=120)
    assert done.returncode == 0


def test_ctl_knows_the_logs_of_this_stack(kept, tmp_path):
    request = kept.new_client().get("/settings").headers["X-Request-Id"]
    wait_for(lambda: request in kept.log("access").read_text())
    done = run(kept, "ctl", "trace", request)
    assert done.returncode == 0 and done.stdout.startswith("nginx "), done.stdout
    done = run(kept, "ctl", "diagnose", str(tmp_path / "archive.tar.gz"))
    assert done.returncode == 0, done.stdout
    with tarfile.open(tmp_path / "archive.tar.gz") as archive:
        assert {"./nginx.log", "./frontrow.log"} < set(archive.getnames())


def test_what_killed_tests_left_is_removed():
    program = ("import booking, stack, time; made = stack.Stack().start(); load = booking.Load(booking.Hall(made)).__enter__();"
               " print(made.var, load.process.pid, flush=True); time.sleep(600)")
    folders = f"{ROOT}/test:{ROOT}/test/fault"
    with subprocess.Popen([sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": folders},
                          stdout=subprocess.PIPE, text=True) as owner:
        var, client = owner.stdout.readline().split()
        var = pathlib.Path(var)
        pids = [int((var / "pid" / name).read_text().split()[0]) for name in SERVICES]
        clear_up()
        assert not any(map(is_gone, pids)), "its owner is alive"
        owner.kill()
    clear_up()
    assert all(map(is_gone, pids)) and not var.exists()
    wait_for(lambda: is_gone(int(client)))


def test_refused_settings_change_no_file(kept):
    """The keeper would start whatever dies by them."""
    files = [kept.var / "frontrow.conf", kept.var / "nginx/frontrow.conf"]
    before = [file.read_text() for file in files]
    pids = [kept.pid(name) for name in SERVICES]
    for script in ["up"], ["lib/stack", "start"]:
        done = run(kept, *script, FRONTROW_LISTEN="0.0.0.0")
        assert done.returncode != 0 and "caller = body" in done.stdout, done.stdout
        assert [file.read_text() for file in files] == before
        assert [kept.pid(name) for name in SERVICES] == pids
    assert serves(kept)


def test_up_does_not_take_anothers_port_for_its_own(kept):
    with socket.socket() as owner:
        owner.bind(("127.0.0.1", 0))
        owner.listen()
        port = owner.getsockname()[1]
        done = run(kept, "up", FRONTROW_PORT=str(port))
    assert done.returncode != 0 and f"port {port} is taken by python3" in done.stdout, done.stdout
    assert serves(kept)


@pytest.mark.parametrize("arguments, settings, said", [
    (["up", "--help"], {}, "From a clone to a running service"),
    (["up", "--bogus"], {}, "unknown argument --bogus"),
    (["up", "extra"], {}, "unknown argument extra"),
    (["down", "--help"], {}, "Stops everything"),
    (["down", "--bogus"], {}, "unknown argument --bogus"),
    (["up"], {"FRONTROW_PORT": "abc"}, "FRONTROW_PORT=abc is no port"),
    (["up"], {"FRONTROW_PORT": "65536"}, "FRONTROW_PORT=65536 is no port"),
    (["up"], {"FRONTROW_PORT": "0"}, "FRONTROW_PORT=0 is no port"),
    (["soak", "long"], {}, "unknown argument long"),
    (["soak", "--help"], {}, "Sells tickets under random faults"),
    (["test", "--help"], {}, "Runs all tests"),
    (["test", "--engine"], {}, "there are mariadb-10.11 "),
    (["test", "--engine", "mysql"], {}, "no engine is called mysql; there are mariadb-10.11 "),
    (["test", "--mysql"], {}, "unknown argument --mysql"),
    (["analyze", "--help"], {}, "Runs the static analyzers"),
    (["k6", "--help"], {}, "Runs load scenarios"),
    (["bench", "--help"], {}, "Measures each route"),
    (["bench", "faults", "fresh"], {}, "faults is measured alone"),
    (["bench", "refusal"], {}, "no row is called refusal; there are fresh "),
])
def test_what_a_script_does_not_know_changes_nothing(kept, arguments, settings, said):
    pids = [kept.pid(name) for name in (*SERVICES, "keeper")]
    done = run(kept, *arguments, timeout=20, **settings)
    assert said in done.stdout and (done.returncode == 0) == ("--help" in arguments), done.stdout
    assert [kept.pid(name) for name in (*SERVICES, "keeper")] == pids
    assert serves(kept)


def test_a_path_with_blanks_is_refused_at_once(tmp_path):
    """In a line of its own, not by what autotools says of it."""
    done = subprocess.run(
        [ROOT / "scripts/down"], env=os.environ | {"FRONTROW_VAR": f"{tmp_path}/its var"}, timeout=20, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    assert done.returncode != 0 and "a path with blanks" in done.stdout, done.stdout


def test_what_is_installed_can_be_read_by_all(stack, tmp_path):
    """Also where the one who installs has a strict umask."""
    done = subprocess.run(
        ["bash", "-c", f"umask 077; make -C {stack.build} --no-print-directory install DESTDIR={tmp_path}"],
        timeout=120, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout
    shared = next(tmp_path.rglob("schema")).parent
    assert (shared / "www").is_dir()
    closed = [path for path in (shared, *shared.rglob("*")) if path.stat().st_mode & 0o044 != 0o044]
    assert not closed


def is_reached(address, port):
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


def test_up_takes_over_who_is_believed_and_where(kept):
    """127.0.0.2 stands for what is no address of the demo."""
    def believes():
        return kept.new_client().get("/point?userId=fan").status == 200

    assert believes() and not is_reached("127.0.0.2", kept.port)
    done = run(kept, "up", FRONTROW_LISTEN="0.0.0.0", FRONTROW_CALLER="header")
    assert done.returncode == 0, done.stdout
    assert is_reached("127.0.0.2", kept.port) and not believes()
    done = run(kept, "up")
    assert done.returncode == 0, done.stdout
    assert believes() and not is_reached("127.0.0.2", kept.port)


def test_down_leaves_nothing_though_the_keeper_was_killed(kept):
    """The last one of this stack."""
    pids = [kept.pid(name) for name in (*SERVICES, "keeper")]
    sockets = kept.run
    kept.kill("keeper")
    done = run(kept, "down")
    assert done.returncode == 0, done.stdout
    assert not [pid for pid in pids if is_group_alive(pid)]
    assert not sockets.exists()
    done = run(kept, "down")
    assert done.returncode == 0, done.stdout


def refused(**settings):
    """What `stack start` says when it fails, after which nothing is left."""
    private = Stack(**settings)
    try:
        with pytest.raises(RuntimeError) as error:
            private.start()
        assert not list((private.var / "pid").iterdir())
        return str(error.value)
    finally:
        private.stop()


def test_a_taken_port_names_its_owner():
    with socket.socket() as owner:
        owner.bind(("127.0.0.1", 0))
        owner.listen()
        port = owner.getsockname()[1]
        said = refused(port=port)
        assert re.search(rf"port {port} is taken by python3 \(pid {os.getpid()}\)", said), said


def test_a_daemon_that_fails_shows_its_log():
    said = refused(redis_memory="plenty")
    assert "redis ended; the end of" in said
    assert "maxmemory" in said


def test_believing_every_body_is_for_loopback_only():
    assert "caller = body" in refused(listen="0.0.0.0")


@pytest.mark.parametrize("prefix", ["shop", "//", "/sh op", "/shop(x)", "/a.b"])
def test_a_prefix_is_a_path(prefix):
    assert f'--prefix: "{prefix}" is no path' in refused(prefix=prefix)


def cron_line(name, build, var):
    """The command of a cron.d file, with this stack's paths, and the environment it names."""
    text = (ROOT / "scripts/cron.d" / name).read_text()
    environment = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    command = re.search(r"^(?:[\d*]+ ){5}frontrow (.*)$", text, re.MULTILINE)[1]
    assert "%" not in command  # a line's end for cron
    environment["PATH"] = f"{build}:{environment['PATH']}"
    command = command.replace("/etc/frontrow/", f"{var}/")
    assert re.search(r"\| logger -t frontrow-\w+$", command)
    return re.sub(r"logger -t (frontrow-\w+)$", rf"cat >>{var}/log/cron-\1.log", command), environment


@pytest.mark.parametrize("name, log, says", [
    ("frontrow", "cron-frontrow-sweeper", "swept"), ("frontrow-prune", "cron-frontrow-prune", "deleted"),
    ("frontrow-audit", "cron-frontrow-audit", "violations"),
])
def test_the_cron_line_runs_under_crons_environment(stack, name, log, says):
    command, environment = cron_line(name, stack.build, stack.var)
    environment |= {"HOME": "/", "LOGNAME": "frontrow", "USER": "frontrow"}
    done = subprocess.run(
        [environment["SHELL"], "-c", command], env=environment, cwd="/", timeout=120, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert says in stack.log(log).read_text()


def test_the_packages_that_scripts_install_are_listed():
    listed = set(re.findall(r"^\[(\w+)\]$", (ROOT / "scripts/lib/packages").read_text(), re.MULTILINE))
    scripts = [path for path in (ROOT / "scripts").rglob("*") if path.is_file() and path.suffix in ("", ".sh")]
    calls = [re.findall(r"install_packages((?: \w+)+)", path.read_text()) for path in scripts]
    installed = {section for call in calls for sections in call for section in sections.split()}
    assert {"build", "checks", "roots", "web"} <= installed <= listed
    engines = re.findall(r"^(\w[\w.@-]+) (\w+) (\w+) ([\w -]+)$", (ROOT / "scripts/lib/engines").read_text(), re.MULTILINE)
    assert {"mariadb-11.8", "mysql-9@libmariadb"} <= {name for name, *_ in engines}
    assert {section for *_, first in engines for section in first.split()} <= listed | {"-"}
    page = (ROOT / "docs/engines.md").read_text()
    assert [name for name, *_ in engines if f"`{name}` |" not in page] == [], "each has a row that says what was run"


def test_scripts_in_python_are_run_by_the_one_that_has_debians_packages():
    """Another one may come first in somebody's path."""
    files = [path for folder in ("scripts", "test", "k6", "findings") for path in (ROOT / folder).rglob("*")]
    firsts = {path: path.read_bytes().split(b"\n", 1)[0] for path in files if path.is_file()}
    found = {path: first for path, first in firsts.items() if first.startswith(b"#!") and b"python" in first}
    assert len(found) > 3
    assert set(found.values()) == {b"#!/usr/bin/python3"}, found


@pytest.mark.parametrize("path, settings, fails", [
    ("/usr/sbin:/usr/bin:/sbin:/bin", {}, os.geteuid() == 0 or None),
    ("/usr/sbin:/usr/bin:/sbin:/bin", {"FRONTROW_ALLOW_SKIPS": "1"}, False), ("/nowhere", {}, False),
], ids=["apt is there", "it is known why not", "no Debian"])
def test_which_skips_are_failures(path, settings, fails):
    """What could have been installed and was not tested is no green run."""
    script = f'. {ROOT}/scripts/lib/install.sh; PATH={path}; skips_are_failures'
    done = subprocess.run(["/bin/bash", "-c", script], env={"PATH": os.environ["PATH"]} | settings, timeout=20)
    assert fails is None or (done.returncode == 0) == fails


def test_who_builds_in_place_is_not_in_the_way(tmp_path, long):
    if not long:
        pytest.skip("configures for 15 s: --long")
    clone = tmp_path / "frontrow"
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns("var", ".git", "config.status"))
    done = subprocess.run(
        ["bash", "-euc", """
            { [[ -x configure ]] || ./autogen.sh; } && ./configure && make fcgi-app/base/log.o
            . scripts/lib/common.sh
            . scripts/lib/build.sh
            BUILD_TARGET=fcgi-app/base/clock.o build_folder "$BUILD"
        """],
        cwd=clone, env={"PATH": os.environ["PATH"]}, timeout=200, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout
    assert (clone / "var/build/fcgi-app/base/clock.o").exists()
    assert not (clone / "fcgi-app/base/clock.o").exists()


@pytest.fixture
def other_commands(tmp_path):
    """Runs a shell script that finds these commands, instead of the machine's own."""

    def run(script, uid=os.geteuid(), **commands):
        for name, text in commands.items():
            (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n")
            (tmp_path / name).chmod(0o755)
        for folder in (tmp_path, *tmp_path.parents[:2]):
            folder.chmod(0o755)
        script = f"set -euo pipefail; . {ROOT}/scripts/lib/common.sh; {script}"
        become = [] if uid == os.geteuid() else ["setpriv", "--clear-groups", f"--reuid={uid}"]
        return subprocess.run(
            [*become, "bash", "-c", script],
            env={"PATH": f"{tmp_path}:/usr/bin:/bin", "FRONTROW_VAR": str(tmp_path)}, cwd=tmp_path, timeout=60,
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )

    return run


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_sudo_is_asked_first_and_says_so(other_commands):
    """Its prompt is not hidden by what apt says, or by another script's."""
    done = other_commands(
        ". $ROOT/scripts/lib/install.sh; install_packages web", uid=65534,
        **{"sudo": 'echo "sudo $1"', "apt-get": "exit 1", "dpkg-query": "exit 1"},
    )
    told = done.stdout.splitlines()
    assert told[0].startswith("installing chromium") and "may want your password" in told[1], done.stdout
    assert told[2:] == ["sudo -v", "sudo bash"], done.stdout


def test_a_k6_that_takes_too_long_says_so_and_leaves_nothing(other_commands, tmp_path):
    done = other_commands(
        ". $ROOT/scripts/lib/k6.sh; TOOLS=$VAR/tools K6_PATIENCE=1; mkdir -p $TOOLS/go; k6_install",
        go='[[ $1 != env ]] || { echo go1.99; exit; }; sleep 60',
    )
    assert done.returncode != 0 and "k6 was not built within 1 s" in done.stdout, done.stdout
    assert {path.name for path in (tmp_path / "tools").iterdir()} == {"lock", "k6.log"}


@pytest.mark.parametrize("fails", ["yes", "no"])
def test_a_kind_of_tests_that_cannot_run_is_no_green_run(tmp_path, fails):
    """Here all of those that dump MySQL, for a PATH without its programs."""
    done = subprocess.run(
        ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", ROOT / "test/api/test_backup.py"],
        env=os.environ | {"PATH": str(tmp_path), "FRONTROW_SKIPS_FAIL": fails}, cwd=ROOT, timeout=60, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    assert (done.returncode != 0) == (fails == "yes"), done.stdout
    assert "not tested: there is no program that dumps MySQL" in done.stdout


def test_a_version_is_kept_for_a_week_after_another_took_its_place(tmp_path):
    """However long ago it was published."""
    shutil.copytree(ROOT / "scripts/lib", tmp_path / "scripts/lib")
    shutil.copytree(ROOT / "nginx/www", tmp_path / "nginx/www")
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs/openapi.yaml", tmp_path / "docs")

    def publish(text=None):
        """The versions that are there, and the one that the pages name."""
        if text is not None:
            (tmp_path / "nginx/www/app/style.css").write_text(text)
        subprocess.run([tmp_path / "scripts/lib/web-publish", tmp_path / "to"], check=True, timeout=60,
                       env=os.environ | {"TMPDIR": str(tmp_path)})
        page = (tmp_path / "to/index.html").read_text()
        return {path.name for path in (tmp_path / "to/v").iterdir()}, re.search(r"/?v/(\w+)/app/main.js", page)[1]

    def age(version, days):
        then = time.time() - days * 24 * 3600
        os.utime(tmp_path / "to/v" / version, (then, then))

    there, first = publish()
    assert there == {first}
    age(first, 30)
    assert publish() == ({first}, first)
    there, second = publish("/* second */")
    assert there == {first, second} and second != first
    age(first, 6)
    assert publish() == ({first, second}, second), "it is no newer for being published again"
    age(first, 9)
    age(second, 9)
    assert publish() == ({second}, second)


def test_nginx_waits_for_as_long_as_the_settings_say(new_stack):
    stack = new_stack(workers=1, gateway_ms=31000, admin_gateway_ms=32000)
    filled = (stack.var / "nginx/frontrow.conf").read_text()
    assert re.findall(r"fastcgi_read_timeout (\S+);", filled) == ["31000ms", "32000ms", "32000ms"]
    printed = stack.program("frontrow", "--print-config").stdout
    assert "\ngateway_ms = 31000\n" in printed and "\nadmin_gateway_ms = 32000\n" in printed

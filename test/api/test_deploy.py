"""What whoever packages or deploys Frontrow meets: nginx's configuration, the settings' file, exit statuses,
what is installed. scripts/lib/test-deploy follows docs/deploy.md to the letter."""

import grp
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import threading

import pytest
from stack import ROOT, free_port, wait_for

TEMPLATE = ROOT / "nginx/frontrow.conf.in"
UNITS = ROOT / "scripts/systemd"
GONE, WRONG_SETTINGS = 75, 78
SAID = {"port": "8080", "gateways": "10.0.0.8", "operators": "10.1.0.0/16", "proxies": "none"}


def nginx_config(stack, settings="", **options):
    """frontrowctl nginx-config; an option without a value is a switch, one of None is left out."""
    arguments = ["--template", TEMPLATE]
    for name, value in options.items():
        if value is not None:
            arguments += [f"--{name.replace('_', '-')}", *([] if value is True else [value])]
    file = stack.var / "nginx-config.conf"
    file.write_text(settings)
    environment = {key: value for key, value in stack.environment.items() if not key.startswith("FRONTROW_")}
    return subprocess.run([stack.build / "frontrowctl", "--config", file, "nginx-config", *arguments],
                          env=environment, timeout=60, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


# ---- settings and exit statuses


def test_the_settings_can_be_printed_before_there_is_a_file(stack):
    environment = {key: value for key, value in stack.environment.items() if not key.startswith("FRONTROW_")}

    def run(*arguments, **more):
        return subprocess.run([stack.build / "frontrow", *arguments], env=environment | more, timeout=60, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    printed = run("--print-config", FRONTROW_CONFIG="/nowhere/frontrow.conf", FRONTROW_WORKERS="7")
    assert printed.returncode == 0 and "\nworkers = 7\n" in printed.stdout and "\nsockets = 4\n" in printed.stdout
    for said in ["--config", "/nowhere/frontrow.conf", "--print-config"], ["--config", "/nowhere/frontrow.conf"]:
        refused = run(*said)
        assert refused.returncode == WRONG_SETTINGS and "/nowhere/frontrow.conf: No such file" in refused.stderr
    assert run(FRONTROW_CONFIG="/nowhere/frontrow.conf").returncode == WRONG_SETTINGS


def test_check_tells_what_is_wrong_from_what_could_not_be_asked(stack):
    def status(**settings):
        return stack.program("frontrow", "--check", **settings).returncode

    assert status() == 0
    assert status(mysql_socket="/nowhere") == GONE
    assert status(redis_socket="/nowhere") == GONE
    assert status(mysql_database="information_schema", redis_socket="/nowhere") == 1
    assert status(workers="many") == WRONG_SETTINGS
    for program in (["frontrow-sweeper"], ["frontrowctl", "audit"]):
        assert stack.program(*program, workers="many").returncode == WRONG_SETTINGS


def test_localhost_is_reached_by_tcp_as_any_other_host(stack):
    """The client library would take a socket of its own choice."""
    with socket.create_server(("127.0.0.1", 0)) as front:
        port = front.getsockname()[1]

        def serve():
            client = front.accept()[0]
            with client, socket.socket(socket.AF_UNIX) as server:
                server.connect(str(stack.run / "mysql.sock"))
                back = threading.Thread(target=relay, args=(server, client), daemon=True)
                back.start()
                relay(client, server)
                back.join(10)

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        listed = stack.program("frontrowctl", "concert", "list", mysql_socket="", mysql_host="localhost",
                               mysql_port=str(port))
        assert listed.returncode == 0 and listed.stdout, listed.stderr
        serving.join(10)
    away = stack.program("frontrowctl", "concert", "list", mysql_socket="", mysql_host="localhost",
                               mysql_port=str(port))
    assert away.returncode == GONE and f"at localhost, port {port}: " in away.stderr
    away = stack.program("frontrowctl", "concert", "list", mysql_socket="/nowhere")
    assert away.returncode == GONE and "at /nowhere: " in away.stderr


def relay(source, target):
    while data := source.recv(65536):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)


# ---- users and groups


ACCOUNT, OTHER_GROUP = "daemon", "www-data"  # Debian has them everywhere; they stand for frontrow and for nginx
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def programs(stack, tmp_path):
    """Where the account reaches them, with a secret that its group may read."""
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:2]:
        parent.chmod(0o755)
    shutil.copy(stack.build / "frontrow", tmp_path)
    secret = tmp_path / "secret"
    secret.write_text("a secret # that holds\n")
    shutil.chown(secret, "root", ACCOUNT)
    secret.chmod(0o640)
    return tmp_path


@as_root
def test_started_as_root_its_sockets_are_nginxs_to_open(programs):
    run_dir = programs / "run"
    settings = {"RUN_DIR": str(run_dir), "USER": ACCOUNT, "SOCKET_GROUP": OTHER_GROUP, "WORKERS": "1", "SOCKETS": "2",
                "ADMIN_KEY_FILE": str(programs / "secret"), "MYSQL_SOCKET": "/nowhere", "REDIS_SOCKET": "/nowhere"}
    environment = {f"FRONTROW_{name}": value for name, value in settings.items()}
    log = programs / "log"
    with log.open("w") as output:
        server = subprocess.Popen([programs / "frontrow", "--config", "/dev/null"], env=environment, stderr=output)
    try:
        wait_for(lambda: (run_dir / "frontrow-1.sock").exists() or server.poll() is not None, 20)
        for path in run_dir, run_dir / "frontrow-0.sock", run_dir / "frontrow-1.sock":
            assert (path.owner(), path.group()) == (ACCOUNT, OTHER_GROUP), log.read_text()
        assert (run_dir / "frontrow-1.sock").stat().st_mode & 0o777 == 0o660
        with pytest.raises(PermissionError):
            connect_as("nobody", "nogroup", run_dir / "frontrow-0.sock")
        connect_as("nobody", OTHER_GROUP, run_dir / "frontrow-0.sock")
        status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
        assert f"\nUid:\t{pwd.getpwnam(ACCOUNT).pw_uid}\t" in status
        server.send_signal(signal.SIGHUP)  # it still reads its secrets
        wait_for(lambda: "all 1 workers run with the settings in force" in log.read_text()
                 or "the settings stay" in log.read_text(), 20)
        assert "the settings stay" not in log.read_text()
    finally:
        server.terminate()
        server.wait(20)


def connect_as(user, group, path):
    """In a process of its own; raises what connect() raised there."""
    program = f"import socket; socket.socket(socket.AF_UNIX).connect({str(path)!r})"
    done = subprocess.run(["python3", "-c", program], user=user, group=group, extra_groups=[], cwd="/", timeout=20,
                          text=True, stderr=subprocess.PIPE)
    if "PermissionError" in done.stderr:
        raise PermissionError(done.stderr)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("setting, value", [("user", "nobody-knows"), ("socket_group", "nobody-knows")])
def test_an_unknown_user_or_group_is_named(stack, tmp_path, setting, value):
    if setting == "user" and os.geteuid() != 0:
        pytest.skip("only root becomes somebody else")
    refused = stack.program("frontrow", run_dir=tmp_path / "run", **{setting: value})
    assert refused.returncode == 1 and re.search(rf"{setting}: there is no \w+ {value}", refused.stderr)


@as_root
def test_the_units_account_reads_secrets_that_are_its_groups(stack, programs):
    """systemd gives a service its Group= in place of the user's own, which has to be named beside it."""
    def read(unit):
        lines = dict(re.findall(r"^(\w+)=(.*)$", (UNITS / unit).read_text(), re.MULTILINE))
        names = [lines.get("Group", lines["User"]), lines.get("SupplementaryGroups", "")]
        names = [ACCOUNT if name == "frontrow" else name for name in names if name]
        return subprocess.run(
            [programs / "frontrow", "--config", "/dev/null", "--print-config"], user=ACCOUNT, cwd="/", timeout=20,
            group=names[0], extra_groups=names[1:], env={"FRONTROW_ADMIN_KEY_FILE": str(programs / "secret")},
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )

    for unit in "frontrow.service", "frontrow-sweeper.service":
        done = read(unit)
        assert done.returncode == 0 and "admin key ***" in done.stdout, done.stderr
    assert grp.getgrnam(ACCOUNT).gr_gid != grp.getgrnam(OTHER_GROUP).gr_gid

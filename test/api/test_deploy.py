"""What whoever packages or deploys Frontrow meets: nginx's configuration, the settings' file, exit statuses,
what is installed. scripts/lib/test-deploy follows docs/deploy.md and docs/build.md to the letter."""

import contextlib
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
from stack import ROOT, free_port, nginx_temporary, wait_for

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


# ---- nginx's configuration


def test_what_nobody_can_know_is_asked_for(stack):
    asked = nginx_config(stack)
    assert asked.returncode == 2 and asked.stdout == ""
    assert re.findall(r"^frontrowctl: --(\S+) is required$", asked.stderr, re.MULTILINE) == [*SAID]
    for name in SAID:
        assert f"--{name} is required" in nginx_config(stack, **SAID | {name: None}).stderr


@pytest.mark.parametrize("name, value", [
    ("port", "0"), ("port", "65536"), ("port", "http"), ("gateways", ""), ("gateways", "gateway.example"),
    ("operators", "10.0.0.0/33"), ("operators", "none, 10.0.0.1"), ("proxies", "::1/129"), ("proxies", "1;2"),
    ("prefix", "shop"), ("prefix", "//"), ("prefix", "/a.b"), ("cache", "cache"), ("cache", "/a b"),
    ("error_log", "/a;b"), ("www", "/$x"), ("user_rate", "0"), ("exact_limit", "many"), ("address_rate", "-1"),
    ("certificate", "/etc/ssl/a.pem"), ("http2", "yes"), ("hsts", "-1"), ("hsts", "63072001"), ("redirect_port", "80"), ("http3", True), ("uncounted", "10.0.0.0/8;"), ("access_log", "logs/off"),
])
def test_a_wrong_value_is_refused_by_the_options_name(stack, name, value):
    refused = nginx_config(stack, **SAID | {name: value})
    assert refused.returncode == 2 and refused.stdout == ""
    named = "certificate" if name == "http3" else name.replace("_", "-")
    assert f"frontrowctl: --{named}: " in refused.stderr, refused.stderr


@pytest.mark.parametrize("setting, said", [
    ("run_dir = /run/a;b", "/run/a;b"), ("draw_folder = draw", '"draw"'), ("listen = localhost", '"localhost"'),
    ("listen =", "the setting listen"),
])
def test_settings_that_nginx_would_misread_are_refused(stack, setting, said):
    refused = nginx_config(stack, setting + "\n", **SAID)
    assert refused.returncode == 2 and refused.stdout == "" and said in refused.stderr


def test_a_template_of_another_version_is_refused(stack, tmp_path):
    (tmp_path / "template").write_text("# a@b.example\nroot @WWW@;\n@SOMETHING_ELSE@\n")
    refused = nginx_config(stack, **SAID, template=tmp_path / "template")
    assert refused.returncode == 2 and "@SOMETHING_ELSE@" in refused.stderr and refused.stdout == ""
    (tmp_path / "template").write_text("# a@b.example @A1@\nroot @WWW@;")
    assert nginx_config(stack, **SAID, www="/w", template=tmp_path / "template").stdout.endswith(
        "# a@b.example @A1@\nroot /w;")


def test_settings_and_options_are_in_it(stack):
    text = nginx_config(
        stack, "sockets = 3\nrun_dir = /run/shop\ngateway_ms = 31000\nadmin_gateway_ms = 32000\ndraw_folder = /srv/draw\n"
        "listen = 192.0.2.1 [2001:db8::1]\n", port="8080", gateways="10.0.0.8,10.0.0.9", operators="10.1.0.0/16 ::1",
        proxies="10.0.0.0/24", prefix="/shop/", exact_limit="5", address_rate="7",
    ).stdout
    for expected in (
        "listen 192.0.2.1:8080 default_server backlog=8192;", "listen [2001:db8::1]:8080 default_server backlog=8192;",
        "10.0.0.8 1;\n    10.0.0.9 1;", "10.1.0.0/16 1;\n    ::1 1;", "set_real_ip_from 10.0.0.0/24;",
        "rewrite ^/shop\\z /shop/ permanent;", "fastcgi_read_timeout 31000ms;", "fastcgi_read_timeout 32000ms;",
        "alias /srv/draw/$frontrow_list;", "rate=7r/s;", "limit_req zone=frontrow_rate burst=7 nodelay;",
        "server unix:/run/shop/frontrow-0.sock max_fails=0 max_conns=1;\n"
        "    server unix:/run/shop/frontrow-1.sock max_fails=0 max_conns=2;\n"
        "    server unix:/run/shop/frontrow-2.sock max_fails=0 max_conns=2;\n}",
    ):
        assert expected in text, expected
    assert "--gateways '10.0.0.8,10.0.0.9'" in text.split("\n", 3)[1]


@pytest.mark.parametrize("workers, shares", [(16, [1, 1, 1, 1]), (25, [1, 1, 2, 2]), (8, [1, 1]), (3, [1]), (1, [1])])
def test_operators_have_a_quarter_of_the_workers(stack, workers, shares):
    """Whatever they ask for, buyers have the other workers."""
    text = nginx_config(stack, f"workers = {workers}\n", **SAID).stdout
    admin = text[text.index("upstream frontrow_admin"):].split("}")[0]
    assert [int(share) for share in re.findall(r"max_conns=(\d+)", admin)] == shares
    said = nginx_config(stack, f"workers = {workers}\n", **SAID, admin_limit="40").stdout
    admin = said[said.index("upstream frontrow_admin"):].split("}")[0]
    assert re.findall(r"max_conns=(\d+)", admin) == ["10"] * 4
    connections = [int(re.search(r"worker_connections (\d+)", of)[1]) for of in (text, said)]
    assert connections[1] - connections[0] == 40 - sum(shares)


def nginx_takes(text, folder):
    """nginx -t, with the nginx.conf of Debian, in which the numbers of the first lines are put in."""
    debian = pathlib.Path("/etc/nginx/nginx.conf").read_text()
    needs = dict(re.findall(r"(worker_rlimit_nofile|worker_connections) (\d+);", text))
    assert set(needs) == {"worker_rlimit_nofile", "worker_connections"}
    (folder / "frontrow.conf").write_text(text)
    ours = f"{nginx_temporary(folder)} include {folder}/frontrow.conf;"
    main, count = re.subn(r"include /etc/nginx/conf\.d/\*\.conf;", ours, debian)
    main = re.sub(r"^\s*include /etc/nginx/(sites|modules)-enabled.*", "", main, flags=re.MULTILINE)
    main, connections = re.subn(r"worker_connections 768;", f"worker_connections {needs['worker_connections']};", main)
    assert (count, connections) == (1, 1)
    if os.geteuid() != 0:  # it warns that only root can become this user
        main = re.sub(r"^user .*", "", main, flags=re.MULTILINE)
    main = main.replace("/var/log/nginx", str(folder)).replace("/run/nginx.pid", f"{folder}/pid")
    (folder / "nginx.conf").write_text(f"worker_rlimit_nofile {needs['worker_rlimit_nofile']};\n" + main)
    tested = subprocess.run(
        ["nginx", "-t", "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error"], timeout=60, text=True,
        env=os.environ | {"PATH": "/usr/sbin:" + os.environ["PATH"]}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert tested.returncode == 0 and "[warn]" not in tested.stdout, tested.stdout


@pytest.mark.parametrize("more", [
    {}, {"proxy_protocol": True, "proxies": "10.0.0.7"}, {"prefix": "/shop", "access_log": "off"},
    {"certificate": "pem", "certificate_key": "pem"},
    {"certificate": "pem", "certificate_key": "pem", "redirect_port": "80", "hsts": "0"},
    {"gateways": "none", "operators": "none", "uncounted": "10.0.0.0/8 2001:db8::/32", "address_rate": "9"},
], ids=["plain", "proxy protocol", "a path", "HTTPS", "HTTPS and a redirect", "nobody"])
def test_nginx_takes_it(stack, tmp_path, more):
    certificate = tmp_path / "pem"
    if "certificate" in more:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-subj", "/CN=shop.example", "-keyout", certificate, "-out", tmp_path / "certificate"],
                       check=True, capture_output=True, timeout=60)
        certificate.write_text(certificate.read_text() + (tmp_path / "certificate").read_text())
        more = {"certificate": certificate, "certificate_key": certificate}
    options = SAID | {"port": str(free_port()), "cache": tmp_path / "cache", "access_log": tmp_path / "access.log",
                      "error_log": tmp_path / "error.log", "www": ROOT / "nginx/www"} | more
    made = nginx_config(stack, "listen = 127.0.0.1\n", **options)
    assert made.returncode == 0, made.stderr
    nginx_takes(made.stdout, tmp_path)


def test_nginx_has_room_for_what_may_be_under_way(stack):
    """Debian's 768 connections are taken by the idle ones of a few hundred browsers."""
    def needs(**options):
        return int(re.search(r"worker_connections (\d+);", nginx_config(stack, **SAID, **options).stdout)[1])

    usual = needs()
    assert usual > 16384 + 2 * 2048
    assert needs(request_limit="1000", exact_limit="10") == usual - 15384 - 2038
    page = (ROOT / "docs/deploy.md").read_text()
    assert f"worker_connections {usual};" in page and f"worker_rlimit_nofile {2 * usual};" in page


def test_each_placeholder_is_explained_where_it_stands():
    """By a comment not far above, which names the option where there is one; the man page has the options."""
    lines = TEMPLATE.read_text().splitlines()
    text = (ROOT / "fcgi-app/ctl/nginx_placeholders.c").read_text()
    options = dict(re.findall(r'^    \{"([A-Z_]+)", NGINX_([A-Z0-9_]+),', text, re.MULTILINE))
    placeholders = {name for line in lines for name in re.findall("@([A-Z_]+)@", line)}
    assert placeholders == set(options)
    for name, option in options.items():
        if option not in ("OPTION_COUNT", "TEMPLATE"):
            assert re.search(rf"--{option.lower().replace('_', '-')}\b", "\n".join(
                line for line in lines if line.lstrip().startswith("#"))), name


def test_scripts_up_fills_it_in_the_same_way(stack):
    assert (stack.var / "nginx/frontrow.conf").read_text().startswith("# Made by frontrowctl nginx-config")


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


def test_the_example_of_the_settings_is_taken(stack, tmp_path):
    text = (ROOT / "scripts/frontrow.conf").read_text()
    for name in "gateway.secret", "admin.key":
        (tmp_path / name).write_text("a secret # that holds\n")
        text = text.replace(f"/etc/frontrow/{name}", str(tmp_path / name))
    text = text.replace("/etc/frontrow/ticket.keys", str(stack.var / "ticket.keys"))
    (tmp_path / "frontrow.conf").write_text(text)
    printed = subprocess.run([stack.build / "frontrow", "--config", tmp_path / "frontrow.conf", "--print-config"],
                             env={}, timeout=60, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert printed.returncode == 0, printed.stderr
    assert set(re.findall(r"^\w+ = .*", text, re.MULTILINE)) <= set(printed.stdout.splitlines())


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
            with contextlib.suppress(OSError):  # the end of the `with`
                while True:
                    client = front.accept()[0]
                    server = socket.socket(socket.AF_UNIX)
                    server.connect(str(stack.run / "mysql.sock"))
                    for ends in ((client, server), (server, client)):
                        threading.Thread(target=relay, args=ends, daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        listed = stack.program("frontrowctl", "concert", "list", mysql_socket="", mysql_host="localhost",
                               mysql_port=str(port))
        assert listed.returncode == 0 and listed.stdout, listed.stderr
        front.shutdown(socket.SHUT_RDWR)
    away = stack.program("frontrowctl", "concert", "list", mysql_socket="", mysql_host="localhost",
                               mysql_port=str(port))
    assert away.returncode == GONE and f"at localhost, port {port}: " in away.stderr
    away = stack.program("frontrowctl", "concert", "list", mysql_socket="/nowhere")
    assert away.returncode == GONE and "at /nowhere: " in away.stderr


def relay(source, target):
    with contextlib.suppress(OSError):  # either end may have gone
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


@as_root
def test_who_cannot_give_its_sockets_away_says_so(programs):
    run_dir = programs / "run"
    run_dir.mkdir()
    shutil.chown(run_dir, ACCOUNT)
    settings = {"RUN_DIR": str(run_dir), "SOCKET_GROUP": OTHER_GROUP, "MYSQL_SOCKET": "/nowhere"}
    refused = subprocess.run([programs / "frontrow", "--config", "/dev/null"], user=ACCOUNT, group=ACCOUNT,
                             extra_groups=[], cwd="/", timeout=20, text=True, stderr=subprocess.PIPE,
                             env={f"FRONTROW_{name}": value for name, value in settings.items()})
    assert refused.returncode == 1
    assert re.search(r"frontrow-0.sock: it cannot be given to socket_group: \w", refused.stderr), refused.stderr


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

    for unit in "frontrow.service", "frontrow-sweeper.service", "frontrow-audit.service":
        done = read(unit)
        assert done.returncode == 0 and "admin key ***" in done.stdout, done.stderr
    assert grp.getgrnam(ACCOUNT).gr_gid != grp.getgrnam(OTHER_GROUP).gr_gid


# ---- building and installing


def test_autogen_names_what_is_missing(tmp_path):
    shutil.copy(ROOT / "autogen.sh", tmp_path)
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in "sh", "dirname":
        (tools / tool).symlink_to(shutil.which(tool))
    for present, missing in ([], "autoconf"), (["autoreconf"], "automake"), (["automake"], "pkg-config"):
        for tool in present:
            (tools / tool).symlink_to("/bin/true")
        done = subprocess.run([tmp_path / "autogen.sh"], env={"PATH": str(tools)}, timeout=20, text=True,
                              stderr=subprocess.PIPE)
        assert done.returncode == 1 and f"apt install {missing}" in done.stderr
    (tools / "pkg-config").symlink_to("/bin/true")
    assert subprocess.run([tmp_path / "autogen.sh"], env={"PATH": str(tools)}, timeout=20).returncode == 0


def packages(section):
    """The first choice of each line of a section of scripts/lib/packages."""
    text = (ROOT / "scripts/lib/packages").read_text().split(f"[{section}]\n")[1].split("\n[")[0]
    return {line.split("|")[0] for line in text.splitlines() if line and not line.startswith("#")}


def test_the_page_on_building_has_all_packages():
    page = (ROOT / "docs/build.md").read_text().replace("\\\n", " ")
    named = set(" ".join(re.findall(r"^apt-get install -y (.*)$", page, re.MULTILINE)).split())
    assert packages("build") <= named


def make(stack, *arguments):
    done = subprocess.run(["make", "-C", stack.build, "--no-print-directory", *arguments], timeout=120, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout


def test_all_that_is_installed_is_taken_away_again(stack, tmp_path):
    make(stack, "install", f"DESTDIR={tmp_path}")
    there = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert {"frontrow.conf.in", "frontrow.conf", "frontrow.service", "frontrow-sweeper.service",
            "frontrow-sweeper.timer", "frontrow-audit.service", "frontrow-audit.timer", "frontrow-outbox.service",
            "frontrow", "frontrow-audit", "frontrow-prune"} <= there
    shared = next(tmp_path.rglob("examples"))
    for path in ("frontrow.conf", "cron.d/frontrow", "cron.d/frontrow-audit", "cron.d/frontrow-prune", "logrotate.d/frontrow",
                 "systemd/frontrow.service", "systemd/frontrow-sweeper.service", "systemd/frontrow-sweeper.timer",
                 "systemd/frontrow-audit.service", "systemd/frontrow-audit.timer", "systemd/frontrow-outbox.service",
                 "systemd/nginx.service.d/frontrow.conf"):
        assert (shared / path).is_file(), path
    sbin = "/" + str(next(tmp_path.rglob("sbin")).relative_to(tmp_path))
    for line in re.findall(r"^ExecStart=(\S+)", (shared / "systemd/frontrow.service").read_text(), re.MULTILINE):
        assert line == f"{sbin}/frontrow"
    audit = (shared / "systemd/frontrow-audit.service").read_text()
    assert f"\nExecStart={sbin.replace('/sbin', '/bin')}/frontrowctl " in audit
    assert f"\nPATH={sbin}:" in (shared / "cron.d/frontrow").read_text()
    make(stack, "uninstall", f"DESTDIR={tmp_path}")
    left = [path for path in tmp_path.rglob("*") if not path.is_dir() or "frontrow" in path.name]
    assert not left


# ---- completion


def completed(stack, *words):
    """What bash offers for the last of the words."""
    script = """source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
                _frontrow "$PROGRAM" "${@: -1}" "${@: -2:1}"; printf '%s\\n' "${COMPREPLY[@]}" """
    done = subprocess.run(["bash", "-euc", script, "-", ROOT / "scripts/completion/frontrowctl", *words], timeout=60,
                          env=os.environ | {"PROGRAM": str(stack.build / words[0])}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("words, offered", [
    (("frontrowctl", "au"), ["audit"]), (("frontrowctl", "q"), ["queue"]),
    (("frontrowctl", "queue", "d"), ["drain", "draw"]), (("frontrowctl", "--config", "x", "queue", "pau"), ["pause"]),
    (("frontrowctl", "queue", "pause", ""), []), (("frontrowctl", "hall", "check", "h"), []),
    (("frontrowctl", "operator", "add", "mina", "--role", "g"), ["gate"]), (("frontrowctl", "--nginx"), ["--nginx-log"]),
    (("frontrow", "--pr"), ["--print-config"]), (("frontrow-sweeper", "--c"), ["--config"]),
    (("frontrow-outbox", "--c"), ["--config"]),
])
def test_completion(stack, words, offered):
    assert completed(stack, *words) == offered


def test_completion_offers_every_command(stack):
    usage = stack.program("frontrowctl", "--help").stdout
    commands = re.findall(r"^  ([a-z][a-z-]*)((?: [a-z]+)?)", usage, re.MULTILINE)
    assert len(commands) > 30
    for first, second in commands:
        assert first in completed(stack, "frontrowctl", "")
        assert not second or second.strip() in completed(stack, "frontrowctl", first, "")

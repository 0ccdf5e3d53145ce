"""observe/: the rules, their tests, where alerts go, the dashboard; and all of it running beside a stack."""

import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import threading

import pytest
import yaml
from helpers import assert_problem, new_concert, new_user, ok, reserve
from observed import PORTS, Observed, free_ports
from stack import ROOT, is_gone, run_script, wait_for

OBSERVE = ROOT / "observe"
OWNERS = ["application", "database", "cache", "network", "business"]
ALERTS = [
    rule for group in yaml.safe_load((OBSERVE / "rules/alerts.yml").read_text())["groups"] for rule in group["rules"]
]
RECORDS = [
    rule for group in yaml.safe_load((OBSERVE / "rules/recording.yml").read_text())["groups"]
    for rule in group["rules"]
]
TESTS = yaml.safe_load((OBSERVE / "tests/alerts.yml").read_text())["tests"]
DASHBOARD = json.loads((OBSERVE / "grafana/frontrow.json").read_text())
NAMES = [alert["alert"] for alert in ALERTS]


def tool(name):
    return shutil.which(name) or pytest.skip(f"there is no {name}; it is in [observe] of scripts/lib/packages")


def run(name, *arguments, **options):
    done = subprocess.run([tool(name), *arguments], capture_output=True, text=True, timeout=280, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# ---- the rules


def test_the_rules_are_sound():
    run("promtool", "check", "rules", *map(str, (OBSERVE / "rules").glob("*.yml")))


def test_the_tests_of_the_rules_pass():
    run("promtool", "test", "rules", str(OBSERVE / "tests/alerts.yml"))


@pytest.mark.parametrize("name", NAMES)
def test_each_alert_is_tested_for_firing_and_for_silence(name):
    expected = [check["exp_samples"] for test in TESTS for check in test["promql_expr_test"]
                if f'alertname="{name}"' in check["expr"]]
    assert [] in expected and any(expected)


def test_no_test_is_left_of_an_alert_that_is_gone():
    tested = re.findall(r'alertname="(\w+)"', (OBSERVE / "tests/alerts.yml").read_text())
    assert set(tested) == set(NAMES)


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_each_alert_says_how_bad_whose_what_and_what_to_do(alert):
    assert set(alert["labels"]) == {"severity", "owner"}
    assert re.fullmatch("SEV[1-4]", alert["labels"]["severity"]) and alert["labels"]["owner"] in OWNERS
    assert set(alert["annotations"]) == {"summary", "customers", "runbook"}
    page = (ROOT / alert["annotations"]["runbook"]).read_text()
    assert page.startswith(f"# {alert['alert']}\n\n{alert['labels']['severity']}, owner: {alert['labels']['owner']}.\n")
    assert re.findall("^## (.*)", page, re.MULTILINE) == [
        "What it means", "How to look", "How to mend", "How to see that it is over"]


def test_each_page_is_of_an_alert_and_listed():
    assert sorted(page.stem for page in (ROOT / "docs/incidents").glob("*.md")) == sorted(NAMES)
    listed = re.findall(r"^\| \[(\w+)\]\(\S+\) \| (\w+) \| (\w+) \|", (ROOT / "docs/incidents.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted((alert["alert"], *map(alert["labels"].get, ("severity", "owner"))) for alert in ALERTS)


# ---- where they go


@pytest.fixture(scope="module")
def alertmanager_config(tmp_path_factory):
    """As scripts/up fills it in, with a webhook and an address."""
    made = subprocess.run(
        ["bash", "-c", '. scripts/lib/stack.sh && observe_configure && cat "$VAR/observe/alertmanager.yml"'],
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=60,
        env=os.environ | {"FRONTROW_VAR": str(tmp_path_factory.mktemp("var")), "FRONTROW_ALERT_EMAIL": "ops@shop.example",
                          "FRONTROW_ALERT_WEBHOOK": "http://127.0.0.1:1"},
    )
    path = tmp_path_factory.mktemp("alertmanager") / "alertmanager.yml"
    path.write_text(made.stdout)
    return str(path)


def test_alertmanager_knows_every_line(alertmanager_config):
    run("amtool", "check-config", alertmanager_config)
    receivers = yaml.safe_load(open(alertmanager_config))["receivers"]
    assert [receiver["name"] for receiver in receivers] == OWNERS
    assert receivers[1]["webhook_configs"] == [{"url": "http://127.0.0.1:1/database"}]
    assert receivers[1]["email_configs"] == [{"to": "ops+database@shop.example"}]


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_each_alert_goes_to_its_owner(alert, alertmanager_config):
    labels = [f"{name}={value}" for name, value in alert["labels"].items()]
    said = run("amtool", "config", "routes", "test", f"--config.file={alertmanager_config}",
               f"alertname={alert['alert']}", *labels)
    assert said.strip() == alert["labels"]["owner"]


def test_what_keeps_others_quiet_is_there(alertmanager_config):
    for rule in yaml.safe_load(open(alertmanager_config))["inhibit_rules"]:
        for matcher in rule["source_matchers"] + rule["target_matchers"]:
            pattern = re.search('"(.*)"', matcher)[1]
            assert any(re.fullmatch(pattern, name) for name in NAMES), matcher
            for part in pattern.split("|"):
                assert any(re.fullmatch(part, name) for name in NAMES), part


# ---- the dashboard


def panels():
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions():
    """Of the dashboard, with its variables put in."""
    found = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [expr.replace("$__rate_interval", "1m").replace("$instance", ".*").replace("$concert", ".*") for expr in found]


def test_the_dashboard_is_one_that_grafana_takes():
    assert DASHBOARD["schemaVersion"] >= 36 and DASHBOARD["id"] is None and DASHBOARD["uid"] == "frontrow"
    assert {variable["name"] for variable in DASHBOARD["templating"]["list"]} == {"datasource", "instance", "concert"}
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids)) and len(panels()) >= 20
    for panel in panels():
        assert panel["type"] in ("timeseries", "stat", "table", "bargauge", "alertlist", "gauge"), panel["title"]
        assert panel["title"] and panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["fieldConfig"]["defaults"]["unit"]
        references = [target["refId"] for target in panel["targets"]]
        assert references and len(references) == len(set(references))


def test_no_panel_covers_another_one():
    taken = {}
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert 0 <= place["x"] and place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                other = taken.setdefault((x, y), panel["title"])
                assert other == panel["title"], (other, panel["title"])


def test_prometheus_understands_each_expression(tmp_path):
    rules = [{"record": f"expression:{number}", "expr": expr} for number, expr in enumerate(expressions())]
    path = tmp_path / "dashboard.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    run("promtool", "check", "rules", str(path))


# ---- all of it beside a stack


class Hook(http.server.BaseHTTPRequestHandler):
    """Keeps what Alertmanager sends, by the path of the owner."""

    def do_POST(self):  # noqa: N802
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.told += [
            (self.path.strip("/"), alert["status"], alert["labels"]["alertname"]) for alert in body["alerts"]]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def hook():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.told = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def observed(hook):
    for name in "prometheus", "prometheus-alertmanager", "prometheus-mysqld-exporter", "prometheus-redis-exporter":
        tool(name)
    private = Observed(workers=4, webhooks="on", alert_webhook=f"http://127.0.0.1:{hook.server_port}")
    try:
        yield private.start()
    finally:
        private.stop()


def test_everything_is_read(observed):
    wait_for(lambda: len(observed.query_prometheus("up == 1")) == 7)
    for metric in "mysql_up", "redis_up", "nginx_up":
        wait_for(lambda: observed.query_prometheus(metric), seconds=30)
        assert [value for _, value in observed.query_prometheus(metric)] == [1], metric
    assert observed.ask(0, "/api/v1/targets")["data"]["droppedTargets"] == []


def test_each_metric_of_rules_and_dashboard_is_there(observed):
    """Those of frontrow, of the exporters and of the recording rules."""
    concert = new_concert(observed, capacity=5)
    plain = new_concert(observed)
    reserve(observed, new_user(), plain)
    observed.post("/token/add", {"userId": new_user(), "concertId": concert.id})
    observed.sweeper()
    observed.check_books()
    used = " ".join([rule["expr"] for rule in ALERTS + RECORDS] + expressions())
    names = set(re.findall(r"\b(?:frontrow|mysql|redis|nginx|node)[_:][a-z0-9_:]+\b", re.sub(r'"[^"]*"', "", used)))
    assert len(names) > 30
    # one that is there only after something went wrong is in the family's head
    families = set(re.findall(r"^# TYPE (\S+)", observed.get("/metrics").body.decode(), re.MULTILINE))
    wait_for(lambda: observed.query_prometheus("frontrow_sweeper_last_run_timestamp_seconds"))

    def missing():
        present = {name for name in observed.ask(0, "/api/v1/label/__name__/values")["data"]}
        return names - present - families

    wait_for(lambda: not missing(), seconds=30)
    limits = set(re.findall(r'(frontrow_\w+_bucket)\{[^}]*le="([^"]+)"', " ".join(rule["expr"] for rule in RECORDS + ALERTS)))
    there = set(re.findall(r'^(frontrow_\w+_bucket)\{.*le="([^"]+)"', observed.get("/metrics").body.decode(), re.MULTILINE))
    assert len(limits) > 3 and limits <= there


def test_an_alert_is_told_to_its_owner_and_taken_back(observed, hook):
    wait_for(lambda: not observed.alerts() & {"RedisDown", "MysqlDown"})
    with observed.without("redis"):
        wait_for(lambda: "RedisDown" in observed.alerts(), seconds=40)
        wait_for(lambda: ("cache", "firing", "RedisDown") in hook.told, seconds=30)
        shown = {alert["labels"]["alertname"]: alert for alert in ok(observed.get("/ops/alerts"))}
        assert shown["RedisDown"]["labels"]["owner"] == "cache" and shown["RedisDown"]["annotations"]["runbook"]
    assert ("database", "firing", "RedisDown") not in hook.told
    wait_for(lambda: ("cache", "resolved", "RedisDown") in hook.told, seconds=90)


def test_alerts_are_shown_to_operators_alone(observed, stack, header_stack):
    assert observed.get("/ops/alerts").headers["Cache-Control"] == "no-store"
    assert_problem(observed.post("/ops/alerts", {}), "method_not_allowed")
    assert stack.get("/ops/alerts").status == 204, "there is no Alertmanager"
    assert_problem(header_stack.new_client(source="127.0.0.77").get("/ops/alerts"), "forbidden")


def test_starting_again_changes_nothing(observed):
    before = {name: observed.pid(f"observe-{name}") for name in ("prometheus", "alertmanager", "mysqld", "node")}
    observed.script("start")
    assert before == {name: observed.pid(f"observe-{name}") for name in before}


def test_starting_again_with_other_ports_moves_there(observed):
    before = observed.environment["FRONTROW_OBSERVE_PORT"]
    observed.environment["FRONTROW_OBSERVE_PORT"] = str(free_ports(PORTS))
    observed.script("start")
    wait_for(lambda: len(observed.query_prometheus("up == 1")) == 7, seconds=30)
    assert ok(observed.get("/ops/alerts")) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(before)))


def test_it_does_not_take_anothers_port_for_its_own(observed):
    first = free_ports(PORTS)
    with socket.create_server(("127.0.0.1", first)), pytest.raises(RuntimeError, match=f"port {first} .* is taken"):
        run_script("start", environment=observed.environment | {"FRONTROW_OBSERVE_PORT": str(first)})
    assert observed.query_prometheus("up == 1"), "what ran has not moved"


def test_down_ends_all(observed):
    pids = [observed.pid(path.name) for path in (observed.var / "pid").glob("observe-*")]
    assert len(pids) == 6
    observed.script("stop")
    assert not list((observed.var / "pid").glob("observe-*"))
    assert all(map(is_gone, pids))
    observed.script("start")

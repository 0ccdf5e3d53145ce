"""The rule of scripts/logrotate.d, with the real logrotate and the stack's own nginx."""

import re
import subprocess

from stack import ROOT, wait_for


def rotate(rule, folder, *options):
    """One run of logrotate with a state of its own."""
    return subprocess.run(
        ["/usr/sbin/logrotate", "--verbose", "--state", folder / "state", *options, rule],
        timeout=60, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )


def rule_for(stack, folder):
    """The rule, with this stack's paths."""
    pid = folder / "nginx.pid"
    pid.write_text(f"{stack.pid('nginx')}\n")
    text = (ROOT / "scripts/logrotate.d/frontrow").read_text()
    for installed, here in ("/var/log/frontrow/access.log", stack.log("access")), ("/run/nginx.pid", pid):
        assert installed in text
        text = text.replace(installed, str(here))
    text = text.replace("create 0640 www-data adm", "create 0640")  # whom there may not be here
    rule = folder / "rule"
    rule.write_text(text)
    rule.chmod(0o644)  # logrotate takes no rule that others can change
    return rule


def test_it_is_a_rule(stack, tmp_path):
    done = rotate(rule_for(stack, tmp_path), tmp_path, "--debug")
    assert done.returncode == 0 and "error" not in done.stdout.lower(), done.stdout
    assert "rotating pattern" in done.stdout and "(14 rotations)" in done.stdout


def test_no_line_is_lost(new_stack, tmp_path):
    """Before, between and after two rotations; the older file is compressed."""
    stack = new_stack()
    log = stack.log("access")
    rule = rule_for(stack, tmp_path)
    for number in range(3):
        assert stack.get(f"/health?round={number}").status == 200
        if number < 2:
            wait_for(lambda: f"round={number}" in log.read_text())
            done = rotate(rule, tmp_path, "--force")
            assert done.returncode == 0, done.stdout
            wait_for(lambda: is_open(stack, log))
    wait_for(lambda: "round=2" in log.read_text())
    newer, older = log.with_name("access.log.1"), log.with_name("access.log.2.gz")
    oldest = subprocess.run(["zcat", older], check=True, text=True, stdout=subprocess.PIPE).stdout
    rounds = [re.findall(r"round=(\d)", text) for text in (oldest, newer.read_text(), log.read_text())]
    assert rounds == [["0"], ["1"], ["2"]]
    assert log.stat().st_mode & 0o777 == 0o640


def is_open(stack, log):
    """Whether nginx writes into this file by now."""
    stack.get("/health")
    return log.exists() and "/health" in log.read_text()

"""scripts/drill: one of its drills, and the list of all."""

import re
import shutil
import subprocess
import sys

import pytest
from stack import ROOT

sys.path.append(str(ROOT / "test/drill"))

import drills  # noqa: E402, F401: they put themselves into the list
import frame  # noqa: E402


def test_a_drill_finds_alert_response_and_recovery():
    """How fast is asked by scripts/drill on a machine that does nothing else."""
    for program in "prometheus", "prometheus-alertmanager", "prometheus-mysqld-exporter":
        if not shutil.which(program):
            pytest.skip(f"there is no {program}")
    result = frame.carry_out(frame.ALL["mysql-read-only"], warm_s=5)
    assert result.alert == "MysqlDown" and result.response == "frontrowctl maintenance on"
    assert 0 < result.affected <= result.users and 0 < result.failed < result.answers
    assert 0 <= result.detected <= result.mitigated and result.back >= 0
    assert (result.wrong, result.errors, result.audit_clean) == ([], [], True)


def test_the_list():
    said = subprocess.run([ROOT / "scripts/drill", "--list"], check=True, capture_output=True, text=True, timeout=60).stdout
    assert [line.split()[0] for line in said.splitlines()] == list(frame.ALL)
    wrong = subprocess.run([sys.executable, ROOT / "test/drill/drill.py", "none"], capture_output=True, text=True, timeout=60)
    assert wrong.returncode == 2 and "there is no drill none" in wrong.stderr


def test_the_page_has_each_drill():
    page = (ROOT / "docs/drills.md").read_text()
    assert re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE) == list(frame.ALL)

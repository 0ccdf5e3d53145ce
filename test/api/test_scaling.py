"""docs/scaling.md says what test/bench/scaling.py computes, and that agrees with what was measured."""

import re
import sys

import pytest
from stack import ROOT

sys.path.insert(0, str(ROOT / "test/bench"))

import scaling  # noqa: E402

PAGE = (ROOT / "docs/scaling.md").read_text()


def made(name):
    """A table of the page."""
    return re.search(rf"<!-- {name}: .*? -->\n(.*?)\n<!-- end of {name} -->", PAGE, re.DOTALL)[1]


@pytest.fixture(scope="module")
def points():
    return scaling.points()


def test_measured_points(points):
    off = [(point.what, round(point.ratio, 2)) for point in points if not point.holds]
    assert len(points) == 20 and not off, off


def test_the_page_has_what_is_simulated(points):
    assert made("needs") == scaling.table()
    assert made("points") == scaling.points_table(points)


def test_more_fans_need_no_less():
    few, many = scaling.need(10_000), scaling.need(100_000)
    assert many.adds > few.adds and many.redis_bytes > few.redis_bytes and many.bits > few.bits
    assert all(many.cores[kind] >= few.cores[kind] for kind in scaling.KINDS)


def test_a_wrong_cost_is_noticed(monkeypatch):
    """With half of its costs no row of the machine's agrees."""
    rows = {route: row._replace(cpu={kind: us / 2 for kind, us in row.cpu.items()})
            for route, row in scaling.bench_rows().items()}
    monkeypatch.setattr(scaling, "bench_rows", lambda: rows)
    assert not any(point.holds for point in scaling.machine_points())

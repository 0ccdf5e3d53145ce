"""What the cluster's tests share: the cluster, whole before and after each test, and the table of faults."""

import os
import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "fault"))

from machines import Cluster, write_into_page  # noqa: E402

HEAD = "| fault | outage, s | slowest call, s | goal, s | answers | of them failures | lost or sold twice |\n|---|---|---|---|---|---|---|\n"
rows = []


def pytest_addoption(parser):
    parser.addoption("--write", action="store_true", help="put the figures into docs/cluster.md")


def pytest_terminal_summary(terminalreporter, config):
    """The table, of which --write makes a part of the page."""
    table = HEAD + "".join(
        f"| {row['fault']} | {row['outage'] / 1000:.1f} | {row['slowest'] / 1000:.1f} | {row['goal'] / 1000:g} |"
        f" {row['answers']} | {row['failures']} | {row['lost']} |\n" for row in rows
    )
    terminalreporter.write_line(table)
    if rows and config.getoption("--write"):
        write_into_page("faults", table)


@pytest.fixture(scope="session")
def cluster():
    if os.geteuid() != 0 or not pathlib.Path("/usr/lib/galera/libgalera_smm.so").exists() or not shutil.which("ip"):
        pytest.skip("there is no root, or no Galera")
    private = Cluster()
    try:
        yield private.start()
    finally:
        private.stop()


@pytest.fixture
def whole(cluster):
    cluster.make_whole()
    yield cluster
    cluster.script("heal")
    cluster.make_whole()
    cluster.check_books()


@pytest.fixture
def note():
    """Adds a row to the table of faults."""
    return lambda **row: rows.append(row)

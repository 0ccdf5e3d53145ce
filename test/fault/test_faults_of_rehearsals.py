"""A rehearsal is killed between two of its statements: what removes it finds all that it has made."""

import contextlib
import subprocess

import pytest
from between import QUERY, Between, query_of
from booking import Hall


class Killer(Between):
    """Kills a program when it says a statement with these words; MySQL does not hear that one any more."""

    def __init__(self, stack, words):
        super().__init__(stack, "mysql")
        self.words = words
        self.victim = None

    def to_server(self, pair):
        with contextlib.suppress(OSError):
            while data := pair.client.recv(65536):
                if len(data) > 4 and data[4] == QUERY and self.words in query_of(data):
                    self.victim.kill()
                    break
                pair.server.sendall(data)
        pair.close()


@pytest.mark.parametrize("words", ["CREATE DATABASE `frontrow_rehearsal`", "CREATE TABLE `frontrow_rehearsal`.rehearsal",
                                   "INSERT INTO `frontrow_rehearsal`.rehearsal", "schema_migrations"])
def test_killed_before_a_statement(whole, tmp_path, tmp_path_factory, words):
    hall = Hall(whole, items=1, seats=10)
    folder = tmp_path_factory.mktemp("t")  # a path of its own is too long for sockets
    begin = [whole.build / "frontrowctl", "--config", whole.var / "frontrow.conf", "rehearse", str(hall.id), "--fans", "9"]
    with Killer(whole, words) as killer:
        killer.victim = subprocess.Popen([*begin, "--report", tmp_path / "page.html"], env=whole.environment | {"TMPDIR": str(folder)})
        assert killer.victim.wait(60) == -9
    done = whole.ctl("rehearse", "--clean-up")
    assert done.returncode == 0, done.stderr
    assert list(folder.iterdir()) == []
    assert whole.query("SHOW DATABASES LIKE 'frontrow\\_rehearsal'") == []

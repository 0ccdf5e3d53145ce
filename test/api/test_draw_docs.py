"""docs/draw.md: its lines of Python give the number that the queue gives."""

import re
import subprocess
import sys

from draw_helpers import Draw
from stack import ROOT


def test_the_lines_of_python(stack, tmp_path):
    code = re.search(r"^```python\n(.*?)^```$", (ROOT / "docs/draw.md").read_text(), re.M | re.S)[1]
    assert len(code.splitlines()) == 3
    (tmp_path / "draw.py").write_text(code)

    def run(token):
        return subprocess.run([sys.executable, "draw.py", token], cwd=tmp_path, text=True, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    draw = Draw.new(stack, capacity=0)
    tickets = draw.add_many(7)
    draw.freeze()
    draw.finish("3 14 15 구슬")
    draw.open()
    entries, proof = draw.save(tmp_path)
    proof.rename(tmp_path / "queue.json")
    for ticket in tickets:
        done = run(ticket["token"])
        assert done.stdout.strip() == str(draw.poll(ticket)["number"]), done
    lines = entries.read_text().splitlines(keepends=True)
    entries.write_text("".join(reversed(lines)))
    assert "AssertionError" in run(tickets[0]["token"]).stderr

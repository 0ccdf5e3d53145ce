"""The README's curl lines walk through a purchase, as they stand there."""

import json
import os
import re
import subprocess

from stack import ROOT

HEADING = "## The API in one screen"


def blocks():
    """The ```sh blocks under the heading."""
    readme = (ROOT / "README.md").read_text()
    assert HEADING in readme
    chapter = re.split(r"^## ", readme.split(HEADING, 1)[1], maxsplit=1, flags=re.M)[0]
    return re.findall(r"^```sh\n(.*?)^```$", chapter, flags=re.M | re.S)


def test_the_readmes_calls(stack, tmp_path):
    """Each curl succeeds, and the history at the end shows the payment."""
    script = "".join(blocks())
    assert "http://localhost:8080" in script
    for call in ("/token/add", "/seat", "/reservation", "/point/charge", "/payment", "/point/history"):
        assert call in script, call
    # a curl in front of curl keeps each answer, and fails unless it is 200
    kept = tmp_path / "answers"
    kept.mkdir()
    wrapper = tmp_path / "curl"
    wrapper.write_text(
        "#!/bin/bash\n"
        f"PATH={os.environ['PATH']}\n"
        f'file={kept}/$(printf %03d "$(ls {kept} | wc -l)")\n'
        """status=$(curl "$@" --max-time 20 -o "$file" -w '%{http_code}') || exit\n"""
        'cat "$file"\n'
        "[[ $status == 200 ]]\n"
    )
    wrapper.chmod(0o755)
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script.replace("http://localhost:8080", stack.url)],
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}, cwd=tmp_path, timeout=200, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    answers = [file.read_text() for file in sorted(kept.iterdir())]
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(answers) >= 6
    history = json.loads(answers[-1])["history"]
    assert history[0]["kind"] == "payment" and history[0]["amount"] < 0
    assert {"charge", "payment"} == {row["kind"] for row in history}

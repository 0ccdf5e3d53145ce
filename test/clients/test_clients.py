"""Clients that others' generators make of docs/openapi.yaml: their types fit a program that buys, and it works with a real
stack. For scripts/lib/test-clients, which installs the generators."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest
from stack import ROOT

TOOLS = pathlib.Path(os.environ["CLIENT_TOOLS"])
HERE = pathlib.Path(__file__).parent
DOCUMENT = ROOT / "docs/openapi.yaml"
# openapi-python-client knows a file only as bytes
CONFIG = {"content_type_overrides": {"text/csv": "application/octet-stream"}, "post_hooks": []}
TYPESCRIPT = {
    "compilerOptions": {"strict": True, "noUncheckedIndexedAccess": True, "target": "es2022", "module": "nodenext",
                        "types": ["node"], "outDir": "."},
    "files": ["buy.ts"],
}


def run(*command, folder):
    done = subprocess.run([str(word) for word in command], cwd=folder, timeout=300, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def typescript(folder):
    """The command of buy.ts."""
    bin = TOOLS / "javascript/node_modules/.bin"
    (folder / "node_modules").symlink_to(TOOLS / "javascript/node_modules")
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "tsconfig.json").write_text(json.dumps(TYPESCRIPT))
    shutil.copy(HERE / "buy.ts", folder)
    run(bin / "openapi-typescript", DOCUMENT, "--output", "schema.d.ts", folder=folder)
    run(bin / "tsc", folder=folder)
    return ["node", folder / "buy.js"]


def python(folder):
    """The command of buy.py."""
    bin = TOOLS / "python/bin"
    (folder / "config.json").write_text(json.dumps(CONFIG))
    shutil.copy(HERE / "buy.py", folder)
    run(bin / "openapi-python-client", "generate", "--path", DOCUMENT, "--meta", "none", "--output-path", "frontrow_client",
        "--config", "config.json", "--fail-on-warning", folder=folder)
    run(bin / "mypy", "--strict", "--follow-imports=silent", "buy.py", folder=folder)
    return [bin / "python", folder / "buy.py"]


@pytest.mark.parametrize("client", [typescript, python], ids=lambda client: client.__name__)
def test_a_generated_client_buys_and_gives_back(stack, tmp_path, client):
    user = f"buyer-{client.__name__}"
    key = stack.admin_headers()["Authorization"].removeprefix("Bearer ")
    told = json.loads(run(*client(tmp_path), stack.url, user, key, folder=tmp_path))
    assert told["amount"] > 0 and told["balance"] == 1000000
    history = stack.get(f"/point/history?userId={user}").json()["history"]
    assert [(one["kind"], one["amount"]) for one in history] == [
        ("refund", told["amount"]), ("payment", -told["amount"]), ("charge", 1000000)]
    listed, = stack.get(f"/reservation?userId={user}").json()["reservations"]
    assert (listed["reservationId"], listed["status"]) == (told["reservationId"], "cancelled")
    stack.check_books()

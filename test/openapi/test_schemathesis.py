"""Schemathesis calls all that docs/openapi.yaml describes, with what it allows and with what it does not, and compares
each answer with it. For scripts/lib/test-openapi, which installs it."""

import os
import subprocess

from stack import ROOT

EXAMPLES = 100  # for each call, beside those that it derives from the limits of each field

# What does not fit: "accepted" is a question of state too (a seat is taken, a key was used for another request), and of
# rules that no schema tells, as that two rules have different days. test_contract_errors.py has the refusals of each call.
# A method that a path has not is tried with headers that no HTTP request may have; nginx refuses these before it looks at
# the method. test_routes.py tries all methods of all paths.
LEFT_OUT = "positive_data_acceptance,unsupported_method"


def test_every_call_answers_as_it_is_described(new_stack, tmp_path):
    """As a manager, and as somebody without a key."""
    demo = new_stack(workers=4)
    assert demo.ctl("demo", "load").returncode == 0
    for headers in (demo.admin_headers(), {}):
        done = subprocess.run(
            [os.environ["SCHEMATHESIS"], "run", ROOT / "docs/openapi.yaml", "--url", demo.url, "--max-examples", str(EXAMPLES),
             "--exclude-checks", LEFT_OUT, "--continue-on-failure", "--request-timeout", "20", "--warnings", "off",
             *(word for name, value in headers.items() for word in ("--header", f"{name}: {value}"))],
            cwd=tmp_path, timeout=3000, capture_output=True, text=True)
        print(done.stdout[-3000:])
        assert done.returncode == 0, done.stdout[-20000:]
    demo.check_books()

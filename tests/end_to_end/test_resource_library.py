"""The vendor's Python resource library, in an environment of its own, against a real server.

`make clients` builds the environment from its lock file; `make test` builds it first.
"""

import json
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rolecall_process import environment, rolecall, started

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv" / "clients" / "core" / "bin" / "python"
PROGRAM = ROOT / "tests" / "clients" / "core_session.py"
PASSWORD = "correct-horse-battery"


def test_the_resource_library_makes_reads_grants_and_is_refused(tmp_path: Path) -> None:
    with started(tmp_path, "--data", str(tmp_path / "data")) as server:
        script = f"create user boss password = '{PASSWORD}'; grant role accountadmin to user boss"
        rolecall("sql", "--data", str(server.data), "-c", script)
        port = str(urlsplit(server.root).port)
        done = subprocess.run(
            [str(PYTHON), str(PROGRAM), "127.0.0.1", port, "boss", PASSWORD],
            capture_output=True,
            text=True,
            timeout=120,
            env=environment(),
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "fetched": ["BOB", "bob@example.com", "it's"],
        "conflict": True,
        "kept": "it's",
        "altered": "Bob",
        "listed": ["BOB", "BOSS"],
        "to_user": ["CLERK"],
        "of_role": ["BOB", "HEAD"],
        "on_role": ["OWNERSHIP"],
        "to_role": [["CREATE USER"]],
        "revoked": [0, 0],
        "policy": ["P", ["192.0.2.0/24"]],
        "policies": ["P"],
        "gone": True,
        "forbidden": True,
    }

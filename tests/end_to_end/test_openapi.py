"""schemathesis, a judge from outside, against a real process: no answer is a server error."""

import subprocess
import sys
from pathlib import Path

import pytest

from rolecall_process import Server, environment

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SEED = "7644"
EXAMPLES = "25"
SECONDS_MAX = 240


def test_nothing_that_is_sent_by_the_description_or_against_it_is_a_server_error(
    server: Server, tmp_path: Path
) -> None:
    program = str(Path(sys.executable).parent / "schemathesis")
    command = [program, "run", f"{server.url}/openapi.json"]
    command += ["--header", f"Authorization: Bearer {server.token}", "--mode", "all"]
    command += ["--phases", "examples,coverage,fuzzing", "--checks", "not_a_server_error"]
    command += ["--max-examples", EXAMPLES, "--seed", SEED]
    command += ["--no-color", "--generation-database", "none"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    assert "Traceback" not in server.output()

"""The service files name options that exist, run nobody as root, and write one folder."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from rolecall.cli import app
from rolecall.web.server import SHUTDOWN_SECONDS

PACKAGING = Path(__file__).parents[1] / "packaging"
UNIT = PACKAGING / "rolecall.service"
CONTAINER = PACKAGING / "Containerfile"


def serve_options() -> set[str]:
    program = get_command(app)
    assert isinstance(program, TyperGroup)
    return {option for parameter in program.commands["serve"].params for option in parameter.opts}


@pytest.mark.parametrize("file", [UNIT, CONTAINER], ids=lambda file: file.name)
def test_the_options_of_a_service_file_exist(file: Path) -> None:
    lines = [line for line in file.read_text().splitlines() if re.match(r"(ExecStart=|CMD)", line)]
    named = {option for line in lines for option in re.findall(r"(?<![\w-])--[a-z-]+", line)}
    assert named
    assert named - serve_options() == set()


def test_a_container_is_not_root() -> None:
    lines = CONTAINER.read_text().splitlines()
    assert "USER 10001:10001" in lines
    assert lines.index("USER 10001:10001") < lines.index('ENTRYPOINT ["rolecall"]')


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    program = shutil.which("true")
    text = UNIT.read_text().replace("/opt/rolecall/bin/rolecall", str(program))
    (tmp_path / UNIT.name).write_text(text)
    verifying = ["systemd-analyze", "verify", str(tmp_path / UNIT.name)]
    done = subprocess.run(verifying, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_service_waits_longer_for_an_end_than_the_server_takes() -> None:
    found = re.search(r"TimeoutStopSec=(\d+)", UNIT.read_text())
    assert found is not None
    assert int(found[1]) > SHUTDOWN_SECONDS

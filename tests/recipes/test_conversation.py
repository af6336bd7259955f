"""What the pages say to paste works when it is pasted: README.md and docs/clients/curl.md."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rolecall_process import ROLECALL, Server, environment, started

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PRINTED = "127.0.0.1:8480"
BETWEEN = "----8<----"
SECONDS_MAX = 120


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server whose data lies where a command looks that is run in the same folder."""
    with started(tmp_path / "log", "--data", str(tmp_path / "rolecall-data")) as running:
        yield running


def blocks(page: str) -> list[str]:
    return BLOCK.findall((ROOT / page).read_text("utf-8"))


def pasted(texts: list[str], server: Server) -> list[str]:
    """What each block printed, all of them pasted into one shell, and none of them failed."""
    folder = server.data.parent
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "rolecall").symlink_to(ROLECALL)
    script = f"\necho '{BETWEEN}'\n".join(texts).replace(PRINTED, server.root.partition("//")[2])
    path = {"PATH": f"{Path(ROLECALL).parent}:{environment()['PATH']}"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment() | path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout.split(BETWEEN)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed here")
def test_the_conversation_with_curl_goes_as_the_page_says(server: Server) -> None:
    printed = pasted(blocks("docs/clients/curl.md"), server)
    _token, joiner, lookup, _id, group, mover, leaver, parted, joined, trail, out = printed
    assert '"userName":"ada@example.com"' in joiner
    assert '"totalResults":1' in lookup
    assert "ADA@EXAMPLE.COM" in group
    assert '"displayName":"ANALYSTS"' in mover
    assert '"active":false' in leaver
    assert '"status":"404"' in parted
    assert 'grant ownership on user "ADA@EXAMPLE.COM"' in parted
    assert '"active":false' in joined
    assert all(word in trail for word in ("POST", "PATCH", "SUCCESS", "FAILURE"))
    assert "Access token expired" in out


def test_the_readmes_statements_run_as_they_are_printed(server: Server) -> None:
    texts = [text for text in blocks("README.md") if text.startswith(".venv/bin/rolecall sql")]
    shown, issued, audited = pasted(texts, server)
    assert "GENERIC_SCIM_PROVISIONING" in shown
    assert "It ended 1 live token" in issued
    assert issued.splitlines()[-1].startswith("rolecall_")
    assert "EVENT_TIMESTAMP" in audited

"""A pytest plugin: a real, empty Rolecall server for tests of a SCIM client or integration.

`pytest_plugins = ["rolecall.testing"]` in a conftest.py brings the fixture `rolecall`. One process
serves the whole run; each test that asks for the fixture begins with an account of its own.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import pytest

START_SECONDS_MAX = 30
END_SECONDS_MAX = 30


class RolecallServer:
    """A server with one account: where it is, the token, and what can be done to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.scim_url = f"{url}/scim/v2"
        self.token = self.account = self.user = self.password = ""
        self._client = httpx.Client(base_url=url, timeout=60, trust_env=False)

    def reset(self) -> None:
        """Begin anew: an empty account, the machine's time, no faults, a new token."""
        told = self._post("reset", {})
        self.token, self.account = told["token"], told["account"]
        self.user, self.password = told["user"], told["password"]

    def advance(self, seconds: float) -> str:
        """Move the server's clock on; what time it is there then."""
        return str(self._post("clock", {"seconds": seconds})["now"])

    def inject(
        self,
        count: int = 1,
        *,
        status: int | None = None,
        delay_seconds: float = 0.0,
        retry_after: int = 1,
    ) -> None:
        """Have the next SCIM requests refused by 401, 429 or 503, delayed, or both."""
        faults: dict[str, Any] = {"count": count, "delay_seconds": delay_seconds}
        faults |= {"status": status, "retry_after": retry_after}
        self._post("faults", faults)

    def client(self) -> httpx.Client:
        """An HTTP client with the token, at the SCIM endpoint."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.scim_url, headers=headers, trust_env=False)

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()

    def _post(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._client.post(f"/control/{what}", json=body)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told


@pytest.fixture(scope="session")
def rolecall_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RolecallServer]:
    """One process for the whole run, on a free port of 127.0.0.1."""
    folder = tmp_path_factory.mktemp("rolecall")
    ready, log = folder / "ready.json", folder / "output.txt"
    program = "from rolecall.cli import main; main()"
    options = ["serve", "--ephemeral", "--port", "0", "--ready-file", str(ready)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", program, *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        server = RolecallServer(_awaited(process, ready, log))
        yield server
        server.close()
    finally:
        process.terminate()
        process.wait(END_SECONDS_MAX)


@pytest.fixture
def rolecall(rolecall_server: RolecallServer) -> RolecallServer:
    """The server with an account of this test's own."""
    rolecall_server.reset()
    return rolecall_server


def _awaited(process: "subprocess.Popen[bytes]", ready: Path, log: Path) -> str:
    until = monotonic() + START_SECONDS_MAX
    while not ready.exists():
        if process.poll() is not None or monotonic() > until:
            raise RuntimeError(f"rolecall serve did not start:\n{log.read_text()}")
        sleep(0.02)
    return str(json.loads(ready.read_text())["url"])

"""A pytest plugin: a real, empty Rolecall server for tests of a SCIM client or integration.

`pytest_plugins = ["rolecall.testing"]` in a conftest.py brings the fixtures `rolecall`, for a test,
and `rolecall_session`, for the whole run. For tests of a server there is `played`.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from ssl import SSLContext, create_default_context
from time import monotonic, sleep
from typing import Any

import httpx
import pytest

from rolecall.simulate.playing import Report
from rolecall.simulate.simulation import Plan, simulate

START_SECONDS_MAX = 30
END_SECONDS_MAX = 30


class RolecallServer:
    """A server with one account: where it is, the token, and what can be done to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.scim_url = f"{url}/scim/v2"
        self.token = self.account = self.user = self.password = ""
        self._client = httpx.Client(
            base_url=url, timeout=60, trust_env=False, verify=_certificates()
        )

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
        lost: bool = False,
        **only: str,
    ) -> None:
        """Have the next SCIM requests refused by 401, 429, 500 or 502 to 504, delayed, or both.

        A `lost` one is carried out first. Only `method="POST"` or `path="/Users"` are meant, if
        they are given.
        """
        faults: dict[str, Any] = {"count": count, "delay_seconds": delay_seconds, **only}
        faults |= {"status": status, "retry_after": retry_after, "lost": lost}
        self._post("faults", faults)

    def token_for(self, dialect: str) -> str:
        """A token of an integration that speaks a dialect: okta, entra or generic."""
        return str(self._post("token", {"scim_client": dialect})["token"])

    def client(self, dialect: str | None = None) -> httpx.Client:
        """An HTTP client with the token, or one of a dialect, at the SCIM endpoint."""
        token = self.token if dialect is None else self.token_for(dialect)
        headers = {"Authorization": f"Bearer {token}"}
        verify = _certificates()
        return httpx.Client(base_url=self.scim_url, headers=headers, trust_env=False, verify=verify)

    def faults_left(self) -> int:
        """How many injected faults have not struck yet: 0 when the client has met them all."""
        answer = self._client.get("/control")
        answer.raise_for_status()
        faults = answer.json()["faults"]
        return 0 if faults is None else int(faults["count"])

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
    """The process behind `rolecall`: one for the whole run, or for each worker of pytest-xdist."""
    with _serving(tmp_path_factory.mktemp("rolecall")) as server:
        yield server


@pytest.fixture
def rolecall(rolecall_server: RolecallServer) -> RolecallServer:
    """The server with an account of this test's own."""
    rolecall_server.reset()
    return rolecall_server


@pytest.fixture(scope="session")
def rolecall_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RolecallServer]:
    """A server whose account lasts for the whole run, in a process of its own."""
    with _serving(tmp_path_factory.mktemp("rolecall")) as server:
        server.reset()
        yield server


def played(
    provider: str,
    url: str,
    token: str,
    *,
    users: int = 20,
    groups: int = 3,
    changes: int = 6,
) -> Report:
    """Play a provider against any server, as `rolecall simulate` does; `surprises` say the rest."""
    plan = Plan(provider=provider, users=users, groups=groups, changes=changes)
    return simulate(plan, url, token, None, lambda _: None)


@contextmanager
def _serving(folder: Path) -> Iterator[RolecallServer]:
    """A process on a free port of 127.0.0.1, ended with the block."""
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


@cache
def _certificates() -> SSLContext:
    """Read once: reading them for every client takes longer than a test."""
    return create_default_context()


def _awaited(process: "subprocess.Popen[bytes]", ready: Path, log: Path) -> str:
    until = monotonic() + START_SECONDS_MAX
    while not ready.exists():
        if process.poll() is not None or monotonic() > until:
            raise RuntimeError(f"rolecall serve did not start:\n{log.read_text()}")
        sleep(0.02)
    return str(json.loads(ready.read_text())["url"])

"""A real `rolecall` process: started, awaited, spoken to and ended, for the end-to-end tests."""

import json
import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from time import monotonic
from typing import Any
from unittest import mock

import httpx

from rolecall.cli import main

ROLECALL = str(Path(sys.executable).parent / "rolecall")
INTEGRATION = "GENERIC_SCIM_PROVISIONING"
START_SECONDS_MAX = 30
END_SECONDS_MAX = 40
COMMAND_SECONDS_MAX = 120
LOOK_SECONDS = 0.01
TRUST = ssl.create_default_context()
"""Made once: reading the authorities takes longer than most requests."""
TOKEN = re.compile(rb"rolecall_[A-Za-z0-9_-]{43}")
PASSWORD_PRINTED = re.compile(r"user \S+  password (\S+)")
PASSWORD_GIVEN = re.compile(r"(?i)password\s*=\s*'([^']{8,})'")

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Server:
    """A running server: its SCIM base address, its data folder, and a token for it."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", ready: dict[str, Any], log: Path
    ) -> None:
        self.process = process
        self.root = str(ready["url"])
        self.url = f"{self.root}/scim/v2"
        self.data = Path(ready["data"])
        self.pid = int(ready["pid"])
        self.token = ""
        self._log = log
        self._passwords: set[str] = set()

    def output(self) -> str:
        """Everything that the server has printed so far."""
        return self._log.read_text()

    def awaited(self, text: str) -> str:
        """The output, once it holds `text`."""
        until = monotonic() + START_SECONDS_MAX
        while text not in (output := self.output()):
            assert monotonic() < until, f"{text!r} does not appear in:\n{output}"
            _pause(self.process)
        return output

    def client(self, token: str | None = None) -> httpx.Client:
        """A SCIM client of this server, with its token or another."""
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, verify=TRUST)

    def status(self, token: str | None = None) -> int:
        """How a list of users is answered."""
        with self.client(token) as client:
            return client.get("/Users").status_code

    def rolecall(self, *arguments: str, fails: int = 0) -> str:
        """What another process prints that opens the same data folder."""
        return rolecall(*arguments, "--data", str(self.data), fails=fails)

    def sql(self, text: str, *options: str, fails: int = 0) -> str:
        """What `rolecall sql` prints for these statements."""
        self._passwords.update(PASSWORD_GIVEN.findall(text))
        return in_process("sql", "-c", text, *options, "--data", str(self.data), fails=fails)

    def issue_token(self, folder: Path, integration: str = INTEGRATION) -> str:
        """A new token's text, by way of a file as a script would."""
        out = folder / "token"
        issue = ("token", "issue", integration, "--out", str(out))
        in_process(*issue, "--data", str(self.data))
        return out.read_text().strip()

    def reset(self) -> None:
        """Have an ephemeral server begin anew, with an account and a token of its own."""
        told = httpx.post(f"{self.root}/control/reset", json={}, verify=TRUST).json()
        self.data, self.token = Path(told["data"]), str(told["token"])
        self._passwords = {str(told["password"])}

    def end(self) -> None:
        """End the server as an operator does; it ends cleanly, and has kept every secret."""
        assert self.secrets_told() == []
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(END_SECONDS_MAX) == 0, self.output()
        assert "Traceback" not in self.output()

    def secrets_told(self) -> list[str]:
        """Tokens and passwords in what the server has written: its files and its log.

        The lines of the first start are meant to be read: one has a password, one a token.
        """
        files = sorted(self.data.glob("*")) if self.data.is_dir() else []
        written = {file.name: file.read_bytes() for file in files if file.is_file()}
        lines = [line for line in self.output().splitlines() if "curl -sS -H" not in line]
        first = [word for line in lines for word in PASSWORD_PRINTED.findall(line)]
        lines = [line for line in lines if PASSWORD_PRINTED.search(line) is None]
        written["the log"] = "\n".join(lines).encode()
        return [
            f"{place}: {found[:16]!r}…"
            for place, text in written.items()
            for found in (
                *TOKEN.findall(text),
                *(word.encode() for word in (*self._passwords, *first) if word.encode() in text),
            )
        ]

    def kill(self) -> None:
        """End the server as a power cut does."""
        self.process.kill()
        self.process.wait(END_SECONDS_MAX)


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[Server]:
    """A server on a port of its own, ended with the block unless the block ended it.

    `folder` takes its output and ready file; the data is where `arguments` say.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ready, log = folder / "ready.json", folder / "output.txt"
    ready.unlink(missing_ok=True)
    command = [ROLECALL, "serve", "--port", "0", "--ready-file", str(ready), *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment()
        )
    try:
        server = Server(process, _awaited_ready(process, ready, log), log)
        yield server
    except BaseException:
        process.kill()
        process.wait(END_SECONDS_MAX)
        raise
    if process.poll() is None:
        server.end()


def _awaited_ready(process: "subprocess.Popen[bytes]", ready: Path, log: Path) -> dict[str, Any]:
    until = monotonic() + START_SECONDS_MAX
    while not ready.exists():
        assert process.poll() is None, f"the server ended:\n{log.read_text()}"
        assert monotonic() < until, f"the server does not get ready:\n{log.read_text()}"
        _pause(process)
    found: dict[str, Any] = json.loads(ready.read_text())
    return found


def _pause(process: "subprocess.Popen[bytes]") -> None:
    """Let the server work for a moment, or less if it ends."""
    try:
        process.wait(LOOK_SECONDS)
    except subprocess.TimeoutExpired:
        return


def rolecall(*arguments: str, fails: int = 0, **variables: str) -> str:
    """What a command prints: on standard output, or on standard error when it must fail."""
    done = subprocess.run(
        [ROLECALL, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS_MAX,
        env=environment() | variables,
        check=False,
    )
    said = f"rolecall {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr, said
    assert done.returncode == fails, said
    return done.stderr if fails else done.stdout


def in_process(*arguments: str, fails: int = 0) -> str:
    """As `rolecall`, in the process of the test: it is the server that is a process of its own.

    A process takes half a second to begin, and a test says many statements.
    """
    out, err, status = StringIO(), StringIO(), 0
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        mock.patch.object(sys, "argv", ["rolecall", *arguments]),
    ):
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
    said = f"rolecall {' '.join(arguments)}:\n{out.getvalue()}\n{err.getvalue()}"
    assert status == fails, said
    return err.getvalue() if fails else out.getvalue()


def resident_megabytes(pid: int) -> float:
    """The memory that a process has in use."""
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * 4_096 / 1e6


def environment() -> dict[str, str]:
    """Of this machine, without what would point a command elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ROLECALL_")}


# ---- bodies ------------------------------------------------------------------------------------


def user_body(name: str, **more: object) -> dict[str, Any]:
    """What a client sends to create a user."""
    return {"schemas": [USER_SCHEMA], "userName": name, "active": True, **more}


def group_body(name: str, *members: str) -> dict[str, Any]:
    """What a client sends to create a group of these users, by id."""
    body: dict[str, Any] = {"schemas": [GROUP_SCHEMA], "displayName": name}
    return body | {"members": [{"value": member} for member in members]} if members else body


def patch_body(*operations: Mapping[str, object]) -> dict[str, Any]:
    """What a client sends to change a resource."""
    return {"schemas": [PATCH_SCHEMA], "Operations": list(operations)}

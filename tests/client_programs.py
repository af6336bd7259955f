"""The vendor's own clients, each in an environment of its own, told what to do against a server.

The environments are built by `make clients` from lock files; `make test` builds them first.
"""

import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from authority import HOST, certified
from rolecall_process import Server, environment, started

ROOT = Path(__file__).parents[1]
ENVIRONMENTS = ROOT / ".venv" / "clients"
PROGRAMS = ROOT / "tests" / "clients"
PASSWORD = "correct-horse-battery"
SECONDS_MAX = 120
QUICK_SECONDS = 15
"""A refusal that takes longer was repeated."""
CONNECTORS = ("connector4", "connector5")
Outcome = dict[str, Any]


def command_of(environment_name: str, program: str) -> str:
    """A program of a client's environment; without it the test can't be run."""
    path = ENVIRONMENTS / environment_name / "bin" / program
    if not path.exists():
        assert not os.environ.get("CI"), f"{path} is missing: `make clients` builds it"
        pytest.skip(f"no {environment_name} here: `make clients` builds it")
    return str(path)


class Program:
    """A client that waits for tasks, so that it is loaded once: one line in, one line out."""

    def __init__(self, command: list[str], variables: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment() | variables,
        )

    def answer(self, task: object) -> list[Outcome]:
        """The outcomes of the task's steps, none of which a client repeats for long."""
        source, target = self._process.stdout, self._process.stdin
        assert source is not None
        assert target is not None
        patience = Timer(SECONDS_MAX, self._process.kill)
        patience.start()
        try:
            target.write(json.dumps(task) + "\n")
            target.flush()
            line = source.readline()
        finally:
            patience.cancel()
        assert line, "the client has ended, or did not answer"
        outcomes: list[Outcome] = json.loads(line)
        for outcome in outcomes:
            assert outcome["seconds"] < QUICK_SECONDS, outcome
        return outcomes

    def close(self) -> None:
        """No more tasks."""
        self._process.communicate(timeout=SECONDS_MAX)


class Place:
    """A server, how a client connects to it, and what the client's environment says."""

    def __init__(self, server: Server, connect: dict[str, Any], variables: dict[str, str]) -> None:
        self.server = server
        self.connect = connect
        self.variables = variables
        self._programs: dict[tuple[str, str], Program] = {}

    def program(self, client: str, script: str) -> Program:
        """A client's program, started at its first task."""
        if (client, script) not in self._programs:
            command = [command_of(client, "python"), str(PROGRAMS / script)]
            self._programs[client, script] = Program(command, self.variables)
        return self._programs[client, script]

    def close(self) -> None:
        """End the programs."""
        for program in self._programs.values():
            program.close()

    def open_sessions(self) -> int:
        """How many logins are not logged out."""
        (database,) = self.server.data.glob("*.db")
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            (count,) = connection.execute("SELECT count(*) FROM sessions").fetchone()
        return int(count)


@contextmanager
def reached(folder: Path, scheme: str) -> Iterator[Place]:
    """A server that answers over this scheme, and its clients."""
    connect: dict[str, Any] = {"account": "demo", "user": "driver", "password": PASSWORD}
    options: list[str] = []
    variables = {"HOME": str(folder), "SNOWFLAKE_HOME": str(folder)}
    if scheme == "https":
        files = certified(folder)
        options = ["--tls-certificate", str(files.certificate), "--tls-key", str(files.key)]
        trusted = str(files.authority)
        variables |= {"REQUESTS_CA_BUNDLE": trusted, "SSL_CERT_FILE": trusted}
    with started(folder, "--ephemeral", *options) as server:
        assert server.root.startswith(f"{scheme}://")
        server.sql(
            f"create user driver password = '{PASSWORD}' default_role = accountadmin;"
            "grant role accountadmin to user driver"
        )
        connect |= {"host": HOST, "port": int(server.root.rsplit(":", 1)[1])}
        if scheme == "http":
            connect |= {"host": "127.0.0.1", "protocol": "http"}
        with closing(Place(server, connect, variables)) as found:
            yield found


def connected(client: str, place: Place, steps: list[Outcome], **changed: object) -> list[Outcome]:
    """What a connector makes of the steps; the first outcome is its connection's."""
    connect = {key: value for key, value in (place.connect | changed).items() if value is not None}
    program = place.program(client, "connector_session.py")
    return program.answer({"connect": connect, "steps": steps})


def statements(*texts: str) -> list[Outcome]:
    """A step for each statement."""
    return [{"sql": text} for text in texts]


def snow(place: Place, text: str, *options: str, fails: int = 0, **changed: object) -> str:
    """What `snow sql` prints for the statements, on standard input as a person pipes them."""
    folder = Path(place.variables["HOME"])
    settings = folder / "snow.toml"
    lines = "\n".join(
        f"{key} = {json.dumps(value)}"
        for key, value in (place.connect | changed).items()
        if value is not None
    )
    settings.write_text(
        f"[cli]\nignore_new_version_warning = true\n\n[connections.rolecall]\n{lines}\n"
    )
    settings.chmod(0o600)
    query = folder / "query.sql"
    query.write_text(text)
    command = [command_of("snow", "snow"), "--config-file", str(settings), "sql"]
    command += ["-c", "rolecall", "-f", str(query), "--format", "json", *options]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        env=environment() | place.variables | {"COLUMNS": "200"},
        check=False,
    )
    assert done.returncode == fails, done.stdout + done.stderr
    return done.stderr if fails else done.stdout

"""The command line teaches: each command has examples, and each mistake is told what to do next."""

import json
import re
import shlex
import socket
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any, TypeAlias

import apsw
import pytest
from typer.main import get_command

from rolecall.cli import app, main
from rolecall.cli_examples import EXAMPLES
from rolecall.domain.names import Name
from rolecall.wiring import INTEGRATION, Rolecall


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `data`, and with files that commands stumble over."""
    folder = tmp_path_factory.mktemp("made")
    with Rolecall(folder / "data", durable=False) as rolecall:
        rolecall.found(Name("DEMO"), Name("ADMIN"), integration=True)
    (folder / "file").write_text("hello\n")
    (folder / "torn").mkdir()
    (folder / "torn" / "rolecall.db").write_bytes(b"no database at all" * 500)
    (folder / "newer").mkdir()
    connection = apsw.Connection(str(folder / "newer" / "rolecall.db"))
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    (folder / "nobody.csv").write_text("email\nada@example.com\n")
    (folder / "good.csv").write_text("userName\nada@example.com\n")
    (folder / "ranges.txt").write_text("10.0.0.0/33\n")
    (folder / "tags.json").write_text("{}")
    return folder


class Ended:
    """How a command ended, and what it said."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status = status
        self.out = out
        self.err = err


Run: TypeAlias = Callable[[str], Ended]


@pytest.fixture
def run(made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in the folder, as a shell would."""
    monkeypatch.chdir(made)
    monkeypatch.setenv("ROLECALL_DATA", "data")
    for name in ("ROLECALL_TOKEN", "ROLECALL_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "stdin", StringIO())

    def ran(line: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["rolecall", *shlex.split(line)])
        status: object = 0
        try:
            main()
        except SystemExit as end:
            status = end.code
        said = capsys.readouterr()
        return Ended(int(str(status or 0)), said.out, said.err)

    return ran


def leaves() -> Iterator[tuple[str, Any]]:
    """Each command with the words that lead to it."""
    top: Any = get_command(app)
    for name, command in top.commands.items():
        below = getattr(command, "commands", None)
        if below is None:
            yield name, command
        else:
            yield from ((f"{name} {word}", each) for word, each in below.items())


def test_every_command_has_examples_and_they_can_be_typed() -> None:
    commands = dict(leaves())
    assert commands.keys() == EXAMPLES.keys()
    for words, command in commands.items():
        for line in EXAMPLES[words]:
            typed = shlex.split(line.partition(" | ")[0])
            leading = ["rolecall", *words.split()]
            assert typed[: len(leading)] == leading
            command.make_context(words, typed[len(leading) :])


@pytest.mark.parametrize("words", [words for words, _ in leaves()])
def test_help_ends_with_the_examples(run: Run, words: str) -> None:
    shown = run(f"{words} -h")
    told = re.sub(r"\s+", " ", shown.out.partition("Examples")[2])
    assert (shown.status, shown.err) == (0, "")
    assert told.split() == " ".join(f"$ {line}" for line in EXAMPLES[words]).split()


MISTAKES = {
    # serve
    "serve --data file": (2, "file is no folder: name one with --data"),
    "serve --ephemeral --data data": (2, "--ephemeral keeps nothing"),
    "serve --ready-file nowhere/ready.json": (2, "--ready-file: nowhere is no folder"),
    "serve --public-url scim.example.com": (2, "such as https://scim.example.com"),
    "serve --public-url https://scim.example.com/?a": (2, "before the '?'"),
    "serve --trusted-proxy nonsense": (2, "--trusted-proxy: 'nonsense'"),
    "serve --proxy-protocol": (2, "needs --trusted-proxy"),
    "serve --tls-certificate file": (2, "go together"),
    "serve --tls-certificate file --tls-key file": (2, "name a PEM certificate"),
    "serve --tls-certificate no --tls-key no": (2, "No such file or directory: name files"),
    "serve --data torn --port 0": (1, "rolecall restore --help"),
    "serve --data newer --port 0": (1, "Start the newer version"),
    "serve --host 203.0.113.9": (2, "Choose another with --port, or 0 for any free one"),
    "serve --port 99999": (2, "less than or equal to 65535"),
    # sql
    "sql --data nothing -c 'show users'": (2, "Run `rolecall serve --data nothing` first"),
    "sql -f nofile": (2, "can't read nofile: No such file or directory."),
    "sql -f file -c 'show users'": (2, "not both"),
    "sql --account NOBODY -c 'show users'": (1, "accounts here: DEMO"),
    "sql --url http://127.0.0.1:1": (2, "--url needs --user"),
    "sql --url 127.0.0.1:1 --user admin": (2, "such as http://127.0.0.1:8480"),
    "sql --url http://127.0.0.1:1 --user admin": (2, "set $ROLECALL_PASSWORD or give"),
    "sql --url http://127.0.0.1:1 --user a --password-file no": (2, "can't read no: No such"),
    "sql --url http://127.0.0.1:1 --user a --password-file file": (1, "Is `rolecall serve` run"),
    # accounts and tokens
    "account create DEMO --admin sam": (1, "already exists"),
    "account create 'A B' --admin sam": (1, "letters, digits and underscores"),
    "account create SALES": (2, "--admin"),
    "account reset-password nobody": (1, "rolecall sql -c 'show users'"),
    "token issue NOTHING": (1, "rolecall sql -c 'show integrations'"),
    f"token issue {INTEGRATION} --out nowhere/token": (2, "No token was issued"),
    "token revoke": (2, "a token's id or --issued-before"),
    "token revoke nothing": (1, "rolecall token list"),
    "token revoke --issued-before yesterday": (2, "such as '2026-01-31 12:00:00'"),
    "token revoke nothing --integration X": (2, "goes with --issued-before"),
    # backups
    "backup file": (1, "name a new folder"),
    "backup new --data newer": (1, "newer/rolecall.db has schema version 999"),
    "backup new --data nothing": (2, "name the data folder with --data"),
    "restore nothing": (2, "name what `rolecall backup` made"),
    "restore torn --data restored": (1, "has no backup.json"),
    "restore torn/rolecall.db --data restored": (1, "torn/rolecall.db is no whole database"),
    "restore torn/rolecall.db": (1, "is not empty"),
    "doctor --data nothing": (2, "name the data folder with --data"),
    # clients
    "push good.csv --url http://127.0.0.1:1": (2, "set $ROLECALL_TOKEN or give --token-file"),
    "push good.csv --url http://127.0.0.1:1 --token-file no": (2, "can't read no: No such"),
    "push good.csv --url nonsense --token-file file": (2, "must begin with https://"),
    "push no.csv --url http://127.0.0.1:1 --token-file file": (2, "no.csv can't be read"),
    "push nobody.csv --url http://127.0.0.1:1 --token-file file": (2, "no column userName"),
    "simulate okta --url http://127.0.0.1:1": (2, "set $ROLECALL_TOKEN or give --token-file"),
    "simulate okta --url nonsense --token x": (2, "such as http://127.0.0.1:8480/scim/v2"),
    "simulate okta --url http://127.0.0.1:1 --token x": (2, "is the server running"),
    "simulate nobody --url http://127.0.0.1:1": (2, "'generic'"),
    # ranges
    "network import no --rule x": (2, "can't read no: No such file or directory."),
    "network import ranges.txt --rule x": (2, "line 1: '10.0.0.0/33' is no address or range"),
    "network import tags.json --rule x": (2, "values[].properties.addressPrefixes"),
    # anything
    "tokn": (2, "Did you mean 'token'?"),
    "serve --prot 1": (2, "--port"),
}
"""What is typed, the exit status, and what helps."""


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_told_what_to_do_next(run: Run, line: str) -> None:
    status, says = MISTAKES[line]
    ended = run(line)
    told = re.sub(r"[\s│]+", " ", ended.err)
    assert (ended.status, ended.out) == (status, ""), ended.err
    assert says in told
    assert "\x1b" not in ended.err
    if not told.startswith("Usage: "):
        (sentence,) = ended.err.splitlines()
        assert sentence.startswith("rolecall: ")


def test_a_refused_command_leaves_nothing_behind(run: Run, made: Path) -> None:
    before = sorted(made.rglob("*"))
    for line in ("serve --ready-file nowhere/ready --data new", "restore torn --data file"):
        run(line)
    run("token issue NOTHING --out token")
    assert sorted(made.rglob("*")) == before


def test_a_refused_issue_leaves_the_old_tokens_file_as_it_is(run: Run, made: Path) -> None:
    (made / "kept").write_text("old\n")
    run("token issue NOTHING --out kept")
    assert (made / "kept").read_text() == "old\n"
    run(f"token issue {INTEGRATION} --out kept")
    assert re.fullmatch(r"rolecall_\S{43}\n", (made / "kept").read_text())
    assert (made / "kept").stat().st_mode & 0o077 == 0


def test_scripts_get_json_where_they_ask_for_it(run: Run, made: Path) -> None:
    account = json.loads(run("account create SALES --admin sam --format json").out)
    assert (account["account"], account["user"]) == ("SALES", "SAM")
    backup = json.loads(run("backup kept-backup --format json").out)
    assert backup["accounts"] == 2
    (attempt, *_) = run("watch --once --format json").out.splitlines()
    assert json.loads(attempt)["event"] == "attempt"
    assert (made / "kept-backup" / "backup.json").is_file()


def test_a_taken_port_is_a_sentence_with_the_remedy(run: Run, made: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = run(f"serve --port {port} --data new").err
    assert said.startswith(f"rolecall: can't listen on 127.0.0.1 port {port}: Address already in")
    assert not (made / "new").exists()

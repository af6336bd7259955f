"""The worksheet in a terminal: scripts, refusals with their place, statements typed by a person."""

import io
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from rolecall.console.printing import Answered, Format
from rolecall.console.worksheet import SilentHistory, interact, is_complete, run_script
from rolecall.domain.tables import Column, Table


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    table: Table
    zone: str = "UTC"


class Refusal(Exception):
    """A refusal by its shape."""

    code = "001003"
    sqlstate = "42000"
    message = "SQL compilation error:\nunexpected 'x'"

    def __init__(self, line: int = 0, column: int = 0, fix: str | None = None) -> None:
        super().__init__()
        self.line = line
        self.column = column
        self.fix = fix


def echo(text: str) -> Iterator[Answered]:
    """Answers each line with itself; refuses the word `refuse`."""
    for number, line in enumerate(text.splitlines(), start=1):
        if "refuse" in line:
            raise Refusal(number, line.index("refuse") + 1, "do not")
        columns = (Column(name="a"), Column(name="b"))
        wide = "," in line
        row = tuple(line.split(",")) if wide else (line,)
        yield Answer(table=Table(columns=columns[: len(row)], rows=[row]))


def run(text: str, style: Format = Format.TABLE) -> tuple[int, str, str]:
    out, errors = io.StringIO(), io.StringIO()
    return run_script(echo, text, style, out, errors), out.getvalue(), errors.getvalue()


def test_single_cells_follow_one_another() -> None:
    assert run("one\ntwo") == (0, "one\ntwo\n", "")


def test_a_blank_line_parts_two_tables() -> None:
    assert run("1,2\n3,4") == (0, "a  b\n1  2\n\na  b\n3  4\n", "")


def test_json_has_one_array_a_line() -> None:
    assert run("1,2\n3", Format.JSON)[1] == '[{"a": "1", "b": "2"}]\n[{"a": "3"}]\n'


def test_a_refusal_ends_the_script_with_status_1_and_shows_its_place() -> None:
    status, out, errors = run("one\n\tplease refuse this\nthree")
    assert (status, out) == (1, "one\n")
    assert errors.splitlines() == [
        "001003 (42000): SQL compilation error:",
        "unexpected 'x'",
        "line 2, column 9:",
        "\tplease refuse this",
        "\t       ^",
        "Fix: do not",
    ]


def test_a_refusal_without_a_place_shows_its_words_alone() -> None:
    def refuse(_: str) -> Iterator[Answered]:
        raise Refusal

    errors = io.StringIO()
    assert run_script(refuse, "x", Format.TABLE, io.StringIO(), errors) == 1
    assert errors.getvalue().splitlines() == [
        "001003 (42000): SQL compilation error:",
        "unexpected 'x'",
    ]


def test_a_bug_is_not_taken_for_a_refusal() -> None:
    def fail(_: str) -> Iterator[Answered]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_script(fail, "x", Format.TABLE, io.StringIO(), io.StringIO())


@pytest.mark.parametrize(
    ("text", "complete"),
    [("select 1", False), ("select 1;", True), ("exit", True), ("  ", True), ("quit;", True)],
)
def test_enter_sends_what_is_complete(text: str, *, complete: bool) -> None:
    assert is_complete(text) is complete


def typed(keys: str, history: Path | None = None) -> tuple[int, str]:
    """What a person sees who types this."""
    out = io.StringIO()
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text(keys)
        return interact(echo, Format.TABLE, history, out), out.getvalue()


def test_statements_run_as_they_are_typed_until_exit() -> None:
    assert typed("one\ntwo;\nthree;\nexit\n") == (0, "one\ntwo;\nthree;\n")


def test_a_refusal_does_not_end_the_session_and_ctrl_d_does() -> None:
    status, out = typed("refuse;\n\x03one;\n\x04")
    assert status == 0
    assert out.endswith("Fix: do not\none;\n")


def test_ctrl_c_ends_a_statement_that_runs() -> None:
    def interrupted(_: str) -> Iterator[Answered]:
        raise KeyboardInterrupt

    out = io.StringIO()
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text("one;\nexit\n")
        assert interact(interrupted, Format.TABLE, None, out) == 0
    assert out.getvalue() == "Interrupted.\n"


def test_the_history_keeps_what_was_typed_but_no_password(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history"
    typed("show roles;\ncreate user bob PASSWORD = 'swordfish';\nexit\n", path)
    kept = path.read_text("utf-8")
    assert "show roles;" in kept
    assert "swordfish" not in kept
    assert path.stat().st_mode & 0o077 == 0
    assert list(SilentHistory(path).load_history_strings()) == ["exit", "show roles;"]

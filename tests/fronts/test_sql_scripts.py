"""Every pair of tests/scripts: a statement, and the table, the sentence or the refusal it gets."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rolecall.domain.tables import Cell, Table
from rolecall.fronts.sql import SqlRefusal
from sql_world import Desk

SCRIPTS = sorted((Path(__file__).parents[1] / "scripts").glob("*.sql"))
DOCUMENTS = [path for path in SCRIPTS if path.stem in {"okta", "azure", "generic"}]


def pairs(path: Path) -> list[tuple[str, list[str]]]:
    """Each statement with the comment lines below it; a blank line lies between two pairs."""
    found = []
    for block in path.read_text("utf-8").strip().split("\n\n"):
        lines = block.splitlines()
        expected = [line for line in lines if line.startswith(("-->", "--!"))]
        found.append(("\n".join(lines[: len(lines) - len(expected)]), expected))
    return found


def printed(table: Table, header: str) -> list[str]:
    """The columns that the header names, one line a row."""
    names = [column.name for column in table.columns]
    positions = [names.index(name) for name in header.split(" | ")]
    return [
        f"--> {' | '.join(_cell(row[position]) for position in positions)}".rstrip()
        for row in table.rows
    ]


def _cell(cell: Cell) -> str:
    return "NULL" if cell is None else str(cell)


def outcome(desk: Desk, statement: str, expected: list[str]) -> list[str]:
    """What came of a statement, written as the fixtures write it."""
    try:
        (answer,) = desk.run(statement)
    except SqlRefusal as refusal:
        return [f"--! {refusal.code} {refusal.message.splitlines()[-1]}"]
    if answer.message is not None:
        return [f"--> {answer.message}"]
    header = expected[0].removeprefix("--> ")
    return [expected[0], *printed(answer.table, header)]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_each_statement_is_answered_as_the_script_says(path: Path) -> None:
    desk = Desk()
    for statement, expected in pairs(path):
        assert outcome(desk, statement, expected) == expected, statement


@pytest.mark.parametrize("spelled", [str.lower, str.upper, str])
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_the_documents_scripts_run_as_they_stand(path: Path, spelled: Callable[[str], str]) -> None:
    desk = Desk()
    script = spelled("\n".join(statement for statement, _ in pairs(path)))
    assert desk.rows(script) == [("token-1",)]

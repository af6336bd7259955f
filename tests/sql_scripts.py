"""Scripts of pairs: a statement, and below it the table, the sentence or the refusal it gets."""

from collections.abc import Callable, Iterable
from pathlib import Path

from rolecall.console.remote import RemoteAnswer, RemoteRefusal
from rolecall.domain.tables import Cell, Table
from rolecall.fronts.sql import Answer, SqlRefusal

Run = Callable[[str], Iterable[Answer | RemoteAnswer]]


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


def outcome(run: Run, statement: str, expected: list[str]) -> list[str]:
    """What came of a statement, written as the fixtures write it."""
    try:
        (answer,) = run(statement)
    except (SqlRefusal, RemoteRefusal) as refusal:
        return [f"--! {refusal.code} {refusal.message.splitlines()[-1]}"]
    if answer.message is not None:
        return [f"--> {answer.message}"]
    header = expected[0].removeprefix("--> ")
    return [expected[0], *printed(answer.table, header)]

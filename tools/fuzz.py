"""Feed the SQL parser mutilated statements for a while: nothing but a syntax error may come of it.

`make fuzz` runs it for ten minutes. The seeds are every statement that the tests know; a mutation
cuts, doubles, swaps and exchanges their tokens, or spoils single characters. The same number gives
the same run, and what fails is printed so that it can become a fixture.
"""

import argparse
import random
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, process_time

from rolecall.sql.cursor import StatementText, split_script
from rolecall.sql.errors import SqlCompilationError, SqlSyntaxError, UnknownVariable
from rolecall.sql.parser import parse
from rolecall.sql.printer import print_redacted, print_statement
from rolecall.sql.select import plan_select
from rolecall.sql.statements import Select

TESTS = Path(__file__).parents[1] / "tests"
SECONDS_MAX = 1.0
"""A statement of these sizes is read in milliseconds; a second would be a way to stop a server.

It is a second of the processor's, so that a busy machine makes no text slow.
"""
PIECES = (
    *"()[]{},;.=*-'\"\\$`",
    "$$",
    "--",
    "/*",
    "*/",
    "\x00",
    "\u2028",
    "é",
    "\u0131",
    "🙂",
    "\ud800",
    "0" * 30,
    "(" * 200,
    "x" * 300,
    " or replace ",
    " if exists ",
    " if not exists ",
    " set ",
    " unset ",
    " null ",
    " true ",
    " 'x' = 'y' ",
)


def seeds() -> list[str]:
    """Every statement of the tests' scripts and fixtures."""
    folders = ("scripts", "sql/fixtures", "end_to_end")
    paths = sorted(path for folder in folders for path in (TESTS / folder).glob("*.sql"))
    blocks = [block for path in paths for block in path.read_text("utf-8").split("\n\n")]
    texts = {
        "\n".join(line for line in block.splitlines() if not line.startswith("--"))
        for block in blocks
    }
    return sorted(filter(None, texts))


def cut(text: str) -> list[str]:
    """A text in words and what lies between them."""
    pieces: list[str] = []
    for character in text:
        if pieces and character.isalnum() and pieces[-1][-1].isalnum():
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def mutated(text: str, known: list[str], chance: random.Random) -> str:
    """The text after one to six mutations."""
    pieces = cut(text)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(pieces) + 1)
        match chance.randrange(7):
            case 0:
                del pieces[at : at + chance.randint(1, 3)]
            case 1:
                pieces[at:at] = pieces[at : at + chance.randint(1, 8)]
            case 2:
                pieces.insert(at, chance.choice(PIECES))
            case 3:
                pieces.insert(at, chance.choice(cut(chance.choice(known))))
            case 4:
                pieces[at:] = cut(chance.choice(known))[at:]
            case 5:
                chance.shuffle(pieces)
            case _:
                pieces.insert(at, chr(chance.randrange(0x11_0000)))
    return "".join(pieces)


VARIABLES: dict[str, str | int | float | bool | None] = {
    "TEAM": "data",
    "SIZE": -7,
    "HALF": 0.5,
    "BIG": True,
}
"""What the session of the fixtures has set."""


def failures(text: str) -> Iterator[str]:
    """What is wrong with how a text is read; nothing, when it is read or refused as it should."""
    began = process_time()
    try:
        pieces = split_script(text)
    except SqlSyntaxError:
        pieces = [StatementText(text=text, line=1, column=1)]
    for piece in pieces:
        try:
            statement = parse(piece.text, line=piece.line, column=piece.column, variables=VARIABLES)
        except (SqlSyntaxError, UnknownVariable) as error:
            if error.line < 1 or error.column < 1:
                yield f"it is refused at {error.line}:{error.column}"
            continue
        if isinstance(statement, Select):
            _plan(piece.text)
        again = parse(print_statement(statement))
        if again != statement:
            yield f"it is printed as {print_statement(statement)!r}"
        print_redacted(statement)
    taken = process_time() - began
    if taken > SECONDS_MAX:
        yield f"it took {taken:.1f} s"


def _plan(query: str) -> None:
    """A query is read by a parser of its own, whose refusals say more."""
    with suppress(SqlCompilationError):
        plan_select(query)


def run(seconds: float, number: int) -> dict[str, int]:
    """Try texts for a while: how many there were, and how many were wrong."""
    known, chance = seeds(), random.Random(number)
    _plan("select 1")  # the first query imports the parser of queries, which is no text's fault
    counts = {"texts": 0, "wrong": 0}
    until = monotonic() + seconds
    while monotonic() < until:
        text = mutated(chance.choice(known), known, chance)
        counts["texts"] += 1
        try:
            wrong = list(failures(text))
        except Exception as error:  # noqa: BLE001  whatever it is, it is what is looked for
            wrong = [f"{type(error).__name__}: {error}"]
        for each in wrong:
            counts["wrong"] += 1
            print(f"{text!r}\n  {each}")
    return counts


def main() -> int:
    """Run as the command line says; 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--number", type=int, default=1, help="which run; the same gives the same")
    given = parser.parse_args()
    counts = run(given.seconds, given.number)
    print(f"{counts['texts']:,} texts in {given.seconds:.0f} s, {counts['wrong']} wrong")
    return 1 if counts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())

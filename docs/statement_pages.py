"""A page a statement: what it does, its grammar, who may, and what tests have seen come of it.

The prose and the grammar are the statement's docstring, properties and columns are the tables by
which it is read and answered, and the examples and refusals are pairs of the test suite, as they
stand there: an example that is no longer true fails its test.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import get_args

from drawing import code, grid, page, prose, spaced
from sql_pages import PROPERTY_TABLES, RELATIONS, property_rows

from rolecall.sql import statements
from rolecall.sql.errors import SqlCompilationError
from rolecall.sql.parser import parse

TESTS = Path(__file__).parents[1] / "tests"
EXAMPLES_MAX = 8
REFUSALS_MAX = 16

TITLES = {
    "AlterHeldChanges": "ALTER SECURITY INTEGRATION HELD CHANGES",
    "Flow": "SHOW … ->> SELECT",
    "GrantOwnershipOfAll": "GRANT OWNERSHIP ON ALL",
    "PurgeHistory": "ALTER ACCOUNT PURGE HISTORY",
    "SetVariables": "SET",
    "ShowAccessTokens": "SHOW USER PROGRAMMATIC ACCESS TOKENS",
    "ShowScimResources": "SHOW SCIM_RESOURCES",
    "UnsetVariables": "UNSET",
}
"""Where a class is not called as its statement begins."""

TABLES_ELSEWHERE = {
    "SHOW GRANTS": tuple(name for name in RELATIONS if name.startswith("SHOW GRANTS ")),
    "SHOW ACCOUNTS": ("SHOW ACCOUNTS", "SHOW ACCOUNTS HISTORY"),
}
QUERIES = "Views, table functions and limits of queries: {doc}`../queries`.\n"
MORE = {"SELECT": (QUERIES,), "SHOW … ->> SELECT": (QUERIES,)}
LONG = re.compile(r"('[^'\n]{60})[^'\n]{60,}'")
"""A public key, of which the beginning says enough."""
OPTIONS = re.compile(r"\b(?:OR REPLACE|OR ALTER|TERSE|SECURITY(?= INTEGRATION))\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A statement of the test suite, and the lines that say what came of it."""

    script: str
    statement: str
    outcome: tuple[str, ...]

    @property
    def refused(self) -> bool:
        return "".join(self.outcome[:1]).startswith("--!")


@cache
def pairs() -> tuple[Pair, ...]:
    """Every pair of the scripts, in their order."""
    paths = [*sorted((TESTS / "scripts").glob("*.sql")), TESTS / "end_to_end" / "surface.sql"]
    return tuple(pair for path in paths if path.exists() for pair in _pairs(path))


def _pairs(path: Path) -> Iterator[Pair]:
    for block in path.read_text("utf-8").strip().split("\n\n"):
        lines = block.splitlines()
        outcome = tuple(line for line in lines if line.startswith(("-->", "--!")))
        statement = "\n".join(lines[: len(lines) - len(outcome)])
        yield Pair(script=path.stem, statement=statement, outcome=outcome)


@cache
def by_statement() -> dict[str, tuple[Pair, ...]]:
    """The pairs of each page; what can't be read belongs to the statement whose words it has."""
    found: dict[str, list[Pair]] = {title_of(each): [] for each in all_statements()}
    for pair in pairs():
        title = _title(pair)
        if title is not None:
            found[title].append(pair)
    return {title: tuple(its) for title, its in found.items()}


def _title(pair: Pair) -> str | None:
    text = pair.statement.strip().removesuffix(";")
    try:
        return title_of(type(parse(text)))
    except SqlCompilationError:
        words = OPTIONS.sub("", " ".join(text.upper().split()))
        titles = sorted(map(title_of, all_statements()), key=len, reverse=True)
        return next((title for title in titles if words.startswith(f"{title} ")), None)


def all_statements() -> tuple[type, ...]:
    """The statements, as the language lists them."""
    return get_args(statements.Statement)


def title_of(statement: type) -> str:
    """The words that a page is found by."""
    return TITLES.get(statement.__name__, spaced(statement.__name__))


def name_of(statement: type) -> str:
    """The page's name: the title in lower case, with nothing that an address would escape."""
    return "-".join(re.findall(r"[a-z]+", title_of(statement).lower()))


# ---- a page ----------------------------------------------------------------------------------


def statement_page(statement: type) -> str:
    """Everything about one statement."""
    title = title_of(statement)
    claim, grammar, who = prose(statement).split("\n\n", 2)
    return page(
        title,
        claim,
        f"```text\n{grammar}\n```\n",
        f"## Who may\n\n{who}\n",
        *MORE.get(title, ()),
        *_properties(title),
        *_columns(title),
        *_examples(by_statement()[title]),
        *_refusals(by_statement()[title]),
    )


def _properties(title: str) -> Iterator[str]:
    for name, table in PROPERTY_TABLES.items():
        if any(each.startswith(title) for each in name.split(", ")):
            more = name.split(" … ")[1:]
            heading = f"Properties of {more[0]}" if more else "Properties"
            head = ("property", "takes", "carried out")
            yield f"## {heading}\n\n" + grid(head, property_rows(name, table))


def _columns(title: str) -> Iterator[str]:
    named = TABLES_ELSEWHERE.get(title, (title, title.replace("SHOW", "SHOW TERSE", 1)))
    for name, fields in RELATIONS.items():
        fits = name.startswith(title) if title in {"DESCRIBE", "ALTER USER"} else name in named
        if fits:
            heading = "Columns" if name == title else f"Columns of {name}"
            rows = [(code(field.name), field.type.value) for field in fields]
            yield f"## {heading}\n\n" + grid(("column", "type"), rows)


def _examples(found: tuple[Pair, ...]) -> Iterator[str]:
    shown = [
        LONG.sub(r"\1…'", "\n".join((pair.statement, *pair.outcome)))
        for pair in _varied(pair for pair in found if not pair.refused)[:EXAMPLES_MAX]
    ]
    if shown:
        said = "From the test suite, with what is answered: of a table the columns that are tested."
        yield f"## Examples\n\n{said}\n\n```sql\n" + "\n\n".join(shown) + "\n```\n"


def _refusals(found: tuple[Pair, ...]) -> Iterator[str]:
    rows = []
    for pair in _varied(pair for pair in found if pair.refused)[:REFUSALS_MAX]:
        number, _, said = pair.outcome[0].removeprefix("--! ").partition(" ")
        rows.append((code(pair.statement.replace("`", "")), code(number), said))
    if rows:
        table = grid(("statement", "code", "answer"), rows)
        yield f"## Refusals\n\nAll codes stand in {{doc}}`../errors`.\n\n{table}"


def _varied(found: Iterable[Pair]) -> list[Pair]:
    """One of each wording, from every script in turn: what stands side by side is much alike."""
    scripts: dict[str, dict[str, Pair]] = {}
    for pair in found:
        wording = re.sub(r"'[^']*'|\"[^\"]*\"|\d+", "", pair.statement)
        scripts.setdefault(pair.script, {}).setdefault(wording, pair)
    rounds = zip_longest(*(kept.values() for kept in scripts.values()))
    return [pair for each in rounds for pair in each if pair is not None]


# ---- the index -------------------------------------------------------------------------------


def index() -> str:
    """What all pages share, and the list of them."""
    rows = [
        (f"[{title_of(each)}]({name_of(each)}.md)", prose(each).partition("\n\n")[0])
        for each in all_statements()
    ]
    listed = "\n".join(sorted(name_of(each) for each in all_statements()))
    return page(
        "SQL statements",
        "Words in capitals stand as they are, in any case; `<…>` is yours; `[ ]` may be left out; "
        "`{ | }` is a choice. Names fold to upper case unless they stand in double quotes. Text "
        "that is no statement is refused with its line and column, before anything is changed.\n\n"
        "Owning an object is to act as the role that owns it, or as one that inherits that role; "
        "a role inherits the roles granted to it. What a session may not know of is refused as if "
        "it were not there.",
        grid(("statement", "what it does"), sorted(rows)),
        f"```{{toctree}}\n:hidden:\n\n{listed}\n```\n",
    )


def statement_pages() -> dict[str, Callable[[], str]]:
    """Each page with its name below `reference`."""
    pages = {f"sql/{name_of(each)}": _drawn(each) for each in all_statements()}
    return {"sql/index": index, **pages}


def _drawn(statement: type) -> Callable[[], str]:
    return lambda: statement_page(statement)

"""The documentation keeps its promises: links lead somewhere, and what is public is explained."""

import ast
import inspect
import re
import runpy
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
import statement_pages

from rolecall import settings
from rolecall.sql import statements

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
FENCE = re.compile(r"^(`{3,}|~{3,}|:{3,}).*?^\1`*\s*$", flags=re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
ELSEWHERE = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|#)")
REQUIREMENT = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")
ROW = re.compile(r"^\| `([^`]+)` \| \S", flags=re.MULTILINE)

VOCABULARIES = (
    "domain/commands.py",
    "domain/errors.py",
    "domain/events.py",
    "domain/queries.py",
    "sql/statements.py",
)
"""The closed sets. Elsewhere a docstring says what a name cannot, and there is no quota."""


def pages() -> list[Path]:
    tops = [path for path in (ROOT / "README.md", ROOT / "CHANGELOG.md") if path.exists()]
    return tops + [
        path
        for path in sorted((ROOT / "docs").rglob("*.md"))
        if not {"_build", "reference"} & set(path.parts)
    ]


GENERATED = ROOT / "docs" / "reference"
"""Drawn when the documentation is built: a link into it is a {doc}, which that build checks."""


def broken_links(page: Path, text: str) -> Iterator[str]:
    for target in LINK.findall(CODE.sub("", FENCE.sub("", text))):
        place = page.parent / target.partition("#")[0]
        if ELSEWHERE.match(target):
            continue
        if not place.exists() or place.resolve().is_relative_to(GENERATED):
            yield f"{page.name} links to {target}, which is not there"


def unexplained(text: str) -> list[str]:
    return [
        node.name
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]


def required() -> set[str]:
    """Every package that pyproject.toml or requirements/*.in asks for by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in project.get("optional-dependencies", {}).values():
        lines += extra
    for path in (ROOT / "requirements").glob("*.in"):
        lines += path.read_text("utf-8").splitlines()
    return {name[0].lower() for line in lines if (name := REQUIREMENT.match(line))}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert list(broken_links(page, page.read_text("utf-8"))) == []


def test_a_link_into_nothing_is_noticed() -> None:
    page = ROOT / "docs" / "index.md"
    text = "[here](dependencies.md#to-add-one) [there](nowhere.md) [out](https://example.com)"
    drawn = "[drawn](reference/quirks.md)"
    assert list(broken_links(page, text + drawn)) == [
        "index.md links to nowhere.md, which is not there",
        "index.md links to reference/quirks.md, which is not there",
    ]


def test_links_in_code_are_not_links() -> None:
    text = "```sql\nselect [a](b)\n```\nand `[c](d)`\n"
    assert list(broken_links(ROOT / "README.md", text)) == []


def test_every_dependency_has_its_reason() -> None:
    rows = ROW.findall((ROOT / "docs" / "dependencies.md").read_text("utf-8"))
    assert sorted(rows) == sorted(required())


@pytest.mark.parametrize("name", VOCABULARIES)
def test_every_word_of_a_closed_set_is_explained(name: str) -> None:
    assert unexplained((ROOT / "src" / "rolecall" / name).read_text("utf-8")) == []


def test_a_word_without_explanation_is_noticed() -> None:
    text = (
        'class Told:\n    """Why."""\n\n\nclass Untold:\n    x: int\n\n\nclass _Own:\n    y: int\n'
    )
    assert unexplained(text) == ["Untold"]


def test_decisions_are_numbered_without_a_gap() -> None:
    names = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert [name[:3] for name in names] == [f"{n:02}-" for n in range(1, len(names) + 1)]


# ---- the tour, and the pages that are drawn from tables ----------------------------------------

TEST_NAMED = re.compile(
    r"`?(?:tests/)?([\w/]*(?:test_\w+|conftest|rolecall_process)\.py)(?:::(\w+))?`?"
)
LANDMARK = re.compile(r"`([a-z_]+(?:/[a-z_]+)?\.py)(?:::([A-Za-z_.]+))?`")
GRAMMAR = re.compile(r"(?:\{ )?[A-Z]{3,}")
REFERENCE: dict[str, Any] = runpy.run_path(str(ROOT / "docs" / "generate.py"))


def defined_in(path: Path) -> set[str]:
    """What a module defines, with the methods of its classes."""
    found: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            inner = (each for each in node.body if isinstance(each, ast.FunctionDef))
            found |= {f"{node.name}.{each.name}" for each in inner}
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def missing_landmarks(text: str) -> Iterator[str]:
    for file, name in LANDMARK.findall(text):
        path = ROOT / "src" / "rolecall" / file
        if not path.exists() or (name and name not in defined_in(path)):
            yield f"{file}::{name}"


def empty_cells(table: str, column: int) -> list[str]:
    """The rows of a Markdown page whose cell in this column says nothing."""
    rows = (line.split(" | ") for line in table.splitlines() if line.startswith("| `"))
    return [row[0] for row in rows if not row[column].strip(" |`")]


def test_the_tour_leads_through_what_is_there() -> None:
    assert list(missing_landmarks((ROOT / "docs" / "tour.md").read_text("utf-8"))) == []


@pytest.mark.parametrize("page", ["security.md", "reliability.md"])
def test_every_test_that_a_claim_leans_on_is_there(page: str) -> None:
    """The pages name tests by file, and by function where one holds the line."""
    named = TEST_NAMED.findall((ROOT / "docs" / page).read_text("utf-8"))
    assert named
    for file, function in named:
        text = (ROOT / "tests" / file).read_text("utf-8")
        assert not function or f"def {function}(" in text, f"{file}::{function}"


def test_a_landmark_that_is_gone_is_noticed() -> None:
    text = "`cli.py::main` `cli.py::nobody` `nowhere/none.py`"
    assert list(missing_landmarks(text)) == ["cli.py::nobody", "nowhere/none.py::"]


@pytest.mark.parametrize("name", REFERENCE["PAGES"])
def test_every_reference_page_can_be_drawn(name: str) -> None:
    text: str = REFERENCE["PAGES"][name]()
    assert text.startswith("# ")


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("attributes", 3),
        ("command-line", 1),
        ("commands", 1),
        ("errors", 1),
        ("events", 1),
        ("parameters", 1),
        ("quirks", 1),
        ("settings", 1),
    ],
)
def test_every_entry_of_a_reference_page_has_its_prose(name: str, column: int) -> None:
    page: str = REFERENCE["PAGES"][name]()
    # Of a status of SCIM the type is said, where RFC 7644 has one.
    text = page.partition("## Refusals")[2] if name == "errors" else page
    assert empty_cells(text, column) == []


def test_an_entry_without_prose_is_noticed() -> None:
    text = "| `told` | why |\n| `untold` |  |\n"
    assert empty_cells(text, 1) == ["| `untold`"]


STATEMENTS = get_args(statements.Statement)


def lacking(statement: type, seen: Mapping[str, Collection[object]]) -> list[str]:
    """What the page of a statement would have to leave open."""
    parts = (inspect.getdoc(statement) or "").split("\n\n")
    claim, grammar, who = (*parts, "", "", "")[:3]
    title: str = statement_pages.title_of(statement)
    lacks = {
        "what it does": not claim.endswith("."),
        "its grammar, which begins with a word of the language": not GRAMMAR.match(grammar),
        "who may": not who.endswith("."),
        "an example in tests/scripts": not seen.get(title),
    }
    return [what for what, lacking in lacks.items() if lacking]


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.__name__)
def test_every_statement_has_its_prose(statement: type) -> None:
    assert lacking(statement, statement_pages.by_statement()) == []


def test_a_statement_without_prose_is_noticed() -> None:
    class Told:
        """Says what it does, and no more."""

    lacks = lacking(Told, {})
    assert len(lacks) == 3
    assert "who may" in lacks


def test_every_statement_has_a_page_of_its_own() -> None:
    names = {f"sql/{statement_pages.name_of(statement)}" for statement in STATEMENTS}
    assert len(names) == len(STATEMENTS)
    assert {name for name in REFERENCE["PAGES"] if name.startswith("sql/")} == names | {"sql/index"}


def test_every_variable_of_the_environment_is_a_setting_with_its_meaning() -> None:
    variables = {value for name, value in vars(settings).items() if name.endswith("_VARIABLE")}
    assert set(REFERENCE["SETTINGS"]) == variables


def test_every_command_says_what_it_is_for() -> None:
    assert [words for words, command in REFERENCE["subcommands"]() if not command.help] == []

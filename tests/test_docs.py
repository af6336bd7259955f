"""The documentation keeps its promises: links lead somewhere, and what is public is explained."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

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
        path for path in sorted((ROOT / "docs").rglob("*.md")) if "_build" not in str(path)
    ]


def broken_links(page: Path, text: str) -> Iterator[str]:
    for target in LINK.findall(CODE.sub("", FENCE.sub("", text))):
        if not ELSEWHERE.match(target) and not (page.parent / target.partition("#")[0]).exists():
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
    assert list(broken_links(page, text)) == ["index.md links to nowhere.md, which is not there"]


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

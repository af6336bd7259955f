"""Every pair of tests/scripts: a statement, and the table, the sentence or the refusal it gets."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sql_scripts import outcome, pairs
from sql_world import Desk

SCRIPTS = sorted((Path(__file__).parents[1] / "scripts").glob("*.sql"))
DOCUMENTS = [path for path in SCRIPTS if path.stem in {"okta", "azure", "generic"}]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_each_statement_is_answered_as_the_script_says(path: Path) -> None:
    desk = Desk()
    for statement, expected in pairs(path):
        assert outcome(desk.run, statement, expected) == expected, statement


@pytest.mark.parametrize("spelled", [str.lower, str.upper, str])
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_the_documents_scripts_run_as_they_stand(path: Path, spelled: Callable[[str], str]) -> None:
    desk = Desk()
    script = spelled("\n".join(statement for statement, _ in pairs(path)))
    assert desk.rows(script) == [("token-1",)]

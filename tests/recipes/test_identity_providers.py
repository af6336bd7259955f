"""The pages of docs/identity-providers answer the same questions, and their SQL runs."""

import re
from pathlib import Path

import pytest

from rolecall.fronts.scim_answers import TOKEN_WORDS
from rolecall_process import Server, started

FOLDER = Path(__file__).parents[2] / "docs" / "identity-providers"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.stem != "index")
SQL = re.compile(r"^```sql\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
HEADINGS = (
    "## Here: a role, an integration, a token",
    "## There: ",
    "## What to map",
    "can't do|## What can't be done",
    "## How long it takes",
    "## A server inside the firewall",
    "## What its messages mean",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder = tmp_path_factory.mktemp("providers")
    with started(folder, "--data", str(folder / "data")) as running:
        pass  # the folder has an account now
    return running


def test_there_is_a_page_for_each_provider() -> None:
    assert [page.stem for page in PAGES] == [
        *("custom", "entra", "jumpcloud", "ldap", "okta", "onelogin"),
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
@pytest.mark.parametrize("heading", HEADINGS)
def test_every_page_answers_every_question(page: Path, heading: str) -> None:
    assert re.search(heading, page.read_text("utf-8"))


@pytest.mark.e2e
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_sql_of_a_page_runs_as_printed(page: Path, server: Server) -> None:
    for script in SQL.findall(page.read_text("utf-8")):
        assert "successfully" in server.sql(script)


def test_the_messages_that_are_explained_are_the_server_s_own() -> None:
    told = (FOLDER / "index.md").read_text("utf-8")
    said = " ".join(TOKEN_WORDS.values())
    quoted = re.findall(r"401 `(.*?) …`", told)
    assert quoted
    assert all(sentence in said for sentence in quoted)

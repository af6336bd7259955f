"""The documents' own scripts, run as they stand through `rolecall sql -f`, in either case."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from rolecall_process import Server, started, user_body

pytestmark = pytest.mark.e2e

# Documents: custom SCIM, Azure, and Okta (reference section 3), as printed.
SCRIPT = """\
use role accountadmin;
create role if not exists {role};
grant create user on account to role {role};
grant create role on account to role {role};
grant role {role} to role accountadmin;
create or replace security integration {integration}
    type{equals}scim
    scim_client{equals}'{client}'
    run_as_role{equals}'{ROLE}';
select system$generate_scim_access_token('{INTEGRATION}');
"""
PAGES = {
    "custom": ("generic_scim_provisioner", "generic_scim_provisioning", "generic", "="),
    "azure": ("aad_provisioner", "aad_provisioning", "azure", " = "),
    "okta": ("okta_provisioner", "okta_provisioning", "okta", " = "),
}
CASES: dict[str, Callable[[str], str]] = {"lower": str.lower, "upper": str.upper, "printed": str}

AUDIT = """\
use role accountadmin;
use database demo_db;
use schema information_schema;
select * from table(rest_event_history('scim', dateadd('minutes',-5,current_timestamp()),
    current_timestamp(), 200)) order by event_timestamp;
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of their own: the scripts end the tokens of integrations that others use."""
    with started(tmp_path_factory.mktemp("documents"), "--ephemeral") as running:
        yield running


def script_of(page: str) -> str:
    role, integration, client, equals = PAGES[page]
    return SCRIPT.format(
        role=role,
        integration=integration,
        client=client,
        equals=equals,
        ROLE=role.upper(),
        INTEGRATION=integration.upper(),
    )


def in_case(script: str, case: str) -> str:
    """The script in another case, but for its literals of names, which are names."""
    parts = script.split("'")
    return "'".join(
        part if place % 2 and part.isupper() else CASES[case](part)
        for place, part in enumerate(parts)
    )


def run(server: Server, folder: Path, script: str, *options: str) -> str:
    file = folder / "script.sql"
    file.write_text(script)
    return server.rolecall("sql", "-f", str(file), *options)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("page", PAGES)
def test_a_pages_script_prints_a_token_that_works(
    server: Server, tmp_path: Path, page: str, case: str
) -> None:
    token = run(server, tmp_path, in_case(script_of(page), case)).split()[-1]
    with server.client(token) as client:
        created = client.post("/Users", json=user_body(f"{page}-{case}"))
        assert created.status_code == 201
        assert client.get(f"/Users/{created.json()['id']}").status_code == 200


def test_the_printed_headers_are_accepted(server: Server, tmp_path: Path) -> None:
    token = run(server, tmp_path, script_of("okta")).split()[-1]
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/scim+json",
        "Accept-Encoding": "utf-8",
        "Accept-Charset": "utf-8",
    }
    created = httpx.post(f"{server.url}/Users", json=user_body("as-printed"), headers=headers)
    assert (created.status_code, created.headers["content-type"].split(";")[0]) == (
        201,
        "application/scim+json",
    )


def test_replacing_the_integration_ends_its_tokens_and_says_so(
    server: Server, tmp_path: Path
) -> None:
    token = run(server, tmp_path, script_of("azure")).split()[-1]
    with server.client(token) as client:
        assert client.post("/Users", json=user_body("before-replacing")).status_code == 201
        said = run(server, tmp_path, script_of("azure"))
        assert client.get("/Users").status_code == 401
    assert "It ended 1 live token (last used " in said


def test_dropping_the_integration_ends_its_tokens_and_says_so(
    server: Server, tmp_path: Path
) -> None:
    token = run(server, tmp_path, script_of("okta")).split()[-1]
    with server.client(token) as client:
        assert client.post("/Users", json=user_body("before-dropping")).status_code == 201
        said = server.sql("drop integration okta_provisioning")
        assert client.get("/Users").status_code == 401
    assert "It ended 1 live token (last used " in said


@pytest.mark.parametrize("case", ["printed", "upper"])
def test_the_overviews_query_shows_the_requests(tmp_path: Path, case: str) -> None:
    with started(tmp_path, "--ephemeral") as server:
        with server.client(server.issue_token(tmp_path)) as client:
            client.post("/Users", json=user_body("bob"))
            client.post("/Users", json=user_body("bob"))
            client.get("/Groups", params={"filter": 'displayName eq "guides"'})
        server.status("no such token")
        seen = seen_by_audit(server, tmp_path, case, 4)
    assert [(row["METHOD"], row["ENDPOINT"], row["ERROR_CODE"]) for row in seen] == [
        ("POST", "scim/v2/Users", None),
        ("POST", "scim/v2/Users", "409"),
        ("GET", "scim/v2/Groups", None),
        ("GET", "scim/v2/Users", "401"),
    ]
    assert [row["RESOURCE_NAME"] for row in seen[:2]] == ["bob", "bob"]


def seen_by_audit(
    server: Server, folder: Path, case: str, rows_wanted: int
) -> list[dict[str, str | None]]:
    """The query's rows; attempts of reads and strangers are kept within a second (contract 7)."""
    server.awaited(" 401 ")
    answer = run(server, folder, in_case(AUDIT, case), "--format", "json")
    rows: list[dict[str, str | None]] = json.loads(answer.splitlines()[-1])
    assert len(rows) == rows_wanted, rows
    return rows

"""Tolerated quirks are counted per integration, and each says why the request was accepted."""

import pytest

from rolecall.domain.attempts import Attempt, AttemptKind
from rolecall.domain.model import ScimClient
from rolecall.domain.tolerated import quirks_in
from rolecall.scim.quirks import QUIRKS
from rolecall.select.duck import DuckSelecting
from scim_client import ScimClientInProcess
from sql_world import Desk

ASKED = """select integration, quirk, requests from information_schema.scim_quirks
    order by integration, quirk"""


@pytest.fixture
def desk(duck: DuckSelecting) -> Desk:
    desk = Desk(duck)
    desk.run("use database demo_db")
    return desk


def entra(desk: Desk, name: str = "AAD") -> ScimClientInProcess:
    role = f"{name}_PROVISIONER"
    return ScimClientInProcess(desk.account, ScimClient.AZURE, name=name, role=role)


def test_each_request_that_needed_a_quirk_is_counted(desk: Desk) -> None:
    scim = entra(desk)
    user = scim.user("bob@example.com")
    for value in ("False", "True"):
        scim.patch(f"/Users/{user}", {"op": "Replace", "path": "active", "value": value})
    scim.patch(f"/Users/{user}", {"op": "Replace", "path": "title", "value": "Guide"})
    desk.account.store.flush()
    assert desk.rows(ASKED) == [("AAD", "boolean_as_string", 2), ("AAD", "operation_case", 3)]


def test_what_a_lookup_needed_is_counted_too(desk: Desk) -> None:
    entra(desk).get("/Users?filter=userName eq bob")
    desk.account.store.flush()
    assert desk.rows(ASKED) == [("AAD", "unquoted_value", 1)]


def test_the_reason_and_the_last_request_stand_beside_it(desk: Desk) -> None:
    entra(desk).get("/Users?filter=userName eq bob")
    desk.account.store.flush()
    query = "select reason, last_request, first_met = last_met from information_schema.scim_quirks"
    assert desk.rows(query) == [
        (QUIRKS["unquoted_value"].reason, "GET scim/v2/Users", True),
    ]


def test_integrations_are_counted_apart(desk: Desk) -> None:
    for name in ("AAD", "OTHER"):
        entra(desk, name).get("/Users?filter=userName eq bob")
    desk.account.store.flush()
    assert [row[0] for row in desk.rows(ASKED)] == ["AAD", "OTHER"]


def test_who_does_not_own_the_integration_sees_nothing_of_it(desk: Desk) -> None:
    entra(desk).get("/Users?filter=userName eq bob")
    desk.account.store.flush()
    desk.run("use role useradmin; use secondary roles none")
    assert desk.rows(ASKED) == []


@pytest.mark.parametrize(
    "details", [None, '{"query":"count=1"}', '{"request":{"x":"\\"quirks\\""}}']
)
def test_a_request_by_the_book_needed_none(details: str | None) -> None:
    attempt = Attempt(
        kind=AttemptKind.SCIM,
        at=0,
        request="r",
        method="GET",
        endpoint="scim/v2/Users",
        status=200,
        succeeded=True,
        details=details,
    )
    assert quirks_in(attempt) == ()

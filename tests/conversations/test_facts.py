"""What follows here from facts about providers that are no single request (idp-traffic)."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from builders import an_account
from rolecall.domain.model import ScimClient
from rolecall.domain.names import Id
from rolecall.fronts.scim_answers import Exchange, Incoming, refusal_reply
from rolecall.scim import errors
from rolecall.store.sqlite import SqliteStore
from scim_client import ERROR_URN, URL, ScimClientInProcess, user_of
from sql_world import Desk

PATCHES = 64


def test_a_bearer_of_entra_s_own_is_refused_in_json() -> None:
    """Without a secret token Entra sends a JWT; it is none of ours, and is told so."""
    scim = ScimClientInProcess(scim_client=ScimClient.AZURE)
    answer = scim.ask("GET", "/Users", authorization="Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln")
    assert answer.status == 401
    assert answer.json["schemas"] == [ERROR_URN]
    assert answer.json["detail"].startswith("Access token invalid")


def test_a_refused_address_is_on_record() -> None:
    """Entra's published addresses are incomplete: whoever was refused can be read and added."""
    desk = Desk()
    desk.run("create network policy published allowed_ip_list = ('198.51.100.0/24')")
    scim = ScimClientInProcess(desk.account, ScimClient.AZURE, name="AAD", role="AAD_PROVISIONER")
    desk.run("alter security integration aad set network_policy = published")
    assert scim.get("/Users").status == 403
    refused = scim.last_attempt()
    assert (refused.status, refused.client_ip, refused.integration) == (403, "192.0.2.7", "AAD")


@pytest.mark.parametrize("error", [errors.too_many_requests("wait"), errors.unavailable("wait")])
def test_who_has_to_wait_is_told_how_long(error: errors.ScimError) -> None:
    exchange = Exchange(Incoming(method="GET", path="/Users", base_url=URL), 0, Id("id-1"))
    headers = dict(refusal_reply(exchange, error).headers)
    assert headers[b"retry-after"].isdigit()


def test_parallel_changes_of_one_group_all_count(tmp_path: Path) -> None:
    """Entra changes one group's members side by side: none of the changes may be lost."""
    store = SqliteStore(tmp_path / "rolecall.db", durable=False)
    scim = ScimClientInProcess(an_account(store), ScimClient.AZURE)
    users = [scim.user(f"user{number}@example.com") for number in range(PATCHES)]
    group = scim.group("Guides")
    with ThreadPoolExecutor(8) as workers:
        statuses = list(workers.map(lambda user: adding(scim, group, user), users))
    assert set(statuses) == {204}
    assert scim.members(group) == set(users)
    store.close()


def adding(scim: ScimClientInProcess, group: str, user: str) -> int:
    value = [{"$ref": None, "value": user}]
    operation = {"op": "Add", "path": "members", "value": value}
    return scim.patch(f"/Groups/{group}", operation).status


def test_a_retry_for_ever_changes_nothing() -> None:
    """Okta comes back with what was refused every half hour: same answer, no effect, on record."""
    scim = ScimClientInProcess(scim_client=ScimClient.OKTA)
    scim.user("bob@example.com")
    events = len(scim.events())
    answers = [scim.post("/Users", user_of("BOB@example.com")) for _ in range(3)]
    assert {(answer.status, answer.text) for answer in answers} == {(409, answers[0].text)}
    assert len(scim.events()) == events
    assert [attempt.status for attempt in scim.attempts()[-3:]] == [409, 409, 409]

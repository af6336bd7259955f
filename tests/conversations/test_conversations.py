"""What identity providers send, request by request, and what they must get (idp-traffic).

Each file is one conversation: requests as such a client sends them, and of each reply the status
and the part of the body that the client goes by. `$name` stands for an id captured before, and
`quirks` are the oddities that the request was accepted with.
"""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from builders import an_account
from rolecall.domain.model import Conformance, ScimClient
from rolecall.domain.ports import Store
from rolecall.domain.tolerated import quirks_in
from rolecall.scim.quirks import DIALECTS
from scim_client import ScimClientInProcess

CONVERSATIONS = sorted(Path(__file__).parent.glob("*/*.json"))
CLIENTS = {"okta": ScimClient.OKTA, "entra": ScimClient.AZURE}
"""Every other client speaks to an integration of SCIM_CLIENT 'GENERIC'."""

CASES = {
    *(f"Entra {number}" for number in range(1, 30)),
    *(f"Okta {number}" for number in range(1, 16)),
    *("OneLogin", "Ping", "JumpCloud", "Google Workspace", "Rippling", "authentik"),
    *("Snowflake 1", "Snowflake 2"),
    *(f"Snowflake exact: {what}" for what in ("filters", "group names", "paging")),
    *(f"Snowflake exact: {what}" for what in ("excludedAttributes", "statuses")),
    *(f"Snowflake exact: group PATCH for {whom}" for whom in ("Okta", "others")),
}
"""Every line of the reference on what identity providers send."""

SHOWN_BY = {
    "conversations/test_facts.py::test_a_bearer_of_entra_s_own_is_refused_in_json": ("Entra 22",),
    "conversations/test_facts.py::test_a_refused_address_is_on_record": ("Entra 23",),
    "conversations/test_facts.py::test_who_has_to_wait_is_told_how_long": ("Entra 24",),
    "conversations/test_facts.py::test_parallel_changes_of_one_group_all_count": ("Entra 25",),
    "conversations/test_facts.py::test_a_retry_for_ever_changes_nothing": ("Okta 12",),
    "end_to_end/test_simulate.py::test_our_own_server_comes_out_clean": ("Okta 13",),
}
"""Lines that are no single requests: the test that shows what follows from them here."""


class Spoken(msgspec.Struct):
    """The integration that is spoken to, where it is not its folder's."""

    scim_client: ScimClient | None = None
    conformance: Conformance | None = None


class Conversation(msgspec.Struct):
    """The cases that it shows, and its requests with their replies."""

    shows: list[str]
    exchanges: list[dict[str, Any]]
    integration: Spoken = msgspec.field(default_factory=Spoken)


def read(file: Path) -> Conversation:
    return msgspec.json.decode(file.read_bytes(), type=Conversation)


def client_of(file: Path) -> ScimClient:
    """The SCIM_CLIENT of the integration that a conversation is held with."""
    return read(file).integration.scim_client or CLIENTS.get(file.parent.name, ScimClient.GENERIC)


@pytest.mark.parametrize("file", CONVERSATIONS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_the_conversation_goes_as_the_client_expects(file: Path, each_store: Store) -> None:
    conversation = read(file)
    conformance = conversation.integration.conformance
    scim = ScimClientInProcess(an_account(each_store), client_of(file), conformance=conformance)
    captured: dict[str, str] = {}
    for number, exchange in enumerate(conversation.exchanges):
        asked, expected = filled(exchange["request"], captured), filled(exchange, captured)
        answer = scim.ask(asked["method"], asked["path"], asked.get("body"))
        place = f"exchange {number}: {asked['method']} {asked['path']}: {answer.text}"
        wanted = expected["response"]
        assert answer.status == wanted["status"], place
        body = answer.json if answer.text else {}
        assert within(wanted.get("body", {}), body), place
        assert not set(wanted.get("absent", ())) & set(body), place
        assert list(quirks_in(scim.last_attempt())) == exchange.get("quirks", []), place
        for name, member in exchange.get("capture", {}).items():
            captured[name] = body[member]


def filled(value: Any, captured: dict[str, str]) -> Any:  # noqa: ANN401  JSON of any shape
    """The value with every `$name` in its texts replaced by what was captured."""
    if isinstance(value, dict):
        return {key: filled(inner, captured) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, captured) for inner in value]
    if isinstance(value, str):
        for name, id in captured.items():
            value = value.replace(f"${name}", id)
    return value


def within(wanted: object, given: object) -> bool:
    """Whether all that is wanted is there; a list has neither more nor fewer entries."""
    if isinstance(wanted, dict) and isinstance(given, dict):
        return all(name in given and within(value, given[name]) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(given, list):
        return len(wanted) == len(given) and all(map(within, wanted, given))
    return wanted == given and type(wanted) is type(given)


def test_every_case_of_the_reference_is_shown_by_a_conversation_or_a_test_of_its_own() -> None:
    told = {case for file in CONVERSATIONS for case in read(file).shows}
    facts = {case for shown in SHOWN_BY.values() for case in shown}
    assert told | facts == CASES
    assert not told & facts, "a conversation says it better"


@pytest.mark.parametrize("place", SHOWN_BY)
def test_a_test_of_its_own_is_there(place: str) -> None:
    file, _, name = place.partition("::")
    assert f"def {name}(" in (Path(__file__).parents[1] / file).read_text("utf-8")


def test_each_row_of_a_dialect_is_shown_by_a_conversation_with_its_client() -> None:
    shown: dict[ScimClient, set[str]] = {client: set() for client in ScimClient}
    for file in CONVERSATIONS:
        for exchange in read(file).exchanges:
            shown[client_of(file)].update(exchange.get("quirks", ()))
    tables = {ScimClient(client): set(names) for client, names in DIALECTS.items()}
    assert shown == tables


def test_what_one_client_sends_is_refused_where_its_dialect_is_not_spoken() -> None:
    """Entra's way to remove one member would remove all of them, were it read by the standard."""
    okta = ScimClientInProcess(scim_client=ScimClient.OKTA)
    user = okta.user("bob@example.com")
    group = okta.group("Guides", user)
    answer = okta.patch(
        f"/Groups/{group}", {"op": "Remove", "path": "members", "value": [{"value": user}]}
    )
    assert answer.status == 400
    assert "Not tolerated here: operation_case, remove_with_value" in answer.json["detail"]
    assert okta.members(group) == {user}
    assert quirks_in(okta.last_attempt()) == (), "what was refused was not tolerated"

"""What identity providers send, request by request, and what they must get (idp-traffic).

Each file is one conversation: requests as such a client sends them, and of each reply the status
and the part of the body that the client goes by. `$name` stands for an id captured before.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from builders import an_account
from rolecall.domain.model import ScimClient
from rolecall.domain.ports import Store
from rolecall.store.memory import MemoryStore
from rolecall.store.sqlite import SqliteStore
from scim_client import ScimClientInProcess

CONVERSATIONS = sorted(Path(__file__).parent.glob("*/*.json"))
DIALECTS = {"okta": ScimClient.OKTA, "entra": ScimClient.AZURE}
"""Every other client speaks to an integration of SCIM_CLIENT 'GENERIC'."""

# Not single requests: tokens of Entra's own, addresses, rates and retries, parallel changes.
# Entra 14 (a filter on members) and Okta 11 (a create that revives) are answered by a refusal.
ENTRA = {number for number in range(1, 30) if number not in {14, 22, 23, 24, 25}}
OKTA = {number for number in range(1, 16) if number not in {11, 12, 13}}
OTHERS = {"OneLogin", "JumpCloud", "Rippling", "authentik", "Snowflake 1", "Snowflake 2"}


class Conversation(msgspec.Struct):
    """The cases that it shows, and its requests with their replies."""

    shows: list[str]
    exchanges: list[dict[str, Any]]


def read(file: Path) -> Conversation:
    return msgspec.json.decode(file.read_bytes(), type=Conversation)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    fresh: Store = (
        MemoryStore()
        if request.param == "memory"
        else SqliteStore(tmp_path / "rolecall.db", durable=False)
    )
    yield fresh
    fresh.close()


@pytest.mark.parametrize("file", CONVERSATIONS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_the_conversation_goes_as_the_client_expects(file: Path, store: Store) -> None:
    client = DIALECTS.get(file.parent.name, ScimClient.GENERIC)
    scim = ScimClientInProcess(an_account(store), client)
    captured: dict[str, str] = {}
    for number, exchange in enumerate(read(file).exchanges):
        asked, expected = filled(exchange["request"], captured), filled(exchange, captured)
        answer = scim.ask(asked["method"], asked["path"], asked.get("body"))
        place = f"exchange {number}: {asked['method']} {asked['path']}: {answer.text}"
        wanted = expected["response"]
        assert answer.status == wanted["status"], place
        body = answer.json if answer.text else {}
        assert within(wanted.get("body", {}), body), place
        assert not set(wanted.get("absent", ())) & set(body), place
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


def test_every_case_of_the_reference_is_shown() -> None:
    shown = {case for file in CONVERSATIONS for case in read(file).shows}
    cases = {f"Entra {number}" for number in ENTRA} | {f"Okta {number}" for number in OKTA}
    assert shown == cases | OTHERS

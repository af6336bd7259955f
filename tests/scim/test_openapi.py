"""The OpenAPI description says all that the endpoints do, and nothing that is not in the tables."""

import json
import re
from typing import Any

import pytest

from rolecall.fronts import scim
from rolecall.scim.openapi import description
from rolecall.scim.schema import ENTERPRISE_USER
from scim_client import URL, ScimClientInProcess

TOLD: dict[str, Any] = description("https://scim.example.com/scim/v2", "1.0")
METHODS = {"get", "post", "put", "patch", "delete"}


def methods(path: str) -> set[str]:
    return {name for name in TOLD["paths"][path] if name in METHODS}


def parts(name: str) -> dict[str, Any]:
    found: dict[str, Any] = TOLD["components"]["schemas"][name]["properties"]
    return found


def test_every_method_of_every_place_is_described() -> None:
    for kind, handlers in scim._COLLECTIONS.items():  # noqa: SLF001 - the routes themselves
        assert methods(f"/{kind}") == {name.lower() for name in handlers}
    for kind, handlers in scim._RESOURCES.items():  # noqa: SLF001 - the routes themselves
        assert methods(f"/{kind}/{{id}}") == {name.lower() for name in handlers}
    for kind in scim._SEARCHES:  # noqa: SLF001 - the routes themselves
        assert methods(f"/{kind}/.search") == {"post"}


def test_every_reference_leads_somewhere() -> None:
    named = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(TOLD)))
    assert named == TOLD["components"]["schemas"].keys()


def test_a_password_may_be_sent_and_is_never_answered() -> None:
    assert "password" in parts("UserAsked")
    assert "password" not in parts("User")


def test_what_is_read_only_may_not_be_sent() -> None:
    assert "groups" in parts("User")
    assert not {"id", "meta", "groups"} & parts("UserAsked").keys()


def test_attributes_are_as_the_tables_have_them() -> None:
    assert parts("UserAsked")["active"]["type"] == "boolean"
    assert parts("UserAsked")["emails"]["type"] == "array"
    assert parts("User")[ENTERPRISE_USER]["properties"]["manager"]["type"] == "object"
    assert TOLD["components"]["schemas"]["UserAsked"]["required"] == ["schemas", "userName"]
    assert parts("GroupAsked")["members"]["items"]["required"] == ["value"]


def test_the_server_publishes_it_at_its_own_url() -> None:
    client = ScimClientInProcess()
    answer = client.get("/openapi.json")
    assert answer.status == 200
    assert answer.json["servers"] == [{"url": URL}]
    assert client.get("/openapi.json/x").status == 404


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_it_can_only_be_read(method: str) -> None:
    assert ScimClientInProcess().ask(method, "/openapi.json", {}).status == 405

"""Every tolerated oddity has a row with a reason, and a request that shows it."""

from collections.abc import Callable

import pytest

from rolecall.domain.model import ScimClient
from rolecall.scim import quirks
from rolecall.scim.filter import parse_filter
from rolecall.scim.patch import PATCH_OP, read_patch
from rolecall.scim.path import bind_filter
from rolecall.scim.quirks import Client, Quirk
from rolecall.scim.resource import read_resource
from rolecall.scim.schema import ACCOUNT_USER, CORE_USER, ENTERPRISE_USER, GROUP, USER


def post_user(**attributes: object) -> tuple[str, ...]:
    body = {"schemas": [CORE_USER], "userName": "bjensen", **attributes}
    return read_resource(USER, body).quirks


def patch_user(operation: object) -> tuple[str, ...]:
    return read_patch(USER, {"schemas": [PATCH_OP], "Operations": [operation]}).quirks


def patch_group(operation: object) -> tuple[str, ...]:
    return read_patch(GROUP, {"schemas": [PATCH_OP], "Operations": [operation]}).quirks


def search(text: str) -> tuple[str, ...]:
    tolerated: list[str] = []
    bind_filter(parse_filter(text, tolerated), USER, tolerated)
    return tuple(tolerated)


SHOWN: dict[str, Callable[[], tuple[str, ...]]] = {
    "schemas_missing": lambda: read_resource(GROUP, {"displayName": "Guides"}).quirks,
    "boolean_as_string": lambda: post_user(active="False"),
    "object_for_array": lambda: patch_group(
        {"op": "add", "path": "members", "value": {"value": "7"}}
    ),
    "bare_value": lambda: post_user(**{ENTERPRISE_USER: {"manager": "26"}}),
    "bare_name_part": lambda: patch_user({"op": "replace", "value": {"givenName": "Barbara"}}),
    "dotted_key": lambda: patch_user({"op": "replace", "value": {"name.givenName": "Barbara"}}),
    "value_path_compared": lambda: search('emails[type eq "work"].value eq "b@example.com"'),
    "bare_extension": lambda: search('id eq "2" and manager eq "26"'),
    "unquoted_value": lambda: search("userName eq bjensen"),
    "operation_case": lambda: patch_user({"op": "Add", "path": "title", "value": "Guide"}),
    "pathless_members": lambda: patch_group({"op": "add", "value": [{"value": "7"}]}),
    "read_only_in_patch": lambda: patch_group(
        {"op": "replace", "value": {"id": "7", "displayName": "Guides"}}
    ),
    "remove_with_value": lambda: patch_group(
        {"op": "remove", "path": "members", "value": [{"value": "7"}]}
    ),
    "schema_as_path": lambda: patch_user(
        {"op": "add", "path": ACCOUNT_USER, "value": {"defaultRole": "ANALYST"}}
    ),
    "no_operations": lambda: read_patch(USER, {"schemas": [PATCH_OP], "Operations": []}).quirks,
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_request_shows_the_quirk_and_no_other(name: str) -> None:
    assert SHOWN[name]() == (name,)


def test_every_quirk_is_in_the_table_and_shown_by_a_request() -> None:
    defined = [each for each in vars(quirks).values() if isinstance(each, Quirk)]

    assert {quirk.name for quirk in defined} == set(quirks.QUIRKS) == set(SHOWN)
    assert all(each.endswith(".") for quirk in defined for each in (quirk.reason, quirk.instead))


def test_generic_lets_every_quirk_pass_and_the_providers_their_own() -> None:
    okta, azure = (set(quirks.DIALECTS[client]) for client in (Client.OKTA, Client.AZURE))

    assert set(quirks.DIALECTS[Client.GENERIC]) == set(quirks.QUIRKS)
    printed, sent_by_checkers = {"bare_name_part", "pathless_members"}, {"schema_as_path"}
    assert okta & azure == printed | sent_by_checkers
    assert "read_only_in_patch" in okta - azure
    assert "operation_case" in azure - okta


def test_what_does_not_pass_is_refused_once_in_the_order_met() -> None:
    met = ["unquoted_value", "operation_case", "unquoted_value", "dotted_key"]

    assert quirks.refused(met, ["operation_case"]) == (
        quirks.UNQUOTED_VALUE,
        quirks.DOTTED_KEY,
    )
    assert quirks.refused(met, quirks.QUIRKS) == ()


def test_the_clients_are_those_of_scim_client() -> None:
    assert [str(client) for client in Client] == [str(client) for client in ScimClient]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ('roles[primary eq "True"].value', ("boolean_as_string",)),
        ("members[value eq 7]", ("unquoted_value",)),
        ('emails[type eq "work"].value', ()),
    ],
)
def test_what_a_path_needed_is_noted_too(path: str, names: tuple[str, ...]) -> None:
    resource_type = GROUP if path.startswith("members") else USER
    operation = {"op": "remove", "path": path}
    body = {"schemas": [PATCH_OP], "Operations": [operation]}
    assert read_patch(resource_type, body).quirks == names

"""Every tolerated oddity has a row with a reason, and a request that shows it."""

from collections.abc import Callable

import pytest

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
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_request_shows_the_quirk_and_no_other(name: str) -> None:
    assert SHOWN[name]() == (name,)


def test_every_quirk_is_in_the_table_and_shown_by_a_request() -> None:
    defined = [each for each in vars(quirks).values() if isinstance(each, Quirk)]

    assert {quirk.name for quirk in defined} == set(quirks.QUIRKS) == set(SHOWN)
    assert all(quirk.reason.endswith(".") for quirk in defined)


def test_a_dialect_refuses_what_its_client_does_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    only_azure = Quirk(name="only_azure", reason="An example.", clients=(Client.AZURE,))
    monkeypatch.setitem(quirks.QUIRKS, "only_azure", only_azure)

    assert quirks.refused(["only_azure", "dotted_key"], Client.OKTA) == ("only_azure",)
    assert quirks.refused(["only_azure", "dotted_key"], Client.AZURE) == ()

"""An alias is understood wherever its attribute would be, and never instead of another one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.scim.aliases import (
    aliases_for,
    is_attribute,
    place_of,
    with_attributes,
    with_attributes_in_patch,
)
from rolecall.scim.errors import ScimError
from rolecall.scim.schema import ENTERPRISE_USER, GROUP, USER

ALIASES = aliases_for(
    (
        ("lastName", "name.familyName"),
        ("name.first", "name.givenName"),
        ("name.job", "title"),
        ("jobtitle", "title"),
        ("costs", f"{ENTERPRISE_USER}:costCenter"),
    ),
    USER,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("attribute", "leads"),
    [
        ("title", True),
        ("emails", True),
        ("name.familyName", True),
        (f"{ENTERPRISE_USER}:costCenter", True),
        ("emails.value", False),
        ('emails[type eq "work"].value', False),
        ("id", False),
        ("meta.created", False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_an_alias_leads_to_what_a_client_may_set(*, attribute: str, leads: bool) -> None:
    assert (place_of(attribute, USER) is not None) is leads


def test_the_name_of_an_attribute_is_known_in_any_case() -> None:
    assert is_attribute("USERNAME", USER)
    assert not is_attribute("lastName", USER)
    assert not is_attribute("title", GROUP)


def test_an_alias_that_leads_nowhere_in_a_resource_is_left_out() -> None:
    assert aliases_for((("jobtitle", "title"), ("label", "displayName")), GROUP) == {
        "label": "displayName"
    }


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ({"LASTNAME": "Li"}, {"name.familyName": "Li"}),
        (
            {"name": {"first": "An", "formatted": "x"}},
            {"name": {"formatted": "x"}, "name.givenName": "An"},
        ),
        ({"name": {"job": "x"}}, {"name": {}, "title": "x"}),
        ({"title": "same", "jobtitle": "same"}, {"title": "same"}),
        ({"other": 1, "costs": "7"}, {"other": 1, f"{ENTERPRISE_USER}:costCenter": "7"}),
    ],
)
def test_keys_of_a_body_get_the_attributes_name(
    body: dict[str, object], read: dict[str, object]
) -> None:
    assert with_attributes(ALIASES, body) == read


@pytest.mark.parametrize(
    "body",
    [
        {"title": "x", "jobtitle": "y"},
        {"jobtitle": "y", "title": "x"},
        {"jobtitle": "x", "JobTitle": "y"},
        {"jobtitle": "x", "name": {"job": "y"}},
    ],
)
def test_two_names_with_two_values_are_the_attribute_given_twice(body: dict[str, object]) -> None:
    with pytest.raises(ScimError) as refused:
        with_attributes(ALIASES, body)
    assert refused.value.detail == "'title' is given twice; send it once."


@pytest.mark.parametrize(
    ("operation", "read"),
    [
        (
            {"op": "add", "path": "LastName", "value": "Li"},
            {"op": "add", "path": "name.familyName", "value": "Li"},
        ),
        ({"op": "remove", "path": "jobtitle"}, {"op": "remove", "path": "title"}),
        (
            {"op": "add", "Value": {"lastName": "Li"}},
            {"op": "add", "Value": {"name.familyName": "Li"}},
        ),
        (
            {"op": "add", "path": "name", "value": {"first": "An"}},
            {"op": "add", "path": "name", "value": {"givenName": "An"}},
        ),
        (
            {"op": "add", "path": "name", "value": {"job": "x"}},
            {"op": "add", "path": "name", "value": {"job": "x"}},
        ),
        (
            {"op": "add", "path": "title", "value": "x"},
            {"op": "add", "path": "title", "value": "x"},
        ),
        ("no operation", "no operation"),
    ],
)
def test_paths_and_values_of_a_patch_get_the_attributes_name(
    operation: object, read: object
) -> None:
    body = {"schemas": [], "operations": [operation]}
    assert with_attributes_in_patch(ALIASES, body) == {"schemas": [], "operations": [read]}


def test_what_is_no_object_stays_what_it_is() -> None:
    assert with_attributes(ALIASES, [1]) == [1]
    assert with_attributes_in_patch(ALIASES, "x") == "x"
    assert with_attributes_in_patch(ALIASES, {"Operations": 1}) == {"Operations": 1}


@given(st.dictionaries(st.text(max_size=8), JSON))
def test_without_an_alias_in_it_a_body_is_unchanged(body: dict[str, object]) -> None:
    assert with_attributes({}, body) == body
    assert with_attributes_in_patch({}, body) == body

"""JSON values are named, and texts that can't be kept are found."""

import pytest

from rolecall.scim import values
from rolecall.scim.values import Json


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "a boolean"),
        (7, "a number"),
        (1.5, "a number"),
        ("", "a string"),
        ([], "an array"),
        ({}, "an object"),
    ],
)
def test_each_json_value_has_a_name(value: Json, kind: str) -> None:
    assert values.kind_of(value) == kind


def test_what_json_does_not_have_is_named_as_such() -> None:
    assert values.kind_of(b"") == "something that is not JSON"


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "é\udfff"])
def test_nul_and_half_a_surrogate_pair_are_forbidden(text: str) -> None:
    assert values.has_forbidden_character(text)


@pytest.mark.parametrize("text", ["", "plain", "Ünï", "😀"])
def test_whole_unicode_is_allowed(text: str) -> None:
    assert not values.has_forbidden_character(text)


@pytest.mark.parametrize(
    "text",
    ["2008-01-23T04:56:22Z", "2011-05-13T04:42:34.123+02:00", "2026-01-31T08:00:00"],
)
def test_a_date_time_has_a_date_and_a_time_rfc7643_2_3_5(text: str) -> None:
    assert values.is_date_time(text)


@pytest.mark.parametrize("text", ["2008-01-23", "yesterday", "2008-13-01T00:00:00Z", ""])
def test_less_is_no_date_time_rfc7643_2_3_5(text: str) -> None:
    assert not values.is_date_time(text)


@pytest.mark.parametrize("text", ["TUlJ", "TQ==", "TQ", "-_8=", "TUlJ\r\nTUlJ\r\n", ""])
def test_binary_is_base64_rfc7643_2_3_6(text: str) -> None:
    assert values.is_binary(text)


@pytest.mark.parametrize("text", ["T Q", "TQ===", "T=Q", "?", "T", "TUlJT", "TUlJ\r\nT"])
def test_anything_else_is_no_binary_rfc7643_2_3_6(text: str) -> None:
    assert not values.is_binary(text)


REFERENCES = [
    "https://example.com/profile/bjensen?x=1&y=[2]#top",
    "../Users/26118915-6090-4610-87e4-49d8ca9f808d",
    "Users/2819c223",
    "/scim/v2/Groups/e9e30dba",
    "urn:ietf:params:scim:schemas:core:2.0:User",
    "mailto:ann@example.com",
    "data:image/png;base64,iVBORw0KGgo=",
    "https://example.com/J%C3%B6rg",
    "https://example.com/Jörg/写真",
    "http://[2001:db8::7]/",
    "bulkId:qwerty",
    "",
]


@pytest.mark.parametrize("text", REFERENCES)
def test_a_reference_is_an_absolute_or_relative_uri_rfc7643_2_3_7(text: str) -> None:
    assert values.is_reference(text)


@pytest.mark.parametrize(
    "text",
    [
        "not a uri",
        "https://example.com/ann smith",
        "https://example.com/\n",
        "https://example.com/\u00a0",
        "<https://example.com>",
        '"https://example.com"',
        "C:\\photos\\ann.jpg",
        "https://example.com/100%",
        "https://example.com/%zz",
        "https://example.com/{id}",
        "\x07",
        "\x85",
    ],
)
def test_what_no_uri_can_hold_is_no_reference_rfc7643_2_3_7(text: str) -> None:
    assert not values.is_reference(text)

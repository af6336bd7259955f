"""Bind variables become literals before anything else reads the statement."""

import pytest

from rolecall.sql.binding import (
    Bound,
    Date,
    Number,
    Timestamp,
    UnboundVariable,
    bound,
    literal,
    places_count,
)
from rolecall.sql.cursor import Kind, tokens_of


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "NULL"),
        (True, "TRUE"),
        (False, "FALSE"),
        (7, "7"),
        (Number("-1.50"), "-1.50"),
        ("plain", "'plain'"),
        (Date(19_756), "'2024-02-03'::DATE"),
        (Date(-1), "'1969-12-31'::DATE"),
        (Timestamp(1_500_000, "TIMESTAMP_NTZ"), "'1970-01-01 00:00:01.500000'::TIMESTAMP_NTZ"),
        (
            Timestamp(-1, "TIMESTAMP_LTZ"),
            "'1969-12-31 23:59:59.999999 +00:00'::TIMESTAMP_LTZ",
        ),
    ],
)
def test_a_value_is_written_as_its_literal(value: Bound, written: str) -> None:
    assert literal(value) == written


@pytest.mark.parametrize("value", ["it's", "back\\slash", "\\'", "'; drop role x; --", "$$", "ü\n"])
def test_a_text_stays_one_string_whatever_it_holds(value: str) -> None:
    string, end = tokens_of(literal(value))
    assert (string.kind, string.text, end.kind) == (Kind.STRING, value, Kind.END)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("select ?, ?", "select 'a', 'b'"),
        ("select :2, :1, :2", "select 'b', 'a', 'b'"),
        ("select '?', \"?\", $$:1$$ -- ? :1", "select '?', \"?\", $$:1$$ -- ? :1"),
        ("select x::text, ?", "select x::text, 'a'"),
        ("select details:actor, : 1, :1.5, :0", "select details:actor, : 1, :1.5, :0"),
        ("show users", "show users"),
    ],
)
def test_each_variable_becomes_its_value(text: str, whole: str) -> None:
    assert bound(text, ("a", "b")) == whole


def test_a_variable_without_a_value_is_refused_with_its_place() -> None:
    with pytest.raises(UnboundVariable) as raised:
        bound("select ?,\n  ?", ("a",))
    assert raised.value.text == (
        "SQL compilation error: error line 2 at position 2\nBind variable ? not set."
    )
    assert (raised.value.code, raised.value.sqlstate) == ("002049", "42601")


def test_variables_are_counted() -> None:
    assert places_count("select ?, :4 from t where x = '?'") == 2

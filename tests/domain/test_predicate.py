"""Predicates mean the same in every store: this is what they mean (RFC 7644 section 3.4.2.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.domain.predicate import (
    EVERYTHING,
    NOTHING,
    And,
    Compare,
    Field,
    Kept,
    Not,
    Operator,
    Or,
    Predicate,
    Value,
    admits,
    with_names_told,
)

FIELDS = ["name", "active", "created_at"]
a_value = st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=3)
values_of = st.dictionaries(st.sampled_from(FIELDS), a_value)
compares = st.builds(Compare, st.sampled_from(FIELDS), st.sampled_from(list(Operator)), a_value)
predicates: st.SearchStrategy[Predicate] = st.recursive(
    compares,
    lambda terms: (
        st.builds(Not, terms)
        | st.builds(And, st.lists(terms, max_size=3).map(tuple))
        | st.builds(Or, st.lists(terms, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("operator", "wanted", "holds"),
    [
        ("eq", "bob", True),
        ("eq", "Bob", False),
        ("ne", "bob", False),
        ("ne", "rob", True),
        ("co", "o", True),
        ("co", "x", False),
        ("sw", "bo", True),
        ("sw", "ob", False),
        ("ew", "ob", True),
        ("ew", "bo", False),
        ("gt", "boa", True),
        ("gt", "bob", False),
        ("ge", "bob", True),
        ("lt", "boc", True),
        ("lt", "bob", False),
        ("le", "bob", True),
        ("eq", None, False),
        ("ne", None, True),
    ],
)
def test_text_compares_letter_by_letter(operator: str, wanted: Value, *, holds: bool) -> None:
    assert admits(Compare(Field.NAME, Operator(operator), wanted), {"name": "bob"}) is holds


@pytest.mark.parametrize(
    ("operator", "wanted", "holds"),
    [
        ("eq", 5, True),
        ("ne", 5, False),
        ("gt", 4, True),
        ("gt", 5, False),
        ("ge", 5, True),
        ("lt", 6, True),
        ("lt", 5, False),
        ("le", 5, True),
    ],
)
def test_numbers_compare_by_size(operator: str, wanted: int, *, holds: bool) -> None:
    assert admits(Compare(Field.CREATED_AT, Operator(operator), wanted), {"created_at": 5}) is holds


@pytest.mark.parametrize("operator", ["co", "sw", "ew", "gt", "ge", "lt", "le"])
@pytest.mark.parametrize(
    ("present", "wanted"), [("bob", None), (None, "bob"), ("bob", 1), (1, "bob")]
)
def test_what_cannot_be_compared_does_not_hold(
    operator: str, present: Value, wanted: Value
) -> None:
    assert not admits(Compare("name", Operator(operator), wanted), {"name": present})


@pytest.mark.parametrize("operator", ["co", "sw", "ew"])
def test_a_truth_has_no_parts(operator: str) -> None:
    assert not admits(Compare("primary", Operator(operator), value=True), {"primary": True})


def test_an_absent_value_equals_nothing_and_differs_from_everything_else() -> None:
    assert admits(Compare("name", Operator.EQ, None), {})
    assert admits(Compare("name", Operator.NE, "bob"), {})
    assert not admits(Compare("name", Operator.EQ, "bob"), {})


@given(values_of)
def test_all_of_none_is_everything_and_any_of_none_is_nothing(values: dict[str, Value]) -> None:
    assert admits(EVERYTHING, values)
    assert not admits(NOTHING, values)


@given(predicates, values_of)
def test_a_predicate_or_its_opposite_holds(predicate: Predicate, values: dict[str, Value]) -> None:
    assert admits(predicate, values) != admits(Not(predicate), values)


@given(predicates, predicates, values_of)
def test_not_both_is_not_one_or_not_the_other(
    one: Predicate, other: Predicate, values: dict[str, Value]
) -> None:
    apart = Or((Not(one), Not(other)))
    assert admits(Not(And((one, other))), values) == admits(apart, values)


@given(predicates, values_of)
def test_everything_and_nothing_change_no_conjunction_or_choice(
    predicate: Predicate, values: dict[str, Value]
) -> None:
    meant = admits(predicate, values)
    assert admits(And((predicate, EVERYTHING)), values) == meant
    assert admits(Or((predicate, NOTHING)), values) == meant


def test_names_alone_are_told_under_a_condition() -> None:
    told = Compare(Field.OWNER, Operator.EQ, "me")
    name = Compare(Field.DISPLAY_KEY, Operator.EQ, "ann")
    other = Compare(Field.ID, Operator.EQ, "1")
    kept = Kept(("title",), Operator.EQ, "x")
    asked = Or((Not(name), And((other, kept))))
    expected = Or((Not(And((name, told))), And((other, kept))))
    assert with_names_told(asked, told) == expected

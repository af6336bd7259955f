"""Names fold, and keys compare (DESIGN contract 11)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.domain.names import exact, fold, key_of


def test_unquoted_text_folds_to_upper_case_and_quoted_text_stays() -> None:
    assert (fold("bob"), exact("Bob")) == ("BOB", "Bob")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bob", "bOB"),
        ("straße", "STRASSE"),
        ("ﬁona", "FIONA"),
        ("Ｂｏｂ", "bob"),
        ("cafe\u0301", "CAFÉ"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ],
)
def test_spellings_that_differ_by_case_or_compatibility_form_share_a_key(
    one: str, other: str
) -> None:
    assert key_of(one) == key_of(other)


@pytest.mark.parametrize(("one", "other"), [("bob", "rob"), ("ı", "i"), ("a b", "ab")])
def test_what_differs_by_more_has_another_key(one: str, other: str) -> None:
    assert key_of(one) != key_of(other)


def test_a_dotless_i_folds_into_the_key_of_an_i() -> None:
    assert key_of(fold("admın")) == key_of("ADMIN")


@given(st.text(max_size=20))
def test_a_key_is_its_own_key(text: str) -> None:
    assert key_of(key_of(text)) == key_of(text)


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=20))
def test_plain_text_takes_the_short_way_to_the_same_key(text: str) -> None:
    assert key_of(text) == text.casefold()

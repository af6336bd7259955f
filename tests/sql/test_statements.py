"""Statements are values: names fold by one rule, and where a property stood is not what it says."""

from typing import get_args

import pytest

from rolecall.sql.parts import Identifier, Property, folded
from rolecall.sql.statements import Statement


def test_an_unquoted_name_is_upper_cased_and_a_quoted_one_is_exact() -> None:
    assert folded(Identifier(text="Bob")) == "BOB"
    assert folded(Identifier(text="Bob", quoted=True)) == "Bob"


def test_properties_are_equal_wherever_they_stand() -> None:
    here = Property(name="COMMENT", value="x", line=1, column=2)
    there = Property(name="COMMENT", value="x", line=3, column=4)
    assert here == there
    assert hash(here) == hash(there)


def test_a_number_is_not_a_truth_value() -> None:
    assert Property(name="A", value=1) != Property(name="A", value=True)


def test_a_property_is_not_its_parts() -> None:
    assert Property(name="A", value=1).__eq__(("A", 1)) is NotImplemented


@pytest.mark.parametrize("statement", get_args(Statement), ids=lambda kind: kind.__name__)
def test_every_statement_says_what_it_does_and_its_grammar(statement: type) -> None:
    sentence, _, grammar = (statement.__doc__ or "").partition("\n\n")
    assert sentence.endswith(".")
    assert grammar.strip()

"""Every refusal of the SQL language speaks the vendor's form and knows its code."""

import pytest

from rolecall.sql.errors import (
    InvalidArgument,
    MisplacedFunction,
    SqlCompilationError,
    SqlSyntaxError,
    UnknownFunction,
    UnknownIdentifier,
    UnknownRelation,
    UnsupportedFeature,
)

WORDED = [
    (
        SqlSyntaxError("unexpected 'GROUP'.", line=1, column=21),
        ("001003", "42000"),
        "syntax error line 1 at position 20 unexpected 'GROUP'.",
    ),
    (UnknownFunction("FLY"), ("002140", "42601"), "Unknown function FLY"),
    (
        UnknownRelation("X"),
        ("002003", "02000"),
        "Object 'X' does not exist or not authorized.",
    ),
    (
        InvalidArgument("F", "too few."),
        ("001015", "22023"),
        "Invalid argument for function F: too few.",
    ),
    (
        MisplacedFunction("F"),
        ("002078", "42601"),
        "Function F changes the account: call it alone, as SELECT F(...)",
    ),
    (UnsupportedFeature("LATERAL"), ("000002", "0A000"), "Unsupported feature: LATERAL"),
]


@pytest.mark.parametrize(("error", "codes", "sentence"), WORDED)
def test_a_refusal_has_the_vendors_code_and_form(
    error: SqlCompilationError, codes: tuple[str, str], sentence: str
) -> None:
    assert (error.code, error.sqlstate) == codes
    assert error.text == f"SQL compilation error:\n{sentence}"


def test_a_place_that_is_unknown_reads_as_the_beginning() -> None:
    assert "line 1 at position 0" in SqlSyntaxError("unexpected").text


def test_an_unknown_column_is_told_with_its_place_where_that_is_known() -> None:
    assert UnknownIdentifier("NOPE").text == "SQL compilation error:\ninvalid identifier 'NOPE'"
    assert UnknownIdentifier("NOPE", line=1, column=8).text == (
        "SQL compilation error: error line 1 at position 7\ninvalid identifier 'NOPE'"
    )

"""Variables in statements: `$x` is one value, IDENTIFIER(…) one name, whatever is in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.sql.calls import Constant
from rolecall.sql.errors import SqlSyntaxError, UnknownVariable
from rolecall.sql.parser import parse
from rolecall.sql.printer import print_statement

VARIABLES: dict[str, Constant] = {
    "ROLE": "analysts",
    "EXACT": '"data team"',
    "PLACE": "demo_db.information_schema",
    "WORDS": "'; drop user bob; --",
    "ON": True,
    "DAYS": 3,
    "BACK": -2,
    "HALF": 0.5,
}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("use role identifier('analysts')", "USE ROLE analysts"),
        ("use role identifier ( $Role )", "USE ROLE analysts"),
        ("use role identifier($exact)", 'USE ROLE "data team"'),
        ("use schema identifier($place)", "USE SCHEMA demo_db.information_schema"),
        ("use schema demo_db.identifier('s')", "USE SCHEMA demo_db.s"),
        (
            "alter user bob set comment = $words",
            "ALTER USER bob SET COMMENT = '''; drop user bob; --'",
        ),
        ("alter user bob set disabled = $on", "ALTER USER bob SET DISABLED = TRUE"),
        ("alter user bob set days_to_expiry = $days", "ALTER USER bob SET DAYS_TO_EXPIRY = 3"),
        ("alter user bob set days_to_expiry=$back", "ALTER USER bob SET DAYS_TO_EXPIRY = -2"),
        ("show users like $role limit $days", "SHOW USERS LIKE 'analysts' LIMIT 3"),
        (
            "grant role identifier($role) to user identifier($exact)",
            'GRANT ROLE analysts TO USER "data team"',
        ),
        ("create role identifier", "CREATE ROLE identifier"),
    ],
)
def test_values_and_names_are_put_in(text: str, read: str) -> None:
    assert print_statement(parse(text, variables=VARIABLES)) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("alter user bob set comment = $words", "ALTER USER bob SET COMMENT = '********'"),
        (
            "alter role identifier($role) set comment = $role",
            "ALTER ROLE analysts SET COMMENT = '********'",
        ),
        ("alter user bob set days_to_expiry = $days", "ALTER USER bob SET DAYS_TO_EXPIRY = 3"),
    ],
)
def test_stars_hide_texts_and_leave_names(text: str, read: str) -> None:
    assert print_statement(parse(text, variables=VARIABLES, stars=True)) == read


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("use role $role", 10, "a name"),
        ("use role identifier(role)", 21, "a name in quotes"),
        ("use role identifier($days)", 21, "a name in quotes"),
        ("use role identifier()", 21, "a name in quotes"),
        ("use role identifier(", 21, "a name in quotes"),
        ("use role identifier('a' 'b')", 25, "')'"),
        ("use role identifier($role", 26, "')'"),
        ("use role identifier('')", 10, "a name in quotes"),
        ("use role identifier('a b')", 10, "a name in quotes"),
        ("use role identifier('a.')", 10, "a name in quotes"),
        ("use role identifier('.a')", 10, "a name in quotes"),
        ("use role identifier('a;')", 10, "a name in quotes"),
        ("use role identifier('\"a')", 10, "a name in quotes"),
        ("use role identifier('a.b')", 10, "the end of the statement"),
        ("use role identifier($words)", 10, "a name in quotes"),
        ("alter user bob set days_to_expiry = $half", 37, "a whole number"),
        ("alter user bob set comment = $ role", 30, "a string"),
        ("show users like $", 17, "a string"),
    ],
)
def test_what_is_no_name_and_no_value_is_refused_in_its_place(
    text: str, column: int, expected: str
) -> None:
    with pytest.raises(SqlSyntaxError) as refused:
        parse(text, variables=VARIABLES)
    assert refused.value.column == column
    assert expected in refused.value.text


def test_a_variable_that_is_not_set_is_named_with_its_place() -> None:
    with pytest.raises(UnknownVariable) as refused:
        parse("use role\nidentifier($nothing)")
    assert (refused.value.line, refused.value.column) == (2, 12)
    assert refused.value.name == "NOTHING"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_value_never_says_more_than_a_value(value: str) -> None:
    statement = parse("alter user bob set comment = $x", variables={"X": value})
    assert statement == parse(f"alter user bob set comment = {_quoted(value)}")


def _quoted(value: str) -> str:
    doubled = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"


@given(st.text(alphabet="ab\"'. ;$()-\\", max_size=12))
def test_a_name_is_a_name_or_is_refused(value: str) -> None:
    try:
        statement = parse("use schema identifier($x)", variables={"X": value})
    except SqlSyntaxError:
        return
    assert statement == parse(f"use schema {value}")

"""Leading words lead to a rule; what no rule knows is refused with what was expected, and where."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.sql.errors import SqlSyntaxError, UnknownVariable
from rolecall.sql.parser import parse, parse_script
from rolecall.sql.statements import Select, UseRole

FIXTURES = Path(__file__).parent / "fixtures"
STATEMENTS = [
    block.split("\n", 1)[0]
    for block in (FIXTURES / "statements.sql").read_text().strip().split("\n\n")
]
REFUSALS = [
    block.split("\n", 1) for block in (FIXTURES / "refusals.sql").read_text().strip().split("\n\n")
]


@pytest.mark.parametrize(("text", "expected"), REFUSALS)
def test_a_refusal_says_where_and_what_was_expected(text: str, expected: str) -> None:
    with pytest.raises(SqlSyntaxError) as refused:
        parse(text)
    assert refused.value.text.split("\n")[1:] == [
        line.removeprefix("-- ") for line in expected.split("\n")
    ]


def test_upper_and_lower_case_are_the_same_language() -> None:
    for text in STATEMENTS:
        if not set(text) & set("'\"$"):
            assert type(parse(text.swapcase())) is type(parse(text))


def test_a_script_is_parsed_statement_by_statement_with_lines() -> None:
    parsed = parse_script("use role a;\n\nselect 1\n;")
    assert [(type(one.statement), one.text, one.line) for one in parsed] == [
        (UseRole, "use role a", 1),
        (Select, "select 1", 3),
    ]


def test_an_error_in_a_script_is_placed_in_the_script() -> None:
    with pytest.raises(SqlSyntaxError) as refused:
        parse_script("use role a;\n  use role;")
    assert (refused.value.line, refused.value.column) == (2, 11)


def test_the_documents_scripts_run_as_printed() -> None:
    script = """
        use role accountadmin;
        create role if not exists aad_provisioner;
        grant create user on account to role aad_provisioner;
        grant create role on account to role aad_provisioner;
        grant role aad_provisioner to role accountadmin;
        create or replace security integration aad_provisioning
            type = scim
            scim_client = 'azure'
            run_as_role = 'AAD_PROVISIONER';
        select system$generate_scim_access_token('AAD_PROVISIONING');
    """
    assert len(parse_script(script)) == len(parse_script(script.upper())) == 7


@given(st.text())
def test_any_text_is_a_statement_or_a_syntax_error(text: str) -> None:
    with suppress(SqlSyntaxError, UnknownVariable):
        parse(text)


@given(st.data())
def test_a_mutated_statement_is_a_statement_or_a_syntax_error(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(STATEMENTS))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    piece = data.draw(st.sampled_from(["", " ", "'", '"', "(", ",", "=", ".", ";", "é", "\0", "5"]))
    with suppress(SqlSyntaxError):
        parse(text[:start] + piece + text[end:])

"""Filters are read by RFC 7644 section 3.4.2.2, written back, and refused where they go wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.scim.errors import ScimError
from rolecall.scim.filter import (
    FILTER_CHARACTERS_MAX,
    FILTER_DEPTH_MAX,
    And,
    AttributePath,
    Comparison,
    Filter,
    Not,
    Operator,
    Or,
    Present,
    Scalar,
    ValuePath,
    parse_filter,
    parse_selection,
    print_filter,
)

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def path(name: str, sub_attribute: str | None = None, schema: str | None = None) -> AttributePath:
    return AttributePath(schema=schema, name=name, sub_attribute=sub_attribute)


def equal(name: str, value: Scalar) -> Comparison:
    return Comparison(attribute=path(name), operator=Operator.EQ, value=value)


def present(name: str) -> Present:
    return Present(attribute=path(name))


def detail_of(text: str) -> str:
    with pytest.raises(ScimError) as caught:
        parse_filter(text)
    assert (caught.value.status, caught.value.scim_type) == (400, "invalidFilter")
    return caught.value.detail


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "bjensen"',
        'name.familyName co "O\'Malley"',
        'userName sw "J"',
        'urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"',
        "title pr",
        'meta.lastModified gt "2011-05-13T04:42:34Z"',
        'meta.lastModified ge "2011-05-13T04:42:34Z"',
        'meta.lastModified lt "2011-05-13T04:42:34Z"',
        'meta.lastModified le "2011-05-13T04:42:34Z"',
        'title pr and userType eq "Employee"',
        'title pr or userType eq "Intern"',
        f'schemas eq "{ENTERPRISE}"',
        'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")',
        'userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")',
        'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]',
        'emails[type eq "work" and value co "@foo.com"] or ims[type eq "xmpp" and value sw "@"]',
    ],
)
def test_the_examples_of_the_rfc_read_and_print_as_they_stand_rfc7644_figure_2(text: str) -> None:
    assert print_filter(parse_filter(text)) == text


def test_a_single_term_in_round_brackets_needs_none_rfc7644_figure_2() -> None:
    text = 'userType eq "Employee" and (emails.type eq "work")'

    assert print_filter(parse_filter(text)) == text.replace("(", "").replace(")", "")


def test_operators_and_connectives_have_no_case_rfc7644_3_4_2_2() -> None:
    assert parse_filter('a EQ "x" AND b Pr oR NOT (c pr)') == Or(
        terms=(
            And(terms=(equal("a", "x"), present("b"))),
            Not(term=present("c")),
        )
    )


def test_not_binds_tighter_than_and_and_and_tighter_than_or_rfc7644_3_4_2_2() -> None:
    assert parse_filter("a pr or not (b pr) and c pr") == Or(
        terms=(present("a"), And(terms=(Not(term=present("b")), present("c"))))
    )


def test_round_brackets_change_the_order_rfc7644_table_5() -> None:
    assert parse_filter("(a pr or b pr) and c pr") == And(
        terms=(Or(terms=(present("a"), present("b"))), present("c"))
    )


def test_a_chain_of_one_connective_is_flat() -> None:
    assert parse_filter("a pr and (b pr and c pr)") == And(
        terms=(present("a"), present("b"), present("c"))
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"a \\"quoted\\" \\u00fc"', 'a "quoted" ü'),
        ("true", True),
        ("False", False),
        ("null", None),
        ("-12", -12),
        ("2.5e1", 25.0),
        ('""', ""),
    ],
)
def test_a_value_is_a_json_value_rfc7644_figure_1(text: str, value: Scalar) -> None:
    assert parse_filter(f"a eq {text}") == equal("a", value)


def test_a_path_may_be_fully_qualified_rfc7644_3_10() -> None:
    assert parse_filter(f"{ENTERPRISE}:manager.value pr") == Present(
        attribute=path("manager", "value", ENTERPRISE)
    )


def test_a_quote_may_follow_the_operator_at_once_rfc7644_3_5_2_2() -> None:
    assert parse_filter('value eq"2819c223"') == equal("value", "2819c223")


def test_an_unquoted_word_is_tolerated_behind_eq() -> None:
    tolerated: list[str] = []

    assert parse_filter("userName eq bob@example.com", tolerated) == equal(
        "userName", "bob@example.com"
    )
    assert tolerated == ["unquoted_value"]


@pytest.mark.parametrize("comparison", ['value eq "a@example.com"', "value pr"])
def test_a_comparison_of_a_chosen_values_part_is_one_value_path(comparison: str) -> None:
    tolerated: list[str] = []

    assert parse_filter(f'emails[type eq "work"].{comparison}', tolerated) == parse_filter(
        f'emails[type eq "work" and {comparison}]'
    )
    assert tolerated == ["value_path_compared"]


ATTRIBUTE = "Expected an attribute"
OPERATOR = "Expected an operator (eq, ne, co, sw, ew, gt, ge, lt, le or pr)"
VALUE = "Expected a value: text in double quotes, a number, true or false"
JSON = "Expected a JSON text or a 64-bit number"
SINGLE = "Expected text in double quotes, not in single ones"
UNKEPT = "The value holds a character that no attribute can hold"
NESTED = "A filter in square brackets can't hold another one"


@pytest.mark.parametrize(
    ("text", "claim", "found", "column"),
    [
        ("", ATTRIBUTE, "the end", 1),
        ("and pr", ATTRIBUTE, "'and'", 1),
        ("1a pr", ATTRIBUTE, "'1a'", 1),
        ('"a" pr', ATTRIBUTE, "'\"a\"'", 1),
        ("userName", OPERATOR, "the end", 9),
        ("userName like 1", OPERATOR, "'like'", 10),
        ('userName "eq" 1', OPERATOR, "'\"eq\"'", 10),
        ("userName co bob", VALUE, "'bob'", 13),
        ("userName eq and", VALUE, "'and'", 13),
        ("userName eq 'bob'", SINGLE, "''bob''", 13),
        ("userName co 'b ob'", SINGLE, "''b'", 13),
        ("a eq (", VALUE, "'('", 6),
        ("a pr b pr", "Expected the end", "'b'", 6),
        ("(a pr", "Expected ')'", "the end", 6),
        ("not a pr", "Expected '('", "'a'", 5),
        ("a[b[c pr]]", NESTED, "'c'", 5),
        ('a eq "\\x"', JSON, "'\"\\x\"'", 6),
        ("a eq 9223372036854775808", JSON, "'9223372036854775808'", 6),
        ('a eq "\ud800"', JSON, "'\"\\ud800\"'", 6),
        ('a eq "\\u0000"', UNKEPT, "'\"\\u0000\"'", 6),
        ("a gt true", "The operator gt compares texts and numbers", "'true'", 6),
        ("a le null", "The operator le compares texts and numbers", "'null'", 6),
    ],
)
def test_a_refusal_says_what_is_wrong_and_in_which_column(
    text: str, claim: str, found: str, column: int
) -> None:
    assert detail_of(text) == f"{claim}, found {found} at column {column}."


def test_a_quote_that_is_not_closed_is_refused_where_it_opens() -> None:
    assert detail_of('a eq "b') == (
        "The quoted value that begins at column 6 has no closing quote."
    )


def test_a_filter_that_is_too_long_is_refused_unread() -> None:
    assert detail_of("(" * (FILTER_CHARACTERS_MAX + 1)) == (
        "The filter has 8193 characters; send at most 8192."
    )


def test_brackets_nest_as_deep_as_the_limit_and_no_deeper() -> None:
    deep = "(" * FILTER_DEPTH_MAX + "a pr" + ")" * FILTER_DEPTH_MAX

    assert parse_filter(deep) == present("a")
    assert detail_of(f"({deep})").startswith("Brackets are nested deeper than 32")


def test_a_number_of_thousands_of_digits_is_refused() -> None:
    assert "64-bit number" in detail_of("a eq " + "1" * 8000)


def test_a_long_chain_is_not_deep() -> None:
    filter_ = parse_filter(" or ".join(["a pr"] * 1000))

    assert isinstance(filter_, Or)
    assert len(filter_.terms) == 1000


def test_a_patch_path_selects_values_and_a_part_rfc7644_3_5_2_figure_7() -> None:
    assert parse_selection('addresses[type eq "work"].streetAddress') == (
        path("addresses"),
        equal("type", "work"),
        "streetAddress",
    )
    assert parse_selection("name.familyName") == (path("name", "familyName"), None, None)


NAMES = st.from_regex(r"[A-Za-z$][A-Za-z0-9_$-]{0,8}", fullmatch=True).filter(
    lambda name: name.lower() not in {"and", "or", "not"}
)
PATHS = st.builds(
    path, NAMES, st.none() | NAMES, st.sampled_from([None, ENTERPRISE, "urn:example:hr"])
)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
COMPARISONS = st.builds(
    Comparison, attribute=PATHS, operator=st.sampled_from(Operator), value=TEXTS | NUMBERS
) | st.builds(
    Comparison,
    attribute=PATHS,
    operator=st.sampled_from([Operator.EQ, Operator.NE]),
    value=st.none() | st.booleans(),
)


def combined(terms: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    def several(refused: type[Filter]) -> st.SearchStrategy[tuple[Filter, ...]]:
        usable = terms.filter(lambda term: not isinstance(term, refused))
        return st.lists(usable, min_size=2, max_size=3).map(tuple)

    return (
        st.builds(And, terms=several(And))
        | st.builds(Or, terms=several(Or))
        | st.builds(Not, term=terms)
    )


PLAIN = COMPARISONS | st.builds(Present, attribute=PATHS)
VALUE_PATHS = st.builds(
    ValuePath, attribute=PATHS, filter=st.recursive(PLAIN, combined, max_leaves=4)
)
FILTERS = st.recursive(PLAIN | VALUE_PATHS, combined, max_leaves=8)


@given(FILTERS)
def test_what_is_printed_reads_back_as_the_same_filter(filter_: Filter) -> None:
    assert parse_filter(print_filter(filter_)) == filter_


WORDS = st.sampled_from(
    ["a", "userName", "eq", "pr", "and", "or", "not", "(", ")", "[", "]", '"x"', "1", " ", "."]
)


@given(st.text(max_size=40) | st.lists(WORDS, max_size=12).map(" ".join))
def test_any_text_is_read_or_refused_as_an_invalid_filter(text: str) -> None:
    try:
        filter_ = parse_filter(text)
    except ScimError as error:
        scim_type = error.scim_type
    else:
        assert parse_filter(print_filter(filter_)) == filter_
        scim_type = "invalidFilter"
    assert scim_type == "invalidFilter"

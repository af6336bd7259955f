"""A path finds the row it names in every spelling, and a bound filter fits its attributes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.scim import filter as filters
from rolecall.scim.errors import ScimError
from rolecall.scim.filter import AttributePath, Not, ValuePath, parse_filter, print_filter
from rolecall.scim.path import UnknownAttribute, bind_filter, bind_plain, parse_path, print_path
from rolecall.scim.schema import (
    GROUP,
    USER,
    Attribute,
    ResourceType,
    Schema,
    Type,
)

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ACCOUNT = "urn:ietf:params:scim:schemas:extension:2.0:User"

METER = ResourceType(
    name="Meter",
    endpoint="/Meters",
    description="A type with numbers, which no table of ours has.",
    schema=Schema(
        urn="urn:example:Meter",
        name="Meter",
        description="Meter",
        attributes=(
            Attribute(name="floor", description="A whole number.", type=Type.INTEGER),
            Attribute(name="load", description="A number.", type=Type.DECIMAL),
        ),
    ),
)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("userName", "userName"),
        ("USERNAME", "userName"),
        ("name.familyName", "name.familyName"),
        ("Name.FAMILYNAME", "name.familyName"),
        ("externalId", "externalId"),
        ("meta.lastModified", "meta.lastModified"),
        (f"{CORE}:userName", "userName"),
        (f"{CORE.upper()}:name.givenName", "name.givenName"),
        (f"{CORE}:externalId", "externalId"),
        (f"{ENTERPRISE}:employeeNumber", f"{ENTERPRISE}:employeeNumber"),
        (f"{ENTERPRISE}:manager.value", f"{ENTERPRISE}:manager.value"),
        (f"{ENTERPRISE}.snowflakeUserName", f"{ENTERPRISE}:snowflakeUserName"),
        (f"{ENTERPRISE}.manager.value", f"{ENTERPRISE}:manager.value"),
        (f"{ACCOUNT.lower()}:defaultrole", f"{ACCOUNT}:defaultRole"),
        ('emails[type eq "work"].value', "emails.value"),
    ],
)
def test_every_spelling_leads_to_the_same_place_rfc7644_3_10(text: str, place: str) -> None:
    assert print_path(parse_path(text, USER)) == place


def test_a_value_filter_gets_canonical_names_rfc7644_3_5_2() -> None:
    path = parse_path('Emails[TYPE eq "work" and not (Primary pr)].Value', USER)

    assert path.value_filter == parse_filter('type eq "work" and not (primary pr)')
    assert path.sub_attribute is USER.by_name["emails"].by_name["value"]


def test_a_value_filter_may_stand_on_a_single_value() -> None:
    path = parse_path(f'{ENTERPRISE}:manager[value eq "7"]', USER)

    assert path.attribute.name == "manager"
    assert path.value_filter == parse_filter('value eq "7"')


@pytest.mark.parametrize(
    "text",
    [
        "shoeSize",
        "name.shoeSize",
        "emails[colour pr]",
        'emails[value.part eq "x"]',
        "emails[value pr].colour",
        f"{ENTERPRISE}:shoeSize",
        f"{ENTERPRISE}.shoeSize",
        "urn:example:Unknown:attribute",
        "urn:example:Unknown:attribute.part",
        "nic\u212aName.a",
    ],
)
def test_an_unknown_attribute_is_an_error_of_its_own(text: str) -> None:
    expected = UnknownAttribute if text.isascii() else ScimError
    with pytest.raises(expected) as caught:
        parse_path(text, USER)
    assert (caught.value.status, caught.value.scim_type) == (400, "invalidPath")


@pytest.mark.parametrize(
    "text",
    ["", "a b", "emails[", "emails]", 'userName[value eq "x"]', 'name.givenName[value eq "x"]',
     "emails[[", "x" * 1025, "emails[value gt true]"],
)  # fmt: skip
def test_a_malformed_path_is_invalid_rfc7644_table_9(text: str) -> None:
    with pytest.raises(ScimError) as caught:
        parse_path(text, USER)
    assert (caught.value.status, caught.value.scim_type) == (400, "invalidPath")


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ('USERNAME eq "bob"', 'userName eq "bob"'),
        (f'{CORE}:userName eq "bob"', 'userName eq "bob"'),
        (f"{ENTERPRISE}.defaultRole pr", f"{ENTERPRISE}:defaultRole pr"),
        ('emails co "example.com"', 'emails.value co "example.com"'),
        (f'{ENTERPRISE}:manager eq "7"', f'{ENTERPRISE}:manager.value eq "7"'),
        ("name pr", "name pr"),
        ("title eq null", "title eq null"),
        ("ACTIVE eq false", "active eq false"),
        ('NOT (Emails[TYPE eq "work" and not (value pr)])',
         'not (emails[type eq "work" and not (value pr)])'),
        ('title pr or ID eq "1"', 'title pr or id eq "1"'),
        ('meta.created gt "2026-01-31T08:00:00Z"', 'meta.created gt "2026-01-31T08:00:00Z"'),
        ('meta.created sw "2026"', 'meta.created sw "2026"'),
    ],
)  # fmt: skip
def test_a_bound_filter_has_canonical_names_rfc7644_3_4_2_2(text: str, bound: str) -> None:
    assert print_filter(bind_filter(parse_filter(text), USER)) == bound


@pytest.mark.parametrize(
    ("text", "bound", "quirk"),
    [
        ('active eq "True"', "active eq true", "boolean_as_string"),
        ('roles[primary eq "False"]', "roles[primary eq false]", "boolean_as_string"),
        ("userName eq 12345", 'userName eq "12345"', "unquoted_value"),
    ],
)
def test_a_value_of_a_tolerated_type_becomes_the_attributes(
    text: str, bound: str, quirk: str
) -> None:
    tolerated: list[str] = []

    assert print_filter(bind_filter(parse_filter(text), USER, tolerated)) == bound
    assert tolerated == [quirk]


@pytest.mark.parametrize(
    "text",
    [
        "active gt 1",
        'active co "t"',
        'active eq "perhaps"',
        "active eq 1",
        'x509Certificates.value lt "TQ=="',
        "userName eq true",
        "userName co 5",
        "userName gt 5.5",
        "userName co null",
        'name eq "Bob"',
        'password eq "secret"',
        "password pr",
        'meta.created gt "yesterday"',
        'userName[value eq "x"]',
        "name.givenName[value pr]",
    ],
)
def test_an_operator_that_does_not_fit_is_an_invalid_filter_rfc7644_table_3(text: str) -> None:
    with pytest.raises(ScimError) as caught:
        bind_filter(parse_filter(text), USER)
    assert (caught.value.status, caught.value.scim_type) == (400, "invalidFilter")


def test_numbers_compare_with_numbers_rfc7644_table_3() -> None:
    filter_ = parse_filter("floor ge 3 and load lt 0.5")

    assert bind_filter(filter_, METER) == filter_


@pytest.mark.parametrize("text", ['floor eq "3"', "load eq true", "floor co 3", "floor sw null"])
def test_numbers_compare_with_nothing_else_rfc7644_table_3(text: str) -> None:
    with pytest.raises(ScimError, match="is a number"):
        bind_filter(parse_filter(text), METER)


def test_an_unknown_attribute_of_a_filter_is_told_apart() -> None:
    with pytest.raises(UnknownAttribute, match="'shoeSize' is no attribute of Group"):
        bind_filter(parse_filter("displayName pr or not (shoeSize pr)"), GROUP)


def test_square_brackets_do_not_nest() -> None:
    inner = ValuePath(attribute=AttributePath(name="value"), filter=parse_filter("value pr"))
    outer = ValuePath(attribute=AttributePath(name="emails"), filter=Not(term=inner))

    with pytest.raises(ScimError, match="can't hold another"):
        bind_filter(outer, USER)


PIECES = st.sampled_from(
    ["emails", "name", ".", "[", "]", "type", "primary", " eq ", " gt ", '"x"', "1", CORE, ":"]
)


@given(st.text(max_size=30) | st.lists(PIECES, max_size=9).map("".join))
def test_any_text_is_a_path_or_a_refusal(text: str) -> None:
    try:
        path = parse_path(text, USER)
    except ScimError as error:
        scim_type = error.scim_type
    else:
        scim_type = "invalidPath"
        if path.value_filter is None:
            assert parse_path(print_path(path), USER) == path
        else:
            selection = f"[{filters.print_filter(path.value_filter)}]"
            part = "" if path.sub_attribute is None else f".{path.sub_attribute.name}"
            assert parse_path(f"{path.attribute.name}{selection}{part}", USER) == path
    assert scim_type in {"invalidPath", "invalidFilter"}


# ---- comparisons remembered without their text -------------------------------------------------

WRITTEN = st.sampled_from(
    [
        "userName",
        "USERNAME",
        "emails",
        "emails.value",
        "active",
        "meta.created",
        "name",
        "name.familyName",
        "password",
        "x509Certificates.value",
        "department",
        "nobody",
        "not",
        "12",
        ENTERPRISE,
        f"{ENTERPRISE}:manager.value",
        f"{ACCOUNT.lower()}.defaultRole",
    ]
)
OPERATORS = st.sampled_from(["eq", "EQ", "ne", "co", "sw", "ew", "gt", "le", "pr", "or", "is"])
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["true", "2026-01-31T08:00:00Z", 'a"b', "a\\n", "\ud800", "\0", "]", "Ω"]),
)


def said(text: str, resource_type: ResourceType = USER) -> object:
    """What the grammar says of a filter: its bound form, or which kind of error."""
    try:
        return bind_filter(parse_filter(text), resource_type)
    except ScimError as error:
        return type(error), error.scim_type


@given(WRITTEN, OPERATORS, TEXTS, st.sampled_from(["", " ", "  ", "\t"]))
def test_a_plain_comparison_means_what_the_grammar_says(
    attribute: str, operator: str, value: str, space: str
) -> None:
    text = f'{attribute} {operator}{space}"{value}"'
    plain = bind_plain(text, USER)
    assert plain in {None, said(text)}


@given(WRITTEN, OPERATORS, TEXTS)
def test_a_path_with_a_plain_comparison_is_the_path_that_the_grammar_reads(
    part: str, operator: str, value: str
) -> None:
    def read(text: str) -> object:
        try:
            return parse_path(text, USER)
        except ScimError as error:
            return type(error), error.scim_type

    plain = read(f'emails[{part} {operator} "{value}"]')
    assert plain == read(f'emails[({part} {operator} "{value}")]')


@pytest.mark.parametrize(
    "text",
    [
        'active eq "true"',  # a quirk is counted each time
        'department eq "Sales"',
        'meta.created gt "2026-01-31T08:00:00Z"',  # not every text is a time
        'userName eq "a\\"b"',
        "userName eq bjensen",
        "userName pr",
        f'userName eq "{"a" * filters.FILTER_CHARACTERS_MAX}"',
    ],
)
def test_what_its_text_decides_is_left_to_the_grammar(text: str) -> None:
    assert bind_plain(text, USER) is None


def test_each_text_is_its_own_although_the_comparison_is_remembered() -> None:
    first, second = (bind_plain(f'userName eq "{name}"', USER) for name in ("ada", "bob"))
    assert [each and each.value for each in (first, second)] == ["ada", "bob"]

"""Distinguished names: every spelling of a name has one key (RFC 4514, 2253, 4518)."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.push.distinguished import NameSyntaxError, folded, key_of, parsed

KEY = "uid=person-0001,ou=people,dc=example,dc=com"

TYPES = st.sampled_from(["cn", "uid", "ou", "dc", "l", "x-own"])
VALUES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda text: text.strip() != "" and folded(text) != ""
)
NAMES = st.lists(st.lists(st.tuples(TYPES, VALUES), min_size=1, max_size=2), min_size=1, max_size=4)


def spelled_plainly(pairs: list[list[tuple[str, str]]]) -> str:
    return ",".join("+".join(f"{kind}={escaped(value)}" for kind, value in rdn) for rdn in pairs)


def spelled_strangely(pairs: list[list[tuple[str, str]]]) -> str:
    return " ; ".join(
        " + ".join(f"{kind.upper()} = {hex_escaped(value)}" for kind, value in reversed(rdn))
        for rdn in pairs
    )


def escaped(value: str) -> str:
    return "".join(f"\\{letter}" if letter in ' #+,;<>="\\' else letter for letter in value)


def hex_escaped(value: str) -> str:
    return "".join(f"\\{octet:02X}" for octet in value.encode())


@pytest.mark.parametrize(
    "spelling",
    [
        "uid=person-0001,ou=people,dc=example,dc=com",
        "UID=Person-0001, OU=People, DC=Example, DC=Com",
        "uid = person-0001 ,ou=people;dc=example , dc=com",
        "uid=person\\2D0001,ou=people,dc=example,dc=com",
        'uid="person-0001" ,ou=people,dc=example,dc=com',
        "userid=person-0001,organizationalUnitName=people,domainComponent=example,dc=com",
        "OID.0.9.2342.19200300.100.1.1=person-0001,2.5.4.11=people,dc=example,dc=com",
        "uid=#040B706572736F6E2D30303031,ou=people,dc=example,dc=com",
    ],
)
def test_spellings_of_one_name_have_one_key(spelling: str) -> None:
    assert key_of(spelling) == KEY


@pytest.mark.parametrize(
    "spelling",
    [
        "cn=Anvil\\, Amber,dc=example",
        "cn=Anvil\\2C Amber,dc=example",
        'cn="Anvil, Amber",dc=example',
    ],
)
def test_an_escaped_comma_belongs_to_the_value(spelling: str) -> None:
    assert key_of(spelling) == "cn=anvil\\, amber,dc=example"


def test_the_parts_of_a_multi_valued_rdn_have_no_order() -> None:
    assert key_of("uid=one+cn=Amber,dc=example") == key_of("cn=amber + uid=ONE,dc=example")


def test_the_names_of_two_people_have_two_keys() -> None:
    assert key_of("cn=a\\,b,dc=c") != key_of("cn=a,b=x,dc=c")


def test_octets_of_one_character_may_be_escaped_apart() -> None:
    assert key_of("cn=\\C3\\A9lan") == key_of("cn=Élan") == "cn=élan"


def test_a_hex_value_of_unknown_type_stays_hex() -> None:
    assert key_of("cn=#0203010203") == "cn=\\#0203010203"


def test_the_empty_name_is_the_root() -> None:
    assert parsed("  ") == ()


@pytest.mark.parametrize(
    "text",
    [
        "person",
        "=x",
        "cn=a,",
        "cn=a\\",
        'cn="a',
        'cn="a"b',
        'cn=a"b',
        "c n=a",
        "cn=\\FF",
        "cn=a,,dc=b",
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(NameSyntaxError):
        key_of(text)


@given(NAMES)
def test_the_key_of_a_key_is_itself(pairs: list[list[tuple[str, str]]]) -> None:
    key = key_of(spelled_plainly(pairs))
    assert key_of(key) == key


@given(NAMES)
def test_any_spelling_keeps_the_key(pairs: list[list[tuple[str, str]]]) -> None:
    assert key_of(spelled_strangely(pairs)) == key_of(spelled_plainly(pairs))


@given(NAMES, NAMES)
def test_different_names_have_different_keys(
    one: list[list[tuple[str, str]]], other: list[list[tuple[str, str]]]
) -> None:
    first, second = spelled_plainly(one), spelled_plainly(other)
    assert (key_of(first) == key_of(second)) == (parsed(first) == parsed(second))


@given(st.text(max_size=40))
def test_any_text_is_a_name_or_a_refusal(text: str) -> None:
    with contextlib.suppress(NameSyntaxError):
        assert key_of(key_of(text)) == key_of(text)

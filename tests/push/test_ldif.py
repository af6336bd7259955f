"""LDIF: what real servers write is read; what is cut or damaged is named, and never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory_export import directory_export
from rolecall.push.ldif import read_ldif

ENTRY = b"dn: uid=a,dc=example\nobjectClass: person\nuid: a\n\n"
EXPORT = directory_export(6, 5).ldif()


def value_of(content: bytes, attribute: str) -> bytes:
    (record,) = read_ldif(content, "x.ldif").records
    return record.values[attribute][0]


def problem_of(content: bytes) -> str:
    (problem,) = read_ldif(content, "x.ldif").problems
    return f"{problem.where}: {problem.why}"


def test_an_export_is_read_without_problems() -> None:
    read = read_ldif(EXPORT, "x.ldif")
    assert (len(read.records), read.problems) == (3 + 6 + 5, ())


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + ENTRY,
        b"version: 1\n\n" + ENTRY,
        b"version: 1\n" + ENTRY,
        b"# a comment\n#  folded\n  over lines\n" + ENTRY,
        ENTRY.replace(b"\n", b"\r\n"),
        ENTRY.replace(b"objectClass: per", b"objectClass: per\n "),
        ENTRY.replace(b"dn: uid=a", b"dn:: dWlkPWE=")
        .replace(b"dWlkPWE=,", b"dWlkPWEs")
        .replace(b"dWlkPWEsdc=example", b"dWlkPWEsZGM9ZXhhbXBsZQ=="),
        ENTRY.replace(b"dn:", b"DN:"),
        ENTRY.replace(b"dn: uid=a,dc=example\n", b"dn: uid=a,dc=example\nchangetype: add\n"),
        ENTRY.decode().encode("utf-16"),
        b"\n\n" + ENTRY + b"\n\n# the end\n",
    ],
)
def test_forms_of_one_entry_read_alike(content: bytes) -> None:
    read = read_ldif(content, "x.ldif")
    assert [(r.dn, r.values) for r in read.records] == [
        ("uid=a,dc=example", {"objectclass": (b"person",), "uid": (b"a",)})
    ]
    assert read.problems == ()


def test_base64_and_utf8_values_are_octets() -> None:
    entry = ENTRY.replace(b"uid: a\n", b"uid: a\ncn:: w4lsYW4=\nsn: \xc3\x89lan\n")
    assert value_of(entry, "cn") == value_of(entry, "sn") == "Élan".encode()


def test_options_belong_to_the_description() -> None:
    assert value_of(ENTRY.replace(b"uid: a", b"uid: a\ncn;lang-EN: A"), "cn;lang-en") == b"A"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (ENTRY.replace(b"uid: a\n", b"cn:< file:///etc/hostname\n"), "never fetched"),
        (ENTRY.replace(b"uid: a\n", b"cn:: w4lsYW\n"), "base64 value of cn"),
        (ENTRY.replace(b"uid: a\n", b"cn:: w4$lsYW4=\n"), "base64 value of cn"),
        (ENTRY.replace(b"uid: a\n", b"some words\n"), "'some words' is not"),
        (b"uid: a\n\n", "does not begin with 'dn:'"),
        (ENTRY.replace(b"uid: a\n", b"dn: uid=b\n"), "Two lines starting with dn:"),
        (b"dn: uid=a\nchangetype: delete\n\n", "a change, not an entry"),
        (b"dn: uid=a\nchangetype: modify\nreplace: sn\nsn: b\n-\n\n", "not 'attribute: value'"),
        (b"dn: uid=\xff\nuid: a\n\n", "not UTF-8"),
        (b"\xff\xfea", "UTF-16"),
    ],
)
def test_what_cannot_be_read_is_a_problem_with_its_place(content: bytes, told: str) -> None:
    assert told in problem_of(content)


def test_records_around_an_unreadable_one_stand() -> None:
    read = read_ldif(ENTRY + b"oops\n\n" + ENTRY, "x.ldif")
    assert (len(read.records), read.problems[0].where) == (2, "x.ldif, line 5")


def test_a_name_of_many_parts_costs_no_time() -> None:
    name = b"cn=a" + b"+cn=a" * 2000
    assert len(read_ldif(b"dn: " + name + b",x\nuid: a\n\n", "x.ldif").records) == 1


def test_the_count_of_ldapsearch_is_compared() -> None:
    trailer = b"# search result\nsearch: 2\nresult: 0 Success\n\n# numResponses: 2\n# numEntries: "
    assert read_ldif(ENTRY + trailer + b"1\n", "x.ldif").problems == ()
    assert "announces 2 entries here and holds 1" in problem_of(ENTRY + trailer + b"2\n")


def test_each_page_of_a_paged_search_has_its_own_count() -> None:
    page = ENTRY + b"search: 2\nresult: 0 Success\ncontrol: 1.2 false MAA=\n\n# numEntries: 1\n\n"
    assert read_ldif(page * 3, "x.ldif").problems == ()


def test_a_search_that_hit_a_limit_is_a_problem() -> None:
    assert "Size limit exceeded" in problem_of(
        ENTRY + b"search: 2\nresult: 4 Size limit exceeded\n\n"
    )


def test_a_reference_to_another_server_is_no_entry() -> None:
    assert read_ldif(ENTRY + b"ref: ldap://elsewhere.example.com/dc=x\n\n", "x.ldif").problems == ()


def test_an_export_that_ends_without_an_empty_line_may_be_cut() -> None:
    assert "add an empty line" in problem_of(ENTRY[:-1])


@given(st.integers(min_value=1, max_value=len(EXPORT) - 1))
def test_a_cut_anywhere_but_between_entries_is_noticed(length: int) -> None:
    cut = EXPORT[:length]
    assert cut.endswith(b"\n\n") or read_ldif(cut, "x.ldif").problems


@given(st.binary(max_size=200))
def test_any_octets_are_records_or_problems(content: bytes) -> None:
    read = read_ldif(content, "x.ldif")
    assert all(problem.why for problem in read.problems)

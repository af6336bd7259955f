"""CSV: columns by many names, any usual delimiter, and troubles with their line."""

from __future__ import annotations

import pytest

from rolecall.push.directory import Directory, Phone
from rolecall.push.spreadsheet import read_spreadsheet

TABLE = """\
User Name,first_name,Last Name,displayName,E-Mail,phone,title,active,groups,externalId
person-0001,Amber,Anvil,Amber Anvil,a@example.com;b@example.com,+1 555 0101,Smith,yes,Blue;Red,7
person-0002,Birch,Bellows,,c@example.com,,,no,red,8
"""


def read(text: str) -> Directory:
    return read_spreadsheet(text.encode(), "x.csv")


def test_a_row_is_a_person() -> None:
    first, second = read(TABLE).people
    assert (first.anchor, first.user_name, first.given_name) == ("7", "person-0001", "Amber")
    assert (first.emails, first.active) == (("a@example.com", "b@example.com"), True)
    assert first.phones == (Phone(kind="work", number="+1 555 0101"),)
    assert (second.display_name, second.title, second.active) == (None, None, False)


def test_groups_gather_their_people_whatever_the_case() -> None:
    groups = {group.name: group.members for group in read(TABLE).groups}
    assert groups == {"Blue": ("7",), "Red": ("7", "8")}


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_the_delimiter_is_taken_from_the_header(delimiter: str) -> None:
    assert read(f"userName{delimiter}email\nA{delimiter}a@example.com\n").people[0].emails


def test_byte_order_marks_are_tolerated() -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        assert (
            read_spreadsheet("userName\nÉlan\n".encode(encoding), "x").people[0].user_name == "Élan"
        )


def test_without_an_id_the_user_name_is_the_anchor() -> None:
    assert read("userName\nPerson-0001\n").people[0].anchor == "person-0001"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("userName,email\nA\n", "x.csv, line 2: the row has 1 cells, the header 2"),
        ("userName,email\nA,b,c\n", "x.csv, line 2: the row has 3 cells, the header 2"),
        ("userName,email\n,b\n", "x.csv, line 2: the row has no userName"),
        ("userName,active\nA,perhaps\n", "x.csv, line 2: active is 'perhaps'"),
        ('userName,email\n\nA,"b\n', "x.csv, line 3: the row can't be read"),
        ("email\nb\n", "x.csv, line 1: the header row has no column userName"),
        ("userName\nA", "x.csv: the last line has no end"),
    ],
)
def test_troubles_are_told_with_their_line(text: str, told: str) -> None:
    (problem,) = read(text).problems
    assert f"{problem.where}: {problem.why}".startswith(told)


def test_another_encoding_is_named_as_such() -> None:
    (problem,) = read_spreadsheet("userName\nÉlan\n".encode("latin-1"), "x.csv").problems
    assert "CSV UTF-8" in problem.why

"""People and groups from CSV: one row a person, columns known by many spellings."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from rolecall.push.directory import Directory, DirectoryGroup, Person, Phone, Problem, name_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DELIMITERS = ",;\t"
# Headings compare without case, spaces, hyphens, underscores and dots.
HEADINGS = {
    "username": "user_name",
    "login": "user_name",
    "loginname": "user_name",
    "uid": "user_name",
    "givenname": "given_name",
    "firstname": "given_name",
    "namegivenname": "given_name",
    "familyname": "family_name",
    "lastname": "family_name",
    "surname": "family_name",
    "namefamilyname": "family_name",
    "displayname": "display_name",
    "fullname": "display_name",
    "email": "email",
    "emails": "email",
    "mail": "email",
    "emailaddress": "email",
    "phone": "phone",
    "phonenumber": "phone",
    "telephonenumber": "phone",
    "title": "title",
    "jobtitle": "title",
    "active": "active",
    "enabled": "active",
    "groups": "groups",
    "roles": "groups",
    "externalid": "anchor",
    "id": "anchor",
    "employeeid": "anchor",
}
TRUTHS = {
    **dict.fromkeys(("true", "yes", "y", "1", "active", "enabled", ""), True),
    **dict.fromkeys(("false", "no", "n", "0", "inactive", "disabled"), False),
}
_PUNCTUATION = str.maketrans("", "", " -_.")


class _Unreadable(ValueError):
    """The row can't be understood; the message is for the person who made the file."""


def read_spreadsheet(content: bytes, where: str) -> Directory:
    """Read a CSV file with a header row; a row that can't be read is a problem."""
    try:
        text = content.decode(
            "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        )
    except UnicodeDecodeError as error:
        why = f"the file is not UTF-8 (byte {error.start}); save it as 'CSV UTF-8'"
        return Directory(problems=(Problem(where=where, why=why),))
    problems: list[Problem] = []
    people: list[Person] = []
    members: dict[str, list[str]] = {}
    for place, row in _rows(text, where):
        try:
            person = _person(row)
        except _Unreadable as error:
            problems.append(Problem(where=place, why=str(error)))
            continue
        people.append(person)
        for name in _split(row.get("groups", "")):
            members.setdefault(name, []).append(person.anchor)
    if text and not text.endswith(("\n", "\r")):
        why = (
            "the last line has no end: the file may be cut; if it is whole, add an empty line at "
            "its end"
        )
        problems.append(Problem(where=where, why=why))
    return Directory(people=tuple(people), groups=_groups(members), problems=tuple(problems))


def _rows(text: str, where: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield each row by column; a row that is no row is yielded empty with its trouble inside."""
    heading_line = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=heading_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str | None] | None = None
    while True:
        place = f"{where}, line {reader.line_num + 1}"
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield place, {"trouble": f"the row can't be read ({error}); is a quotation mark open?"}
            return
        if cells is None:
            return
        if columns is None:
            columns = [HEADINGS.get(_heading(cell)) for cell in cells]
            if "user_name" not in columns:
                yield place, {"trouble": "the header row has no column userName"}
                return
        elif any(cell.strip() for cell in cells):
            yield place, _row(columns, cells)


def _row(columns: Sequence[str | None], cells: Sequence[str]) -> Mapping[str, str]:
    if len(cells) != len(columns):
        trouble = f"the row has {len(cells)} cells, the header {len(columns)}; is the row cut?"
        return {"trouble": trouble}
    return {column: cell.strip() for column, cell in zip(columns, cells, strict=True) if column}


def _person(row: Mapping[str, str]) -> Person:
    if "trouble" in row:
        raise _Unreadable(row["trouble"])
    user_name = row["user_name"]
    if not user_name:
        raise _Unreadable("the row has no userName")
    active = TRUTHS.get(row.get("active", "").casefold())
    if active is None:
        raise _Unreadable(f"active is '{row['active']}'; write true or false")
    return Person(
        anchor=row.get("anchor") or name_key(user_name),
        user_name=user_name,
        given_name=row.get("given_name") or None,
        family_name=row.get("family_name") or None,
        display_name=row.get("display_name") or None,
        emails=_split(row.get("email", "")),
        phones=tuple(Phone(kind="work", number=n) for n in _split(row.get("phone", ""))[:1]),
        title=row.get("title") or None,
        active=active,
    )


def _groups(members: Mapping[str, Sequence[str]]) -> tuple[DirectoryGroup, ...]:
    """Spellings that differ only in case are one group, under the first spelling."""
    names: dict[str, str] = {}
    anchors: dict[str, dict[str, None]] = {}
    for name, people in members.items():
        names.setdefault(name_key(name), name)
        anchors.setdefault(name_key(name), {}).update(dict.fromkeys(people))
    return tuple(
        DirectoryGroup(anchor=f"group:{key}", name=names[key], members=tuple(found))
        for key, found in anchors.items()
    )


def _split(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for piece in cell.split(";") if (part := piece.strip())))


def _heading(cell: str) -> str:
    return cell.strip().casefold().translate(_PUNCTUATION)

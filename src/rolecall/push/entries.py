"""From directory entries to people and groups: which classes, which attributes, who is disabled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from rolecall.push import distinguished
from rolecall.push.directory import Directory, DirectoryGroup, Person, Phone, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rolecall.push.ldif import Record

PERSON_CLASSES = {"inetorgperson", "organizationalperson", "person", "posixaccount", "user"}
GROUP_CLASSES = {"groupofnames", "groupofuniquenames", "groupofmembers", "posixgroup", "group"}
# Active Directory's computers and service accounts are users by class; a contact can't sign in.
NEVER_PEOPLE = {
    "computer",
    "contact",
    "foreignsecurityprincipal",
    "msds-managedserviceaccount",
    "msds-groupmanagedserviceaccount",
}
# Only Active Directory has userPrincipalName, and there it is the name people sign in with.
USER_NAMES = ("userprincipalname", "uid", "samaccountname", "mail")
SHORT_NAMES = ("uid", "samaccountname")
MEMBER_NAMES = ("member", "uniquemember")
PHONES = (("telephonenumber", "work"), ("mobile", "mobile"))
# FreeIPA repeats every person and group in a second tree for old clients.
REPEATED_TREE = ("cn", "compat")

ACCOUNT_DISABLED = 0x0002  # userAccountControl, [MS-ADTS] §2.2.16
_UNIQUE_SUFFIX = re.compile(r"#'[01]*'B$")  # NameAndOptionalUID, RFC 4517 §3.3.21
_RANGE = re.compile(r";range=[0-9]+-[0-9]+$")  # [MS-ADTS] §3.1.1.3.1.3.3; the last ends in '*'


class _Unreadable(ValueError):
    """The entry can't be understood; the message is for the person who made the file."""


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """Who is where, by the key of the distinguished name and by short name."""

    people: dict[str, str]
    groups: dict[str, str]
    short_names: dict[str, str]


def directory_of(records: Sequence[Record], problems: Sequence[Problem] = ()) -> Directory:
    """Read people first, then groups, whose members may stand anywhere in the export."""
    troubles = list(problems)
    people: list[Person] = []
    short_names: dict[str, str] = {}
    groups: list[tuple[Record, str, str]] = []
    for record in records:
        try:
            dn = _key(record.dn)
            classes = {name.lower() for name in _texts(record, "objectclass")}
            if classes & NEVER_PEOPLE or _is_repeated(dn):
                continue
            if classes & GROUP_CLASSES:
                groups.append((record, dn, _anchor(record, dn)))
            elif classes & PERSON_CLASSES and not _is_machine(record):
                person = _person(record, dn)
                people.append(person)
                for name in _short_names(record):
                    short_names.setdefault(name, person.anchor)
        except _Unreadable as error:
            troubles.append(Problem(where=record.where, why=str(error)))
    found = _Found(
        people={person.dn: person.anchor for person in people},
        groups={dn: anchor for _, dn, anchor in groups},
        short_names=short_names,
    )
    read: list[DirectoryGroup] = []
    for record, _, anchor in groups:
        try:
            group, trouble = _group(record, anchor, found)
        except _Unreadable as error:
            troubles.append(Problem(where=record.where, why=str(error)))
        else:
            read.append(group)
            troubles += trouble
    return Directory(people=tuple(people), groups=tuple(read), problems=tuple(troubles))


def _person(record: Record, dn: str) -> Person:
    user_name = next((name for kind in USER_NAMES if (name := _named(record, kind, dn))), None)
    if user_name is None:
        raise _Unreadable(
            "a person without uid, userPrincipalName, sAMAccountName or mail: is the entry cut, "
            "or was the attribute left out of the export?"
        )
    return Person(
        anchor=_anchor(record, dn),
        user_name=user_name,
        given_name=_first(record, "givenname"),
        family_name=_first(record, "sn"),
        display_name=_first(record, "displayname") or _first(record, "cn"),
        emails=_distinct(_texts(record, "mail")),
        phones=tuple(
            Phone(kind=kind, number=number)
            for attribute, kind in PHONES
            for number in _texts(record, attribute)[:1]
        ),
        title=_first(record, "title"),
        active=not any(
            disables(value) for kind, disables in DISABLED for value in _texts(record, kind)
        ),
        dn=dn,
    )


def _group(
    record: Record, anchor: str, found: _Found
) -> tuple[DirectoryGroup, tuple[Problem, ...]]:
    name = _named(record, "cn", _key(record.dn)) or _first(record, "samaccountname")
    if name is None:
        raise _Unreadable("a group without cn: is the entry cut?")
    members: dict[str, None] = {}
    nested: dict[str, None] = {}
    strangers: dict[str, None] = {}
    for value in (text for kind in MEMBER_NAMES for text in _all_texts(record, kind)):
        dn = _key(_UNIQUE_SUFFIX.sub("", value))
        if dn in found.people:
            members[found.people[dn]] = None
        elif dn in found.groups:
            nested[found.groups[dn]] = None
        elif dn:
            strangers[value] = None
    for value in _all_texts(record, "memberuid"):
        person = found.short_names.get(distinguished.folded(value))
        if person is None:
            strangers[value] = None
        else:
            members[person] = None
    group = DirectoryGroup(
        anchor=anchor,
        name=name,
        members=tuple(members),
        nested=tuple(nested),
        strangers=tuple(strangers),
    )
    return group, _cut_ranges(record)


def _cut_ranges(record: Record) -> tuple[Problem, ...]:
    """Active Directory hands out 1,500 members at a time; a range without '*' is not the last."""
    if not any(_RANGE.search(description) for description in record.values):
        return ()
    why = (
        "the server cut the member list (';range='): members are missing; export with a client "
        "that follows ranges, or raise the server's MaxValRange"
    )
    return (Problem(where=record.where, why=why),)


def _anchor(record: Record, dn: str) -> str:
    """Prefer what a rename keeps; only without it is the name itself the identity."""
    for kind, read in ANCHORS:
        for value in record.values.get(kind, ()):
            if value:
                return read(value)
    return dn


def _named(record: Record, kind: str, dn: str) -> str | None:
    """Of several values the one in the entry's own name is the main one (RFC 4512 §2.3.1)."""
    texts = _texts(record, kind)
    in_name = {v for rdn in distinguished.parsed(dn)[:1] for name, v in rdn if name == kind}
    return next((text for text in texts if distinguished.folded(text) in in_name), None) or next(
        iter(texts), None
    )


def _distinct(texts: Sequence[str]) -> tuple[str, ...]:
    kept: dict[str, str] = {}
    for text in texts:
        kept.setdefault(text.casefold(), text)
    return tuple(kept.values())


def _first(record: Record, kind: str) -> str | None:
    return next(iter(_texts(record, kind)), None)


def _texts(record: Record, kind: str) -> tuple[str, ...]:
    """Values without options; else those of the first description with some (`cn;lang-en`)."""
    described = record.values.get(kind)
    if described is None:
        described = next(
            (values for name, values in record.values.items() if name.startswith(f"{kind};")), ()
        )
    return _decoded(kind, described)


def _all_texts(record: Record, kind: str) -> tuple[str, ...]:
    """Members of every description: options such as `;range=` only split the list."""
    return tuple(
        text
        for name, values in record.values.items()
        if name == kind or name.startswith(f"{kind};")
        for text in _decoded(kind, values)
    )


def _decoded(kind: str, values: Sequence[bytes]) -> tuple[str, ...]:
    try:
        return tuple(text for value in values if (text := value.decode().strip()))
    except UnicodeDecodeError as error:
        raise _Unreadable(f"a value of {kind} is not UTF-8") from error


def _key(dn: str) -> str:
    try:
        return distinguished.key_of(dn)
    except distinguished.NameSyntaxError as error:
        raise _Unreadable(f"'{dn}' is not a distinguished name: {error}") from error


def _is_repeated(dn: str) -> bool:
    return any(REPEATED_TREE in rdn for rdn in distinguished.parsed(dn)[1:])


def _is_machine(record: Record) -> bool:
    """Samba and Active Directory end the account names of machines in a dollar sign."""
    return any(name.endswith("$") for name in _short_names(record))


def _short_names(record: Record) -> list[str]:
    return [distinguished.folded(name) for kind in SHORT_NAMES for name in _texts(record, kind)]


def _guid(value: bytes) -> str:
    """An objectGUID holds its first three fields little-endian ([MS-DTYP] §2.3.4.2)."""
    if len(value) != 16:
        raise _Unreadable("objectGUID is not 16 bytes long")
    octets = value[3::-1] + value[5:3:-1] + value[7:5:-1] + value[8:]
    digits = octets.hex()
    return "-".join(digits[i:j] for i, j in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))


def _text_id(value: bytes) -> str:
    return value.decode(errors="replace").strip().lower()


def _has_disabled_bit(value: str) -> bool:
    return value.isdecimal() and bool(int(value) & ACCOUNT_DISABLED)


ANCHORS: tuple[tuple[str, Callable[[bytes], str]], ...] = (
    ("entryuuid", _text_id),
    ("objectguid", _guid),
    ("nsuniqueid", _text_id),
    ("ipauniqueid", _text_id),
)

DISABLED: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("useraccountcontrol", _has_disabled_bit),
    ("nsaccountlock", lambda value: value.upper() == "TRUE"),
    ("inetuserstatus", lambda value: value.lower() in {"inactive", "deleted"}),
    ("logindisabled", lambda value: value.upper() == "TRUE"),
    # draft-behera-ldap-password-policy §5.3.3: this one value locks for good. Any other is the
    # time of too many wrong passwords, and nobody may end an account by guessing at it.
    ("pwdaccountlockedtime", lambda value: value == "000001010000Z"),
)

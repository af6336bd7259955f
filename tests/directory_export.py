"""An LDIF export of invented people in flat and nested groups, as a directory server writes it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

SUFFIX = "dc=example,dc=com"
GIVEN_NAMES = (
    "Amber",
    "Birch",
    "Cedar",
    "Dahlia",
    "Élan",
    "Fern",
    "Grové",
    "Hazel",
    "Iris",
    "Jüniper",
)
FAMILY_NAMES = ("Anvil", "Bellows", "Chisel", "Drill", "Easel", "Forge", "Gauge", "Hämmer")
MEMBERS_PER_GROUP = 40


class ExportedPerson(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    locked: bool = False

    @property
    def user_name(self) -> str:
        return f"person-{self.number:04}"

    @property
    def dn(self) -> str:
        return f"uid={self.user_name},ou=people,{SUFFIX}"


class ExportedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A flat group holds people by number; a nested one holds groups by number."""

    number: int
    people: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        return f"group-{self.number:03}"

    @property
    def dn(self) -> str:
        return f"cn={self.name},ou=groups,{SUFFIX}"


class DirectoryExport(msgspec.Struct, frozen=True, kw_only=True):
    people: tuple[ExportedPerson, ...]
    groups: tuple[ExportedGroup, ...]

    def without(self, number: int) -> DirectoryExport:
        """The person has left: the entry is gone, and so is every mention of it."""
        return DirectoryExport(
            people=tuple(person for person in self.people if person.number != number),
            groups=tuple(_without_member(group, number) for group in self.groups),
        )

    def moved(self, number: int, *, source: int, target: int) -> DirectoryExport:
        """The person has changed from one flat group to another."""
        groups = []
        for group in self.groups:
            after = _without_member(group, number) if group.number == source else group
            if group.number == target and number not in group.people:
                after = msgspec.structs.replace(after, people=(*after.people, number))
            groups.append(after)
        return msgspec.structs.replace(self, groups=tuple(groups))

    def members_of(self, number: int) -> set[str]:
        """User names of everybody in a group, its nested groups included (one level deep)."""
        by_number = {group.number: group for group in self.groups}
        people = {person.number: person.user_name for person in self.people}
        inside = [by_number[number], *(by_number[inner] for inner in by_number[number].groups)]
        return {people[member] for group in inside for member in group.people}

    def ldif(self) -> bytes:
        """The text of the export, in the order and form of OpenLDAP's slapcat."""
        entries = [_root(), *map(_unit, ("people", "groups"))]
        entries += [_person(person) for person in self.people]
        entries += [self._group(group) for group in self.groups]
        return b"".join(_entry(lines) for lines in entries)

    def _group(self, group: ExportedGroup) -> list[tuple[str, str]]:
        people = {person.number: person for person in self.people}
        groups = {inner.number: inner for inner in self.groups}
        lines = [
            ("dn", group.dn),
            ("objectClass", "groupOfNames"),
            ("cn", group.name),
            ("entryUUID", f"00000000-0000-4000-9000-{group.number:012}"),
        ]
        # Directories let every client write names its own way.
        lines += [("member", _respelled(people[n].dn, n)) for n in group.people]
        lines += [("member", groups[n].dn) for n in group.groups]
        return lines


def directory_export(people: int, groups: int, *, first: int = 1) -> DirectoryExport:
    """`people` persons in `groups` groups; every fifth group holds the two groups before it.

    Two exports that begin at different numbers share no name and no identity.
    """
    made = []
    for rank in range(1, groups + 1):
        number = first + rank - 1
        if rank % 5 == 0:
            made.append(ExportedGroup(number=number, groups=(number - 2, number - 1)))
        else:
            members = range(min(MEMBERS_PER_GROUP, people))
            numbers = tuple(first + (rank * 37 + member) % people for member in members)
            made.append(ExportedGroup(number=number, people=numbers))
    return DirectoryExport(
        people=tuple(ExportedPerson(number=first + rank) for rank in range(people)),
        groups=tuple(made),
    )


def _without_member(group: ExportedGroup, number: int) -> ExportedGroup:
    return msgspec.structs.replace(group, people=tuple(n for n in group.people if n != number))


def _respelled(dn: str, number: int) -> str:
    spellings = (dn, dn.replace(",", ", "), dn.replace("uid=", "UID="), dn.replace("-", "\\2D"))
    return spellings[number % len(spellings)]


def _root() -> list[tuple[str, str]]:
    return [("dn", SUFFIX), ("objectClass", "domain"), ("dc", "example")]


def _unit(name: str) -> list[tuple[str, str]]:
    return [("dn", f"ou={name},{SUFFIX}"), ("objectClass", "organizationalUnit"), ("ou", name)]


def _person(person: ExportedPerson) -> list[tuple[str, str]]:
    given = GIVEN_NAMES[person.number % len(GIVEN_NAMES)]
    family = FAMILY_NAMES[person.number % len(FAMILY_NAMES)]
    lines = [
        ("dn", person.dn),
        ("objectClass", "inetOrgPerson"),
        ("uid", person.user_name),
        ("cn", f"{given} {family}"),
        ("givenName", given),
        ("sn", family),
        ("mail", f"{person.user_name}@example.com"),
        ("telephoneNumber", f"+1 555 01{person.number % 100:02}"),
        ("title", "Keeper of records and, on every other day of the long week, of the bees"),
        ("entryUUID", f"00000000-0000-4000-8000-{person.number:012}"),
    ]
    return [*lines, ("pwdAccountLockedTime", "000001010000Z")] if person.locked else lines


def _entry(lines: Sequence[tuple[str, str]]) -> bytes:
    return b"".join(_line(*line) for line in lines) + b"\n"


def _line(attribute: str, value: str) -> bytes:
    """Fold at 76 octets, and write as base64 what RFC 2849 does not call safe."""
    if value.isascii():
        text = f"{attribute}: {value}".encode()
    else:
        text = f"{attribute}:: ".encode() + base64.b64encode(value.encode())
    pieces = [text[:76], *(text[i : i + 75] for i in range(76, len(text), 75))]
    return b"\n ".join(pieces) + b"\n"

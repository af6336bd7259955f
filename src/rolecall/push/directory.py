"""What a directory export says, whatever file it came in: people, groups, and what is amiss."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


class Problem(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A sentence about one place of the export, or about one object on the server."""

    where: str
    why: str


class Phone(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    kind: str
    number: str


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One person; what the file does not give is None or empty, and is never sent."""

    anchor: str
    user_name: str
    given_name: str | None = None
    family_name: str | None = None
    display_name: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[Phone, ...] = ()
    title: str | None = None
    active: bool = True
    dn: str = ""


class DirectoryGroup(msgspec.Struct, frozen=True, kw_only=True):
    """One group; `members` are anchors of people, `nested` anchors of the groups inside it."""

    anchor: str
    name: str
    members: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()


class Directory(msgspec.Struct, frozen=True, kw_only=True):
    """An export. Any problem means that what is missing proves nothing, so nobody is removed."""

    people: tuple[Person, ...] = ()
    groups: tuple[DirectoryGroup, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()


Entry = TypeVar("Entry", Person, DirectoryGroup)


def merged(parts: Sequence[Directory]) -> Directory:
    """Put the files together; a person or group that two entries claim is a problem."""
    people, doubled_people = _without_doubles(
        [person for part in parts for person in part.people], lambda person: person.user_name
    )
    groups, doubled_groups = _without_doubles(
        [_joined(same) for same in _by_anchor(g for part in parts for g in part.groups)],
        lambda group: group.name,
    )
    problems = [problem for part in parts for problem in part.problems]
    return Directory(
        people=tuple(people),
        groups=tuple(groups),
        problems=(*problems, *doubled_people, *doubled_groups),
        notes=tuple(note for part in parts for note in part.notes),
    )


def flattened(directory: Directory) -> Directory:
    """Give each group the people of the groups inside it, because most servers refuse nesting."""
    by_anchor = {group.anchor: group for group in directory.groups}
    groups: list[DirectoryGroup] = []
    notes: list[Problem] = []
    for group in directory.groups:
        reached, circular = _groups_reached(group, by_anchor)
        if circular:
            notes.append(
                Problem(
                    where=group.name,
                    why="the group contains itself through its nested groups; each was read once",
                )
            )
        members = dict.fromkeys(anchor for inner in reached for anchor in inner.members)
        groups.append(msgspec.structs.replace(group, members=tuple(members), nested=()))
    return msgspec.structs.replace(
        directory, groups=tuple(groups), notes=(*directory.notes, *notes)
    )


def name_key(name: str) -> str:
    """Names of users and groups compare without case: servers fold them in both directions."""
    return name.strip().casefold()


def _groups_reached(
    group: DirectoryGroup, by_anchor: Mapping[str, DirectoryGroup]
) -> tuple[list[DirectoryGroup], bool]:
    """Walk the nesting once; each group is visited at most once, so a circle ends."""
    reached = {group.anchor: group}
    frontier = [group]
    circular = False
    while frontier:
        for anchor in frontier.pop().nested:
            circular = circular or anchor == group.anchor
            inner = by_anchor.get(anchor)
            if inner is not None and anchor not in reached:
                reached[anchor] = inner
                frontier.append(inner)
    return list(reached.values()), circular


def _by_anchor(groups: Iterable[DirectoryGroup]) -> list[list[DirectoryGroup]]:
    same: dict[str, list[DirectoryGroup]] = {}
    for group in groups:
        same.setdefault(group.anchor, []).append(group)
    return list(same.values())


def _joined(same: Sequence[DirectoryGroup]) -> DirectoryGroup:
    """Two files may each list some members of one group (spreadsheets name groups per person)."""
    return msgspec.structs.replace(
        same[0],
        members=tuple(dict.fromkeys(anchor for group in same for anchor in group.members)),
        nested=tuple(dict.fromkeys(anchor for group in same for anchor in group.nested)),
        strangers=tuple(dict.fromkeys(name for group in same for name in group.strangers)),
    )


def _without_doubles(
    entries: Sequence[Entry], name_of: Callable[[Entry], str]
) -> tuple[list[Entry], list[Problem]]:
    """Keep the first of two entries with one anchor or one name; the very same twice is fine."""
    kept: dict[str, Entry] = {}
    names: dict[str, str] = {}
    problems: list[Problem] = []
    for entry in entries:
        name = name_of(entry)
        first = names.setdefault(name_key(name), entry.anchor)
        if kept.setdefault(entry.anchor, entry) != entry:
            why = f"{entry.anchor} stands in the export twice, differently; keep one of the two"
            problems.append(Problem(where=name, why=why))
        elif first != entry.anchor:
            del kept[entry.anchor]
            why = (
                f"two entries have this name ({first} and {entry.anchor}); only the first was "
                "read: rename one, or leave one out of the export"
            )
            problems.append(Problem(where=name, why=why))
    return list(kept.values()), problems

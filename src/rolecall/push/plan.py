"""What one run would do: a pure comparison of an export with what a server holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from rolecall.push import attributes
from rolecall.push.attributes import Change
from rolecall.push.directory import Directory, DirectoryGroup, Person, Problem, name_key
from rolecall.push.resources import Group, User

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

REMOVALS_ALWAYS_ALLOWED = 5
REMOVALS_SHARE_MAX = 0.10


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """What the server holds now; `user_attributes` is None when it doesn't say what it knows."""

    users: tuple[User, ...] = ()
    groups: tuple[Group, ...] = ()
    user_attributes: frozenset[str] | None = None


class Skip(msgspec.Struct, frozen=True, kw_only=True):
    """Something left out, by rule or because the server refused it."""

    kind: str
    what: str
    why: str
    count: int = 1


class CreateUser(msgspec.Struct, frozen=True, kw_only=True):
    person: Person
    external_id: str


class UpdateUser(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    person: Person
    changes: tuple[Change, ...]


class DeactivateUser(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    why: str


Step: TypeAlias = CreateUser | UpdateUser | DeactivateUser | Skip


class CreateGroup(msgspec.Struct, frozen=True, kw_only=True):
    anchor: str
    name: str
    external_id: str


class UpdateGroup(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    changes: tuple[Change, ...]


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to add (by anchor: perhaps created only in this run) or to remove (by id)."""

    name: str
    anchor: str = ""
    id: str = ""


class ChangeMembers(msgspec.Struct, frozen=True, kw_only=True):
    """The group is known by id, or by the anchor under which this run creates it."""

    group: str
    anchor: str
    id: str
    added: tuple[Member, ...]
    removed: tuple[Member, ...]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one run would send, in the order of sending, and what it leaves alone."""

    deactivate_users: tuple[DeactivateUser, ...] = ()
    update_users: tuple[UpdateUser, ...] = ()
    create_users: tuple[CreateUser, ...] = ()
    update_groups: tuple[UpdateGroup, ...] = ()
    create_groups: tuple[CreateGroup, ...] = ()
    memberships: tuple[ChangeMembers, ...] = ()
    user_ids: dict[str, str]
    users_unchanged: int = 0
    groups_unchanged: int = 0
    memberships_unchanged: int = 0
    users_removable: int = 0
    memberships_removable: int = 0
    skipped: tuple[Skip, ...] = ()
    problems: tuple[Problem, ...] = ()
    user_attributes: frozenset[str] | None = None

    @property
    def memberships_added(self) -> int:
        return sum(len(change.added) for change in self.memberships)

    @property
    def memberships_removed(self) -> int:
        return sum(len(change.removed) for change in self.memberships)


class _Users(msgspec.Struct, frozen=True, kw_only=True):
    """Who of the file is who on the server."""

    by_anchor: dict[str, User]
    by_id: dict[str, User]
    ours: frozenset[str]


def plan_of(directory: Directory, server: Server, source: str) -> Plan:
    """Compare; any problem in the export leaves every removal out of the plan."""
    prefix = f"{source}:"
    users = _matched_users(directory.people, server.users, prefix)
    people = _plan_people(directory.people, users, server, prefix)
    plan = _plan_groups(directory, users, server.groups, prefix, people)
    notes = [Skip(kind="groups", what=n.where, why=n.why, count=0) for n in directory.notes]
    for path in attributes.not_sent(directory.people, server.user_attributes):
        why = "the server's User schema has no such attribute: not sent"
        notes.append(Skip(kind="users", what=path, why=why, count=0))
    plan = msgspec.structs.replace(
        plan, problems=directory.problems, skipped=(*plan.skipped, *notes)
    )
    return _without_removals(plan) if directory.problems else plan


def removals_refused(plan: Plan, allowed: int = 0) -> str | None:
    """Say why the plan removes too much to be sent unasked, or nothing when it does not."""
    kinds = (
        ("deactivate {} of {} active users", len(plan.deactivate_users), plan.users_removable),
        ("remove {} of {} memberships", plan.memberships_removed, plan.memberships_removable),
    )
    limit = max(REMOVALS_ALWAYS_ALLOWED, allowed)
    refused = [
        words.format(count, present)
        for words, count, present in kinds
        if count > limit and count > present * REMOVALS_SHARE_MAX
    ]
    if not refused:
        return None
    most = max(len(plan.deactivate_users), plan.memberships_removed)
    return (
        f"this would {' and '.join(refused)} that this source answers for: more than 10 % at once. "
        f"Nothing was sent. Is the file whole? If it is, run again with --allow-removals {most}"
    )


def _matched_users(people: Sequence[Person], users: Sequence[User], prefix: str) -> _Users:
    """Match by externalId first, then by userName among those that nobody else claims."""
    linked: dict[str, User] = {}
    named: dict[str, User] = {}
    for user in users:
        linked.setdefault(user.external_id or "", user)
        named.setdefault(name_key(user.user_name), user)
    by_anchor = {
        person.anchor: linked[prefix + person.anchor]
        for person in people
        if prefix + person.anchor in linked
    }
    taken = {user.id for user in by_anchor.values()}
    for person in people:
        namesake = named.get(name_key(person.user_name))
        if person.anchor not in by_anchor and namesake and namesake.id not in taken:
            by_anchor[person.anchor] = namesake
            taken.add(namesake.id)
    return _Users(
        by_anchor=by_anchor,
        by_id={user.id: user for user in users},
        ours=frozenset(u.id for u in users if (u.external_id or "").startswith(prefix)),
    )


def _plan_people(people: Sequence[Person], users: _Users, server: Server, prefix: str) -> Plan:
    steps: list[Step | None] = [
        _step_for(person, users, prefix + person.anchor, server.user_attributes)
        for person in people
    ]
    present = {user.id for user in users.by_anchor.values()}
    ours = [user for user in server.users if user.id in users.ours and user.is_active]
    steps += [
        DeactivateUser(id=user.id, name=user.user_name, why="no longer in the export")
        for user in ours
        if user.id not in present
    ]
    return Plan(
        create_users=tuple(step for step in steps if isinstance(step, CreateUser)),
        update_users=tuple(step for step in steps if isinstance(step, UpdateUser)),
        deactivate_users=tuple(step for step in steps if isinstance(step, DeactivateUser)),
        skipped=tuple(step for step in steps if isinstance(step, Skip)),
        users_unchanged=steps.count(None),
        users_removable=len(ours),
        user_ids={anchor: user.id for anchor, user in users.by_anchor.items()},
        user_attributes=server.user_attributes,
    )


def _step_for(
    person: Person, users: _Users, external_id: str, known: frozenset[str] | None
) -> Step | None:
    """What one person of the export asks for; None when the server is as the export says."""
    user = users.by_anchor.get(person.anchor)
    if user is None and person.active:
        return CreateUser(person=person, external_id=external_id)
    refusal = _left_alone(person, user, users.ours)
    if refusal is not None:
        return Skip(kind="users", what=person.user_name, why=refusal)
    assert user is not None
    if not person.active:
        why = "disabled in the directory"
        return DeactivateUser(id=user.id, name=user.user_name, why=why) if user.is_active else None
    changes = attributes.user_changes(person, user, known)
    if user.id in users.ours:
        changes += attributes.link_changes(user, external_id)
    return UpdateUser(id=user.id, person=person, changes=changes) if changes else None


def _left_alone(person: Person, user: User | None, ours: frozenset[str]) -> str | None:
    """Whether a user is active is decided only by the source that created it."""
    if user is None:
        return "disabled in the directory and unknown to the server: not created"
    if user.id in ours or user.is_active == person.active:
        return None
    return (
        "inactive on the server, and not created by this source: left inactive"
        if person.active
        else "disabled in the directory, but not created by this source: left active"
    )


def _plan_groups(
    directory: Directory, users: _Users, groups: Sequence[Group], prefix: str, plan: Plan
) -> Plan:
    matched, ambiguous = _matched_groups(directory.groups, groups, prefix)
    skips = list(ambiguous)
    creates: list[CreateGroup] = []
    updates: list[UpdateGroup] = []
    members: list[ChangeMembers] = []
    people = {person.anchor: person for person in directory.people}
    unchanged = kept = removable = 0
    refused = {skip.what for skip in ambiguous}
    for group in directory.groups:
        if group.name in refused:
            continue
        there = matched.get(group.anchor)
        external_id = prefix + group.anchor
        if there is None:
            creates.append(
                CreateGroup(anchor=group.anchor, name=group.name, external_id=external_id)
            )
        else:
            changes = attributes.group_changes(group, there, external_id, prefix)
            updates += (
                [UpdateGroup(id=there.id, name=group.name, changes=changes)] if changes else []
            )
            unchanged += 0 if changes else 1
        change, same, known = _change_members(group, there, users, people, prefix)
        members += [change] if change.added or change.removed else []
        kept += same
        removable += known
        skips += _strangers(group)
    found = {group.id for group in matched.values()}
    for there in groups:
        if (there.external_id or "").startswith(prefix) and there.id not in found:
            vanished = DirectoryGroup(anchor="", name=there.display_name)
            change, _, known = _change_members(vanished, there, users, people, prefix)
            members += [change] if change.removed else []
            removable += known
    return msgspec.structs.replace(
        plan,
        create_groups=tuple(creates),
        update_groups=tuple(updates),
        memberships=tuple(members),
        groups_unchanged=unchanged,
        memberships_unchanged=kept,
        memberships_removable=removable,
        skipped=(*plan.skipped, *skips),
    )


def _matched_groups(
    wanted: Sequence[DirectoryGroup], groups: Sequence[Group], prefix: str
) -> tuple[dict[str, Group], list[Skip]]:
    """Match by externalId first, then by name; two groups of one name are nobody's to guess."""
    linked = {group.external_id: group for group in reversed(groups) if group.external_id}
    matched = {g.anchor: linked[prefix + g.anchor] for g in wanted if prefix + g.anchor in linked}
    taken = {group.id for group in matched.values()}
    named: dict[str, list[Group]] = {}
    for there in groups:
        if there.id not in taken:
            named.setdefault(name_key(there.display_name), []).append(there)
    skips: list[Skip] = []
    for group in wanted:
        same = named.get(name_key(group.name), []) if group.anchor not in matched else []
        if len(same) == 1:
            matched[group.anchor] = same[0]
        elif same:
            why = f"the server has {len(same)} groups of this name; remove or rename all but one"
            skips.append(Skip(kind="groups", what=group.name, why=why))
    return matched, skips


def _change_members(
    group: DirectoryGroup,
    there: Group | None,
    users: _Users,
    people: dict[str, Person],
    prefix: str,
) -> tuple[ChangeMembers, int, int]:
    """Compare members: the change, how many stay, and how many are this source's to remove."""
    present = set(there.people) if there else set()
    wanted = {users.by_anchor[a].id: a for a in group.members if a in users.by_anchor}
    added = [
        Member(name=people[anchor].user_name, anchor=anchor)
        for anchor in group.members
        if anchor in people
        and people[anchor].active
        and (anchor not in users.by_anchor or users.by_anchor[anchor].id not in present)
    ]
    known = set(users.ours)
    # In a group of its own the file speaks for everybody it knows. In a group that was there
    # before, somebody else may have put in the users that somebody else created.
    if there and (there.external_id or "").startswith(prefix):
        known |= {user.id for user in users.by_anchor.values()}
    removed = [
        Member(name=users.by_id[id].user_name, id=id) for id in present & known if id not in wanted
    ]
    removed.sort(key=lambda member: member.name)
    change = ChangeMembers(
        group=group.name,
        anchor=group.anchor,
        id=there.id if there else "",
        added=tuple(added),
        removed=tuple(removed),
    )
    return change, len(present & set(wanted)), len(present & known)


def _strangers(group: DirectoryGroup) -> Iterable[Skip]:
    if group.strangers:
        shown = "; ".join(group.strangers[:3])
        more = f" and {len(group.strangers) - 3} more" if len(group.strangers) > 3 else ""
        why = f"members that are neither people nor groups of the export: {shown}{more}"
        yield Skip(kind="memberships", what=group.name, why=why, count=len(group.strangers))


def _without_removals(plan: Plan) -> Plan:
    """What is missing from an export that can't be read in full proves nothing."""
    why = "not removed, because the export has problems"
    skips = [Skip(kind="users", what=user.name, why=why) for user in plan.deactivate_users]
    skips += [
        Skip(kind="memberships", what=change.group, why=why, count=len(change.removed))
        for change in plan.memberships
        if change.removed
    ]
    return msgspec.structs.replace(
        plan,
        deactivate_users=(),
        memberships=tuple(
            msgspec.structs.replace(change, removed=())
            for change in plan.memberships
            if change.added
        ),
        skipped=(*plan.skipped, *skips),
    )

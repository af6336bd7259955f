"""Roles, which SCIM calls groups: created, changed with their members, dropped."""

from collections.abc import Sequence
from typing import assert_never

import msgspec

from rolecall.domain import access, brake, keeping, nesting, properties
from rolecall.domain.commands import (
    AddMembers,
    At,
    ByName,
    ChangeRole,
    CreateRole,
    DropRole,
    MemberChange,
    Ref,
    RemoveMembers,
    RemoveMembersWhere,
    RoleChange,
    Set,
    SetMembers,
    Unset,
)
from rolecall.domain.dependents import end_what_it_granted
from rolecall.domain.effects import Effect
from rolecall.domain.errors import (
    AlreadyExists,
    CurrentRole,
    InvalidValue,
    NotFound,
    Refusal,
    SystemObject,
    UnknownMember,
)
from rolecall.domain.events import (
    Event,
    MembersAdded,
    MembersRemoved,
    RoleChanged,
    RoleCreated,
    RoleDropped,
)
from rolecall.domain.integrations import conformance_in_force
from rolecall.domain.model import (
    Conformance,
    Json,
    Kind,
    Member,
    Privilege,
    Revision,
    Role,
    RoleCard,
    ScimClient,
)
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Reading, Transaction
from rolecall.domain.session import Session
from rolecall.domain.users import EXTERNAL_ID, last_step, require_name, require_version


def create_role(tx: Transaction, session: Session, command: CreateRole) -> Effect:
    """A role comes to be. Raises NotAuthorized, AlreadyExists, UnknownMember, InvalidValue."""
    present = tx.role_named(command.name)
    if present is not None and command.or_alter:
        return _altered(tx, session, command)
    access.require(tx, session, Privilege.CREATE_ROLE)
    require_name("NAME", command.name)
    if present is not None and command.if_not_exists:
        return Effect()
    if present is not None and not command.or_replace:
        raise _conflict(tx, session, present)
    if tx.role(command.id) is not None:
        raise AlreadyExists(Kind.ROLE, command.name)

    replaced: tuple[Event, ...] = ()
    if present is not None:
        replaced = drop_role(tx, session, DropRole(role=present.id, at=command.at)).events
    role = Role(
        id=command.id,
        name=command.name,
        owner=session.role,
        created_at=command.at,
        comment=properties.text("COMMENT", command.comment),
    )
    tx.save_role(role)
    if command.external_id is not None and session.integration is not None:
        tx.save_link(session.integration, role.id, command.external_id)
    joined = add_members(tx, session, role, command.members, command.at)

    card = RoleCard(
        role=role,
        revision=Revision(version=1, changed_at=command.at),
        external_id=command.external_id,
    )
    return Effect(
        (*replaced, RoleCreated(id=role.id, name=role.name, owner=role.owner), *joined), card
    )


def _altered(tx: Transaction, session: Session, command: CreateRole) -> Effect:
    """CREATE OR ALTER of what is there: what isn't named has its default (vendor)."""
    comment = At("COMMENT")
    change = Unset(comment) if command.comment is None else Set(comment, command.comment)
    alter = ChangeRole(role=ByName(command.name), changes=(change,), at=command.at)
    return change_role(tx, session, alter)


def change_role(tx: Transaction, session: Session, command: ChangeRole) -> Effect:
    """A role changes. Raises NotFound, NotAuthorized, VersionMismatch, AlreadyExists."""
    card = find_role(tx, session, command.role)
    if card is None:
        return _absent(command.role, if_exists=command.if_exists)
    before = card.role
    _require_changeable(tx, session, before, command.role)
    require_version(Kind.ROLE, before.id, card.revision, command.versions)
    brake.judge_members(tx, session, command, before)

    after, external_id, events = _stepped(tx, session, card, command)
    _require_free(tx, session, before, after, command.changes)
    linked = (
        session.integration is not None
        and external_id != card.external_id
        and tx.save_link(session.integration, after.id, external_id)
    )
    if after != before or linked:
        tx.save_role(after)
        events.insert(0, _said(before, after))
    if events:
        revision = tx.touch(after.id, command.at, card.revision)
        card = RoleCard(role=after, revision=revision, external_id=external_id)
    if before.was_held:
        events += keeping.kept_members(tx, session, before, keeping.named(command.changes))
    (answered,) = with_members(tx, session, (card,), command.members_shown)
    return Effect(tuple(events), answered)


def drop_role(tx: Transaction, session: Session, command: DropRole) -> Effect:
    """A role is gone; the session's role inherits what it owned, what it granted ends.

    (Vendor: DROP ROLE.)
    """
    card = find_role(tx, session, command.role)
    if card is None:
        return _absent(command.role, if_exists=command.if_exists)
    role = card.role
    _require_changeable(tx, session, role, command.role)
    require_version(Kind.ROLE, role.id, card.revision, command.versions)
    if role.id == session.role:
        raise CurrentRole(role.name)
    brake.judge_role(tx, session, command, role)

    ended = end_what_it_granted(tx, role.id, command.at)
    tx.reassign(role.id, session.role)
    tx.delete_role(role.id)
    tx.bump_generation()
    dropped = RoleDropped(
        id=role.id,
        name=role.name,
        heir=session.role,
        owner=role.owner,
        created_at=role.created_at,
        comment=role.comment,
    )
    return Effect((*ended, dropped), card)


# ---- members ---------------------------------------------------------------------------------


def change_members(
    tx: Transaction, session: Session, role: Role, change: MemberChange, at: int
) -> list[Event]:
    """Who holds the role changes; only the users named are touched (DESIGN contract 9).

    How a whole list differs from what is there is the store's to say: nothing else leaves it.
    """
    match change:
        case AddMembers():
            return add_members(tx, session, role, change.users, at)
        case RemoveMembers():
            return _members_removed(tx, role, change.users)
        case RemoveMembersWhere():
            groups = nesting.meeting(tx, role.id, change.groups)
            users = tx.members_meeting(role.id, change.users)
            left = tx.remove_members(role.id, users) if users else ()
            return _removed(role, left) + nesting.parted(tx, role, groups)
        case SetMembers():
            nested = nesting.groups_within(tx, role.id)
            events = nesting.parted(tx, role, nested.difference(change.users))
            gone = tx.members_but(role.id, change.users)
            events += _removed(role, tx.remove_members(role.id, gone)) if gone else []
            strangers = tx.strangers_among(role.id, change.users)
            fresh = tuple(each for each in strangers if each not in nested)
            return events + add_members(tx, session, role, fresh, at)
        case _:
            assert_never(change)


COUNTED_FIRST_MAX = 100
"""Up to so many wanted, a group is counted before its members are read: most have more or few."""


def add_members(
    tx: Transaction, session: Session, role: Role, users: tuple[Id, ...], at: int
) -> list[Event]:
    """Those of the users who don't hold the role do now, and groups are nested.

    An id that is no user's is looked for among groups. Raises UnknownMember, CircularGrant.
    """
    if not users:
        return []
    by = access.grantor(session, role.owner)
    nested: list[Event] = []
    added = tx.add_members(role.id, users, by, session.integration, at)
    if len(added) < len(users):
        known = tx.known_users(users)
        unknown = tuple(dict.fromkeys(user for user in users if user not in known))
        if unknown and _may_nest(tx, session):
            nested, strange = nesting.joined(tx, session, role, unknown, at)
            unknown = tuple(strange)
        if unknown:
            raise UnknownMember(unknown)
    return [*([MembersAdded(id=role.id, users=added, granted_by=by)] if added else []), *nested]


def _may_nest(reading: Reading, session: Session) -> bool:
    """Whether the session's integration knows groups within groups: GENERIC, by the standard.

    The vendor has none, and the other clients send none (reference section 1).
    """
    if session.integration_id is None:
        return False
    integration = reading.integration(session.integration_id)
    return (
        integration is not None
        and integration.scim_client is ScimClient.GENERIC
        and conformance_in_force(reading, integration) is Conformance.RFC
    )


def _members_removed(tx: Transaction, role: Role, ids: tuple[Id, ...] | None) -> list[Event]:
    """Users, and groups that SCIM has put there; None: all of them."""
    removed = tx.remove_members(role.id, ids)
    if ids is not None and len(removed) == len(set(ids)):
        return _removed(role, removed)
    return _removed(role, removed) + nesting.parted(tx, role, ids)


def _removed(role: Role, users: tuple[Id, ...]) -> list[Event]:
    return [MembersRemoved(id=role.id, users=users)] if users else []


# ---- the steps of a change -------------------------------------------------------------------


def _stepped(
    tx: Transaction, session: Session, card: RoleCard, command: ChangeRole
) -> tuple[Role, str | None, list[Event]]:
    """What all steps make of the role; a refusal says which step it comes of."""
    after, external_id = card.role, card.external_id
    events: list[Event] = []
    step = 0
    try:
        for step, change in enumerate(command.changes):  # noqa: B007  the refused one's, below
            if isinstance(change, Set | Unset) and change.at.attribute == EXTERNAL_ID:
                value = change.value if isinstance(change, Set) else None
                external_id = properties.text("externalId", value)
            elif isinstance(change, Set | Unset):
                after = _changed(after, change)
            else:
                events += change_members(tx, session, card.role, change, command.at)
    except Refusal as refusal:
        refusal.step = step
        raise
    return after, external_id, events


def _changed(role: Role, change: Set | Unset) -> Role:
    value: Json = change.value if isinstance(change, Set) else None
    if change.at.attribute == "COMMENT":
        return msgspec.structs.replace(role, comment=properties.text("COMMENT", value))
    assert change.at.attribute == "NAME", "a role has a name and a comment"
    if not isinstance(value, str):
        raise InvalidValue("NAME", "it takes text and can't be unset")
    require_name("NAME", value)
    return msgspec.structs.replace(role, name=Name(value))


def _said(before: Role, after: Role) -> Event:
    fields = [
        field for field in ("name", "comment") if getattr(before, field) != getattr(after, field)
    ]
    was: dict[str, Json] = {field.upper(): getattr(before, field) for field in fields}
    now: dict[str, Json] = {field.upper(): getattr(after, field) for field in fields}
    return RoleChanged(id=after.id, before=was, after=now)


# ---- what several handlers ask ---------------------------------------------------------------


def _require_changeable(tx: Reading, session: Session, role: Role, asked: Ref) -> None:
    """Refuse what the account was born with and what belongs to others; SCIM knows of neither."""
    if role.system and session.integration is None:
        raise SystemObject(Kind.ROLE, role.name)
    if role.system:
        raise NotFound(Kind.ROLE, access.label(asked))
    access.require_owned(tx, session, access.target_of(Kind.ROLE, role), asked)


def with_members(
    reading: Reading, session: Session, cards: tuple[RoleCard, ...], members_max: int
) -> tuple[RoleCard, ...]:
    """With members, in the order of ids while they are at most `members_max`; 0 asks for none."""
    if members_max == 0 or not cards:
        return cards
    # A large group's names aren't read to find out that they are not shown.
    if len(cards) == 1 and members_max <= COUNTED_FIRST_MAX:
        (card,) = cards
        if reading.has_more_members(card.role.id, members_max):
            return cards
    members: dict[Id, list[Member]] = {card.role.id: [] for card in cards}
    found = _members_of(reading, sorted(members), members_max + 1)
    for role, member in found:
        members[role].append(member)
    if session.integration is not None:
        members = {
            role: list(members_named(reading, session, each)) for role, each in members.items()
        }
    if len(found) > members_max:  # of the last one, and those after it, there may be more
        members = {role: known for role, known in members.items() if role < found[-1][0]}
    return tuple(_peopled(reading, card, members.get(card.role.id), members_max) for card in cards)


def members_named(
    reading: Reading, session: Session, members: Sequence[Member]
) -> tuple[Member, ...]:
    """The members, without the names of users that an integration doesn't see (decision 12)."""
    if session.integration is None or all(each.owner == session.role for each in members):
        return tuple(members)
    owners = access.visible_owners(reading, session, Kind.USER)
    if owners is None:
        return tuple(members)
    monitored = access.objects_held(reading, session, Kind.USER, Privilege.MONITOR)
    return tuple(
        member
        if member.owner in owners or member.user in monitored
        else Member(user=member.user, login_name="", owner=member.owner)
        for member in members
    )


def _members_of(reading: Reading, roles: Sequence[Id], count: int) -> Sequence[tuple[Id, Member]]:
    if len(roles) > 1:
        return reading.members_of_each(roles, count)
    (role,) = roles
    return [(role, member) for member in reading.members_of(role, count)]


def _peopled(
    reading: Reading, card: RoleCard, members: list[Member] | None, members_max: int
) -> RoleCard:
    if members is None:
        return card
    groups = nesting.named_within(reading, card.role.id)
    if len(members) + len(groups) > members_max:
        return card
    return msgspec.structs.replace(card, members=tuple(members), groups=groups)


def find_role(reading: Reading, session: Session, ref: Ref) -> RoleCard | None:
    """The role meant, whoever owns it, without members."""
    if isinstance(ref, ByName):
        named = reading.role_named(ref.name)
        return None if named is None else reading.role_card(named.id, session.integration)
    return reading.role_card(ref, session.integration)


def _require_free(
    tx: Reading, session: Session, before: Role, after: Role, changes: Sequence[RoleChange]
) -> None:
    if after.name != before.name:
        present = tx.role_named(after.name)
        if present is not None:
            refusal = _conflict(tx, session, present)
            refusal.step = last_step(changes, "NAME")
            raise refusal


def _conflict(tx: Reading, session: Session, present: Role) -> AlreadyExists:
    """An id is told to those only who may know it; the remedy is for the audit and the log."""
    if access.owns(tx, session, present.owner):
        return AlreadyExists(Kind.ROLE, present.name, id=present.id)
    fix = access.hand_over(tx, session, access.target_of(Kind.ROLE, present))
    return AlreadyExists(Kind.ROLE, present.name, remedy=fix)


def _absent(ref: Ref, *, if_exists: bool) -> Effect:
    if if_exists:
        return Effect()
    raise NotFound(Kind.ROLE, access.label(ref))

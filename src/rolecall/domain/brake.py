"""The deprovisioning brake: an integration takes away only so much in a while, or has to wait.

Deactivated and dropped users, dropped groups with their members, and removed memberships count,
each one, in a window that slides. What would go beyond the integration's limit is not done: it
is held until somebody decides. The limit is asked inside the transaction and before anything is
written, so that no two requests slip under it together; without a limit nothing is asked.
"""

import hashlib
from collections.abc import Iterable, Sequence, Set

import msgspec

from rolecall.domain import nesting
from rolecall.domain.access import quoted
from rolecall.domain.commands import (
    AddMembers,
    ChangeRole,
    ChangeUser,
    DropRole,
    DropUser,
    RemoveMembers,
    RemoveMembersWhere,
    RoleChange,
    SetMembers,
)
from rolecall.domain.effects import Effect
from rolecall.domain.errors import ChangeHeld, ChangeRejected
from rolecall.domain.events import Event, RemovalHeld
from rolecall.domain.held import (
    KEPT_FOR,
    LAPSES_AFTER,
    MINUTE,
    Act,
    HeldChange,
    HeldState,
    Removing,
    Spells,
    added,
    current,
    within,
)
from rolecall.domain.model import Integration, Kind, Role, User
from rolecall.domain.names import Id, key_of
from rolecall.domain.ports import Asked, Reading, Transaction
from rolecall.domain.predicate import EVERYTHING, Compare, Field, Operator
from rolecall.domain.session import Session

LIMIT_MAX = 1_000_000
WINDOW_MINUTES_MAX = 10_080
EXEMPT_MAX = 100
ASK_AGAIN_SECONDS_MAX = 3_600


class Stopped(Exception):
    """A change has to wait: raised before it has written anything, and held by `hold`."""

    def __init__(self, change: HeldChange, integration: Integration, limit: int) -> None:
        super().__init__(change.id)
        self.change = change
        self.integration = integration
        self.limit = limit


# ---- what counts -----------------------------------------------------------------------------


def judge_user(
    tx: Transaction, session: Session, command: ChangeUser | DropUser, user: User
) -> None:
    """Count the user who is to be out. Raises Stopped, ChangeRejected."""
    braked = _braked(tx, session)
    if braked is None:
        return
    exempt = {key_of(name) for name in braked.deprovisioning_exempt_users}
    if key_of(user.name) in exempt or key_of(user.login_name) in exempt:
        return
    act = Act.DROP_USER if isinstance(command, DropUser) else Act.DEACTIVATE_USER
    removal = Removal(act=act, kind=Kind.USER, resource=user.id, name=user.login_name)
    _judge(tx, session, braked, command, removal)


def judge_role(tx: Transaction, session: Session, command: DropRole, role: Role) -> None:
    """Count a group that is to be dropped, and each of its members.

    Raises Stopped, ChangeRejected.
    """
    braked = _braked(tx, session)
    if braked is None:
        return
    members = _not_exempt(tx, braked, _members(tx, role.id))
    removal = Removal(
        act=Act.DROP_ROLE,
        kind=Kind.ROLE,
        resource=role.id,
        name=role.name,
        count=1 + len(members),
    )
    _judge(tx, session, braked, command, removal)


def judge_members(tx: Transaction, session: Session, command: ChangeRole, role: Role) -> None:
    """Count the members that are to be gone when all steps are done.

    Raises Stopped, ChangeRejected.
    """
    if not any(isinstance(each, REMOVING) for each in command.changes):
        return
    braked = _braked(tx, session)
    if braked is None:
        return
    gone = _not_exempt(tx, braked, _leaving(tx, role.id, command.changes))
    # A whole list that is pushed again takes the place of the one that waits.
    whole = any(isinstance(each, SetMembers) for each in command.changes)
    removal = Removal(
        act=Act.REMOVE_MEMBERS,
        kind=Kind.ROLE,
        resource=role.id,
        name=role.name,
        count=len(gone),
        which=() if whole else tuple(sorted(gone)),
    )
    if gone:
        _judge(tx, session, braked, command, removal)
    elif whole:
        waiting = tx.held_change_like(braked.name, removal.fingerprint)
        if waiting is not None:
            tx.delete_held_change(waiting.id)


def _braked(reading: Reading, session: Session) -> Integration | None:
    """The session's integration, if it has a limit and this is no change that was released."""
    found = session.integration_id
    if found is None or session.releases is not None:
        return None
    integration = reading.memo(("integration", found), lambda: reading.integration(found))
    assert integration is not None, "a session's integration lives (access.require_live)"
    limits = (integration.deprovisioning_limit, integration.deprovisioning_limit_in_percent)
    return None if limits == (None, None) else integration


def _members(reading: Reading, role: Id) -> frozenset[Id]:
    return nesting.groups_within(reading, role).union(reading.members_but(role, ()))


REMOVING = RemoveMembers | RemoveMembersWhere | SetMembers


def _leaving(reading: Reading, role: Id, changes: Sequence[RoleChange]) -> set[Id]:
    """Who is a member now and won't be after these steps."""
    gone: set[Id] = set()
    for change in _since_the_last_list(changes):
        match change:
            case AddMembers():
                gone -= set(change.users)
            case RemoveMembers(users=None):
                gone = set(_members(reading, role))
            case RemoveMembers(users=users) if users is not None:
                gone |= set(reading.members_among(role, users))
                gone |= nesting.groups_within(reading, role).intersection(users)
            case RemoveMembersWhere():
                gone |= set(reading.members_meeting(role, change.users))
                gone |= nesting.meeting(reading, role, change.groups)
            case SetMembers():
                gone = set(reading.members_but(role, change.users))
                gone |= nesting.groups_within(reading, role).difference(change.users)
            case _:  # a name, a comment
                pass
    return gone


def _since_the_last_list(changes: Sequence[RoleChange]) -> Sequence[RoleChange]:
    """The steps from the last one on that says all members: it takes back those before it."""
    for place in range(len(changes) - 1, 0, -1):
        change = changes[place]
        if isinstance(change, SetMembers) or change == RemoveMembers(None):
            return changes[place:]
    return changes


def _not_exempt(reading: Reading, integration: Integration, ids: Set[Id]) -> Set[Id]:
    """The ids without those of users who are never held, by NAME or LOGIN_NAME in any case."""
    keys = [key_of(name) for name in integration.deprovisioning_exempt_users]
    return ids - {user.id for key in keys for user in reading.users_taking(key, key)}


def leaving_held(reading: Reading, change: HeldChange, steps: Sequence[RoleChange]) -> set[Id]:
    """Whom these steps of a held change would take a role from, now."""
    gone = _leaving(reading, change.resource, steps)
    integration = reading.integration_named(change.integration)
    return gone if integration is None else set(_not_exempt(reading, integration, gone))


def version_of(reading: Reading, resource: Id) -> int | None:
    """The version of a user or role, while it is there."""
    card = reading.user_card(resource, None) or reading.role_card(resource, None)
    return None if card is None else card.revision.version


# ---- the limit -------------------------------------------------------------------------------


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """What a change would take away: how many, of what; `which` tells it from its like."""

    act: Act
    kind: Kind
    resource: Id
    name: str
    count: int = 1
    which: tuple[Id, ...] = ()

    @property
    def fingerprint(self) -> str:
        """The same for the same effect."""
        told = "\n".join([self.act, self.resource, *self.which])
        return hashlib.sha256(told.encode()).hexdigest()


def _judge(
    tx: Transaction, session: Session, braked: Integration, command: Removing, removal: Removal
) -> None:
    window = window_of(braked)
    fingerprint, count = removal.fingerprint, removal.count
    known = tx.held_change_like(braked.name, fingerprint)
    if known is not None and known.state is HeldState.REJECTED:
        until = (known.decided_at or 0) + window
        if session.at < until:
            raise ChangeRejected(known.id, braked.name, until, remedy=_release(braked, known.id))
    waits = (
        known is not None
        and known.state is HeldState.HELD
        and session.at - known.last_asked <= LAPSES_AFTER
        and count >= known.removes
    )
    spells = tx.spells_of(braked.name)
    limit, of = _most(tx, braked, spells, session.at)
    lately = sum(spell.count for spell in within(spells, session.at, window))
    if waits or lately + count > limit:
        change = HeldChange(
            id=_id_of(session.at, session.request, fingerprint),
            integration=braked.name,
            fingerprint=fingerprint,
            act=removal.act,
            kind=removal.kind,
            resource=removal.resource,
            name=removal.name,
            removes=count,
            command=command,
            token=session.token,
            request=session.request,
            first_asked=session.at,
            last_asked=session.at,
            version=version_of(tx, removal.resource),
        )
        raise Stopped(_asked_again(known, change) if waits else change, braked, limit)
    tx.save_spells(braked.name, added(spells, session.at, window, count, of))
    if known is not None:
        tx.delete_held_change(known.id)


def _most(reading: Reading, braked: Integration, spells: Spells, at: int) -> tuple[int, int]:
    """The limit as of now, the lower of both, and how many there are to remove.

    A percentage is of the most that there were since the window began, so that what is removed
    does not lower it; at least one passes. They are counted once a spell: it reads an index.
    """
    percent = braked.deprovisioning_limit_in_percent
    limits = [] if braked.deprovisioning_limit is None else [braked.deprovisioning_limit]
    if percent is None:
        return min(limits), 0
    window = window_of(braked)
    newest = current(spells, at, window)
    of = newest.of if newest is not None and newest.of else _removable(reading, braked)
    most = max([of, *(spell.of for spell in within(spells, at, window))])
    limits.append(max(most * percent // 100, 1) if percent else 0)
    return min(limits), of


def _removable(reading: Reading, braked: Integration) -> int:
    """The active users and the groups that the integration's role owns."""
    owners = frozenset({braked.run_as_role})
    active = Compare(Field.ACTIVE, Operator.EQ, value=True)
    users = reading.find_users(Asked(active, owners), 0, 0).total
    return users + reading.find_roles(Asked(EVERYTHING, owners), 0, 0).total


def window_of(integration: Integration) -> int:
    """The integration's window, in microseconds."""
    return integration.deprovisioning_window_in_minutes * MINUTE


def _asked_again(known: HeldChange | None, change: HeldChange) -> HeldChange:
    """The change that waits, as it was asked for last."""
    assert known is not None, "what waits is known"
    return msgspec.structs.replace(
        change, id=known.id, first_asked=known.first_asked, times=known.times + 1
    )


def _id_of(at: int, request: Id, fingerprint: str) -> Id:
    """A UUID, version 7, that is the same each time that a body runs.

    One request, a bulk, may have several changes held: the effect is part of it.
    """
    noise = int(hashlib.sha256(f"{request}{fingerprint}".encode()).hexdigest()[:20], 16)
    number = (at // 1_000 & (1 << 48) - 1) << 80 | noise
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0b11 << 62) | 0b10 << 62
    text = f"{number:032x}"
    return Id(f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}")


# ---- what has to wait ------------------------------------------------------------------------


def hold(
    tx: Transaction, session: Session, stopped: Stopped, events: Iterable[Event] = ()
) -> Effect:
    """Keep the change that was stopped; the answer is its refusal, which is no failure.

    Only what is asked for the first time is an event: a provider may ask a hundred times.
    `events` are what holding it has led to.
    """
    change = stopped.change
    if change.times == 1:
        known = tx.held_change_like(change.integration, change.fingerprint)
        if known is not None:  # it was decided once, or nobody had asked for it for long
            tx.delete_held_change(known.id)
        tx.forget_decided_changes(change.integration, session.at - KEPT_FOR)
    tx.save_held_change(change)
    _mark(tx, change)
    integration = stopped.integration
    seconds = min(integration.deprovisioning_window_in_minutes * 60, ASK_AGAIN_SECONDS_MAX)
    refusal = ChangeHeld(
        change.id,
        integration.name,
        change.removes,
        stopped.limit,
        seconds,
        first=change.times == 1,
        remedy=f"show held changes in integration {quoted(integration.name)}; then "
        f"{_release(integration, change.id)}, or … reject held changes …",
    )
    if not refusal.first:
        return Effect(tuple(events), refusal)
    said = RemovalHeld(
        id=integration.id,
        change=change.id,
        act=change.act.value,
        resource_kind=change.kind,
        resource=change.resource,
        removes=change.removes,
        limit=stopped.limit,
    )
    return Effect((said, *events), refusal)


def _mark(tx: Transaction, change: HeldChange) -> None:
    """Leave on the resource that something was held, so that nobody else has to look for it."""
    user, role = tx.user(change.resource), tx.role(change.resource)
    if user is not None and not user.was_held:
        tx.save_user(msgspec.structs.replace(user, was_held=True))
    if role is not None and not role.was_held:
        tx.save_role(msgspec.structs.replace(role, was_held=True))


def _release(integration: Integration, change: Id) -> str:
    named = quoted(integration.name)
    return f"alter security integration {named} release held changes '{change}'"

"""Who is kept: what is decided after a change was held is not undone by releasing it.

Whoever enables a user, or lets somebody hold a role, says that they stay. A held change that would
take away just that is withdrawn, or narrowed to the others. It is asked also when the decision
itself changes nothing, since what is held has changed nothing yet.
"""

from collections.abc import Iterable, Sequence

import msgspec

from rolecall.domain.brake import Removal, leaving_held, version_of
from rolecall.domain.commands import (
    AddMembers,
    ChangeRole,
    ChangeUser,
    RemoveMembers,
    RoleChange,
    Set,
    SetMembers,
    Unset,
)
from rolecall.domain.events import Event, RemovalWithdrawn
from rolecall.domain.held import Act, HeldChange, HeldState
from rolecall.domain.model import Role, User
from rolecall.domain.names import Id
from rolecall.domain.ports import Reading, Transaction
from rolecall.domain.session import Session

DISABLED = "DISABLED"
MEMBERSHIP = (AddMembers, RemoveMembers, SetMembers)


def kept_user(tx: Transaction, session: Session, command: ChangeUser, user: User) -> list[Event]:
    """A user who is said to be active is not put out by what waits."""
    if not user.was_held or session.releases is not None:
        return []
    if not any(_enables(each) for each in command.changes):
        return []
    return [_withdrawn(tx, change) for change in _waiting(tx, user.id)]


def _enables(change: object) -> bool:
    match change:
        case Set(at=at, value=value):
            return at.attribute == DISABLED and value is False
        case Unset(at=at):
            return at.attribute == DISABLED
        case _:
            return False


def kept_members(tx: Transaction, session: Session, role: Role, users: Sequence[Id]) -> list[Event]:
    """Those who are said to hold a role keep it, and the role stays, whatever waits."""
    if not role.was_held or session.releases is not None or not users:
        return []
    return _keep(tx, _waiting(tx, role.id), users)


def named(changes: Iterable[RoleChange]) -> list[Id]:
    """Who is said to be a member."""
    return [
        user
        for change in changes
        if isinstance(change, AddMembers | SetMembers)
        for user in change.users
    ]


def kept_by_held(tx: Transaction, change: HeldChange) -> list[Event]:
    """What is held now, and names members too, is newer than what was held of others."""
    users = named(change.command.changes) if isinstance(change.command, ChangeRole) else []
    if not users:
        return []
    older = [each for each in _waiting(tx, change.resource) if each.id != change.id]
    return _keep(tx, older, users)


def _keep(tx: Transaction, waiting: Iterable[HeldChange], users: Sequence[Id]) -> list[Event]:
    events: list[Event] = []
    for change in waiting:
        left = _narrowed(tx, change, users) if change.act is Act.REMOVE_MEMBERS else None
        if left is None:
            events.append(_withdrawn(tx, change))
        else:
            tx.save_held_change(left)
    return events


def _waiting(reading: Reading, resource: Id) -> list[HeldChange]:
    """What waits to take this away, or from this."""
    found = reading.held_changes_about(resource)
    return [change for change in found if change.state is HeldState.HELD]


def _withdrawn(tx: Transaction, change: HeldChange) -> Event:
    tx.delete_held_change(change.id)
    return RemovalWithdrawn(
        id=change.resource, kind=change.kind, change=change.id, integration=change.integration
    )


def _narrowed(tx: Transaction, change: HeldChange, kept: Sequence[Id]) -> HeldChange | None:
    """The change without those who are kept; None when nobody is left, or another waits for it."""
    command = change.command
    assert isinstance(command, ChangeRole), "the act says so"
    steps = tuple(step for each in command.changes if (step := _sparing(each, kept)) is not None)
    gone = leaving_held(tx, change, steps)
    if not gone:
        return None
    whole = any(isinstance(each, SetMembers) for each in steps)
    removal = Removal(
        act=change.act,
        kind=change.kind,
        resource=change.resource,
        name=change.name,
        count=len(gone),
        which=() if whole else tuple(sorted(gone)),
    )
    like = tx.held_change_like(change.integration, removal.fingerprint)
    if like is not None and like.id != change.id:
        return None
    return msgspec.structs.replace(
        change,
        command=msgspec.structs.replace(command, changes=steps),
        removes=removal.count,
        fingerprint=removal.fingerprint,
    )


def _sparing(step: RoleChange, kept: Sequence[Id]) -> RoleChange | None:
    """One step of a held change as it leaves those who are kept; None when it is about nobody."""
    match step:
        case RemoveMembers(users=None):
            return SetMembers(tuple(dict.fromkeys(kept)))
        case RemoveMembers(users=users) if users is not None:
            spared = set(kept)
            left = tuple(user for user in users if user not in spared)
            return RemoveMembers(left) if left else None
        case SetMembers(users=users):
            return SetMembers(tuple(dict.fromkeys((*users, *kept))))
        case _:
            return step


# ---- a release of what was asked for long ago --------------------------------------------------


def still_meant(reading: Reading, change: HeldChange) -> HeldChange:
    """The change with what a release may still do.

    When the resource has changed since the change was asked for, what else came with the removal
    is as old as the request, and is left out.
    """
    command = change.command
    if change.version is not None and change.version == version_of(reading, change.resource):
        return change
    match command:
        case ChangeUser():
            steps = tuple(each for each in command.changes if each.at.attribute == DISABLED)
            narrow = msgspec.structs.replace(command, changes=steps, replaces=False)
            return msgspec.structs.replace(change, command=narrow)
        case ChangeRole():
            members = tuple(each for each in command.changes if isinstance(each, MEMBERSHIP))
            narrowed = msgspec.structs.replace(command, changes=members)
            return msgspec.structs.replace(change, command=narrowed)
        case _:  # who is dropped has nothing else
            return change

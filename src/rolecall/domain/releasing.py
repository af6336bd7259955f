"""Deciding about held changes: who sees them, and what a release or a rejection does."""

from collections.abc import Callable
from typing import Any

import msgspec

from rolecall.domain import access, keeping, roles, users
from rolecall.domain.commands import ByName, ChangeRole, ChangeUser, DropRole, DropUser, Ref
from rolecall.domain.commands_held import RejectHeldChange, ReleaseHeldChange
from rolecall.domain.effects import Effect
from rolecall.domain.errors import NotFound, TokenRefused
from rolecall.domain.events import RemovalRejected, RemovalReleased
from rolecall.domain.held import HeldChange, HeldState
from rolecall.domain.model import Integration, Kind, Privilege
from rolecall.domain.names import Id
from rolecall.domain.ports import Reading, Transaction
from rolecall.domain.queries import Query
from rolecall.domain.session import ActorKind, Session


class HeldChanges(Query[tuple[HeldChange, ...]], frozen=True, kw_only=True):
    """Held changes, decided ones too, by when they were first asked for.

    Of the integrations that the session owns or monitors; NotFound when it may not know of the
    one that it names.
    """

    integration: Ref | None = None


def held_changes(reading: Reading, session: Session, query: HeldChanges) -> tuple[HeldChange, ...]:
    """Those that the session may see. Raises NotFound, NotAuthorized."""
    if query.integration is not None:
        found = _meant(reading, query.integration)
        if not _monitors(reading, session, found):
            target = access.target_of(Kind.INTEGRATION, found)
            access.require_owned(reading, session, target, query.integration)
        return reading.held_changes(found.name)
    shown = {found.name for found in reading.integrations() if _monitors(reading, session, found)}
    return tuple(change for change in reading.held_changes(None) if change.integration in shown)


def _meant(reading: Reading, ref: Ref) -> Integration:
    found = (
        reading.integration_named(ref.name) if isinstance(ref, ByName) else reading.integration(ref)
    )
    if found is None:
        raise NotFound(Kind.INTEGRATION, access.label(ref))
    return found


def _monitors(reading: Reading, session: Session, found: Integration) -> bool:
    if access.owns(reading, session, found.owner):
        return True
    return found.id in access.objects_held(reading, session, Kind.INTEGRATION, Privilege.MONITOR)


CARRIED_OUT_BY: dict[type, Callable[[Transaction, Session, Any], Effect]] = {
    ChangeUser: users.change_user,
    DropUser: users.drop_user,
    ChangeRole: roles.change_role,
    DropRole: roles.drop_role,
}


def release(tx: Transaction, session: Session, command: ReleaseHeldChange) -> Effect:
    """A held change is carried out as its integration, judged as of now and without the brake.

    The token that asked last must still be good, the objects must still belong to the
    integration's role, and a version that was asked for must still be the present one.

    Raises NotFound, NotAuthorized, TokenRefused, and whatever the change itself is refused by.
    """
    change, integration = _decided(tx, session, command.change)
    if change.state is HeldState.RELEASED:
        return Effect((), change)
    asker = Session(
        number=session.number,
        actor=integration.name,
        actor_kind=ActorKind.INTEGRATION,
        role=integration.run_as_role,
        at=command.at,
        request=session.request,
        integration=integration.name,
        integration_id=integration.id,
        token=change.token,
        releases=change.id,
    )
    access.require_live(tx, asker)
    if not integration.enabled:  # a user's access token may have asked, which is still good
        raise TokenRefused("integration_disabled")
    again = msgspec.structs.replace(keeping.still_meant(tx, change).command, at=command.at)
    done = CARRIED_OUT_BY[type(again)](tx, asker, again)

    released = _as_decided(session, change, HeldState.RELEASED, command.at)
    tx.save_held_change(released)
    said = RemovalReleased(id=integration.id, change=change.id, removes=change.removes)
    return Effect((*done.events, said), released, done.warnings)


def reject(tx: Transaction, session: Session, command: RejectHeldChange) -> Effect:
    """A held change is not wanted. Raises NotFound, NotAuthorized."""
    change, integration = _decided(tx, session, command.change)
    if change.state is not HeldState.HELD:
        return Effect((), change)

    rejected = _as_decided(session, change, HeldState.REJECTED, command.at)
    tx.save_held_change(rejected)
    said = RemovalRejected(id=integration.id, change=change.id, removes=change.removes)
    return Effect((said,), rejected)


def _decided(tx: Transaction, session: Session, change: Id) -> tuple[HeldChange, Integration]:
    """The change to be decided about, and its integration, which the session owns."""
    found = tx.held_change(change)
    integration = None if found is None else tx.integration_named(found.integration)
    if found is None or integration is None:
        raise NotFound(Kind.HELD_CHANGE, change)
    target = access.target_of(Kind.INTEGRATION, integration)
    access.require_owned(tx, session, target, ByName(integration.name))
    return found, integration


def _as_decided(session: Session, change: HeldChange, state: HeldState, at: int) -> HeldChange:
    return msgspec.structs.replace(change, state=state, decided_at=at, decided_by=session.actor)

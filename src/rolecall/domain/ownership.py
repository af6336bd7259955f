"""Ownership: every object has one owner, and one statement hands it to another."""

from collections.abc import Callable

import msgspec

from rolecall.domain import access, provisioned
from rolecall.domain.access import Target
from rolecall.domain.commands import (
    GrantOwnership,
    GrantOwnershipOfAll,
    Ref,
)
from rolecall.domain.effects import Effect, Transferred
from rolecall.domain.errors import (
    DependentGrants,
    NotAdoptable,
    NotAuthorized,
    SystemObject,
)
from rolecall.domain.events import (
    Event,
    OwnershipTransferred,
    PrivilegeRevoked,
)
from rolecall.domain.grants import object_meant, require_harmless
from rolecall.domain.integrations import conformance_in_force
from rolecall.domain.model import (
    Conformance,
    Kind,
    Privilege,
    PrivilegeGrant,
    Role,
    ScimClient,
)
from rolecall.domain.names import Id
from rolecall.domain.ports import Asked, Reading, Transaction
from rolecall.domain.predicate import EVERYTHING
from rolecall.domain.session import Session


def grant_ownership(tx: Transaction, session: Session, command: GrantOwnership) -> Effect:
    """An object has another owner. Raises NotFound, NotAuthorized, DependentGrants.

    Grants of a role outlive its owner (vendor: roles don't ask for COPY or REVOKE).
    """
    target = object_meant(tx, command.kind, command.object)
    require_transferable(tx, session, target, command.object)
    heir = access.role_meant(tx, command.role)
    held = tx.privileges_on(target.kind, target.id)
    if held and command.current_grants is None and command.kind is not Kind.ROLE:
        raise DependentGrants(target.kind, target.name)
    require_adoptable(tx, target, heir)

    events: list[Event] = []
    if command.current_grants == "REVOKE":
        events += _revoked(tx, target, held)
    if command.current_grants == "COPY":
        _copied(tx, target, held, heir.id)
    if target.owner != heir.id:
        events.append(_given(tx, target, heir.id, command.at))
    return Effect(tuple(events))


def _given(tx: Transaction, target: Target, heir: Id, at: int) -> Event:
    _OWNED[target.kind](tx, target.id, heir, at)
    return OwnershipTransferred(id=target.id, kind=target.kind, before=target.owner, after=heir)


def require_transferable(tx: Reading, session: Session, target: Target, asked: Ref) -> None:
    """Refuse who neither owns the object nor holds MANAGE GRANTS, and the account itself."""
    if target.kind is Kind.ACCOUNT:
        raise NotAuthorized(Privilege.OWNERSHIP, target.kind, target.name)
    if access.owns(tx, session, target.owner):
        return
    if not access.holds(tx, session, Privilege.MANAGE_GRANTS):
        remedy = access.hand_over(tx, session, target)
        access.require_seen(tx, session, target, asked, remedy)
        raise NotAuthorized(Privilege.OWNERSHIP, target.kind, target.name, remedy=remedy)
    role = tx.role(target.id) if target.kind is Kind.ROLE else None
    if role is not None and not role.system:
        require_harmless(tx, session, role)


def require_adoptable(reading: Reading, target: Target, heir: Role) -> None:
    """Refuse to hand to an integration what its conformance keeps it from adopting (NotAdoptable).

    Under SNOWFLAKE no role is adopted, and by AZURE no user (reference section 3); what an
    integration has provisioned itself is handed back (documents: Azure, troubleshooting).
    """
    if target.kind not in {Kind.USER, Kind.ROLE} or target.owner == heir.id:
        return
    for integration in reading.integrations():
        if (
            integration.run_as_role == heir.id
            and conformance_in_force(reading, integration) is Conformance.SNOWFLAKE
            and (target.kind is Kind.ROLE or integration.scim_client is ScimClient.AZURE)
            and not provisioned.has_provisioned(reading, integration, target.kind, target.id)
        ):
            name = access.quoted(integration.name)
            remedy = f"alter security integration {name} set conformance = 'RFC'"
            raise NotAdoptable(target.kind, target.name, heir.name, remedy=remedy)


TRANSFERRED_MAX = 10_000
"""Objects that one command gives away: a transaction that others don't wait long for."""


def grant_ownership_of_all(
    tx: Transaction, session: Session, command: GrantOwnershipOfAll
) -> Effect:
    """What a role owns of one kind has another owner (ours). Raises NotFound, NotAuthorized.

    Grants on the objects stay, as with COPY CURRENT GRANTS.
    """
    owner = access.role_meant(tx, command.owner)
    if not access.owns(tx, session, owner.id) and not access.holds(
        tx, session, Privilege.MANAGE_GRANTS
    ):
        access.require_seen(tx, session, access.target_of(Kind.ROLE, owner), command.owner)
        raise NotAuthorized(Privilege.MANAGE_GRANTS, Kind.ROLE, owner.name)
    heir = access.role_meant(tx, command.role)
    total, targets = _owned_by(tx, command.kind, owner.id)
    if owner.id == heir.id:
        return Effect((), Transferred(count=0, remaining=0))

    events: list[Event] = []
    for target in targets:
        require_transferable(tx, session, target, target.id)
        require_adoptable(tx, target, heir)
        _copied(tx, target, tx.privileges_on(target.kind, target.id), heir.id)
        events.append(_given(tx, target, heir.id, command.at))
    return Effect(tuple(events), Transferred(count=len(targets), remaining=total - len(targets)))


def _owned_by(reading: Reading, kind: Kind, owner: Id) -> tuple[int, tuple[Target, ...]]:
    """How many users or roles a role owns, and those that one command gives away."""
    owners = frozenset({owner})
    if kind is Kind.USER:
        users = reading.find_users(Asked(EVERYTHING, owners), 0, TRANSFERRED_MAX)
        return users.total, tuple(access.target_of(kind, card.user) for card in users.items)
    assert kind is Kind.ROLE, "the language gives away users and roles in bulk"
    roles = reading.find_roles(Asked(EVERYTHING, owners), 0, TRANSFERRED_MAX)
    return roles.total, tuple(access.target_of(kind, card.role) for card in roles.items)


def _revoked(tx: Transaction, target: Target, held: tuple[PrivilegeGrant, ...]) -> list[Event]:
    tx.delete_privileges_on(target.kind, target.id)
    return [
        PrivilegeRevoked(id=target.id, kind=target.kind, privilege=grant.privilege, to=grant.role)
        for grant in held
    ]


def _copied(tx: Transaction, target: Target, held: tuple[PrivilegeGrant, ...], heir: Id) -> None:
    """The grants stand in the new owner's name (vendor: COPY CURRENT GRANTS)."""
    tx.delete_privileges_on(target.kind, target.id)
    for grant in held:
        tx.save_privilege(msgspec.structs.replace(grant, granted_by=heir))


def _give_user(tx: Transaction, user_id: Id, heir: Id, at: int) -> None:
    user = tx.user(user_id)
    assert user is not None, "it was just found"
    tx.save_user(msgspec.structs.replace(user, owner=heir))
    tx.touch(user_id, at)


def _give_role(tx: Transaction, role_id: Id, heir: Id, at: int) -> None:
    role = tx.role(role_id)
    assert role is not None, "it was just found"
    if role.system:
        raise SystemObject(Kind.ROLE, role.name)
    tx.save_role(msgspec.structs.replace(role, owner=heir))
    tx.touch(role_id, at)
    tx.bump_generation()


def _give_integration(tx: Transaction, integration_id: Id, heir: Id, at: int) -> None:
    integration = tx.integration(integration_id)
    if integration is None:
        _give_governed(Kind.EXTERNAL_OAUTH)(tx, integration_id, heir, at)
    else:
        tx.save_integration(msgspec.structs.replace(integration, owner=heir))
    tx.bump_generation()


def _give_database(tx: Transaction, database_id: Id, heir: Id, _at: int) -> None:
    database = next(found for found in tx.databases() if found.id == database_id)
    tx.save_database(msgspec.structs.replace(database, owner=heir))


def _give_governed(kind: Kind) -> Callable[[Transaction, Id, Id, int], None]:
    def give(tx: Transaction, governed_id: Id, heir: Id, _at: int) -> None:
        governed = tx.governed(kind, governed_id)
        assert governed is not None, "it was just found"
        tx.save_governed(kind, msgspec.structs.replace(governed, owner=heir))

    return give


_OWNED: dict[Kind, Callable[[Transaction, Id, Id, int], None]] = {
    Kind.USER: _give_user,
    Kind.ROLE: _give_role,
    Kind.INTEGRATION: _give_integration,
    Kind.DATABASE: _give_database,
    Kind.NETWORK_POLICY: _give_governed(Kind.NETWORK_POLICY),
    Kind.NETWORK_RULE: _give_governed(Kind.NETWORK_RULE),
}

"""What a session may do: its roles, what they inherit, hold and own.

A role inherits the roles granted to it; PUBLIC is everyone's. What is computed here from the
hierarchy and the account's privileges is remembered until the generation changes.
"""

from collections.abc import Iterable, Sequence

import msgspec

from rolecall.domain.commands import ByName, Ref
from rolecall.domain.errors import (
    LoginRefused,
    NotAuthorized,
    NotFound,
    Refusal,
    RoleNotGranted,
    TokenRefused,
)
from rolecall.domain.founding import SYSTEM_PRIVILEGES
from rolecall.domain.model import (
    AccessToken,
    Database,
    Governed,
    Held,
    Integration,
    Kind,
    Membership,
    Privilege,
    PrivilegeGrant,
    Role,
    Token,
    User,
)
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Reading
from rolecall.domain.session import ALL_ROLES, ActorKind, Session

ACCOUNTADMIN = Name("ACCOUNTADMIN")
ORGADMIN = Name("ORGADMIN")
PUBLIC = Name("PUBLIC")


# ---- roles ---------------------------------------------------------------------------------


def active_roles(reading: Reading, session: Session) -> frozenset[Id]:
    """Every role that the session acts as: primary, secondary, and all they inherit."""
    roles = reached(reading, session.role)
    for role in secondary_roles(reading, session):
        roles |= reached(reading, role)
    return roles


def secondary_roles(reading: Reading, session: Session) -> tuple[Id, ...]:
    """The secondary roles that the user still holds: ALL are those by a direct grant (vendor).

    An access token for one role has none.
    """
    if not session.secondary or session.user is None or session.restricted_to is not None:
        return ()
    if session.secondary == ALL_ROLES:
        return tuple(grant.role for grant in reading.member_grants_to(session.user))
    available = available_roles(reading, session)
    return tuple(role for role in session.secondary if role in available)


def primary_roles(reading: Reading, session: Session) -> frozenset[Id]:
    """The primary role and what it inherits: who may create (vendor: secondary roles don't)."""
    return reached(reading, session.role)


def reached(reading: Reading, role: Id) -> frozenset[Id]:
    """The role, every role that it inherits, and PUBLIC with what PUBLIC inherits."""
    return reading.memo(("reached", role), lambda: _reached(reading, role))


def _reached(reading: Reading, role: Id) -> frozenset[Id]:
    return inherited(reading, role) | inherited(reading, system_role(reading, PUBLIC).id)


def inherited(reading: Reading, role: Id) -> frozenset[Id]:
    """The role and every role that grants of roles to roles lead to from it."""
    inherits = reading.memo("inherits", lambda: _inherits(reading))
    found = {role}
    frontier = [role]
    while frontier:
        fresh = inherits.get(frontier.pop(), frozenset()) - found
        found |= fresh
        frontier.extend(fresh)
    return frozenset(found)


def _inherits(reading: Reading) -> dict[Id, frozenset[Id]]:
    """For each role those granted to it."""
    granted: dict[Id, set[Id]] = {}
    for grant in reading.hierarchy():
        granted.setdefault(grant.grantee, set()).add(grant.role)
    return {role: frozenset(roles) for role, roles in granted.items()}


def system_role(reading: Reading, name: Name) -> Role:
    """A role that every account is born with."""
    role = reading.memo(("system_role", name), lambda: reading.role_named(name))
    assert role is not None, "system roles can't be dropped"
    return role


def available_roles(reading: Reading, session: Session) -> frozenset[Id]:
    """Every role that the session's user could act as, with this credential."""
    roles = roles_of_user(reading, session.user)
    if session.restricted_to is not None:
        return roles & {session.restricted_to}
    if session.actor_kind is ActorKind.LOCAL:
        for name in (ACCOUNTADMIN, ORGADMIN):
            roles |= reached(reading, system_role(reading, name).id)
    return roles


def roles_of_user(reading: Reading, user: Id | None) -> frozenset[Id]:
    """Every role that a user holds, by itself or by inheritance; nobody holds PUBLIC."""
    roles = reached(reading, system_role(reading, PUBLIC).id)
    for grant in () if user is None else reading.member_grants_to(user):
        roles |= reached(reading, grant.role)
    return roles


# ---- is the asker still good? ---------------------------------------------------------------


def require_live(reading: Reading, session: Session) -> None:
    """Refuse what has ended since the request was accepted: token, login, user, role.

    A request may wait (DESIGN contract 2). Raises TokenRefused, LoginRefused, RoleNotGranted or
    NotFound.
    """
    shown = session.token
    if shown is not None and session.actor_kind is ActorKind.INTEGRATION:
        key = ("good until", shown, session.role)
        if session.at < reading.memo(key, lambda: _good_until(reading, session, shown)):
            return
    _require_good_asker(reading, session)


def _require_good_asker(reading: Reading, session: Session) -> None:
    if session.actor_kind is not ActorKind.SYSTEM and is_dropped(reading):
        name = reading.account().name
        if session.login is not None:
            raise TokenRefused("ended", remedy=undropping(name))
        raise NotFound(Kind.ACCOUNT, name, remedy=undropping(name))
    if session.token is not None:
        token_id = session.token
        token = reading.memo(("token", token_id), lambda: reading.token(token_id))
        if token is None:
            raise TokenRefused("unknown")
        require_good(reading, token, session.at)
    if session.login is not None:
        login = reading.session(session.login)
        if login is None or login.expires_at <= session.at:
            raise TokenRefused("expired", remedy="Log in again.")
    if session.actor_kind is ActorKind.USER:
        require_user(reading, session)
    if session.actor_kind is not ActorKind.SYSTEM:
        _require_role(reading, session)


def _good_until(reading: Reading, session: Session, shown: Id) -> int:
    """When the session's token ends if nothing changes; 0 if it is refused already."""
    token = reading.token(shown)
    if token is None:
        return 0
    try:
        require_good(reading, token, at=0)
        _require_role(reading, session)
    except Refusal:
        return 0
    return token.expires_at


def is_dropped(reading: Reading) -> bool:
    """Whether the account lets nobody in any more."""
    return reading.memo("dropped", lambda: reading.account().dropped_at is not None)


def undropping(name: str) -> str:
    """What opens a dropped account again, while its grace period lasts."""
    return f"undrop account {quoted(Name(name))}, as ORGADMIN of the first account"


def require_user(reading: Reading, session: Session) -> None:
    """Refuse what a user asks who is out, or whose access token has ended.

    Raises LoginRefused, TokenRefused.
    """
    user = reading.user(session.user) if session.user is not None else None
    ended = why_ended(user, session.at)
    if ended is not None:
        raise LoginRefused(session.actor, ended)
    if session.access_token is None or user is None:
        return
    for token in reading.access_tokens_of(user.id):
        if token.id == session.access_token and is_good(token, session.at):
            return
    raise TokenRefused("ended", remedy="The access token has ended: log in with another.")


def is_good(token: AccessToken, at: int) -> bool:
    """Whether the token by itself lets its user in."""
    return not token.disabled and token.expires_at > at


def why_ended(user: User | None, at: int) -> str | None:
    """Why the user can't act any more; a lock refuses new logins only."""
    if user is None:
        return "unknown user"
    if user.disabled:
        return "disabled"
    return "expired" if user.expires_at is not None and user.expires_at <= at else None


def _require_role(reading: Reading, session: Session) -> None:
    """An integration acts as its role while that exists; a user as one that is granted."""
    if session.actor_kind is ActorKind.INTEGRATION:
        if reading.memo(("lives", session.role), lambda: reading.role(session.role)) is None:
            raise RoleNotGranted(
                session.role,
                session.actor,
                remedy=f"The role that integration {quoted(session.actor)} runs as was dropped: "
                f"create or replace the integration with another run_as_role",
            )
        return
    if session.role not in available_roles(reading, session):
        role = reading.role(session.role)
        raise RoleNotGranted(role.name if role else session.role, session.actor)


def require_good(reading: Reading, token: Token, at: int) -> Integration:
    """The integration that the token is for, if both are in force at `at`; else TokenRefused."""
    if is_dropped(reading):
        raise TokenRefused("ended", remedy=undropping(reading.account().name))
    integration = reading.memo(
        ("integration", token.integration), lambda: reading.integration(token.integration)
    )
    name = token.integration_name.replace("'", "''")
    again = f"Issue a new one: select system$generate_scim_access_token('{name}')"
    if token.ended_at is None and token.expires_at <= at:
        raise TokenRefused("expired", remedy=again)
    if token.ended_at is not None or integration is None:
        raise TokenRefused("ended", remedy=f"It was ended: {token.ended_why}. {again}")
    require_accepting(integration, token.issued_at, again)
    return integration


def require_accepting(integration: Integration, issued_at: int, again: str) -> None:
    """Refuse a credential for a disabled integration, and one that it rejects by its time."""
    if not integration.enabled:
        raise TokenRefused(
            "integration_disabled",
            remedy=f"alter security integration {quoted(integration.name)} set enabled = true",
        )
    earliest = integration.reject_tokens_issued_before
    if earliest is not None and issued_at < earliest:
        raise TokenRefused("issued_too_early", remedy=again)


# ---- privileges ----------------------------------------------------------------------------


def holders(reading: Reading, privilege: Privilege, kind: Kind, on: Id) -> frozenset[Id]:
    """The roles that hold a privilege on one object by a grant of it."""
    if kind is Kind.ACCOUNT:
        return reading.memo(
            ("holders", privilege), lambda: _holding(account_privileges(reading), privilege)
        )
    return _holding(reading.privileges_on(kind, on), privilege)


def _holding(grants: Iterable[PrivilegeGrant], privilege: Privilege) -> frozenset[Id]:
    return frozenset(grant.role for grant in grants if grant.privilege is privilege)


def account_privileges(reading: Reading) -> tuple[PrivilegeGrant, ...]:
    """Who holds what on the account: what was granted, and what system roles hold from birth."""
    return reading.memo("account_privileges", lambda: _account_privileges(reading))


def _account_privileges(reading: Reading) -> tuple[PrivilegeGrant, ...]:
    account = reading.account()
    granted = reading.privileges_on(Kind.ACCOUNT, account.id)
    known = {(grant.role, grant.privilege) for grant in granted}
    inborn = (
        PrivilegeGrant(
            privilege=privilege,
            kind=Kind.ACCOUNT,
            object=account.id,
            role=system_role(reading, Name(name)).id,
            granted_by=None,
            created_at=account.created_at,
        )
        for name, privileges in SYSTEM_PRIVILEGES.items()
        for privilege in privileges
    )
    return granted + tuple(grant for grant in inborn if (grant.role, grant.privilege) not in known)


def privileges_of(reading: Reading, role: Id) -> tuple[PrivilegeGrant, ...]:
    """What a role holds by grants of privileges, and from birth."""
    objects = (held for held in reading.privileges_of(role) if held.kind is not Kind.ACCOUNT)
    return (*(held for held in account_privileges(reading) if held.role == role), *objects)


def account_id(reading: Reading) -> Id:
    """The id that privileges on the account itself refer to."""
    return reading.memo("account_id", lambda: reading.account().id)


def holds(reading: Reading, session: Session, privilege: Privilege) -> bool:
    """Whether the session holds a privilege on the account."""
    if session.actor_kind is ActorKind.SYSTEM:
        return True
    if privilege.startswith("CREATE"):
        return reading.memo(
            ("creates", session.role, privilege),
            lambda: _roles_hold(reading, privilege, primary_roles(reading, session)),
        )
    return _roles_hold(reading, privilege, active_roles(reading, session))


def _roles_hold(reading: Reading, privilege: Privilege, roles: frozenset[Id]) -> bool:
    return not roles.isdisjoint(holders(reading, privilege, Kind.ACCOUNT, account_id(reading)))


def require(reading: Reading, session: Session, privilege: Privilege) -> None:
    """Refuse a session without a privilege on the account; the remedy says who lacks what."""
    if holds(reading, session, privilege):
        return
    raise NotAuthorized(
        privilege,
        Kind.ACCOUNT,
        reading.account().name,
        remedy=granting(reading, session, privilege),
    )


def granting(reading: Reading, session: Session, privilege: Privilege) -> str:
    """The statement that gives the session's role a privilege on the account."""
    role = reading.role(session.role)
    name = role.name if role else session.role
    return f"grant {privilege.value.lower()} on account to role {quoted(name)}"


def owns(reading: Reading, session: Session, owner: Id | None) -> bool:
    """Whether an object of this owner is the session's, by itself or by what it inherits."""
    if session.actor_kind is ActorKind.SYSTEM:
        return True
    return owner is not None and owner in active_roles(reading, session)


def require_owned(reading: Reading, session: Session, target: "Target", asked: Ref) -> None:
    """Refuse a change of what belongs to others, as absent unless the session may see it.

    A refusal as absent knows only what was asked for. The remedy, for the audit row and the
    log, names the owner and the statement that hands the object over (documents: "check the
    ownership of the user").
    """
    if owns(reading, session, target.owner):
        return
    remedy = hand_over(reading, session, target)
    require_seen(reading, session, target, asked, remedy)
    raise NotAuthorized(Privilege.OWNERSHIP, target.kind, target.name, remedy=remedy)


def require_seen(
    reading: Reading,
    session: Session,
    target: "Target",
    asked: Ref | None,
    remedy: str | None = None,
) -> None:
    """Refuse as absent what the session may not know of: it hears only what it asked for."""
    if not is_visible(reading, session, target):
        name = target.name if asked is None else label(asked)
        raise NotFound(target.kind, name, remedy=remedy)


def grantor(session: Session, owner: Id | None) -> Id:
    """Who is written down as the grantor: the owner, whoever grants in its name.

    (Vendor: grantor rule.) What has no owner is granted by the session's own role.
    """
    return owner if owner is not None else session.role


def hand_over(reading: Reading, session: Session, target: "Target") -> str:
    """Whose the object is, and the statement that makes it the session's."""
    named = f"{target.kind.value} {quoted(target.name)}"
    names = names_of(reading, {target.owner, session.role})
    if target.owner not in names:
        return f"{named} belongs to the system: nobody can hand it over"
    return (
        f"{named} belongs to role {names[target.owner]}: "
        f"grant ownership on {target.kind.value.lower()} {quoted(target.name)} "
        f"to role {quoted(names.get(session.role, session.role))}"
    )


def quoted(name: str) -> str:
    """A name as SQL needs it: bare when it folds to itself, else in double quotes."""
    plain = name.isascii() and name.replace("_", "A").replace("$", "A").isalnum()
    if plain and name == name.upper() and not name[0].isdigit():
        return name
    return '"' + name.replace('"', '""') + '"'


# ---- sight ---------------------------------------------------------------------------------

MONITORS = {Kind.USER: Privilege.MONITOR_USER, Kind.ROLE: Privilege.MONITOR_ROLE}


def sees(reading: Reading, session: Session, kind: Kind) -> bool:
    """Whether the session may see all objects of a kind, whoever owns them.

    An administrator's statement may know names that its role doesn't own: the vendor shows
    every name to any session; SCIM sees what it owns unless it holds MONITOR.
    """
    if session.actor_kind is ActorKind.SYSTEM:
        return True
    monitor = MONITORS.get(kind)
    if monitor is not None and holds(reading, session, monitor):
        return True
    return session.integration is None and holds(reading, session, Privilege.MANAGE_GRANTS)


def is_visible(reading: Reading, session: Session, target: "Target") -> bool:
    """Whether the session may know of one object: it owns, monitors, holds or is it.

    SCIM knows what it owns or monitors, and no role for the sake of holding it.
    """
    if owns(reading, session, target.owner) or sees(reading, session, target.kind):
        return True
    if session.integration is None and (
        target.kind in {Kind.ACCOUNT, Kind.DATABASE}
        or target.id == session.user
        or (target.kind is Kind.ROLE and target.id in available_roles(reading, session))
    ):
        return True
    return target.id in objects_held(reading, session, target.kind)


def objects_held(
    reading: Reading, session: Session, kind: Kind, privilege: Privilege | None = None
) -> frozenset[Id]:
    """The objects of a kind on which the session holds a privilege, or any."""
    return frozenset(
        grant.object
        for role in active_roles(reading, session)
        for grant in _granted_to(reading, role)
        if grant.kind is kind and privilege in {None, grant.privilege}
    )


def _granted_to(reading: Reading, role: Id) -> tuple[PrivilegeGrant, ...]:
    return reading.memo(("privileges_of", role), lambda: reading.privileges_of(role))


def shows_role(reading: Reading, session: Session, found: Role | Held) -> bool:
    """Whether a user's membership of the role is shown: to SCIM only what it owns or monitors.

    A system role it never hears of; every other session sees each membership.
    """
    if session.integration is None:
        return True
    if found.system:
        return False
    return owns(reading, session, found.owner) or sees(reading, session, Kind.ROLE)


def groups_of(
    reading: Reading, session: Session, users: Sequence[Id]
) -> dict[Id, tuple[Membership, ...]]:
    """For each user the roles held by a direct grant that the session may hear of."""
    return {
        user: tuple(
            Membership(role=held.role, name=held.name)
            for held in groups
            if shows_role(reading, session, held)
        )
        for user, groups in reading.groups_of(users).items()
    }


def visible_owners(reading: Reading, session: Session, kind: Kind) -> frozenset[Id] | None:
    """The owners whose objects the session sees; None: everybody's."""
    return None if sees(reading, session, kind) else active_roles(reading, session)


# ---- finding -------------------------------------------------------------------------------


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What a command is about: an object or the account itself."""

    kind: Kind
    id: Id
    owner: Id | None
    name: str


Owned = User | Role | Integration | Database | Governed
"""What has a name and an owner."""


def target_of(kind: Kind, found: Owned) -> Target:
    """An object as a target."""
    return Target(kind=kind.told, id=found.id, owner=found.owner, name=found.name)


def role_meant(reading: Reading, ref: Ref) -> Role:
    """The role, by id or by name; NotFound."""
    role = reading.role_named(ref.name) if isinstance(ref, ByName) else reading.role(ref)
    if role is None:
        raise NotFound(Kind.ROLE, label(ref))
    return role


def role_granted(reading: Reading, session: Session, ref: Ref) -> Role:
    """The role, if the session's user could act as it.

    Raises RoleNotGranted where that user may know of the role, else NotFound.
    """
    role = role_meant(reading, ref)
    available = available_roles(reading, session)
    if role.id in available:
        return role
    if role.owner in available or any(
        _roles_hold(reading, privilege, available)
        for privilege in (Privilege.MANAGE_GRANTS, Privilege.MONITOR_ROLE)
    ):
        raise RoleNotGranted(role.name, session.actor)
    raise NotFound(Kind.ROLE, label(ref))


def label(ref: Ref) -> str:
    """What a refusal calls the object."""
    return ref.name if isinstance(ref, ByName) else ref


def names_of(reading: Reading, roles: Iterable[Id | None]) -> dict[Id | None, Name]:
    """The names of roles by id; those gone or None are missing."""
    found = {}
    for role_id in roles:
        role = reading.role(role_id) if role_id is not None else None
        if role is not None:
            found[role_id] = role.name
    return found


def fold_role(text: str) -> Name:
    """The role that DEFAULT_ROLE's text names: identifiers fold to upper case (vendor)."""
    return Name(text.strip('"') if text.startswith('"') else text.upper())

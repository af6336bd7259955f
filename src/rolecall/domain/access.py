"""What a session may do: its roles, what they inherit, hold and own.

A role inherits the roles granted to it; PUBLIC is everyone's. What is computed here from the
hierarchy and the account's privileges is remembered until the generation changes.
"""

from collections.abc import Iterable

from rolecall.domain.commands import ByName, Ref
from rolecall.domain.errors import NotAuthorized, NotFound, RoleNotGranted, TokenRefused
from rolecall.domain.model import Integration, Kind, Privilege, Role, Token
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Reading
from rolecall.domain.session import ActorKind, Session

ACCOUNTADMIN = Name("ACCOUNTADMIN")
PUBLIC = Name("PUBLIC")


# ---- roles ---------------------------------------------------------------------------------


def active_roles(reading: Reading, session: Session) -> frozenset[Id]:
    """Every role that the session acts as: primary, secondary, and all they inherit."""
    roles = reached(reading, session.role)
    if session.secondary and session.user is not None:
        for grant in reading.member_grants_to(session.user):
            roles |= reached(reading, grant.role)
    return roles


def primary_roles(reading: Reading, session: Session) -> frozenset[Id]:
    """The primary role and what it inherits: who may create (vendor: secondary roles don't)."""
    return reached(reading, session.role)


def reached(reading: Reading, role: Id) -> frozenset[Id]:
    """The role, every role that it inherits, and PUBLIC."""
    return reading.memo(("reached", role), lambda: _reach(reading, role))


def _reach(reading: Reading, role: Id) -> frozenset[Id]:
    inherits = reading.memo("inherits", lambda: _inherits(reading))
    public = system_role(reading, PUBLIC).id
    found = {role, public}
    frontier = [role, public]
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
    """Every role that the session's user could act as."""
    public = system_role(reading, PUBLIC).id
    roles = reached(reading, public)
    if session.actor_kind is ActorKind.LOCAL:
        roles |= reached(reading, system_role(reading, ACCOUNTADMIN).id)
    if session.user is not None:
        for grant in reading.member_grants_to(session.user):
            roles |= reached(reading, grant.role)
    return roles


# ---- is the asker still good? ---------------------------------------------------------------


def require_live(reading: Reading, session: Session) -> None:
    """Refuse what has ended since the request was accepted: token, integration, login, role.

    Raises TokenRefused or RoleNotGranted (DESIGN contract 2: a request may have waited).
    """
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
    if session.actor_kind is ActorKind.USER and session.role not in available_roles(
        reading, session
    ):
        role = reading.role(session.role)
        raise RoleNotGranted(role.name if role else session.role, session.actor)


def require_good(reading: Reading, token: Token, at: int) -> Integration:
    """The integration that the token is for, if both are in force at `at`; else TokenRefused."""
    integration = reading.memo(
        ("integration", token.integration), lambda: reading.integration(token.integration)
    )
    again = f"Issue a new one: select system$generate_scim_access_token('{token.integration_name}')"
    if token.ended_at is not None or integration is None:
        raise TokenRefused("ended", remedy=f"It was ended: {token.ended_why}. {again}")
    if token.expires_at <= at:
        raise TokenRefused("expired", remedy=again)
    if not integration.enabled:
        raise TokenRefused(
            "integration_disabled",
            remedy=f"alter security integration {integration.name} set enabled = true",
        )
    earliest = integration.reject_tokens_issued_before
    if earliest is not None and token.issued_at < earliest:
        raise TokenRefused("issued_too_early", remedy=again)
    return integration


# ---- privileges ----------------------------------------------------------------------------


def holders(reading: Reading, privilege: Privilege, kind: Kind, on: Id) -> frozenset[Id]:
    """The roles that hold a privilege on one object by a grant of it."""
    grants = (
        reading.memo("account_privileges", lambda: reading.privileges_on(kind, on))
        if kind is Kind.ACCOUNT
        else reading.privileges_on(kind, on)
    )
    return frozenset(grant.role for grant in grants if grant.privilege is privilege)


def account_id(reading: Reading) -> Id:
    """The id that privileges on the account itself refer to."""
    return reading.memo("account_id", lambda: reading.account().id)


def holds(reading: Reading, session: Session, privilege: Privilege) -> bool:
    """Whether the session holds a privilege on the account."""
    if session.actor_kind is ActorKind.SYSTEM:
        return True
    roles = (
        primary_roles(reading, session)
        if privilege.value.startswith("CREATE")
        else active_roles(reading, session)
    )
    return not roles.isdisjoint(holders(reading, privilege, Kind.ACCOUNT, account_id(reading)))


def require(reading: Reading, session: Session, privilege: Privilege) -> None:
    """Refuse a session without a privilege on the account; the remedy says who lacks what."""
    if holds(reading, session, privilege):
        return
    role = reading.role(session.role)
    name = role.name if role else session.role
    raise NotAuthorized(
        privilege,
        Kind.ACCOUNT,
        reading.account().name,
        remedy=f"grant {privilege.value.lower()} on account to role {quoted(name)}",
    )


def owns(reading: Reading, session: Session, owner: Id | None) -> bool:
    """Whether an object of this owner is the session's, by itself or by what it inherits."""
    if session.actor_kind is ActorKind.SYSTEM:
        return True
    return owner is not None and owner in active_roles(reading, session)


def require_owned(
    reading: Reading, session: Session, kind: Kind, name: str, owner: Id | None
) -> None:
    """Refuse a change of what belongs to others, as absent unless the session may see it.

    The remedy, for the audit row and the log, names the owner and the statement that hands the
    object over (documents: "check the ownership of the user").
    """
    if owns(reading, session, owner):
        return
    remedy = hand_over(reading, session, kind, name, owner)
    if sees(reading, session, kind):
        raise NotAuthorized(Privilege.OWNERSHIP, kind, name, remedy=remedy)
    raise NotFound(kind, name, remedy=remedy)


def hand_over(reading: Reading, session: Session, kind: Kind, name: str, owner: Id | None) -> str:
    """Whose the object is, and the statement that makes it the session's."""
    held = reading.role(owner) if owner is not None else None
    role = reading.role(session.role)
    return (
        f"{kind.value} {quoted(name)} belongs to role {held.name if held else 'nobody'}: "
        f"grant ownership on {kind.value.lower()} {quoted(name)} "
        f"to role {quoted(role.name if role else session.role)}"
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


def visible_owners(reading: Reading, session: Session, kind: Kind) -> frozenset[Id] | None:
    """The owners whose objects the session sees; None: everybody's."""
    return None if sees(reading, session, kind) else active_roles(reading, session)


# ---- finding -------------------------------------------------------------------------------


def role_meant(reading: Reading, ref: Ref) -> Role:
    """The role, by id or by name; NotFound."""
    role = reading.role_named(ref.name) if isinstance(ref, ByName) else reading.role(ref)
    if role is None:
        raise NotFound(Kind.ROLE, label(ref))
    return role


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

"""Trails: logins and statements, to each user its own and to administrators everybody's."""

from rolecall.domain import access
from rolecall.domain.attempts import Noted
from rolecall.domain.model import Privilege, Role
from rolecall.domain.names import Name
from rolecall.domain.ports import Reading
from rolecall.domain.queries import EnabledRoles, Trail
from rolecall.domain.session import ActorKind, Session


def trail(reading: Reading, session: Session, query: Trail) -> tuple[Noted, ...]:
    """Those of one user, or of all; whoever doesn't monitor users sees what it did itself."""
    name = query.user_name
    if not sees_all(reading, session):
        if name not in {None, session.actor}:
            return ()
        name = Name(session.actor)
    if name is None:
        return reading.attempts_in(query.kind, query.since, query.until, query.count)
    return reading.attempts_of_user(query.kind, name, query.since, query.until, query.count)


def sees_all(reading: Reading, session: Session) -> bool:
    """ACCOUNTADMIN, and whoever may monitor every user."""
    return session.actor_kind is ActorKind.SYSTEM or access.holds(
        reading, session, Privilege.MONITOR_USER
    )


def enabled_roles(
    reading: Reading, session: Session, _query: EnabledRoles
) -> tuple[tuple[Role, Name | None], ...]:
    """The session's roles, by name, each with its owner's name."""
    roles = [reading.role(role) for role in access.active_roles(reading, session)]
    found = sorted((role for role in roles if role is not None), key=lambda role: role.name)
    owners = access.names_of(reading, {role.owner for role in found})
    return tuple((role, owners.get(role.owner)) for role in found)

"""The rows of INFORMATION_SCHEMA: what the session may know of databases, roles and grants."""

from collections.abc import Iterable, Iterator

from rolecall.domain.commands import ByName
from rolecall.domain.errors import NotFound
from rolecall.domain.model import Kind
from rolecall.domain.names import Name
from rolecall.domain.queries import (
    CurrentSession,
    Databases,
    EnabledRoles,
    GrantRow,
    GrantsToRole,
    GrantsToUser,
    RoleNames,
)
from rolecall.fronts.sql_session import Moment
from rolecall.fronts.tables_schema import DatabaseLine, RoleLine, SchemaLine

SCHEMAS = (Name("INFORMATION_SCHEMA"), Name("PUBLIC"))


def databases(moment: Moment) -> Iterable[DatabaseLine]:
    """Every database: it is a name."""
    names = moment.ask(RoleNames())
    return [
        DatabaseLine(database=found, owner=names.get(found.owner))
        for found in moment.ask(Databases())
    ]


def schemata(moment: Moment) -> Iterable[SchemaLine]:
    """The two schemas of every database."""
    return [
        SchemaLine(database=line.database, owner=line.owner, name=schema)
        for line in databases(moment)
        for schema in SCHEMAS
    ]


def enabled_roles(moment: Moment) -> Iterable[RoleLine]:
    """The roles that the session acts as, inherited ones included."""
    return [RoleLine(name=role.name, owner=owner) for role, owner in moment.ask(EnabledRoles())]


def applicable_roles(moment: Moment) -> Iterable[RoleLine]:
    """The roles that the user could act as, each with who of them it is granted to."""
    who = moment.ask(CurrentSession())
    owners = {role.name: owner for role, owner in moment.ask(EnabledRoles())}
    for grant in _granted(moment, who.roles):
        name = Name(grant.name)
        yield RoleLine(name=name, owner=owners.get(name), grantee=grant.grantee_name)


def _granted(moment: Moment, roles: Iterable[Name]) -> Iterator[GrantRow]:
    """Grants of roles to the user, and to the roles that it could act as."""
    yield from moment.ask(GrantsToUser(user=None))
    for grant in _held(moment, roles):
        if grant.granted_on is Kind.ROLE and grant.privilege == "USAGE":
            yield grant


def object_privileges(moment: Moment) -> Iterable[GrantRow]:
    """What the session's roles hold, and on what."""
    enabled = [role.name for role, _ in moment.ask(EnabledRoles())]
    return [
        grant
        for grant in _held(moment, enabled)
        if grant.granted_on is not Kind.ROLE or grant.privilege != "USAGE"
    ]


def _held(moment: Moment, roles: Iterable[Name]) -> Iterator[GrantRow]:
    for role in roles:
        try:
            yield from moment.ask(GrantsToRole(role=ByName(role)))
        except NotFound:  # dropped a moment ago, or not for this session to look into
            continue

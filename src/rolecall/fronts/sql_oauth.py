"""EXTERNAL_OAUTH integrations in SQL: they share statements and names with SCIM integrations."""

from rolecall.domain import commands, oauth
from rolecall.domain.commands import At, Command, GovernedChange
from rolecall.domain.errors import InvalidValue
from rolecall.domain.model import ExternalOauth, Json, Kind
from rolecall.domain.queries import Integrations
from rolecall.fronts.sql_names import json_of, meant, name_of
from rolecall.fronts.sql_session import Moment
from rolecall.fronts.tables import Described, said
from rolecall.sql.parts import Identifier, Property, SetProperties, UnsetProperties
from rolecall.sql.statements import (
    AlterSecurityIntegration,
    CreateSecurityIntegration,
    DropIntegration,
)

EXTERNAL_OAUTH = "EXTERNAL_OAUTH"
KEY = "EXTERNAL_OAUTH_RSA_PUBLIC_KEY"


def is_meant(name: Identifier, moment: Moment) -> bool:
    """Whether the name is that of an EXTERNAL_OAUTH integration that the session may know of."""
    return any(
        isinstance(found, ExternalOauth) and found.name == name_of(name)
        for found in moment.ask(Integrations())
    )


def created(statement: CreateSecurityIntegration, moment: Moment) -> Command:
    """CREATE SECURITY INTEGRATION … TYPE = EXTERNAL_OAUTH."""
    return commands.CreateGoverned(
        id=moment.world.ids.new(),
        kind=Kind.EXTERNAL_OAUTH,
        name=name_of(statement.name),
        at=moment.at,
        properties={
            item.name: _value(item, moment) for item in statement.properties if item.name != "TYPE"
        },
        or_replace=statement.or_replace,
        if_not_exists=statement.if_not_exists,
    )


def altered(statement: AlterSecurityIntegration, moment: Moment) -> tuple[Command, ...]:
    """ALTER SECURITY INTEGRATION of one."""
    changes: tuple[GovernedChange, ...]
    match statement.action:
        case SetProperties(properties=items):
            changes = tuple(commands.Set(At(item.name), _value(item, moment)) for item in items)
        case UnsetProperties(names=names):
            changes = tuple(commands.Unset(At(name.text.upper())) for name in names)
        case _:
            raise InvalidValue("TOKEN", "an EXTERNAL_OAUTH integration issues none")
    change = commands.ChangeGoverned(
        kind=Kind.EXTERNAL_OAUTH,
        object=meant(statement.name),
        changes=changes,
        at=moment.at,
        if_exists=statement.if_exists,
    )
    return (change,)


def dropped(statement: DropIntegration, moment: Moment) -> Command:
    """DROP INTEGRATION of one."""
    return commands.DropGoverned(
        kind=Kind.EXTERNAL_OAUTH,
        object=meant(statement.name),
        at=moment.at,
        if_exists=statement.if_exists,
    )


def _value(item: Property, moment: Moment) -> Json:
    value = json_of(item.value)
    if item.name != KEY:
        return value
    key = moment.world.secrets.public_key(str(value))
    if key is None:
        raise InvalidValue(KEY, "it takes an RSA public key of at least 2048 bits, in PEM")
    return key


def described(found: ExternalOauth) -> tuple[Described, ...]:
    """The rows of DESCRIBE SECURITY INTEGRATION."""
    return tuple(
        _row(name, getattr(found, rule.field), rule.default)
        for name, rule in oauth.PROPERTIES.items()
    )


def properties_of(found: ExternalOauth) -> tuple[Property, ...]:
    """What CREATE SECURITY INTEGRATION says to make it anew."""
    said = {name: getattr(found, rule.field) for name, rule in oauth.PROPERTIES.items()}
    return (
        Property(name="TYPE", value=EXTERNAL_OAUTH),
        *(Property(name=name, value=value) for name, value in said.items() if value is not None),
    )


def _row(name: str, value: object, default: object) -> Described:
    if isinstance(value, bool):
        return Described(name=name, type="Boolean", value=said(value), default="true")
    if isinstance(value, tuple):
        return Described(name=name, type="List", value=",".join(value))
    text = None if value is None else str(value)
    return Described(name=name, value=text, default=None if default is None else str(default))

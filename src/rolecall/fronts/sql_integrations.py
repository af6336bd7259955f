"""Integrations in SQL: CREATE, ALTER and DROP become commands; what they can't take is refused."""

import re
from typing import assert_never

from rolecall.domain import commands
from rolecall.domain.commands import At, ByName, Command
from rolecall.domain.errors import InvalidValue, NotFound
from rolecall.domain.integrations import BRAKE, FIELDS, choice
from rolecall.domain.model import Conformance, Json, Kind, ScimClient, UnknownAttributes
from rolecall.domain.names import Id, Name
from rolecall.domain.policies import NETWORK_POLICY
from rolecall.domain.queries import AttachedPolicy, RoleInSession, Tokens
from rolecall.fronts import sql_oauth
from rolecall.fronts.sql_names import json_of, meant, name_of
from rolecall.fronts.sql_network import parameter_value
from rolecall.fronts.sql_session import Moment
from rolecall.scim.aliases import is_attribute, place_of
from rolecall.scim.quirks import QUIRKS
from rolecall.scim.schema import GROUP, USER
from rolecall.sql.parts import (
    Identifier,
    Pairs,
    Property,
    RevokeToken,
    SetProperties,
    UnsetProperties,
    Value,
)
from rolecall.sql.statements import (
    AlterSecurityIntegration,
    CreateSecurityIntegration,
    DropIntegration,
)
from rolecall.sql.timestamps import microseconds_of

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
ALIASES_MAX = 100
ALIAS_CHARACTERS_MAX = 200


def _properties(items: tuple[Property, ...]) -> dict[str, Value]:
    return {item.name: _supported(item) for item in items}


def _supported(item: Property) -> Value:
    if isinstance(item.value, Pairs):
        _require_aliases(item.value)
    if item.name == "TOLERATED_QUIRKS":
        return _quirks(item.value)
    return item.value


def _require_aliases(value: Pairs) -> None:
    """Refuse aliases that hide an attribute, lead nowhere or are given twice (InvalidValue)."""
    if len(value.pairs) > ALIASES_MAX:
        raise InvalidValue("ATTRIBUTE_ALIASES", f"at most {ALIASES_MAX} pairs")
    seen: set[str] = set()
    for alias, attribute in value.pairs:
        wrong = _wrong_with(alias, attribute)
        if wrong is None and alias.lower() in seen:
            wrong = f"'{alias}' is given twice"
        if wrong is not None:
            raise InvalidValue("ATTRIBUTE_ALIASES", wrong)
        seen.add(alias.lower())


def _quirks(value: Value) -> tuple[str, ...]:
    """The quirks named, in any case. Raises InvalidValue for a name that is none."""
    assert isinstance(value, tuple), "the table of properties says that it is a list"
    named = tuple(str(name).lower() for name in value)
    for name in named:
        if name not in QUIRKS:
            raise InvalidValue("TOLERATED_QUIRKS", f"'{name}' is none of {', '.join(QUIRKS)}")
    return named


def _wrong_with(alias: str, attribute: str) -> str | None:
    if not alias.strip() or len(alias) > ALIAS_CHARACTERS_MAX:
        return f"an alias has 1 to {ALIAS_CHARACTERS_MAX} characters"
    if any(is_attribute(alias, kind) for kind in (USER, GROUP)):
        return f"'{alias}' is an attribute itself"
    if all(place_of(attribute, kind) is None for kind in (USER, GROUP)):
        return f"'{attribute}' is no attribute that a client can set, such as 'name.familyName'"
    return None


# ---- CREATE ----------------------------------------------------------------------------------


def create_integration(statement: CreateSecurityIntegration, moment: Moment) -> Command:
    """CREATE SECURITY INTEGRATION."""
    given = _properties(statement.properties)
    if str(given["TYPE"]).upper() == sql_oauth.EXTERNAL_OAUTH:
        return sql_oauth.created(statement, moment)
    comment, aliases = given.get("COMMENT"), given.get("ATTRIBUTE_ALIASES")
    policy, quirks = given.get(NETWORK_POLICY), given.get("TOLERATED_QUIRKS")
    return commands.CreateIntegration(
        id=moment.world.ids.new(),
        endpoint=moment.world.ids.new(),
        name=name_of(statement.name),
        scim_client=_scim_client(given["SCIM_CLIENT"]),
        run_as_role=ByName(_run_as_role(given["RUN_AS_ROLE"], moment)),
        at=moment.at,
        enabled=given.get("ENABLED", True) is True,
        sync_password=given.get("SYNC_PASSWORD", False) is True,
        network_policy=None if policy is None else str(parameter_value(policy)),
        comment=None if comment is None else str(comment),
        conformance=choice("CONFORMANCE", _word(given, "CONFORMANCE"), Conformance),
        unknown_attributes=choice(
            "UNKNOWN_ATTRIBUTES", _word(given, "UNKNOWN_ATTRIBUTES"), UnknownAttributes
        )
        or UnknownAttributes.IGNORE,
        attribute_aliases=aliases.pairs if isinstance(aliases, Pairs) else (),
        tolerated_quirks=quirks if isinstance(quirks, tuple) else None,
        deprovisioning={name: json_of(given[name]) for name in BRAKE if name in given},
        or_replace=statement.or_replace,
        if_not_exists=statement.if_not_exists,
    )


def _word(given: dict[str, Value], name: str) -> str | None:
    value = given.get(name)
    return None if value is None else str(value)


def _scim_client(value: Value) -> ScimClient:
    try:
        return ScimClient(str(value).upper())
    except ValueError:
        choices = ", ".join(f"'{client}'" for client in ScimClient)
        raise InvalidValue("SCIM_CLIENT", f"it takes one of {choices}") from None


def _run_as_role(value: Value, moment: Moment) -> Name:
    """The role in single quotes is exact (vendor); where only its upper case is there, that one."""
    if isinstance(value, Identifier):
        return name_of(value)
    exact, upper = Name(str(value)), Name(str(value).upper())
    plain = PLAIN.fullmatch(exact) is not None
    if not plain or moment.ask(RoleInSession(role=exact)):
        return exact
    return upper if moment.ask(RoleInSession(role=upper)) else exact


# ---- ALTER -----------------------------------------------------------------------------------


def alter_integration(statement: AlterSecurityIntegration, moment: Moment) -> tuple[Command, ...]:
    """ALTER SECURITY INTEGRATION."""
    if sql_oauth.is_meant(statement.name, moment):
        return sql_oauth.altered(statement, moment)
    changes: tuple[commands.Set | commands.Unset, ...]
    match statement.action:
        case RevokeToken(token=token):
            return _revoke_token(statement, Id(token), moment)
        case SetProperties(properties=items):
            given = _properties(items)
            changes = tuple(
                commands.Set(At(name), _value(name, value, moment)) for name, value in given.items()
            )
        case UnsetProperties(names=names):
            changes = tuple(_unset(statement, name, moment) for name in names)
        case _:
            assert_never(statement.action)
    change = commands.ChangeIntegration(
        integration=meant(statement.name),
        changes=changes,
        at=moment.at,
        if_exists=statement.if_exists,
    )
    return (change,)


def _value(name: str, value: Value, moment: Moment) -> Json:
    if name == NETWORK_POLICY:
        return parameter_value(value)
    if name != "REJECT_TOKENS_ISSUED_BEFORE":
        return json_of(value)
    at = microseconds_of(str(value), moment.zone())
    if at is None:
        raise InvalidValue(name, "it takes a time such as '2026-01-31 12:00:00'")
    return at


def _unset(
    statement: AlterSecurityIntegration, identifier: Identifier, moment: Moment
) -> commands.Unset:
    name = identifier.text.upper()
    if name in FIELDS:
        return commands.Unset(At(name))
    # scim-custom page: `unset <scim_network_policy>`, meaning the policy in force.
    policy = moment.ask(AttachedPolicy(integration=meant(statement.name)))
    if policy is not None and policy == name_of(identifier):
        return commands.Unset(At(NETWORK_POLICY))
    raise InvalidValue(name, f"it is none of {', '.join(FIELDS)}")


def _revoke_token(
    statement: AlterSecurityIntegration, token: Id, moment: Moment
) -> tuple[Command, ...]:
    try:
        found = moment.ask(Tokens(integration=meant(statement.name)))
    except NotFound:
        if statement.if_exists:
            return ()
        raise
    if all(token != present.id for present in found):
        raise NotFound(Kind.TOKEN, token)
    return (commands.RevokeToken(token=token, at=moment.at),)


# ---- DROP ------------------------------------------------------------------------------------


def drop_integration(statement: DropIntegration, moment: Moment) -> tuple[Command, ...]:
    """DROP INTEGRATION."""
    if statement.kind not in {None, "SECURITY"}:  # every integration here is a security integration
        if statement.if_exists:
            return ()
        raise NotFound(Kind.INTEGRATION, name_of(statement.name))
    if sql_oauth.is_meant(statement.name, moment):
        return (sql_oauth.dropped(statement, moment),)
    drop = commands.DropIntegration(
        integration=meant(statement.name), at=moment.at, if_exists=statement.if_exists
    )
    return (drop,)

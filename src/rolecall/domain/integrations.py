"""Security integrations: replacing or dropping one ends its tokens at once."""

from collections.abc import Callable
from typing import TypeVar, cast

import msgspec

from rolecall.domain import access, brake, parameters, properties, scim_tokens
from rolecall.domain.commands import (
    At,
    ByName,
    ChangeIntegration,
    CreateIntegration,
    DropIntegration,
    Ref,
    Set,
    Unset,
)
from rolecall.domain.effects import Effect, Ended
from rolecall.domain.errors import AlreadyExists, InvalidValue, NotFound
from rolecall.domain.events import (
    Event,
    IntegrationChanged,
    IntegrationCreated,
    IntegrationDropped,
)
from rolecall.domain.model import (
    SCIM_CONFORMANCE,
    WINDOW_MINUTES,
    Conformance,
    Integration,
    Json,
    Kind,
    Privilege,
    UnknownAttributes,
)
from rolecall.domain.names import Id
from rolecall.domain.policies import NETWORK_POLICY, policy_to_attach
from rolecall.domain.ports import Reading, Transaction
from rolecall.domain.session import ActorKind, Session
from rolecall.domain.users import require_name

Word = TypeVar("Word", Conformance, UnknownAttributes)

FIELDS = {
    "ENABLED": "enabled",
    "NETWORK_POLICY": "network_policy",
    "SYNC_PASSWORD": "sync_password",
    "COMMENT": "comment",
    "REJECT_TOKENS_ISSUED_BEFORE": "reject_tokens_issued_before",
    "CONFORMANCE": "conformance",
    "UNKNOWN_ATTRIBUTES": "unknown_attributes",
    "ATTRIBUTE_ALIASES": "attribute_aliases",
    "TOLERATED_QUIRKS": "tolerated_quirks",
    "DEPROVISIONING_LIMIT": "deprovisioning_limit",
    "DEPROVISIONING_LIMIT_IN_PERCENT": "deprovisioning_limit_in_percent",
    "DEPROVISIONING_WINDOW_IN_MINUTES": "deprovisioning_window_in_minutes",
    "DEPROVISIONING_EXEMPT_USERS": "deprovisioning_exempt_users",
}
"""What ALTER can change; SCIM_CLIENT and RUN_AS_ROLE need a new integration (vendor)."""


def conformance_in_force(reading: Reading, integration: Integration) -> Conformance:
    """Whose SCIM an integration speaks: its CONFORMANCE, else the account's SCIM_CONFORMANCE."""
    return integration.conformance or account_conformance(reading)


def account_conformance(reading: Reading) -> Conformance:
    """Whose SCIM the account's integrations speak unless their CONFORMANCE says."""
    return Conformance(parameters.text_of(reading, SCIM_CONFORMANCE))


def create_integration(tx: Transaction, session: Session, command: CreateIntegration) -> Effect:
    """An integration comes to be. Raises NotAuthorized, AlreadyExists, NotFound.

    The name keeps its endpoint and its external ids through OR REPLACE and DROP + CREATE,
    because that is the documented way to end tokens (DESIGN section 3).
    """
    access.require(tx, session, Privilege.CREATE_INTEGRATION)
    require_name("NAME", command.name)
    present = tx.integration_named(command.name)
    if present is not None and command.if_not_exists:
        return Effect()
    if present is not None and not command.or_replace:
        raise AlreadyExists(Kind.INTEGRATION, command.name, id=present.id)
    if tx.governed_named(Kind.EXTERNAL_OAUTH, command.name) is not None:
        raise AlreadyExists(Kind.INTEGRATION, command.name)
    run_as = access.role_meant(tx, command.run_as_role)
    if session.actor_kind is not ActorKind.SYSTEM and run_as.id not in access.active_roles(
        tx, session
    ):
        raise NotFound(
            Kind.ROLE,
            run_as.name,
            remedy=f"grant role {access.quoted(run_as.name)} to the role that creates it",
        )

    ended = Ended(tokens=0, last_used_at=None)
    events: tuple[Event, ...] = ()
    if present is not None:
        _require_owned(tx, session, present, ByName(command.name))
        ended, events = _dropped(tx, present, command.at, "CREATE OR REPLACE INTEGRATION")
    integration = Integration(
        id=command.id,
        name=command.name,
        owner=session.role,
        created_at=command.at,
        scim_client=command.scim_client,
        run_as_role=run_as.id,
        endpoint=tx.endpoint_of(command.name) or command.endpoint,
        enabled=command.enabled,
        network_policy=_policy(tx, session, command.network_policy),
        sync_password=command.sync_password,
        comment=properties.text("COMMENT", command.comment),
        conformance=command.conformance,
        unknown_attributes=command.unknown_attributes,
        attribute_aliases=command.attribute_aliases,
        tolerated_quirks=command.tolerated_quirks,
    )
    for name, given in command.deprovisioning.items():
        integration = _changed(integration, Set(At(name), given))
    tx.save_integration(integration)
    tx.bump_generation()
    said = IntegrationCreated(
        id=integration.id, name=integration.name, run_as_role=run_as.id, owner=integration.owner
    )
    return Effect((*events, said), ended)


def change_integration(tx: Transaction, session: Session, command: ChangeIntegration) -> Effect:
    """An integration's properties change. Raises NotFound, NotAuthorized, InvalidValue."""
    before = _meant(tx, command.integration, if_exists=command.if_exists)
    if before is None:
        return Effect()
    _require_owned(tx, session, before, command.integration)

    after = before
    for change in command.changes:
        after = _changed(after, _resolved(tx, session, change))
    if after == before:
        return Effect()
    tx.save_integration(after)
    tx.bump_generation()
    fields = {
        name: field
        for name, field in FIELDS.items()
        if getattr(before, field) != getattr(after, field)
    }
    was: dict[str, Json] = {name: _told(before, field) for name, field in fields.items()}
    now: dict[str, Json] = {name: _told(after, field) for name, field in fields.items()}
    return Effect((IntegrationChanged(id=after.id, before=was, after=now),))


def _told(integration: Integration, field: str) -> Json:
    """The property as the history holds it: aliases as an object, names as a list."""
    if field == "attribute_aliases":
        return dict(integration.attribute_aliases)
    value: object = getattr(integration, field)
    return cast(Json, list(value) if isinstance(value, tuple) else value)


def _resolved(tx: Transaction, session: Session, change: Set | Unset) -> Set | Unset:
    """The change as it is kept: a network policy is its id (DESIGN contract 8)."""
    if change.at.attribute != NETWORK_POLICY or not isinstance(change, Set):
        return change
    return Set(change.at, _policy(tx, session, properties.text(NETWORK_POLICY, change.value)))


def _policy(tx: Transaction, session: Session, name: str | None) -> str | None:
    return policy_to_attach(tx, session, name).id if name else None


def _changed(integration: Integration, change: Set | Unset) -> Integration:
    name = change.at.attribute
    value: Json = change.value if isinstance(change, Set) else None
    read: object
    match name:
        case "ENABLED":
            read = True if isinstance(change, Unset) else properties.truth(name, value)
        case "SYNC_PASSWORD":
            read = properties.truth(name, value)
        case "REJECT_TOKENS_ISSUED_BEFORE":
            read = properties.whole(name, value)
        case "COMMENT" | "NETWORK_POLICY":
            read = properties.text(name, value)
        case "CONFORMANCE":
            read = choice(name, value, Conformance)
        case "UNKNOWN_ATTRIBUTES":
            read = choice(name, value, UnknownAttributes) or UnknownAttributes.IGNORE
        case "ATTRIBUTE_ALIASES":
            read = _aliases(name, value)
        case "TOLERATED_QUIRKS":
            read = _quirks(name, value)
        case _ if name in BRAKE:
            read = BRAKE[name](name, value)
        case _:
            raise InvalidValue(name, "it can't be altered: create the integration anew")
    return msgspec.structs.replace(integration, **{FIELDS[name]: read})


def choice(name: str, value: Json, words: type[Word]) -> Word | None:
    """One of the words, in any case. Raises InvalidValue."""
    if value is None:
        return None
    try:
        return words(str(value).upper())
    except ValueError:
        choices = ", ".join(f"'{word}'" for word in words)
        raise InvalidValue(name, f"it takes one of {choices}") from None


def _aliases(name: str, value: Json) -> tuple[tuple[str, str], ...]:
    """The pairs of an object from a client's name to an attribute; nothing is none."""
    given = {} if value is None else value
    if not isinstance(given, dict):
        raise InvalidValue(name, "it takes pairs of a name and an attribute")
    return tuple((alias, str(attribute)) for alias, attribute in given.items())


def _quirks(name: str, value: Json) -> tuple[str, ...] | None:
    """Names of quirks, none of them twice; nothing is what the client's dialect has."""
    if value is not None and not isinstance(value, list):
        raise InvalidValue(name, "it takes a list of names")
    return None if value is None else tuple(dict.fromkeys(str(each) for each in value))


def _number(name: str, value: Json, least: int, most: int) -> int | None:
    """A whole number in a range, or nothing. Raises InvalidValue."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidValue(name, f"it takes a whole number from {least} to {most}")
    return value


def _exempt(name: str, value: Json) -> tuple[str, ...]:
    """Names of users, in the order given; nothing is none. Raises InvalidValue."""
    given = [] if value is None else value
    if not isinstance(given, list) or len(given) > brake.EXEMPT_MAX:
        raise InvalidValue(name, f"it takes at most {brake.EXEMPT_MAX} names of users")
    return tuple(dict.fromkeys(str(each) for each in given))


BRAKE: dict[str, Callable[[str, Json], object]] = {
    "DEPROVISIONING_LIMIT": lambda name, value: _number(name, value, 0, brake.LIMIT_MAX),
    "DEPROVISIONING_LIMIT_IN_PERCENT": lambda name, value: _number(name, value, 0, 100),
    "DEPROVISIONING_WINDOW_IN_MINUTES": lambda name, value: (
        _number(name, value, 1, brake.WINDOW_MINUTES_MAX) or WINDOW_MINUTES
    ),
    "DEPROVISIONING_EXEMPT_USERS": _exempt,
}
"""The properties of the deprovisioning brake, and how each is read."""


def drop_integration(tx: Transaction, session: Session, command: DropIntegration) -> Effect:
    """An integration is gone, its tokens ended. Raises NotFound, NotAuthorized."""
    integration = _meant(tx, command.integration, if_exists=command.if_exists)
    if integration is None:
        return Effect()
    _require_owned(tx, session, integration, command.integration)

    ended, events = _dropped(tx, integration, command.at, "DROP INTEGRATION")
    tx.bump_generation()
    return Effect(events, ended)


def _dropped(
    tx: Transaction, integration: Integration, at: int, why: str
) -> tuple[Ended, tuple[Event, ...]]:
    live = [token for token in tx.tokens_of(integration.id) if scim_tokens.is_live(token, at)]
    events = [scim_tokens.end(tx, token, at, why) for token in live]
    tx.delete_integration(integration.id)
    said = IntegrationDropped(id=integration.id, name=integration.name, tokens_ended=len(live))
    used = [max(t.last_used_at, t.issued_at) for t in live if t.last_used_at is not None]
    return Ended(tokens=len(live), last_used_at=max(used, default=None)), (*events, said)


def _require_owned(tx: Transaction, session: Session, integration: Integration, asked: Ref) -> None:
    target = access.target_of(Kind.INTEGRATION, integration)
    access.require_owned(tx, session, target, asked)


def _meant(tx: Transaction, ref: Ref, *, if_exists: bool) -> Integration | None:
    found = tx.integration_named(ref.name) if isinstance(ref, ByName) else tx.integration(Id(ref))
    if found is None and not if_exists:
        raise NotFound(Kind.INTEGRATION, access.label(ref))
    return found

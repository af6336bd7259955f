"""How an integration reads: its aliases, its strictness, what of a body takes effect.

The properties ATTRIBUTE_ALIASES, UNKNOWN_ATTRIBUTES and TOLERATED_QUIRKS (DESIGN section 4), and
the account's MAP_SCIM_USERNAME_TO_ENTERPRISE_ATTR (reference section 1). Unset, each costs one
comparison.
"""

from collections.abc import Callable, Sequence

import msgspec

from rolecall.domain import parameters
from rolecall.domain.integrations import conformance_in_force
from rolecall.domain.model import Conformance, Integration, Json, ScimClient, UnknownAttributes
from rolecall.domain.names import Name, fold
from rolecall.domain.ports import Reading
from rolecall.scim import errors, quirks
from rolecall.scim.aliases import aliases_for, with_attributes, with_attributes_in_patch
from rolecall.scim.schema import ENTERPRISE_USER, ResourceType

USER_NAME = "snowflakeUserName"
"""The attribute that sets NAME, when the account keeps it apart from userName."""
NAMED_MAX = 20

REQUESTS_MAX = int(parameters.PARAMETERS[parameters.REQUESTS_MAX].default)


class Rules(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What of a body takes effect: the password, and which attribute is the user's NAME.

    `conformance` says whose SCIM is spoken, `requests_max` how many requests may be in flight.
    """

    syncs_password: bool = False
    maps_names: bool = False
    conformance: Conformance = Conformance.RFC
    requests_max: int = REQUESTS_MAX


def rules_in_force(reading: Reading, integration: Integration) -> Rules:
    """The rules of an integration in its account."""
    return reading.memo(("rules", integration.id), lambda: _rules(reading, integration))


def _rules(reading: Reading, integration: Integration) -> Rules:
    rules = rules_of(
        integration,
        maps_names=parameters.is_true(reading, parameters.MAP_SCIM_USERNAME),
        conformance=conformance_in_force(reading, integration),
    )
    most = parameters.number_of(reading, parameters.REQUESTS_MAX)
    return msgspec.structs.replace(rules, requests_max=most)


def rules_of(
    integration: Integration, *, maps_names: bool, conformance: Conformance = Conformance.RFC
) -> Rules:
    """The rules of an integration.

    On AZURE a password is accepted and shown, without effect (reference section 0, row 6).
    """
    azure = integration.scim_client is ScimClient.AZURE
    return Rules(
        syncs_password=integration.sync_password and not azure,
        maps_names=maps_names,
        conformance=conformance,
    )


def body_meant(integration: Integration, resource_type: ResourceType, body: object) -> object:
    """The body of a POST or PUT with the attributes' own names."""
    if not integration.attribute_aliases:
        return body
    return with_attributes(aliases_for(integration.attribute_aliases, resource_type), body)


def patch_meant(integration: Integration, resource_type: ResourceType, body: object) -> object:
    """The body of a PATCH with the attributes' own names."""
    if not integration.attribute_aliases:
        return body
    return with_attributes_in_patch(aliases_for(integration.attribute_aliases, resource_type), body)


def require_known(
    integration: Integration,
    ignored: tuple[str, ...],
    place_of: Callable[[str], str | None] = lambda _: None,
) -> None:
    """Refuse names that no schema has, if the integration asks for that (invalidValue).

    `place_of` says where the request has a name, if anywhere in particular.
    """
    if not ignored or integration.unknown_attributes is UnknownAttributes.IGNORE:
        return
    place = place_of(ignored[0])
    refusal = _unknown(ignored)
    raise refusal if place is None else refusal.within(place)


def require_tolerated(
    integration: Integration,
    met: Sequence[str],
    place_of: Callable[[str], str | None] = lambda _: None,
) -> None:
    """Refuse quirks that neither the integration nor its client's dialect lets pass (400).

    `place_of` says where the request has a quirk, if anywhere in particular.
    """
    if not met:
        return
    strange = quirks.refused(met, tolerated_quirks(integration))
    if strange:
        wished = " ".join(quirk.instead for quirk in strange)
        names = ", ".join(quirk.name for quirk in strange)
        refusal = strange[0].refusal(
            f"{wished} Not tolerated here: {names}; the integration's TOLERATED_QUIRKS can let "
            "that pass."
        )
        place = place_of(strange[0].name)
        raise refusal if place is None else refusal.within(place)


def tolerated_quirks(integration: Integration) -> tuple[str, ...]:
    """The quirks that pass: those that TOLERATED_QUIRKS names, else the dialect's."""
    if integration.tolerated_quirks is not None:
        return integration.tolerated_quirks
    return quirks.DIALECTS[quirks.Client(integration.scim_client)]


def refuse_unknown(ignored: tuple[str, ...]) -> None:
    """Refuse names that no schema has (invalidValue)."""
    if ignored:
        raise _unknown(ignored)


def _unknown(ignored: tuple[str, ...]) -> errors.ScimError:
    named = ", ".join(f"'{name}'" for name in ignored[:NAMED_MAX])
    more = f" and {len(ignored) - NAMED_MAX} more" if len(ignored) > NAMED_MAX else ""
    return errors.invalid_value(
        f"Unknown attributes: {named}{more}. /Schemas lists those there are; leave the others out."
    )


def name_in(values: dict[str, Json]) -> Name:
    """The NAME that a body gives a user apart from userName. Raises invalidValue without one."""
    extension = values.get(ENTERPRISE_USER)
    given = extension.get(USER_NAME) if isinstance(extension, dict) else None
    if not isinstance(given, str) or not given.strip():
        raise errors.invalid_value(
            f"{ENTERPRISE_USER}:{USER_NAME} is required: it is the user's name in this account, "
            "which keeps it apart from userName."
        )
    return fold(given)

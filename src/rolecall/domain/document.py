"""A user's document: all that SCIM shows of it and no field has, in the form that is searched.

It has the shape of a SCIM resource. Names are in lower case, and text is its comparison key unless
the attribute compares letter by letter, so that a store compares bytes (DESIGN contract 11).
"""

import msgspec

from rolecall.domain.defaults import plain
from rolecall.domain.model import Json, User
from rolecall.domain.names import key_of
from rolecall.domain.predicate import addresses_in

ACCOUNT = "account"
"""Where a document has the vendor's attributes, whatever URN they are shown under."""

EXACT = frozenset(
    {
        ("profileUrl",),
        ("photos", "value"),
        ("x509Certificates", "value"),
        ("manager", "value"),
        ("manager", "$ref"),
        (ACCOUNT, "defaultWarehouse"),
        (ACCOUNT, "defaultRole"),
    }
)
"""What compares letter by letter (RFC 7643 section 2.2: caseExact); extensions' URNs left out."""

_EXACT_NAMES = frozenset(place[0 if place[0] != ACCOUNT else 1] for place in EXACT)
_ENCODER = msgspec.json.Encoder()


def searched(user: User) -> str | None:
    """The user's document as JSON (`predicate.Kept` says of what shape); None if it is empty.

    Text in ASCII is lower-cased as a whole: names, keys and escapes are all the better for it.
    """
    document: dict[str, Json] = dict(user.profile)
    name: dict[str, Json] = {}
    if user.first_name is not None:
        name["givenName"] = user.first_name
    if user.last_name is not None:
        name["familyName"] = user.last_name
    if user.middle_name is not None:
        name["middleName"] = user.middle_name
    if name:
        kept = user.profile.get("name")
        document["name"] = {**kept, **name} if isinstance(kept, dict) else name
    account = account_attributes(user)
    if account:
        document[ACCOUNT] = account
    if not document:
        return None
    text = _ENCODER.encode(document).decode()
    if text.isascii() and not _has_exact(document):
        return text.lower()
    return _ENCODER.encode(keyed(document)).decode()


def _has_exact(document: dict[str, Json]) -> bool:
    """Whether an attribute of it compares letter by letter: itself, or within an extension."""
    return not _EXACT_NAMES.isdisjoint(document) or any(
        isinstance(inner, dict)
        and (name == ACCOUNT or name.startswith("urn:"))
        and not _EXACT_NAMES.isdisjoint(inner)
        for name, inner in document.items()
    )


def keyed(value: Json, place: tuple[str, ...] = ()) -> Json:
    """The value with its names in lower case, and its text as keys unless it compares exactly."""
    if isinstance(value, dict):
        return {
            name.lower(): keyed(inner, place if name.startswith("urn:") else (*place, name))
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [keyed(entry, place) for entry in value]
    if isinstance(value, str) and place not in EXACT:
        return key_of(value)
    return value


def account_attributes(user: User) -> dict[str, Json]:
    """The vendor's attributes as SCIM shows them (reference section 1)."""
    shown: dict[str, Json] = {}
    if user.allowed_interfaces:
        shown["allowedInterfaces"] = ",".join(user.allowed_interfaces)
    if user.default_warehouse is not None:
        shown["defaultWarehouse"] = user.default_warehouse
    if user.default_role is not None:
        shown["defaultRole"] = plain(user.default_role)
    if user.default_secondary_roles is not None:
        shown["defaultSecondaryRoles"] = "ALL" if user.default_secondary_roles else "NONE"
    if user.type is not None:
        shown["type"] = user.type.value.lower()
    return shown


def further_addresses(user: User) -> str | None:
    """The keys of the e-mail addresses beside the primary one, as JSON; None if there are none."""
    entries = user.profile.get("emails")
    if not isinstance(entries, list) or len(entries) < 2:
        return None
    primary = None if user.email is None else key_of(user.email)
    found = [key for key in addresses_in(keyed({"emails": entries})) if key != primary]
    return _ENCODER.encode(found).decode() if found else None

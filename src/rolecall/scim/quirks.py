"""Oddities of real clients: each has a name, a reason and a place here, outside the rule it bends.

Readers of bodies, paths and filters tolerate them all, whoever asks, and note the names that they
met. `refused` tells what a dialect would not let pass; no row names fewer than all clients yet.
"""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct


class Client(StrEnum):
    """What SCIM_CLIENT of an integration may say."""

    OKTA = "OKTA"
    AZURE = "AZURE"
    GENERIC = "GENERIC"


EVERY_CLIENT = tuple(Client)


class Quirk(Struct, frozen=True, kw_only=True, gc=False):
    name: str
    reason: str
    clients: tuple[Client, ...] = EVERY_CLIENT


SCHEMAS_MISSING = Quirk(
    name="schemas_missing",
    reason="RFC 7643 section 3 wants 'schemas' in every body; small clients leave it out, and the "
    "endpoint says as much.",
)
BOOLEAN_AS_STRING = Quirk(
    name="boolean_as_string",
    reason='Entra sends active as "True" or "False" unless its tenant URL carries a flag.',
)
OBJECT_FOR_ARRAY = Quirk(
    name="object_for_array",
    reason="Rippling sends one member as an object instead of an array with one object.",
)
BARE_VALUE = Quirk(
    name="bare_value",
    reason="Entra sends manager as the id alone instead of an object with a value.",
)
BARE_NAME_PART = Quirk(
    name="bare_name_part",
    reason="The vendor's PATCH example has givenName and familyName outside of name.",
)
DOTTED_KEY = Quirk(
    name="dotted_key",
    reason='Entra sends "name.givenName" and fully qualified names as keys of a value.',
)
VALUE_PATH_COMPARED = Quirk(
    name="value_path_compared",
    reason='Entra matches by emails[type eq "work"].value eq "…", which RFC 7644 Figure 1 lacks.',
)
BARE_EXTENSION = Quirk(
    name="bare_extension",
    reason='Entra asks whether a reference is there by "manager eq", without the extension\'s URN.',
)
UNQUOTED_VALUE = Quirk(
    name="unquoted_value",
    reason="Entra's documentation prints filter values without quotes.",
)
OPERATION_CASE = Quirk(
    name="operation_case",
    reason='Entra sends "Add", "Replace" and "Remove"; RFC 7644 section 3.5.2 has them lower-case.',
)
PATHLESS_MEMBERS = Quirk(
    name="pathless_members",
    reason="The vendor's group page adds members by a list of values without a path.",
)
READ_ONLY_IN_PATCH = Quirk(
    name="read_only_in_patch",
    reason="Okta replaces a group's displayName with an object that carries the group's id too.",
)
REMOVE_WITH_VALUE = Quirk(
    name="remove_with_value",
    reason="Entra and authentik remove single members by path 'members' and a list of values; "
    "read by RFC 7644 section 3.5.2.2 it would remove everybody.",
)
SCHEMA_AS_PATH = Quirk(
    name="schema_as_path",
    reason="Some clients give an extension's URN as the path and its attributes as the value.",
)

QUIRKS: dict[str, Quirk] = {
    quirk.name: quirk
    for quirk in (
        SCHEMAS_MISSING,
        BOOLEAN_AS_STRING,
        OBJECT_FOR_ARRAY,
        BARE_VALUE,
        BARE_NAME_PART,
        DOTTED_KEY,
        VALUE_PATH_COMPARED,
        BARE_EXTENSION,
        UNQUOTED_VALUE,
        OPERATION_CASE,
        PATHLESS_MEMBERS,
        READ_ONLY_IN_PATCH,
        REMOVE_WITH_VALUE,
        SCHEMA_AS_PATH,
    )
}

# Where a name part stands that came without its parent, by its lower-cased name.
BARE_NAME_PARTS: dict[str, str] = {
    "givenname": "name.givenName",
    "familyname": "name.familyName",
    "middlename": "name.middleName",
}


def refused(names: Iterable[str], client: Client) -> tuple[str, ...]:
    """Return those of the quirks that this client's dialect does not let pass."""
    return tuple(name for name in names if client not in QUIRKS[name].clients)

"""Oddities of real clients: each has a name, a reason and a place here, outside the rule it bends.

A dialect is a table of quirks: those that the provider named by SCIM_CLIENT is known to send, and
those that the vendor's own pages print or that checkers of the standard send, which pass in every
dialect. GENERIC takes them all. Each
row is shown, for each client that it names, by a recorded conversation (`tests/conversations`).
Readers of bodies, paths and filters understand every quirk and note what they met; `refused` tells
what of it an integration does not let pass.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum

from msgspec import Struct

from rolecall.scim import errors


class Client(StrEnum):
    """What SCIM_CLIENT of an integration may say."""

    OKTA = "OKTA"
    AZURE = "AZURE"
    GENERIC = "GENERIC"


OF_OKTA = (Client.OKTA, Client.GENERIC)
OF_ENTRA = (Client.AZURE, Client.GENERIC)
OF_OTHERS = (Client.GENERIC,)
OF_EVERYBODY = tuple(Client)


class Quirk(Struct, frozen=True, kw_only=True, gc=False):
    """One oddity: why it is understood, what the standard has, and whose dialects have it.

    `refusal` is the error of RFC 7644 section 3.12 that it is where it does not pass.
    """

    name: str
    reason: str
    instead: str
    clients: tuple[Client, ...]
    refusal: Callable[[str], errors.ScimError] = errors.invalid_syntax


SCHEMAS_MISSING = Quirk(
    name="schemas_missing",
    reason="RFC 7643 section 3 wants 'schemas' in every body; scripts leave it out, and the "
    "endpoint tells users from groups.",
    instead="Send 'schemas' in the body (RFC 7643 section 3).",
    clients=OF_OTHERS,
)
BOOLEAN_AS_STRING = Quirk(
    name="boolean_as_string",
    reason='Entra sends active as "True" or "False" unless its tenant URL carries a flag.',
    instead="Send true or false without quotes.",
    clients=OF_ENTRA,
    refusal=errors.invalid_value,
)
OBJECT_FOR_ARRAY = Quirk(
    name="object_for_array",
    reason="Rippling sends one member as an object instead of an array with one object.",
    instead="Send several values as an array, one of them too.",
    clients=OF_OTHERS,
    refusal=errors.invalid_value,
)
BARE_VALUE = Quirk(
    name="bare_value",
    reason="Entra sends manager as the id alone instead of an object with a value.",
    instead="Send an object with a 'value'.",
    clients=OF_ENTRA,
    refusal=errors.invalid_value,
)
BARE_NAME_PART = Quirk(
    name="bare_name_part",
    reason="The vendor's PATCH example has givenName and familyName outside of name.",
    instead="Send the parts of a name within 'name'.",
    clients=OF_EVERYBODY,
)
DOTTED_KEY = Quirk(
    name="dotted_key",
    reason='Entra sends "name.givenName" and fully qualified names as keys of a value.',
    instead="Send parts within their attribute, and an extension's attributes under its URN.",
    clients=OF_ENTRA,
    refusal=errors.invalid_path,
)
VALUE_PATH_COMPARED = Quirk(
    name="value_path_compared",
    reason='Entra matches by emails[type eq "work"].value eq "…", which RFC 7644 Figure 1 lacks.',
    instead='Put the whole condition in square brackets: emails[type eq "work" and value eq "…"].',
    clients=OF_ENTRA,
    refusal=errors.invalid_filter,
)
BARE_EXTENSION = Quirk(
    name="bare_extension",
    reason='Entra asks whether a reference is there by "manager eq", without the extension\'s URN.',
    instead="Put the extension's URN before its attribute.",
    clients=OF_ENTRA,
    refusal=errors.invalid_filter,
)
UNQUOTED_VALUE = Quirk(
    name="unquoted_value",
    reason="Entra's documentation prints filter values without quotes.",
    instead="Put the filter's value in double quotes.",
    clients=OF_ENTRA,
    refusal=errors.invalid_filter,
)
OPERATION_CASE = Quirk(
    name="operation_case",
    reason='Entra sends "Add", "Replace" and "Remove"; RFC 7644 section 3.5.2 has them lower-case.',
    instead='Send \'op\' in lower case: "add", "replace" or "remove".',
    clients=OF_ENTRA,
)
PATHLESS_MEMBERS = Quirk(
    name="pathless_members",
    reason="The vendor's group page adds members by a list of values without a path.",
    instead="Send the path 'members' with a list of members.",
    clients=OF_EVERYBODY,
    refusal=errors.invalid_value,
)
READ_ONLY_IN_PATCH = Quirk(
    name="read_only_in_patch",
    reason="Okta replaces a group's displayName with an object that carries the group's id too.",
    instead="Leave out what the server sets, such as 'id' and 'meta'.",
    clients=OF_OKTA,
    refusal=errors.mutability,
)
REMOVE_WITH_VALUE = Quirk(
    name="remove_with_value",
    reason="Entra and authentik remove single members by path 'members' and a list of values; "
    "read by RFC 7644 section 3.5.2.2 it would remove everybody.",
    instead='Remove one member by the path members[value eq "…"].',
    clients=OF_ENTRA,
    refusal=errors.invalid_value,
)
SCHEMA_AS_PATH = Quirk(
    name="schema_as_path",
    reason="Checkers such as scim2-tester give an extension's URN as the path and its attributes "
    "as the value; RFC 7644 Figure 7 has no such path.",
    instead="Send the URN as a key of a value without a path, or a path for each attribute.",
    clients=OF_EVERYBODY,
    refusal=errors.invalid_path,
)
NO_OPERATIONS = Quirk(
    name="no_operations",
    reason="Microsoft's SCIM validator sends a PATCH without any operation, and expects that it "
    "changes nothing; RFC 7644 section 3.5.2 has one or more.",
    instead="Send one or more operations.",
    clients=OF_ENTRA,
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
        NO_OPERATIONS,
    )
}
DIALECTS: dict[Client, tuple[str, ...]] = {
    client: tuple(name for name, quirk in QUIRKS.items() if client in quirk.clients)
    for client in Client
}
"""The names of the quirks that each dialect lets pass."""

# Where a name part stands that came without its parent, by its lower-cased name.
BARE_NAME_PARTS: dict[str, str] = {
    "givenname": "name.givenName",
    "familyname": "name.familyName",
    "middlename": "name.middleName",
}


def refused(names: Iterable[str], passing: Iterable[str]) -> tuple[Quirk, ...]:
    """Those of the quirks met that are not among the ones that pass, each once."""
    passes = frozenset(passing)
    return tuple(QUIRKS[name] for name in dict.fromkeys(names) if name not in passes)

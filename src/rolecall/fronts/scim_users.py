"""Users between SCIM and the account: attributes to properties and back, from one table.

The table is the vendor's mapping (reference section 1). What has no property is kept in the
profile as it was sent and returned so.
"""

from collections.abc import Iterator

import msgspec

from rolecall.domain.commands import (
    ANY_VERSION,
    Add,
    At,
    ChangeUser,
    CreateUser,
    Set,
    Unset,
    UserChange,
    Versions,
)
from rolecall.domain.document import account_attributes
from rolecall.domain.errors import Refusal
from rolecall.domain.model import Json, ScimClient, User, UserCard
from rolecall.domain.names import Id, fold
from rolecall.domain.predicate import Field, Predicate
from rolecall.fronts.scim_dialect import USER_NAME, Rules, name_in
from rolecall.fronts.scim_values import (
    Lookup,
    iso_time,
    predicate_of_parts,
    predicate_within,
)
from rolecall.scim import errors
from rolecall.scim.patch import Op, Operation, Patch
from rolecall.scim.path import Path
from rolecall.scim.resource import Resource
from rolecall.scim.schema import ACCOUNT_USER, CORE_USER, ENTERPRISE_USER

NAME_PARTS = {
    "givenName": "FIRST_NAME",
    "familyName": "LAST_NAME",
    "middleName": "MIDDLE_NAME",
}
ACCOUNT_PARTS = {
    "allowedInterfaces": "ALLOWED_INTERFACES",
    "defaultWarehouse": "DEFAULT_WAREHOUSE",
    "defaultRole": "DEFAULT_ROLE",
    "defaultSecondaryRoles": "DEFAULT_SECONDARY_ROLES",
    "type": "TYPE",
}
"""The vendor's attributes: the same properties under either extension URN."""

FIELDS: dict[str, Lookup] = {
    "id": Lookup(Field.ID),
    "userName": Lookup(Field.LOGIN_KEY, keyed=True),
    "displayName": Lookup(Field.DISPLAY_KEY, keyed=True),
    "externalId": Lookup(Field.EXTERNAL_ID),
    "emails.value": Lookup(Field.ADDRESS_KEY, keyed=True),
    "active": Lookup(Field.ACTIVE),
    "meta.created": Lookup(Field.CREATED_AT, timed=True),
    "meta.lastModified": Lookup(Field.CHANGED_AT, timed=True),
}
"""What of a user is asked for by a field of its own; all else stands in its document."""


# ---- in --------------------------------------------------------------------------------------


def creation(
    resource: Resource, new_id: Id, at: int, password: str | None, *, maps_names: bool = False
) -> CreateUser:
    """The command that a POST asks for; `password` is a verifier, or None to ignore it."""
    values = resource.values
    user_name = str(values["userName"])
    properties: dict[str, Json] = {}
    profile: dict[str, Json] = {}
    for name, value in values.items():
        if name in _PLAIN:
            properties[_PLAIN[name]] = value
        elif name == "name" and isinstance(value, dict):
            _split(value, NAME_PARTS, properties, profile, "name")
        elif name in {ENTERPRISE_USER, ACCOUNT_USER} and isinstance(value, dict):
            _split(value, ACCOUNT_PARTS, properties, profile, name)
        elif name == "active":
            properties["DISABLED"] = value is False
        elif name not in _APART:
            profile[name] = value
    if password is not None:
        properties |= {"PASSWORD": password, "PASSWORD_SET_AT": at}
    external_id = values.get("externalId")
    return CreateUser(
        id=new_id,
        name=name_in(values) if maps_names else fold(user_name),
        login_name=user_name,
        at=at,
        properties=properties,
        profile=profile,
        external_id=None if external_id is None else str(external_id),
    )


_PLAIN = {"displayName": "DISPLAY_NAME"}
_APART = frozenset({"userName", "externalId", "password", "schemas", "id", "meta", "groups"})


def _split(
    value: dict[str, Json],
    parts: dict[str, str],
    properties: dict[str, Json],
    profile: dict[str, Json],
    attribute: str,
) -> None:
    """Parts with a property go there, the rest stays together in the profile."""
    rest = {}
    for part, given in value.items():
        if part in parts:
            properties[parts[part]] = given
        else:
            rest[part] = given
    if rest:
        profile[attribute] = rest


def replacement(
    resource: Resource,
    user: Id,
    at: int,
    password: str | None,
    versions: Versions,
    *,
    maps_names: bool = False,
) -> ChangeUser:
    """The command that a PUT asks for."""
    made = creation(resource, user, at, password, maps_names=maps_names)
    changes: list[UserChange] = [
        Set(At("NAME"), made.name),
        Set(At("LOGIN_NAME"), made.login_name),
    ]
    changes += [Set(At(name), value) for name, value in made.properties.items()]
    for name, value in made.profile.items():
        if name in {ENTERPRISE_USER, ACCOUNT_USER} and isinstance(value, dict):
            changes += [Set(At(part, name), inner) for part, inner in value.items()]
        else:
            changes.append(Set(At(name), value))
    if made.external_id is not None:
        changes.append(Set(At("EXTERNAL_ID"), made.external_id))
    return ChangeUser(user=user, changes=tuple(changes), at=at, versions=versions, replaces=True)


def alteration(
    patch: Patch,
    user: Id,
    at: int,
    password: str | None,
    versions: Versions,
    *,
    rules: Rules,
) -> ChangeUser:
    """The command that a PATCH asks for: all its operations, all or nothing.

    `password` is the verifier of `password_in`; it is passed over when none is to be synchronised.
    """
    changes: list[UserChange] = []
    number = 0
    try:
        for number, operation in enumerate(patch.operations):  # noqa: B007  the refused one's
            if operation.path.attribute.name != "password":
                changes += _changes(operation, maps_names=rules.maps_names)
            elif rules.syncs_password:
                verifier = None if operation.op is Op.REMOVE else password
                changes.append(Set(At("PASSWORD"), verifier))
                changes.append(Set(At("PASSWORD_SET_AT"), None if verifier is None else at))
    except errors.ScimError as error:
        raise error.within(patch.place_of(number)) from None
    return ChangeUser(user=user, changes=tuple(changes), at=at, versions=versions)


def origin(patch: Patch, rules: Rules, refusal: Refusal) -> str | None:
    """The place in a PATCH that a refusal of its command comes of; None if it is of them all.

    Found out when there is a refusal: what succeeds need not know.
    """
    if refusal.step is None:
        return None
    steps = 0
    for number, operation in enumerate(patch.operations):
        one = msgspec.structs.replace(patch, operations=(operation,))
        made = alteration(one, Id(""), 0, None, ANY_VERSION, rules=rules)
        steps += len(made.changes)
        if refusal.step < steps:
            return patch.place_of(number)
    raise AssertionError("every step is made of an operation")


def password_in(patch: Patch) -> Json:
    """The password that a PATCH sets: the last one, if it sets several."""
    given: Json = None
    for operation in patch.operations:
        if operation.path.attribute.name == "password" and operation.op is not Op.REMOVE:
            given = operation.value
    return given


def _changes(operation: Operation, *, maps_names: bool) -> Iterator[UserChange]:
    path = operation.path
    name = path.attribute.name
    removal = operation.op is Op.REMOVE
    if name == "userName":
        if not maps_names:
            yield Set(At("NAME"), fold(str(operation.value)))
        yield Set(At("LOGIN_NAME"), operation.value)
    elif name == USER_NAME and maps_names:
        given = None if removal else operation.value
        yield Set(At("NAME"), name_in({ENTERPRISE_USER: {USER_NAME: given}}))
        yield from _change(operation, _place(path))
    elif name == "active":
        # Removing `active` leaves nobody locked out, and an attribute that was removed is not
        # shown (RFC 7643 section 2.5): the profile remembers that it is unassigned.
        yield Set(At("DISABLED"), operation.value is False)
        yield Set(At("active"), _UNASSIGNED) if removal else Unset(At("active"))
    elif name == "name" and path.sub_attribute is None and removal:
        yield from (Unset(At(part)) for part in NAME_PARTS.values())
        yield Unset(At("name"))
    else:
        yield from _change(operation, _place(path))


def _place(path: Path) -> At:
    name = path.attribute.name
    part = path.sub_attribute.name if path.sub_attribute is not None else None
    if path.schema is not None and name in ACCOUNT_PARTS:
        return At(ACCOUNT_PARTS[name])
    if path.schema is None and name == "name" and part in NAME_PARTS:
        return At(NAME_PARTS[part])
    if path.schema is None and name in _PROPERTIES:
        return At(_PROPERTIES[name])
    where = None if path.value_filter is None else predicate_within(path.value_filter)
    return At(name, path.schema, where, part)


_PROPERTIES = {"displayName": "DISPLAY_NAME", "externalId": "EXTERNAL_ID"}


def _change(operation: Operation, at: At) -> Iterator[UserChange]:
    path, value = operation.path, operation.value
    many = path.attribute.multi_valued and path.sub_attribute is None
    if operation.op is Op.REMOVE:
        if value is None:
            yield Unset(at)
            return
        for entry in value if isinstance(value, list) else [value]:
            yield Unset(At(at.attribute, at.extension, _same(entry), None))
    elif operation.op is Op.ADD and many:
        yield Add(at, tuple(value) if isinstance(value, list) else (value,))
    else:
        yield Set(at, value)


def _same(entry: Json) -> Predicate:
    """The entries that are this one, by every sub-attribute given."""
    parts = entry.items() if isinstance(entry, dict) else [("value", entry)]
    return predicate_of_parts(parts)


# ---- out -------------------------------------------------------------------------------------


def representation(
    card: UserCard, base_url: str, client: ScimClient, *, maps_names: bool = False
) -> dict[str, Json]:
    """The user as SCIM shows it (RFC 7643 section 4.1), with `groups` as they are in the card."""
    user = card.user
    body: dict[str, Json] = {"schemas": [CORE_USER], "id": user.id}
    if card.external_id is not None:
        body["externalId"] = card.external_id
    body["userName"] = user.login_name
    name = _name(user)
    if name:
        body["name"] = name
    if user.display_name is not None:
        body["displayName"] = user.display_name
    if user.disabled or "active" not in user.profile:
        body["active"] = not user.disabled
    body |= {key: value for key, value in user.profile.items() if key not in _WORDED}
    account = account_attributes(user)
    if account:
        urn = account_urn(client)
        kept = user.profile.get(urn)
        body[urn] = {**kept, **account} if isinstance(kept, dict) else account
    if maps_names:
        body[ENTERPRISE_USER] = _named_apart(user, body.get(ENTERPRISE_USER))
    if card.groups:
        body["groups"] = [
            {
                "value": group.role,
                "$ref": f"{base_url}/Groups/{group.role}",
                "display": group.name,
                "type": "direct" if group.direct else "indirect",
            }
            for group in card.groups
        ]
    urns: list[Json] = [urn for urn in (ENTERPRISE_USER, ACCOUNT_USER) if urn in body]
    if urns:
        body["schemas"] = [CORE_USER, *urns]
    body["meta"] = {
        "resourceType": "User",
        "created": iso_time(user.created_at),
        "lastModified": iso_time(card.revision.changed_at),
        "location": f"{base_url}/Users/{user.id}",
        "version": f'W/"{card.revision.version}"',
    }
    return body


_UNASSIGNED = "unassigned"
_WORDED = frozenset({"name", "active"})
"""What of a profile is not shown as it stands."""


def _named_apart(user: User, shown: Json) -> dict[str, Json]:
    """The extension with the user's name: as it was sent, while SQL has not renamed the user."""
    extension = dict(shown) if isinstance(shown, dict) else {}
    if fold(str(extension.get(USER_NAME))) != user.name:
        extension[USER_NAME] = user.name
    return extension


def account_urn(client: ScimClient | None) -> str:
    """The extension that the vendor's attributes are shown under (reference section 1)."""
    return ENTERPRISE_USER if client is ScimClient.OKTA else ACCOUNT_USER


def _name(user: User) -> dict[str, Json]:
    kept = user.profile.get("name")
    name: dict[str, Json] = dict(kept) if isinstance(kept, dict) else {}
    if user.first_name is not None:
        name["givenName"] = user.first_name
    if user.last_name is not None:
        name["familyName"] = user.last_name
    if user.middle_name is not None:
        name["middleName"] = user.middle_name
    return name

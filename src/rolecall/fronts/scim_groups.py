"""Groups between SCIM and the account: a group is a role, members are direct grants to users."""

from collections.abc import Iterator

from rolecall.domain.commands import (
    AddMembers,
    At,
    ChangeRole,
    CreateRole,
    RemoveMembers,
    RoleChange,
    Set,
    SetMembers,
    Unset,
    Versions,
)
from rolecall.domain.model import Json, RoleCard
from rolecall.domain.names import Id, exact
from rolecall.domain.predicate import Field
from rolecall.fronts.scim_values import Lookup, iso_time
from rolecall.scim import errors
from rolecall.scim import filter as filters
from rolecall.scim.patch import Op, Operation, Patch
from rolecall.scim.resource import Resource
from rolecall.scim.schema import CORE_GROUP

FIELDS: dict[str, Lookup] = {
    "id": Lookup(Field.ID),
    "displayName": Lookup(Field.NAME_KEY, keyed=True),
    "externalId": Lookup(Field.EXTERNAL_ID),
    "meta.created": Lookup(Field.CREATED_AT, timed=True),
    "meta.lastModified": Lookup(Field.CHANGED_AT, timed=True),
}
"""What of a group is asked for by a field of its own."""


# ---- in --------------------------------------------------------------------------------------


def creation(resource: Resource, new_id: Id, at: int) -> CreateRole:
    """The command that a POST asks for."""
    values = resource.values
    external_id = values.get("externalId")
    return CreateRole(
        id=new_id,
        name=exact(str(values["displayName"])),
        at=at,
        members=_ids(values.get("members")),
        external_id=None if external_id is None else str(external_id),
    )


def replacement(
    resource: Resource, role: Id, at: int, versions: Versions, *, members_given: bool
) -> ChangeRole:
    """The command that a PUT asks for; members stay when the body doesn't speak of them."""
    values = resource.values
    changes: list[RoleChange] = [
        Set(At("NAME"), values["displayName"]),
        Set(At("EXTERNAL_ID"), values.get("externalId")),
    ]
    if members_given:
        changes.append(SetMembers(_ids(values.get("members"))))
    return ChangeRole(role=role, changes=tuple(changes), at=at, versions=versions)


def alteration(
    patch: Patch, role: Id, at: int, versions: Versions, members_shown: int = 0
) -> ChangeRole:
    """The command that a PATCH asks for: all its operations, all or nothing."""
    changes: list[RoleChange] = []
    for operation in patch.operations:
        changes += _changes(operation)
    return ChangeRole(
        role=role,
        changes=tuple(_joined(changes)),
        at=at,
        versions=versions,
        members_shown=members_shown,
    )


def _changes(operation: Operation) -> Iterator[RoleChange]:
    name = operation.path.attribute.name
    if name == "members":
        yield _member_change(operation)
    elif name == "displayName":
        yield Set(At("NAME"), operation.value)
    else:
        assert name == "externalId", "a group has no other attribute that can be changed"
        at = At("EXTERNAL_ID")
        yield Unset(at) if operation.op is Op.REMOVE else Set(at, operation.value)


def _member_change(operation: Operation) -> RoleChange:
    path = operation.path
    if path.value_filter is not None and operation.op is Op.REMOVE and not path.sub_attribute:
        return RemoveMembers(_named(path.value_filter))
    if path.value_filter is not None or path.sub_attribute is not None:
        raise errors.invalid_path(
            "A member is added or removed whole: use path 'members' with a list of values, "
            'or remove members[value eq "<id>"].'
        )
    if operation.op is Op.REMOVE:
        return RemoveMembers(None if operation.value is None else _ids(operation.value))
    users = _ids(operation.value)
    return AddMembers(users) if operation.op is Op.ADD else SetMembers(users)


def _named(condition: filters.Filter) -> tuple[Id, ...]:
    """The ids that `value eq "…"`, alone or joined by `or`, names."""
    terms = condition.terms if isinstance(condition, filters.Or) else (condition,)
    ids = []
    for term in terms:
        if (
            not isinstance(term, filters.Comparison)
            or term.attribute.name != "value"
            or term.operator is not filters.Operator.EQ
        ):
            raise errors.invalid_filter(
                'Members are picked by id: members[value eq "<id>"], several joined by or.'
            )
        ids.append(Id(str(term.value)))
    return tuple(ids)


def _joined(changes: list[RoleChange]) -> Iterator[RoleChange]:
    """Neighbouring additions, and removals, of members are one: one statement for a thousand."""
    pending: AddMembers | RemoveMembers | None = None
    for change in changes:
        if isinstance(pending, AddMembers) and isinstance(change, AddMembers):
            pending = AddMembers(pending.users + change.users)
            continue
        if (
            isinstance(pending, RemoveMembers)
            and isinstance(change, RemoveMembers)
            and pending.users is not None
            and change.users is not None
        ):
            pending = RemoveMembers(pending.users + change.users)
            continue
        if pending is not None:
            yield pending
        pending = change if isinstance(change, AddMembers | RemoveMembers) else None
        if pending is None:
            yield change
    if pending is not None:
        yield pending


def _ids(members: Json) -> tuple[Id, ...]:
    """The ids in a list of members, each once."""
    found: dict[Id, None] = {}
    for member in members if isinstance(members, list) else []:
        value = member.get("value") if isinstance(member, dict) else None
        assert isinstance(value, str), "the schema requires it"
        found[Id(value)] = None
    return tuple(found)


# ---- out -------------------------------------------------------------------------------------


def representation(card: RoleCard, base_url: str, *, named: bool = False) -> dict[str, Json]:
    """The group as SCIM shows it (RFC 7643 section 4.2), with members if the card has them.

    Their names are returned on request alone.
    """
    role = card.role
    body: dict[str, Json] = {"schemas": [CORE_GROUP], "id": role.id}
    if card.external_id is not None:
        body["externalId"] = card.external_id
    body["displayName"] = role.name
    members: list[Json] = [
        {
            "value": member.user,
            "$ref": f"{base_url}/Users/{member.user}",
            **({"display": member.display_name or member.login_name} if named else {}),
            "type": "User",
        }
        for member in card.members or ()
    ]
    members += [
        {
            "value": group.role,
            "$ref": f"{base_url}/Groups/{group.role}",
            **({"display": group.name} if named else {}),
            "type": "Group",
        }
        for group in card.groups
    ]
    if members:
        body["members"] = members
    body["meta"] = {
        "resourceType": "Group",
        "created": iso_time(role.created_at),
        "lastModified": iso_time(card.revision.changed_at),
        "location": f"{base_url}/Groups/{role.id}",
        "version": f'W/"{card.revision.version}"',
    }
    return body

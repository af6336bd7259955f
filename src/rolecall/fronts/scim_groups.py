"""Groups between SCIM and the account: a group is a role, members are direct grants to users."""

from collections.abc import Iterator
from itertools import chain

from rolecall.domain.commands import (
    AddMembers,
    At,
    ChangeRole,
    CreateRole,
    RemoveMembers,
    RemoveMembersWhere,
    RoleChange,
    Set,
    SetMembers,
    Unset,
    Versions,
)
from rolecall.domain.errors import CircularGrant, Refusal, UnknownMember
from rolecall.domain.model import Json, RoleCard
from rolecall.domain.names import Id, exact
from rolecall.domain.predicate import Field
from rolecall.fronts.scim_grants import members_meant
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


CONDITIONS_MAX = 10
TOO_MANY_CONDITIONS = (
    f"A PATCH removes members by at most {CONDITIONS_MAX} conditions, since each asks every "
    "member; join them by 'or', or name members by value eq."
)
STEPS_MAX = 10_000
TOO_MANY_STEPS = (
    f"The PATCH has more than {STEPS_MAX} operations that can't be carried out together, as "
    "additions in a row are; split it."
)
"""Others wait for as long as a change takes: some half a second."""


def alteration(
    patch: Patch,
    role: Id,
    at: int,
    versions: Versions,
    *,
    base_url: str = "",
    members_shown: int = 0,
) -> ChangeRole:
    """The command that a PATCH asks for: all its operations, all or nothing."""
    changes: list[RoleChange] = []
    conditions = number = 0
    try:
        for number, operation in enumerate(patch.operations):  # noqa: B007  the refused one's
            change = _change(operation, base_url)
            conditions += isinstance(change, RemoveMembersWhere)
            if conditions > CONDITIONS_MAX:
                raise errors.too_many(TOO_MANY_CONDITIONS)
            changes.append(change)
    except errors.ScimError as error:
        raise error.within(patch.place_of(number)) from None
    steps = tuple(_joined(changes))
    if len(steps) > STEPS_MAX:
        raise errors.too_large(TOO_MANY_STEPS)
    return ChangeRole(
        role=role,
        changes=steps,
        at=at,
        versions=versions,
        members_shown=members_shown,
    )


def origin(patch: Patch, base_url: str, refusal: Refusal) -> str | None:
    """The place in a PATCH that a refusal of its command comes of; None if it is of them all.

    Of operations that became one step it is the first that names a member who is refused.
    """
    if refusal.step is None:
        return None
    refused = _refused(refusal)
    step, before = -1, None
    for number, operation in enumerate(patch.operations):
        change = _change(operation, base_url)
        step += 0 if _is_joined(before, change) else 1
        named = isinstance(change, AddMembers | SetMembers) and refused.intersection(change.users)
        if step == refusal.step and (named or not refused):
            return patch.place_of(number)
        before = change
    raise AssertionError("every step is made of operations, and each member is named in one")


def _refused(refusal: Refusal) -> frozenset[str]:
    if isinstance(refusal, UnknownMember):
        return frozenset(refusal.ids)
    if isinstance(refusal, CircularGrant) and refusal.id is not None:
        return frozenset({refusal.id})
    return frozenset()


def _change(operation: Operation, base_url: str) -> RoleChange:
    name = operation.path.attribute.name
    if name == "members":
        return _member_change(operation, base_url)
    if name == "displayName":
        return Set(At("NAME"), operation.value)
    assert name == "externalId", "a group has no other attribute that can be changed"
    at = At("EXTERNAL_ID")
    return Unset(at) if operation.op is Op.REMOVE else Set(at, operation.value)


def _member_change(operation: Operation, base_url: str) -> RoleChange:
    path = operation.path
    if path.value_filter is not None and operation.op is Op.REMOVE and not path.sub_attribute:
        named = _named(path.value_filter)
        if named is not None:
            return RemoveMembers(named)
        return RemoveMembersWhere(*members_meant(path.value_filter, path, base_url))
    if path.value_filter is not None or path.sub_attribute is not None:
        raise errors.invalid_path(
            "A member is added or removed whole: use path 'members' with a list of values, "
            'or remove members[value eq "<id>"].'
        )
    if operation.op is Op.REMOVE:
        return RemoveMembers(None if operation.value is None else _ids(operation.value))
    users = _ids(operation.value)
    return AddMembers(users) if operation.op is Op.ADD else SetMembers(users)


def _named(condition: filters.Filter) -> tuple[Id, ...] | None:
    """The ids that `value eq "…"`, alone or joined by `or`, names; None for any other condition."""
    terms = condition.terms if isinstance(condition, filters.Or) else (condition,)
    ids = []
    for term in terms:
        if (
            not isinstance(term, filters.Comparison)
            or term.attribute.name != "value"
            or term.operator is not filters.Operator.EQ
            or not isinstance(term.value, str)
        ):
            return None
        ids.append(Id(term.value))
    return tuple(ids)


def _joined(changes: list[RoleChange]) -> Iterator[RoleChange]:
    """Neighbouring additions, and removals, of members are one: one statement for a thousand."""
    run: list[RoleChange] = []
    for change in changes:
        if run and not _is_joined(run[-1], change):
            yield _as_one(run)
            run = []
        run.append(change)
    if run:
        yield _as_one(run)


def _is_joined(before: RoleChange | None, change: RoleChange) -> bool:
    """Whether a change is one step with the one before it."""
    if isinstance(before, AddMembers):
        return isinstance(change, AddMembers)
    return (
        isinstance(before, RemoveMembers)
        and isinstance(change, RemoveMembers)
        and before.users is not None
        and change.users is not None
    )


def _as_one(run: list[RoleChange]) -> RoleChange:
    first = run[0]
    if len(run) == 1 or not isinstance(first, AddMembers | RemoveMembers):
        return first
    users = [each.users for each in run if isinstance(each, AddMembers | RemoveMembers)]
    return type(first)(tuple(chain.from_iterable(known for known in users if known is not None)))


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
            **({"display": display} if named and display else {}),
            "type": "User",
        }
        for member in card.members or ()
        for display in (member.display_name or member.login_name,)
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

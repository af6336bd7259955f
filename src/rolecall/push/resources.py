"""SCIM resources as any server may send them (RFC 7643), and the values that are sent to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | bool | None"

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Name(msgspec.Struct, frozen=True, rename="camel"):
    given_name: str | None = None
    family_name: str | None = None


class Item(msgspec.Struct, frozen=True):
    """One value of a multi-valued attribute, or one member."""

    value: str | None = None
    type: str | None = None


class User(msgspec.Struct, frozen=True, rename="camel"):
    """A user on the server; `active` may come as text, and is true when left out."""

    id: str
    user_name: str = ""
    external_id: str | None = None
    active: bool | str | None = None
    name: Name | None = None
    display_name: str | None = None
    title: str | None = None
    emails: tuple[Item, ...] | None = None
    phone_numbers: tuple[Item, ...] | None = None

    @property
    def is_active(self) -> bool:
        return str(self.active).lower() != "false"


class Group(msgspec.Struct, frozen=True, rename="camel"):
    """A group on the server; `members` is None when the answer leaves them out."""

    id: str
    display_name: str = ""
    external_id: str | None = None
    members: tuple[Item, ...] | None = None

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of the members that are not groups."""
        members = self.members or ()
        return tuple(m.value for m in members if m.value and (m.type or "").lower() != "group")


class Page(msgspec.Struct, frozen=True):
    """A ListResponse (RFC 7644 §3.4.2); some servers write its name in other case."""

    Resources: tuple[msgspec.Raw, ...] = ()
    total: int | str = msgspec.field(name="totalResults", default=0)


class Attribute(msgspec.Struct, frozen=True):
    name: str


class Schema(msgspec.Struct, frozen=True):
    id: str = ""
    attributes: tuple[Attribute, ...] = ()


class Operation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One operation of a PATCH (RFC 7644 §3.5.2)."""

    op: str
    path: str
    value: Json | msgspec.UnsetType = msgspec.UNSET


class ErrorAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """A SCIM error (RFC 7644 §3.12)."""

    detail: str | None = None
    scim_type: str | None = None

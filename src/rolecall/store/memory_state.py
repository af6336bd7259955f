"""One account's rows in memory, and the few things that are done to rows of any kind."""

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, field, fields
from typing import Protocol, TypeVar

from rolecall.domain.attempts import Noted
from rolecall.domain.events import Recorded
from rolecall.domain.held import HeldChange, Spells
from rolecall.domain.model import (
    AccessToken,
    Account,
    Database,
    Governed,
    Integration,
    Kind,
    PrivilegeGrant,
    Revision,
    Role,
    RoleGrant,
    SqlSession,
    Token,
    User,
)
from rolecall.domain.names import Id, Name
from rolecall.store.failures import KeyTaken

PrivilegeKey = tuple[str, str, str, str]
"""Kind, object, role, privilege."""


@dataclass(slots=True)
class State:
    """One account's rows."""

    account: Account | None = None
    generation: int = 0
    users: dict[Id, User] = field(default_factory=dict)
    roles: dict[Id, Role] = field(default_factory=dict)
    revisions: dict[Id, Revision] = field(default_factory=dict)
    members: dict[tuple[Id, Id], RoleGrant] = field(default_factory=dict)
    hierarchy: dict[tuple[Id, Id], RoleGrant] = field(default_factory=dict)
    privileges: dict[PrivilegeKey, PrivilegeGrant] = field(default_factory=dict)
    integrations: dict[Id, Integration] = field(default_factory=dict)
    endpoints: dict[Name, Id] = field(default_factory=dict)
    tokens: dict[Id, Token] = field(default_factory=dict)
    links: dict[tuple[str, Id], str] = field(default_factory=dict)
    databases: dict[Id, Database] = field(default_factory=dict)
    sessions: dict[Id, SqlSession] = field(default_factory=dict)
    governed: dict[tuple[Kind, Id], Governed] = field(default_factory=dict)
    parameters: dict[tuple[Id, str], str] = field(default_factory=dict)
    access_tokens: dict[Id, AccessToken] = field(default_factory=dict)
    spells: dict[Name, Spells] = field(default_factory=dict)
    held: dict[Id, HeldChange] = field(default_factory=dict)
    events: dict[int, Recorded] = field(default_factory=dict)
    attempts: dict[int, Noted] = field(default_factory=dict)

    def copied(self) -> "State":
        """Another state with the same rows: rows are frozen, so the dicts are all there is."""
        fresh = copy(self)
        for each in fields(self):
            rows = getattr(self, each.name)
            if isinstance(rows, dict):
                setattr(fresh, each.name, dict(rows))
        return fresh


class Identified(Protocol):
    @property
    def id(self) -> Id: ...


KeyT = TypeVar("KeyT")
RowT = TypeVar("RowT")


def by_id(item: Identified) -> str:
    return item.id


def key_in(row: tuple[KeyT, RowT]) -> KeyT:
    """For sorting the items of a dict by their keys alone."""
    return row[0]


def only(found: Iterable[RowT]) -> RowT | None:
    """The one row of an iterable that holds at most one."""
    return next(iter(found), None)


def require_free(item: Identified, holder: Identified | None) -> None:
    if holder is not None and holder.id != item.id:
        raise KeyTaken(item.id)


def drop(rows: dict[KeyT, RowT], unwanted: Callable[[KeyT, RowT], bool]) -> int:
    """Remove what is unwanted: how many."""
    keys = [key for key, row in rows.items() if unwanted(key, row)]
    for key in keys:
        del rows[key]
    return len(keys)

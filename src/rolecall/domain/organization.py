"""The organization is the accounts of one store: its first account's ORGADMIN makes and lists them.

Whoever makes an account comes through `found`: the statement as well as the operator's command.
"""

import re
from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from rolecall.domain import access, model
from rolecall.domain.account import Account
from rolecall.domain.commands import Command
from rolecall.domain.commands_accounts import DropAccount, FoundAccount, RestoreAccount
from rolecall.domain.errors import (
    AlreadyExists,
    InvalidValue,
    NotAuthorized,
    NotFound,
    SystemObject,
)
from rolecall.domain.founding import SYSTEM_ROLES, NumberTaken
from rolecall.domain.model import Conformance, Kind, Privilege
from rolecall.domain.names import Id, Name, key_of
from rolecall.domain.ports import Ids, Reading, Store, Transaction
from rolecall.domain.session import ActorKind, Session
from rolecall.domain.users import require_name

FIRST = 1
"""The organization's own account; ORGADMIN of any other has no say over its neighbours."""
GRACE_DAYS_MIN, GRACE_DAYS_MAX = 3, 90
DAY = 86_400_000_000
ACCOUNT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
TRIES_MAX = 100
"""So many times in a row another process may found an account first."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a new account is to be; of the password its hash."""

    organization: Name
    name: Name
    administrator: Name
    password: str
    comment: str | None = None
    conformance: Conformance | None = None


def born(order: Order, ids: Ids, at: int) -> FoundAccount:
    """The command that makes the account of an order."""
    return FoundAccount(
        id=ids.new(),
        organization=order.organization,
        name=order.name,
        role_ids={role: ids.new() for role in SYSTEM_ROLES},
        database=ids.new(),
        administrator=ids.new(),
        administrator_name=order.administrator,
        password=order.password,
        at=at,
        comment=order.comment,
        conformance=order.conformance,
    )


def found(store: Store, founding: FoundAccount, *more: Command, actor: str, request: Id) -> Account:
    """The new account, whole or not at all; `more` is carried out as its ACCOUNTADMIN.

    Raises InvalidValue, AlreadyExists for a name taken in any case, or a Refusal of `more`.
    """
    require_name("NAME", founding.name)
    if not ACCOUNT_NAME.fullmatch(founding.name):
        reason = "it takes letters, digits and underscores, and begins with a letter"
        raise InvalidValue("NAME", f"{reason}: it is part of the account's address")
    require_name("ADMIN_NAME", founding.administrator_name)
    for _ in range(TRIES_MAX - 1):
        try:
            return _found_next(store, founding, *more, actor=actor, request=request)
        except NumberTaken:
            continue
    return _found_next(store, founding, *more, actor=actor, request=request)


def _found_next(
    store: Store, founding: FoundAccount, *more: Command, actor: str, request: Id
) -> Account:
    """Numbers have no gaps: who finds the next one free has seen every name. Raises NumberTaken."""
    present = store.accounts()
    if any(
        not account.erased and key_of(account.name) == key_of(founding.name) for account in present
    ):
        raise AlreadyExists(Kind.ACCOUNT, founding.name)
    account = Account(store, max((each.number for each in present), default=0) + 1)
    session = Session(
        number=account.number,
        actor=actor,
        actor_kind=ActorKind.SYSTEM,
        role=founding.role_ids[access.ACCOUNTADMIN],
        at=founding.at,
        request=request,
    )
    account.execute(session, founding, *more)
    return account


def drop(account: Account, session: Session, name: Name, days: int) -> None:
    """An account is closed, to be erased after its grace period (vendor: DROP ACCOUNT).

    Raises NotAuthorized, NotFound, InvalidValue, or SystemObject for the organization's own.
    """
    require_founder(account, session)
    if not GRACE_DAYS_MIN <= days <= GRACE_DAYS_MAX:
        raise InvalidValue("GRACE_PERIOD_IN_DAYS", f"it takes {GRACE_DAYS_MIN} to {GRACE_DAYS_MAX}")
    found = _named(account.store, name, dropped=False)
    if found.number == FIRST:
        raise SystemObject(Kind.ACCOUNT, found.name)
    command = DropAccount(at=session.at, until=session.at + days * DAY)
    Account(account.store, found.number).execute(_organizing(account, session, found), command)


def restore(account: Account, session: Session, name: Name) -> None:
    """A dropped account is opened again. Raises NotAuthorized, NotFound."""
    require_founder(account, session)
    found = _named(account.store, name, dropped=True)
    command = RestoreAccount(at=session.at)
    Account(account.store, found.number).execute(_organizing(account, session, found), command)


ERASED_ROWS = 1_000
"""Rows that one step erases: a transaction that others don't wait long for."""


def erase_due(store: Store, at: int) -> None:
    """The rows of accounts go whose grace period is over; a number and a name that is free stay."""
    for _ in erasing(store, at):
        pass


def erasing(store: Store, at: int) -> Iterator[None]:
    """The steps of `erase_due`: whoever takes them may wait between two, or leave the rest."""
    for found in store.accounts():
        if found.erased or found.erased_from is None or found.erased_from > at:
            continue
        while store.transact(found.number, lambda tx: tx.erase_some(ERASED_ROWS)):
            yield
        store.transact(found.number, _erased)


def _erased(tx: Transaction) -> None:
    tx.save_account(replace(tx.account(), erased=True, comment=None))
    tx.bump_generation()


def _named(store: Store, name: Name, *, dropped: bool) -> model.Account:
    for found in store.accounts():
        known = found.dropped_at is not None
        if found.name == name and known is dropped and not found.erased:
            return found
    raise NotFound(Kind.ACCOUNT, name)


def _organizing(account: Account, session: Session, found: model.Account) -> Session:
    """Who acts in the other account's history: the one who asked, from the first account."""
    return Session(
        number=found.number,
        actor=f"{account.moment(lambda reading: reading.account()).name}.{session.actor}",
        actor_kind=ActorKind.SYSTEM,
        role=session.role,
        at=session.at,
        request=session.request,
    )


def require_founder(account: Account, session: Session) -> None:
    """Refuse who doesn't act as the organization's ORGADMIN (NotAuthorized)."""

    def judge(reading: Reading) -> None:
        access.require_live(reading, session)
        # Vendor: what is made is made by the primary role.
        _require(reading, access.primary_roles(reading, session))

    account.moment(judge)


def listed(account: Account, session: Session) -> tuple[model.Account, ...]:
    """Every account that is not erased, by number, to the organization's ORGADMIN.

    Raises NotAuthorized.
    """

    def judge(reading: Reading) -> None:
        access.require_live(reading, session)
        _require(reading, access.active_roles(reading, session))

    account.moment(judge)
    return tuple(found for found in account.store.accounts() if not found.erased)


def _require(reading: Reading, roles: frozenset[Id]) -> None:
    name = reading.account().name
    if reading.number != FIRST:
        remedy = "accounts are made and listed in the first account of this server"
    elif access.system_role(reading, access.ORGADMIN).id not in roles:
        remedy = "use role orgadmin; ACCOUNTADMIN may grant it"
    else:
        return
    raise NotAuthorized(Privilege.OWNERSHIP, Kind.ACCOUNT, name, remedy=remedy)

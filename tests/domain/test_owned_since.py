"""Ownership is since its object was made, or handed over, or its owner's heir took over."""

import pytest

from builders import NOW, admin, an_account, an_id, by, put
from rolecall.domain.account import Account
from rolecall.domain.commands import (
    ChangeUser,
    Command,
    CreateRole,
    CreateUser,
    DropRole,
    GrantOwnership,
)
from rolecall.domain.model import Kind
from rolecall.domain.names import Name
from rolecall.domain.queries import GrantsOn, GrantsToRole

BOB, FIRST, SECOND = an_id(1), an_id(2), an_id(3)


@pytest.fixture
def account() -> Account:
    made = an_account()
    does(made, 1, CreateUser(id=BOB, name=Name("BOB"), login_name="bob", at=NOW + 1))
    for id, name in ((FIRST, "FIRST"), (SECOND, "SECOND")):
        does(made, 2, CreateRole(id=id, name=Name(name), at=NOW + 2))
    return made


def does(account: Account, second: int, command: Command) -> None:
    account.execute(admin(account, NOW + second), command)


def hands(account: Account, second: int, to: str) -> None:
    handed = GrantOwnership(kind=Kind.USER, object=BOB, role=by(to), at=NOW + second)
    does(account, second, handed)


def told(account: Account) -> tuple[str, int | None]:
    """Bob's owner, and since when; said alike by both of the ways to ask."""
    (owned, *_) = account.ask(admin(account), GrantsOn(kind=Kind.USER, object=BOB))
    held = account.ask(admin(account), GrantsToRole(role=by(owned.grantee_name)))
    assert owned in held
    return owned.grantee_name, None if owned.created_at is None else owned.created_at - NOW


def test_it_begins_with_the_object(account: Account) -> None:
    assert told(account) == ("ACCOUNTADMIN", 1)
    (owned, *_) = account.ask(admin(account), GrantsOn(kind=Kind.DATABASE, object=by("DEMO_DB")))
    assert owned.created_at == NOW


def test_it_is_since_it_was_handed_over_last(account: Account) -> None:
    renamed = ChangeUser(user=BOB, changes=(put("NAME", "ROBERT"),), at=NOW + 4)
    does(account, 4, renamed)
    hands(account, 5, "FIRST")
    hands(account, 7, "SECOND")
    assert told(account) == ("SECOND", 7)


def test_an_heir_has_it_since_the_owner_is_gone(account: Account) -> None:
    hands(account, 5, "FIRST")
    does(account, 6, GrantOwnership(kind=Kind.ROLE, object=SECOND, role=by("FIRST"), at=NOW + 6))
    does(account, 8, DropRole(role=FIRST, at=NOW + 8))
    held = account.ask(admin(account), GrantsToRole(role=by("ACCOUNTADMIN")))
    since = {row.name: row.created_at for row in held if row.privilege == "OWNERSHIP"}
    assert (since["BOB"], since["SECOND"]) == (NOW + 8, NOW + 8)
    assert told(account) == ("ACCOUNTADMIN", 8)


def test_what_no_history_tells_is_since_the_account(account: Account) -> None:
    account.store.transact(account.number, lambda tx: tx.forget_history(NOW + 2, 99))
    assert told(account) == ("ACCOUNTADMIN", 0)

"""One way leads to a new account, and the first account's ORGADMIN alone goes it in SQL."""

import msgspec
import pytest

from builders import IDS, NOW, admin, an_account
from rolecall.domain import model, organization
from rolecall.domain.account import Account
from rolecall.domain.commands import FoundAccount
from rolecall.domain.errors import AlreadyExists, InvalidValue, NotAuthorized
from rolecall.domain.founding import NumberTaken
from rolecall.domain.names import Name
from rolecall.domain.organization import TRIES_MAX, Order
from rolecall.domain.session import Session
from rolecall.store.memory import MemoryStore


def founding(name: str, administrator: str = "BOSS") -> FoundAccount:
    order = Order(
        organization=Name("ACME"),
        name=Name(name),
        administrator=Name(administrator),
        password="hash",
        comment="the second",
    )
    return organization.born(order, IDS, NOW)


def found(account: Account, name: str, administrator: str = "BOSS") -> Account:
    request = IDS.new()
    command = founding(name, administrator)
    return organization.found(account.store, command, actor="ann", request=request)


def as_organizer(account: Account) -> Session:
    role = account.moment(lambda reading: reading.role_named(Name("ORGADMIN")))
    assert role is not None
    return msgspec.structs.replace(admin(account), role=role.id)


def test_accounts_are_numbered_as_they_come() -> None:
    first = an_account()
    assert [found(first, name).number for name in ("SECOND", "THIRD")] == [2, 3]
    accounts = first.store.accounts()
    assert [account.comment for account in accounts] == [None, "the second", "the second"]


def test_a_name_is_an_accounts_in_any_case() -> None:
    first = an_account()
    with pytest.raises(AlreadyExists):
        found(first, "Demo")


@pytest.mark.parametrize(("name", "administrator"), [("", "BOSS"), ("SECOND", "")])
def test_a_name_that_is_none_is_refused(name: str, administrator: str) -> None:
    first = an_account()
    with pytest.raises(InvalidValue):
        found(first, name, administrator)
    assert len(first.store.accounts()) == 1


class Racing(MemoryStore):
    """Another process founds an account between the look and the transaction."""

    def __init__(self, races: int) -> None:
        super().__init__()
        self.races = races

    def accounts(self) -> tuple[model.Account, ...]:
        seen = super().accounts()
        if seen and self.races:
            self.races -= 1
            an_account(self, number=len(seen) + 1, name=f"OTHER_{len(seen)}")
        return seen


def test_whoever_comes_second_takes_the_next_number() -> None:
    first = an_account(Racing(3))
    assert found(first, "MINE").number == 5


def test_whoever_comes_second_with_the_same_name_is_refused() -> None:
    first = an_account(Racing(1))
    with pytest.raises(AlreadyExists):
        found(first, "OTHER_1")


def test_who_never_comes_first_gives_up() -> None:
    first = an_account(Racing(TRIES_MAX))
    with pytest.raises(NumberTaken):
        found(first, "MINE")


def test_the_operator_makes_and_sees_accounts_as_orgadmin_only() -> None:
    first = an_account()
    organization.require_founder(first, as_organizer(first))
    assert [account.name for account in organization.listed(first, as_organizer(first))] == ["DEMO"]
    for judge in (organization.require_founder, organization.listed):
        with pytest.raises(NotAuthorized) as refused:
            judge(first, admin(first))
        assert refused.value.remedy == "use role orgadmin; ACCOUNTADMIN may grant it"


def test_orgadmin_of_another_account_has_no_say() -> None:
    second = found(an_account(), "SECOND")
    with pytest.raises(NotAuthorized) as refused:
        organization.listed(second, as_organizer(second))
    assert "first account" in str(refused.value.remedy)

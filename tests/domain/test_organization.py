"""One way leads to a new account, and the first account's ORGADMIN alone goes it in SQL."""

import msgspec
import pytest

from builders import (
    IDS,
    NOW,
    a_token,
    add_user,
    admin,
    an_account,
    by,
    integration_session,
    token_session,
    user_session,
)
from rolecall.domain import access, model, organization
from rolecall.domain.account import Account
from rolecall.domain.commands import OpenSession
from rolecall.domain.commands_accounts import DropAccount, FoundAccount, RestoreAccount
from rolecall.domain.errors import (
    AlreadyExists,
    InvalidValue,
    LoginRefused,
    NotAuthorized,
    NotFound,
    TokenRefused,
)
from rolecall.domain.events import AccountDropped, AccountRestored
from rolecall.domain.founding import NumberTaken
from rolecall.domain.model import Conformance
from rolecall.domain.names import Name
from rolecall.domain.organization import TRIES_MAX, Order
from rolecall.domain.ports import Store
from rolecall.domain.queries import CurrentSession, EventsAfter, OneUser, ScimConformance
from rolecall.domain.session import ActorKind, Session
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


def test_an_account_is_born_with_the_conformance_that_was_ordered() -> None:
    command = msgspec.structs.replace(founding("STRICT"), conformance=Conformance.SNOWFLAKE)
    first = an_account()
    born = organization.found(first.store, command, actor="ann", request=IDS.new())
    assert born.ask(admin(born), ScimConformance()) is Conformance.SNOWFLAKE


def test_a_name_is_an_accounts_in_any_case() -> None:
    first = an_account()
    with pytest.raises(AlreadyExists):
        found(first, "Demo")


@pytest.mark.parametrize(
    ("name", "administrator"), [("", "BOSS"), ("SECOND", ""), ("A B", "BOSS"), ("2ND", "BOSS")]
)
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


# ---- the end of an account -----------------------------------------------------------------------

DAY = organization.DAY


def dropped(first: Account, days: int = 3) -> Account:
    """A second account with a user and an open session, dropped."""
    second = found(first, "SECOND")
    add_user(second, admin(second), "ANN")
    organization.drop(first, as_organizer(first), Name("SECOND"), days)
    return second


def before(second: Account) -> Session:
    """ACCOUNTADMIN's session as it was before the account was dropped."""
    role = second.moment(lambda reading: reading.role_named(Name("ACCOUNTADMIN")))
    assert role is not None
    return Session(
        number=second.number,
        actor="ann",
        actor_kind=ActorKind.LOCAL,
        role=role.id,
        at=NOW,
        request=IDS.new(),
    )


def door(second: Account) -> Session:
    return msgspec.structs.replace(before(second), actor_kind=ActorKind.SYSTEM)


def names(account: Account) -> list[Name]:
    return [each.name for each in account.store.accounts() if not each.erased]


def test_a_dropped_account_lets_nobody_in(each_store: Store) -> None:
    first = an_account(each_store)
    second = found(first, "SECOND")
    add_user(second, admin(second), "ANN")
    local, ann = admin(second), user_session(second, "ANN", "PUBLIC")
    integration_session(second)
    token = a_token(second)
    scim = token_session(second, token)
    organization.drop(first, as_organizer(first), Name("SECOND"), 3)
    for session in (local, ann, scim):
        with pytest.raises(NotFound) as refused:
            second.ask(session, CurrentSession())
        assert refused.value.remedy == "undrop account SECOND, as ORGADMIN of the first account"
    with pytest.raises(TokenRefused):
        second.moment(lambda r: access.require_good(r, token, NOW))
    assert first.ask(admin(first), CurrentSession()).account.name == "DEMO"


def test_a_login_to_a_dropped_account_is_refused(each_store: Store) -> None:
    second = dropped(an_account(each_store))
    user = second.login("ann")
    assert user is not None
    opening = OpenSession(id=IDS.new(), user=user.id, verifier="v", at=NOW, expires_at=NOW + DAY)
    with pytest.raises(LoginRefused) as refused:
        second.execute(door(second), opening)
    assert refused.value.why == "dropped account"


def test_an_open_session_of_a_dropped_account_has_ended(each_store: Store) -> None:
    second = dropped(an_account(each_store))
    session = msgspec.structs.replace(before(second), login=IDS.new(), actor_kind=ActorKind.USER)
    with pytest.raises(TokenRefused):
        second.ask(session, CurrentSession())


def test_a_restored_account_is_as_it_was(each_store: Store) -> None:
    first = an_account(each_store)
    second = dropped(first)
    organization.restore(first, as_organizer(first), Name("SECOND"))
    assert second.ask(admin(second), OneUser(user=by("ANN"))).user.name == "ANN"
    told = second.ask(admin(second), EventsAfter(after=0))
    assert [type(each.event) for each in told[-2:]] == [AccountDropped, AccountRestored]
    assert told[-1].actor == "DEMO.local"


def test_an_account_is_erased_after_its_grace_period_and_not_before(each_store: Store) -> None:
    first = an_account(each_store)
    third = found(first, "THIRD")
    second = dropped(first)
    organization.erase_due(first.store, NOW + 3 * DAY - 1)
    assert second.login("ann") is not None
    organization.erase_due(first.store, NOW + 3 * DAY)
    assert second.login("ann") is None
    assert second.moment(lambda r: (r.events_after(0, 9), r.role_named(Name("PUBLIC")))) == (
        (),
        None,
    )
    assert names(first) == ["DEMO", "THIRD"]
    assert third.ask(admin(third), CurrentSession()).account.name == "THIRD"
    with pytest.raises(NotFound):
        organization.restore(first, as_organizer(first), Name("SECOND"))
    assert found(first, "SECOND").number == 4


def test_nobody_restores_what_is_erased_meanwhile(each_store: Store) -> None:
    first = an_account(each_store)
    second = dropped(first)
    session = door(second)
    organization.erase_due(first.store, NOW + 3 * DAY)
    with pytest.raises(NotFound):
        second.execute(session, RestoreAccount(at=NOW))


def test_an_account_is_dropped_once(each_store: Store) -> None:
    second = dropped(an_account(each_store))
    with pytest.raises(NotFound):
        second.execute(door(second), DropAccount(at=NOW, until=NOW))

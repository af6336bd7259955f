"""What is older than the account keeps is forgotten in steps; 0 days keep it for ever."""

from builders import IDS, NOW, admin, an_account, put
from rolecall.domain.account import Account
from rolecall.domain.commands import ChangeParameters, CreateRole
from rolecall.domain.model import Kind
from rolecall.domain.names import Name
from rolecall.domain.parameters import DAY, HISTORY_RETENTION, forget_what_is_old


def forgotten(account: Account, days: int) -> int:
    at = NOW + days * DAY
    return account.store.transact(1, lambda tx: forget_what_is_old(tx, at, 1_000))


def keep(account: Account, days: str) -> None:
    change = put(HISTORY_RETENTION, days)
    setting = ChangeParameters(kind=Kind.ACCOUNT, object=None, changes=(change,), at=NOW)
    account.execute(admin(account), setting)


def test_a_year_is_kept_unless_the_account_says_otherwise() -> None:
    account = an_account()
    account.execute(admin(account), CreateRole(id=IDS.new(), name=Name("X"), at=NOW))
    assert forgotten(account, 365) == 0
    assert forgotten(account, 366) > 0
    assert forgotten(account, 366) == 0


def test_the_account_says_how_long() -> None:
    account = an_account()
    keep(account, "30")
    assert forgotten(account, 30) == 0
    assert forgotten(account, 31) > 0


def test_nothing_is_forgotten_when_that_is_0() -> None:
    account = an_account()
    keep(account, "0")
    assert forgotten(account, 10_000) == 0

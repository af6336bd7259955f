"""A statement makes an account; its administrator can log in, and no history has its secret."""

from rolecall.domain.account import Account
from rolecall.domain.queries import EventsAfter
from rolecall.fronts.login import log_in
from sql_world import Desk

CREATE = """
use role orgadmin;
create account fresh admin_name = boss admin_password = 'geheim' email = 'b@example.com'
"""


def test_the_new_accounts_administrator_logs_in() -> None:
    desk = Desk()
    desk.run(CREATE)
    login = log_in(Account(desk.account.store, 2), desk.world, "boss", "geheim", None)
    assert login.user_name == "BOSS"


def test_the_new_account_remembers_who_asked_for_it() -> None:
    desk = Desk()
    desk.run(CREATE)
    fresh = Account(desk.account.store, 2)
    events = fresh.ask(fresh.local("ann", desk.clock.now(), "r"), EventsAfter(after=0))
    assert {recorded.actor for recorded in events} == {"DEMO.ann"}


def test_the_attempt_is_on_record_without_the_password() -> None:
    desk = Desk()
    desk.run(CREATE)
    attempt = desk.attempts()[-1]
    assert (attempt.method, attempt.resource_kind) == ("CREATE ACCOUNT", "ACCOUNT")
    assert attempt.resource_name == "FRESH"
    assert "geheim" not in str(attempt)

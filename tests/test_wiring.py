"""What an operator does at the machine goes through the one door, and is on record."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from rolecall.domain import organization
from rolecall.domain.account import Account
from rolecall.domain.attempts import Attempt
from rolecall.domain.errors import NotFound
from rolecall.domain.integrations import account_conformance
from rolecall.domain.model import Conformance
from rolecall.domain.names import Name
from rolecall.domain.queries import AttemptsAfter
from rolecall.wiring import ACCOUNT, ADMINISTRATOR, INTEGRATION, Rolecall


@pytest.fixture
def rolecall(tmp_path: Path) -> Iterator[Rolecall]:
    with Rolecall(tmp_path / "data", durable=False) as opened:
        opened.found(ACCOUNT, ADMINISTRATOR, integration=True)
        yield opened


def last_attempt(rolecall: Rolecall, account: Account) -> Attempt:
    return account.ask(rolecall.local(account), AttemptsAfter(after=-1))[-1].attempt


def test_the_data_folder_is_its_owners_alone(rolecall: Rolecall) -> None:
    assert rolecall.folder.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in rolecall.folder.iterdir())


def test_an_issued_token_is_on_record_without_its_text(rolecall: Rolecall) -> None:
    account = rolecall.account_named(None)
    text = rolecall.issue_token(account, INTEGRATION)
    attempt = last_attempt(rolecall, account)
    assert (attempt.method, attempt.resource_name) == ("TOKEN ISSUE", INTEGRATION)
    assert (attempt.succeeded, attempt.actor_kind) == (True, "LOCAL")
    assert text not in str(attempt)


def test_a_refused_act_is_on_record_with_why(rolecall: Rolecall) -> None:
    account = rolecall.account_named(None)
    with pytest.raises(NotFound):
        rolecall.issue_token(account, Name("ABSENT"))
    attempt = last_attempt(rolecall, account)
    assert not attempt.succeeded
    assert attempt.why == "Integration 'ABSENT' does not exist or not authorized."


def test_a_password_that_was_reset_is_on_record_without_its_text(rolecall: Rolecall) -> None:
    account = rolecall.account_named("demo")
    password = rolecall.reset_password(account, "admin")
    attempt = last_attempt(rolecall, account)
    assert (attempt.method, attempt.resource_name) == ("RESET PASSWORD", "ADMIN")
    assert password not in str(attempt)


def test_a_second_account_has_an_administrator_and_no_integration(rolecall: Rolecall) -> None:
    founded = rolecall.found(Name("SECOND"), Name("BOSS"), integration=False)
    account = rolecall.account_named("second")
    assert (account.number, founded.administrator) == (2, "BOSS")
    assert founded.password not in repr(founded)
    with pytest.raises(NotFound):
        rolecall.issue_token(account, INTEGRATION)


def test_an_unknown_account_is_refused_by_the_names_that_there_are(rolecall: Rolecall) -> None:
    with pytest.raises(NotFound) as refused:
        rolecall.account_named("nowhere")
    assert refused.value.remedy == "accounts here: DEMO"


@pytest.mark.parametrize("asked", [None, *Conformance])
def test_new_accounts_begin_with_the_conformance_that_was_asked_for(
    tmp_path: Path, asked: Conformance | None
) -> None:
    with Rolecall(tmp_path, durable=False, conformance=asked) as opened:
        founded = opened.found(ACCOUNT, ADMINISTRATOR, integration=True)
        spoken = opened.account(founded.number).moment(account_conformance)
    assert spoken is (asked or Conformance.RFC)


def test_a_dropped_account_is_found_by_nobody_at_the_machine(rolecall: Rolecall) -> None:
    first = rolecall.account_named(None)
    rolecall.found(Name("OTHER"), ADMINISTRATOR, integration=False)
    session = first.local("ann", rolecall.world.clock.now(), rolecall.world.ids.new())
    orgadmin = first.moment(lambda reading: reading.role_named(Name("ORGADMIN")))
    assert orgadmin is not None
    session = replace(session, role=orgadmin.id)
    organization.drop(first, session, Name("OTHER"), 3)
    with pytest.raises(NotFound):
        rolecall.account_named("other")

"""Logging in: one sentence for every fault, the reason in the history."""

import pytest

from rolecall.domain.attempts import AttemptKind
from rolecall.fronts.login import SESSION_SECONDS, Login, log_in, session_of
from rolecall.fronts.sql import SqlRefusal
from sql_world import Desk


@pytest.fixture
def desk() -> Desk:
    found = Desk()
    found.run("create user bob password = 'swordfish' login_name = 'bob@example.com'")
    return found


def refused(desk: Desk, name: str, password: str) -> SqlRefusal:
    with pytest.raises(SqlRefusal) as raised:
        log_in(desk.account, desk.world, name, password, "192.0.2.1")
    return raised.value


def test_a_password_opens_a_session_of_four_hours(desk: Desk) -> None:
    login = log_in(desk.account, desk.world, "BOB@example.com", "swordfish", "192.0.2.1")
    assert (login.user_name, login.token) == ("BOB", "token-1")
    assert login.expires_at == desk.clock.at + SESSION_SECONDS * 1_000_000
    (answer,) = session_of(desk.account, desk.world, login.token).run("select current_user()")
    assert answer.table.rows == [("BOB",)]


def test_a_login_is_an_attempt(desk: Desk) -> None:
    log_in(desk.account, desk.world, "bob@example.com", "swordfish", "192.0.2.1")
    attempt = desk.attempts()[-1]
    assert (attempt.kind, attempt.succeeded, attempt.actor) == (AttemptKind.LOGIN, True, "BOB")
    assert (attempt.client_ip, attempt.resource_name) == ("192.0.2.1", "BOB")


def test_the_token_does_not_show_in_a_log() -> None:
    login = Login(token="secret", session=Desk().world.ids.new(), user_name="BOB", expires_at=0)
    assert "secret" not in repr(login)


@pytest.mark.parametrize(
    ("change", "name", "password", "why"),
    [
        ("show users", "bob@example.com", "guess", "wrong password"),
        ("show users", "nobody", "guess", "unknown user"),
        (
            "alter user bob unset password",
            "bob@example.com",
            "swordfish",
            "no password: provisioned for single sign-on",
        ),
        ("alter user bob set disabled = true", "bob@example.com", "swordfish", "disabled"),
        (
            "alter user bob set must_change_password = true",
            "bob@example.com",
            "swordfish",
            "the password must be changed first",
        ),
    ],
)
def test_every_fault_is_told_in_the_same_words(
    desk: Desk, change: str, name: str, password: str, why: str
) -> None:
    desk.run(change)
    refusal = refused(desk, name, password)
    told = (refusal.code, refusal.message, refusal.fix)
    assert told == ("390100", "Incorrect username or password was specified.", None)
    attempt = desk.attempts()[-1]
    assert (attempt.why, attempt.status, attempt.actor) == (why, 401, None)


def test_a_password_is_compared_for_nobody_too(desk: Desk) -> None:
    refused(desk, "nobody", "guess")
    refused(desk, "bob@example.com", "guess")
    assert desk.secrets.compared == [None, "hash of swordfish"]


def test_no_attempt_holds_the_password_or_the_token(desk: Desk) -> None:
    log_in(desk.account, desk.world, "bob@example.com", "swordfish")
    refused(desk, "bob@example.com", "guess-work")
    kept = str(desk.attempts())
    assert not any(secret in kept for secret in ("swordfish", "guess-work", "token-1"))


def test_a_user_dropped_between_password_and_session_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = desk.secrets.password_matches

    def drop_meanwhile(verifier: str | None, password: str) -> bool:
        desk.run("drop user bob")
        return compare(verifier, password)

    monkeypatch.setattr(desk.secrets, "password_matches", drop_meanwhile)
    assert refused(desk, "bob@example.com", "swordfish").code == "390100"
    assert desk.attempts()[-1].why == "unknown user"


# ---- the lock, and the end of a user's time --------------------------------------------------


def guess(desk: Desk, times: int, password: str = "guess") -> list[str | None]:
    for _ in range(times):
        refused(desk, "bob@example.com", password)
    desk.run("use warehouse w")  # a change is carried out after what was submitted before it
    return [attempt.why for attempt in desk.attempts() if attempt.method == "LOGIN"]


def test_five_wrong_passwords_in_a_row_lock_for_fifteen_minutes(desk: Desk) -> None:
    assert guess(desk, 5) == ["wrong password"] * 5
    assert desk.column("show users like 'bob'", "mins_to_unlock") == ["15"]
    assert guess(desk, 1, "swordfish")[-1] == "locked"
    desk.clock.at += 15 * 60 * 1_000_000
    assert log_in(desk.account, desk.world, "bob@example.com", "swordfish").user_name == "BOB"
    assert desk.column("show users like 'bob'", "locked_until_time") == [None]


def test_a_login_lets_wrong_passwords_before_it_count_no_more(desk: Desk) -> None:
    guess(desk, 4)
    log_in(desk.account, desk.world, "bob@example.com", "swordfish")
    guess(desk, 4)
    assert log_in(desk.account, desk.world, "bob@example.com", "swordfish").user_name == "BOB"


def test_wrong_passwords_of_a_locked_user_do_not_lengthen_the_lock(desk: Desk) -> None:
    guess(desk, 5)
    desk.clock.at += 14 * 60 * 1_000_000
    assert guess(desk, 5)[-1] == "locked"
    assert desk.column("show users like 'bob'", "mins_to_unlock") == ["1"]


def test_an_owner_unlocks_at_once(desk: Desk) -> None:
    guess(desk, 5)
    desk.run("alter user bob set mins_to_unlock = 0")
    assert log_in(desk.account, desk.world, "bob@example.com", "swordfish").user_name == "BOB"


def test_a_user_whose_time_is_over_is_out_at_once(desk: Desk) -> None:
    desk.run("alter user bob set days_to_expiry = 1")
    login = log_in(desk.account, desk.world, "bob@example.com", "swordfish")
    desk.clock.at += 24 * 3_600 * 1_000_000 - 1
    worksheet = session_of(desk.account, desk.world, login.token)
    desk.clock.at += 1
    assert guess(desk, 1, "swordfish")[-1] == "expired"
    with pytest.raises(SqlRefusal):
        list(worksheet.run("show roles"))


def test_the_last_login_is_shown(desk: Desk) -> None:
    assert desk.column("show users like 'bob'", "last_success_login") == [None]
    log_in(desk.account, desk.world, "bob@example.com", "swordfish")
    assert desk.column("show users like 'bob'", "last_success_login") == [desk.clock.at]

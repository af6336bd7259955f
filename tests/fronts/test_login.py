"""Logging in: one sentence for every fault, the reason in the history."""

import json
from typing import Any

import msgspec
import pytest

from builders import NOW
from rolecall.domain.attempts import AttemptKind
from rolecall.fronts.login import (
    MASTER_SECONDS,
    SESSION_SECONDS,
    Knock,
    Login,
    Method,
    PasswordMustChange,
    enter,
    keep_alive,
    let_in,
    log_in,
    log_out,
    renew,
    session_of,
)
from rolecall.fronts.sql import SqlRefusal
from rolecall.fronts.tables_users import fingerprint
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


def test_a_password_opens_a_session(desk: Desk) -> None:
    login = log_in(desk.account, desk.world, "BOB@example.com", "swordfish", "192.0.2.1")
    assert (login.user_name, login.token) == ("BOB", "token-1")
    assert login.expires_at == desk.clock.at + SESSION_SECONDS * 1_000_000
    assert login.master_expires_at == desk.clock.at + MASTER_SECONDS * 1_000_000
    (answer,) = session_of(desk.account, desk.world, login.token).run("select current_user()")
    assert answer.table.rows == [("BOB",)]


def test_a_login_is_an_attempt(desk: Desk) -> None:
    log_in(desk.account, desk.world, "bob@example.com", "swordfish", "192.0.2.1")
    attempt = desk.attempts()[-1]
    assert (attempt.kind, attempt.succeeded, attempt.actor) == (AttemptKind.LOGIN, True, "BOB")
    assert (attempt.client_ip, attempt.resource_name) == ("192.0.2.1", "BOB")


def test_the_token_does_not_show_in_a_log() -> None:
    id = Desk().world.ids.new()
    login = Login(
        token="secret",
        master_token="secret",
        session=id,
        user_name="BOB",
        expires_at=0,
        master_expires_at=0,
    )
    assert "secret" not in repr(login)
    assert "secret" not in repr(Knock(login_name="bob", secret="secret", new_password="secret"))


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


# ---- a password that must be changed -----------------------------------------------------------


def knock(password: str = "swordfish", **more: object) -> Knock:
    plain = Knock(login_name="bob@example.com", secret=password, client_ip="192.0.2.1")
    return msgspec.structs.replace(plain, **more)


def test_a_password_that_must_be_changed_asks_for_another_one(desk: Desk) -> None:
    desk.run("alter user bob set must_change_password = true")
    with pytest.raises(PasswordMustChange) as raised:
        enter(desk.account, desk.world, knock())
    assert raised.value.message.startswith("Your password must be changed before you can log in")
    why = [attempt.why for attempt in desk.attempts()]
    assert why[-1] == "the password must be changed first"
    login = enter(desk.account, desk.world, knock(new_password="marlin"))
    assert login.user_name == "BOB"
    assert refused(desk, "bob@example.com", "swordfish").code == "390100"
    assert log_in(desk.account, desk.world, "bob@example.com", "marlin").user_name == "BOB"


@pytest.mark.parametrize("new", ["", "swordfish"])
def test_the_new_password_must_be_another_one(desk: Desk, new: str) -> None:
    desk.run("alter user bob set must_change_password = true")
    with pytest.raises(PasswordMustChange, match="another one, and not empty"):
        enter(desk.account, desk.world, knock(new_password=new))


def test_who_does_not_know_the_old_password_hears_nothing_of_a_change(desk: Desk) -> None:
    desk.run("alter user bob set must_change_password = true")
    assert refused(desk, "bob@example.com", "guess").code == "390100"


# ---- what a login asks for ---------------------------------------------------------------------


def test_a_login_says_what_it_acts_as_and_where(desk: Desk) -> None:
    desk.run("create role clerk; grant role clerk to user bob")
    asked = knock(role="clerk", database="demo_db", schema='"PUBLIC"', warehouse="w")
    login = enter(desk.account, desk.world, asked)
    said = (login.role, login.database, login.schema, login.warehouse, login.is_first)
    assert said == ("CLERK", "DEMO_DB", "PUBLIC", "W", True)
    assert not enter(desk.account, desk.world, knock()).is_first


def test_a_role_that_is_not_the_users_is_said(desk: Desk) -> None:
    with pytest.raises(SqlRefusal, match="Role 'CLERK' specified in the connect string") as raised:
        enter(desk.account, desk.world, knock(role="clerk"))
    assert raised.value.code == "390189"
    attempt = desk.attempts()[-1]
    assert (attempt.why, attempt.error_code) == ("role CLERK is not granted", "390189")


def test_secondary_roles_may_be_none(desk: Desk) -> None:
    login = enter(desk.account, desk.world, knock(secondary_roles="NONE"))
    (answer,) = session_of(desk.account, desk.world, login.token).run(
        "select current_secondary_roles()"
    )
    assert '"value":"NONE"' in str(answer.table.rows)


def test_the_history_says_how_and_with_which_program(desk: Desk) -> None:
    enter(desk.account, desk.world, knock(client_type="PythonConnector", client_version="4.0"))
    assert desk.attempts()[-1].details == (
        '{"factor":"PASSWORD","client_type":"PythonConnector","client_version":"4.0"}'
    )


# ---- the life of a session ---------------------------------------------------------------------


def test_a_master_token_renews_a_session_that_has_expired(desk: Desk) -> None:
    login = log_in(desk.account, desk.world, "bob@example.com", "swordfish")
    desk.clock.at += SESSION_SECONDS * 1_000_000
    with pytest.raises(SqlRefusal) as raised:
        list(session_of(desk.account, desk.world, login.token).run("select current_user()"))
    assert raised.value.code == "390112"
    again = renew(desk.account, desk.world, login.master_token)
    assert (again.session, again.master_token) == (login.session, login.master_token)
    assert again.expires_at == desk.clock.at + SESSION_SECONDS * 1_000_000
    (answer,) = session_of(desk.account, desk.world, again.token).run("select current_user()")
    assert answer.table.rows == [("BOB",)]


def test_a_session_that_nobody_renewed_is_over(desk: Desk) -> None:
    login = log_in(desk.account, desk.world, "bob@example.com", "swordfish")
    with pytest.raises(SqlRefusal) as raised:
        renew(desk.account, desk.world, login.token)
    assert raised.value.code == "390113"
    desk.clock.at += MASTER_SECONDS * 1_000_000
    with pytest.raises(SqlRefusal) as raised:
        renew(desk.account, desk.world, login.master_token)
    assert raised.value.code == "390114"


def test_a_heartbeat_keeps_the_master_token_alive(desk: Desk) -> None:
    login = log_in(desk.account, desk.world, "bob@example.com", "swordfish")
    desk.clock.at += SESSION_SECONDS * 1_000_000 - 1
    keep_alive(desk.account, desk.world, login.token)
    desk.clock.at += MASTER_SECONDS * 1_000_000 - 1
    assert renew(desk.account, desk.world, login.master_token).session == login.session
    with pytest.raises(SqlRefusal) as raised:
        keep_alive(desk.account, desk.world, login.token)
    assert raised.value.code == "390112"


def test_a_heartbeat_of_a_user_whose_time_is_over_is_refused(desk: Desk) -> None:
    desk.run("alter user bob set days_to_expiry = 1")
    desk.clock.at += 24 * 3_600 * 1_000_000 - 1
    login = log_in(desk.account, desk.world, "bob@example.com", "swordfish")
    desk.clock.at += 1
    with pytest.raises(SqlRefusal) as raised:
        keep_alive(desk.account, desk.world, login.token)
    assert raised.value.code == "390112"


def test_a_logout_ends_the_session_and_its_renewal(desk: Desk) -> None:
    login = log_in(desk.account, desk.world, "bob@example.com", "swordfish")
    for _ in range(2):
        log_out(desk.account, desk.world, login.token)
    with pytest.raises(SqlRefusal):
        renew(desk.account, desk.world, login.master_token)
    with pytest.raises(SqlRefusal):
        list(session_of(desk.account, desk.world, login.token).run("select current_user()"))


# ---- keys --------------------------------------------------------------------------------------

KEYS = ("MIIBone0", "MIIBtwo0")


@pytest.fixture
def keyed(desk: Desk) -> Desk:
    for number, key in zip(("", "_2"), KEYS, strict=True):
        desk.run(f"alter user bob set rsa_public_key{number} = '{key}'")
    return desk


def signed(
    desk: Desk, key: str = KEYS[0], by: str | None = None, account: str = "DEMO", **claims: object
) -> str:
    subject = f"{account}.BOB@EXAMPLE.COM"
    now = desk.clock.at // 1_000_000
    said = {
        "iss": f"{subject}.{fingerprint(key)}",
        "sub": subject,
        "iat": now,
        "exp": now + 3_000,
        **claims,
    }
    return f"signed with {by or key}:{json.dumps(said)}"


def by_key(token: str, **more: object) -> Knock:
    plain = Knock(login_name="", secret=token, method=Method.SNOWFLAKE_JWT)
    return msgspec.structs.replace(plain, **more)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("account", ["DEMO", "acme-demo", "ACME_DEMO"])
def test_either_key_opens_a_session(keyed: Desk, key: str, account: str) -> None:
    login = enter(keyed.account, keyed.world, by_key(signed(keyed, key, account=account)))
    assert login.user_name == "BOB"
    assert '"factor":"RSA_KEYPAIR"' in (keyed.attempts()[-1].details or "")


def test_the_node_driver_counts_milliseconds(keyed: Desk) -> None:
    now = keyed.clock.at // 1_000
    token = signed(keyed, iat=now, exp=now + 120_000)
    assert enter(keyed.account, keyed.world, by_key(token)).user_name == "BOB"


BAD_TOKENS: list[tuple[dict[str, object], str]] = [
    ({"by": "another"}, "JWT_TOKEN_INVALID_SIGNATURE"),
    ({"key": "MIIBold0"}, "JWT_TOKEN_INVALID_PUBLIC_KEY_FINGERPRINT_MISMATCH"),
    ({"account": "OTHER"}, "JWT_TOKEN_INVALID_ISSUER"),
    ({"iss": None}, "JWT_TOKEN_INVALID"),
    ({"sub": "DEMO.EVE"}, "JWT_TOKEN_INVALID"),
    ({"iss": "DEMO.EVE.SHA256:x", "sub": "DEMO.EVE"}, "JWT_TOKEN_INVALID_USER_IN_ISSUER"),
    ({"iss": "DEMO.SHA256:x", "sub": "DEMO"}, "JWT_TOKEN_INVALID"),
    ({"exp": None}, "JWT_TOKEN_MISSING_TIME"),
    ({"iat": True}, "JWT_TOKEN_MISSING_TIME"),
    ({"iat": NOW // 1_000_000 + 61}, "JWT_TOKEN_INVALID_ISSUE_TIME"),
    ({"exp": NOW // 1_000_000}, "JWT_TOKEN_EXPIRED"),
    ({"iat": NOW // 1_000_000 - 3_600}, "JWT_TOKEN_EXPIRED"),
    ({"iat": NOW // 1_000 - 3_600_000, "exp": NOW // 1_000 + 60_000}, "JWT_TOKEN_EXPIRED"),
    ({"iat": NOW // 1_000, "exp": NOW // 1_000}, "JWT_TOKEN_EXPIRED"),
    ({"iat": NOW // 1_000 + 61_000}, "JWT_TOKEN_INVALID_ISSUE_TIME"),
]


@pytest.mark.parametrize(("fault", "why"), BAD_TOKENS)
def test_a_faulty_key_pair_token_is_refused_in_one_sentence(
    keyed: Desk, fault: dict[str, Any], why: str
) -> None:
    with pytest.raises(SqlRefusal) as raised:
        enter(keyed.account, keyed.world, by_key(signed(keyed, **fault)))
    assert (raised.value.code, raised.value.message) == ("390144", "JWT token is invalid.")
    assert (keyed.attempts()[-1].why or "").partition(":")[0] == why


def test_a_token_that_is_none_and_one_of_somebody_else_are_refused(keyed: Desk) -> None:
    for bad in (by_key("rubbish"), by_key(signed(keyed), login_name="eve")):
        with pytest.raises(SqlRefusal) as raised:
            enter(keyed.account, keyed.world, bad)
        assert raised.value.code == "390144"


def test_a_disabled_user_s_key_opens_nothing(keyed: Desk) -> None:
    keyed.run("alter user bob set disabled = true")
    with pytest.raises(SqlRefusal):
        enter(keyed.account, keyed.world, by_key(signed(keyed)))
    assert keyed.attempts()[-1].why == "disabled"


# ---- access tokens -----------------------------------------------------------------------------


@pytest.fixture
def pat(desk: Desk) -> str:
    desk.run("create role clerk; grant role clerk to user bob")
    rows = desk.rows("alter user bob add programmatic access token t role_restriction = 'CLERK'")
    return str(rows[0][1])


def with_pat(secret: str, **more: object) -> Knock:
    plain = Knock(login_name="", secret=secret, method=Method.PROGRAMMATIC_ACCESS_TOKEN)
    return msgspec.structs.replace(plain, **more)


def test_an_access_token_opens_a_session_of_its_role(desk: Desk, pat: str) -> None:
    login = enter(desk.account, desk.world, with_pat(pat, login_name="Bob@example.com"))
    assert (login.user_name, login.role) == ("BOB", "CLERK")
    with pytest.raises(SqlRefusal):
        list(session_of(desk.account, desk.world, login.token).run("use role public"))


@pytest.mark.parametrize(
    ("change", "name", "why"),
    [
        ("show users", "eve", "the access token is another user's"),
        (
            "alter user bob modify programmatic access token t set disabled = true",
            "",
            "access token T is disabled",
        ),
        ("alter user bob remove programmatic access token t", "", "unknown access token"),
        ("revoke role clerk from user bob", "", None),
    ],
)
def test_a_faulty_access_token_is_refused_in_one_sentence(
    desk: Desk, pat: str, change: str, name: str, why: str | None
) -> None:
    desk.run(change)
    with pytest.raises(SqlRefusal) as raised:
        enter(desk.account, desk.world, with_pat(pat, login_name=name))
    said = (raised.value.code, raised.value.message)
    assert said == ("394400", "Programmatic access token is invalid.")
    expected = why or "the role of the access token is not granted to the user"
    assert desk.attempts()[-1].why == expected


def test_an_access_token_ends_at_its_time(desk: Desk, pat: str) -> None:
    desk.clock.at += 16 * 86_400 * 1_000_000
    with pytest.raises(SqlRefusal):
        enter(desk.account, desk.world, with_pat(pat))
    assert desk.attempts()[-1].why == "access token T is expired"


# ---- a credential with every request -----------------------------------------------------------


def test_a_request_with_its_own_credential_asks_as_its_user(desk: Desk, pat: str) -> None:
    desk.run("create role other; grant role other to user bob")
    sheet, _ = let_in(desk.account, desk.world, with_pat(pat, database="demo_db"))
    (answer,) = sheet.run("select current_user(), current_role(), current_database()")
    assert answer.table.rows == [("BOB", "CLERK", "DEMO_DB")]
    with pytest.raises(SqlRefusal):
        list(sheet.run("use role other"))


def test_use_holds_until_the_request_is_over(keyed: Desk) -> None:
    keyed.run("create role clerk; grant role clerk to user bob")
    sheet, _ = let_in(keyed.account, keyed.world, by_key(signed(keyed)))
    text = "use role clerk; use secondary roles none; select current_role()"
    assert list(sheet.run(text))[-1].table.rows == [("CLERK",)]
    fresh, _ = let_in(keyed.account, keyed.world, by_key(signed(keyed)))
    assert list(fresh.run("select current_role()"))[-1].table.rows == [("PUBLIC",)]


def test_a_membership_that_was_removed_is_gone_within_the_request(keyed: Desk) -> None:
    keyed.run("create role clerk; grant role clerk to user bob")
    sheet, _ = let_in(keyed.account, keyed.world, by_key(signed(keyed), role="clerk"))
    list(sheet.run("select current_role()"))
    keyed.run("revoke role clerk from user bob")
    with pytest.raises(SqlRefusal) as raised:
        list(sheet.run("select current_role()"))
    assert raised.value.code == "003013"


def test_a_user_who_was_disabled_is_out_within_the_request(keyed: Desk) -> None:
    sheet, _ = let_in(keyed.account, keyed.world, by_key(signed(keyed)))
    keyed.run("alter user bob set disabled = true")
    with pytest.raises(SqlRefusal) as raised:
        list(sheet.run("select current_role()"))
    assert raised.value.code == "390112"
    with pytest.raises(SqlRefusal) as raised:
        let_in(keyed.account, keyed.world, by_key(signed(keyed)))
    assert raised.value.code == "390144"


TOKEN = "rolecall_" + "x" * 43


def test_of_what_a_stranger_calls_itself_little_is_kept(desk: Desk) -> None:
    loud = knock(client_type="x" * 200_000, client_version="y" * 200_000)
    enter(desk.account, desk.world, loud)
    with pytest.raises(SqlRefusal):
        enter(desk.account, desk.world, msgspec.structs.replace(loud, login_name=TOKEN))
    assert [len(attempt.details or "") < 400 for attempt in desk.attempts()[-2:]] == [True, True]
    assert desk.attempts()[-1].resource_name == "***"


def test_a_token_within_a_statement_is_not_kept(desk: Desk) -> None:
    with pytest.raises(SqlRefusal):
        desk.run(f"alter user nobody set comment = '{TOKEN}'")
    with pytest.raises(SqlRefusal):
        desk.run(f"describe user {TOKEN}")
    assert TOKEN not in str(desk.attempts()[-2:])

"""Users in SQL: what a login may do to itself, and secrets that are said once and kept nowhere."""

import pytest

from rolecall.fronts.login import log_in, session_of
from rolecall.fronts.sql import SqlRefusal, Worksheet
from rolecall.fronts.sql_users import SETTABLE
from rolecall.fronts.tables_users import fingerprint
from rolecall.sql.properties import USER_SHAPES
from sql_world import Desk, refusal_of


@pytest.fixture
def desk() -> Desk:
    found = Desk()
    found.run("create role analyst; create role clerk; create user bob password = 'p'")
    found.run("grant role analyst to user bob; grant role clerk to user bob; create user eve")
    return found


@pytest.fixture
def bob(desk: Desk) -> Worksheet:
    login = log_in(desk.account, desk.world, "bob", "p")
    return session_of(desk.account, desk.world, login.token)


def run(worksheet: Worksheet, text: str) -> list[tuple[object, ...]]:
    return [tuple(row) for answer in worksheet.run(text) for row in answer.table.rows]


def test_users_change_their_own_defaults(desk: Desk, bob: Worksheet) -> None:
    run(bob, "alter user set default_role = analyst, default_warehouse = w")
    run(bob, "alter user bob set default_namespace = demo_db.public")
    run(bob, "alter user unset default_warehouse")
    assert desk.column("show users like 'bob'", "default_role") == ["ANALYST"]
    assert desk.column("show users like 'bob'", "default_warehouse") == [None]


@pytest.mark.parametrize(
    "text",
    [
        "alter user set comment = 'x'",
        "alter user set default_role = analyst, disabled = false",
        "alter user bob rename to robert",
        "alter user bob reset password",
        "alter user bob set password = 'q'",
        "alter user bob set mins_to_unlock = 0",
        "create or alter user bob comment = 'x'",
    ],
)
def test_users_change_nothing_else_of_themselves(bob: Worksheet, text: str) -> None:
    assert refusal_of(bob, text).code == "003001"


def test_users_make_see_and_end_their_own_tokens(bob: Worksheet) -> None:
    run(bob, "alter user add pat mine; alter user rotate pat mine")
    assert len(run(bob, "show user pats")) == 2
    run(bob, "alter user bob modify pat mine set comment = 'x'; alter user remove pat mine")
    assert len(run(bob, "show user pats for user bob")) == 1


@pytest.mark.parametrize(
    "text",
    ["alter user eve add pat t", "show user pats for user eve", "alter user eve remove pat t"],
)
def test_another_s_tokens_are_as_absent_as_the_user(bob: Worksheet, text: str) -> None:
    absent = refusal_of(bob, text.replace("eve", "adam"))
    refused = refusal_of(bob, text)
    assert (refused.code, refused.message) == (
        absent.code,
        absent.message.replace("ADAM", "EVE"),
    )


def test_a_reset_password_lets_in_and_the_old_one_does_not(desk: Desk, bob: Worksheet) -> None:
    desk.run("alter user bob set must_change_password = true, mins_to_unlock = 9")
    ((name, password),) = desk.rows("alter user bob reset password")
    assert (name, password) == ("BOB", "a password")
    log_in(desk.account, desk.world, "bob", "a password")
    with pytest.raises(SqlRefusal):
        log_in(desk.account, desk.world, "bob", "p")
    assert refusal_of(bob, "show roles").code == "390112"


def test_no_secret_is_kept_in_the_history(desk: Desk) -> None:
    desk.run("alter user bob add pat t; alter user bob rotate pat t")
    desk.run("alter user bob reset password; alter user bob set password = 'geheim'")
    desk.refusal("alter user bob set rsa_public_key = 'PRIVATE'")
    events = desk.account.store.read(1, lambda reading: reading.events_after(0, 10_000))
    kept = f"{desk.attempts()} {events}"
    for secret in ("token-", "a password", "hash of", "geheim", "PRIVATE"):
        assert secret not in kept


def test_named_secondary_roles_count_until_they_are_taken_away(desk: Desk, bob: Worksheet) -> None:
    held = "select is_role_in_session('ANALYST'), is_role_in_session('CLERK')"
    assert run(bob, held) == [(True, True)]
    run(bob, "use secondary roles clerk")
    assert run(bob, held) == [(False, True)]
    desk.run("revoke role clerk from user bob")
    assert run(bob, held) == [(False, False)]
    run(bob, "use secondary roles all")
    assert run(bob, held) == [(True, False)]


def test_every_property_of_the_language_is_carried_out() -> None:
    assert USER_SHAPES.keys() - SETTABLE <= {"NETWORK_POLICY"}


def test_a_fingerprint_is_of_the_key_s_bytes() -> None:
    assert fingerprint(None) is None
    assert fingerprint("AAAA") == "SHA256:cJ6AyISHokEeHuTfufIqhhSS0gxHZRUMDHlKvXD4FHw="


def test_what_happens_to_a_token_is_noted_of_its_user(desk: Desk) -> None:
    bob = desk.attempts()[2].resource_id
    desk.run("alter user bob add pat t; alter user bob set disabled = true")
    *_, added, disabled = desk.attempts()
    assert (added.resource_kind, added.resource_name) == ("USER", "BOB")
    assert added.resource_id == disabled.resource_id == bob

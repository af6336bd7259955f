"""Programmatic access tokens: whose they are, how many, for what role, and when they end."""

import pytest

from builders import (
    IDS,
    NOW,
    SECOND,
    add_role,
    add_user,
    admin,
    by,
    carried_out,
    put,
    user_session,
)
from rolecall.domain.access import is_good
from rolecall.domain.access_tokens import ACCESS_TOKENS_MAX, Rotated
from rolecall.domain.account import Account
from rolecall.domain.commands import (
    AddAccessToken,
    At,
    ChangeAccessToken,
    ChangeUser,
    DropUser,
    RemoveAccessToken,
    RotateAccessToken,
    Unset,
)
from rolecall.domain.errors import AlreadyExists, InvalidValue, NotAuthorized, NotFound, Refusal
from rolecall.domain.events import (
    AccessTokenAdded,
    AccessTokenChanged,
    AccessTokenEnded,
    SessionsEnded,
)
from rolecall.domain.model import AccessToken
from rolecall.domain.names import Id, Name
from rolecall.domain.queries import AccessTokens, OneUser
from rolecall.domain.session import Session

DAY = 86_400 * SECOND


@pytest.fixture
def bob(account: Account, local: Session) -> Id:
    return add_user(account, local, "BOB")


def adding(user: Id, name: str = "LAPTOP", **fields: object) -> AddAccessToken:
    id = IDS.new()
    return AddAccessToken(
        id=id,
        user=user,
        name=Name(name),
        verifier=f"v{id}",
        at=NOW,
        expires_at=NOW + 15 * DAY,
        **fields,  # type: ignore[arg-type]  # as the field says
    )


def added(account: Account, session: Session, user: Id, name: str = "LAPTOP") -> AccessToken:
    token = carried_out(account, session, adding(user, name)).answer
    assert isinstance(token, AccessToken)
    return token


def names(account: Account, session: Session, user: Id) -> list[str]:
    return [one.token.name for one in account.ask(session, AccessTokens(user=user))]


def test_a_token_is_its_user_s_from_now_on(account: Account, local: Session, bob: Id) -> None:
    effect = carried_out(account, local, adding(bob))
    assert isinstance(effect.answer, AccessToken)
    token = effect.answer
    said = AccessTokenAdded(id=token.id, user=bob, name="LAPTOP", expires_at=token.expires_at)
    assert effect.events == (said,)
    assert account.ask(local, OneUser(user=bob)).user.has_access_token
    assert account.store.read(1, lambda r: r.access_token_with(token.verifier)) == token


def test_users_have_their_own_and_see_nobody_else_s(
    account: Account, local: Session, bob: Id
) -> None:
    eve = add_user(account, local, "EVE")
    session = user_session(account, "BOB")
    added(account, session, bob)
    assert names(account, session, bob) == ["LAPTOP"]
    for refused in (lambda: added(account, session, eve), lambda: names(account, session, eve)):
        with pytest.raises(NotFound):
            refused()
    with pytest.raises(NotFound):
        account.ask(session, AccessTokens(user=Id("nobody")))


def test_a_name_is_a_user_s_only_once(account: Account, local: Session, bob: Id) -> None:
    added(account, local, bob)
    added(account, local, bob, "OTHER")
    added(account, local, add_user(account, local, "EVE"))
    rename = ChangeAccessToken(
        user=bob, name=Name("OTHER"), changes=(put("NAME", "LAPTOP"),), at=NOW
    )
    for command in (adding(bob), rename):
        with pytest.raises(AlreadyExists):
            carried_out(account, local, command)


def test_a_user_has_at_most_fifteen(account: Account, local: Session, bob: Id) -> None:
    for number in range(ACCESS_TOKENS_MAX):
        added(account, local, bob, f"T{number}")
    rotate = RotateAccessToken(
        id=IDS.new(), user=bob, name=Name("T1"), verifier="v", at=NOW, old_until=NOW
    )
    for command in (adding(bob), rotate):
        with pytest.raises(InvalidValue):
            carried_out(account, local, command)


def test_a_role_restriction_is_a_role_that_the_user_holds(
    account: Account, local: Session, bob: Id
) -> None:
    clerk = add_role(account, local, "CLERK", bob)
    add_role(account, local, "OTHER")
    token = carried_out(account, local, adding(bob, role_restriction=by("CLERK"))).answer
    assert isinstance(token, AccessToken)
    assert token.role_restriction == clerk
    (shown,) = account.ask(local, AccessTokens(user=by("BOB")))
    assert (shown.role_restriction, shown.user_name) == ("CLERK", "BOB")
    with pytest.raises(InvalidValue) as refused:
        carried_out(account, local, adding(bob, "X", role_restriction=by("OTHER")))
    assert refused.value.remedy == "grant role OTHER to user BOB"


def test_a_service_has_to_name_the_role(account: Account, local: Session) -> None:
    robot = add_user(account, local, "ROBOT", TYPE="LEGACY_SERVICE")
    with pytest.raises(InvalidValue):
        carried_out(account, local, adding(robot))


def test_a_rotated_token_lives_on_beside_its_heir(
    account: Account, local: Session, bob: Id
) -> None:
    old = added(account, local, bob)
    at = NOW + 3 * DAY
    rotate = RotateAccessToken(
        id=IDS.new(), user=bob, name=old.name, verifier="new", at=at, old_until=at + 5
    )
    effect = carried_out(account, admin(account, at), rotate)
    assert isinstance(effect.answer, Rotated)
    heir, rotated = effect.answer.token, effect.answer.rotated
    assert (heir.name, heir.verifier, heir.expires_at) == (old.name, "new", at + 15 * DAY)
    assert (rotated.id, rotated.verifier, rotated.expires_at) == (old.id, old.verifier, at + 5)
    assert [type(event) for event in effect.events] == [AccessTokenChanged, AccessTokenAdded]
    shown = {one.token.name: one.rotated_to for one in account.ask(local, AccessTokens(user=bob))}
    assert shown == {old.name: None, rotated.name: old.name}


def test_a_rotation_lengthens_no_life(account: Account, local: Session, bob: Id) -> None:
    old = added(account, local, bob)
    rotate = RotateAccessToken(
        id=IDS.new(), user=bob, name=old.name, verifier="n", at=NOW, old_until=NOW + 99 * DAY
    )
    answer = carried_out(account, local, rotate).answer
    assert isinstance(answer, Rotated)
    assert answer.rotated.expires_at == old.expires_at


def test_a_token_is_disabled_enabled_described_and_renamed(
    account: Account, local: Session, bob: Id
) -> None:
    token = added(account, local, bob)
    change = ChangeAccessToken(
        user=bob,
        name=token.name,
        changes=(put("DISABLED", value=True), put("COMMENT", "x"), put("NAME", "NEW")),
        at=NOW,
    )
    effect = carried_out(account, local, change)
    assert effect.events == (
        AccessTokenChanged(
            id=token.id,
            user=bob,
            before={"name": "LAPTOP", "comment": None, "disabled": False},
            after={"name": "NEW", "comment": "x", "disabled": True},
        ),
    )
    off = effect.answer
    assert isinstance(off, AccessToken)
    assert not is_good(off, NOW)
    back = (Unset(At("DISABLED")), Unset(At("BYPASS_NETWORK_POLICY_UNTIL")))
    again = ChangeAccessToken(user=bob, name=Name("NEW"), changes=back, at=NOW)
    on = carried_out(account, local, again).answer
    assert isinstance(on, AccessToken)
    assert is_good(on, NOW)
    assert not is_good(on, on.expires_at)
    assert carried_out(account, local, again).events == ()


def test_a_removed_token_is_gone_and_the_last_one_takes_the_mark(
    account: Account, local: Session, bob: Id
) -> None:
    for name in ("A", "B"):
        added(account, local, bob, name)
    marks = []
    for name in ("A", "B"):
        remove = RemoveAccessToken(user=bob, name=Name(name), at=NOW)
        (event,) = carried_out(account, local, remove).events
        assert isinstance(event, AccessTokenEnded)
        assert event.why == "removed"
        marks.append(account.ask(local, OneUser(user=bob)).user.has_access_token)
    assert marks == [True, False]
    with pytest.raises(NotFound):
        carried_out(account, local, RemoveAccessToken(user=bob, name=Name("A"), at=NOW))


def test_whoever_is_disabled_or_dropped_loses_the_tokens(
    account: Account, local: Session, bob: Id
) -> None:
    token = added(account, local, bob)
    off = ChangeUser(user=bob, changes=(put("DISABLED", value=True),), at=NOW)
    ended = AccessTokenEnded(id=token.id, user=bob, why="disabled")
    assert ended in carried_out(account, local, off).events
    assert names(account, local, bob) == []
    carried_out(
        account, local, ChangeUser(user=bob, changes=(put("DISABLED", value=False),), at=NOW)
    )
    token = added(account, local, bob)
    events = carried_out(account, local, DropUser(user=bob, at=NOW)).events
    assert AccessTokenEnded(id=token.id, user=bob, why="dropped") in events
    assert not any(isinstance(event, SessionsEnded) for event in events)
    assert account.store.read(1, lambda r: r.access_token_with(token.verifier)) is None


def test_if_exists_finds_nobody_and_changes_nothing(account: Account, local: Session) -> None:
    gone, name = by("GONE"), Name("T")
    for if_exists in (True, False):
        for command in (
            AddAccessToken(
                id=IDS.new(),
                user=gone,
                name=name,
                verifier="v",
                at=NOW,
                expires_at=NOW,
                if_exists=if_exists,
            ),
            RotateAccessToken(
                id=IDS.new(),
                user=gone,
                name=name,
                verifier="v",
                at=NOW,
                old_until=NOW,
                if_exists=if_exists,
            ),
            ChangeAccessToken(user=gone, name=name, changes=(), at=NOW, if_exists=if_exists),
            RemoveAccessToken(user=gone, name=name, at=NOW, if_exists=if_exists),
        ):
            if if_exists:
                assert carried_out(account, local, command).events == ()
            else:
                with pytest.raises(NotFound):
                    carried_out(account, local, command)


# ---- users change of themselves --------------------------------------------------------------


@pytest.mark.parametrize("name", ["DEFAULT_ROLE", "DEFAULT_WAREHOUSE", "DEFAULT_NAMESPACE"])
def test_users_change_their_own_defaults(account: Account, bob: Id, name: str) -> None:
    session = user_session(account, "BOB")
    for change in (put(name, "X"), Unset(At(name))):
        effect = carried_out(account, session, ChangeUser(user=bob, changes=(change,), at=NOW))
        assert len(effect.events) == 1


@pytest.mark.parametrize("name", ["COMMENT", "DISABLED", "EMAIL", "PASSWORD", "RSA_PUBLIC_KEY"])
def test_users_change_nothing_else_of_themselves(account: Account, bob: Id, name: str) -> None:
    session = user_session(account, "BOB")
    changes = (put("DEFAULT_ROLE", "X"), Unset(At(name)))
    with pytest.raises(NotAuthorized) as refused:
        carried_out(account, session, ChangeUser(user=bob, changes=changes, at=NOW))
    assert "belongs to role ACCOUNTADMIN" in (refused.value.remedy or "")


def test_users_change_nobody_else_s_defaults(account: Account, local: Session, bob: Id) -> None:
    add_user(account, local, "EVE")
    change = ChangeUser(user=bob, changes=(put("DEFAULT_ROLE", "X"),), at=NOW)
    with pytest.raises(Refusal):
        carried_out(account, user_session(account, "EVE"), change)

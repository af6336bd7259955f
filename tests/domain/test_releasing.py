"""Deciding about held changes, and that the brake holds for every sequence of requests."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from brake_site import (
    HOUR,
    MINUTE,
    change_members,
    disabling,
    held,
    is_out,
    later,
    leave,
    limit,
    members,
    release,
    told,
)
from builders import (
    NOW,
    a_token,
    add_role,
    add_user,
    admin,
    an_account,
    an_id,
    by,
    carried_out,
    integration_session,
    put,
    token_session,
    user_session,
)
from rolecall.domain.account import Account
from rolecall.domain.commands import (
    ChangeIntegration,
    ChangeUser,
    DropIntegration,
    DropUser,
    GrantOwnership,
    GrantPrivileges,
    RemoveMembers,
    RevokeToken,
    SetMembers,
    Versions,
)
from rolecall.domain.commands_held import RejectHeldChange, ReleaseHeldChange
from rolecall.domain.errors import (
    ChangeHeld,
    ChangeRejected,
    NotAuthorized,
    NotFound,
    Refusal,
    TokenRefused,
    VersionMismatch,
)
from rolecall.domain.events import RemovalRejected, RemovalReleased
from rolecall.domain.held import KEPT_FOR, HeldState
from rolecall.domain.model import Kind, Privilege
from rolecall.domain.names import Id
from rolecall.domain.releasing import HeldChanges
from rolecall.domain.session import Session

# ---- who decides, and what follows -----------------------------------------------------------


def test_a_release_carries_the_change_out_and_the_provider_finds_it_done(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 0)
    leave(account, okta, people[0])
    (change,) = held(account)
    (effect,) = account.execute(
        admin(account, NOW + HOUR), ReleaseHeldChange(change=change.id, at=NOW + HOUR)
    )
    assert isinstance(effect.events[-1], RemovalReleased)
    assert is_out(account, people[0])
    (after,) = held(account)
    assert (after.state, after.decided_at, after.decided_by) == (
        HeldState.RELEASED,
        NOW + HOUR,
        "local",
    )
    assert leave(account, later(okta, NOW + HOUR), people[0]) is None
    assert (
        carried_out(account, admin(account), ReleaseHeldChange(change=change.id, at=NOW)).events
        == ()
    )


def test_what_was_released_may_be_held_another_time(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 0)
    leave(account, okta, people[0])
    release(account, held(account)[0])
    account.execute(okta, disabling(people[0], NOW, out=False))
    assert isinstance(leave(account, later(okta, NOW + 1), people[0]), ChangeHeld)
    assert [change.state for change in held(account)] == [HeldState.HELD]


def test_what_was_rejected_is_refused_until_the_window_has_passed(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 0)
    leave(account, okta, people[0])
    (change,) = held(account)
    reject = RejectHeldChange(change=change.id, at=NOW)
    effect = carried_out(account, admin(account), reject)
    assert isinstance(effect.events[0], RemovalRejected)
    refusal = leave(account, later(okta, NOW + 1), people[0])
    assert isinstance(refusal, ChangeRejected)
    assert (refusal.id, refusal.until) == (change.id, NOW + HOUR)
    assert carried_out(account, admin(account), reject).events == ()
    assert isinstance(leave(account, later(okta, NOW + HOUR), people[0]), ChangeHeld)


def test_what_was_rejected_may_still_be_released(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 0)
    leave(account, okta, people[0])
    (change,) = held(account)
    account.execute(admin(account), RejectHeldChange(change=change.id, at=NOW))
    release(account, change)
    assert is_out(account, people[0])


def test_a_release_is_judged_as_of_now(account: Account, okta: Session, people: list[Id]) -> None:
    limit(account, 0)
    leave(account, okta, people[0])
    (change,) = held(account)
    give = GrantOwnership(
        kind=Kind.USER, object=by("USER0"), role=by("SYSADMIN"), at=NOW, current_grants=None
    )
    account.execute(admin(account), give)
    with pytest.raises(NotFound):
        release(account, change)
    assert [each.state for each in held(account)] == [HeldState.HELD]


def test_a_release_needs_the_token_that_asked_last(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 0)
    leave(account, okta, people[0])
    (change,) = held(account)
    assert okta.token is not None
    account.execute(admin(account), RevokeToken(token=okta.token, at=NOW))
    with pytest.raises(TokenRefused):
        release(account, change)
    renewed = token_session(account, a_token(account))
    leave(account, renewed, people[0])
    release(account, change)
    assert is_out(account, people[0])


def test_a_disabled_integration_releases_nothing(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 0)
    leave(account, replace(okta, token=None), people[0])
    off = ChangeIntegration(integration=by("OKTA"), changes=(put("ENABLED", value=False),), at=NOW)
    account.execute(admin(account), off)
    with pytest.raises(TokenRefused, match="integration_disabled"):
        release(account, held(account)[0])


def test_a_release_minds_the_version_that_was_asked_for(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 0)
    told(account, okta, DropUser(user=people[0], at=NOW, versions=Versions(expected=(1,))))
    (change,) = held(account)
    account.execute(
        admin(account), ChangeUser(user=people[0], changes=(put("COMMENT", "x"),), at=NOW)
    )
    with pytest.raises(VersionMismatch):
        release(account, change)


def test_decided_changes_are_forgotten_in_time(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 0)
    leave(account, okta, people[0])
    release(account, held(account)[0])
    leave(account, later(okta, NOW + KEPT_FOR + 1), people[1])
    assert [change.name for change in held(account)] == ["USER1"]


def test_to_decide_takes_ownership_and_to_look_monitor(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 0)
    leave(account, okta, people[0])
    (change,) = held(account)
    add_user(account, admin(account), "ANN")
    ann = user_session(account, "ANN")
    for command in (
        ReleaseHeldChange(change=change.id, at=NOW),
        RejectHeldChange(change=change.id, at=NOW),
    ):
        with pytest.raises(NotFound):
            account.execute(ann, command)
    assert account.ask(ann, HeldChanges()) == ()
    with pytest.raises(NotFound):
        account.ask(ann, HeldChanges(integration=by("OKTA")))
    account.execute(
        admin(account),
        GrantPrivileges(
            privileges=(Privilege.MONITOR,),
            kind=Kind.INTEGRATION,
            object=by("OKTA"),
            role=by("PUBLIC"),
            at=NOW,
        ),
    )
    assert account.ask(ann, HeldChanges()) == (change,)
    assert account.ask(ann, HeldChanges(integration=by("OKTA"))) == (change,)
    with pytest.raises(NotAuthorized):
        account.execute(ann, ReleaseHeldChange(change=change.id, at=NOW))


def test_what_is_not_there_can_t_be_decided_or_shown(
    account: Account, okta: Session, people: list[Id]
) -> None:
    with pytest.raises(NotFound):
        account.ask(admin(account), HeldChanges(integration=by("NOBODY")))
    with pytest.raises(NotFound):
        account.execute(admin(account), RejectHeldChange(change=an_id(1), at=NOW))
    limit(account, 0)
    leave(account, okta, people[0])
    (change,) = held(account)
    assert okta.integration_id is not None
    assert account.ask(admin(account), HeldChanges(integration=okta.integration_id)) == (change,)
    account.execute(admin(account), DropIntegration(integration=by("OKTA"), at=NOW))
    with pytest.raises(NotFound):
        release(account, change)


# ---- for every sequence ----------------------------------------------------------------------

MOST = 3
EVERYONE = 6
steps = st.lists(
    st.tuples(
        st.sampled_from(["leave", "drop", "remove", "push", "back", "release", "reject"]),
        st.integers(0, EVERYONE - 1),
        st.integers(0, 90),
    ),
    max_size=40,
)


@given(steps)
def test_no_sequence_removes_more_than_the_limit_within_a_window_without_a_release(
    asked: list[tuple[str, int, int]],
) -> None:
    account = an_account()
    okta = integration_session(account)
    people = [add_user(account, okta, f"USER{number}") for number in range(EVERYONE)]
    team = add_role(account, okta, "TEAM", *people)
    limit(account, MOST)
    removed: list[tuple[int, int]] = []
    at = NOW
    for number, (what, which, minutes) in enumerate(asked):
        at += minutes * MINUTE
        session, user = later(okta, at, number + 10_000), people[which]
        before = _access(account, team, people)
        refusal = _step(account, session, what, user, (team, people[which:]))
        after = _access(account, team, people)
        if refusal is not None:
            assert after == before, "what is refused has changed nothing"
        if isinstance(refusal, ChangeHeld):
            assert refusal.id in {change.id for change in held(account)}, "nothing is lost"
        if what in {"leave", "drop", "remove", "push"}:
            removed.append((at, _counted(what, before, after)))
    for begin, _ in removed:
        lately = sum(count for at, count in removed if begin <= at < begin + HOUR)
        assert lately <= MOST


def _step(
    account: Account, okta: Session, what: str, user: Id, push: tuple[Id, list[Id]]
) -> Refusal | None:
    """One request, or one decision: how it was refused."""
    team, those = push
    match what:
        case "leave":
            return leave(account, okta, user)
        case "drop":
            return told(account, okta, DropUser(user=user, at=okta.at))
        case "remove":
            return change_members(account, okta, team, RemoveMembers((user,)))
        case "push":
            there = tuple(sorted(_there(account, those)))
            return change_members(account, okta, team, SetMembers(there))
        case "back":
            return told(account, okta, disabling(user, okta.at, out=False))
        case _:
            _decide(account, what, okta.at)
            return None


def _there(account: Account, people: list[Id]) -> frozenset[Id]:
    return account.store.read(1, lambda reading: reading.known_users(people))


def _access(account: Account, team: Id, people: list[Id]) -> tuple[set[Id], set[Id]]:
    return {user for user in people if not is_out(account, user)}, members(account, team)


def _counted(what: str, before: tuple[set[Id], set[Id]], after: tuple[set[Id], set[Id]]) -> int:
    """One for a user who is out, one for each membership that a change of the group ended."""
    place = 0 if what in {"leave", "drop"} else 1
    return len(before[place] - after[place])


def _decide(account: Account, what: str, at: int) -> None:
    make: Callable[..., ReleaseHeldChange | RejectHeldChange] = (
        ReleaseHeldChange if what == "release" else RejectHeldChange
    )
    for change in held(account):
        try:
            account.execute(admin(account, at), make(change=change.id, at=at))
        except Refusal:  # a user, or one of the members, was dropped since
            continue

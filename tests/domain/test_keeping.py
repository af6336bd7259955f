"""Nothing held undoes what was decided after it: who is given access anew keeps it."""

from contextlib import suppress
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brake_site import (
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
from builders import NOW, add_role, add_user, admin, an_account, integration_session, put
from rolecall.domain.account import Account
from rolecall.domain.commands import (
    Add,
    AddMembers,
    At,
    ChangeRole,
    ChangeUser,
    DropRole,
    DropUser,
    GrantRole,
    RemoveMembers,
    SetMembers,
    Unset,
)
from rolecall.domain.errors import Refusal
from rolecall.domain.events import RemovalWithdrawn
from rolecall.domain.model import Kind
from rolecall.domain.names import Id
from rolecall.domain.session import Session

MAIL = Add(At("emails"), ({"value": "new@example.com"},))

# ---- users -----------------------------------------------------------------------------------


@pytest.mark.parametrize("by_sql", [True, False])
def test_enabling_a_user_withdraws_what_waits_to_put_the_user_out(
    account: Account, okta: Session, people: list[Id], *, by_sql: bool
) -> None:
    limit(account, 0)
    for user in people[:2]:
        leave(account, okta, user)
        told(account, later(okta, NOW, 8), DropUser(user=user, at=NOW))
    assert len(held(account)) == 4
    session = admin(account) if by_sql else later(okta, NOW, 9)
    (effect,) = account.execute(session, disabling(people[0], NOW, out=False))
    assert {change.resource for change in held(account)} == {people[1]}
    withdrawn = [each for each in effect.events if isinstance(each, RemovalWithdrawn)]
    assert [(each.id, each.kind, each.integration) for each in withdrawn] == [
        (people[0], Kind.USER, "OKTA")
    ] * 2


def test_unset_enables_too_and_other_changes_decide_nothing(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 0)
    leave(account, okta, people[0])
    account.execute(
        admin(account), ChangeUser(user=people[0], changes=(put("COMMENT", "x"), MAIL), at=NOW)
    )
    account.execute(
        admin(account), ChangeUser(user=people[0], changes=(put("DISABLED", value=True),), at=NOW)
    )
    assert len(held(account)) == 1
    unset = ChangeUser(user=people[0], changes=(Unset(At("DISABLED")),), at=NOW)
    account.execute(admin(account), unset)
    assert held(account) == ()


def test_what_is_held_for_another_integration_is_withdrawn_too_and_without_a_limit(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 0)
    leave(account, okta, people[0])
    limit(account, None)  # what is held stays
    assert len(held(account)) == 1
    account.execute(admin(account), disabling(people[0], NOW, out=False))
    assert held(account) == ()


def test_what_is_as_old_as_the_request_is_left_out_when_the_user_has_changed_since(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 0)
    for user in people[:2]:
        steps = (put("TITLE", "Old"), put("DISABLED", value=True), put("COMMENT", "as asked"))
        told(account, okta, ChangeUser(user=user, changes=steps[1:], at=NOW))
    newer = ChangeUser(user=people[0], changes=(put("COMMENT", "newer"),), at=NOW + 1)
    account.execute(later(okta, NOW + 1, 8), newer)
    for change in held(account):
        release(account, change, NOW + MINUTE)
    assert all(is_out(account, user) for user in people[:2])
    assert [comment_of(account, user) for user in people[:2]] == ["newer", "as asked"]


def comment_of(account: Account, user: Id) -> str | None:
    found = account.store.read(1, lambda reading: reading.user(user))
    assert found is not None
    return found.comment


# ---- members ---------------------------------------------------------------------------------


def is_gone(account: Account, user: Id) -> bool:
    return account.store.read(1, lambda reading: reading.user(user)) is None


def granting(role: Id, user: Id) -> GrantRole:
    return GrantRole(role=role, grantee_kind=Kind.USER, grantee=user, at=NOW)


@pytest.mark.parametrize("by_sql", [True, False])
def test_who_is_given_a_role_anew_keeps_it_when_the_others_lose_it(
    account: Account, okta: Session, team: Id, people: list[Id], *, by_sql: bool
) -> None:
    limit(account, 0)
    change_members(account, okta, team, RemoveMembers(tuple(people[:3])))
    if by_sql:
        account.execute(admin(account), granting(team, people[0]))
    else:
        change_members(account, later(okta, NOW, 8), team, AddMembers((people[0],)))
    (change,) = held(account)
    assert change.removes == 2
    release(account, change)
    assert members(account, team) == {people[0], *people[3:]}


def test_a_removal_of_nobody_else_is_withdrawn(
    account: Account, okta: Session, team: Id, people: list[Id]
) -> None:
    limit(account, 0)
    change_members(account, okta, team, RemoveMembers((people[0],)))
    account.execute(admin(account), granting(team, people[0]))
    assert held(account) == ()


def test_a_removal_that_becomes_another_s_like_is_withdrawn(
    account: Account, okta: Session, team: Id, people: list[Id]
) -> None:
    limit(account, 0)
    change_members(account, okta, team, RemoveMembers((people[0],)))
    change_members(account, later(okta, NOW, 8), team, RemoveMembers(tuple(people[:2])))
    account.execute(admin(account), granting(team, people[1]))
    assert [change.removes for change in held(account)] == [1]


@pytest.mark.parametrize("asked", [SetMembers(()), RemoveMembers(None)])
def test_a_newcomer_is_not_removed_by_an_older_list(
    account: Account, okta: Session, team: Id, asked: SetMembers | RemoveMembers
) -> None:
    limit(account, 0)
    newcomer = add_user(account, okta, "NEW")
    change_members(account, okta, team, put("COMMENT", "c"), asked)
    account.execute(admin(account), granting(team, newcomer))
    (change,) = held(account)
    release(account, change)
    assert members(account, team) == {newcomer}


def test_a_group_that_gets_members_is_not_dropped_and_a_list_keeps_whom_it_names(
    account: Account, okta: Session, team: Id, people: list[Id]
) -> None:
    limit(account, 0)
    told(account, okta, DropRole(role=team, at=NOW))
    change_members(account, later(okta, NOW, 8), team, RemoveMembers(tuple(people[:2])))
    limit(account, 1)
    kept = SetMembers(tuple(people))
    assert change_members(account, later(okta, NOW, 9), team, kept) is None
    assert held(account) == ()


def test_a_released_group_loses_its_members_and_keeps_what_it_was_called_since(
    account: Account, okta: Session, team: Id
) -> None:
    limit(account, 0)
    change_members(account, okta, team, put("COMMENT", "old"), RemoveMembers(None))
    newer = ChangeRole(role=team, changes=(put("COMMENT", "newer"),), at=NOW + 1)
    account.execute(admin(account, NOW + 1), newer)
    (change,) = held(account)
    release(account, change, NOW + MINUTE)
    role = account.store.read(1, lambda reading: reading.role(team))
    assert (role.comment if role else None, members(account, team)) == ("newer", set())


# ---- for every sequence ----------------------------------------------------------------------

EVERYONE = 4
steps = st.lists(
    st.tuples(
        st.sampled_from(["leave", "drop", "remove", "push", "drop group", "back", "grant", "join"]),
        st.integers(0, EVERYONE - 1),
    ),
    max_size=15,
)


@given(steps)
def test_no_release_takes_away_what_was_given_after_it_was_asked_for(
    asked: list[tuple[str, int]],
) -> None:
    account = an_account()
    okta = integration_session(account)
    people = [add_user(account, okta, f"USER{number}") for number in range(EVERYONE)]
    team = add_role(account, okta, "TEAM", *people)
    limit(account, 0)
    kept = Kept(set(), set())
    for number, (what, which) in enumerate(asked):
        session, user = later(okta, NOW, number + 10_000), people[which]
        if what in {"leave", "drop", "remove", "push", "drop group"}:
            _take(account, session, kept, what, (user, team, people[:which]))
        else:
            _give(account, session, kept, what, (user, team))
    for change in held(account):
        with suppress(Refusal):
            release(account, change)
    assert not any(is_out(account, user) for user in kept.active), asked
    assert {user for user in kept.joined if not is_gone(account, user)} <= members(account, team), (
        asked
    )


class Kept(NamedTuple):
    """Who was said to be active, and to be a member, since anybody asked for the opposite."""

    active: set[Id]
    joined: set[Id]


def _take(
    account: Account, okta: Session, kept: Kept, what: str, about: tuple[Id, Id, list[Id]]
) -> None:
    user, team, listed = about
    match what:
        case "leave":
            leave(account, okta, user)
            kept.active.discard(user)
        case "drop":  # with a user go the user's memberships, whenever they began
            told(account, okta, DropUser(user=user, at=NOW))
            kept.active.discard(user)
        case "remove":
            change_members(account, okta, team, RemoveMembers((user,)))
            kept.joined.discard(user)
        case "push":
            change_members(account, okta, team, SetMembers(tuple(listed)))
            kept.joined.intersection_update(listed)
            kept.joined.update(listed)
        case _:
            told(account, okta, DropRole(role=team, at=NOW))
            kept.joined.clear()


def _give(account: Account, okta: Session, kept: Kept, what: str, about: tuple[Id, Id]) -> None:
    user, team = about
    match what:
        case "back":
            account.execute(okta, disabling(user, NOW, out=False))
            kept.active.add(user)
        case "grant":
            account.execute(admin(account), granting(team, user))
            kept.joined.add(user)
        case _:
            change_members(account, okta, team, AddMembers((user,)))
            kept.joined.add(user)

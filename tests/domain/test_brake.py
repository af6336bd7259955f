"""The deprovisioning brake: what counts, what is held, who is never held, and what is decided."""

import pytest

from brake_site import (
    HOUR,
    MINUTE,
    change_members,
    held,
    is_out,
    later,
    leave,
    limit,
    members,
    percent,
    release,
    told,
)
from builders import (
    NOW,
    SECOND,
    add_role,
    add_user,
    admin,
    an_id,
    by,
    put,
)
from rolecall.domain.account import Account
from rolecall.domain.commands import (
    AddMembers,
    At,
    ChangeIntegration,
    ChangeUser,
    DropRole,
    DropUser,
    RemoveMembers,
    RemoveMembersWhere,
    SetMembers,
    Unset,
    Versions,
)
from rolecall.domain.errors import (
    ChangeHeld,
    InvalidValue,
    NotFound,
    VersionMismatch,
)
from rolecall.domain.events import RemovalHeld
from rolecall.domain.held import DAY, LAPSES_AFTER, SPELLS, HeldState, Spells, added
from rolecall.domain.model import Json
from rolecall.domain.names import Id
from rolecall.domain.predicate import EVERYTHING, Compare, Field, Operator
from rolecall.domain.session import Session

# ---- percentages -----------------------------------------------------------------------------


@pytest.fixture
def crowd(account: Account, okta: Session) -> list[Id]:
    """Twenty users of the integration's, and one of nobody's business."""
    add_user(account, admin(account), "ADMINS")
    return [add_user(account, okta, f"MEMBER{number}") for number in range(20)]


def test_a_percentage_is_of_what_was_owned_when_the_window_began(
    account: Account, okta: Session, crowd: list[Id]
) -> None:
    percent(account, 20)
    for number, user in enumerate(crowd[:4]):  # the window's minutes pass, and what is left shrinks
        assert leave(account, later(okta, NOW + 10 * number * MINUTE), user) is None
    refusal = leave(account, later(okta, NOW + 50 * MINUTE), crowd[4])
    assert isinstance(refusal, ChangeHeld)
    assert (refusal.limit, refusal.removes) == (4, 1)
    # Two hours later there are sixteen: a fifth of them is three.
    at = NOW + 3 * HOUR
    assert [leave(account, later(okta, at), user) is None for user in crowd[5:9]] == [
        True,
        True,
        True,
        False,
    ]


def test_of_a_number_and_a_percentage_the_lower_one_counts(
    account: Account, okta: Session, crowd: list[Id]
) -> None:
    limit(account, 2)
    percent(account, 50)
    assert [leave(account, okta, user) is None for user in crowd[:3]] == [True, True, False]
    limit(account, 1_000)
    assert [leave(account, later(okta, NOW, 8), user) is None for user in crowd[3:11]] == [True] * 8
    assert isinstance(leave(account, later(okta, NOW, 9), crowd[11]), ChangeHeld)


def test_groups_count_among_what_is_owned_and_the_inactive_do_not(
    account: Account, okta: Session, crowd: list[Id]
) -> None:
    for user in crowd[10:]:
        leave(account, okta, user)
    for number in range(10):
        add_role(account, okta, f"GROUP{number}")
    percent(account, 10)
    assert [leave(account, okta, user) is None for user in crowd[:3]] == [True, True, False]


def test_of_few_one_may_leave_unless_none_may(
    account: Account, okta: Session, people: list[Id]
) -> None:
    percent(account, 10)
    assert leave(account, okta, people[0]) is None
    assert isinstance(leave(account, okta, people[1]), ChangeHeld)
    percent(account, 0)
    assert isinstance(leave(account, later(okta, NOW + 2 * HOUR), people[2]), ChangeHeld)


def test_without_either_the_brake_is_off(account: Account, okta: Session, people: list[Id]) -> None:
    percent(account, 0)
    percent(account, None)
    assert leave(account, okta, people[0]) is None


# ---- what counts -----------------------------------------------------------------------------


def test_without_a_limit_nothing_is_held(account: Account, okta: Session, people: list[Id]) -> None:
    assert [leave(account, okta, user) for user in people] == [None] * 6
    assert held(account) == ()


def test_what_goes_beyond_the_limit_is_held_and_nothing_of_it_is_done(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 2)
    assert [leave(account, okta, user) for user in people[:2]] == [None, None]
    refusal = leave(account, okta, people[2])
    assert isinstance(refusal, ChangeHeld)
    assert (refusal.integration, refusal.removes, refusal.limit) == ("OKTA", 1, 2)
    assert (refusal.seconds, refusal.first) == (3_600, True)
    (change,) = held(account)
    assert refusal.remedy is not None
    assert f"alter security integration OKTA release held changes '{change.id}'" in refusal.remedy
    assert not is_out(account, people[2])
    assert (change.name, change.act, change.times) == ("USER2", "DEACTIVATE USER", 1)
    assert (change.first_asked, change.last_asked, change.state) == (NOW, NOW, HeldState.HELD)


def test_what_is_held_is_an_event_once(account: Account, okta: Session, people: list[Id]) -> None:
    limit(account, 0)
    leave(account, okta, people[0])
    leave(account, later(okta, NOW + MINUTE), people[0])
    events = account.store.read(1, lambda r: r.events_of(["RemovalHeld"], 0, 10))
    (event,) = [each.event for each in events]
    assert isinstance(event, RemovalHeld)
    assert (event.resource, event.removes, event.limit) == (people[0], 1, 0)


def test_asking_again_is_the_same_held_change(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 0)
    leave(account, okta, people[0])
    refusal = leave(account, later(okta, NOW + HOUR), people[0])
    assert isinstance(refusal, ChangeHeld)
    assert not refusal.first
    (change,) = held(account)
    assert (change.first_asked, change.last_asked, change.times) == (NOW, NOW + HOUR, 2)


def test_changes_of_one_request_are_held_under_ids_of_their_own(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 0)
    for user in people[:3]:
        leave(account, okta, user)
    ids = [change.id for change in held(account)]
    assert len(set(ids)) == 3
    assert all(len(id) == 36 and id[14] == "7" and id[19] in "89ab" for id in ids)


def test_a_drop_counts_as_a_deactivation_does(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 1)
    assert told(account, okta, DropUser(user=people[0], at=NOW)) is None
    assert isinstance(told(account, okta, DropUser(user=people[1], at=NOW)), ChangeHeld)


def test_a_removed_membership_counts_each(account: Account, okta: Session, team: Id) -> None:
    limit(account, 3)
    six = sorted(members(account, team))
    assert change_members(account, okta, team, RemoveMembers(tuple(six[:3]))) is None
    assert isinstance(change_members(account, okta, team, RemoveMembers((six[3],))), ChangeHeld)
    assert members(account, team) == set(six[3:])


def test_a_whole_list_counts_who_is_missing_in_it(
    account: Account, okta: Session, people: list[Id], team: Id
) -> None:
    limit(account, 3)
    refusal = change_members(account, okta, team, SetMembers(tuple(people[:2])))
    assert isinstance(refusal, ChangeHeld)
    assert refusal.removes == 4
    assert change_members(account, okta, team, SetMembers(tuple(people[:3]))) is None


def test_a_whole_list_that_misses_nobody_withdraws_the_one_that_waits(
    account: Account, okta: Session, people: list[Id], team: Id
) -> None:
    limit(account, 0)
    change_members(account, okta, team, SetMembers(tuple(people[:2])))
    assert change_members(account, okta, team, SetMembers(tuple(people))) is None
    assert held(account) == ()
    assert change_members(account, okta, team, SetMembers(tuple(people))) is None


def test_who_is_removed_and_added_again_in_one_change_stays(
    account: Account, okta: Session, people: list[Id], team: Id
) -> None:
    limit(account, 0)
    steps = (RemoveMembers(None), put("COMMENT", "x"), AddMembers(tuple(people)))
    assert change_members(account, okta, team, *steps) is None
    refusal = change_members(account, okta, team, RemoveMembers(None), AddMembers((people[0],)))
    assert isinstance(refusal, ChangeHeld)
    assert refusal.removes == 5


def test_only_what_follows_the_last_whole_list_counts(
    account: Account, okta: Session, people: list[Id], team: Id
) -> None:
    limit(account, 1)
    steps = (RemoveMembers(None), SetMembers(()), AddMembers(()), SetMembers(tuple(people[:5])))
    assert change_members(account, okta, team, *steps) is None
    assert members(account, team) == set(people[:5])
    refusal = change_members(account, okta, team, *steps, RemoveMembers(tuple(people[:2])))
    assert isinstance(refusal, ChangeHeld)
    assert refusal.removes == 2


def test_who_is_no_member_is_not_removed(account: Account, okta: Session, people: list[Id]) -> None:
    limit(account, 0)
    role = add_role(account, okta, "EMPTY")
    assert change_members(account, okta, role, RemoveMembers(tuple(people))) is None


def test_members_removed_by_a_condition_count_each(
    account: Account, okta: Session, people: list[Id], team: Id
) -> None:
    inner = add_role(account, okta, "INNER")
    change_members(account, okta, team, AddMembers((inner,)))
    limit(account, 2)
    whole = RemoveMembersWhere(users=EVERYTHING, groups=EVERYTHING)
    refusal = change_members(account, okta, team, whole)
    assert isinstance(refusal, ChangeHeld)
    assert refusal.removes == len(people) + 1
    one = Compare(Field.ID, Operator.EQ, people[0])
    both = RemoveMembersWhere(users=one, groups=EVERYTHING)
    assert change_members(account, okta, team, both) is None
    assert members(account, team) == set(people[1:])


def test_groups_within_a_group_count_too(account: Account, okta: Session, team: Id) -> None:
    inner = add_role(account, okta, "INNER")
    change_members(account, okta, team, AddMembers((inner,)))
    limit(account, 0)
    assert isinstance(change_members(account, okta, team, RemoveMembers((inner,))), ChangeHeld)


def test_a_dropped_group_counts_with_its_members(account: Account, okta: Session, team: Id) -> None:
    drop = DropRole(role=team, at=NOW)
    assert held(account) == ()
    limit(account, 6)
    refusal = told(account, okta, drop)
    assert isinstance(refusal, ChangeHeld)
    assert refusal.removes == 7
    limit(account, 7)
    release(account, held(account)[0])
    assert account.store.read(1, lambda r: r.role(team)) is None


def test_a_dropped_group_counts_nothing_without_a_limit(
    account: Account, okta: Session, team: Id
) -> None:
    assert told(account, okta, DropRole(role=team, at=NOW)) is None


def test_what_changes_nothing_and_what_takes_nothing_away_is_never_held(
    account: Account, okta: Session, people: list[Id], team: Id
) -> None:
    leave(account, okta, people[0])
    limit(account, 0)
    assert leave(account, okta, people[0]) is None
    title = ChangeUser(user=people[1], changes=(put("title", "Boss"),), at=NOW)
    assert told(account, okta, title) is None
    assert change_members(account, okta, team, put("COMMENT", "x")) is None


def test_statements_are_never_held(account: Account, okta: Session, people: list[Id]) -> None:
    assert okta.integration == "OKTA"
    limit(account, 0)
    assert told(account, admin(account), DropUser(user=people[0], at=NOW)) is None


def test_another_integration_has_a_limit_of_its_own(
    account: Account, okta: Session, azure: Session
) -> None:
    assert okta.integration == "OKTA"
    limit(account, 0)
    user = add_user(account, azure, "ZOE")
    assert leave(account, azure, user) is None


def test_who_would_be_refused_anyway_is_refused_and_not_held(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 0)
    stale = DropUser(user=people[0], at=NOW, versions=Versions(expected=(9,)))
    assert isinstance(told(account, okta, stale), VersionMismatch)
    assert isinstance(told(account, okta, DropUser(user=an_id(99), at=NOW)), NotFound)
    assert held(account) == ()


def test_several_commands_at_once_are_not_held_in_part(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 0)
    drops = [DropUser(user=user, at=NOW) for user in people[:2]]
    with pytest.raises(AssertionError):
        account.execute(okta, *drops)
    assert not is_out(account, people[0])


# ---- the window ------------------------------------------------------------------------------


def test_room_comes_back_as_the_window_slides(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 1)
    assert leave(account, okta, people[0]) is None
    assert isinstance(leave(account, later(okta, NOW + HOUR - 1), people[1]), ChangeHeld)
    assert leave(account, later(okta, NOW + 2 * HOUR), people[2]) is None


def test_what_is_held_waits_for_a_decision_and_not_for_room(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 1)
    leave(account, okta, people[0])
    leave(account, okta, people[1])
    assert isinstance(leave(account, later(okta, NOW + 2 * HOUR), people[1]), ChangeHeld)


def test_what_nobody_has_asked_for_in_long_is_judged_by_the_limit_again(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 1)
    leave(account, okta, people[0])
    leave(account, okta, people[1])
    assert leave(account, later(okta, NOW + LAPSES_AFTER + 1), people[1]) is None
    assert held(account) == ()


def test_what_has_lapsed_may_be_held_anew(
    account: Account, okta: Session, people: list[Id]
) -> None:
    limit(account, 0)
    leave(account, okta, people[1])
    (first,) = held(account)
    leave(account, later(okta, NOW + LAPSES_AFTER + 1, 8), people[1])
    (second,) = held(account)
    assert second.id != first.id
    assert second.first_asked == NOW + LAPSES_AFTER + 1


def test_however_much_is_removed_few_numbers_are_kept() -> None:
    spells: Spells = ()
    for step in range(10_000):
        spells = added(spells, NOW + step * SECOND, HOUR, 1)
    assert len(spells) <= SPELLS + 1
    assert sum(spell.count for spell in spells) >= 3_600


def test_a_clock_that_goes_back_frees_no_room() -> None:
    spells = added(added((), NOW, HOUR, 1), NOW - DAY, HOUR, 1)
    assert [(spell.last, spell.count) for spell in spells] == [(NOW, 2)]


# ---- who is never held -----------------------------------------------------------------------


def test_named_users_are_never_held_and_don_t_count(
    account: Account, okta: Session, people: list[Id], team: Id
) -> None:
    limit(account, 0, 60, "user0", "USER1", "NOBODY")
    assert leave(account, okta, people[0]) is None
    assert change_members(account, okta, team, RemoveMembers((people[1],))) is None
    refusal = change_members(account, okta, team, RemoveMembers(tuple(people[1:3])))
    assert isinstance(refusal, ChangeHeld)
    assert refusal.removes == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEPROVISIONING_LIMIT", -1),
        ("DEPROVISIONING_LIMIT_IN_PERCENT", -1),
        ("DEPROVISIONING_LIMIT_IN_PERCENT", 101),
        ("DEPROVISIONING_LIMIT", 1_000_001),
        ("DEPROVISIONING_LIMIT", "5"),
        ("DEPROVISIONING_LIMIT", True),
        ("DEPROVISIONING_WINDOW_IN_MINUTES", 0),
        ("DEPROVISIONING_WINDOW_IN_MINUTES", 10_081),
        ("DEPROVISIONING_EXEMPT_USERS", "ANN"),
        ("DEPROVISIONING_EXEMPT_USERS", [f"U{number}" for number in range(101)]),
    ],
)
def test_a_property_that_makes_no_sense_is_refused(
    account: Account, okta: Session, name: str, value: Json
) -> None:
    assert okta.integration == "OKTA"
    change = ChangeIntegration(integration=by("OKTA"), changes=(put(name, value),), at=NOW)
    with pytest.raises(InvalidValue, match=name):
        account.execute(admin(account), change)


def test_unset_gives_back_the_defaults(account: Account, okta: Session) -> None:
    limit(account, 5, 10, "ANN")
    names = ("LIMIT", "WINDOW_IN_MINUTES", "EXEMPT_USERS")
    changes = tuple(Unset(At(f"DEPROVISIONING_{name}")) for name in names)
    change = ChangeIntegration(integration=by("OKTA"), changes=changes, at=NOW)
    account.execute(admin(account), change)
    assert okta.integration_id is not None
    meant = okta.integration_id
    found = account.store.read(1, lambda reading: reading.integration(meant))
    assert found is not None
    assert (found.deprovisioning_limit, found.deprovisioning_window_in_minutes) == (None, 60)
    assert found.deprovisioning_exempt_users == ()

"""The plan: whom a run touches, whom it never touches, and when it stops."""

from __future__ import annotations

from typing import TypedDict, Unpack

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.push.attributes import Change
from rolecall.push.directory import Directory, DirectoryGroup, Person, Phone, Problem
from rolecall.push.plan import Plan, Server, plan_of, removals_refused
from rolecall.push.resources import Group, Item, Name, User
from rolecall.push.tally import plan_lines

AMBER = Person(anchor="1", user_name="amber", emails=("a@example.com", "b@example.com"))


def a_user(number: int, **attributes: object) -> User:
    user = User(id=f"id-{number}", user_name=f"user-{number}", external_id=f"directory:{number}")
    return msgspec.structs.replace(user, **attributes)


def a_group(*members: str, **attributes: object) -> Group:
    items = tuple(Item(value=member) for member in members)
    group = Group(id="group-1", display_name="Blue", external_id="directory:b", members=items)
    return msgspec.structs.replace(group, **attributes)


def a_person(number: int) -> Person:
    return Person(anchor=str(number), user_name=f"user-{number}")


class Sides(TypedDict, total=False):
    people: tuple[Person, ...]
    groups: tuple[DirectoryGroup, ...]
    users: tuple[User, ...]
    there: tuple[Group, ...]


def plan(
    people: tuple[Person, ...] = (),
    groups: tuple[DirectoryGroup, ...] = (),
    users: tuple[User, ...] = (),
    there: tuple[Group, ...] = (),
    problems: tuple[Problem, ...] = (),
) -> Plan:
    directory = Directory(people=people, groups=groups, problems=problems)
    return plan_of(directory, Server(users=users, groups=there), "directory")


def lines(**sides: Unpack[Sides]) -> list[str]:
    return plan_lines(plan(**sides))


def test_who_is_missing_on_the_server_is_created() -> None:
    (create,) = plan(people=(AMBER,)).create_users
    assert (create.person, create.external_id) == (AMBER, "directory:1")


def test_who_is_missing_in_the_export_is_deactivated_if_this_source_created_them() -> None:
    users = (
        a_user(1),
        a_user(2, external_id="other:2"),
        a_user(3, external_id=None),
        a_user(4, external_id="directory-two:4"),
        a_user(5, active=False),
    )
    assert lines(users=users) == ["deactivate user user-1: no longer in the export"]


def test_who_is_disabled_in_the_directory_is_deactivated() -> None:
    off = msgspec.structs.replace(a_person(1), active=False)
    assert lines(people=(off,), users=(a_user(1),)) == [
        "deactivate user user-1: disabled in the directory"
    ]
    assert plan(people=(off,), users=(a_user(1, active=False),)).users_unchanged == 1


def test_who_is_disabled_and_unknown_is_not_created() -> None:
    off = msgspec.structs.replace(a_person(1), active=False)
    found = plan(people=(off,), groups=(DirectoryGroup(anchor="b", name="Blue", members=("1",)),))
    assert (found.create_users, found.memberships) == ((), ())
    assert "not created" in found.skipped[0].why


def test_who_comes_back_is_reactivated() -> None:
    (update,) = plan(people=(a_person(1),), users=(a_user(1, active="False"),)).update_users
    assert update.changes == (Change(path="active", value=True),)


@pytest.mark.parametrize("active", [True, False])
def test_whether_a_user_of_another_source_is_active_is_not_ours(*, active: bool) -> None:
    person = msgspec.structs.replace(a_person(1), active=not active)
    found = plan(people=(person,), users=(a_user(1, external_id="okta-1", active=active),))
    assert (found.deactivate_users, found.update_users) == ((), ())
    assert "not created by this source" in found.skipped[0].why


def test_a_renamed_person_keeps_the_user() -> None:
    person = msgspec.structs.replace(a_person(1), user_name="new-name")
    assert lines(people=(person,), users=(a_user(1),)) == ["update user new-name: userName"]


def test_a_user_of_the_same_name_is_updated_and_keeps_its_external_id() -> None:
    person = msgspec.structs.replace(a_person(1), title="Smith")
    for kept in (None, "okta-1"):
        user = a_user(9, user_name="USER-1", external_id=kept)
        assert lines(people=(person,), users=(user,)) == ["update user user-1: title"]


def test_an_entry_with_a_new_anchor_is_linked_again() -> None:
    user = a_user(1, external_id="directory:uid=user-1,ou=old")
    (update,) = plan(people=(a_person(1),), users=(user,)).update_users
    assert update.changes == (Change(path="externalId", value="directory:1"),)


def test_a_name_taken_over_does_not_take_over_the_user() -> None:
    people = (
        msgspec.structs.replace(a_person(1), user_name="user-9"),
        Person(anchor="2", user_name="user-1"),
    )
    assert lines(people=people, users=(a_user(1),)) == [
        "update user user-9: userName",
        "create user user-1",
    ]


@pytest.mark.parametrize(
    "user",
    [
        a_user(1, user_name="AMBER", emails=(Item(value="A@Example.com"),)),
        a_user(
            1, user_name="amber", emails=(Item(value="b@example.com"), Item(value="a@example.com"))
        ),
    ],
)
def test_what_servers_fold_and_drop_is_no_difference(user: User) -> None:
    assert plan(people=(AMBER,), users=(user,)).users_unchanged == 1


def test_attributes_that_differ_are_replaced_and_those_not_given_stay() -> None:
    person = Person(
        anchor="1",
        user_name="amber",
        given_name="Amber",
        emails=("new@example.com",),
        phones=(Phone(kind="work", number="+1 (555) 0101"),),
    )
    user = a_user(
        1,
        user_name="amber",
        name=Name(given_name="Ambre", family_name="Anvil"),
        title="Smith",
        emails=(Item(value="old@example.com"),),
        phone_numbers=(Item(value="tel:+1-555-0101"),),
    )
    (update,) = plan(people=(person,), users=(user,)).update_users
    assert update.changes == (
        Change(path="name.givenName", value="Amber"),
        Change(
            path="emails", value=[{"value": "new@example.com", "type": "work", "primary": True}]
        ),
    )


def test_attributes_that_the_server_does_not_know_are_not_compared() -> None:
    person = msgspec.structs.replace(a_person(1), title="Smith", display_name="One")
    server = Server(users=(a_user(1),), user_attributes=frozenset({"username", "displayname"}))
    (update,) = plan_of(Directory(people=(person,)), server, "directory").update_users
    assert [change.path for change in update.changes] == ["displayName"]


def test_attributes_that_the_server_does_not_know_are_named() -> None:
    person = msgspec.structs.replace(a_person(1), title="Smith", given_name="Amber")
    server = Server(user_attributes=frozenset({"username", "name"}))
    (note,) = plan_of(Directory(people=(person,)), server, "directory").skipped
    assert (note.what, note.count) == ("title", 0)


BLUE = DirectoryGroup(anchor="b", name="Blue", members=("1", "2"))
PEOPLE = (a_person(1), a_person(2), a_person(3))
USERS = (a_user(1), a_user(2), a_user(3))


def test_a_missing_group_is_created_and_filled() -> None:
    assert lines(people=PEOPLE, groups=(BLUE,), users=USERS) == [
        "create group Blue",
        "add to group Blue: user-1, user-2",
    ]


def test_members_are_added_and_removed_and_those_of_others_stay() -> None:
    there = a_group("id-1", "id-3", "id-9")
    found = plan(PEOPLE, (BLUE,), (*USERS, a_user(9, external_id=None)), (there,))
    assert plan_lines(found) == ["remove from group Blue: user-3", "add to group Blue: user-2"]
    assert (found.memberships_unchanged, found.groups_unchanged) == (1, 1)


def test_a_group_that_was_there_before_keeps_the_members_that_others_created() -> None:
    there = a_group("id-1", "id-2", "id-3", external_id=None)
    adopted = (a_user(1), a_user(2), a_user(3, external_id="okta-3"))
    assert lines(people=PEOPLE, groups=(BLUE,), users=adopted, there=(there,)) == []
    assert lines(people=PEOPLE, groups=(BLUE,), users=USERS, there=(there,)) == [
        "remove from group Blue: user-3"
    ]


def test_a_renamed_group_keeps_its_members() -> None:
    there = a_group("id-1", "id-2", display_name="Azure")
    assert lines(people=PEOPLE, groups=(BLUE,), users=USERS, there=(there,)) == [
        "update group Blue: displayName"
    ]


def test_a_group_with_a_new_anchor_is_linked_again() -> None:
    there = a_group("id-1", "id-2", external_id="directory:cn=blue")
    assert lines(people=PEOPLE, groups=(BLUE,), users=USERS, there=(there,)) == [
        "update group Blue: externalId"
    ]


def test_a_group_that_was_there_before_keeps_its_name_and_link() -> None:
    there = a_group("id-1", "id-2", external_id="okta", display_name="BLUE")
    found = plan(PEOPLE, (BLUE,), USERS, (there,))
    assert (plan_lines(found), found.groups_unchanged) == ([], 1)


def test_two_groups_of_one_name_are_left_alone() -> None:
    there = (a_group(external_id=None), a_group(external_id=None, id="group-2"))
    found = plan(PEOPLE, (BLUE,), USERS, there)
    assert (plan_lines(found), found.skipped[0].what) == ([], "Blue")


def test_a_vanished_group_is_emptied_of_our_people_only() -> None:
    there = a_group("id-1", "id-9")
    found = lines(people=PEOPLE, users=(*USERS, a_user(9, external_id=None)), there=(there,))
    assert found == ["remove from group Blue: user-1"]


def test_members_of_type_group_are_not_ours() -> None:
    there = Group(
        id="group-1", external_id="directory:b", members=(Item(value="id-1", type="Group"),)
    )
    assert there.people == ()


def test_members_unknown_to_the_export_are_skipped_with_their_names() -> None:
    group = DirectoryGroup(anchor="b", name="Blue", strangers=("cn=a", "cn=b", "cn=c", "cn=d"))
    (skip,) = plan(groups=(group,)).skipped
    assert (skip.kind, skip.count) == ("memberships", 4)
    assert skip.why.endswith("cn=a; cn=b; cn=c and 1 more")


def test_a_problem_in_the_export_stops_every_removal() -> None:
    trouble = (Problem(where="x.ldif", why="cut"),)
    there = a_group("id-1", "id-3")
    found = plan(PEOPLE[:2], (BLUE,), USERS, (there,), trouble)
    assert plan_lines(found) == ["add to group Blue: user-2"]
    assert [(s.kind, s.what, s.count) for s in found.skipped] == [
        ("users", "user-3", 1),
        ("memberships", "Blue", 1),
    ]


@pytest.mark.parametrize(
    ("present", "leaving", "allowed", "refused"),
    [
        (10, 5, 0, False),
        (10, 6, 0, True),
        (100, 10, 0, False),
        (100, 11, 0, True),
        (100, 11, 10, True),
        (100, 11, 11, False),
    ],
)
def test_more_than_a_tenth_and_more_than_five_removals_are_refused(
    present: int, leaving: int, allowed: int, *, refused: bool
) -> None:
    users = tuple(a_user(number) for number in range(present))
    people = tuple(a_person(number) for number in range(leaving, present))
    assert bool(removals_refused(plan(people, users=users), allowed)) == refused


def test_memberships_are_judged_against_memberships() -> None:
    users = tuple(a_user(number) for number in range(100))
    people = tuple(a_person(number) for number in range(100))
    group = DirectoryGroup(anchor="b", name="Blue", members=tuple(map(str, range(6, 40))))
    there = a_group(*(f"id-{number}" for number in range(40)))
    refusal = removals_refused(plan(people, (group,), users, (there,)))
    assert refusal is not None
    assert "remove 6 of 40 memberships" in refusal
    assert "--allow-removals 6" in refusal


@given(st.sets(st.integers(0, 8)), st.sets(st.integers(0, 8)), st.sets(st.integers(0, 8)))
def test_only_users_of_this_source_are_ever_removed(
    here: set[int], ours: set[int], theirs: set[int]
) -> None:
    users = [a_user(n) for n in ours] + [a_user(n, external_id="x") for n in theirs - ours]
    found = plan(tuple(map(a_person, here)), users=tuple(users))
    assert {step.id for step in found.deactivate_users} == {f"id-{n}" for n in ours - here}

"""Several files are one export; nesting is flattened without ever going in circles."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rolecall.push.directory import Directory, DirectoryGroup, Person, flattened, merged

ONE, TWO = Person(anchor="1", user_name="One"), Person(anchor="2", user_name="Two")


def test_files_are_put_together() -> None:
    blue = DirectoryGroup(anchor="b", name="Blue", members=("1",))
    more = DirectoryGroup(anchor="b", name="Blue", members=("2", "1"), strangers=("x",))
    both = merged(
        [Directory(people=(ONE,), groups=(blue,)), Directory(people=(TWO,), groups=(more,))]
    )
    assert both.people == (ONE, TWO)
    assert [(g.members, g.strangers) for g in both.groups] == [(("1", "2"), ("x",))]


def test_the_very_same_entry_twice_is_one_entry() -> None:
    assert merged([Directory(people=(ONE, ONE))]) == Directory(people=(ONE,))


def test_two_entries_of_one_identity_are_a_problem() -> None:
    other = Person(anchor="1", user_name="Other")
    both = merged([Directory(people=(ONE, other))])
    assert (both.people, both.problems[0].where) == ((ONE,), "Other")


def test_two_entries_of_one_name_are_a_problem_and_the_first_stands() -> None:
    other = Person(anchor="9", user_name="ONE")
    both = merged([Directory(people=(ONE, other))])
    assert both.people == (ONE,)
    assert "two entries have this name (1 and 9)" in both.problems[0].why


def test_a_group_has_the_people_of_the_groups_inside_it() -> None:
    groups = (
        DirectoryGroup(anchor="a", name="A", nested=("b",), members=("1",)),
        DirectoryGroup(anchor="b", name="B", nested=("c",), members=("2",)),
        DirectoryGroup(anchor="c", name="C", members=("3", "1")),
    )
    flat = flattened(Directory(groups=groups))
    assert [set(group.members) for group in flat.groups] == [
        {"1", "2", "3"},
        {"1", "2", "3"},
        {"1", "3"},
    ]
    assert flat.notes == ()


def test_a_circle_is_a_note_and_everybody_in_it_is_in_every_group() -> None:
    groups = (
        DirectoryGroup(anchor="a", name="A", nested=("b",), members=("1",)),
        DirectoryGroup(anchor="b", name="B", nested=("a",), members=("2",)),
    )
    flat = flattened(Directory(groups=groups))
    assert [set(group.members) for group in flat.groups] == [{"1", "2"}] * 2
    assert [note.where for note in flat.notes] == ["A", "B"]


@given(st.lists(st.lists(st.integers(0, 5), max_size=4), min_size=1, max_size=6))
def test_flattening_ends_for_any_nesting(nesting: list[list[int]]) -> None:
    groups = [
        DirectoryGroup(
            anchor=str(number),
            name=str(number),
            members=(f"member-{number}",),
            nested=tuple(map(str, inner)),
        )
        for number, inner in enumerate(nesting)
    ]
    flat = flattened(Directory(groups=tuple(groups)))
    for group, before in zip(flat.groups, groups, strict=True):
        assert set(before.members) <= set(group.members)
        assert group.nested == ()

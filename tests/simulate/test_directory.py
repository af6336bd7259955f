"""The made-up company is the same for the same seed, and nobody in it plays two parts."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.simulate.directory import ALL_STAFF, Story, story_of

seeds = st.integers(min_value=0, max_value=2**32)
stories = st.builds(
    lambda seed, users, groups: story_of(Random(seed), users, groups),
    seeds,
    st.integers(min_value=1, max_value=120),
    st.integers(min_value=0, max_value=12),
)


@given(seeds)
def test_the_same_seed_tells_the_same_story(seed: int) -> None:
    assert story_of(Random(seed), 40, 5) == story_of(Random(seed), 40, 5)


@given(stories)
def test_no_two_people_share_a_user_name_and_no_two_groups_a_name(story: Story) -> None:
    names = [person.user_name for person in story.people]
    renamed = [person.user_name for person in story.renamed_people.values()]
    teams = [team.name for team in story.teams]
    assert len({*names, *renamed}) == len(names) + len(renamed)
    assert len({*teams, *story.renamed_teams.values()}) == len(teams) + len(story.renamed_teams)


@given(stories)
def test_a_founder_plays_at_most_one_part(story: Story) -> None:
    movers = [move.person for move in story.moves]
    parts = [*movers, *story.leavers, *story.renamed_people, *story.retried]
    assert len(parts) == len(set(parts))
    assert all(person < story.founders for person in parts)


@given(stories)
def test_a_mover_leaves_a_group_they_are_in_for_one_they_are_not_in(story: Story) -> None:
    for move in story.moves:
        assert move.person in story.teams[move.source].members
        assert move.person not in story.teams[move.target].members


@given(stories)
def test_everybody_is_in_the_first_group(story: Story) -> None:
    for team in story.teams[:1]:
        assert team.name == ALL_STAFF
        assert team.members == tuple(range(len(story.people)))


def test_a_hundred_people_see_five_join_five_move_and_five_leave() -> None:
    story = story_of(Random(1), users=100, groups=10)
    assert len(story.people) - story.founders == 5
    assert len(story.moves) == len(story.leavers) == 5


def test_a_user_name_is_made_of_the_names_and_a_number() -> None:
    person = story_of(Random(1), users=18, groups=0).people[17]
    assert person.user_name == f"{person.display_name.replace(' ', '.').lower()}017@example.com"


@pytest.mark.parametrize(("users", "groups"), [(0, 1), (-1, 1), (10**7, 1), (5, -1), (5, 10**6)])
def test_a_story_without_people_or_beyond_all_measure_is_refused(users: int, groups: int) -> None:
    with pytest.raises(ValueError, match="a story has 1 to 1,000,000 users"):
        story_of(Random(1), users, groups)

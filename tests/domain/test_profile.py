"""A change to a place in a profile gives a new profile (RFC 7644 section 3.5.2)."""

from contextlib import suppress
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.domain.commands import Add, At, Set, Unset
from rolecall.domain.errors import InvalidValue, NoTarget
from rolecall.domain.model import Json
from rolecall.domain.predicate import And, Compare, Not, Operator, Or, Predicate
from rolecall.domain.profile import (
    BYTES_MAX,
    CHARACTERS_AT_ONCE,
    ENTRIES_MAX,
    Profile,
    changed,
    founded,
    primary_email,
    require_kept,
    with_email,
    work_of,
)

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
WORK = Compare("type", Operator.EQ, "work")
HOME = Compare("type", Operator.EQ, "home")
NO_TYPE = Compare("type", Operator.EQ, None)
EMAILS: list[Json] = [
    {"type": "work", "value": "bob@acme.example", "primary": True},
    {"type": "home", "value": "bob@home.example"},
]


def emails(profile: Profile) -> Json:
    return profile.get("emails")


# ---- set -------------------------------------------------------------------------------------


def test_set_gives_the_place_its_value() -> None:
    assert changed({"title": "Clerk"}, Set(At("title"), "Head")) == {"title": "Head"}


@pytest.mark.parametrize("value", [None, [], {}])
def test_set_to_nothing_leaves_no_place(value: Json) -> None:
    assert changed({"title": "Clerk"}, Set(At("title"), value)) == {}


@pytest.mark.parametrize("value", ["", 0, False])
def test_set_to_an_empty_text_a_nought_or_false_is_a_value(value: Json) -> None:
    assert changed({}, Set(At("title"), value)) == {"title": value}


def test_set_of_a_sub_attribute_keeps_the_others() -> None:
    before: Profile = {"name": {"givenName": "Bob", "familyName": "Ray"}}
    after = changed(before, Set(At("name", sub="givenName"), "Rob"))
    assert after == {"name": {"givenName": "Rob", "familyName": "Ray"}}


def test_set_of_a_sub_attribute_makes_its_parent() -> None:
    assert changed({}, Set(At("name", sub="givenName"), "Bob")) == {"name": {"givenName": "Bob"}}


def test_set_of_a_sub_attribute_of_a_list_reaches_every_entry() -> None:
    after = changed({"emails": EMAILS}, Set(At("emails", sub="display"), "Bob"))
    assert emails(after) == [
        {"type": "work", "value": "bob@acme.example", "primary": True, "display": "Bob"},
        {"type": "home", "value": "bob@home.example", "display": "Bob"},
    ]


def test_set_of_a_sub_attribute_of_an_absent_list_makes_an_entry() -> None:
    assert changed({}, Set(At("emails", sub="value"), "b@x")) == {"emails": [{"value": "b@x"}]}


def test_set_within_an_extension_touches_the_extension_alone() -> None:
    after = changed({"title": "Clerk"}, Set(At("department", extension=ENTERPRISE), "Sales"))
    assert after == {"title": "Clerk", ENTERPRISE: {"department": "Sales"}}


def test_an_extension_without_attributes_is_gone() -> None:
    before: Profile = {ENTERPRISE: {"department": "Sales"}}
    assert changed(before, Unset(At("department", extension=ENTERPRISE))) == {}


def test_set_through_a_filter_changes_the_entries_picked() -> None:
    after = changed({"emails": EMAILS}, Set(At("emails", where=HOME, sub="value"), "b@h"))
    assert emails(after) == [EMAILS[0], {"type": "home", "value": "b@h"}]


def test_add_through_a_filter_without_a_sub_attribute_merges_rfc7644_3_5_2_1() -> None:
    after = changed({"emails": EMAILS}, Add(At("emails", where=HOME), ({"display": "Home"},)))
    assert emails(after) == [
        EMAILS[0],
        {"type": "home", "value": "bob@home.example", "display": "Home"},
    ]


def test_set_through_a_filter_without_a_sub_attribute_replaces_rfc7644_3_5_2_3() -> None:
    given: Json = {"type": "home", "display": "Home"}
    after = changed({"emails": EMAILS}, Set(At("emails", where=HOME), given))
    assert emails(after) == [EMAILS[0], given]


def test_several_entries_that_are_replaced_by_one_value_become_one() -> None:
    kept: Json = {"value": "c", "type": "other"}
    present: Profile = {"emails": [{"value": "a"}, kept, {"value": "b", "primary": True}]}
    given: Json = {"value": "new", "primary": True}
    where = Or((Compare("value", Operator.EQ, "a"), Compare("value", Operator.EQ, "b")))
    after = changed(present, Set(At("emails", where=where), given))
    assert emails(after) == [given, kept]


def test_set_through_a_filter_replaces_a_bare_value() -> None:
    tags: Profile = {"tags": ["red", "blue"]}
    where = Compare("value", Operator.EQ, "red")
    assert changed(tags, Set(At("tags", where=where), "green")) == {"tags": ["green", "blue"]}
    assert changed(tags, Add(At("tags", where=where), ("green",))) == {"tags": ["green", "blue"]}


def test_a_filter_compares_text_without_case() -> None:
    loud = Compare("type", Operator.EQ, "HOME")
    after = changed({"emails": EMAILS}, Unset(At("emails", where=loud)))
    assert emails(after) == [EMAILS[0]]


@pytest.mark.parametrize(
    ("where", "made"),
    [
        (WORK, {"type": "work", "value": "b@w"}),
        (Compare("type", Operator.EQ, "Work"), {"type": "Work", "value": "b@w"}),
        (
            And((WORK, Compare("primary", Operator.EQ, value=True))),
            {"type": "work", "primary": True, "value": "b@w"},
        ),
    ],
)
def test_set_through_equalities_that_pick_nothing_makes_the_entry(
    where: Predicate, made: Json
) -> None:
    assert changed({}, Set(At("emails", where=where, sub="value"), "b@w")) == {"emails": [made]}


@pytest.mark.parametrize(
    "where", [Or((WORK, HOME)), Not(WORK), Compare("type", Operator.SW, "w"), NO_TYPE]
)
def test_set_through_another_filter_that_picks_nothing_has_no_target_rfc7644_3_5_2_3(
    where: Predicate,
) -> None:
    with pytest.raises(NoTarget):
        changed({}, Set(At("emails", where=where, sub="value"), "b@w"))


MANAGER: Profile = {ENTERPRISE: {"manager": {"value": "27", "displayName": "Ann"}}}
BOSS = Compare("value", Operator.EQ, "27")


def test_a_filter_on_a_single_value_is_a_condition_on_it() -> None:
    at = At("manager", ENTERPRISE, BOSS)
    assert changed(MANAGER, Unset(at)) == {}
    assert changed(MANAGER, Unset(At("manager", ENTERPRISE, BOSS, "displayName"))) == {
        ENTERPRISE: {"manager": {"value": "27"}}
    }
    assert changed(MANAGER, Set(At("manager", ENTERPRISE, BOSS, "displayName"), "Bea")) == {
        ENTERPRISE: {"manager": {"value": "27", "displayName": "Bea"}}
    }
    assert changed(MANAGER, Set(at, {"value": "28"})) == {
        ENTERPRISE: {"manager": {"value": "28", "displayName": "Ann"}}
    }


def test_a_condition_that_a_single_value_does_not_meet_removes_nothing_and_sets_nothing() -> None:
    other = Compare("value", Operator.EQ, "28")
    assert changed(MANAGER, Unset(At("manager", ENTERPRISE, other))) == MANAGER
    for profile in (MANAGER, {}):
        with pytest.raises(NoTarget):
            changed(profile, Set(At("manager", ENTERPRISE, other, "displayName"), "Bea"))


@pytest.mark.parametrize(
    ("value", "made"),
    [({"value": "b@w"}, {"type": "work", "value": "b@w"}), ("b", {"type": "work", "value": "b"})],
)
def test_the_entry_made_holds_the_whole_value(value: Json, made: Json) -> None:
    assert changed({}, Set(At("emails", where=WORK), value)) == {"emails": [made]}


# ---- unset -----------------------------------------------------------------------------------


def test_unset_of_what_is_not_there_changes_nothing() -> None:
    assert changed({"title": "Clerk"}, Unset(At("nickName"))) == {"title": "Clerk"}


def test_unset_of_the_last_sub_attribute_leaves_no_parent() -> None:
    assert changed({"name": {"givenName": "Bob"}}, Unset(At("name", sub="givenName"))) == {}


def test_unset_of_a_sub_attribute_reaches_every_entry() -> None:
    after = changed({"emails": EMAILS}, Unset(At("emails", sub="type")))
    assert emails(after) == [
        {"value": "bob@acme.example", "primary": True},
        {"value": "bob@home.example"},
    ]


def test_unset_through_a_filter_removes_the_entries_picked() -> None:
    after = changed({"emails": EMAILS}, Unset(At("emails", where=WORK)))
    assert emails(after) == [{"type": "home", "value": "bob@home.example"}]


def test_unset_through_a_filter_of_a_sub_attribute_trims_the_entries_picked() -> None:
    after = changed({"emails": EMAILS}, Unset(At("emails", where=HOME, sub="value")))
    assert emails(after) == [EMAILS[0], {"type": "home"}]


def test_an_entry_left_empty_is_gone() -> None:
    before: Profile = {"emails": [{"value": "b@x"}]}
    assert changed(before, Unset(At("emails", sub="value"))) == {}


def test_a_filter_picks_nothing_from_what_is_no_list() -> None:
    before: Profile = {"name": {"givenName": "Bob"}}
    assert changed(before, Unset(At("name", where=WORK))) == before


def test_unset_of_a_sub_attribute_leaves_a_bare_value() -> None:
    before: Profile = {"nickName": "Bobby", "tags": ["red"]}
    assert changed(before, Unset(At("nickName", sub="x"))) == before
    assert changed(before, Unset(At("tags", sub="x"))) == before


def test_a_filter_does_not_see_what_lies_deeper() -> None:
    before: Profile = {"emails": [{"type": {"deep": "work"}, "value": "b@x"}]}
    assert changed(before, Unset(At("emails", where=WORK))) == before


# ---- add, and the one primary ----------------------------------------------------------------


def test_add_appends_what_is_not_there() -> None:
    new: Json = {"type": "other", "value": "b@o"}
    after = changed({"emails": EMAILS}, Add(At("emails"), (new, EMAILS[1])))
    assert emails(after) == [*EMAILS, new]


def test_adding_a_primary_entry_ends_the_old_primary() -> None:
    new: Json = {"value": "b@n", "primary": True}
    after = changed({"emails": EMAILS}, Add(At("emails"), (new,)))
    assert emails(after) == [
        {"type": "work", "value": "bob@acme.example", "primary": False},
        {"type": "home", "value": "bob@home.example"},
        {"value": "b@n", "primary": True},
    ]


def test_adding_an_entry_again_as_primary_makes_it_primary() -> None:
    again: Json = {"type": "home", "value": "bob@home.example", "primary": True}
    after = changed({"emails": EMAILS}, Add(At("emails"), (again,)))
    assert emails(after) == [
        {"type": "work", "value": "bob@acme.example", "primary": False},
        {"type": "home", "value": "bob@home.example", "primary": True},
    ]


@pytest.mark.parametrize("where", [HOME, Compare("type", Operator.EQ, "other")])
def test_making_an_entry_primary_through_a_filter_ends_the_old_primary(where: Predicate) -> None:
    after = changed({"emails": EMAILS}, Set(At("emails", where=where, sub="primary"), value=True))
    found = emails(after)
    assert isinstance(found, list)
    assert found[0] == {"type": "work", "value": "bob@acme.example", "primary": False}


def test_a_profile_is_born_without_empty_places_and_with_one_primary() -> None:
    two: Json = [{"value": "a", "primary": True}, {"value": "b", "primary": True}]
    assert founded({"title": None, "name": {}, "photos": [], "emails": two, "nickName": "B"}) == {
        "emails": [{"value": "a", "primary": False}, {"value": "b", "primary": True}],
        "nickName": "B",
    }


def test_a_list_has_a_limit() -> None:
    many: list[Json] = [{"value": str(number)} for number in range(ENTRIES_MAX)]
    full = founded({"emails": many})
    with pytest.raises(InvalidValue) as refused:
        changed(full, Add(At("emails"), ({"value": "one more"},)))
    assert refused.value.reason == "at most 1000 entries"


# ---- the e-mail property ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "address"),
    [
        (EMAILS, "bob@acme.example"),
        ([{"value": "a"}, {"value": "b", "primary": True}], "b"),
        ([{"value": "a"}, {"value": "b"}], "a"),
        ([{"type": "work"}, "bare", {"value": "b"}], "b"),
        ([{"primary": True}, {"value": "b"}], "b"),
        ([], None),
        ("not a list", None),
    ],
)
def test_the_address_is_the_primary_entry_s_else_the_first(
    entries: Json, address: str | None
) -> None:
    assert primary_email({"emails": entries}) == address


def test_another_address_keeps_the_entry_and_the_other_entries() -> None:
    after = with_email({"emails": EMAILS}, "b@new")
    assert emails(after) == [{"type": "work", "value": "b@new", "primary": True}, EMAILS[1]]


@pytest.mark.parametrize("entries", [[], "not a list", [{"type": "work"}]])
def test_a_first_address_is_primary(entries: Json) -> None:
    assert with_email({"emails": entries}, "b@x") == {"emails": [{"value": "b@x", "primary": True}]}


def test_no_address_leaves_no_entry() -> None:
    assert with_email({"emails": EMAILS, "title": "Clerk"}, None) == {"title": "Clerk"}


# ---- laws ------------------------------------------------------------------------------------

an_entry = st.fixed_dictionaries(
    {"value": st.sampled_from(["a", "b", "c"])},
    optional={"type": st.sampled_from(["work", "home"]), "primary": st.booleans()},
)
entries = st.lists(an_entry, min_size=1, max_size=4)
profiles = st.fixed_dictionaries(
    {}, optional={"emails": entries, "title": st.text(max_size=3)}
).map(founded)  # type: ignore[arg-type]  # JSON all the same
filters = st.none() | st.sampled_from([WORK, HOME, Not(WORK), Or((WORK, HOME))])
a_step = st.one_of(
    st.builds(lambda values: Add(At("emails"), tuple(values)), entries),
    st.builds(lambda values: Set(At("emails"), values), entries),
    st.builds(
        lambda where, entry: Set(At("emails", where=where), entry), filters.filter(bool), an_entry
    ),
    st.builds(
        lambda where, primary: Set(At("emails", where=where, sub="primary"), primary),
        filters,
        st.booleans(),
    ),
    st.builds(lambda where: Unset(At("emails", where=where)), filters),
)


@given(profiles, st.lists(a_step, max_size=5))
def test_at_most_one_entry_is_primary_whatever_is_done(
    profile: Profile, steps: list[Set | Unset | Add]
) -> None:
    for step in steps:
        with suppress(NoTarget):
            profile = changed(profile, step)
    found = emails(profile) or []
    assert isinstance(found, list)
    assert [isinstance(each, dict) and each.get("primary") for each in found].count(True) <= 1


@given(profiles, a_step)
def test_a_change_leaves_the_old_profile_as_it_was(
    profile: Profile, step: Set | Unset | Add
) -> None:
    before = deepcopy(profile)
    with suppress(NoTarget):
        changed(profile, step)
    assert profile == before


@given(profiles, entries)
def test_adding_the_same_values_twice_adds_them_once(profile: Profile, new: list[Json]) -> None:
    once = changed(profile, Add(At("emails"), tuple(new)))
    assert changed(once, Add(At("emails"), tuple(new))) == once


@given(profiles, st.sampled_from([None, ENTERPRISE]), st.text(min_size=1, max_size=3))
def test_set_then_unset_of_a_new_place_restores_the_profile(
    profile: Profile, extension: str | None, value: str
) -> None:
    place = At("nickName", extension=extension)
    assert changed(changed(profile, Set(place, value)), Unset(place)) == profile


@given(profiles, st.text(min_size=1, max_size=5))
def test_the_address_set_is_the_address_read(profile: Profile, address: str) -> None:
    assert primary_email(with_email(profile, address)) == address


# ---- what a change costs -----------------------------------------------------------------------

FIVE: Profile = {"emails": [{"value": f"{n}@x", "type": "work"} for n in range(5)]}
EITHER = Or((WORK, Not(HOME)))


@pytest.mark.parametrize(
    ("change", "work"),
    [
        (Set(At("title"), "x"), 1),
        (Set(At("title", ENTERPRISE), "x"), 1),
        (Unset(At("phoneNumbers", where=WORK)), 1),
        (Set(At("emails", sub="type"), "home"), 6),
        (Add(At("emails"), ({"value": "6@x"}, {"value": "7@x"})), 8),
        (Unset(At("emails", where=WORK)), 6),
        (Unset(At("emails", where=And((WORK, EITHER)))), 16),
    ],
    ids=str,
)
def test_a_change_looks_at_each_entry_by_each_term_of_its_condition(
    change: Set | Unset | Add, work: int
) -> None:
    assert work_of(FIVE, change) == work


def test_long_texts_count_as_entries_do() -> None:
    long: Profile = {"photos": [{"value": "x" * 10 * CHARACTERS_AT_ONCE, "primary": True}, "bare"]}
    assert work_of(long, Unset(At("photos", where=WORK))) == 13


def test_a_profile_is_at_most_as_large_as_one_request() -> None:
    require_kept({"title": "x" * (BYTES_MAX - 20)}, "title")
    with pytest.raises(InvalidValue, match="more than 1 MiB"):
        require_kept({"title": "x" * BYTES_MAX}, "title")


def test_values_that_are_there_are_found_among_many_at_once() -> None:
    """Twenty thousand values, of which a thousand differ, cost no twenty million comparisons."""
    values: tuple[Json, ...] = tuple({"value": f"{n % ENTRIES_MAX}@x"} for n in range(20_000))
    after = changed({}, Add(At("emails"), values))
    assert emails(after) == list(values[:ENTRIES_MAX])

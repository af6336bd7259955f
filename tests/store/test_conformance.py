"""What every store promises of one account: each sentence of `domain.ports` is a test here."""

from operator import methodcaller

import pytest
from msgspec.structs import replace

from builders import NOW, an_id
from rolecall.domain.events import MembersAdded, UserChanged, UserCreated
from rolecall.domain.model import (
    Revision,
    User,
    UserType,
)
from rolecall.domain.names import Id, Key, Name, key_of
from rolecall.domain.ports import Asked, Reading, Store
from rolecall.domain.predicate import (
    EVERYTHING,
    NOTHING,
    Compare,
    Field,
    Kept,
    Operator,
    Predicate,
)
from rolecall.store.failures import KeyTaken
from store_builders import (
    ADMIN,
    ANALYST,
    ANN,
    BOB,
    EVE,
    OKTA,
    OTHER,
    OWNER,
    a_database,
    a_privilege,
    a_role,
    a_session,
    a_token,
    a_user,
    an_integration,
    people,
    read,
    write,
)

# ---- users ---------------------------------------------------------------------------------


def test_a_user_comes_back_as_it_was_saved(store: Store) -> None:
    user = a_user(
        type=UserType.SERVICE,
        disabled=True,
        default_secondary_roles=(),
        allowed_interfaces=("ALL",),
        profile={"emails": [{"value": "b@x", "primary": True}], "n": 1, "text": "\0é🙂"},
    )
    write(store, lambda tx: tx.save_user(user))
    assert read(store, lambda r: r.user(BOB)) == user


def test_what_is_absent_is_none_or_empty(store: Store) -> None:
    def body(r: Reading) -> list[object]:
        return [
            r.user(BOB),
            r.user_named(Name("BOB")),
            r.user_with_login(Key("bob")),
            r.user_card(BOB, None),
            r.role(ANALYST),
            r.role_named(Name("X")),
            r.role_card(ANALYST, None),
            r.integration(OKTA),
            r.integration_named(Name("X")),
            r.endpoint_of(Name("X")),
            r.token(BOB),
            r.token_with("x"),
            r.database_named(Name("X")),
            r.session(BOB),
            r.session_with("x"),
            r.session_with_master("x"),
        ]

    assert set(read(store, body)) == {None}
    assert read(store, lambda r: r.groups_of((BOB,))) == {}
    assert read(store, lambda r: r.role_counts()) == {}
    assert read(store, lambda r: r.last_attempt()) == 0


def test_a_user_is_named_letter_by_letter_and_found_by_login_key(store: Store) -> None:
    user = a_user(BOB, "Straße", login_name="Straße@x")
    write(store, lambda tx: tx.save_user(user))
    assert read(store, lambda r: r.user_named(Name("Straße"))) == user
    assert read(store, lambda r: r.user_named(Name("STRASSE"))) is None
    assert read(store, lambda r: r.user_with_login(key_of("STRASSE@X"))) == user


def test_users_taking_a_name_or_a_login_are_at_most_two(store: Store) -> None:
    people(store)
    taking = read(store, lambda r: r.users_taking(Key("bob"), Key("ann")))
    assert [user.id for user in taking] == [BOB, ANN]
    assert len(read(store, lambda r: r.users_taking(Key("bob"), Key("bob")))) == 1


def test_saving_replaces_by_id(store: Store) -> None:
    people(store)
    write(store, lambda tx: tx.save_user(a_user(BOB, "ROBERT", owner=None)))
    assert read(store, lambda r: r.user_named(Name("BOB"))) is None
    assert read(store, lambda r: r.user_named(Name("ROBERT"))) == a_user(BOB, "ROBERT")
    assert read(store, lambda r: len(r.members_of(ANALYST, 9))) == 2


MAILS = [{"value": "bob@example.com", "primary": True}, {"value": "b2@example.com"}]
NOW_FOUND: dict[str, tuple[dict[str, object], Predicate]] = {
    "name": ({"name": "ROB"}, Compare(Field.NAME, Operator.EQ, "ROB")),
    "login": ({"login_name": "Rob"}, Compare(Field.LOGIN_KEY, Operator.EQ, "rob")),
    "shown": ({"display_name": "Rob"}, Compare(Field.DISPLAY_KEY, Operator.EQ, "rob")),
    "mailed": (
        {"email": "bob@example.com", "profile": {"emails": MAILS}},
        Compare(Field.ADDRESS_KEY, Operator.EQ, "bob@example.com"),
    ),
    "mailed elsewhere": (
        {"profile": {"emails": MAILS}},
        Compare(Field.ADDRESS_KEY, Operator.EQ, "b2@example.com"),
    ),
    "owner": ({"owner": OWNER}, Compare(Field.OWNER, Operator.EQ, OWNER)),
    "out": ({"disabled": True}, Compare(Field.ACTIVE, Operator.EQ, value=False)),
    "created": ({"created_at": 7}, Compare(Field.CREATED_AT, Operator.EQ, 7)),
    "titled": ({"profile": {"title": "Guide"}}, Kept(("title",), Operator.EQ, "guide")),
}


@pytest.mark.parametrize("what", NOW_FOUND)
def test_a_user_is_found_by_what_it_is_now_and_not_by_what_it_was(store: Store, what: str) -> None:
    fields, where = NOW_FOUND[what]
    was = a_user(BOB, "BOB", owner=None, display_name="Bob", email="b@x", first_name="Bob")
    now = replace(was, **fields)

    def found() -> list[User]:
        page = read(store, lambda r: r.find_users(Asked(where), 0, 9))
        return [card.user for card in page.items]

    write(store, lambda tx: tx.save_user(was))
    for before, after in ((was, now), (now, was), (was, now)):
        write(store, methodcaller("save_user", after, before))
        assert read(store, lambda r: r.user(BOB)) == after
        assert found() == ([now] if after is now else [])


@pytest.mark.parametrize("name", ["BOB", "bob", "Bob"])
def test_two_users_never_share_a_key(store: Store, name: str) -> None:
    people(store)
    with pytest.raises(KeyTaken):
        write(store, lambda tx: tx.save_user(a_user(an_id(99), name, login_name="free")))
    with pytest.raises(KeyTaken):
        write(store, lambda tx: tx.save_user(a_user(an_id(99), "FREE", login_name=name)))
    assert read(store, lambda r: r.user(an_id(99))) is None


def test_roles_differ_by_exact_name_only(store: Store) -> None:
    people(store)
    write(store, lambda tx: tx.save_role(a_role(an_id(99), "analyst")))
    with pytest.raises(KeyTaken):
        write(store, lambda tx: tx.save_role(a_role(an_id(98), "ANALYST")))
    where = Compare(Field.NAME_KEY, Operator.EQ, "analyst")
    assert read(store, lambda r: r.find_roles(Asked(where), 0, 9).total) == 2


def test_other_keys_are_unique_too(store: Store) -> None:
    write(
        store,
        lambda tx: tx.save_token(a_token()),
        lambda tx: tx.save_session(a_session()),
        lambda tx: tx.save_integration(an_integration()),
        lambda tx: tx.save_database(a_database()),
    )
    for again in (
        lambda tx: tx.save_token(a_token(an_id(99))),
        lambda tx: tx.save_session(a_session(an_id(99))),
        lambda tx: tx.save_integration(an_integration(an_id(99))),
        lambda tx: tx.save_database(a_database(an_id(99))),
    ):
        with pytest.raises(KeyTaken):
            write(store, again)


def test_an_untouched_resource_has_version_1_since_its_creation(store: Store) -> None:
    people(store)
    user = read(store, lambda r: r.user_card(BOB, None))
    role = read(store, lambda r: r.role_card(ANALYST, None))
    untouched = Revision(version=1, changed_at=NOW)
    assert user is not None
    assert role is not None
    assert (user.revision, role.revision) == (untouched, untouched)
    assert (user.groups, user.external_id, role.members) == ((), None, None)


def test_touching_counts_versions(store: Store) -> None:
    people(store)
    touched = write(store, lambda tx: tx.touch(BOB, NOW + 1), lambda tx: tx.touch(BOB, NOW + 2))
    assert touched == [
        Revision(version=2, changed_at=NOW + 1),
        Revision(version=3, changed_at=NOW + 2),
    ]
    card = read(store, lambda r: r.user_card(BOB, None))
    assert card is not None
    assert card.revision == touched[1]


def test_whoever_knows_the_version_touches_to_the_same_end(store: Store) -> None:
    people(store)
    for version in (1, 2, 3):
        card = read(store, lambda r: r.user_card(BOB, None))
        assert card is not None
        assert card.revision.version == version
        touched = write(store, methodcaller("touch", BOB, NOW + version, card.revision))
        assert touched == [Revision(version=version + 1, changed_at=NOW + version)]
    (last,) = write(store, lambda tx: tx.touch(BOB, NOW + 9))
    assert last == Revision(version=5, changed_at=NOW + 9)


def test_an_external_id_belongs_to_its_reader(store: Store) -> None:
    people(store)
    new = write(
        store,
        lambda tx: tx.save_link("OKTA", BOB, "e1"),
        lambda tx: tx.save_link("OKTA", BOB, "e1"),
        lambda tx: tx.save_link("OKTA", BOB, "e2"),
        lambda tx: tx.save_link("OKTA", ANN, "e2"),
        lambda tx: tx.save_link("ENTRA", BOB, None),
    )
    assert new == [True, False, True, True, False]
    for reader, expected in (("OKTA", "e2"), ("ENTRA", None), (None, None)):
        card = read(store, methodcaller("user_card", BOB, reader))
        assert card is not None
        assert card.external_id == expected
    where = Compare(Field.EXTERNAL_ID, Operator.EQ, "e2")
    assert read(store, lambda r: r.find_users(Asked(where, None, "OKTA"), 0, 9).total) == 2
    assert read(store, lambda r: r.find_users(Asked(where, None, "ENTRA"), 0, 9).total) == 0
    assert write(store, lambda tx: tx.save_link("OKTA", BOB, None)) == [True]
    assert read(store, lambda r: r.find_users(Asked(where, None, "OKTA"), 0, 9).total) == 1


def test_known_users_are_those_that_exist(store: Store) -> None:
    people(store)
    asked = (BOB, an_id(99), BOB, Id(""), Id("x\0"), Id("'"))
    assert read(store, lambda r: r.known_users(asked)) == {BOB}


def test_a_dropped_user_leaves_nothing_behind(store: Store) -> None:
    people(store)
    write(
        store,
        lambda tx: tx.save_link("OKTA", BOB, "e1"),
        lambda tx: tx.save_parameter(BOB, "TIMEZONE", "UTC"),
        lambda tx: tx.touch(BOB, NOW + 1),
        lambda tx: tx.delete_user(BOB),
    )
    assert read(store, lambda r: r.parameters(BOB)) == {}
    assert read(store, lambda r: r.groups_of((BOB,))) == {}
    write(store, lambda tx: tx.save_user(a_user()))
    card = read(store, lambda r: r.user_card(BOB, "OKTA"))
    assert card is not None
    assert (card.external_id, card.revision.version) == (None, 1)


# ---- finding -------------------------------------------------------------------------------


def test_a_page_counts_all_and_begins_where_asked(store: Store) -> None:
    people(store)

    def page(start: int, count: int) -> tuple[int, list[Id]]:
        found = read(store, lambda r: r.find_users(Asked(EVERYTHING), start, count))
        return found.total, [card.user.id for card in found.items]

    assert page(0, 2) == (3, [BOB, ANN])
    assert page(2, 2) == (3, [EVE])
    assert page(0, 0) == (3, [])
    assert page(9, 2) == (3, [])
    assert page(0, 2**70) == (3, [BOB, ANN, EVE])
    assert page(2**70, 1) == (3, [])


def test_a_later_page_shows_cards_as_the_first_does(store: Store) -> None:
    people(store)
    write(store, lambda tx: tx.save_link("OKTA", ANN, "e1"), lambda tx: tx.touch(ANN, NOW + 5))
    where = Compare(Field.CHANGED_AT, Operator.GE, NOW)
    later = read(store, lambda r: r.find_users(Asked(where, frozenset((OWNER,)), "OKTA"), 1, 1))
    assert (later.total, later.items) == (2, (read(store, lambda r: r.user_card(ANN, "OKTA")),))


def test_only_what_the_owners_own_is_found(store: Store) -> None:
    people(store)

    def found(owners: frozenset[Id] | None) -> tuple[int, int]:
        users = read(store, lambda r: r.find_users(Asked(EVERYTHING, owners), 0, 1))
        roles = read(store, lambda r: r.find_roles(Asked(EVERYTHING, owners), 0, 1))
        return users.total, roles.total

    assert found(frozenset((OWNER, ADMIN))) == (2, 1)
    assert found(frozenset((ADMIN,))) == (0, 0)
    assert found(frozenset()) == (0, 0)
    assert found(None) == (3, 3)
    nothing = read(store, lambda r: r.find_roles(Asked(NOTHING), 0, 9))
    assert (nothing.total, nothing.items) == (0, ())


# ---- integrations, tokens, databases, sessions -----------------------------------------------


def test_an_integration_leaves_its_endpoint_tokens_and_links(store: Store) -> None:
    people(store)
    write(
        store,
        lambda tx: tx.save_integration(an_integration()),
        lambda tx: tx.save_integration(an_integration(OTHER, "ENTRA")),
        lambda tx: tx.save_token(a_token()),
        lambda tx: tx.save_link("OKTA", BOB, "e1"),
        lambda tx: tx.save_privilege(a_privilege(ADMIN)),
    )
    assert [each.name for each in read(store, lambda r: r.integrations())] == ["ENTRA", "OKTA"]
    assert read(store, lambda r: r.integration_named(Name("OKTA"))) == an_integration()
    write(store, lambda tx: tx.delete_integration(OKTA))
    assert read(store, lambda r: r.integration(OKTA)) is None
    assert read(store, lambda r: r.endpoint_of(Name("OKTA"))) == an_id(41)
    assert read(store, lambda r: r.tokens_of(None)) == (a_token(),)
    assert read(store, lambda r: r.privileges_of(ADMIN)) == ()
    card = read(store, lambda r: r.user_card(BOB, "OKTA"))
    assert card is not None
    assert card.external_id == "e1"


def test_tokens_are_found_by_verifier_and_listed_newest_first(store: Store) -> None:
    old, new = a_token(), a_token(an_id(52), "cc", issued_at=NOW + 1)
    other = a_token(an_id(53), "dd", integration=OTHER)
    write(store, *[methodcaller("save_token", each) for each in (old, new, other)])
    assert read(store, lambda r: r.token_with("cc")) == new
    assert read(store, lambda r: r.tokens_of(OKTA)) == (new, old)
    assert read(store, lambda r: r.tokens_of(None)) == (new, other, old)
    ended = replace(old, ended_at=NOW, ended_why="dropped")
    write(store, lambda tx: tx.save_token(ended))
    assert read(store, lambda r: r.token(old.id)) == ended


def test_databases_are_listed_by_name(store: Store) -> None:
    other = a_database(an_id(72), "A_DB")
    write(store, lambda tx: tx.save_database(a_database()), lambda tx: tx.save_database(other))
    assert read(store, lambda r: r.databases()) == (other, a_database())
    assert read(store, lambda r: r.database_named(Name("A_DB"))) == other
    write(store, lambda tx: tx.delete_database(other.id))
    assert read(store, lambda r: r.databases()) == (a_database(),)


def test_sessions_end_one_by_one_or_all_of_a_user(store: Store) -> None:
    more = a_session(an_id(62), "cc")
    others = a_session(an_id(63), "dd", EVE)
    write(store, *[methodcaller("save_session", each) for each in (a_session(), more, others)])
    assert read(store, lambda r: r.session_with("cc")) == more
    answers = write(
        store,
        lambda tx: tx.delete_session(others.id),
        lambda tx: tx.delete_session(others.id),
        lambda tx: tx.delete_sessions_of(BOB),
        lambda tx: tx.delete_sessions_of(BOB),
    )
    assert answers == [True, False, 2, 0]


# ---- events --------------------------------------------------------------------------------


def test_events_are_read_in_order(store: Store) -> None:
    events = (
        UserCreated(id=BOB, name="BOB", owner=None),
        UserChanged(id=BOB, before={"a": [1, None]}, after={"a": {"b": "ü"}}),
        MembersAdded(id=ANALYST, users=(BOB, ANN)),
    )
    seqs = write(
        store,
        *(methodcaller("record", each, at=NOW, actor="ADMIN", request="r1") for each in events),
    )
    found = read(store, lambda r: r.events_after(0, 9))
    assert [recorded.seq for recorded in found] == seqs == sorted(seqs, key=str)
    assert tuple(recorded.event for recorded in found) == events
    assert {(each.at, each.actor, each.request) for each in found} == {(NOW, "ADMIN", "r1")}
    assert read(store, lambda r: r.events_after(found[0].seq, 1)) == found[1:2]

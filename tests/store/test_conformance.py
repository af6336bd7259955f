"""What every store promises of one account: each sentence of `domain.ports` is a test here."""

from collections.abc import Callable
from operator import methodcaller
from typing import TypeVar

import pytest
from msgspec.structs import replace

from builders import NOW, an_id
from builders import a_role as role_of
from builders import a_user as user_of
from rolecall.domain.events import MembersAdded, UserChanged, UserCreated
from rolecall.domain.model import (
    Database,
    Held,
    Integration,
    Kind,
    Member,
    Privilege,
    PrivilegeGrant,
    Revision,
    Role,
    RoleGrant,
    ScimClient,
    SqlSession,
    Token,
    User,
    UserType,
)
from rolecall.domain.names import Id, Key, Name, key_of
from rolecall.domain.ports import Reading, RoleCounts, Store, Transaction
from rolecall.domain.predicate import EVERYTHING, NOTHING, Compare, Field, Operator
from rolecall.store.failures import KeyTaken

T = TypeVar("T")

DEMO_DB, TOKEN, SESSION = an_id(71), an_id(51), an_id(61)
BOB, ANN, EVE = an_id(11), an_id(12), an_id(13)
ANALYST, ADMIN, OWNER = an_id(21), an_id(22), an_id(23)
OKTA, OTHER = an_id(31), an_id(32)
LONG = 1_000_000


def a_user(id: Id = BOB, name: str = "BOB", **fields: object) -> User:
    return user_of(name, id=id, **fields)


def a_role(id: Id = ANALYST, name: str = "ANALYST", **fields: object) -> Role:
    return role_of(name, id=id, **fields)


def a_grant(role: Id, grantee: Id, **fields: object) -> RoleGrant:
    plain = RoleGrant(
        role=role, grantee_kind=Kind.ROLE, grantee=grantee, granted_by=None, created_at=NOW
    )
    return replace(plain, **fields)


def a_privilege(role: Id, **fields: object) -> PrivilegeGrant:
    plain = PrivilegeGrant(
        privilege=Privilege.USAGE,
        kind=Kind.INTEGRATION,
        object=OKTA,
        role=role,
        granted_by=None,
        created_at=NOW,
    )
    return replace(plain, **fields)


def an_integration(id: Id = OKTA, name: str = "OKTA", **fields: object) -> Integration:
    plain = Integration(
        id=id,
        name=Name(name),
        owner=None,
        created_at=NOW,
        scim_client=ScimClient.OKTA,
        run_as_role=OWNER,
        endpoint=an_id(41),
    )
    return replace(plain, **fields)


def a_token(id: Id = TOKEN, verifier: str = "aa", **fields: object) -> Token:
    plain = Token(
        id=id,
        integration=OKTA,
        integration_name=Name("OKTA"),
        verifier=verifier,
        issued_at=NOW,
        expires_at=NOW + LONG,
    )
    return replace(plain, **fields)


def a_session(id: Id = SESSION, verifier: str = "bb", user: Id = BOB) -> SqlSession:
    return SqlSession(id=id, user=user, verifier=verifier, created_at=NOW, expires_at=NOW + LONG)


def a_database(id: Id = DEMO_DB, name: str = "DEMO_DB", owner: Id | None = None) -> Database:
    return Database(id=id, name=Name(name), owner=owner, created_at=NOW)


def write(store: Store, *writes: Callable[[Transaction], object]) -> list[object]:
    return store.transact(1, lambda tx: [each(tx) for each in writes])


def read(store: Store, body: Callable[[Reading], T]) -> T:
    return store.read(1, body)


def people(store: Store) -> None:
    """Bob, Ann and Eve; three roles; Bob and Ann are analysts."""
    write(
        store,
        lambda tx: tx.save_user(a_user(BOB, "BOB", owner=OWNER, display_name="Bob B")),
        lambda tx: tx.save_user(a_user(ANN, "ANN", owner=OWNER)),
        lambda tx: tx.save_user(a_user(EVE, "EVE")),
        lambda tx: tx.save_role(a_role(ANALYST, "ANALYST", owner=OWNER)),
        lambda tx: tx.save_role(a_role(ADMIN, "ADMIN")),
        lambda tx: tx.save_role(a_role(OWNER, "OWNER")),
        lambda tx: tx.add_members(ANALYST, (ANN, BOB), OWNER, "OKTA", NOW),
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
    assert read(store, lambda r: r.find_roles(where, None, None, 0, 9).total) == 2


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
    assert read(store, lambda r: r.find_users(where, None, "OKTA", 0, 9).total) == 2
    assert read(store, lambda r: r.find_users(where, None, "ENTRA", 0, 9).total) == 0
    assert write(store, lambda tx: tx.save_link("OKTA", BOB, None)) == [True]
    assert read(store, lambda r: r.find_users(where, None, "OKTA", 0, 9).total) == 1


def test_known_users_are_those_that_exist(store: Store) -> None:
    people(store)
    asked = (BOB, an_id(99), BOB, Id(""), Id("x\0"), Id("'"))
    assert read(store, lambda r: r.known_users(asked)) == {BOB}


def test_a_dropped_user_leaves_nothing_behind(store: Store) -> None:
    people(store)
    write(
        store,
        lambda tx: tx.save_session(a_session()),
        lambda tx: tx.save_link("OKTA", BOB, "e1"),
        lambda tx: tx.touch(BOB, NOW + 1),
        lambda tx: tx.delete_user(BOB),
    )
    assert read(store, lambda r: r.session(SESSION)) is None
    assert read(store, lambda r: r.groups_of((BOB,))) == {}
    write(store, lambda tx: tx.save_user(a_user()))
    card = read(store, lambda r: r.user_card(BOB, "OKTA"))
    assert card is not None
    assert (card.external_id, card.revision.version) == (None, 1)


# ---- finding -------------------------------------------------------------------------------


def test_a_page_counts_all_and_begins_where_asked(store: Store) -> None:
    people(store)

    def page(start: int, count: int) -> tuple[int, list[Id]]:
        found = read(store, lambda r: r.find_users(EVERYTHING, None, None, start, count))
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
    later = read(store, lambda r: r.find_users(where, frozenset((OWNER,)), "OKTA", 1, 1))
    assert (later.total, later.items) == (2, (read(store, lambda r: r.user_card(ANN, "OKTA")),))


def test_only_what_the_owners_own_is_found(store: Store) -> None:
    people(store)

    def found(owners: frozenset[Id] | None) -> tuple[int, int]:
        users = read(store, lambda r: r.find_users(EVERYTHING, owners, None, 0, 1))
        roles = read(store, lambda r: r.find_roles(EVERYTHING, owners, None, 0, 1))
        return users.total, roles.total

    assert found(frozenset((OWNER, ADMIN))) == (2, 1)
    assert found(frozenset((ADMIN,))) == (0, 0)
    assert found(frozenset()) == (0, 0)
    assert found(None) == (3, 3)
    nothing = read(store, lambda r: r.find_roles(NOTHING, None, None, 0, 9))
    assert (nothing.total, nothing.items) == (0, ())


# ---- roles and members ---------------------------------------------------------------------


def test_roles_are_listed_by_name(store: Store) -> None:
    people(store)
    write(store, lambda tx: tx.save_role(a_role(an_id(99), "zebra", system=True, comment="c")))
    names = [role.name for role in read(store, lambda r: r.roles())]
    assert names == ["ADMIN", "ANALYST", "OWNER", "zebra"]
    assert read(store, lambda r: r.role_named(Name("zebra"))) == read(
        store, lambda r: r.role(an_id(99))
    )


def test_members_are_added_once_and_only_if_they_exist(store: Store) -> None:
    people(store)
    asked = (EVE, BOB, an_id(99), EVE)
    added = write(store, lambda tx: tx.add_members(ANALYST, asked, None, None, NOW))
    assert added == [(EVE,)]
    members = read(store, lambda r: r.members_of(ANALYST, 9))
    assert members[0] == Member(user=BOB, login_name="BOB", display_name="Bob B")
    assert [member.user for member in members] == [BOB, ANN, EVE]
    assert len(read(store, lambda r: r.members_of(ANALYST, 2))) == 2
    more = [
        read(store, lambda r: r.has_more_members(ANALYST, 0)),
        read(store, lambda r: r.has_more_members(ANALYST, len(members) - 1)),
        read(store, lambda r: r.has_more_members(ANALYST, len(members))),
    ]
    assert more == [True, True, False]


def test_members_are_removed_if_they_are_any(store: Store) -> None:
    people(store)
    removed = write(
        store,
        lambda tx: tx.remove_members(ANALYST, (EVE, BOB)),
        lambda tx: tx.remove_members(ANALYST, ()),
        lambda tx: tx.remove_members(ANALYST, None),
        lambda tx: tx.remove_members(ANALYST, None),
    )
    assert removed == [(BOB,), (), (ANN,), ()]


def test_a_thousand_members_are_one_call(store: Store) -> None:
    ids = [an_id(1_000 + n) for n in range(1_000)]
    write(store, *[methodcaller("save_user", a_user(id, f"U{id}")) for id in ids])
    added = write(store, lambda tx: tx.add_members(ANALYST, ids, None, None, NOW))
    assert added == [tuple(ids)]


def test_groups_and_grants_of_a_user_come_by_role(store: Store) -> None:
    people(store)
    write(store, lambda tx: tx.add_members(ADMIN, (BOB,), None, None, NOW))
    groups = read(store, lambda r: r.groups_of((EVE, BOB)))
    assert groups == {
        BOB: (
            Held(role=ANALYST, name=Name("ANALYST"), owner=OWNER, system=False),
            Held(role=ADMIN, name=Name("ADMIN"), owner=None, system=False),
        )
    }
    grant = a_grant(ANALYST, BOB, grantee_kind=Kind.USER, granted_by=OWNER, origin="OKTA")
    assert read(store, lambda r: r.member_grants_to(BOB))[0] == grant
    assert read(store, lambda r: r.member_grants_of(ANALYST, 1)) == (grant,)
    assert len(read(store, lambda r: r.member_grants_of(ANALYST, 9))) == 2


def test_role_grants_are_kept_once(store: Store) -> None:
    people(store)
    grant = a_grant(ANALYST, ADMIN, origin="OKTA", grant_option=True)
    answers = write(
        store,
        lambda tx: tx.save_role_grant(grant),
        lambda tx: tx.save_role_grant(a_grant(ANALYST, ADMIN)),
        lambda tx: tx.save_role_grant(a_grant(ADMIN, OWNER, granted_by=EVE)),
        lambda tx: tx.delete_role_grant(OWNER, ADMIN),
    )
    assert answers == [True, False, True, False]
    assert read(store, lambda r: r.hierarchy()) == (
        grant,
        a_grant(ADMIN, OWNER, granted_by=EVE),
    )
    assert write(store, lambda tx: tx.delete_role_grant(ANALYST, ADMIN)) == [True]
    assert len(read(store, lambda r: r.hierarchy())) == 1


def test_roles_are_counted_where_there_is_something_to_count(store: Store) -> None:
    people(store)
    write(store, lambda tx: tx.save_role_grant(a_grant(ANALYST, ADMIN)))
    assert read(store, lambda r: r.role_counts()) == {
        ANALYST: RoleCounts(assigned_to_users=2, granted_to_roles=1),
        ADMIN: RoleCounts(granted_roles=1),
    }


def test_a_dropped_role_takes_every_grant_along(store: Store) -> None:
    people(store)
    write(
        store,
        lambda tx: tx.save_role_grant(a_grant(OWNER, ADMIN)),
        lambda tx: tx.save_role_grant(a_grant(ADMIN, OWNER)),
        lambda tx: tx.save_role_grant(a_grant(ADMIN, ANALYST, granted_by=OWNER)),
        lambda tx: tx.save_role_grant(a_grant(ANALYST, ADMIN)),
        lambda tx: tx.save_privilege(a_privilege(OWNER)),
        lambda tx: tx.save_privilege(a_privilege(ADMIN, granted_by=OWNER)),
        lambda tx: tx.save_privilege(a_privilege(ADMIN, kind=Kind.ROLE, object=OWNER)),
        lambda tx: tx.save_privilege(a_privilege(ADMIN, kind=Kind.USER, object=OWNER)),
        lambda tx: tx.add_members(OWNER, (EVE,), None, None, NOW),
        lambda tx: tx.save_link("OKTA", OWNER, "g1"),
        lambda tx: tx.touch(OWNER, NOW),
        lambda tx: tx.delete_role(OWNER),
    )
    assert read(store, lambda r: r.hierarchy()) == (a_grant(ANALYST, ADMIN),)
    assert read(store, lambda r: r.privileges_of(OWNER)) == ()
    assert [grant.kind for grant in read(store, lambda r: r.privileges_of(ADMIN))] == [Kind.USER]
    assert read(store, lambda r: r.groups_of((ANN, BOB, EVE))) == {}
    write(store, lambda tx: tx.save_role(a_role(OWNER, "OWNER")))
    card = read(store, lambda r: r.role_card(OWNER, "OKTA"))
    assert card is not None
    assert (card.external_id, card.revision.version) == (None, 1)


# ---- privileges and ownership ----------------------------------------------------------------


def test_a_privilege_is_held_once_and_keeps_a_later_grant_option(store: Store) -> None:
    answers = write(
        store,
        lambda tx: tx.save_privilege(a_privilege(ADMIN)),
        lambda tx: tx.save_privilege(a_privilege(ADMIN, grant_option=True, granted_by=EVE)),
        lambda tx: tx.save_privilege(a_privilege(ADMIN)),
    )
    assert answers == [True, False, False]
    held = (a_privilege(ADMIN, grant_option=True),)
    assert read(store, lambda r: r.privileges_of(ADMIN)) == held
    assert read(store, lambda r: r.privileges_on(Kind.INTEGRATION, OKTA)) == held


def test_privileges_are_taken_one_by_one_or_with_their_object(store: Store) -> None:
    monitor = a_privilege(ADMIN, privilege=Privilege.MONITOR)
    answers = write(
        store,
        lambda tx: tx.save_privilege(a_privilege(ADMIN)),
        lambda tx: tx.save_privilege(a_privilege(OWNER)),
        lambda tx: tx.save_privilege(monitor),
        lambda tx: tx.delete_privilege("MONITOR", Kind.INTEGRATION, OKTA, ADMIN),
        lambda tx: tx.delete_privilege("MONITOR", Kind.INTEGRATION, OKTA, ADMIN),
        lambda tx: tx.delete_privileges_on(Kind.INTEGRATION, OKTA),
        lambda tx: tx.delete_privileges_on(Kind.INTEGRATION, OKTA),
    )
    assert answers == [True, True, True, True, False, 2, 0]


def test_what_a_role_owns_is_listed_by_kind_and_id(store: Store) -> None:
    people(store)
    write(
        store,
        lambda tx: tx.save_database(a_database(owner=OWNER)),
        lambda tx: tx.save_integration(an_integration(owner=OWNER)),
    )
    owned = (
        (Kind.DATABASE, DEMO_DB, "DEMO_DB"),
        (Kind.INTEGRATION, OKTA, "OKTA"),
        (Kind.ROLE, ANALYST, "ANALYST"),
        (Kind.USER, BOB, "BOB"),
        (Kind.USER, ANN, "ANN"),
    )
    assert read(store, lambda r: r.owned_by(OWNER, 9)) == owned
    assert read(store, lambda r: r.owned_by(OWNER, 4)) == owned[:4]
    assert write(store, lambda tx: tx.reassign(OWNER, ADMIN)) == [5]
    assert read(store, lambda r: r.owned_by(ADMIN, 9)) == owned
    assert read(store, lambda r: r.owned_by(OWNER, 9)) == ()
    user = a_user(BOB, "BOB", owner=ADMIN, display_name="Bob B")
    assert read(store, lambda r: r.user(BOB)) == user
    where = frozenset((ADMIN,))
    assert read(store, lambda r: r.find_users(EVERYTHING, where, None, 0, 9).total) == 2


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

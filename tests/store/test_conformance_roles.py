"""What every store promises of roles: members, grants, privileges and ownership."""

from operator import methodcaller

from builders import NOW, an_id
from rolecall.domain.model import (
    Held,
    Kind,
    Member,
    Privilege,
)
from rolecall.domain.names import Name
from rolecall.domain.ports import Asked, RoleCounts, Store
from rolecall.domain.predicate import EVERYTHING
from store_builders import (
    ADMIN,
    ANALYST,
    ANN,
    BOB,
    DEMO_DB,
    EVE,
    OKTA,
    OWNER,
    a_database,
    a_grant,
    a_privilege,
    a_role,
    a_user,
    an_integration,
    people,
    read,
    write,
)

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
    bob = read(store, lambda r: r.user(BOB))
    assert bob is not None
    assert members[0] == Member(user=BOB, login_name="BOB", display_name="Bob B", owner=bob.owner)
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


def test_one_member_comes_and_goes_like_several(store: Store) -> None:
    people(store)
    nobody = an_id(99)
    for user, joined, left in ((EVE, [(EVE,), ()], [(EVE,), ()]), (nobody, [(), ()], [(), ()])):
        into = methodcaller("add_members", ANALYST, (user,), OWNER, "OKTA", NOW)
        out = methodcaller("remove_members", ANALYST, (user,))
        assert write(store, into, into) == joined
        held_by = methodcaller("member_grants_to", user)
        held = read(store, held_by)
        granted = a_grant(ANALYST, user, grantee_kind=Kind.USER, granted_by=OWNER, origin="OKTA")
        assert held == ((granted,) if joined[0] else ())
        assert write(store, out, out) == left
        assert read(store, held_by) == ()


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
    assert read(store, lambda r: r.find_users(Asked(EVERYTHING, where), 0, 9).total) == 2

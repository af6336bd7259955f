"""Pages by key: what comes after an id, in every store, at the same cost at every depth."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from builders import NOW, a_role, a_user, an_id
from rolecall.domain.names import Id
from rolecall.domain.ports import Asked, Reading, Store, Transaction
from rolecall.domain.predicate import EVERYTHING, Compare, Field, Operator
from rolecall.store import statements
from rolecall.store.engine import connect
from rolecall.store.search import Search
from rolecall.store.sqlite import SqliteStore

OWNER = an_id(50)


def directory(store: Store) -> None:
    """Four users and four roles, of which OWNER owns three each."""

    def body(tx: Transaction) -> None:
        for number in range(1, 5):
            owner = None if number == 3 else OWNER
            tx.save_user(a_user(f"USER{number}", id=an_id(number), owner=owner))
            tx.save_role(a_role(f"ROLE{number}", id=an_id(10 + number), owner=owner))
        tx.touch(an_id(2), NOW + 1)
        tx.save_link("OKTA", an_id(2), "e2")
        tx.save_link("OKTA", an_id(12), "e12")

    store.transact(1, body)


Found = Callable[[Reading, str, int], tuple[Id, ...]]


def users(reading: Reading, after: str, count: int) -> tuple[Id, ...]:
    cards = reading.users_after(Asked(EVERYTHING, frozenset((OWNER,)), "OKTA"), after, count)
    return tuple(card.user.id for card in cards)


def roles(reading: Reading, after: str, count: int) -> tuple[Id, ...]:
    cards = reading.roles_after(Asked(EVERYTHING, frozenset((OWNER,)), "OKTA"), after, count)
    return tuple(card.role.id for card in cards)


@pytest.mark.parametrize(("found", "first"), [(users, 1), (roles, 11)])
def test_a_page_begins_above_an_id(store: Store, found: Found, first: int) -> None:
    directory(store)
    ids = [an_id(first + each) for each in (0, 1, 3)]
    assert store.read(1, lambda r: found(r, "", 9)) == tuple(ids)
    assert store.read(1, lambda r: found(r, "", 2)) == tuple(ids[:2])
    assert store.read(1, lambda r: found(r, ids[1], 9)) == (ids[2],)
    assert store.read(1, lambda r: found(r, ids[2], 9)) == ()
    assert store.read(1, lambda r: found(r, "", 0)) == ()


def test_a_page_has_what_matches_with_revision_and_external_id(store: Store) -> None:
    directory(store)
    where = Compare(Field.EXTERNAL_ID, Operator.EQ, "e2")
    (card,) = store.read(1, lambda r: r.users_after(Asked(where, None, "OKTA"), "", 9))
    assert (card.user.id, card.revision.version, card.external_id) == (an_id(2), 2, "e2")
    where = Compare(Field.EXTERNAL_ID, Operator.EQ, "e12")
    (role,) = store.read(1, lambda r: r.roles_after(Asked(where, None, "OKTA"), "", 9))
    assert (role.role.id, role.external_id) == (an_id(12), "e12")


def test_a_page_by_key_goes_straight_to_its_id_and_sorts_nothing(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "rolecall.db").close()
    connection = connect(tmp_path / "rolecall.db")
    search = Search("users", Asked(EVERYTHING, frozenset((OWNER,)), "OKTA"))
    sql, parameters = search.after(1, an_id(7), 100)
    rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
    plan = "\n".join(str(row[3]) for row in rows)
    connection.close()
    assert "users_by_id (account=? AND id>?)" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("owners", [None, [], [50], [49, 50], [*range(40, 49)], [*range(40, 60)]])
@pytest.mark.parametrize(("field", "value"), [(Field.ID, an_id(2)), (Field.EXTERNAL_ID, "e2")])
def test_a_lookup_finds_what_is_owned_by_any_of_few_or_many(
    store: Store, owners: list[int] | None, field: Field, value: str
) -> None:
    directory(store)
    among = None if owners is None else frozenset(map(an_id, owners))
    where = Compare(field, Operator.EQ, value)
    page = store.read(1, lambda r: r.find_users(Asked(where, among, "OKTA"), 0, 9))
    seen = owners is None or 50 in owners
    assert (page.total, [card.user.id for card in page.items]) == (seen, [an_id(2)] * seen)


@pytest.mark.parametrize(
    ("disabled", "known", "added"),
    [
        (True, ("OKTA", "e1"), False),
        (True, ("OKTA", "e2"), True),
        (True, ("ENTRA", "e1"), True),
        (False, ("OKTA", "e1"), True),
        (True, None, True),
    ],
)
def test_a_user_is_not_added_beside_a_disabled_one_of_the_same_link(
    store: Store, *, disabled: bool, known: tuple[str, str] | None, added: bool
) -> None:
    def body(tx: Transaction) -> bool:
        tx.save_user(a_user("BOB", id=an_id(1), disabled=disabled))
        tx.save_link("OKTA", an_id(1), "e1")
        return tx.add_user(a_user("EVE", id=an_id(2)), known)

    assert store.transact(1, body) is added
    assert store.read(1, lambda r: r.user(an_id(2)) is not None) is added
    links = [
        link
        for link in store.read(1, lambda r: r.links_of(None, 0, 9))
        if link.resource == an_id(2)
    ]
    told = [(link.reader, link.external_id) for link in links]
    assert told == ([known] if known is not None and added else [])


@pytest.mark.parametrize("known", [None, ("OKTA", "e2")])
@pytest.mark.parametrize("taken", [{"id": an_id(1)}, {"name": "bob"}, {"login_name": "BOB"}])
def test_a_user_whose_id_or_key_is_taken_is_not_added_and_not_known(
    store: Store, taken: dict[str, object], known: tuple[str, str] | None
) -> None:
    there, asked = a_user("BOB", id=an_id(1)), replace(a_user("EVE", id=an_id(2)), **taken)

    def body(tx: Transaction) -> bool:
        tx.save_user(there)
        return tx.add_user(asked, known)

    assert store.transact(1, body) is False
    assert store.read(1, lambda r: r.user(an_id(1))) == there
    assert store.read(1, lambda r: r.user(an_id(2))) is None
    assert store.read(1, lambda r: r.links_of(None, 0, 9)) == ()


# ---- members ---------------------------------------------------------------------------------


def with_members(store: Store) -> None:
    """ROLE1 to ROLE4 of the directory, of which three have members."""
    directory(store)

    def body(tx: Transaction) -> None:
        for role, users in ((12, (3, 1, 2)), (11, (4,)), (14, (2, 4))):
            tx.add_members(an_id(role), tuple(map(an_id, users)), None, None, NOW)

    store.transact(1, body)


def test_members_begin_above_an_id(store: Store) -> None:
    with_members(store)

    def found(count: int, after: str) -> list[Id]:
        return store.read(1, lambda r: [m.user for m in r.members_of(an_id(12), count, after)])

    assert found(9, "") == [an_id(1), an_id(2), an_id(3)]
    assert found(9, an_id(1)) == [an_id(2), an_id(3)]
    assert found(1, an_id(1)) == [an_id(2)]
    assert found(9, an_id(3)) == []


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 9])
def test_members_of_several_roles_come_by_role_then_user(store: Store, count: int) -> None:
    with_members(store)
    roles = [an_id(each) for each in (14, 11, 13)]
    found = store.read(1, lambda r: r.members_of_each(roles, count))
    expected = [(an_id(11), an_id(4)), (an_id(14), an_id(2)), (an_id(14), an_id(4))]
    assert [(role, member.user) for role, member in found] == expected[:count]
    assert all(member.login_name.startswith("USER") for _, member in found)
    assert store.read(1, lambda r: r.members_of_each((), 9)) == ()


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        (statements.MEMBERS_OF, (1, an_id(11), 9, an_id(2))),
        (statements.MEMBERS_OF_EACH, (1, f'["{an_id(11)}","{an_id(12)}"]', 9)),
    ],
)
def test_members_are_read_in_the_order_of_their_key(
    tmp_path: Path, sql: str, parameters: tuple[int | str, ...]
) -> None:
    SqliteStore(tmp_path / "rolecall.db").close()
    connection = connect(tmp_path / "rolecall.db")
    rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
    plan = "\n".join(str(row[3]) for row in rows)
    connection.close()
    assert "SEARCH m USING PRIMARY KEY (account=? AND role=?" in plan
    assert "TEMP B-TREE" not in plan

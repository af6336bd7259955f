"""What every store promises of held changes and of what was removed lately."""

from operator import methodcaller
from pathlib import Path

import pytest
from msgspec.structs import replace

from builders import NOW, a_role, a_user, an_id
from rolecall.domain.commands import (
    Add,
    AddMembers,
    At,
    ByName,
    ChangeRole,
    ChangeUser,
    DropRole,
    DropUser,
    RemoveMembers,
    RemoveMembersWhere,
    Set,
    SetMembers,
    Unset,
    Versions,
)
from rolecall.domain.held import Act, HeldChange, HeldState, Spell
from rolecall.domain.model import Kind
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Store
from rolecall.domain.predicate import NOTHING, And, Compare, Field, Not, Operator, Or, Predicate
from rolecall.store.sqlite import SqliteStore

ANN, BOB, ANALYST, FIRST, SECOND = (an_id(number) for number in range(1, 6))
OKTA, AAD = Name("OKTA"), Name("AAD")


def a_change(id: Id = FIRST, **fields: object) -> HeldChange:
    plain = HeldChange(
        id=id,
        integration=OKTA,
        fingerprint=f"of {id}",
        act=Act.DROP_USER,
        kind=Kind.USER,
        resource=ANN,
        name="ann",
        removes=1,
        command=DropUser(user=ANN, at=NOW),
        token=None,
        request=an_id(9),
        first_asked=NOW,
        last_asked=NOW,
    )
    return replace(plain, **fields)


def save(store: Store, *changes: HeldChange, number: int = 1) -> None:
    for change in changes:
        store.transact(number, methodcaller("save_held_change", change))


def test_held_changes_are_found_by_id_by_effect_and_by_integration(store: Store) -> None:
    one, other = a_change(), a_change(SECOND, integration=AAD)
    save(store, other, one)
    assert store.read(1, lambda r: r.held_change(FIRST)) == one
    assert store.read(1, lambda r: r.held_change(an_id(99))) is None
    assert store.read(1, lambda r: r.held_change_like(OKTA, f"of {FIRST}")) == one
    assert store.read(1, lambda r: r.held_change_like(AAD, f"of {FIRST}")) is None
    assert store.read(1, lambda r: r.held_changes(None)) == (one, other)
    assert store.read(1, lambda r: r.held_changes(AAD)) == (other,)
    assert store.read(1, lambda r: r.held_changes_about(one.resource)) == (one, other)
    assert store.read(1, lambda r: r.held_changes_about(an_id(99))) == ()
    assert store.read(2, lambda r: r.held_changes_about(one.resource)) == ()
    assert store.read(2, lambda r: r.held_changes(None)) == ()


def test_a_held_change_saved_again_takes_the_place_of_the_first(store: Store) -> None:
    save(store, a_change(), a_change(times=2, last_asked=NOW + 1))
    (found,) = store.read(1, lambda r: r.held_changes(OKTA))
    assert (found.times, found.last_asked) == (2, NOW + 1)
    store.transact(1, lambda tx: tx.delete_held_change(FIRST))
    assert store.read(1, lambda r: r.held_changes(OKTA)) == ()


def test_every_command_that_can_be_held_comes_back_as_it_was(store: Store) -> None:
    entry = Compare(Field.ID, Operator.EQ, "work")
    steps = (
        Set(At("emails", where=And((entry,)), sub="value"), "ann@example.com"),
        Set(At("name"), {"givenName": "Ann", "ids": [1, None, True]}),
        Unset(At("title", extension="urn:x")),
        Add(At("emails"), ({"value": "b@example.com"},)),
    )
    chosen = RemoveMembersWhere(users=Or((entry, Not(entry))), groups=And(()))
    members = (
        AddMembers((ANN,)),
        RemoveMembers(None),
        RemoveMembers((BOB,)),
        chosen,
        SetMembers((ANN,)),
    )
    commands = (
        ChangeUser(user=ANN, changes=steps, at=NOW, versions=Versions((1, 2), (3,)), replaces=True),
        DropUser(user=ByName(Name("ANN")), at=NOW),
        ChangeRole(role=ANALYST, changes=(*members, Set(At("NAME"), "X")), at=NOW),
        DropRole(role=ANALYST, at=NOW),
    )
    for number, command in enumerate(commands, 1):
        change = a_change(an_id(100 + number), command=command)
        save(store, change)
        assert store.read(1, methodcaller("held_change", change.id)) == change


def test_what_was_decided_long_ago_is_forgotten_and_what_waits_is_not(store: Store) -> None:
    old = {"state": HeldState.RELEASED, "decided_at": NOW}
    save(
        store,
        a_change(an_id(11)),
        a_change(an_id(12), **old),
        a_change(an_id(13), state=HeldState.REJECTED, decided_at=NOW + 1),
        a_change(an_id(14), integration=AAD, **old),
    )
    assert store.transact(1, lambda tx: tx.forget_decided_changes(OKTA, NOW + 1)) == 1
    left = [change.id for change in store.read(1, lambda r: r.held_changes(None))]
    assert left == [an_id(11), an_id(13), an_id(14)]


def test_what_was_removed_lately_is_kept_by_integration(store: Store) -> None:
    spells = (Spell(NOW, NOW + 5, 3), Spell(NOW + 6, NOW + 6, 1))
    store.transact(1, lambda tx: tx.save_spells(OKTA, (Spell(NOW, NOW, 1),)))
    store.transact(1, lambda tx: tx.save_spells(OKTA, spells))
    assert store.read(1, lambda r: r.spells_of(OKTA)) == spells
    assert store.read(1, lambda r: r.spells_of(AAD)) == ()
    assert store.read(2, lambda r: r.spells_of(OKTA)) == ()


def test_members_among_some_users_are_found_without_reading_the_others(store: Store) -> None:
    for user in (a_user("ANN", id=ANN, login_name="ANN"), a_user(id=BOB)):
        store.transact(1, methodcaller("save_user", user))
    store.transact(1, lambda tx: tx.save_role(a_role(id=ANALYST)))
    store.transact(1, lambda tx: tx.add_members(ANALYST, (ANN,), None, None, NOW))
    asked = (BOB, ANN, ANN, an_id(99))
    assert store.read(1, lambda r: r.members_among(ANALYST, asked)) == (ANN,)
    assert store.read(1, lambda r: r.members_among(an_id(98), asked)) == ()


def test_how_a_list_of_members_differs_is_told_by_the_store(store: Store) -> None:
    for user in (a_user("ANN", id=ANN, login_name="ANN"), a_user(id=BOB)):
        store.transact(1, methodcaller("save_user", user))
    store.transact(1, lambda tx: tx.save_role(a_role(id=ANALYST)))
    store.transact(1, lambda tx: tx.add_members(ANALYST, (ANN, BOB), None, None, NOW))
    asked = (an_id(99), BOB, BOB, an_id(97), an_id(99))
    assert store.read(1, lambda r: r.members_but(ANALYST, asked)) == (ANN,)
    assert store.read(1, lambda r: r.members_but(ANALYST, ())) == (ANN, BOB)
    assert store.read(1, lambda r: r.members_but(an_id(98), asked)) == ()
    assert store.read(1, lambda r: r.strangers_among(ANALYST, asked)) == (an_id(97), an_id(99))
    assert store.read(1, lambda r: r.strangers_among(ANALYST, (ANN, BOB))) == ()
    assert store.read(1, lambda r: r.strangers_among(an_id(98), (BOB, ANN))) == (ANN, BOB)


def test_what_is_held_outlives_the_process(file: Path) -> None:
    first = SqliteStore(file)
    save(first, a_change())
    first.transact(1, lambda tx: tx.save_spells(OKTA, (Spell(NOW, NOW, 7),)))
    first.close()
    second = SqliteStore(file)
    assert second.read(1, lambda r: r.held_changes(OKTA)) == (a_change(),)
    assert second.read(1, lambda r: r.spells_of(OKTA)) == (Spell(NOW, NOW, 7),)
    second.close()


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (And(()), (ANN, BOB)),
        (NOTHING, ()),
        (Compare(Field.ID, Operator.EQ, BOB), (BOB,)),
        (Not(Compare(Field.ID, Operator.EQ, BOB)), (ANN,)),
        (Compare(Field.DISPLAY_KEY, Operator.EQ, "ann of all"), (ANN,)),
        (Compare(Field.DISPLAY_KEY, Operator.SW, "bob@"), (BOB,)),
        (Compare(Field.DISPLAY_KEY, Operator.EQ, "ann"), ()),
        (Or((Compare(Field.ID, Operator.EQ, None), Compare(Field.ID, Operator.GE, BOB))), (BOB,)),
        (Compare(Field.ID, Operator.EW, f"/{ANN}", before="https://x.example/Users/"), (ANN,)),
    ],
    ids=str,
)
def test_members_are_found_by_id_and_by_the_name_that_is_shown(
    store: Store, where: Predicate, found: tuple[Id, ...]
) -> None:
    named = a_user("ANN", id=ANN, login_name="ann", display_name="Ann of All")
    for user in (named, a_user("BOB", id=BOB, login_name="bob@example.com")):
        store.transact(1, methodcaller("save_user", user))
    other = an_id(98)
    for role in (a_role(id=ANALYST), a_role("OTHER", id=other)):
        store.transact(1, methodcaller("save_role", role))
    store.transact(1, lambda tx: tx.add_members(ANALYST, (ANN, BOB), None, None, NOW))
    assert store.read(1, lambda r: r.members_meeting(ANALYST, where)) == found
    assert store.read(1, lambda r: r.members_meeting(other, where)) == ()

"""The auditor's documented statements are right about a year that was played through both doors.

What is expected is worked out by the simulation itself, from what it did and was answered.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import msgspec
import pytest

from builders import NOW, SECOND, a_token
from rolecall.domain.tables import Cell
from rolecall.fronts.sql import SqlRefusal
from rolecall.select.duck import DuckSelecting
from scim_client import ScimClientInProcess, group_of, user_of
from sql_world import Desk

PAGE = Path(__file__).parents[2] / "docs" / "operations" / "audit.md"
STATEMENTS = dict(
    zip(
        ("variables", "holders", "givers", "leavers", "refusals", "by_hand"),
        re.findall(r"```sql\n(.*?)```", PAGE.read_text(), flags=re.DOTALL),
        strict=True,
    )
)
VARIABLES = STATEMENTS.pop("variables")
DAY = 86_400 * SECOND
MINUTE = 60 * SECOND
RUN_AS = "OKTA_PROVISIONER"

Row = tuple[Cell, ...]


class Person(msgspec.Struct):
    """Somebody as the simulation knows them."""

    id: str
    name: str
    active: bool = True
    gone: bool = False
    asked_to_leave_at: int | None = None
    why: str | None = None


class Group(msgspec.Struct):
    """A role as the simulation knows it: its members, and the roles that inherit it."""

    id: str
    name: str
    members: set[str]
    gone: bool = False


class Year:
    """A year of joiners, movers and leavers, renames and hands, and what is true of it."""

    def __init__(self, duck: DuckSelecting, seed: int) -> None:
        self.random = Random(seed)
        self.desk = Desk(duck)
        self.scim = ScimClientInProcess(self.desk.account)
        self.people: list[Person] = []
        self.groups: list[Group] = []
        self.managers: dict[str, str] = {}
        self.at = NOW
        self.holders: dict[tuple[str, int], set[str]] = {}
        self.given: list[tuple[str, str, int, str]] = []
        self.late: list[Row] = []
        self.refused: list[tuple[int, int]] = []
        self.by_hand: list[tuple[int, str, str]] = []
        self.made = 0
        self.bosses: set[str] = set()
        self.kept: list[Person] = []
        """Whom a hand took from the provider."""

    # ---- playing ----

    def play(self, days: int) -> None:
        """One event or two a day, and a look at who holds what at noon of some days."""
        for _ in range(4):
            self.join()
        for _ in range(3):
            self.found_group()
        self.run("create role managers; grant role managers to role sysadmin")
        for day in range(days):
            self.at = self.moved(NOW + (day + 1) * DAY)
            if day % 150 == 149:
                self.scim.token = str(a_token(self.desk.account, "OKTA", self.at).id)
            act = self.random.choice(self.acts)
            act(self)
            self.at = self.moved(self.at + 12 * 3600 * SECOND)
            if day % 20 == 0:
                self.look()
        self.at = self.moved(self.at + DAY)

    def moved(self, at: int) -> int:
        self.scim.at = self.desk.clock.at = at
        return at

    def later(self, minutes: int) -> None:
        self.at = self.moved(self.at + minutes * MINUTE)

    def run(self, text: str) -> None:
        self.desk.run(text)

    def someone(self, *, active: bool = True) -> Person | None:
        found = [each for each in self.people if not each.gone and each.active is active]
        return self.random.choice(found) if found else None

    def some_group(self) -> Group | None:
        found = [each for each in self.groups if not each.gone]
        return self.random.choice(found) if found else None

    def name(self, kind: str) -> str:
        self.made += 1
        return f"{kind}{self.made}"

    # ---- what happens ----

    def join(self) -> None:
        gone = [each.name for each in self.people if each.gone]
        taken = {each.name for each in (*self.people, *self.kept) if not each.gone}
        again = [name for name in gone if name not in taken]
        name = self.random.choice(again) if again and self.made % 3 == 0 else self.name("p")
        self.made += 1
        answer = self.scim.post("/Users", user_of(name))
        assert answer.status == 201, answer.text
        self.people.append(Person(id=answer.id, name=name))

    def found_group(self) -> None:
        name = self.name("G")
        answer = self.scim.post("/Groups", group_of(name))
        self.groups.append(Group(id=answer.id, name=name, members=set()))

    def move(self) -> None:
        person, group = self.someone(), self.some_group()
        if person is None or group is None:
            return
        joins = person.id not in group.members
        operation = {
            "op": "add" if joins else "remove",
            "path": "members" if joins else f'members[value eq "{person.id}"]',
        } | ({"value": [{"value": person.id}]} if joins else {})
        assert self.scim.patch(f"/Groups/{group.id}", operation).status == 200
        if joins:
            group.members.add(person.id)
            self.given.append((person.id, group.id, self.at, "OKTA"))
        else:
            group.members.discard(person.id)

    def move_by_hand(self) -> None:
        person, group = self.someone(), self.some_group()
        if person is None or group is None or person.id in group.members:
            return
        self.run(f'grant role "{group.name}" to user "{person.name.upper()}"')
        group.members.add(person.id)
        self.given.append((person.id, group.id, self.at, "ann"))
        self.by_hand.append((self.at, "GRANT ROLE", group.name))

    def rename(self) -> None:
        person = self.someone()
        if person is None:
            return
        person.name = self.name("r")
        value = {"op": "replace", "path": "userName", "value": person.name}
        assert self.scim.patch(f"/Users/{person.id}", value).status == 200

    def rename_group(self) -> None:
        group = self.some_group()
        if group is None:
            return
        group.name = self.name("H")
        value = {"op": "replace", "path": "displayName", "value": group.name}
        assert self.scim.patch(f"/Groups/{group.id}", value).status == 200

    def drop_group(self) -> None:
        group = self.some_group()
        if group is None or self.made % 2:
            return
        assert self.scim.delete(f"/Groups/{group.id}").status == 204
        group.gone = True
        group.members.clear()
        self.managers.pop(group.id, None)
        self.found_group()

    def leave(self) -> None:
        person = self.someone()
        if person is None:
            return
        if self.made % 2:
            value = {"op": "replace", "path": "active", "value": False}
            assert self.scim.patch(f"/Users/{person.id}", value).status == 200
            person.active = False
        else:
            assert self.scim.delete(f"/Users/{person.id}").status == 204
            self.forget(person)

    def forget(self, person: Person) -> None:
        person.gone = True
        for group in self.groups:
            group.members.discard(person.id)

    def leave_late(self) -> None:
        """The call is refused, since the user was taken from the provider; a hand ends it later."""
        person = self.someone()
        if person is None:
            return
        named = f'"{person.name.upper()}"'
        self.run(f"grant ownership on user {named} to role sysadmin")
        self.later(1)
        value = {"op": "replace", "path": "active", "value": False}
        called = self.at
        answer = self.scim.patch(f"/Users/{person.id}", value)
        assert answer.status == 404
        self.refused.append((called, 404))
        self.later(5)
        self.scim.delete(f"/Users/{person.id}")
        self.refused.append((self.at, 404))
        wait = self.random.choice([10, 200])
        self.later(wait)
        self.run(f"alter user {named} set disabled = true")
        person.active = False
        self.people.remove(person)
        self.kept.append(person)
        if wait + 5 > 60:
            self.late.append((person.id, called, self.at))

    def return_(self) -> None:
        person = self.someone(active=False)
        if person is None:
            return
        value = {"op": "replace", "path": "active", "value": True}
        assert self.scim.patch(f"/Users/{person.id}", value).status == 200
        person.active = True

    def comment_by_hand(self) -> None:
        person = self.someone()
        if person is None:
            return
        self.run(f"alter user \"{person.name.upper()}\" set comment = '{self.name('c')}'")
        self.by_hand.append((self.at, "ALTER USER", person.name.upper()))

    def inherit(self) -> None:
        """A group's role is granted to MANAGERS, or taken back."""
        group = self.some_group()
        if group is None:
            return
        self.run(
            f'revoke role "{group.name}" from role managers'
            if group.id in self.managers
            else f'grant role "{group.name}" to role managers'
        )
        granted = group.id not in self.managers
        if granted:
            self.managers[group.id] = group.name
        else:
            del self.managers[group.id]
        words = "GRANT ROLE" if granted else "REVOKE ROLE"
        self.by_hand.append((self.at, words, group.name))

    def promote(self) -> None:
        """MANAGERS belongs to the administrator: no object of the provider's changes."""
        person = self.someone()
        if person is None:
            return
        self.run(f'grant role managers to user "{person.name.upper()}"')
        self.bosses.add(person.id)
        self.given.append((person.id, "MANAGERS", self.at, "ann"))

    def be_refused(self) -> None:
        person = self.someone()
        if person is None:
            return
        status = self.scim.post("/Users", user_of(person.name)).status
        self.refused.append((self.at, status))

    acts = (
        join, join, move, move, move, move_by_hand, rename, rename_group, drop_group, leave,
        leave_late, return_, comment_by_hand, inherit, promote, be_refused,
    )  # fmt: skip

    # ---- what is true ----

    def look(self) -> None:
        """Who can use each role now, by name, as far as able to log in."""
        able = {each.id: each.name.upper() for each in self.people if not each.gone and each.active}
        for group in self.groups:
            if group.gone:
                continue
            inherits = group.id in self.managers
            holding = group.members | (self.bosses if inherits else set())
            names = {able[each] for each in holding if each in able}
            # The administrator inherits what SYSADMIN does.
            self.holders[group.name, self.at] = names | ({"ADMIN"} if inherits else set())


@pytest.fixture(scope="module")
def year() -> Iterator[Year]:
    duck = DuckSelecting(memory_megabytes=256)
    played = Year(duck, seed=4)
    played.play(360)
    yield played
    duck.close()


def test_the_page_sets_every_variable_that_a_question_names(duck: DuckSelecting) -> None:
    desk = Desk(duck)
    desk.run(VARIABLES)
    for statement in STATEMENTS.values():
        assert desk.run(statement)


def asked(year: Year, name: str, **variables: object) -> list[Row]:
    for variable, value in variables.items():
        year.run(f"set {variable} = {value!r}")
    return year.desk.rows(STATEMENTS[name])


def test_the_year_was_eventful(year: Year) -> None:
    assert len(year.holders) > 40
    assert sum(bool(holding) for holding in year.holders.values()) > 20
    assert len(year.given) > 40
    assert len(year.late) > 3
    assert len(year.refused) > 20
    assert len(year.by_hand) > 30


def test_who_could_use_a_role_on_a_day(year: Year) -> None:
    for (role, at), expected in year.holders.items():
        day = datetime.fromtimestamp(at / SECOND, UTC).isoformat()
        rows = asked(year, "holders", role_name=role, day=day)
        assert {row[0] for row in rows} == expected, (role, at)


def test_who_gave_a_user_a_role_when_and_through_what(year: Year) -> None:
    people = {each.id: each for each in year.people if not each.gone}
    groups = {each.id: each for each in year.groups if not each.gone}
    checked = 0
    for person in people.values():
        for group in groups.values():
            expected = [
                (at, actor)
                for who, what, at, actor in year.given
                if (who, what) == (person.id, group.id)
            ]
            if not expected:
                continue
            rows = asked(year, "givers", user_name=person.name.upper(), role_name=group.name)
            found = [(row[0], row[1]) for row in rows]
            assert set(expected) <= set(found)
            for row in rows:
                by_provider = row[1] == "OKTA"
                assert (row[2] == "OKTA") is by_provider
                assert (row[3] is not None) is by_provider
                assert (row[4] == "192.0.2.7") is by_provider
                assert row[5] is not None
            checked += 1
    assert checked > 5


def test_which_leavers_stayed_active_for_too_long(year: Year) -> None:
    year.run("set minutes = 60")
    rows = year.desk.rows(STATEMENTS["leavers"])
    assert [row[:3] for row in rows] == year.late
    assert all("not found" in str(row[3]).lower() for row in rows)


def test_what_an_integration_refused_and_why(year: Year) -> None:
    rows = asked(year, "refusals", integration="OKTA")
    assert [(row[0], row[4]) for row in rows] == year.refused
    assert all(row[5] for row in rows)
    assert any("grant ownership" in str(row[6]) for row in rows)


def test_what_was_changed_by_hand_on_what_the_provider_owns(year: Year) -> None:
    rows = asked(year, "by_hand", run_as_role=RUN_AS)
    found = [row for row in rows if row[2] != "GRANT OWNERSHIP"]
    assert [(row[0], row[2], row[4]) for row in found] == year.by_hand
    assert {row[1] for row in rows} == {"ann"}


def test_whoever_monitors_the_account_may_ask_and_nobody_else(year: Year) -> None:
    year.run("create role auditors; grant monitor on account to role auditors")
    year.run("grant role auditors to role accountadmin; use role auditors")
    year.run("use secondary roles none")
    query = "select count(*) > 0 from snowflake.account_usage.changes"
    assert year.desk.rows(query) == [(True,)]
    year.run("use role accountadmin; revoke monitor on account from role auditors")
    year.run("use role auditors")
    with pytest.raises(SqlRefusal):
        year.desk.rows(query)
    year.run("use role accountadmin")

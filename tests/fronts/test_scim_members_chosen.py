"""Members that a path chooses by more than their ids, as RFC 7644 section 3.5.2.2 has it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from builders import an_account
from rolecall.domain.ports import Store
from rolecall.store.memory import MemoryStore
from rolecall.store.sqlite import SqliteStore
from scim_client import URL, ScimClientInProcess


class Team:
    """A group of two users and two groups; one of the users has no name but its login."""

    def __init__(self, store: Store) -> None:
        self.scim = scim = ScimClientInProcess(an_account(store))
        self.ids = {
            "ann": scim.user("ann@example.com", displayName="Ann Straße"),
            "bob": scim.user("bob@example.com"),
            "inner": scim.group("INNER"),
            "outer": scim.group("Outer"),
        }
        self.group = scim.group("TEAM", *self.ids.values())

    def removed_by(self, condition: str) -> set[str]:
        """Who is no member any more."""
        for name, member in self.ids.items():
            condition = condition.replace(f"${name}", member)
        path = f"members[{condition}]"
        answer = self.scim.patch(f"/Groups/{self.group}", {"op": "remove", "path": path})
        assert answer.status == 200, answer.text
        left = self.scim.members(self.group)
        return {name for name, member in self.ids.items() if member not in left}


@pytest.fixture(params=["memory", "sqlite"])
def team(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Team]:
    store: Store = (
        MemoryStore()
        if request.param == "memory"
        else SqliteStore(tmp_path / "rolecall.db", durable=False)
    )
    yield Team(store)
    store.close()


@pytest.mark.parametrize(
    ("condition", "gone"),
    [
        ('type eq "User"', "ann bob"),
        ('type eq "group"', "inner outer"),
        ('TYPE eq "Robot"', ""),
        ('value eq "$ann" and type eq "User"', "ann"),
        ('value eq "$ann" and type eq "Group"', ""),
        ('value eq "$bob" or display eq "ANN STRASSE"', "ann bob"),
        ('display eq "bob@example.com"', "bob"),
        ('display sw "o"', "outer"),
        ('display co "nn"', "ann inner"),
        ('not (value eq "$inner")', "ann bob outer"),
        ('value ne "$inner" and type eq "Group"', "outer"),
        ("value pr", "ann bob inner outer"),
        ("not (display pr)", ""),
        ("value eq null", ""),
        (f'$ref eq "{URL}/Users/$bob"', "bob"),
        (f'$ref sw "{URL}/Groups/"', "inner outer"),
        (f'$ref eq "{URL}/Users/$inner"', ""),
    ],
)
def test_members_that_the_condition_meets_are_removed_and_no_others(
    team: Team, condition: str, gone: str
) -> None:
    assert team.removed_by(condition) == set(gone.split())


def test_a_condition_that_nobody_meets_changes_nothing(team: Team) -> None:
    before = team.scim.get(f"/Groups/{team.group}").json
    assert team.removed_by('display eq "nobody"') == set()
    assert team.scim.get(f"/Groups/{team.group}").json == before


def test_whom_an_operation_has_added_the_next_one_finds(team: Team) -> None:
    eve = team.scim.user("eve", displayName="Eve")
    answer = team.scim.patch(
        f"/Groups/{team.group}",
        {"op": "add", "path": "members", "value": [{"value": eve}]},
        {"op": "remove", "path": 'members[type eq "User"]'},
        {"op": "add", "path": "members", "value": [{"value": team.ids["bob"]}]},
    )
    assert answer.json["meta"]["version"] == 'W/"2"'
    members = team.scim.members(team.group)
    assert members == {team.ids[name] for name in ("bob", "inner", "outer")}


def test_an_operation_after_it_is_blamed_by_its_own_number(team: Team) -> None:
    answer = team.scim.patch(
        f"/Groups/{team.group}",
        {"op": "remove", "path": "members[value pr]"},
        {"op": "add", "path": "members", "value": [{"value": "nobody"}]},
    )
    assert answer.status == 400
    assert answer.json["detail"].startswith("Operations[1]: ")
    assert team.scim.members(team.group) == set(team.ids.values())

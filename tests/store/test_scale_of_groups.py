"""One group at scale: what a change of many members costs in SQL, and that none is ever lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from builders import an_account
from rolecall.store import statements
from rolecall.store.sqlite import SqliteStore
from scim_client import ScimClientInProcess, group_of, patch_of

PEOPLE = 1_100
SIZES = (99, 100, 101, 999, 1_000, 1_001)
"""Groups just below and above every threshold."""


class Crowd:
    """People and groups of several sizes on an embedded store, and the SQL that is executed."""

    def __init__(self, file: Path) -> None:
        self.executed: list[str] = []
        self.store = SqliteStore(file, durable=False, on_statement=self.executed.append)
        self.client = ScimClientInProcess(an_account(self.store))
        self.people = [self.client.user(f"person-{number:04}") for number in range(PEOPLE)]
        self.groups = {
            size: self.client.group(f"group-{size}", *self.people[:size]) for size in SIZES
        }

    def cost(self, method: str, path: str, body: object = None) -> tuple[int, int]:
        """Statements and commits of a request that is carried out, on a warm server."""
        self.client.get("/Users?count=1")
        self.store.flush()
        self.executed.clear()
        answer = self.client.ask(method, path, body)
        executed = list(self.executed)
        assert answer.status < 300, answer.text
        return len(executed), executed.count(statements.BEGIN_WRITE)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    made = Crowd(tmp_path_factory.mktemp("crowd") / "rolecall.db")
    yield made
    made.store.close()


def adding(*people: str) -> list[object]:
    return [{"op": "add", "path": "members", "value": [{"value": one}]} for one in people]


def removing(*people: str) -> list[object]:
    return [{"op": "remove", "path": f'members[value eq "{one}"]'} for one in people]


def test_a_thousand_member_operations_are_one_transaction_and_a_handful_of_statements(
    crowd: Crowd,
) -> None:
    group = crowd.client.group("thousand")
    place = f"/Groups/{group}"
    added = crowd.cost("PATCH", place, patch_of(*adding(*crowd.people[:1_000])))
    assert len(crowd.client.members(group)) == 1_000
    removed = crowd.cost("PATCH", place, patch_of(*removing(*crowd.people[:1_000])))
    assert crowd.client.members(group) == set()
    for count, commits in (added, removed):
        assert commits == 1
        assert count <= 15


@pytest.mark.parametrize("act", [adding, removing])
def test_one_member_costs_the_same_below_and_above_every_threshold(
    crowd: Crowd, act: object
) -> None:
    assert callable(act)
    loner = crowd.people[-1]
    costs = {
        crowd.cost(
            "PATCH",
            f"/Groups/{crowd.groups[size]}?excludedAttributes=members",
            patch_of(*act(loner)),
        )
        for size in SIZES
    }
    assert len(costs) == 1


def test_a_replacement_sends_only_the_difference_to_the_store(crowd: Crowd) -> None:
    group = crowd.client.group("replaced", *crowd.people[:1_000])
    wanted = [*crowd.people[1:1_000], crowd.people[1_050]]
    crowd.cost("PUT", f"/Groups/{group}", group_of("replaced", *wanted))
    assert statements.MEMBERS_OF not in crowd.executed[: crowd.executed.index(statements.COMMIT)]
    events = crowd.client.events()[-2:]
    assert [type(event).__name__ for event in events] == ["MembersRemoved", "MembersAdded"]
    assert [len(getattr(event, "users", ())) for event in events] == [1, 1]
    assert crowd.client.members(group) == set(wanted)


@pytest.mark.parametrize("act", [adding, removing])
def test_a_change_by_id_and_an_answer_without_members_never_read_the_list(
    crowd: Crowd, act: object
) -> None:
    assert callable(act)
    place = f"/Groups/{crowd.groups[1_000]}?excludedAttributes=members"
    crowd.cost("PATCH", place, patch_of(*act(crowd.people[-2])))
    assert statements.MEMBERS_OF not in crowd.executed
    crowd.cost("GET", place)
    assert statements.MEMBERS_OF not in crowd.executed


def test_a_list_of_groups_reads_the_members_of_all_with_one_statement(crowd: Crowd) -> None:
    crowd.cost("GET", "/Groups?count=50")
    assert crowd.executed.count(statements.MEMBERS_OF_EACH) == 1
    assert statements.MEMBERS_OF not in crowd.executed
    crowd.cost("GET", "/Groups?count=50&excludedAttributes=members")
    assert statements.MEMBERS_OF_EACH not in crowd.executed


def test_a_replacement_of_many_is_one_transaction_and_a_handful_of_statements(
    crowd: Crowd,
) -> None:
    group = crowd.client.group("swapped", *crowd.people[:1_000])
    wanted = group_of("swapped", *crowd.people[50:1_050])
    count, commits = crowd.cost("PUT", f"/Groups/{group}?excludedAttributes=members", wanted)
    assert commits == 1
    assert count <= 15


def test_64_changes_of_one_group_at_once_leave_exactly_their_sum(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "rolecall.db", durable=False)
    scim = ScimClientInProcess(an_account(store))
    people = [scim.user(f"person-{number}") for number in range(128)]
    group = scim.group("everybody", *people[64:])

    def change(number: int) -> int:
        operations = adding(people[number]) + removing(people[64 + number])
        return scim.patch(f"/Groups/{group}", *operations).status

    with ThreadPoolExecutor(64) as threads:
        statuses = set(threads.map(change, range(64)))
    assert statuses == {200}
    assert scim.members(group) == set(people[:64])
    assert scim.get(f"/Groups/{group}").json["meta"]["version"] == 'W/"65"'
    store.close()

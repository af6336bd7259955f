"""What each kind of SCIM request may cost in SQL: pinned, so that nobody thickens it unseen."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from builders import NOW, admin, an_account, by, put
from rolecall.domain.commands import ChangeIntegration
from rolecall.store import statements
from rolecall.store.sqlite import SqliteStore
from scim_client import Answered, ScimClientInProcess, group_of, user_of

SMALL, LARGE = 10, 5_000
"""Sizes of the two groups that cost the same (DESIGN contract 9)."""


class Budget:
    """A client on an embedded store, people and groups, and the SQL that its requests make."""

    def __init__(self, file: Path) -> None:
        self._executed: list[str] = []
        self.store = SqliteStore(file, durable=False, on_statement=self._executed.append)
        self.client = ScimClientInProcess(an_account(self.store))
        self.people = [self.client.user(f"person-{number:04}") for number in range(LARGE)]
        self.loner = self.client.user("loner")
        self.groups = {
            size: self.client.group(f"group-of-{size}", *self.people[:size])
            for size in (SMALL, LARGE)
        }

    def forget(self) -> None:
        """What was executed until now doesn't count."""
        self._executed.clear()

    def cost(self, request: "Request") -> tuple[int, int]:
        """Statements and commits of a request, on a warm server that has nothing else to do.

        A write holds its attempt; the attempts of reads are kept in batches, and not counted.
        """
        self.client.get(f"/Users/{self.people[0]}")  # who is in both groups
        self.store.flush()
        self._executed.clear()
        answer = request(self)
        executed = list(self._executed)
        assert answer.status < 300, answer.text
        return len(executed), executed.count(statements.BEGIN_WRITE)


Request = Callable[[Budget], Answered]


@pytest.fixture(scope="module")
def budget(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Budget]:
    made = Budget(tmp_path_factory.mktemp("budget") / "rolecall.db")
    yield made
    made.store.close()


def change_user(budget: Budget, user: int, path: str, value: object) -> Answered:
    operation = {"op": "replace", "path": path, "value": value}
    return budget.client.patch(f"/Users/{budget.people[user]}", operation)


def a_page_after(budget: Budget, number: int) -> Answered:
    """The page of a walk that follows this many people."""
    query = f"/Users?count={number}&attributes=userName&cursor="
    cursor = budget.client.get(query).json["nextCursor"]
    budget.store.flush()
    budget.forget()
    return budget.client.get(query + cursor)


def change_member(budget: Budget, size: int, op: str) -> Answered:
    """Add or remove the one who is in no group, by an answer without members."""
    named = {"path": f'members[value eq "{budget.loner}"]'}
    added = {"path": "members", "value": [{"value": budget.loner}]}
    operation = {"op": op, **(added if op == "add" else named)}
    group = budget.groups[size]
    return budget.client.patch(f"/Groups/{group}?excludedAttributes=members", operation)


# Request, statements, commits. BEGIN and COMMIT are statements too; a write reads first who asks,
# and alone pays for what the bodies of a batch share.
COSTS: dict[str, tuple[Request, int, int]] = {
    "POST a user": (lambda b: b.client.post("/Users", user_of("new")), 8, 1),
    "GET a user by id": (lambda b: b.client.get(f"/Users/{b.people[1]}"), 3, 0),
    "GET a user by userName": (
        lambda b: b.client.get('/Users?filter=userName eq "person-0002"'), 5, 0,
    ),
    "GET nobody by userName": (
        lambda b: b.client.get('/Users?filter=userName eq "nobody"'), 2, 0,
    ),
    "GET nobody by externalId": (
        lambda b: b.client.get('/Users?filter=externalId eq "nobody"'), 2, 0,
    ),
    "PATCH active to false": (lambda b: change_user(b, 3, "active", value=False), 12, 1),
    "PATCH a title": (lambda b: change_user(b, 4, "title", "Guide"), 11, 1),
    "PATCH what is so already": (lambda b: change_user(b, 5, "active", value=True), 8, 1),
    "PUT a user": (
        lambda b: b.client.put(f"/Users/{b.people[6]}", user_of("person-0006", title="Guide")),
        11, 1,
    ),
    "DELETE a user": (lambda b: b.client.delete(f"/Users/{b.people[7]}"), 15, 1),
    "GET 100 users": (lambda b: b.client.get("/Users?count=100"), 5, 0),
    "GET a page after 10 users": (lambda b: a_page_after(b, 10), 3, 0),
    "GET a page after 1000 users": (lambda b: a_page_after(b, 1_000), 3, 0),
    "POST a group": (lambda b: b.client.post("/Groups", group_of("empty")), 10, 1),
    "POST a group with members": (
        lambda b: b.client.post("/Groups", group_of("full", *b.people[20:70])), 14, 1,
    ),
    "GET a group without members": (
        lambda b: b.client.get(f"/Groups/{b.groups[LARGE]}?excludedAttributes=members"), 2, 0,
    ),
    "PATCH one member into a small group": (lambda b: change_member(b, SMALL, "add"), 10, 1),
    "PATCH one member out of a small group": (lambda b: change_member(b, SMALL, "remove"), 10, 1),
    "PATCH one member into a large group": (lambda b: change_member(b, LARGE, "add"), 10, 1),
    "PATCH one member out of a large group": (lambda b: change_member(b, LARGE, "remove"), 10, 1),
}  # fmt: skip


@pytest.mark.parametrize("kind", COSTS)
def test_a_request_costs_what_it_is_known_to_cost(budget: Budget, kind: str) -> None:
    request, known_statements, known_commits = COSTS[kind]
    count, commits = budget.cost(request)
    assert (count, commits) == (known_statements, known_commits), (
        f"{kind} makes {count} statements and {commits} commits, not {known_statements} and "
        f"{known_commits}. If that is meant, say in the commit why, and change COSTS."
    )


def test_a_member_costs_the_same_in_a_group_of_any_size() -> None:
    for act in ("into", "out of"):
        small, large = (COSTS[f"PATCH one member {act} a {size} group"] for size in SIZES)
        assert small[1:] == large[1:]


SIZES = ("small", "large")


def test_groups_cost_no_statement_each_when_caches_are_cold(tmp_path: Path) -> None:
    executed: list[str] = []
    store = SqliteStore(tmp_path / "rolecall.db", durable=False, on_statement=executed.append)
    scim = ScimClientInProcess(an_account(store))
    bob, ann = scim.user("bob"), scim.user("ann")
    for number in range(30):
        scim.group(f"group-{number}", bob, *([ann] if number == 0 else []))
    costs = []
    for user in (ann, bob):
        store.transact(1, lambda tx: tx.bump_generation())
        store.flush()
        executed.clear()
        assert scim.get(f"/Users/{user}").status == 200
        costs.append(len(executed))
    store.close()
    assert costs[0] == costs[1]


def test_the_brake_costs_nothing_while_it_is_off_and_the_same_after_any_number(
    tmp_path: Path,
) -> None:
    """Off: what COSTS says. On: what waits, what went lately, and the new number: three more."""
    executed: list[str] = []
    store = SqliteStore(tmp_path / "rolecall.db", durable=False, on_statement=executed.append)
    client = ScimClientInProcess(an_account(store))
    people = [client.user(f"person-{number:04}") for number in range(200)]

    def cost(user: str) -> int:
        client.get(f"/Users/{people[0]}")
        store.flush()
        executed.clear()
        operation = {"op": "replace", "path": "active", "value": False}
        assert client.patch(f"/Users/{user}", operation).status == 200
        return len(executed)

    off = cost(people[1])
    change = ChangeIntegration(
        integration=by("OKTA"), changes=(put("DEPROVISIONING_LIMIT", 1_000),), at=NOW
    )
    client.account.execute(admin(client.account), change)
    cost(people[2])  # the first one reads anew what the change of the integration made stale
    assert [cost(user) for user in people[3:200]] == [off + 3] * 197
    assert off == COSTS["PATCH active to false"][1]
    store.close()

"""No sequence of requests crosses accounts: the other one neither shows it nor suffers it."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import an_account
from rolecall.domain.ports import Store
from rolecall.fronts.scim import ScimFront
from rolecall.fronts.sql import local_worksheet
from rolecall.fronts.sql_refusals import SqlRefusal
from scim_client import ScimClientInProcess, a_world, group_of, state_of, user_of
from stores import STORES

NAMES = ("ann", "bob", "Ünï")
STATEMENTS = (
    "create user {name}",
    "drop user if exists {name}",
    "create role {name}",
    "grant role {name} to user {name}",
    "alter user {name} set comment = 'x'",
    "drop role if exists {name}",
    "alter account set network_policy_precedence = 'USER'",
    "alter security integration okta set comment = 'x'",
)
NUMBERS = st.integers(0, 30)

STEPS = st.one_of(
    st.tuples(st.just("user"), st.sampled_from(NAMES)),
    st.tuples(st.just("group"), st.sampled_from(NAMES)),
    st.tuples(st.just("get"), NUMBERS),
    st.tuples(st.just("delete"), NUMBERS),
    st.tuples(st.just("member"), NUMBERS),
    st.tuples(st.just("list"), st.sampled_from(("Users", "Groups"))),
    st.tuples(st.just("sql"), st.tuples(st.sampled_from(STATEMENTS), st.sampled_from(NAMES))),
)
PLANS = st.lists(
    # Who asks, whose token is shown, and what is asked.
    st.tuples(st.integers(0, 1), st.integers(0, 1), STEPS),
    max_size=12,
)


class Two:
    """Two accounts in one store; ids of both are known to whoever asks."""

    def __init__(self, store: Store) -> None:
        self.clients = [
            ScimClientInProcess(an_account(store, number, name))
            for number, name in ((1, "ONE"), (2, "TWO"))
        ]
        # Ids of two accounts must differ for a mix-up to show.
        self.clients[1].world = a_world(first=900_000)
        self.clients[1].front = ScimFront(self.clients[1].account, self.clients[1].world)
        self.sheets = [local_worksheet(each.account, each.world, "ann") for each in self.clients]
        self.ids: list[tuple[str, str]] = []

    def ask(self, asker: int, token: int, step: tuple[str, object]) -> str:
        """What the asker's account answers to this; the token may be the other's."""
        client = self.clients[asker]
        authorization = f"Bearer {self.clients[token].token}"
        match step:
            case ("user", str(name)):
                answer = client.ask("POST", "/Users", user_of(name), authorization=authorization)
                self._learn("Users", answer.text)
            case ("group", str(name)):
                answer = client.ask("POST", "/Groups", group_of(name), authorization=authorization)
                self._learn("Groups", answer.text)
            case ("list", str(kind)):
                answer = client.ask("GET", f"/{kind}", authorization=authorization)
            case ("sql", (str(text), str(name))):
                return self._sql(asker, text.format(name=f'"{name}"'))
            case (str(verb), int(number)):
                return self._one(asker, authorization, verb, number)
            case _:
                raise AssertionError(step)
        return answer.text

    def _one(self, asker: int, authorization: str, verb: str, number: int) -> str:
        if not self.ids:
            return ""
        client = self.clients[asker]
        kind, id_ = self.ids[number % len(self.ids)]
        if verb == "get":
            return client.ask("GET", f"/{kind}/{id_}", authorization=authorization).text
        if verb == "delete":
            return client.ask("DELETE", f"/{kind}/{id_}", authorization=authorization).text
        groups = [known for known in self.ids if known[0] == "Groups"]
        if not groups:
            return ""
        group = groups[number % len(groups)][1]
        body = {"Operations": [{"op": "add", "path": "members", "value": [{"value": id_}]}]}
        return client.ask("PATCH", f"/Groups/{group}", body, authorization=authorization).text

    def _sql(self, asker: int, text: str) -> str:
        try:
            return str([answer.table.rows for answer in self.sheets[asker].run(text)])
        except SqlRefusal as refusal:
            return refusal.message

    def _learn(self, kind: str, text: str) -> None:
        _, found, rest = text.partition('"id":"')
        if found:
            self.ids.append((kind, rest.partition('"')[0]))


@pytest.fixture(params=STORES)
def make(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> object:
    return lambda: STORES[request.param](tmp_path_factory.mktemp("apart"))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=PLANS)
def test_what_one_account_is_asked_leaves_the_other_as_it_was(
    make: Callable[[], Store], plan: list[tuple[int, int, tuple[str, object]]]
) -> None:
    store = make()
    try:
        two = Two(store)
        of: list[set[str]] = [set(), set()]
        for asker, token, step in plan:
            other = 1 - asker
            before, known = state_of(two.clients[other].account), len(two.ids)
            told = two.ask(asker, token, step)
            of[asker].update(id_ for _, id_ in two.ids[known:])
            assert state_of(two.clients[other].account) == before
            asked_about = {id_ for _, id_ in two.ids} if "not found" in told else set()
            assert not [id_ for id_ in of[other] - asked_about if f'"id":"{id_}"' in told]
    finally:
        store.close()

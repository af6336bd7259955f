"""Whatever is done to two stores, they read alike: random operations, then every question."""

import shutil
import tempfile
from collections.abc import Callable
from operator import methodcaller
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from builders import NOW, an_attempt, an_id
from builders import a_role as role_of
from builders import a_user as user_of
from rolecall.domain.attempts import Attempt, AttemptKind
from rolecall.domain.errors import Refusal
from rolecall.domain.events import RoleCreated
from rolecall.domain.model import (
    AccessToken,
    Account,
    Database,
    Integration,
    Kind,
    NetworkPolicy,
    NetworkRule,
    Privilege,
    PrivilegeGrant,
    RoleGrant,
    ScimClient,
    SqlSession,
    Token,
)
from rolecall.domain.names import Id, Name, key_of
from rolecall.domain.ports import Asked, Reading, Store, Transaction
from rolecall.domain.predicate import EVERYTHING, Compare, Field, Operator
from rolecall.store.failures import KeyTaken
from rolecall.store.memory import MemoryStore
from rolecall.store.sqlite import SqliteStore

NAMES = ("BOB", "Bob", "Ünï", "straße", "STRASSE", "ı", "I")
Write = Callable[[Transaction], object]

users = st.integers(1, 3).map(an_id)
roles = st.integers(11, 13).map(an_id)
integrations = st.integers(21, 22).map(an_id)
policies = st.integers(71, 72).map(an_id)
objects = st.one_of(users, roles, integrations, policies)
kinds = st.sampled_from((Kind.NETWORK_POLICY, Kind.NETWORK_RULE))
parameters = st.sampled_from(("NETWORK_POLICY", "TIMEZONE"))
access_tokens = st.integers(81, 83).map(an_id)
names = st.sampled_from(NAMES)
times = st.integers(NOW, NOW + 3)
owners = st.none() | roles
readers = st.sampled_from(("OKTA", "ENTRA"))


def saving_user(
    id: Id, name: str, owner: Id | None, email: str | None, verb: str = "save_user"
) -> Write:
    user = user_of(name, id=id, owner=owner, email=email, display_name=email)
    return methodcaller(verb, user)


def saving_role(id: Id, name: str, owner: Id | None) -> Write:
    return methodcaller("save_role", role_of(name, id=id, owner=owner))


def granting(role: Id, grantee: Id, granted_by: Id | None) -> Write:
    grant = RoleGrant(
        role=role, grantee_kind=Kind.ROLE, grantee=grantee, granted_by=granted_by, created_at=NOW
    )
    return methodcaller("save_role_grant", grant)


def permitting(role: Id, kind: Kind, on: Id, granted_by: Id | None, *, option: bool) -> Write:
    grant = PrivilegeGrant(
        privilege=Privilege.USAGE,
        kind=kind,
        object=on,
        role=role,
        granted_by=granted_by,
        created_at=NOW,
        grant_option=option,
    )
    return methodcaller("save_privilege", grant)


def saving_integration(id: Id, name: str, owner: Id | None, role: Id) -> Write:
    integration = Integration(
        id=id,
        name=Name(name),
        owner=owner,
        created_at=NOW,
        scim_client=ScimClient.OKTA,
        run_as_role=role,
        endpoint=an_id(30),
    )
    return methodcaller("save_integration", integration)


def saving_token(id: Id, integration: Id, issued_at: int) -> Write:
    token = Token(
        id=id,
        integration=integration,
        integration_name=Name("OKTA"),
        verifier=f"v{id}",
        issued_at=issued_at,
        expires_at=NOW,
    )
    return methodcaller("save_token", token)


def saving_session(id: Id, user: Id) -> Write:
    session = SqlSession(id=id, user=user, verifier=f"v{id}", created_at=NOW, expires_at=NOW)
    return methodcaller("save_session", session)


def saving_database(id: Id, name: str, owner: Id | None) -> Write:
    database = Database(id=id, name=Name(name), owner=owner, created_at=NOW)
    return methodcaller("save_database", database)


def saving_governed(kind: Kind, id: Id, name: str, owner: Id | None) -> Write:
    if kind is Kind.NETWORK_POLICY:
        policy = NetworkPolicy(id=id, name=Name(name), owner=owner, created_at=NOW)
        return methodcaller("save_governed", kind, policy)
    rule = NetworkRule(id=id, name=Name(name), owner=owner, created_at=NOW, type="IPV4")
    return methodcaller("save_governed", kind, rule)


def saving_access_token(id: Id, user: Id, name: str, verifier: int) -> Write:
    token = AccessToken(
        id=id,
        user=user,
        name=Name(name),
        verifier=f"v{verifier}",
        created_at=NOW,
        expires_at=NOW,
        created_by="BOB",
    )
    return methodcaller("save_access_token", token)


WRITES: st.SearchStrategy[Write] = st.one_of(
    st.builds(saving_user, users, names, owners, st.none() | names),
    st.builds(saving_user, users, names, owners, st.none() | names, st.just("add_user")),
    st.builds(saving_role, roles, names, owners),
    st.builds(saving_role, roles, names, owners),
    st.builds(
        lambda role, several, by, at: methodcaller("add_members", role, several, by, "OKTA", at),
        roles,
        st.lists(users, max_size=4),
        owners,
        times,
    ),
    st.builds(
        lambda role, several: methodcaller("remove_members", role, several),
        roles,
        st.none() | st.lists(users, max_size=3),
    ),
    st.builds(granting, roles, roles, owners),
    st.builds(lambda role, to: methodcaller("delete_role_grant", role, to), roles, roles),
    st.builds(permitting, roles, st.sampled_from(Kind), objects, owners, option=st.booleans()),
    st.builds(
        lambda kind, on, role: methodcaller("delete_privilege", "USAGE", kind, on, role),
        st.sampled_from(Kind),
        objects,
        roles,
    ),
    st.builds(
        lambda kind, on: methodcaller("delete_privileges_on", kind, on),
        st.sampled_from(Kind),
        objects,
    ),
    st.builds(lambda owner, heir: methodcaller("reassign", owner, heir), roles, roles),
    st.builds(saving_integration, integrations, names, owners, roles),
    st.builds(saving_token, st.integers(41, 43).map(an_id), integrations, times),
    st.builds(saving_session, st.integers(51, 53).map(an_id), users),
    st.builds(saving_database, st.integers(61, 62).map(an_id), names, owners),
    st.builds(saving_governed, kinds, policies, names, owners),
    st.builds(
        lambda on, name, value: methodcaller("save_parameter", on, name, value),
        st.one_of(users, integrations),
        parameters,
        st.none() | names,
    ),
    st.builds(saving_access_token, access_tokens, users, names, st.integers(1, 4)),
    st.builds(
        lambda reader, on, text: methodcaller("save_link", reader, on, text),
        readers,
        st.one_of(users, roles),
        st.none() | names,
    ),
    st.builds(lambda on, at: methodcaller("touch", on, at), st.one_of(users, roles), times),
    st.just(methodcaller("bump_generation")),
    st.builds(lambda user: methodcaller("delete_sessions_of", user), users),
    st.builds(lambda user: methodcaller("delete_lapsed_sessions", user, NOW), users),
)
DELETES: st.SearchStrategy[Write] = st.one_of(
    st.builds(lambda user: methodcaller("delete_user", user), users),
    st.builds(lambda role: methodcaller("delete_role", role), roles),
    st.builds(lambda each: methodcaller("delete_integration", each), integrations),
    st.builds(lambda n: methodcaller("delete_database", an_id(n)), st.integers(61, 62)),
    st.builds(lambda n: methodcaller("delete_session", an_id(n)), st.integers(51, 53)),
    st.builds(lambda kind, each: methodcaller("delete_governed", kind, each), kinds, policies),
    st.builds(lambda token: methodcaller("delete_access_token", token), access_tokens),
)


def everything_about(r: Reading) -> list[Any]:
    """Every question that a reading answers, about all that these tests make."""
    where = Compare(Field.EMAIL_KEY, Operator.NE, key_of("BOB"))
    everybody = [an_id(n) for n in range(1, 6)]
    every_role = [an_id(n) for n in range(11, 15)]
    return [
        r.generation(),
        r.find_users(Asked(EVERYTHING, None, "OKTA"), 0, 9),
        r.find_users(Asked(where, frozenset(every_role[:2]), "ENTRA"), 1, 2),
        r.find_roles(Asked(EVERYTHING, None, "OKTA"), 0, 9),
        r.find_roles(Asked(EVERYTHING, frozenset(every_role[1:])), 1, 1),
        [r.users_by_name(EVERYTHING, Name(name), 2) for name in ("", *NAMES)],
        [r.roles_by_name(where, Name(name), 2) for name in ("", *NAMES)],
        [r.user_named(Name(name)) for name in NAMES],
        [r.role_named(Name(name)) for name in NAMES],
        [r.user_with_login(key_of(name)) for name in NAMES],
        [r.users_taking(key_of(one), key_of(other)) for one in NAMES for other in NAMES],
        r.roles(),
        r.known_users(everybody),
        r.groups_of(everybody),
        [r.member_grants_to(user) for user in everybody],
        [(r.members_of(role, 3), r.member_grants_of(role, 3)) for role in every_role],
        r.role_counts(),
        r.hierarchy(),
        [r.privileges_of(role) for role in every_role],
        [(r.member_grants_by(role), r.privileges_by(role)) for role in every_role],
        [r.owned_by(role, 4) for role in every_role],
        r.integrations(),
        r.endpoint_of(Name("BOB")),
        r.tokens_of(None),
        r.tokens_of(an_id(21)),
        r.databases(),
        [r.session(an_id(n)) for n in range(51, 54)],
        [r.governed_all(kind) for kind in (Kind.NETWORK_POLICY, Kind.NETWORK_RULE)],
        [r.governed(Kind.NETWORK_POLICY, an_id(n)) for n in (71, 72)],
        [r.governed_named(Kind.NETWORK_RULE, Name(name)) for name in NAMES],
        [r.parameters(scope) for scope in (*everybody, an_id(21), an_id(22))],
        [r.parameter_scopes("NETWORK_POLICY", name) for name in NAMES],
        [r.access_tokens_of(user) for user in everybody],
        [r.access_token_with(f"v{n}") for n in range(1, 5)],
        r.links_of(None, 0, 9),
        r.links_of("OKTA", 1, 2),
        r.last_attempt(),
        [(each.at, each.event) for each in r.events_after(0, 99)],
        [(each.at, each.event) for each in r.events_about(an_id(1), 3)],
        [(each.at, each.event) for each in r.events_of(("UserCreated", "UserChanged"), 0, 4)],
    ]


class StoresAgree(RuleBasedStateMachine):
    """The memory store is right by its simplicity; the other must not be told from it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.stores: tuple[Store, ...] = (
            MemoryStore(),
            SqliteStore(self.folder / "rolecall.db", durable=False),
        )
        account = Account(
            number=1, id=an_id(99), organization=Name("O"), name=Name("A"), created_at=NOW
        )
        self.write([methodcaller("save_account", account)], refused=False)

    def write(self, writes: list[Write], *, refused: bool) -> None:
        def body(tx: Transaction) -> list[object]:
            answers = [each(tx) for each in writes]
            created = RoleCreated(id=an_id(1), name="X", owner=None)
            tx.record(created, at=NOW, actor="A", request="r")
            if refused:
                raise Refusal
            return answers

        outcomes: list[object] = []
        for store in self.stores:
            try:
                outcomes.append(store.transact(1, body, described))
            except (Refusal, KeyTaken) as error:
                outcomes.append(type(error))
        assert outcomes[0] == outcomes[1]

    @rule(writes=st.lists(WRITES, min_size=2, max_size=9))
    def change(self, writes: list[Write]) -> None:
        self.write(writes, refused=False)

    @rule(write=DELETES)
    def delete(self, write: Write) -> None:
        self.write([write], refused=False)

    @rule(writes=st.lists(WRITES | DELETES, min_size=1, max_size=4))
    def be_refused(self, writes: list[Write]) -> None:
        self.write(writes, refused=True)

    @rule(token=st.integers(41, 43).map(an_id) | access_tokens, at=times)
    def use(self, token: Id, at: int) -> None:
        for store in self.stores:
            store.use(1, token, at)
            store.flush()

    @invariant()
    def read_alike(self) -> None:
        reference, other = (store.read(1, everything_about) for store in self.stores)
        assert other == reference

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        shutil.rmtree(self.folder)


def described(_: object, error: Exception | None) -> Attempt:
    return an_attempt(kind=AttemptKind.STATEMENT, succeeded=error is None)


TestStoresAgree = StoresAgree.TestCase
TestStoresAgree.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)

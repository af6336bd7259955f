"""The one door: all or nothing, judged inside, and what holds whatever is done through it."""

from collections.abc import Callable
from time import monotonic, sleep
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import (
    IDS,
    NOW,
    a_token,
    add_role,
    add_user,
    admin,
    an_account,
    an_attempt,
    an_id,
    by,
    carried_out,
    integration_session,
    put,
)
from rolecall.domain import commands as commands_module
from rolecall.domain.account import HANDLERS, Account, bearer, carry_out
from rolecall.domain.attempts import Attempt
from rolecall.domain.commands import (
    AddMembers,
    At,
    ChangeRole,
    ChangeUser,
    Command,
    CreateRole,
    CreateUser,
    DropRole,
    DropUser,
    GrantOwnership,
    GrantPrivileges,
    GrantRole,
    OpenSession,
    RevokeRole,
    SetMembers,
    Unset,
)
from rolecall.domain.effects import Effect
from rolecall.domain.errors import AlreadyExists, NotFound, Refusal
from rolecall.domain.events import UserCreated
from rolecall.domain.founding import SYSTEM_ROLES
from rolecall.domain.model import Kind, Privilege
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Asked, Reading, Store, Transaction
from rolecall.domain.predicate import EVERYTHING
from rolecall.domain.queries import EventsAfter, OneUser, Roles, Users
from rolecall.domain.session import ActorKind, Session
from rolecall.store.sqlite import SqliteStore

Effects = tuple[Effect, ...]


@pytest.fixture
def account(each_store: Store) -> Account:
    return an_account(each_store)


def a_create(name: str = "BOB") -> CreateUser:
    return CreateUser(id=IDS.new(), name=Name(name), login_name=name, at=NOW)


# ---- founding --------------------------------------------------------------------------------


def test_an_account_is_born_with_its_roles_and_administrator(
    account: Account, local: Session
) -> None:
    assert {card.role.name for card in account.ask(local, Roles()).items} == set(SYSTEM_ROLES)
    (card,) = account.ask(local, Users()).items
    assert (card.user.name, [held.name for held in card.groups]) == ("ADMIN", ["ACCOUNTADMIN"])


def test_local_reaches_all_that_accountadmin_inherits(account: Account, local: Session) -> None:
    add_user(account, local, "BOB")
    add_role(account, local, "CLERKS")
    assert account.ask(local, Users()).total == 2


def test_the_system_itself_is_asked_nothing(account: Account, local: Session) -> None:
    system = msgspec.structs.replace(local, actor_kind=ActorKind.SYSTEM, role=Id("nobody"))
    carried_out(account, system, DropUser(user=by("ADMIN"), at=NOW))
    carried_out(
        account,
        system,
        GrantRole(role=by("ORGADMIN"), grantee_kind=Kind.ROLE, grantee=by("SYSADMIN"), at=NOW),
    )
    assert account.ask(system, Users()).total == 0
    assert account.ask(system, EventsAfter(after=0)) != ()
    add_user(account, system, "BOB")


# ---- all or nothing --------------------------------------------------------------------------


def test_commands_are_carried_out_in_order_and_their_history_is_kept(
    account: Account, local: Session
) -> None:
    last = account.ask(local, EventsAfter(after=0))[-1].seq
    bob = a_create()
    account.execute(local, bob, ChangeUser(user=bob.id, changes=(put("COMMENT", "x"),), at=NOW))
    created, changed = account.ask(local, EventsAfter(after=last))
    assert created.event == UserCreated(id=bob.id, name="BOB", owner=local.role)
    assert (changed.seq > created.seq, changed.actor, changed.request) == (
        True,
        "local",
        local.request,
    )


def test_one_refusal_undoes_all_commands(account: Account, local: Session) -> None:
    bob = a_create()
    with pytest.raises(AlreadyExists):
        account.execute(local, bob, a_create())
    with pytest.raises(NotFound):
        account.ask(local, OneUser(user=bob.id))


def test_the_attempt_is_kept_with_a_refusal_too(account: Account, local: Session) -> None:
    said: list[str] = []

    def describe(effects: Effects | None, error: Exception | None) -> Attempt:
        said.append(f"{effects} {type(error).__name__}")
        return an_attempt(method="DELETE", status=404, succeeded=False)

    with pytest.raises(NotFound):
        account.execute(local, DropUser(user=an_id(7), at=NOW), describe=describe)
    (noted,) = account.store.read(1, lambda r: r.attempts_after(0, 9))
    assert (noted.attempt.status, said) == (404, ["None NotFound"])


def test_submitting_tells_after_the_commit(account: Account, local: Session) -> None:
    told: list[Effects | None] = []
    account.submit(local, (a_create(),), None, lambda effects, _error: told.append(effects))
    carried_out(account, local, a_create("EVE"))
    assert [len(effects or ()) for effects in told] == [1]


def test_an_account_is_busy_while_its_store_writes_and_says_when_that_is_over(
    account: Account, local: Session
) -> None:
    carried_out(account, local, a_create("EVE"))
    assert account.busy() == isinstance(account.store, SqliteStore)
    deadline = monotonic() + 30
    while account.busy() and monotonic() < deadline:
        sleep(0.01)
    assert not account.busy()


# ---- before there is a session ---------------------------------------------------------------


def test_a_verifier_finds_its_token_and_integration(account: Account) -> None:
    okta = integration_session(account)
    token = a_token(account)
    found = account.moment(lambda reading: bearer(reading, token.verifier))
    assert found is not None
    assert (found.token, found.integration and found.integration.id) == (token, okta.integration_id)
    assert account.moment(lambda reading: bearer(reading, "unknown")) is None


def test_a_login_name_is_found_in_any_case(account: Account) -> None:
    found = account.login("aDmIn")
    assert found is not None
    assert found.name == "ADMIN"
    assert account.login("nobody") is None


def test_a_session_s_verifier_finds_it_and_its_user(account: Account, local: Session) -> None:
    bob = add_user(account, local, "BOB")
    carried_out(
        account,
        local,
        OpenSession(id=IDS.new(), user=bob, verifier="v", at=NOW, expires_at=NOW + 9),
    )
    found = account.login_session("v")
    assert found is not None
    assert (found[0].user, found[1] and found[1].name) == (bob, "BOB")
    assert account.login_session("unknown") is None


def test_an_account_s_session_is_nothing_to_another(each_store: Store, account: Account) -> None:
    other = an_account(each_store, 2, "OTHER")
    for session in (admin(account), integration_session(account)):
        with pytest.raises(Refusal):
            other.ask(session, Users())


# ---- what holds whatever is done -------------------------------------------------------------

NAMES = ("ANN", "BEN", "CAT")
ROLE_NAMES = ("R0", "R1", "R2", "R3")
SECRET = "argon2id-secret"
a_name = st.sampled_from(NAMES).map(Name)
a_user_ref = a_name.map(by)
a_role_ref = st.sampled_from((*ROLE_NAMES, "SYSADMIN", "PUBLIC")).map(by)
a_number = st.integers(0, 40)
a_change = st.one_of(
    st.builds(lambda text: put("COMMENT", text), st.sampled_from(["a", "b"])),
    st.builds(lambda off: put("DISABLED", off), st.booleans()),
    st.just(put("PASSWORD", SECRET)),
    st.just(Unset(At("COMMENT"))),
    st.builds(lambda name: put("NAME", name), a_name),
)


def numbered(make: Callable[[Id, str], Command]) -> st.SearchStrategy[Command]:
    return st.builds(
        lambda number, name: make(an_id(number + 1), name), a_number, st.sampled_from(NAMES)
    )


commands: st.SearchStrategy[Command] = st.one_of(
    numbered(lambda id, name: CreateUser(id=id, name=Name(name), login_name=name, at=NOW)),
    numbered(
        lambda id, name: CreateUser(
            id=id, name=Name(name), login_name=name, at=NOW, or_replace=True
        )
    ),
    st.builds(
        lambda number, name: CreateRole(id=an_id(number + 100), name=Name(name), at=NOW),
        a_number,
        st.sampled_from(ROLE_NAMES),
    ),
    st.builds(
        lambda user, change: ChangeUser(user=user, changes=(change,), at=NOW), a_user_ref, a_change
    ),
    st.builds(lambda user: DropUser(user=user, at=NOW), a_user_ref),
    st.builds(lambda role: DropRole(role=role, at=NOW), a_role_ref),
    st.builds(
        lambda role, user: GrantRole(role=role, grantee_kind=Kind.USER, grantee=user, at=NOW),
        a_role_ref,
        a_user_ref,
    ),
    st.builds(
        lambda role, heir: GrantRole(role=role, grantee_kind=Kind.ROLE, grantee=heir, at=NOW),
        a_role_ref,
        a_role_ref,
    ),
    st.builds(
        lambda role, heir: RevokeRole(role=role, grantee_kind=Kind.ROLE, grantee=heir, at=NOW),
        a_role_ref,
        a_role_ref,
    ),
    st.builds(
        lambda kind, ref, heir: GrantOwnership(kind=kind, object=ref, role=heir, at=NOW),
        st.sampled_from([Kind.USER, Kind.ROLE]),
        a_user_ref | a_role_ref,
        a_role_ref,
    ),
    st.builds(
        lambda role, numbers: ChangeRole(
            role=role, changes=(SetMembers(tuple(an_id(n + 1) for n in numbers)),), at=NOW
        ),
        a_role_ref,
        st.lists(a_number, max_size=2),
    ),
    st.builds(
        lambda role, number: ChangeRole(
            role=role, changes=(AddMembers((an_id(number + 1),)),), at=NOW
        ),
        a_role_ref,
        a_number,
    ),
    st.builds(
        lambda role: GrantPrivileges(
            privileges=(Privilege.CREATE_USER,), kind=Kind.ACCOUNT, object=None, role=role, at=NOW
        ),
        a_role_ref,
    ),
)
sequences = st.lists(st.tuples(st.sampled_from(["local", "okta"]), commands), max_size=25)


class World:
    """An account in memory, its administrator and an integration, and all that it holds."""

    def __init__(self) -> None:
        self.account = an_account()
        self.sessions = {
            "local": admin(self.account),
            "okta": integration_session(self.account),
        }

    def try_(self, who: str, command: Command) -> Effect | Refusal:
        try:
            return carried_out(self.account, self.sessions[who], command)
        except Refusal as refusal:
            return refusal

    def state(self) -> tuple[object, ...]:
        return self.account.store.read(1, held)


def held(reading: Reading) -> tuple[object, ...]:
    users = reading.find_users(Asked(EVERYTHING, None, "OKTA"), 0, 1_000).items
    roles = reading.find_roles(Asked(EVERYTHING, None, "OKTA"), 0, 1_000).items
    members = [reading.member_grants_of(card.role.id, 1_000) for card in roles]
    powers = [reading.privileges_of(card.role.id) for card in roles]
    return users, roles, members, powers, reading.hierarchy(), reading.events_after(0, 10_000)


@given(sequences)
def test_what_is_owned_is_never_without_an_owner(steps: list[tuple[str, Command]]) -> None:
    world = World()
    for who, command in steps:
        world.try_(who, command)
    roles = world.account.store.read(1, lambda r: r.roles())
    users = world.account.store.read(1, lambda r: r.find_users(Asked(EVERYTHING), 0, 99))
    there = {role.id for role in roles}
    assert {card.user.owner for card in users.items} <= there
    assert {role.owner for role in roles if not role.system} <= there


@given(sequences)
def test_no_role_ever_inherits_itself(steps: list[tuple[str, Command]]) -> None:
    world = World()
    for who, command in steps:
        world.try_(who, command)
    edges = world.account.store.read(1, lambda r: {(g.grantee, g.role) for g in r.hierarchy()})
    paths = edges
    for _ in range(12):
        paths = paths | {(a, d) for a, b in paths for c, d in edges if b == c}
    assert not [path for path in paths if path[0] == path[1]]


@given(sequences)
def test_a_refused_command_leaves_the_state_as_it_was(
    steps: list[tuple[str, Command]],
) -> None:
    world = World()
    for who, command in steps:
        before = world.state()
        if isinstance(world.try_(who, command), Refusal):
            assert world.state() == before


class Undone(Exception):
    """Ends a body with what it had done, so that the same one runs again from the same state."""

    def __init__(self, effects: Effects) -> None:
        super().__init__()
        self.effects = effects


def undone(body: Callable[[Transaction], Effects]) -> Callable[[Transaction], None]:
    def first(tx: Transaction) -> None:
        raise Undone(body(tx))

    return first


@given(sequences)
def test_a_body_that_runs_twice_has_the_same_effect(steps: list[tuple[str, Command]]) -> None:
    world = World()
    for who, command in steps:
        first = undone(carry_out(world.sessions[who], (command,)))
        with pytest.raises((Undone, Refusal)) as ended:
            world.account.store.transact(1, first)
        again = world.try_(who, command)
        assert getattr(ended.value, "effects", None) in ((again,), None)
        assert isinstance(again, Refusal) is isinstance(ended.value, Refusal)


@given(sequences)
def test_scim_changes_nothing_that_it_does_not_own(steps: list[tuple[str, Command]]) -> None:
    world = World()
    okta = world.sessions["okta"]
    for who, command in steps:
        before = world.account.store.read(1, lambda r: foreign(r, okta.role))
        world.try_(who, command)
        if who == "okta":
            after = world.account.store.read(1, lambda r: foreign(r, okta.role))
            assert before.items() <= after.items()


def foreign(reading: Reading, role: Id) -> dict[Id, object]:
    """What the role neither owns nor inherits the ownership of, with its members."""
    reach = {role}
    for _ in range(12):
        reach |= {grant.role for grant in reading.hierarchy() if grant.grantee in reach}
    reach |= {found.id for found in reading.roles() if found.name == "PUBLIC"}
    for _ in range(12):
        reach |= {grant.role for grant in reading.hierarchy() if grant.grantee in reach}
    users = reading.find_users(Asked(EVERYTHING), 0, 99).items
    return {
        **{card.user.id: card for card in users if card.user.owner not in reach},
        **{found.id: found for found in reading.roles() if found.owner not in reach},
    }


@given(sequences)
def test_no_event_holds_a_secret(steps: list[tuple[str, Command]]) -> None:
    world = World()
    for who, command in steps:
        world.try_(who, command)
    told = msgspec.json.encode(world.account.store.read(1, lambda r: r.events_after(0, 10_000)))
    assert b"argon2id" not in told
    assert b"verifier" not in told


def test_every_command_has_its_handler() -> None:
    named = {name for name, each in vars(commands_module).items() if "at" in fields_of(each)}
    named |= TIMELESS
    assert {command.__name__ for command in get_args(Command)} == named - CHANGES
    assert named - CHANGES == {command.__name__ for command in HANDLERS}


CHANGES = {"Set", "Unset", "Add", "Remove"}
TIMELESS = {"PurgeHistory"}
"""Commands that keep no time."""


def fields_of(each: object) -> tuple[str, ...]:
    return getattr(each, "__struct_fields__", ())

"""Random administrators against forty lines of rules: who may do and see what must agree.

Three users, ACCOUNTADMIN and a SCIM integration create, change, grant, revoke, give away and
drop the same few users and roles, in every store.
"""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from builders import IDS, NOW, add_role, add_user, admin, an_account, by, put, user_session
from rolecall.domain.commands import (
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
    RevokePrivileges,
    RevokeRole,
)
from rolecall.domain.errors import (
    AlreadyExists,
    CircularGrant,
    NotAuthorized,
    NotFound,
    Refusal,
)
from rolecall.domain.model import Kind, Privilege
from rolecall.domain.names import Name
from rolecall.domain.ports import Store
from rolecall.domain.queries import OneRole, OneUser, Query
from rolecall.store.memory import MemoryStore
from rolecall.store.sqlite import SqliteStore
from scim_client import ScimClientInProcess

ADMIN, SCIM = "ACCOUNTADMIN", "OKTA_PROVISIONER"
CHIEFS = ("CHIEF0", "CHIEF1", "CHIEF2")
USERS, ROLES = ("U0", "U1", "U2"), ("R0", "R1", "R2")
POWERS = (Privilege.MANAGE_GRANTS, Privilege.CREATE_USER, Privilege.CREATE_ROLE)
actors = st.sampled_from((ADMIN, *CHIEFS))
users, roles = st.sampled_from(USERS), st.sampled_from(ROLES)
things = st.sampled_from((*USERS, *ROLES))
grantees = st.sampled_from((*ROLES, *CHIEFS, SCIM))
powers = st.sampled_from(POWERS)


class Rules(msgspec.Struct):
    """The rules of access (reference section 7), as short as they can be said.

    `grants` are (role, grantee): grantor, to roles and users; `powers` are (privilege, role):
    grantor. Actors are called by the role that they act as.
    """

    owner: dict[str, str] = {}
    grants: dict[tuple[str, str], str] = {}
    powers: dict[tuple[str, str], str] = {}

    def reach(self, role: str) -> set[str]:
        found = {role}
        while more := {r for r, grantee in self.grants if grantee in found} - found:
            found |= more
        return found

    def has(self, actor: str, power: str) -> bool:
        return any((power, role) in self.powers for role in self.reach(actor))

    def owns(self, actor: str, thing: str) -> bool:
        return self.owner.get(thing) in self.reach(actor)

    def manages(self, actor: str) -> bool:
        return actor != SCIM and self.has(actor, "MANAGE GRANTS")

    def sees(self, actor: str, thing: str) -> bool:
        held = actor != SCIM and thing in self.reach(actor)
        return thing in self.owner and (held or self.manages(actor) or self.owns(actor, thing))

    def judge(self, actor: str, thing: str, *, manager: bool) -> str:
        if self.owns(actor, thing) or (manager and self.sees(actor, thing) and self.manages(actor)):
            return "done"
        return "denied" if self.sees(actor, thing) else "absent"

    def drop(self, actor: str, thing: str) -> None:
        del self.owner[thing]
        self.owner = {t: actor if by == thing else by for t, by in self.owner.items()}
        self.grants = {g: by for g, by in self.grants.items() if thing not in (*g, by)}
        self.powers = {p: by for p, by in self.powers.items() if thing not in (p[1], by)}


SAID: dict[type[Refusal], str] = {
    NotAuthorized: "denied",
    NotFound: "absent",
    AlreadyExists: "taken",
    CircularGrant: "circle",
}
STATUSES = {200: "done", 201: "done", 204: "done", 403: "denied", 404: "absent", 409: "taken"}


def kind_of(thing: str) -> Kind:
    return Kind.USER if thing in USERS else Kind.ROLE


class AccessMachine(RuleBasedStateMachine):
    """One account in a store, its actors' sessions, and the rules beside them."""

    def new_store(self) -> Store:
        return MemoryStore()

    def __init__(self) -> None:
        super().__init__()
        self.store = self.new_store()
        self.account = an_account(self.store)
        self.scim = ScimClientInProcess(self.account)
        self.local = admin(self.account)
        self.sessions = {ADMIN: self.local}
        self.model = Rules(
            owner=dict.fromkeys((*CHIEFS, SCIM), ADMIN),
            grants={(SCIM, ADMIN): ADMIN},
            powers={(power.value, ADMIN): "" for power in POWERS}
            | {("CREATE USER", SCIM): ADMIN, ("CREATE ROLE", SCIM): ADMIN},
        )
        for chief in CHIEFS:
            person = add_user(self.account, self.local, f"PERSON_{chief}")
            add_role(self.account, self.local, chief, person)
            self.sessions[chief] = user_session(self.account, f"PERSON_{chief}", chief)
        for chief, power in zip(CHIEFS, POWERS, strict=True):
            self.empower(ADMIN, power, chief, gives=True)
        self.empower(ADMIN, Privilege.CREATE_USER, CHIEFS[2], gives=True)
        self.texts = count()

    def teardown(self) -> None:
        self.store.close()

    def outcome(self, actor: str, command: Command) -> str:
        try:
            self.account.execute(self.sessions[actor], command)
        except Refusal as refusal:
            return SAID[type(refusal)]
        return "done"

    def scim_id(self, thing: str) -> str:
        """The id by which SCIM knows it; of what is absent, one that nothing has."""
        user = self.store.read(1, lambda r: r.user_named(Name(thing)))
        role = self.store.read(1, lambda r: r.role_named(Name(thing)))
        found = user or role
        return "nobody" if found is None else found.id

    # ---- what administrators do ----

    @rule(actor=actors, thing=things)
    def create(self, actor: str, thing: str) -> None:
        name, power = Name(thing), f"CREATE {kind_of(thing)}"
        made: Command = CreateRole(id=IDS.new(), name=name, at=NOW)
        if thing in USERS:
            made = CreateUser(id=IDS.new(), name=name, login_name=thing, at=NOW)
        expected = "taken" if thing in self.model.owner else "done"
        if not self.model.has(actor, power):
            expected = "denied"
        assert self.outcome(actor, made) == expected
        if expected == "done":
            self.model.owner[thing] = actor

    @rule(actor=actors, thing=things)
    def alter(self, actor: str, thing: str) -> None:
        change = (put("COMMENT", str(next(self.texts))),)
        command: Command = ChangeRole(role=by(thing), changes=change, at=NOW)
        if thing in USERS:
            command = ChangeUser(user=by(thing), changes=change, at=NOW)
        expected = self.model.judge(actor, thing, manager=False)
        assert self.outcome(actor, command) == expected

    @rule(actor=actors, thing=things)
    def drop(self, actor: str, thing: str) -> None:
        command: Command = DropRole(role=by(thing), at=NOW)
        if thing in USERS:
            command = DropUser(user=by(thing), at=NOW)
        expected = self.model.judge(actor, thing, manager=False)
        assert self.outcome(actor, command) == expected
        if expected == "done":
            self.model.drop(actor, thing)

    @rule(actor=actors, role=roles, to=grantees | users)
    def grant(self, actor: str, role: str, to: str) -> None:
        expected = self.model.judge(actor, role, manager=True)
        if expected == "done" and to not in self.model.owner:
            expected = "absent"
        if expected == "done" and to in self.model.reach(role):
            expected = "circle"
        command = GrantRole(role=by(role), grantee_kind=kind_of(to), grantee=by(to), at=NOW)
        assert self.outcome(actor, command) == expected
        if expected == "done":
            self.model.grants.setdefault((role, to), self.model.owner[role])

    @rule(actor=actors, role=roles, source=grantees | users)
    def revoke(self, actor: str, role: str, source: str) -> None:
        expected = self.model.judge(actor, role, manager=True)
        if expected == "done" and source not in self.model.owner:
            expected = "absent"
        kind = kind_of(source)
        command = RevokeRole(role=by(role), grantee_kind=kind, grantee=by(source), at=NOW)
        assert self.outcome(actor, command) == expected
        if expected == "done":
            self.model.grants.pop((role, source), None)

    @rule(actor=actors, power=powers, role=grantees, gives=st.booleans())
    def empower(self, actor: str, power: Privilege, role: str, *, gives: bool) -> None:
        expected = "done" if self.model.manages(actor) else "denied"
        if expected == "done" and role not in self.model.owner:
            expected = "absent"
        make: Callable[..., Command] = GrantPrivileges if gives else RevokePrivileges
        command = make(privileges=(power,), kind=Kind.ACCOUNT, object=None, role=by(role), at=NOW)
        assert self.outcome(actor, command) == expected
        if expected == "done" and gives:
            self.model.powers.setdefault((power.value, role), actor)
        elif expected == "done":
            self.model.powers.pop((power.value, role), None)

    @rule(actor=actors, thing=things, heir=grantees)
    def give_away(self, actor: str, thing: str, heir: str) -> None:
        expected = self.model.judge(actor, thing, manager=True)
        if expected == "done" and heir not in self.model.owner:
            expected = "absent"
        command = GrantOwnership(kind=kind_of(thing), object=by(thing), role=by(heir), at=NOW)
        assert self.outcome(actor, command) == expected
        if expected == "done":
            self.model.owner[thing] = heir

    # ---- what an identity provider does ----

    @rule(thing=things)
    def scim_post(self, thing: str) -> None:
        body = {"userName": thing} if thing in USERS else {"displayName": thing}
        expected = "taken" if thing in self.model.owner else "done"
        if not self.model.has(SCIM, f"CREATE {kind_of(thing)}"):
            expected = "denied"
        assert STATUSES[self.scim.post(self.path(thing), body).status] == expected
        if expected == "done":
            self.model.owner[thing] = SCIM

    @rule(thing=things)
    def scim_delete(self, thing: str) -> None:
        expected = self.model.judge(SCIM, thing, manager=False)
        answer = self.scim.delete(f"{self.path(thing)}/{self.scim_id(thing)}")
        assert STATUSES[answer.status] == expected
        if expected == "done":
            self.model.drop(SCIM, thing)

    @rule(role=roles, user=users)
    def scim_adds_a_member(self, role: str, user: str) -> None:
        member = {"value": self.scim_id(user)}
        operation = {"op": "add", "path": "members", "value": [member]}
        path = f"/Groups/{self.scim_id(role)}"
        expected = self.model.judge(SCIM, role, manager=False)
        if expected == "done" and user not in self.model.owner:
            assert self.scim.patch(path, operation).status == 400
            return
        assert STATUSES[self.scim.patch(path, operation).status] == expected
        if expected == "done":
            self.model.grants.setdefault((role, user), self.model.owner[role])

    @staticmethod
    def path(thing: str) -> str:
        return "/Users" if thing in USERS else "/Groups"

    # ---- who sees what ----

    @invariant()
    def everybody_sees_what_the_rules_say(self) -> None:
        for thing in (*USERS, *ROLES):
            seen = self.scim.get(f"{self.path(thing)}/{self.scim_id(thing)}").status == 200
            assert seen == self.model.sees(SCIM, thing), (SCIM, thing)
            for actor, session in self.sessions.items():
                query: Query[object] = OneRole(role=by(thing))
                if thing in USERS:
                    query = OneUser(user=by(thing))
                try:
                    self.account.ask(session, query)
                    found = True
                except NotFound:
                    found = False
                assert found == self.model.sees(actor, thing), (actor, thing)


class SqliteAccessMachine(AccessMachine):
    """The same over the embedded store."""

    def new_store(self) -> Store:
        self.folder = TemporaryDirectory()
        return SqliteStore(Path(self.folder.name) / "model.db")

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


TestAccessInMemory = AccessMachine.TestCase
TestAccessInMemory.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestAccessInTheFile = SqliteAccessMachine.TestCase
TestAccessInTheFile.settings = settings(max_examples=8, stateful_step_count=30, deadline=None)

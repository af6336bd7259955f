"""Random administrators against a page of rules: who may do and see what must agree, and how.

Three users, one of them with all of its roles at once, ACCOUNTADMIN and a SCIM integration create,
change, grant, pass on, revoke, give away and drop the same few users and roles, in every store.
"""

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
    PassedOn,
    Refusal,
)
from rolecall.domain.model import Kind, Privilege
from rolecall.domain.names import Name
from rolecall.domain.ports import Reading, Store
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
PEOPLE = tuple(f"PERSON_{chief}" for chief in CHIEFS)
grantees = st.sampled_from((*ROLES, *CHIEFS, SCIM))
holders = st.sampled_from((*ROLES, *CHIEFS, SCIM, *USERS, PEOPLE[2]))
powers = st.sampled_from(POWERS)


class Grant(msgspec.Struct):
    """By which role, and whether the grantee may pass it on."""

    by: str
    option: bool = False


class Rules(msgspec.Struct):
    """The rules of access (reference section 7), as short as they can be said.

    `grants` are (role or privilege, grantee). Actors are called by the role that they act as;
    `person` is whose user one is, `all_roles` who acts as all that the user holds.
    """

    owner: dict[str, str]
    grants: dict[tuple[str, str], Grant]
    person: dict[str, str]
    all_roles: str

    def reach(self, *starts: str) -> set[str]:
        found = set(starts)
        while more := {what for what, grantee in self.grants if grantee in found} - found:
            found |= more
        return found

    def active(self, actor: str) -> set[str]:
        return self.reach(actor, *([self.person[actor]] if actor == self.all_roles else []))

    def owns(self, actor: str, thing: str) -> bool:
        return self.owner.get(thing) in self.active(actor)

    def manages(self, actor: str) -> bool:
        return actor != SCIM and "MANAGE GRANTS" in self.active(actor)

    def sees(self, actor: str, thing: str) -> bool:
        held = actor != SCIM and thing in self.reach(self.person.get(actor, actor))
        return thing in self.owner and (held or self.manages(actor) or self.owns(actor, thing))

    def judge(self, actor: str, thing: str, *, manager: bool) -> str:
        if self.owns(actor, thing) or (manager and self.sees(actor, thing) and self.manages(actor)):
            return "done"
        return "denied" if self.sees(actor, thing) or thing in POWERS else "absent"

    def passers(self, actor: str, what: str) -> set[str]:
        """The roles that may pass it on in whose place the actor stands, the primary first."""
        found = {g for (w, g), grant in self.grants.items() if w == what and grant.option}
        found &= self.active(actor)
        return found & {actor} or found

    def grantors(self, actor: str, what: str) -> set[str]:
        """In whose name the actor may grant it: one of these."""
        if self.owns(actor, what):
            return {self.owner[what]}
        by_office = {self.owner.get(what, actor)} if self.manages(actor) else set()
        return self.passers(actor, what) or by_office

    def resting(self, held: tuple[str, str]) -> list[tuple[str, str]]:
        """The grants that end with this one: what its holder passed on, at any distance."""
        found: list[tuple[str, str]] = []
        holders = [held[1]] if self.grants[held].option else []
        for holder in holders:
            if holder != self.owner.get(held[0]):
                fresh = [k for k, g in self.grants.items() if (k[0], g.by) == (held[0], holder)]
                fresh = [key for key in fresh if key not in (held, *found)]
                found += fresh
                holders += [grantee for _, grantee in fresh]
        return found

    def drop(self, actor: str, thing: str) -> None:
        made = [key for key, grant in self.grants.items() if grant.by == thing]
        ended = {*made, *(deeper for key in made for deeper in self.resting(key))}
        self.grants = {k: g for k, g in self.grants.items() if k not in ended and thing not in k}
        del self.owner[thing]
        self.owner = {t: actor if by == thing else by for t, by in self.owner.items()}


SAID: dict[type[Refusal], str] = {
    NotAuthorized: "denied",
    NotFound: "absent",
    AlreadyExists: "taken",
    CircularGrant: "circle",
    PassedOn: "passed on",
}
STATUSES = {200: "done", 201: "done", 204: "done", 403: "denied", 404: "absent", 409: "taken"}


def kind_of(thing: str) -> Kind:
    return Kind.USER if thing in USERS or thing in PEOPLE else Kind.ROLE


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
            owner=dict.fromkeys((*CHIEFS, *PEOPLE, SCIM), ADMIN),
            grants={(power.value, ADMIN): Grant(by="") for power in POWERS}
            | {(what, SCIM): Grant(by=ADMIN) for what in ("CREATE USER", "CREATE ROLE")}
            | {(SCIM, ADMIN): Grant(by=ADMIN)},
            person=dict(zip(CHIEFS, PEOPLE, strict=True)),
            all_roles=CHIEFS[2],
        )
        for chief in CHIEFS:
            name = self.model.person[chief]
            person = add_user(self.account, self.local, name)
            add_role(self.account, self.local, chief, person)
            self.sessions[chief] = user_session(
                self.account, name, chief, secondary=chief == self.model.all_roles
            )
            self.model.grants[chief, name] = Grant(by=ADMIN)
        for chief, power in zip(CHIEFS, POWERS, strict=True):
            self.empower(ADMIN, power, chief, gives=True, option=False)
        self.empower(ADMIN, Privilege.CREATE_USER, CHIEFS[2], gives=True, option=True)
        self.texts = count()
        for thing in (*USERS, *ROLES):
            self.create(ADMIN, thing)
        for role, chief in zip(ROLES, CHIEFS, strict=True):
            self.grant(ADMIN, role, chief, option=True)

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
        if power not in self.model.reach(actor):
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

    @rule(actor=actors, role=roles, to=holders, option=st.booleans())
    def grant(self, actor: str, role: str, to: str, *, option: bool) -> None:
        option = option and kind_of(to) is Kind.ROLE
        expected = self.allowed(actor, role, to)
        if expected == "done" and to in self.model.reach(role):
            expected = "circle"
        command = GrantRole(
            role=by(role), grantee_kind=kind_of(to), grantee=by(to), grant_option=option, at=NOW
        )
        assert self.outcome(actor, command) == expected
        if expected == "done":
            self.granted(actor, (role, to), option=option)

    @rule(
        actor=actors,
        role=roles,
        source=holders,
        present=st.none() | st.integers(0, 50),
        cascade=st.booleans(),
        option=st.booleans(),
    )
    def revoke(
        self,
        actor: str,
        role: str,
        source: str,
        *,
        present: int | None,
        cascade: bool,
        option: bool,
    ) -> None:
        granted = [key for key in self.model.grants if key[0] in ROLES]
        if present is not None and granted:
            role, source = granted[present % len(granted)]
        expected = self.revocable(actor, (role, source), cascade=cascade)
        command = RevokeRole(
            role=by(role),
            grantee_kind=kind_of(source),
            grantee=by(source),
            at=NOW,
            cascade=cascade,
            option_only=option,
        )
        assert self.outcome(actor, command) == expected
        if expected == "done":
            self.revoked((role, source), option=option)

    @rule(actor=actors, power=powers, role=grantees, gives=st.booleans(), option=st.booleans())
    def empower(
        self, actor: str, power: Privilege, role: str, *, gives: bool, option: bool
    ) -> None:
        expected = self.revocable(actor, (power.value, role), cascade=True)
        command: Command = RevokePrivileges(
            privileges=(power,),
            kind=Kind.ACCOUNT,
            object=None,
            role=by(role),
            at=NOW,
            cascade=True,
            option_only=option,
        )
        if gives:
            expected = self.allowed(actor, power.value, role)
            command = GrantPrivileges(
                privileges=(power,),
                kind=Kind.ACCOUNT,
                object=None,
                role=by(role),
                at=NOW,
                grant_option=option,
            )
        assert self.outcome(actor, command) == expected
        if expected == "done" and gives:
            self.granted(actor, (power.value, role), option=option)
        elif expected == "done":
            self.revoked((power.value, role), option=option)

    @rule(place=st.integers(0, 50), to=grantees, option=st.booleans())
    def pass_on(self, place: int, to: str, *, option: bool) -> None:
        """What the likes of `grant` and `empower` seldom hit: a holder grants on."""
        passing = [key for key, grant in self.model.grants.items() if grant.option]
        passing = [key for key in passing if key[1] in CHIEFS]
        if not passing:
            return
        what, holder = passing[place % len(passing)]
        if what in ROLES:
            self.grant(holder, what, to, option=option)
        else:
            self.empower(holder, Privilege(what), to, gives=True, option=option)

    @rule(actor=actors, place=st.integers(0, 50), cascade=st.booleans(), option=st.booleans())
    def take_back(self, actor: str, place: int, *, cascade: bool, option: bool) -> None:
        """A role from one who can pass it on."""
        passing = [key for key, grant in self.model.grants.items() if grant.option]
        passing = [key for key in passing if key[0] in ROLES]
        if passing:
            role, holder = passing[place % len(passing)]
            self.revoke(actor, role, holder, present=None, cascade=cascade, option=option)

    def allowed(self, actor: str, what: str, other: str) -> str:
        """Whether the actor may grant it to the other, or take it back."""
        if not self.model.grantors(actor, what) or (what in ROLES and what not in self.model.owner):
            return self.model.judge(actor, what, manager=False)
        return "done" if other in self.model.owner else "absent"

    def granted(self, actor: str, key: tuple[str, str], *, option: bool) -> None:
        present = self.kept().get(key)
        assert present is not None
        held = self.model.grants.get(key)
        if held is None:
            assert present.by in self.model.grantors(actor, key[0])
            self.model.grants[key] = Grant(by=present.by, option=option)
        else:
            held.option = held.option or option

    def revocable(self, actor: str, key: tuple[str, str], *, cascade: bool) -> str:
        expected, held = self.allowed(actor, *key), self.model.grants.get(key)
        if expected != "done" or held is None:
            return expected
        by_office = self.model.owns(actor, key[0]) or (
            self.model.manages(actor) and not self.model.passers(actor, key[0])
        )
        if not by_office and held.by not in self.model.active(actor):
            return "denied"
        return "done" if cascade or not self.model.resting(key) else "passed on"

    def revoked(self, key: tuple[str, str], *, option: bool) -> None:
        if key not in self.model.grants:
            return
        for deeper in self.model.resting(key):
            del self.model.grants[deeper]
        if option:
            self.model.grants[key].option = False
        else:
            del self.model.grants[key]

    def kept(self) -> dict[tuple[str, str], Grant]:
        """The grants as the store has them, but for what system roles hold from birth."""

        def read(reading: Reading) -> dict[tuple[str, str], Grant]:
            people = [reading.user_named(Name(name)) for name in (*USERS, *PEOPLE)]
            names: dict[str | None, str] = {role.id: role.name for role in reading.roles()}
            names |= {user.id: user.name for user in people if user is not None}
            held = list(reading.hierarchy())
            for user in people:
                held += [] if user is None else reading.member_grants_to(user.id)
            given = reading.privileges_on(Kind.ACCOUNT, reading.account().id)
            kept = {(each.role, each.grantee): each for each in held if each.granted_by}
            found = {
                (names[role], names[grantee]): Grant(by=names[g.granted_by], option=g.grant_option)
                for (role, grantee), g in kept.items()
            }
            return found | {
                (g.privilege.value, names[g.role]): Grant(
                    by=names[g.granted_by], option=g.grant_option
                )
                for g in given
            }

        return self.store.read(1, read)

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
        if f"CREATE {kind_of(thing)}" not in self.model.reach(SCIM):
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
            self.model.grants.setdefault((role, user), Grant(by=self.model.owner[role]))

    @staticmethod
    def path(thing: str) -> str:
        return "/Users" if thing in USERS else "/Groups"

    # ---- what is granted, and who sees what ----

    @invariant()
    def the_store_keeps_the_grants_of_the_rules(self) -> None:
        made = {key: grant for key, grant in self.model.grants.items() if grant.by}
        assert self.kept() == made

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

"""Who held what is told by the events about it alone, and is what really was."""

from copy import deepcopy

from hypothesis import given, settings
from hypothesis import strategies as st

from builders import NOW, admin, an_account, an_id, put
from rolecall.domain.commands import (
    ChangeRole,
    ChangeUser,
    Command,
    CreateRole,
    CreateUser,
    DropRole,
    DropUser,
    GrantRole,
    RevokeRole,
)
from rolecall.domain.errors import Refusal
from rolecall.domain.holders import Holder, RoleHolders
from rolecall.domain.model import Kind
from rolecall.domain.names import Id, Name
from rolecall.domain.queries import GrantRecord, GrantRecords, MembershipRecords

STEP = 1_000_000
NAMES = ("A", "B", "C")
DEEDS = st.tuples(
    st.sampled_from(
        [
            "user",
            "role",
            "drop_user",
            "drop_role",
            "rename",
            "disable",
            "enable",
            "grant",
            "grant",
            "grant",
            "revoke",
            "inherit",
            "inherit",
            "disinherit",
        ]
    ),
    st.integers(0, 9),
    st.integers(0, 9),
    st.sampled_from(NAMES),
)
Told = set[tuple[str, bool, str, int]]


class World:
    """An account, and what a careful observer writes down of it after every second."""

    def __init__(self) -> None:
        self.account = an_account()
        self.at = NOW
        self.made = 0
        self.roles: dict[Id, str] = {}
        self.users: dict[Id, tuple[str, bool]] = {}
        self.members: dict[tuple[Id, Id], int] = {}
        self.heirs: set[tuple[Id, Id]] = set()
        self.written: list[tuple[int, World]] = []

    def new(self) -> Id:
        self.made += 1
        return an_id(self.made)

    def does(self, command: Command) -> bool:
        try:
            self.account.execute(admin(self.account, self.at), command)
        except Refusal:
            return False
        return True

    def step(self, deed: str, first: int, second: int, name: str) -> None:
        self.at += STEP
        roles, users = sorted(self.roles), sorted(self.users)
        role = roles[first % len(roles)] if roles else an_id(99)
        other = roles[second % len(roles)] if roles else an_id(98)
        user = users[second % len(users)] if users else an_id(97)
        {
            "user": lambda: self.user(f"U{name}"),
            "role": lambda: self.role(name),
            "drop_user": lambda: self.drop_user(user),
            "drop_role": lambda: self.drop_role(role),
            "rename": lambda: self.rename(role, name),
            "disable": lambda: self.turn(user, disabled=True),
            "enable": lambda: self.turn(user, disabled=False),
            "grant": lambda: self.grant(role, user),
            "revoke": lambda: self.revoke(role, user),
            "inherit": lambda: self.inherit(role, other),
            "disinherit": lambda: self.disinherit(role, other),
        }[deed]()
        self.write_down()

    def user(self, name: str) -> None:
        id = self.new()
        if self.does(CreateUser(id=id, name=Name(name), login_name=name, at=self.at)):
            self.users[id] = (name, False)

    def role(self, name: str) -> None:
        id = self.new()
        if self.does(CreateRole(id=id, name=Name(name), at=self.at)):
            self.roles[id] = name

    def drop_user(self, user: Id) -> None:
        if self.does(DropUser(user=user, at=self.at)):
            del self.users[user]
            self.members = {k: v for k, v in self.members.items() if k[1] != user}

    def drop_role(self, role: Id) -> None:
        if self.does(DropRole(role=role, at=self.at)):
            del self.roles[role]
            self.members = {k: v for k, v in self.members.items() if k[0] != role}
            self.heirs = {pair for pair in self.heirs if role not in pair}

    def rename(self, role: Id, name: str) -> None:
        if self.does(ChangeRole(role=role, changes=(put("NAME", name),), at=self.at)):
            self.roles[role] = name

    def turn(self, user: Id, *, disabled: bool) -> None:
        if self.does(ChangeUser(user=user, changes=(put("DISABLED", disabled),), at=self.at)):
            self.users[user] = (self.users[user][0], disabled)

    def grant(self, role: Id, user: Id) -> None:
        given = GrantRole(role=role, grantee_kind=Kind.USER, grantee=user, at=self.at)
        if self.does(given):
            self.members.setdefault((role, user), self.at)

    def revoke(self, role: Id, user: Id) -> None:
        taken = RevokeRole(role=role, grantee_kind=Kind.USER, grantee=user, at=self.at)
        if self.does(taken):
            self.members.pop((role, user), None)

    def inherit(self, role: Id, heir: Id) -> None:
        given = GrantRole(role=role, grantee_kind=Kind.ROLE, grantee=heir, at=self.at)
        if self.does(given):
            self.heirs.add((role, heir))

    def disinherit(self, role: Id, heir: Id) -> None:
        taken = RevokeRole(role=role, grantee_kind=Kind.ROLE, grantee=heir, at=self.at)
        if self.does(taken):
            self.heirs.discard((role, heir))

    def write_down(self) -> None:
        """What is true now, for later."""
        account, written = self.account, self.written
        del self.account, self.written
        page = deepcopy(self)
        self.account, self.written = account, written
        self.written.append((self.at, page))

    def expected(self, name: str) -> Told:
        """User, whether able to log in, the role held, and since when."""
        reached = [role for role, called in self.roles.items() if called == name]
        for role in reached:
            reached += [heir for held, heir in self.heirs if held == role and heir not in reached]
        return {
            (self.users[user][0], not self.users[user][1], self.roles[role], since)
            for (role, user), since in self.members.items()
            if role in reached
        }


def said(holders: tuple[Holder, ...]) -> Told:
    """Who isn't the account's own administrator; nobody is told twice."""
    found = [one for one in holders if one.name != "ADMIN"]
    told = {(one.name or "", one.active, one.path[0] or "", one.granted_at or 0) for one in found}
    assert len(told) == len(found)
    return told


@settings(max_examples=60)
@given(deeds=st.lists(DEEDS, min_size=5, max_size=40))
def test_the_holders_of_a_role_are_those_who_were(deeds: list[tuple[str, int, int, str]]) -> None:
    world = World()
    for deed in (("role", 0, 0, "A"), ("user", 0, 0, "A"), ("grant", 0, 0, "A"), *deeds):
        world.step(*deed)
    session = admin(world.account, world.at)
    for at, page in world.written:
        for name in NAMES:
            holders = world.account.ask(session, RoleHolders(role=name, at=at))
            assert said(holders) == page.expected(name), (name, (at - NOW) // STEP)


@settings(max_examples=40)
@given(deeds=st.lists(DEEDS, min_size=5, max_size=40))
def test_grants_that_are_asked_for_by_name_are_those_among_all(
    deeds: list[tuple[str, int, int, str]],
) -> None:
    world = World()
    for deed in (("role", 0, 0, "A"), ("user", 0, 0, "A"), ("grant", 0, 0, "A"), *deeds):
        world.step(*deed)
    session = admin(world.account, world.at)

    def asked(query: MembershipRecords) -> list[str]:
        return sorted(map(repr, world.account.ask(session, query)))

    everything = world.account.ask(session, MembershipRecords())
    for name in (*NAMES, "ACCOUNTADMIN"):
        assert asked(MembershipRecords(roles=(name,))) == listed(everything, name=name)
    for name in ("UA", "UB", "ADMIN", "NOBODY"):
        assert asked(MembershipRecords(users=(name,))) == listed(everything, grantee_name=name)
    grants = world.account.ask(session, GrantRecords())
    fewer = world.account.ask(session, GrantRecords(owners_of_users=False))
    owned = [one for one in grants if one.granted_on is Kind.USER and one.privilege == "OWNERSHIP"]
    assert {repr(one) for one in grants} - {repr(one) for one in fewer} <= set(map(repr, owned))
    assert sorted(map(repr, fewer)) == sorted(repr(one) for one in grants if one not in owned)


def listed(records: tuple[GrantRecord, ...], **said: str) -> list[str]:
    return sorted(
        repr(record)
        for record in records
        if all(getattr(record, name) == value for name, value in said.items())
    )

"""Lists by name: LIKE, STARTS WITH, LIMIT and FROM mean the same in every store."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW, add_role, add_user, admin, an_account, by, carried_out, user_session
from rolecall.domain.account import Account
from rolecall.domain.commands import GrantOwnershipOfAll, GrantPrivileges
from rolecall.domain.errors import NotAuthorized
from rolecall.domain.model import Kind, Privilege
from rolecall.domain.names import Id
from rolecall.domain.narrowing import Narrowing, matcher
from rolecall.domain.queries import (
    GrantsOn,
    OneUser,
    Roles,
    RoleSummaries,
    SimilarNames,
    Users,
    UserSummaries,
)
from rolecall.domain.session import Session
from stores import STORES

PEOPLE = ("ANN", "Anna", "BEN", "B_N", "B%N", "ÄNNE", "ZOË", "ann b")


@pytest.fixture(scope="module", params=STORES)
def people(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Account]:
    store = STORES[request.param](tmp_path_factory.mktemp("narrowing"))
    account = an_account(store)
    for name in PEOPLE:
        add_user(account, admin(account), name)
        add_role(account, admin(account), name)
    yield account
    store.close()


def shown(account: Account, narrowing: Narrowing) -> list[str]:
    rows = account.ask(admin(account), UserSummaries(narrowing=narrowing))
    return [row.user.name for row in rows]


@pytest.mark.parametrize(
    ("narrowing", "names"),
    [
        (Narrowing(like="an%"), ["ANN", "Anna", "ann b"]),
        (Narrowing(like="B_N"), ["B%N", "BEN", "B_N"]),
        (Narrowing(like=r"b\_n"), ["B_N"]),
        (Narrowing(like=r"b\%n"), ["B%N"]),
        (Narrowing(like="%ë"), ["ZOË"]),
        (Narrowing(starts_with="An"), ["Anna"]),
        (Narrowing(limit=2), ["ADMIN", "ANN"]),
        (Narrowing(limit=2, after="AN"), ["Anna", "B%N"]),
        (Narrowing(like="b%", after="B"), ["BEN", "B_N"]),
        (Narrowing(after="nobody"), []),
    ],
)
def test_users_are_listed_by_name_as_asked(
    people: Account, narrowing: Narrowing, names: list[str]
) -> None:
    assert shown(people, narrowing) == names


def test_roles_are_listed_alike(people: Account) -> None:
    rows = people.ask(admin(people), RoleSummaries(narrowing=Narrowing(like="an%", limit=2)))
    assert [row.role.name for row in rows] == ["ANN", "Anna"]


def test_a_list_longer_than_a_page_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rolecall.domain.narrowing.PAGE_ROWS", 2)
    account = an_account()
    for number in range(7):
        add_user(account, admin(account), f"U{number}")
    assert shown(account, Narrowing(like="u%")) == [f"U{number}" for number in range(7)]


@given(st.text("ab%_\\.*", max_size=8), st.text("ab%_\\.*", max_size=8))
def test_a_pattern_never_means_more_than_its_wildcards(pattern: str, text: str) -> None:
    found = matcher(pattern).fullmatch(text)
    if not set(pattern) & {"%", "_", "\\"}:
        assert bool(found) == (pattern == text)


# ---- sight -----------------------------------------------------------------------------------


@pytest.fixture
def bob(account: Account, local: Session) -> Id:
    return add_user(account, local, "BOB")


def test_monitor_on_one_user_shows_that_user(
    account: Account, local: Session, okta: Session, bob: Id
) -> None:
    own = add_user(account, okta, "EVE")
    monitor = GrantPrivileges(
        privileges=(Privilege.MONITOR,), kind=Kind.USER, object=bob, role=okta.role, at=NOW
    )
    assert [card.user.id for card in account.ask(okta, Users()).items] == [own]
    carried_out(account, local, monitor)
    found = account.ask(okta, Users())
    assert (found.total, {card.user.id for card in found.items}) == (2, {own, bob})
    assert account.ask(okta, OneUser(user=bob)).user.name == "BOB"
    assert account.ask(okta, Roles()).total == 0


def test_others_see_on_the_account_what_their_own_roles_hold(
    account: Account, local: Session, bob: Id
) -> None:
    role = add_role(account, local, "CLERK", bob)
    power = GrantPrivileges(
        privileges=(Privilege.CREATE_USER,), kind=Kind.ACCOUNT, object=None, role=role, at=NOW
    )
    carried_out(account, local, power)
    everything = account.ask(local, GrantsOn(kind=Kind.ACCOUNT, object=None))
    mine = account.ask(user_session(account, "BOB"), GrantsOn(kind=Kind.ACCOUNT, object=None))
    assert [row.grantee_name for row in mine] == ["CLERK"]
    assert len(everything) > len(mine)


def test_similar_names_are_those_that_the_session_sees(
    account: Account, local: Session, bob: Id
) -> None:
    add_role(account, local, "Analysts")
    for kind, name, found in (
        (Kind.ROLE, "ANALYSTS", ("Analysts",)),
        (Kind.USER, "bob", ("BOB",)),
        (Kind.DATABASE, "demo_db", ("DEMO_DB",)),
        (Kind.INTEGRATION, "x", ()),
        (Kind.NETWORK_POLICY, "x", ()),
        (Kind.TOKEN, "x", ()),
    ):
        assert account.ask(local, SimilarNames(kind=kind, name=name)) == found
    stranger = user_session(account, "BOB")
    assert account.ask(stranger, SimilarNames(kind=Kind.ROLE, name="ANALYSTS")) == ()
    assert bob == stranger.user


def test_all_that_a_role_owns_is_given_away_by_who_may(
    account: Account, local: Session, bob: Id
) -> None:
    role = add_role(account, local, "CLERK")
    seen = GrantPrivileges(
        privileges=(Privilege.MONITOR,), kind=Kind.ROLE, object=role, role=by("PUBLIC"), at=NOW
    )
    carried_out(account, local, seen)
    give = GrantOwnershipOfAll(kind=Kind.USER, owner=role, role=by("PUBLIC"), at=NOW)
    with pytest.raises(NotAuthorized):
        carried_out(account, user_session(account, "BOB"), give)
    assert account.ask(local, OneUser(user=bob)).user.owner == local.role

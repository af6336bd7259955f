"""What every store promises of policies, rules, parameters, access tokens and listed histories."""

from collections.abc import Callable, Sequence
from operator import methodcaller
from pathlib import Path

import pytest
from msgspec.structs import replace

from builders import NOW, a_role, a_user, an_id
from rolecall.domain.events import UserChanged, UserCreated, UserDropped
from rolecall.domain.model import (
    AccessToken,
    Governed,
    Integration,
    Kind,
    NetworkPolicy,
    NetworkRule,
    Privilege,
    PrivilegeGrant,
    ScimClient,
)
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Link, Reading, Store, Transaction
from rolecall.store import statements
from rolecall.store.engine import connect
from rolecall.store.failures import KeyTaken
from rolecall.store.sqlite import SqliteStore

ANN, BOB, ANALYST, OWNER, HEIR = (an_id(number) for number in range(1, 6))
GATE, RULE, OKTA, TOKEN = (an_id(number) for number in range(11, 15))
POLICY, OF_RULES = Kind.NETWORK_POLICY, Kind.NETWORK_RULE
MINUTE = 60_000_000


def a_policy(id: Id = GATE, name: str = "GATE", **fields: object) -> NetworkPolicy:
    return replace(NetworkPolicy(id=id, name=Name(name), owner=None, created_at=NOW), **fields)


def a_rule(id: Id = RULE, name: str = "GATE", owner: Id | None = None) -> NetworkRule:
    return NetworkRule(
        id=id, name=Name(name), owner=owner, created_at=NOW, type="IPV4", value_list=("::1",)
    )


def an_access_token(id: Id = TOKEN, user: Id = BOB, **fields: object) -> AccessToken:
    plain = AccessToken(
        id=id,
        user=user,
        name=Name("CI"),
        verifier=f"v{id}",
        created_at=NOW,
        expires_at=NOW + MINUTE,
        created_by="BOB",
    )
    return replace(plain, **fields)


def saving_governed(*several: Governed) -> list[Callable[[Transaction], None]]:
    return [
        methodcaller("save_governed", POLICY if isinstance(each, NetworkPolicy) else OF_RULES, each)
        for each in several
    ]


def write(store: Store, writes: Sequence[Callable[[Transaction], object]]) -> list[object]:
    return store.transact(1, lambda tx: [each(tx) for each in writes])


# ---- policies and rules ----------------------------------------------------------------------


def test_policies_and_rules_are_kept_apart_by_kind(store: Store) -> None:
    policy = a_policy(allowed_ip_list=("192.0.2.0/24",), blocked_network_rule_list=(Name("X"),))
    write(store, saving_governed(policy, a_rule()))

    def body(r: Reading) -> list[object]:
        return [
            r.governed(POLICY, GATE),
            r.governed_named(POLICY, Name("GATE")),
            r.governed(OF_RULES, RULE),
            r.governed_named(OF_RULES, Name("GATE")),
            r.governed(OF_RULES, GATE),
            r.governed_named(POLICY, Name("gate")),
        ]

    assert store.read(1, body) == [policy, policy, a_rule(), a_rule(), None, None]


def test_policies_are_listed_by_name(store: Store) -> None:
    zebra, other = a_policy(an_id(90), "ZEBRA"), a_policy(an_id(91), "a")
    write(store, saving_governed(other, zebra, a_policy(), a_rule()))
    assert store.read(1, lambda r: r.governed_all(POLICY)) == (a_policy(), zebra, other)
    assert store.read(1, lambda r: r.governed_all(OF_RULES)) == (a_rule(),)


def test_saving_a_policy_replaces_by_id_and_a_name_is_taken_once(store: Store) -> None:
    renamed = a_policy(name="DOOR", comment="c")
    write(store, saving_governed(a_policy(), renamed, a_policy(an_id(90), "GATE")))
    assert store.read(1, lambda r: r.governed(POLICY, GATE)) == renamed
    with pytest.raises(KeyTaken):
        write(store, saving_governed(a_policy(an_id(91), "DOOR")))
    assert len(store.read(1, lambda r: r.governed_all(POLICY))) == 2


def test_a_dropped_policy_takes_the_privileges_on_it_along(store: Store) -> None:
    usage = PrivilegeGrant(
        privilege=Privilege.USAGE,
        kind=POLICY,
        object=GATE,
        role=ANALYST,
        granted_by=None,
        created_at=NOW,
    )
    other = replace(usage, kind=OF_RULES)
    write(store, saving_governed(a_policy()))
    write(store, [methodcaller("save_privilege", each) for each in (usage, other)])
    write(store, [methodcaller("delete_governed", POLICY, GATE)] * 2)
    assert store.read(1, lambda r: r.governed(POLICY, GATE)) is None
    assert store.read(1, lambda r: r.privileges_of(ANALYST)) == (other,)


def test_policies_and_rules_are_owned_and_handed_on(store: Store) -> None:
    write(store, saving_governed(a_rule(owner=OWNER), a_policy(owner=OWNER)))
    write(store, [lambda tx: tx.save_role(a_role(id=ANALYST, owner=OWNER))])
    owned = (
        (POLICY, GATE, "GATE"),
        (OF_RULES, RULE, "GATE"),
        (Kind.ROLE, ANALYST, "ANALYST"),
    )
    assert store.read(1, lambda r: r.owned_by(OWNER, 9)) == owned
    assert write(store, [lambda tx: tx.reassign(OWNER, HEIR)]) == [3]
    assert store.read(1, lambda r: r.owned_by(HEIR, 9)) == owned
    assert store.read(1, lambda r: r.governed(POLICY, GATE)) == a_policy(owner=HEIR)


# ---- parameters ------------------------------------------------------------------------------


def test_a_parameter_is_set_or_unset_on_one_scope(store: Store) -> None:
    answers = write(
        store,
        [
            methodcaller("save_parameter", BOB, "NETWORK_POLICY", "GATE"),
            methodcaller("save_parameter", BOB, "NETWORK_POLICY", "GATE"),
            methodcaller("save_parameter", BOB, "NETWORK_POLICY", "Gate"),
            methodcaller("save_parameter", BOB, "TIMEZONE", ""),
            methodcaller("save_parameter", ANN, "TIMEZONE", None),
            methodcaller("save_parameter", ANN, "TIMEZONE", "UTC"),
            methodcaller("save_parameter", ANN, "TIMEZONE", None),
        ],
    )
    assert answers == [True, False, True, True, False, True, True]
    held = {"NETWORK_POLICY": "Gate", "TIMEZONE": ""}
    assert store.read(1, lambda r: r.parameters(BOB)) == held
    assert store.read(1, lambda r: r.parameters(ANN)) == {}


def test_a_policy_is_attached_where_a_parameter_names_it(store: Store) -> None:
    places = ((BOB, "GATE"), (ANN, "GATE"), (an_id(901), "DOOR"))
    write(store, [methodcaller("save_parameter", on, "P", policy) for on, policy in places])
    assert store.read(1, lambda r: r.parameter_scopes("P", "GATE")) == (ANN, BOB)
    assert store.read(1, lambda r: r.parameter_scopes("P", "gate")) == ()
    assert store.read(1, lambda r: r.parameter_scopes("Q", "GATE")) == ()


def test_a_dropped_integration_takes_its_parameters_along(store: Store) -> None:
    okta = Integration(
        id=OKTA,
        name=Name("OKTA"),
        owner=None,
        created_at=NOW,
        scim_client=ScimClient.OKTA,
        run_as_role=ANALYST,
        endpoint=an_id(80),
    )
    write(store, [lambda tx: tx.save_integration(okta)])
    write(store, [methodcaller("save_parameter", on, "P", "GATE") for on in (OKTA, BOB)])
    write(store, [lambda tx: tx.delete_integration(OKTA)])
    assert store.read(1, lambda r: r.parameter_scopes("P", "GATE")) == (BOB,)


# ---- programmatic access tokens --------------------------------------------------------------


def test_access_tokens_are_a_user_s_by_name_and_found_by_verifier(store: Store) -> None:
    first = an_access_token(name=Name("a"), role_restriction=ANALYST, comment="c")
    second = an_access_token(an_id(91), name=Name("B"))
    other = an_access_token(an_id(92), ANN, name=Name("a"))
    write(store, [methodcaller("save_access_token", each) for each in (first, second, other)])
    assert store.read(1, lambda r: r.access_tokens_of(BOB)) == (second, first)
    assert store.read(1, lambda r: r.access_token_with(other.verifier)) == other
    assert store.read(1, lambda r: r.access_token_with("none")) is None


def test_an_access_token_is_replaced_by_id_and_deleted(store: Store) -> None:
    changed = an_access_token(disabled=True, name=Name("NEW"), verifier="new")
    write(store, [methodcaller("save_access_token", each) for each in (an_access_token(), changed)])
    assert store.read(1, lambda r: r.access_tokens_of(BOB)) == (changed,)
    assert store.read(1, lambda r: r.access_token_with(f"v{TOKEN}")) is None
    write(store, [methodcaller("delete_access_token", TOKEN)] * 2)
    assert store.read(1, lambda r: r.access_tokens_of(BOB)) == ()


def test_access_tokens_share_neither_verifier_nor_a_user_s_name(store: Store) -> None:
    write(store, [methodcaller("save_access_token", an_access_token())])
    other = an_access_token(an_id(91))
    for taken in (other, replace(other, verifier=f"v{TOKEN}", name=Name("NEW"))):
        with pytest.raises(KeyTaken):
            write(store, [methodcaller("save_access_token", taken)])


def test_an_access_token_s_use_is_remembered_to_the_minute(store: Store) -> None:
    write(store, [methodcaller("save_access_token", an_access_token())])
    store.use(1, TOKEN, NOW + MINUTE + 7)
    store.flush()
    used = an_access_token(last_used_at=NOW + MINUTE)
    assert store.read(1, lambda r: r.access_tokens_of(BOB)) == (used,)


def test_a_dropped_user_takes_parameters_along(store: Store) -> None:
    write(store, [methodcaller("save_user", a_user(id=BOB))])
    write(store, [methodcaller("save_parameter", on, "P", "GATE") for on in (ANN, BOB)])
    write(store, [lambda tx: tx.delete_user(BOB)])
    assert store.read(1, lambda r: r.parameters(BOB)) == {}
    assert store.read(1, lambda r: r.parameters(ANN)) == {"P": "GATE"}


# ---- links and histories ---------------------------------------------------------------------


def test_links_are_listed_by_reader_and_resource(store: Store) -> None:
    write(store, [methodcaller("save_user", a_user(name, id=an_id(n))) for n, name in PEOPLE])
    write(store, [methodcaller("save_role", a_role(id=ANALYST))])
    places = (("OKTA", ANALYST, "g"), ("OKTA", BOB, "b"), ("ENTRA", BOB, "B"), ("OKTA", ANN, "z"))
    write(store, [methodcaller("save_link", *place) for place in places])
    entra, ann, bob, analyst = (
        Link(reader="ENTRA", kind=Kind.USER, resource=BOB, external_id="B"),
        Link(reader="OKTA", kind=Kind.USER, resource=ANN, external_id="z"),
        Link(reader="OKTA", kind=Kind.USER, resource=BOB, external_id="b"),
        Link(reader="OKTA", kind=Kind.ROLE, resource=ANALYST, external_id="g"),
    )
    assert store.read(1, lambda r: r.links_of(None, 0, 2**70)) == (entra, ann, bob, analyst)
    assert store.read(1, lambda r: r.links_of("OKTA", 0, 9)) == (ann, bob, analyst)
    assert store.read(1, lambda r: r.links_of("OKTA", 1, 1)) == (bob,)
    assert store.read(1, lambda r: r.links_of("okta", 0, 9)) == ()


PEOPLE = ((1, "ANN"), (2, "BOB"))


def test_events_about_one_subject_come_newest_first(store: Store) -> None:
    events = (
        UserCreated(id=BOB, name="BOB", owner=None),
        UserCreated(id=ANN, name="ANN", owner=None),
        UserChanged(id=BOB, before={}, after={"comment": "x"}),
    )
    write(store, [methodcaller("record", each, at=NOW, actor="A", request="r") for each in events])
    about = store.read(1, lambda r: r.events_about(BOB, 9))
    assert [recorded.event for recorded in about] == [events[2], events[0]]
    assert store.read(1, lambda r: r.events_about(BOB, 1)) == about[:1]
    assert store.read(1, lambda r: r.events_about(HEIR, 9)) == ()


def test_events_of_some_kinds_come_in_order(store: Store) -> None:
    events = (
        UserCreated(id=BOB, name="BOB", owner=None),
        UserChanged(id=BOB, before={}, after={"comment": "x"}),
        UserDropped(id=BOB, name="BOB", created_at=NOW, was={"COMMENT": "x"}),
    )
    write(store, [methodcaller("record", each, at=NOW, actor="A", request="r") for each in events])
    kinds = ("UserCreated", "UserDropped")
    found = store.read(1, lambda r: r.events_of(kinds, 0, 9))
    assert [recorded.event for recorded in found] == [events[0], events[2]]
    assert store.read(1, lambda r: r.events_of(kinds, 0, 1)) == found[:1]
    assert store.read(1, lambda r: r.events_of(kinds, found[0].seq, 9)) == found[1:]
    assert store.read(1, lambda r: r.events_of((), 0, 9)) == ()


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (statements.EVENTS_ABOUT, "events_by_subject (account=? AND subject=?)"),
        (statements.PARAMETER_SCOPES, "parameters_by_value (account=? AND name=? AND value=?)"),
        (statements.ACCESS_TOKENS_OF, "access_tokens_by_name (account=? AND user=?)"),
        (statements.GOVERNED_ALL, "governed_by_name (account=? AND kind=?)"),
    ],
)
def test_an_index_finds_and_sorts(file: Path, statement: str, index: str) -> None:
    SqliteStore(file).close()
    connection = connect(file)
    parameters = (1, "x", "y")[: statement.count("?")]
    found = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
    steps = [str(row[3]) for row in found]
    assert len(steps) == 1
    assert index in steps[0]
    connection.close()

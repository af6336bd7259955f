"""Who may knock: blocked before allowed, rules before lists (reference section 6)."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW, an_id
from rolecall.domain import network
from rolecall.domain.errors import InvalidValue
from rolecall.domain.model import NetworkPolicy, NetworkRule
from rolecall.domain.names import Name

V4 = st.ip_addresses(v=4)
V6 = st.ip_addresses(v=6).filter(lambda address: getattr(address, "ipv4_mapped", None) is None)
BLOCKS4 = st.builds(lambda a, n: str(ip_network((a, n), strict=False)), V4, st.integers(0, 32))
BLOCKS6 = st.builds(lambda a, n: str(ip_network((a, n), strict=False)), V6, st.integers(0, 128))


def a_policy(**lists: tuple[str, ...]) -> NetworkPolicy:
    plain = NetworkPolicy(id=an_id(1), name=Name("P"), owner=None, created_at=NOW)
    return msgspec.structs.replace(plain, **lists)


def a_rule(name: str, type: str, *values: str, mode: str = "INGRESS") -> NetworkRule:
    return NetworkRule(
        id=an_id(2),
        name=Name(name),
        owner=None,
        created_at=NOW,
        type=type,
        mode=mode,
        value_list=values,
    )


def asked(policy: NetworkPolicy, address: object, *rules: NetworkRule) -> network.Decision:
    return network.admits(policy, {rule.name: rule for rule in rules}, str(address))


@given(V4 | V6)
def test_an_empty_policy_admits_nobody(address: object) -> None:
    assert asked(a_policy(), address) == network.Decision(allowed=False, policy=Name("P"))


@given(V4, st.lists(BLOCKS4).map(tuple))
def test_an_address_needs_an_allowed_block_that_holds_it(
    address: IPv4Address, blocks: tuple[str, ...]
) -> None:
    held = any(address in ip_network(block) for block in blocks)
    assert asked(a_policy(allowed_ip_list=blocks), address).allowed is held


@given(V4, st.lists(BLOCKS4).map(tuple), BLOCKS4)
def test_more_blocked_never_admits_more(
    address: IPv4Address, blocks: tuple[str, ...], block: str
) -> None:
    before = asked(a_policy(allowed_ip_list=blocks), address)
    after = asked(a_policy(allowed_ip_list=blocks, blocked_ip_list=(block,)), address)
    assert after.allowed == (before.allowed and address not in ip_network(block))


@given(V4)
def test_an_ipv4_address_in_ipv6_clothes_is_an_ipv4_address(address: IPv4Address) -> None:
    policy = a_policy(allowed_ip_list=(str(address),))
    assert asked(policy, f"::ffff:{address}").allowed


@given(V6, BLOCKS6)
def test_ipv6_rules_judge_ipv6_addresses(address: IPv6Address, block: str) -> None:
    policy = a_policy(allowed_network_rule_list=("SIX",), allowed_ip_list=("0.0.0.0/0",))
    held = address in ip_network(block)
    assert asked(policy, address, a_rule("SIX", "IPV6", block)).allowed is held


@given(V6)
def test_without_ipv6_rules_only_everybody_holds_an_ipv6_address(address: IPv6Address) -> None:
    assert asked(a_policy(allowed_ip_list=("0.0.0.0/0",)), address).allowed
    assert not asked(a_policy(allowed_ip_list=("0.0.0.0/1", "128.0.0.0/1")), address).allowed


def test_blocking_everybody_locks_out_everybody() -> None:
    policy = a_policy(allowed_ip_list=("192.0.2.1",), blocked_ip_list=("0.0.0.0/0",))
    assert asked(policy, "192.0.2.1") == network.Decision(
        allowed=False, policy=Name("P"), entry="0.0.0.0/0"
    )


def test_a_rule_decides_before_the_list() -> None:
    policy = a_policy(allowed_network_rule_list=("R",), allowed_ip_list=("192.0.2.1",))
    assert asked(policy, "192.0.2.1", a_rule("R", "IPV4", "192.0.2.0/24")).entry == "192.0.2.0/24"


def test_a_blocked_list_beats_an_allowed_rule() -> None:
    policy = a_policy(allowed_network_rule_list=("R",), blocked_ip_list=("192.0.2.1",))
    assert not asked(policy, "192.0.2.1", a_rule("R", "IPV4", "192.0.2.0/24")).allowed


@pytest.mark.parametrize(
    "rule",
    [
        a_rule("R", "IPV4", "192.0.2.1", mode="EGRESS"),
        a_rule("R", "AZURELINKID", "/link"),
        a_rule("ANOTHER", "IPV4", "192.0.2.1"),
    ],
    ids=["outgoing", "private endpoint", "gone"],
)
def test_a_rule_about_something_else_admits_nobody(rule: NetworkRule) -> None:
    policy = a_policy(allowed_network_rule_list=("R",))
    assert not asked(policy, "192.0.2.1", rule).allowed


@pytest.mark.parametrize("address", [None, "", "unix", "192.0.2.300"])
def test_without_a_readable_address_nobody_is_admitted(address: str | None) -> None:
    policy = a_policy(allowed_ip_list=("0.0.0.0/0",))
    assert not network.admits(policy, {}, address).allowed


@pytest.mark.parametrize(
    ("text", "version"),
    [("192.0.2.1", 4), ("192.0.2.7/24", 4), ("2001:db8::1", 6), ("2001:db8::/32", 6)],
)
def test_a_block_is_kept_as_it_was_written(text: str, version: int) -> None:
    assert network.require_block("X", text, version) == text


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("2001:db8::1", 4),
        ("192.0.2.1", 6),
        ("192.0.2.0/33", 4),
        ("192.0.2.0/", 4),
        ("192.0.2.0/255.255.255.0", 4),
        ("192.0.2.0/²", 4),
        ("fe80::1%eth0", 6),
        ("example.com", 4),
        ("", 4),
    ],
)
def test_what_is_no_block_is_refused(text: str, version: int) -> None:
    with pytest.raises(InvalidValue):
        network.require_block("X", text, version)

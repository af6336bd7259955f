"""Who may knock: a network policy's answer to one address, decided by the values alone.

Reference section 6. Blocked is read before allowed, rules before lists; what no allowed entry
holds is not admitted, so an empty policy admits nobody.
"""

from collections.abc import Iterator, Mapping
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

import msgspec

from rolecall.domain.errors import InvalidValue
from rolecall.domain.model import NetworkPolicy, NetworkRule
from rolecall.domain.names import Name

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

IPV4, IPV6, INGRESS = "IPV4", "IPV6", "INGRESS"
EVERY_IPV4 = IPv4Network("0.0.0.0/0")


class Decision(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Whether a policy admits an address; `entry` is the one that decided, if there was one."""

    allowed: bool
    policy: Name
    entry: str | None = None


def admits(
    policy: NetworkPolicy, rules: Mapping[Name, NetworkRule], address: str | None
) -> Decision:
    """Whether a request from this address is let in; one without a readable address is not.

    An IPv6 address is judged by IPv6 rules. Where the policy has none it is judged by the IPv4
    entries, of which only 0.0.0.0/0, which means everybody, holds it.
    """
    knocking = read_address(address)
    if knocking is None:
        return Decision(allowed=False, policy=policy.name)
    speaks_ipv6 = any(rule.type == IPV6 for rule in _rules(policy, rules))
    if isinstance(knocking, IPv6Address) and not speaks_ipv6:
        return _decided(policy, rules, EVERY_IPV4)
    return _decided(policy, rules, knocking)


def _decided(
    policy: NetworkPolicy, rules: Mapping[Name, NetworkRule], knocking: Address | IPv4Network
) -> Decision:
    for entry in _entries(policy.blocked_network_rule_list, rules, policy.blocked_ip_list):
        if _holds(entry, knocking):
            return Decision(allowed=False, policy=policy.name, entry=entry)
    for entry in _entries(policy.allowed_network_rule_list, rules, policy.allowed_ip_list):
        if _holds(entry, knocking):
            return Decision(allowed=True, policy=policy.name, entry=entry)
    return Decision(allowed=False, policy=policy.name)


def _rules(policy: NetworkPolicy, rules: Mapping[Name, NetworkRule]) -> Iterator[NetworkRule]:
    named = (*policy.blocked_network_rule_list, *policy.allowed_network_rule_list)
    return (rules[name] for name in named if name in rules)


def _entries(
    names: tuple[Name, ...], rules: Mapping[Name, NetworkRule], addresses: tuple[str, ...]
) -> Iterator[str]:
    """Every address and block of a list's rules, then of the list itself.

    Private endpoints and outgoing hosts are kept for the vendor's clients: no request has them.
    """
    for name in names:
        rule = rules.get(name)
        if rule is not None and rule.type in {IPV4, IPV6} and rule.mode == INGRESS:
            yield from rule.value_list
    yield from addresses


def _holds(entry: str, knocking: Address | IPv4Network) -> bool:
    block = ip_network(entry, strict=False)
    if isinstance(knocking, IPv4Network):
        return block == knocking
    return block.version == knocking.version and knocking in block


# ---- reading -----------------------------------------------------------------------------------


def read_address(text: str | None) -> Address | None:
    """The address that a text is; an IPv4 address in IPv6's clothes is an IPv4 address."""
    try:
        found = ip_address(text or "")
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


def require_block(property_name: str, text: str, version: int) -> str:
    """The text of an address, or of a block in CIDR notation. Raises InvalidValue."""
    example = "'192.0.2.0/24'" if version == 4 else "'2001:db8::/32'"
    reason = f"'{text}' is no IPv{version} address or block such as {example}"
    address, slash, bits = text.partition("/")
    # A netmask in place of the bits, and an interface after %, mean one machine's own network.
    if "%" in address or (slash and not (bits.isascii() and bits.isdecimal())):
        raise InvalidValue(property_name, reason)
    try:
        block = ip_network(text, strict=False)
    except ValueError:
        raise InvalidValue(property_name, reason) from None
    if block.version != version:
        raise InvalidValue(property_name, reason)
    return text

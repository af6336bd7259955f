"""Who may knock: a network policy's answer to one address, decided by the values alone.

Reference section 6. Blocked is read before allowed; what no allowed entry holds is not admitted,
so an empty policy admits nobody. A policy is compiled once into sorted ranges, so that a decision
costs the same few microseconds with one entry and with tens of thousands.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import msgspec

from rolecall.domain.errors import InvalidValue
from rolecall.domain.model import NetworkPolicy, NetworkRule
from rolecall.domain.names import Name

Address = IPv4Address | IPv6Address

IPV4, IPV6, INGRESS = "IPV4", "IPV6", "INGRESS"
BITS = {4: 32, 6: 128}
GATES_MAX = 64
"""Compiled policies that are kept: one of 37,000 ranges takes about 10 MB."""


class Decision(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Whether a policy admits an address; `entry` is the one that decided, if there was one."""

    allowed: bool
    policy: Name
    entry: str | None = None


class Ranges(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Disjoint blocks of one IP version in ascending order, and the entry that each came from.

    Blocks nest or don't touch, so of those that hold an address only the widest is kept.
    """

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    entries: tuple[str, ...]

    def holding(self, address: int) -> str | None:
        """The entry that holds the address."""
        at = bisect_right(self.starts, address) - 1
        return self.entries[at] if at >= 0 and address <= self.ends[at] else None

    def everybody(self) -> str | None:
        """The entry that holds every address of the version (`0.0.0.0/0`)."""
        whole = self.starts[:1] == (0,) and self.ends[0] == (1 << BITS[4]) - 1
        return self.entries[0] if whole else None


class Gate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A policy with its rules, ready to decide."""

    blocked: Mapping[int, Ranges]
    allowed: Mapping[int, Ranges]
    speaks_ipv6: bool


def admits(
    policy: NetworkPolicy, rules: Mapping[Name, NetworkRule], address: str | None
) -> Decision:
    """Whether a request from this address is let in; one without a readable address is not."""
    return decided(policy.name, gate_of(policy, rules), address)


def gate_of(policy: NetworkPolicy, rules: Mapping[Name, NetworkRule]) -> Gate:
    """The policy compiled; the same values are compiled once."""
    blocked = _entries(policy.blocked_network_rule_list, rules, policy.blocked_ip_list)
    allowed = _entries(policy.allowed_network_rule_list, rules, policy.allowed_ip_list)
    speaks_ipv6 = any(rule.type == IPV6 for rule in _rules(policy, rules))
    return _compiled(tuple(blocked), tuple(allowed), speaks_ipv6=speaks_ipv6)


@lru_cache(maxsize=GATES_MAX)
def _compiled(blocked: tuple[str, ...], allowed: tuple[str, ...], *, speaks_ipv6: bool) -> Gate:
    return Gate(blocked=_ranges(blocked), allowed=_ranges(allowed), speaks_ipv6=speaks_ipv6)


def _ranges(entries: Iterable[str]) -> dict[int, Ranges]:
    """The entries by IP version. Of equal blocks the first is kept: rules stand before lists."""
    spans: dict[int, list[tuple[int, int, int, str]]] = {4: [], 6: []}
    for order, entry in enumerate(entries):
        version, first, last = _span(entry)
        spans[version].append((first, -last, order, entry))
    return {version: _widest(sorted(found)) for version, found in spans.items()}


def _widest(spans: list[tuple[int, int, int, str]]) -> Ranges:
    starts, ends, entries = [], [], []
    covered = -1
    for first, negative_last, _, entry in spans:
        if first > covered:
            covered = -negative_last
            starts.append(first)
            ends.append(covered)
            entries.append(entry)
    return Ranges(starts=tuple(starts), ends=tuple(ends), entries=tuple(entries))


def _span(entry: str) -> tuple[int, int, int]:
    """IP version, first and last address of an entry that `require_block` has let through."""
    address, _, bits = entry.partition("/")
    version = 6 if ":" in address else 4
    if version == 4:
        a, b, c, d = address.split(".")
        value = int(a) << 24 | int(b) << 16 | int(c) << 8 | int(d)
    else:
        value = int(IPv6Address(address))
    free = BITS[version] - int(bits or BITS[version])
    first = value >> free << free
    return version, first, first | ((1 << free) - 1)


def decided(policy: Name, gate: Gate, address: str | None) -> Decision:
    """Whether the gate admits an address.

    An IPv6 address is judged by IPv6 rules. Where the policy has none it is judged by the IPv4
    entries, of which only 0.0.0.0/0, which means everybody, holds it.
    """
    knocking = read_address(address)
    if knocking is None:
        return Decision(allowed=False, policy=policy)
    blocked = _holding(gate, gate.blocked, knocking)
    if blocked is not None:
        return Decision(allowed=False, policy=policy, entry=blocked)
    entry = _holding(gate, gate.allowed, knocking)
    return Decision(allowed=entry is not None, policy=policy, entry=entry)


def _holding(gate: Gate, side: Mapping[int, Ranges], knocking: Address) -> str | None:
    if isinstance(knocking, IPv6Address) and not gate.speaks_ipv6:
        return side[4].everybody()
    return side[knocking.version].holding(int(knocking))


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

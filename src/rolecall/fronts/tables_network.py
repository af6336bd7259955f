"""What SHOW and DESCRIBE of network policies, network rules and parameters answer with."""

import msgspec

from rolecall.domain.model import NetworkPolicy, NetworkRule
from rolecall.domain.queries import GovernedSummary, ParameterRow
from rolecall.fronts.tables import Field, Fields, number, text, time, unknown

SHOW_NETWORK_POLICIES: Fields[NetworkPolicy] = (
    time("created_on", lambda found: found.created_at),
    text("name", lambda found: found.name),
    text("comment", lambda found: found.comment or ""),
    number("entries_in_allowed_ip_list", lambda found: len(found.allowed_ip_list)),
    number("entries_in_blocked_ip_list", lambda found: len(found.blocked_ip_list)),
    number("entries_in_allowed_network_rules", lambda found: len(found.allowed_network_rule_list)),
    number("entries_in_blocked_network_rules", lambda found: len(found.blocked_network_rule_list)),
)


class NamedValue(msgspec.Struct, frozen=True, kw_only=True):
    """A row of DESCRIBE NETWORK POLICY."""

    name: str
    value: str


DESCRIBE_NETWORK_POLICY: Fields[NamedValue] = (
    text("name", lambda row: row.name),
    text("value", lambda row: row.value),
)


def described_policy(found: NetworkPolicy) -> tuple[NamedValue, ...]:
    """The rows of DESCRIBE NETWORK POLICY: the lists that hold anything."""
    lists = {
        "ALLOWED_NETWORK_RULE_LIST": found.allowed_network_rule_list,
        "BLOCKED_NETWORK_RULE_LIST": found.blocked_network_rule_list,
        "ALLOWED_IP_LIST": found.allowed_ip_list,
        "BLOCKED_IP_LIST": found.blocked_ip_list,
    }
    return tuple(
        NamedValue(name=name, value=",".join(entries)) for name, entries in lists.items() if entries
    )


def _rule(row: GovernedSummary) -> NetworkRule:
    assert isinstance(row.governed, NetworkRule), "only rules are asked for"
    return row.governed


_RULE: Fields[GovernedSummary] = (
    time("created_on", lambda row: _rule(row).created_at),
    text("name", lambda row: _rule(row).name),
    text("database_name", unknown),
    text("schema_name", unknown),
    text("owner", lambda row: row.owner or ""),
    text("comment", lambda row: _rule(row).comment or ""),
    text("type", lambda row: _rule(row).type),
    text("mode", lambda row: _rule(row).mode),
)
SHOW_NETWORK_RULES: Fields[GovernedSummary] = (
    *_RULE,
    number("entries_in_valuelist", lambda row: len(_rule(row).value_list)),
    text("owner_role_type", lambda row: "ROLE" if row.owner else ""),
)
_VALUE_LIST: Field[GovernedSummary] = text(
    "value_list", lambda row: ",".join(_rule(row).value_list)
)
DESCRIBE_NETWORK_RULE: Fields[GovernedSummary] = (*_RULE, _VALUE_LIST)

SHOW_PARAMETERS: Fields[ParameterRow] = (
    text("key", lambda row: row.key),
    text("value", lambda row: row.value),
    text("default", lambda row: row.default),
    text("level", lambda row: row.level),
    text("description", lambda row: row.description),
    text("type", lambda row: row.type),
)

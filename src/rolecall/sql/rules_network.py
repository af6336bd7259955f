"""Rules for network policies and network rules."""

from collections.abc import Mapping

from rolecall.sql.cursor import Cursor
from rolecall.sql.parts import Property, RenameTo, SetProperties, UnsetProperties
from rolecall.sql.properties import (
    PropertyTable,
    Shape,
    read_properties,
    read_rename,
    read_set,
    read_unset,
)
from rolecall.sql.rules import Head, Rule
from rolecall.sql.statements_network import (
    AddToLists,
    AlterNetworkPolicy,
    AlterNetworkRule,
    CreateNetworkPolicy,
    CreateNetworkRule,
    DropNetworkPolicy,
    DropNetworkRule,
    RemoveFromLists,
)

PolicyAction = SetProperties | UnsetProperties | RenameTo | AddToLists | RemoveFromLists

_RULE_LISTS = {
    "ALLOWED_NETWORK_RULE_LIST": Shape.LIST,
    "BLOCKED_NETWORK_RULE_LIST": Shape.LIST,
}
_RULE_CHANGEABLE = {"COMMENT": Shape.TEXT, "VALUE_LIST": Shape.LIST}

RULE_LISTS = PropertyTable(what="a list of network rules", shapes=_RULE_LISTS)
POLICY = PropertyTable(
    what="a property of a network policy",
    shapes={
        **_RULE_LISTS,
        "ALLOWED_IP_LIST": Shape.LIST,
        "BLOCKED_IP_LIST": Shape.LIST,
        "COMMENT": Shape.TEXT,
    },
)
RULE_CREATED = PropertyTable(
    what="a property of a network rule",
    shapes={**_RULE_CHANGEABLE, "MODE": Shape.WORD, "TYPE": Shape.WORD},
)
RULE_ALTERED = PropertyTable(
    what="a property of a network rule that can be altered", shapes=_RULE_CHANGEABLE
)


def _if_not_exists(cursor: Cursor, head: Head) -> bool:
    if (head.or_replace or head.or_alter) and cursor.peek("IF", "NOT", "EXISTS"):
        said = "OR REPLACE" if head.or_replace else "OR ALTER"
        cursor.fail(f"a name; {said} and IF NOT EXISTS exclude each other")
    return cursor.accept("IF", "NOT", "EXISTS")


def _create_policy(cursor: Cursor, head: Head) -> CreateNetworkPolicy:
    return CreateNetworkPolicy(
        or_replace=head.or_replace,
        or_alter=head.or_alter,
        if_not_exists=_if_not_exists(cursor, head),
        name=cursor.identifier(),
        properties=read_properties(cursor, POLICY),
    )


def _create_rule(cursor: Cursor, head: Head) -> CreateNetworkRule:
    statement = CreateNetworkRule(
        or_replace=head.or_replace,
        or_alter=head.or_alter,
        if_not_exists=_if_not_exists(cursor, head),
        name=cursor.identifier(),
        properties=read_properties(cursor, RULE_CREATED),
    )
    given = {item.name for item in statement.properties}
    for name in ("TYPE", "VALUE_LIST"):
        if name not in given:
            cursor.fail(f"{name} = …: a network rule is not complete without it")
    return statement


def _alter_policy(cursor: Cursor, _: Head) -> AlterNetworkPolicy:
    if_exists = cursor.accept("IF", "EXISTS")
    name = cursor.identifier()
    return AlterNetworkPolicy(if_exists=if_exists, name=name, action=_policy_action(cursor))


def _policy_action(cursor: Cursor) -> PolicyAction:
    if cursor.peek("SET"):
        return read_set(cursor, POLICY)
    if cursor.peek("UNSET"):
        return read_unset(cursor, POLICY)
    if cursor.peek("RENAME"):
        return read_rename(cursor)
    if cursor.accept("ADD"):
        return AddToLists(properties=_lists(cursor))
    if cursor.accept("REMOVE"):
        return RemoveFromLists(properties=_lists(cursor))
    return cursor.fail("ADD or REMOVE or RENAME TO or SET or UNSET")


def _lists(cursor: Cursor) -> tuple[Property, ...]:
    if cursor.at_end():
        cursor.fail(RULE_LISTS.what)
    return read_properties(cursor, RULE_LISTS)


def _alter_rule(cursor: Cursor, _: Head) -> AlterNetworkRule:
    if_exists = cursor.accept("IF", "EXISTS")
    name = cursor.identifier()
    unsets = cursor.peek("UNSET")
    action = read_unset(cursor, RULE_ALTERED) if unsets else read_set(cursor, RULE_ALTERED)
    return AlterNetworkRule(if_exists=if_exists, name=name, action=action)


def _drop_policy(cursor: Cursor, _: Head) -> DropNetworkPolicy:
    return DropNetworkPolicy(if_exists=cursor.accept("IF", "EXISTS"), name=cursor.identifier())


def _drop_rule(cursor: Cursor, _: Head) -> DropNetworkRule:
    return DropNetworkRule(if_exists=cursor.accept("IF", "EXISTS"), name=cursor.identifier())


CREATE_RULES: Mapping[tuple[str, ...], Rule] = {
    ("NETWORK", "POLICY"): _create_policy,
    ("NETWORK", "RULE"): _create_rule,
}


RULES: Mapping[tuple[str, ...], Rule] = {
    ("ALTER", "NETWORK", "POLICY"): _alter_policy,
    ("ALTER", "NETWORK", "RULE"): _alter_rule,
    ("DROP", "NETWORK", "POLICY"): _drop_policy,
    ("DROP", "NETWORK", "RULE"): _drop_rule,
}

"""The statements about network policies and network rules; each docstring ends in its grammar."""

import msgspec

from rolecall.sql.parts import (
    EVERYTHING,
    Identifier,
    Property,
    RenameTo,
    SetProperties,
    ShowOptions,
    UnsetProperties,
)


class AddToLists(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """An action: these rules join the lists.

    ADD <list> = ( '<rule>' [ , … ] )
    """

    properties: tuple[Property, ...]


class RemoveFromLists(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """An action: these rules leave the lists.

    REMOVE <list> = ( '<rule>' [ , … ] )
    """

    properties: tuple[Property, ...]


class CreateNetworkPolicy(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Makes a network policy; OR ALTER makes the one that is there exactly so.

    CREATE [ OR REPLACE | OR ALTER ] NETWORK POLICY [ IF NOT EXISTS ] <name>
    [ ALLOWED_NETWORK_RULE_LIST = ( '<rule>' [ , … ] ) ] [ BLOCKED_NETWORK_RULE_LIST = ( … ) ]
    [ ALLOWED_IP_LIST = ( '<address>' [ , … ] ) ] [ BLOCKED_IP_LIST = ( … ) ] [ COMMENT = '…' ]

    A primary role with CREATE NETWORK POLICY on the account (SECURITYADMIN), and USAGE on the
    rules that it lists. A policy that is attached can't be replaced.
    """

    name: Identifier
    or_replace: bool = False
    or_alter: bool = False
    if_not_exists: bool = False
    properties: tuple[Property, ...] = ()


class AlterNetworkPolicy(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Changes a network policy; SET replaces a whole list.

    ALTER NETWORK POLICY [ IF EXISTS ] <name> { SET … | UNSET … | RENAME TO <name>
    | { ADD | REMOVE } { ALLOWED | BLOCKED }_NETWORK_RULE_LIST = ( '<rule>' [ , … ] ) }

    The policy's owner. What would keep the session itself out is refused.
    """

    name: Identifier
    action: SetProperties | UnsetProperties | RenameTo | AddToLists | RemoveFromLists
    if_exists: bool = False


class DropNetworkPolicy(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Removes a network policy that is attached to nothing.

    DROP NETWORK POLICY [ IF EXISTS ] <name>

    The policy's owner.
    """

    name: Identifier
    if_exists: bool = False


class ShowNetworkPolicies(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists the network policies that the session may see.

    SHOW NETWORK POLICIES [ LIKE … ] [ STARTS WITH … ] [ LIMIT … [ FROM … ] ]

    A session sees the policies that its roles own or hold USAGE on, and all of them with MANAGE
    GRANTS.
    """

    options: ShowOptions = EVERYTHING


class CreateNetworkRule(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Makes a network rule: a named list of where requests come from.

    CREATE [ OR REPLACE | OR ALTER ] NETWORK RULE [ IF NOT EXISTS ] <name>
    TYPE = <type> VALUE_LIST = ( '<value>' [ , … ] ) [ MODE = <mode> ] [ COMMENT = '…' ]

    A primary role with CREATE NETWORK RULE on the account: SECURITYADMIN and above.
    """

    name: Identifier
    or_replace: bool = False
    or_alter: bool = False
    if_not_exists: bool = False
    properties: tuple[Property, ...] = ()


class AlterNetworkRule(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Changes a network rule's values or comment; its type and mode stay.

    ALTER NETWORK RULE [ IF EXISTS ] <name> { SET … | UNSET { VALUE_LIST | COMMENT } [ , … ] }

    The rule's owner. What would keep the session itself out is refused.
    """

    name: Identifier
    action: SetProperties | UnsetProperties
    if_exists: bool = False


class DropNetworkRule(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Removes a network rule that stands in no policy.

    DROP NETWORK RULE [ IF EXISTS ] <name>

    The rule's owner.
    """

    name: Identifier
    if_exists: bool = False


class ShowNetworkRules(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists the network rules that the session may see.

    SHOW NETWORK RULES [ LIKE … ] [ IN ACCOUNT ] [ STARTS WITH … ] [ LIMIT … [ FROM … ] ]

    A session sees the rules that its roles own or hold USAGE on, and all of them with MANAGE
    GRANTS.
    """

    options: ShowOptions = EVERYTHING


NetworkStatement = (
    CreateNetworkPolicy
    | AlterNetworkPolicy
    | DropNetworkPolicy
    | ShowNetworkPolicies
    | CreateNetworkRule
    | AlterNetworkRule
    | DropNetworkRule
    | ShowNetworkRules
)

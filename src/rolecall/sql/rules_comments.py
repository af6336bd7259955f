"""Rules for COMMENT ON, another spelling of ALTER … SET COMMENT, and for EXECUTE IMMEDIATE."""

from collections.abc import Mapping

from rolecall.sql.cursor import Cursor
from rolecall.sql.parts import Identifier, Property, SetProperties
from rolecall.sql.rules import Head, Rule
from rolecall.sql.statements import AlterRole, AlterSecurityIntegration, AlterUser, Statement
from rolecall.sql.statements_immediate import ExecuteImmediate
from rolecall.sql.statements_network import AlterNetworkPolicy, AlterNetworkRule

Altered = (
    type[AlterRole]
    | type[AlterUser]
    | type[AlterSecurityIntegration]
    | type[AlterNetworkPolicy]
    | type[AlterNetworkRule]
)
KINDS: Mapping[str, Altered] = {
    "INTEGRATION": AlterSecurityIntegration,
    "NETWORK POLICY": AlterNetworkPolicy,
    "NETWORK RULE": AlterNetworkRule,
    "ROLE": AlterRole,
    "SECURITY INTEGRATION": AlterSecurityIntegration,
    "USER": AlterUser,
}


def _comment(cursor: Cursor, _: Head) -> Statement:
    return _commented(cursor, if_exists=False)


def _comment_if_exists(cursor: Cursor, _: Head) -> Statement:
    return _commented(cursor, if_exists=True)


def _commented(cursor: Cursor, *, if_exists: bool) -> Statement:
    altered = _kind(cursor)
    name: Identifier = cursor.identifier()
    cursor.expect("IS")
    action = SetProperties(properties=(Property(name="COMMENT", value=cursor.string()),))
    return altered(name=name, action=action, if_exists=if_exists)


def _kind(cursor: Cursor) -> Altered:
    for words, altered in KINDS.items():
        if cursor.accept(*words.split()):
            return altered
    return cursor.fail(" or ".join(KINDS))


def _execute(cursor: Cursor, _: Head) -> ExecuteImmediate:
    return ExecuteImmediate(text=cursor.string())


RULES: Mapping[tuple[str, ...], Rule] = {
    ("COMMENT", "ON"): _comment,
    ("COMMENT", "IF", "EXISTS", "ON"): _comment_if_exists,
    ("EXECUTE", "IMMEDIATE"): _execute,
}

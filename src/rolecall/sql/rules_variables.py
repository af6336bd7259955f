"""Rules for session variables."""

from collections.abc import Mapping

from rolecall.sql.cursor import Cursor, Kind
from rolecall.sql.parts import Identifier
from rolecall.sql.rules import Head, Rule
from rolecall.sql.statements_variables import SetVariables, UnsetVariables


def _set(cursor: Cursor, _: Head) -> SetVariables:
    several = cursor.accept_symbol("(")
    names = _names(cursor, several=several)
    cursor.expect_symbol("=")
    if not several:
        return SetVariables(names=names, expressions=(cursor.expression(),))
    cursor.expect_symbol("(")
    expressions = [cursor.expression()]
    while cursor.accept_symbol(","):
        expressions.append(cursor.expression())
    if len(expressions) != len(names):
        cursor.fail(f"as many values as names: {len(names)}")
    cursor.expect_symbol(")")
    return SetVariables(names=names, expressions=tuple(expressions))


def _unset(cursor: Cursor, _: Head) -> UnsetVariables:
    return UnsetVariables(names=_names(cursor, several=cursor.accept_symbol("(")))


def _names(cursor: Cursor, *, several: bool) -> tuple[Identifier, ...]:
    names = [_name(cursor)]
    while several and cursor.accept_symbol(","):
        token = cursor.token
        names.append(_name(cursor))
        if names[-1].text.upper() in {name.text.upper() for name in names[:-1]}:
            cursor.fail("each name once", token)
    if several:
        cursor.expect_symbol(")")
    return tuple(names)


def _name(cursor: Cursor) -> Identifier:
    if cursor.token.kind is Kind.QUOTED:
        cursor.fail("a name without quotes: a query reads it as $name")
    return cursor.identifier()


RULES: Mapping[tuple[str, ...], Rule] = {("SET",): _set, ("UNSET",): _unset}

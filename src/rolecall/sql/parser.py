"""The parser: a table from leading words to the rule that reads the rest of the statement."""

from collections.abc import Mapping

import msgspec

from rolecall.sql import (
    rules_accounts,
    rules_comments,
    rules_grants,
    rules_network,
    rules_objects,
    rules_session,
    rules_show,
    rules_users,
    rules_variables,
)
from rolecall.sql.calls import Constant
from rolecall.sql.cursor import Cursor, StatementText, split_script
from rolecall.sql.flow import split_flow
from rolecall.sql.rules import Head, Rule, dispatch
from rolecall.sql.statements import Flow, Select, Statement
from rolecall.sql.variables import put_in


class Parsed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A statement of a script with its text, and the line where it begins."""

    statement: Statement
    text: str
    line: int


UNSET: Mapping[str, Constant] = {}
WITH_EXPRESSIONS = ("SELECT", "WITH", "SET")
"""Statements whose variables are read with the query that they are."""


def parse(
    text: str,
    *,
    line: int = 1,
    column: int = 1,
    variables: Mapping[str, Constant] = UNSET,
    stars: bool = False,
) -> Statement:
    """The statement that the text is; line and column say where it begins in a larger text.

    `variables` are the session's; with `stars` their texts are hidden, but for names.
    """
    stages = split_flow(text, line=line, column=column)
    if len(stages) > 1:
        return Flow(stages=tuple(_parsed(stage, variables, stars=stars) for stage in stages))
    return _parsed(stages[0], variables, stars=stars)


def _parsed(piece: StatementText, variables: Mapping[str, Constant], *, stars: bool) -> Statement:
    cursor = Cursor(piece.text, line=piece.line, column=piece.column)
    if not any(cursor.peek(word) for word in WITH_EXPRESSIONS):
        put_in(cursor, variables, stars=stars)
    statement = dispatch(cursor, RULES, Head())
    cursor.end()
    return statement


def parse_script(text: str) -> list[Parsed]:
    """Every statement of a script, or the first syntax error."""
    return [
        Parsed(
            statement=parse(piece.text, line=piece.line, column=piece.column),
            text=piece.text,
            line=piece.line,
        )
        for piece in split_script(text)
    ]


def _select(cursor: Cursor, _: Head) -> Select:
    return Select(text=cursor.whole())


RULES: Mapping[tuple[str, ...], Rule] = {
    ("SELECT",): _select,
    ("WITH",): _select,
    **rules_session.RULES,
    **rules_variables.RULES,
    **rules_comments.RULES,
    **rules_accounts.RULES,
    **rules_objects.RULES,
    **rules_network.RULES,
    **rules_users.RULES,
    **rules_grants.RULES,
    **rules_show.RULES,
}

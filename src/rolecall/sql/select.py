"""A query is read once: what it asks of the account is taken out, what is left goes to the engine.

The caller answers `plan.functions`, hands `plan.constant_sql` to the engine for the arguments of
table functions, fetches `plan.relations`, and hands `plan.query_sql` to the engine, where each
relation is a table named by its placeholder. A `trivial` plan needs no engine at all.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from rolecall.sql.calls import Constant
from rolecall.sql.cursor import Cursor
from rolecall.sql.errors import SqlSyntaxError

if TYPE_CHECKING:
    from rolecall.sql.query_plan import SelectPlan

QUERY_TOKENS_MAX = 50_000
NO_VARIABLES: Mapping[str, Constant] = MappingProxyType({})


def plan_select(text: str, variables: Mapping[str, Constant] = NO_VARIABLES) -> "SelectPlan":
    """Read a query, `$name` as its variable; refuse what calls the unknown or reaches outside."""
    cursor = Cursor(text)
    if cursor.tokens_count > QUERY_TOKENS_MAX:
        raise SqlSyntaxError(
            f"unexpected length: a query holds at most {QUERY_TOKENS_MAX} words.", line=1, column=1
        )
    from rolecall.sql.query_plan import read_query  # noqa: PLC0415  start-up budget

    return read_query(text, variables)

"""Bounds: what a query's WHERE asks of one table's columns, for a store to look no further.

Only what can't change the answer is found: a conjunct of the WHERE, between a column of the table
and an expression without columns, where every row of the table that fails it is left out anyway.
"""

from collections.abc import Iterator

import msgspec
from sqlglot import exp

OUTER = ("RIGHT", "FULL")
"""Joins that keep rows of the other side, so that a WHERE speaks of what a table hasn't."""
AT_LEAST: dict[type[exp.Expr], bool] = {exp.GT: True, exp.GTE: True, exp.LT: False, exp.LTE: False}


class Bounded(msgspec.Struct, frozen=True, kw_only=True):
    """A column, and an expression that it is at least, or at most."""

    column: exp.Column
    value: exp.Expr
    at_least: bool


def bounded_columns(table: exp.Table) -> Iterator[Bounded]:
    """The bounds on a table that stands in FROM."""
    select = table.parent.parent if isinstance(table.parent, exp.From) else None
    if not isinstance(select, exp.Select) or not isinstance(select.args.get("where"), exp.Where):
        return
    joins = select.args.get("joins") or []
    if any(join.side in OUTER for join in joins):
        return
    owners = {str(table.alias).upper()} if joins else {str(table.alias).upper(), ""}
    for condition in select.args["where"].this.flatten() if _is_and(select) else [_where(select)]:
        for found in _bounds_of(condition.unnest()):
            if found.column.table.upper() in owners and _is_known(found.value):
                yield found


def _where(select: exp.Select) -> exp.Expr:
    condition: exp.Expr = select.args["where"].this
    return condition


def _is_and(select: exp.Select) -> bool:
    return isinstance(_where(select), exp.And)


def _bounds_of(condition: exp.Expr) -> Iterator[Bounded]:
    if isinstance(condition, exp.Between) and isinstance(condition.this, exp.Column):
        yield Bounded(column=condition.this, value=condition.args["low"], at_least=True)
        yield Bounded(column=condition.this, value=condition.args["high"], at_least=False)
    at_least = AT_LEAST.get(type(condition))
    if at_least is None:
        return
    left, right = condition.this, condition.expression
    if isinstance(left, exp.Column):
        yield Bounded(column=left, value=right, at_least=at_least)
    if isinstance(right, exp.Column):
        yield Bounded(column=right, value=left, at_least=not at_least)


def _is_known(value: exp.Expr) -> bool:
    """Whether it means the same for every row."""
    return value.find(exp.Column, exp.Query, exp.Star, exp.AggFunc, exp.Window) is None

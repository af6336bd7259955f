"""Bounds: what a query's WHERE asks of one table's columns, for a store to look no further.

Only what can't change the answer is found: a conjunct of the WHERE, between a column of the table
and an expression without columns, where every row of the table that fails it is left out anyway.
"""

from collections.abc import Iterator

import msgspec
from sqlglot import exp

from rolecall.sql.calls import First

OUTER = ("RIGHT", "FULL")
"""Joins that keep rows of the other side, so that a WHERE speaks of what a table hasn't."""
AT_LEAST: dict[type[exp.Expr], bool] = {exp.GT: True, exp.GTE: True, exp.LT: False, exp.LTE: False}


class Bounded(msgspec.Struct, frozen=True, kw_only=True):
    """A column, and what it is compared with: at least, at most, or (None) one of some values."""

    column: exp.Column
    values: tuple[exp.Expr, ...]
    at_least: bool | None = None


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
            known = all(map(_is_known, found.values))
            if found.column.table.upper() in owners and known:
                yield found


def _where(select: exp.Select) -> exp.Expr:
    condition: exp.Expr = select.args["where"].this
    return condition


def _is_and(select: exp.Select) -> bool:
    return isinstance(_where(select), exp.And)


def _bounds_of(condition: exp.Expr) -> Iterator[Bounded]:
    match condition:
        case exp.Between(this=exp.Column() as column):
            yield Bounded(column=column, values=(condition.args["low"],), at_least=True)
            yield Bounded(column=column, values=(condition.args["high"],), at_least=False)
        case exp.In(this=exp.Column() as column) if condition.expressions:
            yield Bounded(column=column, values=tuple(condition.expressions))
        case exp.EQ() | exp.GT() | exp.GTE() | exp.LT() | exp.LTE():
            at_least = AT_LEAST.get(type(condition))
            left, right = condition.this, condition.expression
            if isinstance(left, exp.Column):
                yield Bounded(column=left, values=(right,), at_least=at_least)
            if isinstance(right, exp.Column):
                turned = None if at_least is None else not at_least
                yield Bounded(column=right, values=(left,), at_least=turned)
        case _:
            pass


def _is_known(value: exp.Expr) -> bool:
    """Whether it means the same for every row."""
    return value.find(exp.Column, exp.Query, exp.Star, exp.AggFunc, exp.Window) is None


# ---- the first rows ----------------------------------------------------------------------------

ROW_BY_ROW = {"expressions", "from_", "where", "order", "limit", "offset"}
"""What a query for first rows may have."""
COUNT_MAX = 100_000
"""Whoever wants more is given all there is."""


def first_rows(tree: exp.Query) -> First | None:
    """How many rows of its one relation the query begins with, and by which column; if it does."""
    if not isinstance(tree, exp.Select) or any(
        value for key, value in tree.args.items() if key not in ROW_BY_ROW
    ):
        return None
    parts = (part for key in ("expressions", "where", "order") for part in _listed(tree, key))
    if any(part.find(exp.AggFunc, exp.Window, exp.Query) is not None for part in parts):
        return None
    source = tree.args.get("from_")
    table = source.this if isinstance(source, exp.From) else None
    limit, offset = tree.args.get("limit"), tree.args.get("offset")
    numbers = [each.expression for each in (limit, offset) if isinstance(each, exp.Expr)]
    whole = all(isinstance(each, exp.Literal) and each.is_int for each in numbers)
    if not isinstance(table, exp.Table) or not isinstance(limit, exp.Limit) or not whole:
        return None
    if any(value for key, value in table.args.items() if key not in {"this", "alias"}):
        return None  # a sample, a pivot
    counts = [int(each.name) for each in numbers]
    if sum(counts) > COUNT_MAX:
        return None
    found = First(limit=counts[0], offset=sum(counts[1:]))
    order = tree.args.get("order")
    if order is None:
        return found
    by = order.expressions[0]
    column = _ordering(by.this, tree, table)
    newest_first = bool(by.args.get("desc"))
    if column is None:
        return None
    return msgspec.structs.replace(found, column=column, newest_first=newest_first)


def _listed(tree: exp.Select, key: str) -> list[exp.Expr]:
    found = tree.args.get(key) or []
    return found if isinstance(found, list) else [found]


def _ordering(key: exp.Expr, tree: exp.Select, table: exp.Table) -> str | None:
    """The column of the table that a key of ORDER BY means: by its place, an alias or its name."""
    if isinstance(key, exp.Literal) and key.is_int:
        listed = tree.expressions[: int(key.name)]
        if len(listed) < int(key.name) or any(each.is_star for each in listed):
            return None
        key = listed[-1].unalias()
    elif isinstance(key, exp.Column) and not key.table:
        name = key.name.upper()
        called = [each for each in tree.expressions if each.alias_or_name.upper() == name]
        key = called[0].unalias() if called else key
    if not isinstance(key, exp.Column) or key.table.upper() not in {"", table.alias.upper()}:
        return None
    identifier = key.this
    return str(identifier.this) if identifier.quoted else str(identifier.this).upper()

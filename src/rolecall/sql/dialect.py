"""Dialect: what the vendor's functions mean where the engine has another word or another meaning.

One rule a kind of node. Rules see a tree whose columns have their names already, so that what a
rule writes is never a column's name.
"""

import re
from collections.abc import Callable, Mapping

from sqlglot import exp

DAYS = frozenset({"DAY", "WEEK", "MONTH", "QUARTER", "YEAR"})
"""Units that leave a date a date."""
ZONED = ("TIMESTAMPTZ", "TIMESTAMPLTZ")
OFFSET = re.compile(r"\s+(?=[+-]\d{2}:?\d{2}$)")
TYPES = {
    "ARRAY": "ARRAY",
    "BIGINT": "INTEGER",
    "BOOLEAN": "BOOLEAN",
    "DOUBLE": "DECIMAL",
    "NULL": "NULL_VALUE",
    "OBJECT": "OBJECT",
    "UBIGINT": "INTEGER",
    "VARCHAR": "VARCHAR",
}
"""What the engine calls a JSON value, and what the vendor does."""


def translate(tree: exp.Expr) -> None:
    """Put the tree, inner parts first, in terms that the engine's dialect can be made of."""
    for node in reversed(list(tree.walk())):
        rule = RULES.get(type(node))
        if rule is not None:
            node.replace(rule(node))


def _json(value: exp.Expr) -> exp.Expr:
    return exp.func("to_json", value.copy())


def _date_add(node: exp.Expr) -> exp.Expr:
    """Days added to a date make a date; the engine makes a timestamp."""
    if _is_date(node.this) and node.text("unit") in DAYS:
        return exp.cast(node.copy(), "DATE")
    return node


def _is_date(value: exp.Expr) -> bool:
    return isinstance(value, exp.Cast) and value.is_type("DATE")


def _array_size(node: exp.Expr) -> exp.Expr:
    """Of what is no array there is no size."""
    value = _json(node.this)
    is_array = exp.EQ(this=exp.func("json_type", value), expression=exp.Literal.string("ARRAY"))
    return exp.Case(ifs=[exp.If(this=is_array, true=exp.func("json_array_length", value.copy()))])


def _array_contains(node: exp.Expr) -> exp.Expr:
    """An array of JSON and one of the engine's own are compared alike."""
    values = exp.cast(_json(node.this), exp.DataType.build("JSON[]", dialect="duckdb"))
    return exp.func("list_contains", values, _json(node.expression))


def _cast(node: exp.Expr) -> exp.Expr:
    """A VARIANT is JSON; an offset stands behind a time without a space."""
    if node.is_type("VARIANT"):
        return _json(node.this)
    if node.is_type(*ZONED) and node.this.is_string:
        node.this.replace(exp.Literal.string(OFFSET.sub("", node.this.name)))
    return node


def _typeof(node: exp.Expr) -> exp.Expr:
    """What a VARIANT holds, in the vendor's words."""
    ifs = [
        exp.If(this=exp.Literal.string(engine), true=exp.Literal.string(vendor))
        for engine, vendor in TYPES.items()
    ]
    return exp.Case(this=exp.func("json_type", _json(node.this)), ifs=ifs)


def _regexp_extract(node: exp.Expr) -> exp.Expr:
    """Asked to extract, without a group, it is the first one."""
    if "e" in node.text("parameters") and node.text("group") == "0":
        node.set("group", exp.Literal.number(1))
    return node


def _window(node: exp.Expr) -> exp.Expr:
    """A ratio to a report is a share of its sum."""
    if node.this.name.upper() != "RATIO_TO_REPORT":
        return node
    (value,) = node.this.expressions
    node.set("this", exp.Sum(this=value.copy()))
    return exp.Div(this=value.copy(), expression=node.copy())


RULES: Mapping[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.ArrayContains: _array_contains,
    exp.ArraySize: _array_size,
    exp.Cast: _cast,
    exp.DateAdd: _date_add,
    exp.RegexpExtract: _regexp_extract,
    exp.Time: lambda node: exp.cast(node.this.copy(), "TIME"),
    exp.ToVariant: lambda node: _json(node.this),
    exp.Typeof: _typeof,
    exp.Window: _window,
}

"""FLATTEN: a row for each member of a JSON value, over a column of another relation or a constant.

SEQ tells inputs apart that differ (the vendor: every two). RECURSIVE is not among what we do.
"""

from sqlglot import exp

from rolecall.sql.errors import InvalidArgument, UnsupportedFeature

FUNCTION = "FLATTEN"
ARGUMENTS = ("INPUT", "PATH", "OUTER", "RECURSIVE", "MODE")
MODES = {"OBJECT": ("OBJECT",), "ARRAY": ("ARRAY",), "BOTH": ("ARRAY", "OBJECT")}
ROWS = """
SELECT CAST(hash(_input) >> 1 AS BIGINT) AS "SEQ",
    CASE WHEN json_type(_value) = 'OBJECT' THEN "key" END AS "KEY",
    ltrim(substr("fullkey", 2), '.') AS "PATH",
    CASE WHEN json_type(_value) = 'ARRAY' THEN CAST("key" AS BIGINT) END AS "INDEX",
    "value" AS "VALUE",
    _value AS "THIS"
FROM json_each(_input, _path) WHERE json_type(_value) IN (_types)
"""


def is_flatten(node: exp.Expr | None) -> bool:
    """Whether the node is FLATTEN, standing where it may."""
    return isinstance(node, exp.Explode) and isinstance(
        node.parent, exp.Lateral | exp.TableFromRows
    )


def as_laterals(tree: exp.Expr) -> None:
    """`TABLE(FLATTEN(…))` is `LATERAL FLATTEN(…)`."""
    for number, rows in enumerate(list(tree.find_all(exp.TableFromRows))):
        if is_flatten(rows.this):
            name = exp.to_identifier(f"flatten_{number}", quoted=True)
            alias = rows.args.get("alias") or exp.TableAlias(this=name)
            rows.replace(exp.Lateral(this=rows.this.copy(), alias=alias.copy()))


def flatten(tree: exp.Expr) -> None:
    """Put a query over the members in the place of each."""
    for lateral in list(tree.find_all(exp.Lateral)):
        given = _arguments(lateral.this)
        rows = exp.Subquery(
            this=_rows(given), alias=exp.TableAlias(this=lateral.args["alias"].this)
        )
        _read_texts(tree, str(lateral.alias).upper())
        join = lateral.parent
        outer = isinstance(given.get("OUTER"), exp.Boolean) and given["OUTER"].this
        if isinstance(join, exp.Join):
            if outer:
                join.set("side", "LEFT")
                join.set("on", exp.true())
            lateral.replace(exp.Lateral(this=rows.this.subquery(), alias=rows.args["alias"]))
        elif outer:
            raise UnsupportedFeature("FLATTEN with OUTER that is joined to nothing")
        else:
            lateral.replace(rows)


def _arguments(call: exp.Expr) -> dict[str, exp.Expr]:
    given: dict[str, exp.Expr] = {}
    for name, argument in zip(ARGUMENTS, [call.this, *call.expressions], strict=False):
        wanted, value = name, argument
        if isinstance(argument, exp.Kwarg):
            wanted, value = argument.this.name.upper(), argument.expression
        if wanted not in ARGUMENTS or wanted in given:
            raise InvalidArgument(FUNCTION, f"{wanted} is no argument of it, or given twice.")
        given[wanted] = value
    if "INPUT" not in given:
        raise InvalidArgument(FUNCTION, "it takes an INPUT.")
    recursive = given.get("RECURSIVE")
    if recursive is not None and recursive != exp.false():
        raise UnsupportedFeature("FLATTEN with RECURSIVE")
    return given


def _rows(given: dict[str, exp.Expr]) -> exp.Expr:
    whole = exp.cast(given["INPUT"].copy(), exp.DataType.build("JSON"))
    path = exp.Literal.string("$" + _path(given.get("PATH")))
    mode = given.get("MODE", exp.Literal.string("BOTH")).name.upper()
    if mode not in MODES:
        raise InvalidArgument(FUNCTION, "MODE is 'OBJECT', 'ARRAY' or 'BOTH'.")
    said: dict[str, exp.Expr] = {
        "_input": whole,
        "_value": exp.JSONExtract(this=whole.copy(), expression=path.copy()),
        "_path": path,
    }
    types = ", ".join(f"'{type}'" for type in MODES[mode])
    rows: exp.Expr = exp.maybe_parse(ROWS.replace("_types", types), dialect="duckdb")
    for column in list(rows.find_all(exp.Column)):
        if column.name in said:
            column.replace(said[column.name].copy())
    return rows


def _path(given: exp.Expr | None) -> str:
    if given is None or given.name == "":
        return ""
    if not isinstance(given, exp.Literal) or not given.is_string:
        raise InvalidArgument(FUNCTION, "PATH is a text.")
    return given.name if given.name.startswith("[") else f".{given.name}"


def _read_texts(tree: exp.Expr, alias: str) -> None:
    """Where a text is wanted of VALUE, take the text, without JSON's quotes."""
    for column in list(tree.find_all(exp.Column)):
        parent = column.parent
        is_text = isinstance(parent, exp.Cast) and parent.is_type(*exp.DataType.TEXT_TYPES)
        is_value = column.name.upper() == "VALUE" and column.table.upper() in {"", alias}
        if is_value and (is_text or isinstance(parent, exp.Predicate)):
            root = exp.Literal.string("$")
            column.replace(exp.JSONExtractScalar(this=column.copy(), expression=root))

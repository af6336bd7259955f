"""Tables whose names are texts: IDENTIFIER('…') and TABLE('…') in a FROM, by a variable as well."""

from sqlglot import exp
from sqlglot.errors import SqlglotError

from rolecall.sql.errors import UnknownRelation


def name_tables(tree: exp.Expr) -> None:
    """Put the name that a text says where the text stands. Raises UnknownRelation."""
    for table in list(tree.find_all(exp.Table)):
        if isinstance(table.this, exp.DynamicIdentifier):
            _name(table, table, table.this.this)
    for rows in list(tree.find_all(exp.TableFromRows)):
        if isinstance(rows.this, exp.Literal):
            table = exp.Table()
            for key in ("alias", "joins", "pivots", "sample"):
                table.set(key, rows.args.get(key))
            _name(table, rows, rows.this)
            rows.replace(table)


def _name(table: exp.Table, written: exp.Expr, text: exp.Expr) -> None:
    parts = _parts(text.name) if text.is_string else []
    if not parts or not all(isinstance(part, exp.Identifier) for part in parts):
        raise UnknownRelation(written.sql(dialect="snowflake"))
    for key, part in zip(("this", "db", "catalog"), reversed(parts), strict=False):
        table.set(key, part.copy())


def _parts(text: str) -> list[exp.Expr]:
    try:
        return list(exp.to_table(text, dialect="snowflake").parts)
    except (SqlglotError, ValueError):
        return []

"""The plan of one query, drawn from sqlglot's tree; the only module that knows sqlglot."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError, UnsupportedError

from rolecall.sql.bounds import bounded_columns, first_rows
from rolecall.sql.calls import Among, Argument, Bound, Constant, FunctionCall, RelationCall
from rolecall.sql.cursor import place_of
from rolecall.sql.dialect import translate
from rolecall.sql.errors import (
    InvalidArgument,
    MisplacedFunction,
    SqlSyntaxError,
    UnknownFunction,
    UnknownRelation,
    UnknownVariable,
    UnsupportedFeature,
)
from rolecall.sql.flatten import as_laterals, flatten, is_flatten
from rolecall.sql.functions import ACCOUNT_FUNCTIONS, QUERY_FUNCTIONS, AccountFunction, ResultType
from rolecall.sql.named_tables import name_tables

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMESTAMP_TEXT = "%Y-%m-%d %H:%M:%S.%f+00:00"

# What it would warn of is refused with its place; a log must not hold a statement's text.
sqlglot.parser.logger.disabled = True

# What sqlglot trips over when a text is nearly SQL; all of it says "not a query we can read".
UNREADABLE = (
    SqlglotError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)

# Functions to sqlglot, grammar to everyone else: they stand in a query without a name of their own.
GRAMMAR = (
    exp.And,
    exp.Array,
    exp.Case,
    exp.Cast,
    exp.Ceil,
    exp.CurrentDate,
    exp.DecodeCase,
    exp.Exists,
    exp.Extract,
    exp.Floor,
    exp.GroupConcat,
    exp.If,
    exp.JSONExtract,
    exp.Or,
    exp.RegexpILike,
    exp.RegexpLike,
    exp.StrPosition,
    exp.Struct,
    exp.TryCast,
    exp.Xor,
)

REFUSED = {
    exp.Placeholder: "a bind variable",
    exp.SessionParameter: "a session variable",
    exp.HistoricalData: "a query of the past (AT, BEFORE)",
    exp.Lateral: "LATERAL",
    exp.Into: "INTO",
    exp.DML: "a change inside a query",
    exp.DDL: "a change inside a query",
    exp.Command: "a command inside a query",
    exp.Lock: "FOR UPDATE",
    exp.MatchRecognize: "MATCH_RECOGNIZE",
}


class SelectPlan:
    """What a query asks of the account, and the query that is left when it has been answered."""

    def __init__(self, tree: exp.Query, text: str, variables: Mapping[str, Constant]) -> None:
        """Take the account's part out of the tree; refuse what is not a query of ours."""
        self._tree = tree
        self._text = text
        self._variables = variables
        self._functions: list[FunctionCall] = []
        self._relations: list[RelationCall] = []
        self._constants: list[exp.Expr] = []
        self._places = self._places_of_columns()
        self._refuse_strangers()
        as_laterals(self._tree)
        self._name_columns()
        self.columns = self._columns()
        self._read_variables()
        name_tables(self._tree)
        self._take_functions()
        self.mentioned = self._mentioned()
        self._take_relations()
        self._read_texts()
        flatten(self._tree)
        self.functions = tuple(self._functions)
        self.relations = tuple(self._relations)
        self.first = first_rows(self._tree) if len(self.relations) == 1 else None
        self.trivial_types = self._trivial_types()

    @property
    def trivial(self) -> bool:
        """Whether the query is one row of literals and account functions, needing no engine."""
        return self.trivial_types is not None

    def trivial_values(self, values: Sequence[Constant]) -> tuple[Constant, ...]:
        """The one row of a trivial query; values answer `functions` in their order."""
        assert self.trivial
        answers = self._answers(values)
        row = [projection.unalias() for projection in self._tree.selects]
        return tuple(
            answers[cell.name] if isinstance(cell, exp.Placeholder) else _constant(cell)
            for cell in row
        )

    def constant_sql(self, values: Sequence[Constant]) -> str | None:
        """One row with every argument of every table function, or None when there are none."""
        if not self._constants:
            return None
        columns = [
            exp.alias_(constant.copy(), f"argument_{position}", quoted=True)
            for position, constant in enumerate(self._constants)
        ]
        return self._sql(exp.Select(expressions=columns), values)

    def query_sql(self, values: Sequence[Constant]) -> str:
        """The query in the engine's dialect; values answer `functions` in their order."""
        return self._sql(self._tree, values)

    def place_of(self, identifier: str) -> tuple[int, int]:
        """Line and column where a column of this name is written; 0 if it can't be found."""
        return self._places.get(identifier.upper(), (0, 0))

    def _answers(self, values: Sequence[Constant]) -> dict[str, Constant]:
        placeholders = [call.placeholder for call in self.functions]
        return dict(zip(placeholders, values, strict=True))

    def _sql(self, tree: exp.Expr, values: Sequence[Constant]) -> str:
        answers = self._answers(values)
        results = {call.placeholder: call.result for call in self.functions}
        tree = tree.copy()
        for node in list(tree.find_all(exp.Placeholder)):
            node.replace(_literal(answers[node.name], results[node.name]))
        try:
            translate(tree)
            return str(tree.sql(dialect="duckdb", unsupported_level=ErrorLevel.RAISE))
        except UnsupportedError as error:
            raise UnsupportedFeature(str(error).replace(" when targeting DuckDB", "")) from None
        except UNREADABLE:
            raise UnsupportedFeature("an expression of this query") from None

    # --- names of columns -------------------------------------------------------------------

    def _name_columns(self) -> None:
        """Give every projection the name that the vendor gives it; a bare column has its own."""
        for select in list(self._tree.find_all(exp.Select)):
            for projection in list(select.expressions):
                if not projection.is_star and not isinstance(projection, exp.Column):
                    name = exp.to_identifier(_header(projection), quoted=True)
                    inner = projection.unalias().copy()
                    projection.replace(exp.Alias(this=inner, alias=name))
        for table in list(self._tree.find_all(exp.TableAlias)):
            for column in table.columns:
                column.replace(exp.to_identifier(_folded(column), quoted=True))

    def _places_of_columns(self) -> dict[str, tuple[int, int]]:
        """Where each name of a column stands first."""
        places: dict[str, tuple[int, int]] = {}
        for node in self._tree.find_all(exp.Column):
            start = node.this.meta.get("start") if isinstance(node.this, exp.Identifier) else None
            if start is not None:
                places.setdefault(_folded(node.this).upper(), place_of(self._text, start))
        return places

    def _mentioned(self) -> frozenset[str] | None:
        """The names of columns that the query can read, in capitals; None where it may be all."""
        stars = (
            star for star in self._tree.find_all(exp.Star) if type(star.parent) is not exp.Count
        )
        shared = (j for j in self._tree.find_all(exp.Join) if j.args.get("using") or j.method)
        if any(stars) or any(shared) or self._tree.find(exp.Pivot):
            return None
        names = {column.name.upper() for column in self._tree.find_all(exp.Column)}
        aliases = {str(table.alias_or_name).upper() for table in self._tree.find_all(exp.Table)}
        return None if names & aliases else frozenset(names)

    def _read_variables(self) -> None:
        """Put each session variable's value where its name stands."""
        for node in list(self._tree.find_all(exp.Parameter)):
            if isinstance(node.parent, exp.Table):
                continue
            value = self._variables[node.name.upper()]
            node.replace(_literal(value, _type_of(value)))

    def _columns(self) -> tuple[str, ...] | None:
        """The result's columns as far as the text says them: a star says nothing."""
        selects = self._tree.selects
        if any(projection.is_star for projection in selects):
            return None
        return tuple(_header(projection) for projection in selects)

    # --- refusals ---------------------------------------------------------------------------

    def _refuse_strangers(self) -> None:
        for node in self._tree.walk():
            refused = {} if is_flatten(node.args.get("this")) else REFUSED
            for kind, what in refused.items():
                if isinstance(node, kind):
                    raise UnsupportedFeature(what)
            if isinstance(node, exp.Parameter):
                self._refuse_unknown_variable(node)
            if isinstance(node, exp.Func) and not _is_relation(node):
                self._refuse_unknown_function(node)

    def _refuse_unknown_variable(self, node: exp.Parameter) -> None:
        if isinstance(node.parent, exp.Table) and node.this.is_int:
            return
        if not isinstance(node.this, exp.Var):
            raise UnsupportedFeature("a column by position")
        if node.name.upper() not in self._variables:
            raise UnknownVariable(node.name.upper())

    def _refuse_unknown_function(self, node: exp.Func) -> None:
        name = self._spelled(node)
        if is_flatten(node) or (name is None and isinstance(node, GRAMMAR)):
            return
        names = {name} if name else set(node.sql_names())
        name = name or node.sql_name()
        if not names & QUERY_FUNCTIONS and _account_function(node, name) is None:
            self._fail_unknown(node, name)

    def _spelled(self, node: exp.Expr) -> str | None:
        """The function's name as the text has it; a synonym is what was written, not its target."""
        start, end = node.meta.get("start"), node.meta.get("end")
        if start is None or end is None:
            return None
        return self._text[start : end + 1].strip('"').upper()

    def _fail_unknown(self, node: exp.Expr, name: str) -> NoReturn:
        line, column = place_of(self._text, node.meta.get("start", 0))
        raise UnknownFunction(name, line=line, column=column)

    # --- functions of the account -----------------------------------------------------------

    def _take_functions(self) -> None:
        bare = _is_bare(self._tree)
        for node in list(self._tree.find_all(exp.Func)):
            if isinstance(node, exp.CurrentDate):
                node.replace(
                    exp.cast(self._call(ACCOUNT_FUNCTIONS["CURRENT_TIMESTAMP"], ()), "DATE")
                )
                continue
            function = _account_function(node, self._spelled(node) or node.sql_name())
            if function is None or _is_relation(node):
                continue
            if function.changes_account and not (bare and self._is_projection(node)):
                raise MisplacedFunction(function.name)
            placeholder: exp.Expr = self._call(function, self._arguments(node, function))
            if isinstance(node, exp.CurrentTimestamp) and node.args.get("sysdate"):
                placeholder = exp.cast(placeholder, "TIMESTAMP")
            node.replace(placeholder)

    def _is_projection(self, node: exp.Expr) -> bool:
        parent = node.parent
        return (parent.parent if isinstance(parent, exp.Alias) else parent) is self._tree

    def _arguments(self, node: exp.Func, function: AccountFunction) -> tuple[Constant, ...]:
        given = (
            node.expressions or [node.this] if isinstance(node.this, exp.Expr) else node.expressions
        )
        if not function.arguments_min <= len(given) <= function.arguments_max:
            wanted = f"{function.arguments_min} to {function.arguments_max}"
            raise InvalidArgument(function.name, f"it takes {wanted} arguments, not {len(given)}.")
        if not all(_is_constant(argument) for argument in given):
            raise InvalidArgument(function.name, "only constants are allowed.")
        return tuple(_constant(argument) for argument in given)

    def _call(self, function: AccountFunction, arguments: tuple[Constant, ...]) -> exp.Placeholder:
        placeholder = f"function_{len(self._functions)}"
        self._functions.append(
            FunctionCall(
                name=function.name,
                arguments=arguments,
                placeholder=placeholder,
                result=function.result,
                changes_account=function.changes_account,
            )
        )
        return exp.Placeholder(this=placeholder)

    # --- relations --------------------------------------------------------------------------

    def _take_relations(self) -> None:
        for node in list(self._tree.find_all(exp.Table)):
            if isinstance(node.this, exp.Func):
                self._fail_unknown(node.this, self._spelled(node.this) or node.this.sql_name())
            if isinstance(node.this, exp.Parameter):
                self._take_stage(node)
                continue
            if not isinstance(node.this, exp.Identifier):
                raise UnknownRelation(node.sql(dialect="snowflake"))
            name = tuple(_folded(part) for part in node.parts if isinstance(part, exp.Identifier))
            if len(name) == 1 and name[0] in _visible_ctes(node):
                continue
            if not node.alias:
                node.set("alias", exp.TableAlias(this=node.this.copy()))
            relation = self._relation(name, *self._asked(node))
            node.set("this", exp.to_identifier(relation.placeholder, quoted=True))
            node.set("db", None)
            node.set("catalog", None)
        for rows in list(self._tree.find_all(exp.TableFromRows)):
            self._take_table_function(rows)

    def _take_stage(self, node: exp.Table) -> None:
        """`$1`, the answer of the stage before."""
        name = f"${node.this.name}"
        relation = self._relation((name,))
        if not node.alias:
            node.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
        node.set("this", exp.to_identifier(relation.placeholder, quoted=True))

    def _asked(self, table: exp.Table) -> tuple[tuple[Bound, ...], tuple[Among, ...]]:
        """What WHERE asks of the table's columns; the query itself asks it again, to the letter."""
        bounds: list[Bound] = []
        among: list[Among] = []
        for bounded in bounded_columns(table):
            column = _folded(bounded.column.this)
            if bounded.at_least is None:
                if all(_is_constant(v) or isinstance(v, exp.Placeholder) for v in bounded.values):
                    among.append(self._among(column, bounded.values))
            else:
                bounds.append(self._bound(column, *bounded.values, at_least=bounded.at_least))
        return tuple(bounds), tuple(among)

    def _bound(self, column: str, value: exp.Expr, *, at_least: bool) -> Bound:
        if _is_constant(value) and type(number := _constant(value)) is int:
            return Bound(column=column, at_least=at_least, number=number)
        moment = exp.TryCast(this=value.copy(), to=exp.DataType.build("TIMESTAMPTZ"))
        return Bound(column=column, at_least=at_least, position=self._constant_of(moment))

    def _among(self, column: str, values: Sequence[exp.Expr]) -> Among:
        return Among(
            column=column,
            values=tuple(_constant(value) for value in values if _is_constant(value)),
            positions=tuple(
                self._constant_of(value.copy()) for value in values if not _is_constant(value)
            ),
        )

    def _constant_of(self, value: exp.Expr) -> int:
        """The value's column in the constants."""
        self._constants.append(value)
        return len(self._constants) - 1

    def _relation(
        self,
        name: tuple[str, ...],
        bounds: tuple[Bound, ...] = (),
        among: tuple[Among, ...] = (),
    ) -> RelationCall:
        for relation in self._relations:
            whole = not (relation.bounds or relation.among or bounds or among)
            if whole and relation.name == name:
                return relation
        placeholder = f"relation_{len(self._relations)}"
        relation = RelationCall(name=name, placeholder=placeholder, bounds=bounds, among=among)
        self._relations.append(relation)
        return relation

    def _take_table_function(self, node: exp.TableFromRows) -> None:
        *qualifier, call = node.this.flatten() if isinstance(node.this, exp.Dot) else [node.this]
        identifiers = [part for part in qualifier if isinstance(part, exp.Identifier)]
        if not isinstance(call, exp.Func) or len(identifiers) < len(qualifier):
            raise UnknownRelation(node.this.sql(dialect="snowflake"))
        name = self._spelled(call) or call.sql_name()
        if not isinstance(call, exp.Anonymous):
            self._fail_unknown(call, name)
        relation = RelationCall(
            name=(*(_folded(part) for part in identifiers), name),
            placeholder=f"relation_{len(self._relations)}",
            is_function=True,
            arguments=tuple(self._argument(name, given) for given in call.expressions),
        )
        self._relations.append(relation)
        table = exp.Table(this=exp.to_identifier(relation.placeholder, quoted=True))
        for key in ("alias", "joins", "pivots", "sample"):
            table.set(key, node.args.get(key))
        node.replace(table)

    def _argument(self, function: str, given: exp.Expr) -> Argument:
        name = None
        if isinstance(given, exp.Kwarg):
            name, given = given.this.name.upper(), given.expression
        if given.find(exp.Column, exp.Query, exp.Star) is not None:
            raise InvalidArgument(function, "only constants are allowed.")
        return Argument(name=name, position=self._constant_of(given))

    def _read_texts(self) -> None:
        """Where a text is wanted of a JSON path, take the text, without JSON's quotes."""
        for node in list(self._tree.find_all(exp.JSONExtract)):
            parent = node.parent
            is_text = isinstance(parent, exp.Cast) and parent.is_type(*exp.DataType.TEXT_TYPES)
            if is_text or isinstance(parent, exp.Predicate):
                parts = {"this": node.this, "expression": node.expression}
                node.replace(exp.JSONExtractScalar(**parts))

    # --- queries that need no engine --------------------------------------------------------

    def _trivial_types(self) -> tuple[ResultType, ...] | None:
        if self.columns is None or not _is_bare(self._tree):
            return None
        results = {call.placeholder: call.result for call in self.functions}
        # The engine types a number with a point; what makes a secret is answered without it.
        secret = any(call.changes_account for call in self.functions)
        types = []
        for projection in self._tree.selects:
            cell = projection.unalias()
            if isinstance(cell, exp.Placeholder):
                types.append(results[cell.name])
            elif _is_constant(cell) and (secret or not isinstance(_constant(cell), float)):
                types.append(_type_of(_constant(cell)))
            else:
                return None
        return tuple(types)


def read_query(text: str, variables: Mapping[str, Constant]) -> SelectPlan:
    """The plan of a query whose size and depth have been judged."""
    try:
        return _planned(text, variables)
    except ParseError as error:
        raise _syntax_error(error) from None
    except UNREADABLE:
        reason = "unexpected form: the query cannot be read, or is nested too deeply."
        raise SqlSyntaxError(reason, line=1, column=1) from None


def _planned(text: str, variables: Mapping[str, Constant]) -> SelectPlan:
    tree = sqlglot.parse_one(text, read="snowflake")
    if not isinstance(tree, exp.Select | exp.SetOperation | exp.Subquery):
        raise SqlSyntaxError("unexpected statement.\nExpected a query.", line=1, column=1)
    return SelectPlan(tree, text, variables)


def _syntax_error(error: ParseError) -> SqlSyntaxError:
    first = error.errors[0] if error.errors else {}
    found = str(first.get("highlight") or "<EOF>")
    line = int(first.get("line") or 1)
    column = max(int(first.get("col") or 1) - len(found) + 1, 1)
    if found.startswith(("'", '"', "$")):
        found = "…"
    return SqlSyntaxError(f"unexpected '{found[:80]}'.", line=line, column=column)


def _account_function(node: exp.Func, name: str) -> AccountFunction | None:
    if isinstance(node, exp.CurrentTimestamp):
        return ACCOUNT_FUNCTIONS["CURRENT_TIMESTAMP"]
    return ACCOUNT_FUNCTIONS.get(name)


def _is_relation(node: exp.Expr) -> bool:
    """Whether the node is the function inside TABLE(…), or stands where a table should."""
    parent = node.parent
    while isinstance(parent, exp.Dot):
        parent = parent.parent
    return isinstance(parent, exp.TableFromRows | exp.Table)


def _is_bare(tree: exp.Query) -> bool:
    """Whether the query is projections and nothing else."""
    return isinstance(tree, exp.Select) and all(
        key == "expressions" or not value for key, value in tree.args.items()
    )


def _is_constant(node: exp.Expr) -> bool:
    if isinstance(node, exp.Neg):
        return isinstance(node.this, exp.Literal) and not node.this.is_string
    return isinstance(node, exp.Literal | exp.Boolean | exp.Null)


def _constant(node: exp.Expr) -> Constant:
    match node:
        case exp.Null():
            return None
        case exp.Boolean():
            return bool(node.this)
        case exp.Neg():
            return -_number(node.this.name)
        case _:
            return node.name if node.is_string else _number(node.name)


def _number(text: str) -> int | float:
    return int(text) if text.isdecimal() and len(text) <= 18 else float(text)


def _type_of(value: Constant) -> ResultType:
    match value:
        case bool():
            return ResultType.BOOLEAN
        case int():
            return ResultType.FIXED
        case float():
            return ResultType.REAL
        case _:
            return ResultType.TEXT


def _literal(value: Constant, result: ResultType) -> exp.Expr:
    if value is None:
        return exp.cast(exp.null(), "TIMESTAMPTZ" if result is ResultType.TIMESTAMP_LTZ else "TEXT")
    if result is ResultType.TIMESTAMP_LTZ:
        assert isinstance(value, int)
        text = (EPOCH + timedelta(microseconds=value)).strftime(TIMESTAMP_TEXT)
        return exp.cast(exp.Literal.string(text), "TIMESTAMPTZ")
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    return exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(value)


def _folded(identifier: exp.Identifier) -> str:
    return str(identifier.this) if identifier.quoted else str(identifier.this).upper()


def _header(projection: exp.Expr) -> str:
    """The column's name: its alias, or the expression's text in capitals."""
    named = projection.args.get("alias") if isinstance(projection, exp.Alias) else projection.this
    if isinstance(named, exp.Identifier):
        return _folded(named)
    return str(projection.sql(dialect="snowflake", comments=False)).upper()


def _visible_ctes(node: exp.Expr) -> set[str]:
    """The names that WITH clauses around the node give, itself only where that is recursive."""
    return set(_ctes_around(node))


def _ctes_around(node: exp.Expr) -> Iterator[str]:
    child, parent = node, node.parent
    while parent is not None:
        if isinstance(parent, exp.With):
            before = parent.expressions[: child.index or 0]
            visible = [*before, child] if parent.recursive else before
        else:
            visible = parent.ctes if isinstance(parent, exp.Query) else []
            visible = [] if isinstance(child, exp.With) else visible
        for cte in visible:
            yield _folded(cte.args["alias"].this)
        child, parent = parent, parent.parent

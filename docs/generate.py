"""The reference pages are drawn from the tables that the program runs by, at every build.

`docs/conf.py` calls `write` before Sphinx reads; nothing that is written is kept in git. A word
that lacks its prose is a failure of tests/test_docs.py, not a gap in a page.
"""

import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, get_args

from typer.core import TyperArgument, TyperOption
from typer.main import get_command

from rolecall import cli, settings
from rolecall.domain import commands, events
from rolecall.domain.founding import SYSTEM_PRIVILEGES, SYSTEM_ROLES
from rolecall.domain.parameters import EFFECTIVE, LEVELS, PARAMETERS
from rolecall.domain.policies import NETWORK_POLICY
from rolecall.fronts import (
    relations,
    sql_accounts,
    sql_selects,
    sql_users,
    sql_variables,
    tables,
    tables_network,
    tables_scim,
    tables_users,
)
from rolecall.fronts.scim_answers import SCIM_ERRORS
from rolecall.fronts.sql_refusals import SQL_ERRORS
from rolecall.scim import errors as scim_errors
from rolecall.scim.quirks import QUIRKS
from rolecall.scim.schema import COMMON, SCHEMAS, Attribute
from rolecall.sql import properties, rules_grants, rules_network, rules_users, statements
from rolecall.sql.functions import ACCOUNT_FUNCTIONS, QUERY_FUNCTIONS

FOLDER = Path(__file__).parent / "reference"
NOT_YET = re.compile(r'unsupported\("([^"]+)"')
SCIM_STATUS = re.compile(r"ScimError\((\d{3}), (None|\"\w+\"),")

PLACE = re.compile(r"\{(\w+)(?:\[0\])?\}")

SETTINGS = {
    settings.DATA_VARIABLE: "The data folder of every command that has no `--data`. "
    f"Without it: `./{settings.DATA_DEFAULT}`.",
    settings.NEW_PASSWORD_VARIABLE: "The password that `rolecall sql --url` chooses when the old "
    "one has to be changed.",
    settings.PASSWORD_VARIABLE: "The password of `rolecall sql --url` when there is no "
    "`--password-file`. Without both a prompt asks.",
    settings.TOKEN_VARIABLE: "The bearer token of `rolecall push` when there is no `--token-file`.",
}
"""What the environment says, and which commands listen."""

LIMITS = (
    ("web.scim.BODY_BYTES_MAX", "bytes of a SCIM body; beyond them 413"),
    ("web.scim.GROUP_BODY_BYTES_MAX", "bytes of a body to `/Groups`; beyond them 413"),
    ("scim.messages.PAGE_COUNT_DEFAULT", "resources on a page when `count` is missing"),
    ("scim.messages.PAGE_COUNT_MAX", "resources on a page; a larger `count` is taken for this"),
    ("scim.filter.FILTER_CHARACTERS_MAX", "characters of a filter"),
    ("scim.filter.FILTER_DEPTH_MAX", "levels of parentheses and `not` in a filter"),
    ("scim.path.PATH_CHARACTERS_MAX", "characters of a PATCH path"),
    (
        "fronts.scim_contract.MEMBERS_SHOWN_MAX",
        "members up to which a PATCH answers with the group",
    ),
    ("domain.names.NAME_LENGTH_MAX", "characters of a name"),
    ("domain.properties.TEXT_LENGTH_MAX", "characters of a property"),
    ("domain.profile.ENTRIES_MAX", "entries of a multi-valued attribute"),
    ("domain.attempts.DETAILS_LENGTH_MAX", "characters kept of a request's body in the audit"),
    ("vault.TOKEN_MONTHS", "calendar months that a token lives"),
    ("wiring.SERVE_TOKEN_SECONDS", "seconds that the token of `rolecall serve` lives"),
    ("fronts.login.SESSION_SECONDS", "seconds that a login lives"),
    ("domain.credentials.FAILED_LOGINS_MAX", "wrong passwords in a row; they lock the user"),
    ("domain.credentials.LOCK_SECONDS", "seconds that such a lock lasts"),
    ("domain.access_tokens.ACCESS_TOKENS_MAX", "programmatic access tokens of one user"),
    ("fronts.sql_users.TOKEN_DAYS_MAX", "days that a programmatic access token lives"),
    ("sql.cursor.STATEMENT_BYTES_MAX", "bytes of one SQL statement"),
    ("sql.cursor.SCRIPT_CHARACTERS_MAX", "characters of a script of statements"),
    ("select.engine.RESULT_ROWS_MAX", "rows of a query's result"),
)
"""A limit on everything: the constant, and what it counts."""

USER_PROPERTIES = "CREATE USER, ALTER USER"
PROPERTY_TABLES = {
    USER_PROPERTIES: properties.USER,
    "ALTER USER … ADD PROGRAMMATIC ACCESS TOKEN": rules_users.TOKEN_ADDED,
    "ALTER USER … ROTATE PROGRAMMATIC ACCESS TOKEN": rules_users.TOKEN_ROTATED,
    "ALTER USER … MODIFY PROGRAMMATIC ACCESS TOKEN": rules_users.TOKEN_MODIFIED,
    "CREATE ACCOUNT": properties.ACCOUNT,
    "CREATE SECURITY INTEGRATION": properties.SCIM_CREATED,
    "ALTER SECURITY INTEGRATION": properties.SCIM_ALTERED,
    "CREATE NETWORK POLICY, ALTER NETWORK POLICY": rules_network.POLICY,
    "CREATE NETWORK RULE": rules_network.RULE_CREATED,
    "ALTER NETWORK RULE": rules_network.RULE_ALTERED,
}
RELATIONS: dict[str, tables.Fields[Any]] = {
    "SHOW USERS": tables_users.SHOW_USERS,
    "SHOW TERSE USERS": tables_users.SHOW_TERSE_USERS,
    "SHOW USER PROGRAMMATIC ACCESS TOKENS": tables_users.SHOW_ACCESS_TOKENS,
    "ALTER USER … ADD PROGRAMMATIC ACCESS TOKEN": tables_users.ADDED_ACCESS_TOKEN,
    "ALTER USER … ROTATE PROGRAMMATIC ACCESS TOKEN": tables_users.ROTATED_ACCESS_TOKEN,
    "ALTER USER … RESET PASSWORD": tables_users.RESET_PASSWORD,
    "SHOW ACCOUNTS": sql_accounts.SHOW_ACCOUNTS,
    "SHOW ACCOUNTS HISTORY": sql_accounts.SHOW_ACCOUNTS_HISTORY,
    "SHOW VARIABLES": sql_variables.SHOW_VARIABLES,
    "SHOW ROLES": tables.SHOW_ROLES,
    "SHOW TERSE ROLES": tables.SHOW_TERSE_ROLES,
    "SHOW DATABASES": tables.SHOW_DATABASES,
    "SHOW TERSE DATABASES": tables.SHOW_TERSE_DATABASES,
    "SHOW INTEGRATIONS": tables.SHOW_INTEGRATIONS,
    "SHOW NETWORK POLICIES": tables_network.SHOW_NETWORK_POLICIES,
    "DESCRIBE NETWORK POLICY": tables_network.DESCRIBE_NETWORK_POLICY,
    "SHOW NETWORK RULES": tables_network.SHOW_NETWORK_RULES,
    "DESCRIBE NETWORK RULE": tables_network.DESCRIBE_NETWORK_RULE,
    "SHOW PARAMETERS": tables_network.SHOW_PARAMETERS,
    "SHOW SCIM TOKENS": tables.SHOW_SCIM_TOKENS,
    "SHOW SCIM_RESOURCES": tables_scim.SHOW_SCIM_RESOURCES,
    "SHOW GRANTS ON": tables.SHOW_GRANTS_ON,
    "SHOW GRANTS TO ROLE": tables.SHOW_GRANTS_TO_ROLE,
    "SHOW GRANTS TO USER": tables.SHOW_GRANTS_TO_USER,
    "SHOW GRANTS OF ROLE": tables.SHOW_GRANTS_OF_ROLE,
    "DESCRIBE USER, DESCRIBE ROLE": tables.DESCRIBE_OBJECT,
    "DESCRIBE SECURITY INTEGRATION": tables.DESCRIBE_INTEGRATION,
    **{
        f"table({function.name}(…))": function.fields
        for function in sql_selects.TABLE_FUNCTIONS.values()
        if function.fields
    },
    **{f"{view.schema}.{view.name}": view.fields for view in relations.VIEWS},
}


def write() -> None:
    """Write every page anew, and no file that is right already: Sphinx would read it again."""
    FOLDER.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        path, text = FOLDER / f"{name}.md", page()
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
    for path in FOLDER.glob("*.md"):
        if path.stem not in PAGES:
            path.unlink()


# ---- Markdown --------------------------------------------------------------------------------


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; what would end a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(
        "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in line) + " |\n"
        for line in lines
    )


def code(*words: object) -> str:
    """Words as code, apart from one another."""
    return ", ".join(f"`{word}`" for word in words)


def prose(thing: object) -> str:
    """The docstring as it is meant to be read."""
    return inspect.getdoc(thing) or ""


def spaced(name: str) -> str:
    """A class's name in words: `CreateUser` is CREATE USER."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).upper()


def page(title: str, introduction: str, *parts: str) -> str:
    """A page: its title, what it lists, and the parts."""
    return "\n".join([f"# {title}\n", introduction + "\n", *parts])


# ---- SCIM ------------------------------------------------------------------------------------


def attributes() -> str:
    """Every attribute of `/Schemas`, and the common ones."""
    tables_ = [
        f"## {schema.name}\n\n`{schema.urn}`\n\n{_attributes(schema.attributes)}"
        for schema in SCHEMAS
    ]
    return page(
        "SCIM attributes",
        "What a client can send and ask for (RFC 7643). Names are read without regard to case. "
        "The vendor's attributes are understood under either extension.",
        "## Common\n\nEvery resource has these.\n\n" + _attributes(COMMON),
        *tables_,
    )


def _attributes(rows: Iterable[Attribute]) -> str:
    head = ("attribute", "type", "characteristics", "description")
    return grid(head, [cells for row in rows for cells in _attribute(row, "")])


def _attribute(row: Attribute, parent: str) -> list[Sequence[str]]:
    """The row, and those of its sub-attributes: one level (RFC 7643 section 2.3.8)."""
    name = f"{parent}{row.name}"
    kind = f"{row.type.value}[]" if row.multi_valued else row.type.value
    marks = (
        "required" if row.required else "",
        "" if row.mutability.value == "readWrite" else row.mutability.value,
        "" if row.returned.value == "default" else f"returned: {row.returned.value}",
        "unique" if row.uniqueness.value != "none" else "",
        "case exact" if row.case_exact else "",
    )
    said = row.description
    if row.canonical_values:
        said += f" Known values: {code(*row.canonical_values)}."
    cells = (f"`{name}`", kind, ", ".join(filter(None, marks)), said)
    return [cells, *(part for sub in row.sub_attributes for part in _attribute(sub, f"{name}."))]


def quirks() -> str:
    """What is tolerated of real clients."""
    rows = [(code(quirk.name), quirk.reason, code(*quirk.clients)) for quirk in QUIRKS.values()]
    return page(
        "Quirks",
        "What identity providers send that the standard does not have, and what is made of it. "
        "The quirks that a request needed stand in its audit row (`DETAILS`, `quirks`).",
        grid(("quirk", "why", "SCIM_CLIENT"), rows),
    )


def errors() -> str:
    """SCIM's errors, and how each refusal of the account is worded by both languages."""
    sources = [
        inspect.getsource(thing)
        for thing in vars(scim_errors).values()
        if inspect.isfunction(thing) and thing.__module__ == scim_errors.__name__
    ]
    kinds = sorted({found.groups() for text in sources if (found := SCIM_STATUS.search(text))})
    answers = [
        (code(status), "" if kind == "None" else code(kind.strip('"'))) for status, kind in kinds
    ]
    return page(
        "Errors",
        "Every SCIM error is a JSON body of RFC 7644 section 3.12, whose `detail` says what to do.",
        "## SCIM\n\n" + grid(("status", "scimType"), answers),
        "## Refusals\n\nWhat an account says no to, and how SQL words it. What an operator can do "
        "about it stands in the audit row and in the server's line, not in the answer.\n\n"
        + grid(("refusal", "what it means", "SQL code", "SQLSTATE", "in SQL"), _refusals()),
    )


def _refusals() -> Iterable[Sequence[str]]:
    for refusal in SCIM_ERRORS:
        row = SQL_ERRORS[refusal]
        said = PLACE.sub(r"<\1>", row.sentence.split(":\n", 1)[-1])
        yield (
            code(refusal.__name__),
            prose(refusal),
            code(row.code),
            code(row.sqlstate),
            code(said),
        )


# ---- SQL -------------------------------------------------------------------------------------


def statement_pages() -> str:
    """The statements with their grammar."""
    parts = []
    for statement in get_args(statements.Statement):
        claim, _, grammar = prose(statement).partition("\n\n")
        parts.append(f"## {spaced(statement.__name__)}\n\n{claim}\n\n```text\n{grammar}\n```\n")
    later = "".join(f"- {what}\n" for what in not_yet())
    return page(
        "SQL statements",
        "Words in capitals stand as they are, in any case; `<…>` is yours; `[ ]` may be left out; "
        "`{ | }` is a choice. Names fold to upper case unless they stand in double quotes. Text "
        "that is no statement is refused with its line and column.",
        f"Read, and refused as not supported yet rather than ignored:\n\n{later}",
        *parts,
    )


def not_yet() -> list[str]:
    """What the fronts refuse as not supported, by their own words."""
    modules = ("sql", "sql_commands", "sql_integrations", "sql_shows")
    texts = [inspect.getsource(importlib.import_module(f"rolecall.fronts.{m}")) for m in modules]
    return sorted({found for text in texts for found in NOT_YET.findall(text)})


def property_page() -> str:
    """The properties of SQL statements, and privileges."""
    parts = []
    for title, table in PROPERTY_TABLES.items():
        assert table.shapes is not None, "each of these statements names its properties"
        rows = [
            (code(name), shape.value, carried_out(title, name))
            for name, shape in sorted(table.shapes.items())
        ]
        parts.append(f"## {title}\n\n" + grid(("property", "takes", "carried out"), rows))
    held = [(code(kind.value), code(*names)) for kind, names in rules_grants.PRIVILEGES.items()]
    born = [
        (code(role), code(*heirs), code(*SYSTEM_PRIVILEGES.get(role, ())))
        for role, heirs in SYSTEM_ROLES.items()
    ]
    return page(
        "Properties, privileges and system roles",
        "What can be set and granted. A property that is not carried out yet is refused, with its "
        "place, and never ignored.",
        *parts,
        "## Privileges\n\n" + grid(("on", "privileges"), held),
        "## System roles\n\nEvery account is born with them.\n\n"
        + grid(("role", "granted to", "holds on the account"), born),
    )


def carried_out(title: str, name: str) -> str:
    """What comes of a property beyond being kept: nothing is said of those that do what they say."""
    if title != USER_PROPERTIES:
        return ""
    if name in sql_users.WITHOUT_EFFECT:
        return "kept and shown, without effect"
    if name in sql_users.ALWAYS_FALSE:
        return "accepted, without effect" if name == "DISABLE_MFA" else "always false"
    return "" if name in sql_users.SETTABLE | {NETWORK_POLICY} else "not yet"


def columns() -> str:
    """What SHOW, DESCRIBE and table functions answer with."""
    parts = []
    for title, fields in RELATIONS.items():
        rows = [(code(field.name), field.type.value) for field in fields]
        parts.append(f"## {title}\n\n" + grid(("column", "type"), rows))
    return page(
        "Columns",
        "The columns of every SHOW, DESCRIBE and table function, in their order. Names and types "
        "are the vendor's; a column that this account has no facts for is there and empty.",
        *parts,
    )


def functions() -> str:
    """What a query may call."""
    rows = [
        (
            code(row.name),
            row.result.value,
            f"{row.arguments_min} to {row.arguments_max}"
            if row.arguments_max != row.arguments_min
            else str(row.arguments_min),
        )
        for row in ACCOUNT_FUNCTIONS.values()
    ]
    return page(
        "SQL functions",
        "A function that stands in neither list is refused as unknown.",
        "## Of the account\n\n" + grid(("function", "type", "arguments"), rows),
        "## Of the query engine\n\n" + code(*sorted(QUERY_FUNCTIONS)) + "\n",
    )


# ---- the account -----------------------------------------------------------------------------


def vocabulary(title: str, introduction: str, members: Iterable[Any]) -> str:
    """A closed set of values: each with its prose and its fields."""
    rows = [
        (code(member.__name__), prose(member), code(*member.__struct_fields__))
        for member in members
    ]
    return page(title, introduction, grid(("name", "what it says", "fields"), rows))


def event_page() -> str:
    """The facts of the history."""
    return vocabulary(
        "Events",
        "What happened to an account, committed with the change, in one sequence, never with a "
        "secret. Replication and whoever follows an account read them in order.",
        get_args(events.Event),
    )


def command_page() -> str:
    """Everything that can be asked of an account."""
    return vocabulary(
        "Commands",
        "Everything that changes an account is one of these, whether it came over SCIM, in SQL or "
        "from the command line.",
        get_args(commands.Command),
    )


# ---- the program -----------------------------------------------------------------------------


def settings_page() -> str:
    """The environment, and the limits."""
    environment = [(code(name), meaning) for name, meaning in SETTINGS.items()]
    limits = [(f"{value_of(path):,}", meaning, code(path)) for path, meaning in LIMITS]
    return page(
        "Settings and limits",
        "What is not an option of a command is one of these.",
        "## Environment\n\n" + grid(("variable", "meaning"), environment),
        "## Limits\n\nThere is one on everything. They are constants of the program.\n\n"
        + grid(("at most", "what", "constant"), limits),
    )


def value_of(path: str) -> int:
    """The value of a constant, by its module and name."""
    module, _, name = path.rpartition(".")
    return int(getattr(importlib.import_module(f"rolecall.{module}"), name))


def command_line() -> str:
    """The commands and their options, as `--help` has them."""
    parts = []
    for words, command in subcommands():
        rows = [cells for parameter in command.params if (cells := _parameter(parameter))]
        parts.append(
            f"## rolecall {words}\n\n{command.help}\n\n"
            + grid(("argument or option", "meaning", "default"), rows)
        )
    return page(
        "Command line",
        "Every command says the same with `--help`. Exit status 0: done; 1: refused or failed; "
        "2: the command can't be carried out as it was given. `push` also has 3: too many "
        "removals.",
        *parts,
    )


def subcommands() -> list[tuple[str, Any]]:
    """The commands with the words that lead to them."""
    top: Any = get_command(cli.app)
    found = []
    for name, command in top.commands.items():
        inner = getattr(command, "commands", None)
        if inner is None:
            found.append((name, command))
        else:
            found += [(f"{name} {word}", below) for word, below in inner.items()]
    return found


def _parameter(parameter: TyperArgument | TyperOption) -> Sequence[str] | None:
    if parameter.name == "help":
        return None
    default = parameter.default
    unsaid = default is None or default is False or parameter.required
    shown = "" if unsaid else code(getattr(default, "value", default))
    called = ", ".join(parameter.opts)
    name = called.upper() if parameter.param_type_name == "argument" else called
    return (code(name), parameter.help or "", "required" if parameter.required else shown)


def parameter_page() -> str:
    """The parameters of the account, of users and of sessions."""
    rows = [
        (
            code(row.name),
            row.description + (f" (only {code(*row.choices)})" if row.choices else ""),
            row.type.value,
            code(row.default) if row.default else "",
            ", ".join(level for level in LEVELS if level in row.levels),
            "yes" if row.name in EFFECTIVE else "",
        )
        for row in PARAMETERS.values()
    ]
    head = ("parameter", "meaning", "type", "default", "set on", "has an effect")
    return page(
        "Parameters",
        "Set by `ALTER ACCOUNT`, `ALTER USER` and `ALTER SESSION`, shown by `SHOW PARAMETERS`. One "
        "without an effect is kept and shown, for the clients that set it.",
        grid(head, rows),
    )


def query_page() -> str:
    """What SELECT reads from, and what of the language it has."""
    views = [(code(f"{view.schema}.{view.name}"), view.says) for view in relations.VIEWS]
    functions_ = [
        (code(function.name), code(*function.arguments), function.says)
        for function in sql_selects.TABLE_FUNCTIONS.values()
    ]
    return page(
        "Queries",
        QUERIES,
        "## Views\n\nViews of ACCOUNT_USAGE stand in the database SNOWFLAKE, are named whole, and "
        "answer ACCOUNTADMIN; to others there is no such object. INFORMATION_SCHEMA stands in every "
        "database and shows what the session may know. The columns are in "
        "{doc}`columns`.\n\n" + grid(("view", "what it says"), views),
        "## Table functions\n\n`table(<function>(…))`, with arguments by position or by name "
        "(`=>`). They stand in INFORMATION_SCHEMA: put it in use or before the name. A range "
        "reaches seven days back, RESULT_LIMIT is 100 unless it says up to 10,000.\n\n"
        + grid(("function", "arguments", "what it says"), functions_),
        "## Limits\n\nA query is read by us, its rows are fetched with the session's rights, and it "
        "runs in a child process without files, network or other accounts "
        "(`select/engine.py`). STATEMENT_TIMEOUT_IN_SECONDS, at most five minutes, and a client's "
        "cancel end it.\n\n" + grid(("what", "answer"), MISTAKES),
    )


QUERIES = """\
`SELECT` has the vendor's language: joins, subqueries, `WITH`, recursive too, set operations, windows,
`QUALIFY`, `GROUP BY` with its sets, `CASE`, `LIKE` and `ILIKE`, JSON paths (`details:user.name::string`),
session variables, and the {doc}`functions` listed. `LATERAL`, `MATCH_RECOGNIZE`, `AT` and
`BEFORE` are refused as unsupported, and so is whatever changes something.

`SHOW … ->> SELECT "name" FROM $1` hands one statement's answer to the next; `$2` is the answer before
that. `table(result_scan(last_query_id()))` looks at an earlier answer of the session once more: the
columns of SHOW are in lower case and need double quotes. Answers with a secret are not kept.

Times are moments; `TIMEZONE`, UTC by default, says what `date_trunc`, a cast and a time without an
offset mean. A condition on `EVENT_TIMESTAMP`, or `START_TIME` of QUERY_HISTORY, is handed to the store,
so that five minutes of a long history cost five minutes' rows."""

MISTAKES = (
    ("unknown view or table function, or one not for this session", "002003 (02000)"),
    ("unknown column", "000904 (42000), with its line and position"),
    ("unknown function", "002140 (42601)"),
    ("text that is no query", "001003 (42000), with its line and position"),
    ("arguments that a function doesn't take", "001015 (22023), 001044 (42P13)"),
    ("text that is no number, date or time", "100038 (22018)"),
    ("number out of range", "100039 (22003)"),
    ("too much memory", "300005 (53200)"),
    ("timeout", "000630 (57014)"),
    ("cancelled", "000604 (57014)"),
)

PAGES: dict[str, Callable[[], str]] = {
    "attributes": attributes,
    "columns": columns,
    "command-line": command_line,
    "commands": command_page,
    "errors": errors,
    "events": event_page,
    "functions": functions,
    "parameters": parameter_page,
    "properties": property_page,
    "queries": query_page,
    "quirks": quirks,
    "settings": settings_page,
    "statements": statement_pages,
}

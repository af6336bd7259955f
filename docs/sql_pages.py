"""The reference pages of the language: properties, columns, functions and queries."""

import importlib
import inspect
import re
from typing import Any

from drawing import code, grid, page

from rolecall.domain.founding import SYSTEM_PRIVILEGES, SYSTEM_ROLES
from rolecall.domain.policies import NETWORK_POLICY
from rolecall.fronts import (
    relations,
    sql_accounts,
    sql_selects,
    sql_users,
    sql_variables,
    tables,
    tables_held,
    tables_network,
    tables_scim,
    tables_users,
)
from rolecall.sql import properties, rules_grants, rules_network, rules_users
from rolecall.sql.functions import ACCOUNT_FUNCTIONS, QUERY_FUNCTIONS

NOT_YET = re.compile(r'unsupported\("([^"]+)"')

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
    "SHOW HELD CHANGES": tables_held.SHOW_HELD_CHANGES,
    "ALTER SECURITY INTEGRATION HELD CHANGES": tables_held.DECIDED_CHANGES,
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


# ---- SQL -------------------------------------------------------------------------------------


def not_yet() -> list[str]:
    """What the fronts refuse as not supported, by their own words."""
    modules = ("sql", "sql_commands", "sql_integrations", "sql_shows")
    texts = [inspect.getsource(importlib.import_module(f"rolecall.fronts.{m}")) for m in modules]
    return sorted({found for text in texts for found in NOT_YET.findall(text)})


def property_page() -> str:
    """The properties of SQL statements, and privileges."""
    parts = []
    for title, table in PROPERTY_TABLES.items():
        head = ("property", "takes", "carried out")
        parts.append(f"## {title}\n\n" + grid(head, property_rows(title, table)))
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


def property_rows(title: str, table: properties.PropertyTable) -> list[tuple[str, str, str]]:
    """Each property of a statement, what it takes, and what comes of it."""
    assert table.shapes is not None, "each of these statements names its properties"
    return [
        (code(name), shape.value, carried_out(title, name))
        for name, shape in sorted(table.shapes.items())
    ]


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
        "SQL columns",
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


def query_page() -> str:
    """What SELECT reads from, and what of the language it has."""
    views = [(code(f"{view.schema}.{view.name}"), view.says) for view in relations.VIEWS]
    functions_ = [
        (code(function.name), code(*function.arguments), function.says)
        for function in sql_selects.TABLE_FUNCTIONS.values()
    ]
    return page(
        "SQL queries",
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
session variables, and the {doc}`functions` listed. `lateral flatten(input => …)` and `table(flatten(…))` make a row of
each member of a JSON value, with SEQ, KEY, PATH, INDEX, VALUE and THIS; they take INPUT, PATH, OUTER and MODE,
and no RECURSIVE. `LATERAL` of anything else, `MATCH_RECOGNIZE`, `AT` and `BEFORE` are refused as unsupported,
and so is whatever changes something.

Where the vendor's meaning differs from ours: a quotient of whole numbers is REAL, OBJECT_CONSTRUCT keeps a
member that is NULL, the members of ARRAY_CONSTRUCT are of one type, HASH has values of its own, SHA2 takes 256
bits, and TO_CHAR has formats for times and none for numbers.

`SHOW … ->> SELECT "name" FROM $1` hands one statement's answer to the next; `$2` is the answer before
that. `table(result_scan(last_query_id()))` looks at an earlier answer of the session once more: the
columns of SHOW are in lower case and need double quotes. Answers with a secret are not kept. The server
keeps a session's last 100 answers in memory, 2,000,000 cells of all sessions together, and none over a restart:
what is gone is refused, and the query asked again.

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

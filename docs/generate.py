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

from drawing import code, grid, page, prose
from sql_pages import columns, functions, property_page, query_page
from statement_pages import statement_pages
from typer.core import TyperArgument, TyperOption
from typer.main import get_command

from rolecall import cli, settings
from rolecall.cli_examples import EXAMPLES
from rolecall.domain import commands, events
from rolecall.domain.parameters import EFFECTIVE, LEVELS, PARAMETERS
from rolecall.fronts.scim_answers import SCIM_ERRORS
from rolecall.fronts.sql_refusals import SQL_ERRORS
from rolecall.scim import errors as scim_errors
from rolecall.scim.quirks import QUIRKS, Client, Quirk
from rolecall.scim.schema import COMMON, SCHEMAS, Attribute

FOLDER = Path(__file__).parent / "reference"
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
    ("scim.bulk.PAYLOAD_BYTES_MAX", "bytes of a body to `/Bulk`; beyond them 413"),
    ("scim.bulk.OPERATIONS_MAX", "operations of a bulk; beyond them 413"),
    ("fronts.scim_answers.PARAMETERS_MAX", "parameters of a query"),
    ("scim.messages.SELECTION_CHARACTERS_MAX", "characters of `attributes`"),
    ("fronts.scim_cursors.CURSOR_SECONDS", "seconds that a cursor is good for"),
    ("store.patience.SECONDS_MAX", "seconds that a search may take; beyond them `tooMany`"),
    (
        "fronts.scim_dialect.REQUESTS_MAX",
        "requests in flight at an endpoint, by SCIM_MAX_CONCURRENT_REQUESTS; beyond them 429",
    ),
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
    ("domain.profile.BYTES_MAX", "bytes of what SCIM keeps of a user"),
    (
        "domain.profile.WORK_MAX",
        "entries, times the terms of conditions, that one PATCH of a user looks at",
    ),
    (
        "fronts.scim_groups.STEPS_MAX",
        "steps of a PATCH of a group, where additions or removals in a row are one; beyond 413",
    ),
    (
        "fronts.scim_groups.CONDITIONS_MAX",
        "conditions on members, other than ids, in a PATCH; beyond them `tooMany`",
    ),
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


def write() -> None:
    """Write every page anew, and no file that is right already: Sphinx would read it again."""
    for name, drawn in PAGES.items():
        path, text = FOLDER / f"{name}.md", drawn()
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
    for path in FOLDER.rglob("*.md"):
        if path.relative_to(FOLDER).with_suffix("").as_posix() not in PAGES:
            path.unlink()


# ---- Markdown --------------------------------------------------------------------------------


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
    rows = [
        (code(quirk.name), quirk.reason, quirk.instead, *(_passes(quirk, each) for each in Client))
        for quirk in QUIRKS.values()
    ]
    return page(
        "Quirks",
        "What identity providers send that the standard does not have. SCIM_CLIENT of an "
        "integration says which of it passes: what that provider is known to send, and what the "
        "vendor's own pages print or checkers of the standard send. GENERIC lets all of it pass. Each mark is shown by a recorded "
        "conversation.",
        grid(("quirk", "why it is understood", "by the standard", *map(code, Client)), rows),
        "## What passed\n\n"
        "The quirks that a request needed stand in its audit row (`DETAILS`, `quirks`), and are "
        "counted: `select * from information_schema.scim_quirks`, and the metric "
        "`rolecall_quirks_total`.",
        "## What does not\n\n"
        "Anything else is answered 400 with what to send instead and the quirk's name, and changes "
        "nothing. An integration can name what passes itself, which takes the place of its "
        "dialect; an empty list holds its client to the standard:\n\n"
        "```sql\n"
        "alter security integration okta_provisioning\n"
        "    set tolerated_quirks = ('bare_name_part', 'read_only_in_patch', 'boolean_as_string');\n"
        "alter security integration okta_provisioning set tolerated_quirks = ();\n"
        "alter security integration okta_provisioning unset tolerated_quirks;\n"
        "```\n\n"
        "`desc security integration` shows those that pass, and those of the dialect beside them.",
    )


def _passes(quirk: Quirk, client: Client) -> str:
    return "yes" if client in quirk.clients else ""


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
        "Commands of the account",
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
            + "\n\n```sh\n"
            + "\n".join(EXAMPLES[words])
            + "\n```"
        )
    return page(
        "Command line",
        "Every command says the same with `--help`. Exit status 0: done; 1: refused or failed; "
        "2: the command can't be carried out as it was given. `push` and `network import` also have "
        "3: more would go than is believed, and nothing was changed.",
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
    **statement_pages(),
}

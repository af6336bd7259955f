"""Rules for the organization's accounts."""

from collections.abc import Mapping

from rolecall.sql.cursor import Cursor
from rolecall.sql.properties import ACCOUNT, read_properties
from rolecall.sql.rules import Head, Rule
from rolecall.sql.statements_accounts import CreateAccount, DropAccount, UndropAccount

NEEDED = ("ADMIN_NAME", "ADMIN_PASSWORD")


def _create_account(cursor: Cursor, _: Head) -> CreateAccount:
    name = cursor.identifier()
    statement = CreateAccount(name=name, properties=read_properties(cursor, ACCOUNT))
    given = {item.name for item in statement.properties}
    for needed in NEEDED:
        if needed not in given:
            cursor.fail(f"{needed} = …: an account is not complete without it")
    return statement


def _drop_account(cursor: Cursor, _: Head) -> DropAccount:
    if_exists = cursor.accept("IF", "EXISTS")
    name = cursor.identifier()
    cursor.expect("GRACE_PERIOD_IN_DAYS")
    cursor.expect_symbol("=")
    return DropAccount(name=name, days=cursor.number(), if_exists=if_exists)


def _undrop_account(cursor: Cursor, _: Head) -> UndropAccount:
    return UndropAccount(name=cursor.identifier())


RULES: Mapping[tuple[str, ...], Rule] = {
    ("CREATE", "ACCOUNT"): _create_account,
    ("DROP", "ACCOUNT"): _drop_account,
    ("UNDROP", "ACCOUNT"): _undrop_account,
}

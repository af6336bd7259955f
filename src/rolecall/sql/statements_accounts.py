"""The statements about the organization's accounts."""

import msgspec

from rolecall.sql.parts import EVERYTHING, Identifier, Property, ShowOptions


class CreateAccount(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Makes an account on this server with its administrator; as ORGADMIN of the first account.

    CREATE ACCOUNT <name> ADMIN_NAME = <name> ADMIN_PASSWORD = '<text>' [ <property> = <value> ... ]
    """

    name: Identifier
    properties: tuple[Property, ...]


class ShowAccounts(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists the accounts on this server; as ORGADMIN of the first account.

    SHOW [ ORGANIZATION ] ACCOUNTS [ LIKE … ] [ STARTS WITH … ] [ LIMIT … [ FROM … ] ]
    """

    options: ShowOptions = EVERYTHING


AccountStatement = CreateAccount | ShowAccounts

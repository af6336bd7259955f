"""The statements about the organization's accounts."""

import msgspec

from rolecall.sql.parts import EVERYTHING, Identifier, Property, ShowOptions


class CreateAccount(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Makes an account on this server with its administrator; as ORGADMIN of the first account.

    CREATE ACCOUNT <name> ADMIN_NAME = <name> ADMIN_PASSWORD = '<text>' [ <property> = <value> ... ]

    ORGADMIN as the primary role, in the first account of the server.
    """

    name: Identifier
    properties: tuple[Property, ...]


class DropAccount(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Closes an account at once and erases it after 3 to 90 days; as ORGADMIN of the first account.

    DROP ACCOUNT [ IF EXISTS ] <name> GRACE_PERIOD_IN_DAYS = <days>

    ORGADMIN, in the first account of the server, which itself can't be dropped.
    """

    name: Identifier
    days: int
    if_exists: bool = False


class UndropAccount(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Opens a dropped account again, as it was, while its grace period lasts.

    UNDROP ACCOUNT <name>

    ORGADMIN, in the first account of the server.
    """

    name: Identifier


class ShowAccounts(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists the accounts on this server, HISTORY the dropped ones too; as ORGADMIN of the first.

    SHOW [ ORGANIZATION ] ACCOUNTS [ HISTORY ] [ LIKE … ] [ STARTS WITH … ] [ LIMIT … [ FROM … ] ]

    ORGADMIN, in the first account of the server.
    """

    options: ShowOptions = EVERYTHING
    history: bool = False


class PurgeHistory(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Takes a person's data out of the histories, for good; the id is the user's.

    ALTER ACCOUNT PURGE HISTORY FOR '<id>'

    ACCOUNTADMIN. The user may be gone, or be there: the user's own row is not touched.
    """

    person: str


AccountStatement = CreateAccount | DropAccount | UndropAccount | ShowAccounts | PurgeHistory

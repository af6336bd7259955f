"""What SQL clients hear when the answer is no: one row a refusal, in the vendor's words and codes.

Where the vendor publishes no code of its own for a refusal, the row has the nearest class's.
"""

from collections.abc import Mapping

import msgspec

from rolecall.domain import errors
from rolecall.domain.access import quoted
from rolecall.domain.errors import Refusal
from rolecall.domain.names import Name
from rolecall.sql.errors import SqlCompilationError
from rolecall.sql.errors import UnsupportedFeature as UnsupportedInQuery


class SqlRefusal(Exception):
    """A statement is refused: what the client is shown. Line and column count from 1, 0: unknown.

    `fix` says what an operator can do; it is filled only for those who may know it.
    """

    def __init__(
        self,
        code: str,
        sqlstate: str,
        message: str,
        *,
        line: int = 0,
        column: int = 0,
        fix: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.sqlstate = sqlstate
        self.message = message
        self.line = line
        self.column = column
        self.fix = fix


class Wording(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A refusal's code, its SQLSTATE, and its sentence over the refusal's own facts."""

    code: str
    sqlstate: str
    sentence: str


SQL_ERRORS: Mapping[type[Refusal], Wording] = {
    errors.NotFound: Wording(
        code="002003",
        sqlstate="02000",
        sentence="SQL compilation error:\n{what} '{name}' does not exist or not authorized.",
    ),
    errors.AlreadyExists: Wording(
        code="002002",
        sqlstate="42710",
        sentence="SQL compilation error:\nObject '{name}' already exists.",
    ),
    errors.NotAuthorized: Wording(
        code="003001",
        sqlstate="42501",
        sentence="SQL access control error:\n"
        "Insufficient privileges to operate on {what_lower} '{name}'",
    ),
    errors.RoleNotGranted: Wording(
        code="003013",
        sqlstate="42501",
        sentence="SQL access control error:\nRequested role '{name}' is not assigned to the "
        "executing user. Specify another role to activate.",
    ),
    errors.InvalidValue: Wording(
        code="001008",
        sqlstate="22023",
        sentence="SQL compilation error:\ninvalid value for property '{property_name}': {reason}",
    ),
    errors.UnknownMember: Wording(
        code="002003",
        sqlstate="02000",
        sentence="SQL compilation error:\nUser '{ids[0]}' does not exist or not authorized.",
    ),
    errors.VersionMismatch: Wording(
        code="000625",
        sqlstate="40001",
        sentence="SQL execution error:\n{what} '{id}' has changed meanwhile. Try again.",
    ),
    errors.CircularGrant: Wording(
        code="001008",
        sqlstate="22023",
        sentence="SQL compilation error:\n"
        "Granting role '{role}' to role '{grantee}' would make it inherit itself.",
    ),
    errors.SystemObject: Wording(
        code="003001",
        sqlstate="42501",
        sentence="SQL access control error:\n"
        "System {what_lower} '{name}' can't be changed, given away or dropped.",
    ),
    errors.CurrentRole: Wording(
        code="003001",
        sqlstate="42501",
        sentence="SQL execution error:\nCannot drop role {name} as it is the current primary role.",
    ),
    errors.DependentGrants: Wording(
        code="003069",
        sqlstate="42501",
        sentence="SQL execution error:\nDependent grants on {what_lower} '{name}' exist. Say what "
        "becomes of them: add COPY CURRENT GRANTS or REVOKE CURRENT GRANTS.",
    ),
    errors.PassedOn: Wording(
        code="003069",
        sqlstate="42501",
        sentence="SQL execution error:\nDependent grants of {privilege} on {what_lower} '{name}' "
        "exist. To revoke them too, add CASCADE.",
    ),
    errors.InUse: Wording(
        code="003540",
        sqlstate="42601",
        sentence="SQL execution error:\nCannot drop or replace {what_lower} '{name}': it is in use "
        "by {used_by}. Take it off there first.",
    ),
    errors.NoTarget: Wording(
        code="001008",
        sqlstate="22023",
        sentence="SQL compilation error:\nNo value of {attribute} meets the condition.",
    ),
    errors.SearchTooLong: Wording(
        code="000630",
        sqlstate="57014",
        sentence="SQL execution error:\nThe search took longer than {seconds:g} seconds and was "
        "cancelled. Narrow it down.",
    ),
    errors.NotAdoptable: Wording(
        code="003001",
        sqlstate="42501",
        sentence="SQL access control error:\n{what} '{name}' can't be handed to role '{role}': its "
        "integration has CONFORMANCE = 'SNOWFLAKE', and did not provision the {what_lower}. "
        "With CONFORMANCE = 'RFC' it adopts what exists.",
    ),
    errors.AddressNotAdmitted: Wording(
        code="001063",
        sqlstate="42501",
        sentence="SQL execution error:\nChanges cannot be applied to the network policy {name} "
        "because current IP address/token {address} is not allowed in it.",
    ),
    errors.AddressRefused: Wording(
        code="390422",
        sqlstate="08001",
        sentence="Incoming request with IP/Token {address} is not allowed to access this account. "
        "Contact your local security administrator.",
    ),
    errors.ChangeHeld: Wording(
        code="003001",
        sqlstate="42501",
        sentence="SQL execution error:\nThe change is held as '{id}': integration "
        "'{integration}' removes more than {limit} within its window.",
    ),
    errors.ChangeRejected: Wording(
        code="003001",
        sqlstate="42501",
        sentence="SQL execution error:\nHeld change '{id}' was rejected.",
    ),
    errors.TokenRefused: Wording(
        code="390112",
        sqlstate="08001",
        sentence="Your session has expired. Please login again.",
    ),
    errors.LoginRefused: Wording(
        code="390100",
        sqlstate="08001",
        sentence="Incorrect username or password was specified.",
    ),
}


def refused(refusal: Refusal) -> SqlRefusal:
    """The domain's refusal in SQL's words; without its remedy, which is not for everyone."""
    row = SQL_ERRORS[type(refusal)]
    kind = getattr(refusal, "kind", "")
    what = str(kind).capitalize()
    sentence = row.sentence.format(**vars(refusal), what=what, what_lower=what.lower())
    return SqlRefusal(row.code, row.sqlstate, sentence)


def misread(error: SqlCompilationError) -> SqlRefusal:
    """The language's refusal."""
    return SqlRefusal(error.code, error.sqlstate, error.text, line=error.line, column=error.column)


def misread_within(error: SqlCompilationError, line: int, column: int) -> SqlRefusal:
    """The language's refusal of a text that begins at this line and column of a script."""
    error.column = error.column + column - 1 if error.line == 1 else error.column
    error.line = error.line + line - 1 if error.line else 0
    return misread(error)


def unsupported(what: str, *, line: int = 0, column: int = 0) -> SqlRefusal:
    """What the vendor has and this account doesn't have yet: said, never ignored."""
    return SqlRefusal(
        UnsupportedInQuery.code,
        UnsupportedInQuery.sqlstate,
        f"SQL compilation error:\nUnsupported feature: {what} is not supported yet.",
        line=line,
        column=column,
    )


def missing(what: str, name: str) -> SqlRefusal:
    """There is no such thing, or none that the session may know of."""
    return SqlRefusal(
        "002003",
        "02000",
        f"SQL compilation error:\n{what} '{name}' does not exist or not authorized.",
    )


def did_you_mean(near: Name) -> str:
    """The question to someone whose name differs from a visible one only in case."""
    spelled = quoted(near)
    how = "quoted" if spelled != near else "without quotes"
    return f"did you mean {spelled} ({how})?"

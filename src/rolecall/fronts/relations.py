"""Relations: the views that a query can read from, each with its columns and the rows it has.

A view is found by its schema: SNOWFLAKE.ACCOUNT_USAGE needs its whole name, INFORMATION_SCHEMA
stands in every database and may be in use. Rows are asked of the account by the session.
"""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

import msgspec

from rolecall.domain.errors import NotAuthorized
from rolecall.domain.model import Kind, Privilege
from rolecall.domain.names import Name
from rolecall.domain.queries import (
    Databases,
    GrantRecord,
    GrantRecords,
    MembershipRecords,
    RoleRecords,
    ScimResources,
    UserRecords,
)
from rolecall.domain.selecting import Paged, Relation
from rolecall.domain.tolerated import ToleratedQuirks
from rolecall.fronts import (
    histories,
    schema_rows,
    tables_audit,
    tables_schema,
    tables_trail,
    tables_usage,
)
from rolecall.fronts.histories import ALL, SHARED_DATABASE, Asked, HistoryView, Mentioned
from rolecall.fronts.sql_session import Moment
from rolecall.fronts.tables import Fields, columns_of, rows_of, table_of
from rolecall.sql.errors import UnknownRelation

INFORMATION_SCHEMA = Name("INFORMATION_SCHEMA")
ACCOUNT_USAGE = Name("ACCOUNT_USAGE")


def nothing(_: Moment) -> Iterable[Any]:
    """The rows of a view that is a history."""
    return ()


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A view: where it stands, what it says, its columns, and how its rows are asked for.

    What grows without end is a `history`: asked for by what is wanted of it, page by page. What
    can be read in part is `asked` for by what a query says of its columns.
    """

    schema: Name
    name: Name
    says: str
    fields: Fields[Any]
    rows: Callable[[Moment], Iterable[Any]] = nothing
    asked: Callable[[Moment, Asked], Iterable[Any]] | None = None
    history: HistoryView[Any] | None = None


def _memberships(moment: Moment, asked: Asked) -> Iterable[GrantRecord]:
    """Of roles, or of users, that are named: those."""
    roles, users = asked.said("ROLE"), asked.said("GRANTEE_NAME")
    return moment.ask(
        MembershipRecords(
            roles=None if roles is None else tuple(roles),
            users=None if users is None else tuple(users),
        )
    )


def _grants(moment: Moment, asked: Asked) -> Iterable[GrantRecord]:
    """Who owns users is left out where another kind, or another privilege, is named."""
    kinds, privileges = asked.said("GRANTED_ON"), asked.said("PRIVILEGE")
    users = (kinds is None or Kind.USER in kinds) and (
        privileges is None or Privilege.OWNERSHIP in privileges
    )
    return moment.ask(GrantRecords(owners_of_users=users))


def _in_schema(
    name: str, says: str, fields: Fields[Any], rows: Callable[[Moment], Iterable[Any]]
) -> View:
    return View(schema=INFORMATION_SCHEMA, name=Name(name), says=says, fields=fields, rows=rows)


VIEWS: tuple[View, ...] = (
    View(
        schema=ACCOUNT_USAGE,
        name=Name("USERS"),
        says="Every user, and every user that was dropped, with what it was at its end.",
        fields=tables_usage.USERS,
        rows=lambda moment: moment.ask(UserRecords()),
    ),
    View(
        schema=ACCOUNT_USAGE,
        name=Name("ROLES"),
        says="Every role, and every role that was dropped.",
        fields=tables_usage.ROLES,
        rows=lambda moment: moment.ask(RoleRecords()),
    ),
    View(
        schema=ACCOUNT_USAGE,
        name=Name("GRANTS_TO_USERS"),
        says="Every role granted to a user, in force or ended; granted anew is a new row.",
        fields=tables_usage.GRANTS_TO_USERS,
        asked=_memberships,
    ),
    View(
        schema=ACCOUNT_USAGE,
        name=Name("GRANTS_TO_ROLES"),
        says="Every privilege, role and ownership that a role holds or held.",
        fields=tables_usage.GRANTS_TO_ROLES,
        asked=_grants,
    ),
    View(
        schema=ACCOUNT_USAGE,
        name=Name("REST_EVENTS"),
        says="Every SCIM request that is kept. Page by EVENT_ID. Ours.",
        fields=tables_audit.REST_EVENTS,
        history=histories.REST_EVENTS,
    ),
    View(
        schema=ACCOUNT_USAGE,
        name=Name("CHANGES"),
        says="Every change that is kept, with the names of its time and who made it. Ours.",
        fields=tables_audit.CHANGES,
        history=histories.CHANGES,
    ),
    View(
        schema=ACCOUNT_USAGE,
        name=Name("LOGIN_HISTORY"),
        says="Logins of the last year, refused ones too.",
        fields=tables_trail.LOGIN_HISTORY,
        history=histories.LOGINS,
    ),
    View(
        schema=ACCOUNT_USAGE,
        name=Name("QUERY_HISTORY"),
        says="SQL statements of the last year, refused ones too.",
        fields=tables_trail.QUERY_HISTORY,
        history=histories.STATEMENTS,
    ),
    _in_schema(
        "APPLICABLE_ROLES",
        "The roles that the user could act as, and who of them they are granted to.",
        tables_schema.APPLICABLE_ROLES,
        schema_rows.applicable_roles,
    ),
    _in_schema(
        "COLUMNS",
        "The columns of every view.",
        tables_schema.COLUMNS,
        lambda _: _columns(),
    ),
    _in_schema("DATABASES", "Every database.", tables_schema.DATABASES, schema_rows.databases),
    _in_schema(
        "ENABLED_ROLES",
        "The roles that the session acts as, inherited ones too.",
        tables_schema.ENABLED_ROLES,
        schema_rows.enabled_roles,
    ),
    _in_schema(
        "INFORMATION_SCHEMA_CATALOG_NAME",
        "The database in use.",
        tables_schema.CATALOG_NAME,
        lambda moment: [moment.place.database or SHARED_DATABASE],
    ),
    _in_schema(
        "OBJECT_PRIVILEGES",
        "What the session's roles hold, and on what.",
        tables_schema.OBJECT_PRIVILEGES,
        schema_rows.object_privileges,
    ),
    _in_schema("SCHEMATA", "Every schema.", tables_schema.SCHEMATA, schema_rows.schemata),
    _in_schema(
        "SCIM_QUIRKS",
        "Oddities of providers that were tolerated (ours), counted from each integration's newest "
        "10,000 requests.",
        tables_schema.SCIM_QUIRKS,
        lambda moment: moment.ask(ToleratedQuirks()),
    ),
    _in_schema(
        "SCIM_RESOURCES",
        "What integrations of the session provision (ours), as SHOW SCIM_RESOURCES.",
        tables_schema.SCIM_RESOURCES,
        lambda moment: moment.ask(ScimResources()),
    ),
    _in_schema(
        "TABLES",
        "Every view.",
        tables_schema.TABLES,
        lambda _: (line for line in _columns() if line.position == 1),
    ),
)
"""Every view."""


def _columns() -> list[tables_schema.ColumnLine]:
    return [
        tables_schema.ColumnLine(
            schema=view.schema,
            view=view.name,
            says=view.says,
            name=field.name,
            type=field.type.value,
            position=position,
        )
        for view in VIEWS
        for position, field in enumerate(view.fields, start=1)
    ]


def view_relation(name: tuple[str, ...], moment: Moment, asked: Asked = ALL) -> Relation:
    """The rows of the view of this name. Raises UnknownRelation: absent or not for this session."""
    *qualifier, last = name
    for view in VIEWS:
        if view.name == last and stands_in(view.schema, tuple(qualifier), moment):
            try:
                return _relation(view, moment, asked)
            except NotAuthorized:
                break
    raise UnknownRelation(".".join(name))


def _relation(view: View, moment: Moment, asked: Asked) -> Relation:
    """The first page is asked for at once, so that who may not read is refused here."""
    fields = _fields(view, asked.mentioned)
    if view.history is None:
        rows = view.rows(moment) if view.asked is None else view.asked(moment, asked)
        return table_of(fields, rows)
    beginning = view.history.asked(moment, asked)
    pages = iter(beginning)
    first = next(pages, ())
    return Paged(
        columns=columns_of(fields),
        pages=(rows_of(fields, page) for page in chain([first], pages)),
        busy=moment.account.busy,
        cut=lambda: beginning.cut,
    )


def _fields(view: View, mentioned: Mentioned) -> Fields[Any]:
    """The columns that a query mentions; the first one, so that rows can be counted, always."""
    if mentioned is None:
        return view.fields
    first, *others = view.fields
    return (first, *(field for field in others if field.name in mentioned))


def stands_in(schema: Name, qualifier: tuple[str, ...], moment: Moment) -> bool:
    """Whether what is written before a name, or is in use, says this schema."""
    match qualifier:
        case ():
            return moment.place.schema == schema
        case (written,):
            return written == schema == INFORMATION_SCHEMA
        case (database, written):
            return written == schema and database in _databases(schema, moment)
        case _:
            return False


def _databases(schema: Name, moment: Moment) -> set[Name]:
    """The databases that have the schema."""
    if schema == ACCOUNT_USAGE:
        return {SHARED_DATABASE}
    return {SHARED_DATABASE, *(found.name for found in moment.ask(Databases()))}

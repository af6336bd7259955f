"""Relations: the views that a query can read from, each with its columns and the rows it has.

A view is found by its schema: SNOWFLAKE.ACCOUNT_USAGE needs its whole name, INFORMATION_SCHEMA
stands in every database and may be in use. Rows are asked of the account by the session.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

import msgspec

from rolecall.domain.access import ACCOUNTADMIN
from rolecall.domain.attempts import AttemptKind, Noted
from rolecall.domain.errors import NotAuthorized
from rolecall.domain.model import Kind, Privilege
from rolecall.domain.names import Name
from rolecall.domain.past import Changes, ChangesPage
from rolecall.domain.queries import (
    Databases,
    GrantRecords,
    History,
    HistoryPage,
    MembershipRecords,
    RoleInSession,
    RoleRecords,
    ScimResources,
    UserRecords,
)
from rolecall.domain.selecting import Paged, Relation
from rolecall.domain.tolerated import ToleratedQuirks
from rolecall.fronts import (
    schema_rows,
    tables_audit,
    tables_schema,
    tables_trail,
    tables_usage,
)
from rolecall.fronts.sql_session import Moment
from rolecall.fronts.tables import Fields, columns_of, rows_of, table_of
from rolecall.sql.errors import UnknownRelation

INFORMATION_SCHEMA = Name("INFORMATION_SCHEMA")
ACCOUNT_USAGE = Name("ACCOUNT_USAGE")
SHARED_DATABASE = Name("SNOWFLAKE")
"""The vendor's own database, which every account sees: `snowflake.account_usage.…`."""

YEAR = 366 * 86_400 * 1_000_000


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """What a query asks of a time, at least and at most."""

    since: int = 0
    until: int = 2**62


EVER = Range()
NO_RANGES: Mapping[str, Range] = {}
Mentioned = frozenset[str] | None
"""The columns that a query mentions; None where it may be all."""


def nothing(_: Moment) -> Iterable[Any]:
    """The rows of a view that is asked by a range of time."""
    return ()


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A view: where it stands, what it says, its columns, and how its rows are asked for.

    What grows without end is `ranged`: asked for by its `times`, and handed over in pages.
    """

    schema: Name
    name: Name
    says: str
    fields: Fields[Any]
    rows: Callable[[Moment], Iterable[Any]] = nothing
    times: str | None = None
    ranged: Callable[[Moment, Range, Mentioned], Iterable[Sequence[Any]]] | None = None


FOREVER = 2**62
CHANGES_PAGE = 1_000
ATTEMPTS_PAGE = 1_000
"""So few that making rows of them keeps nobody waiting."""


def _rest_events(moment: Moment, wanted: Range, mentioned: Mentioned) -> Iterator[Sequence[Noted]]:
    """Page by page; who monitors a few integrations only gets theirs at once."""
    try:
        first = moment.ask(_page_of(AttemptKind.SCIM, wanted, mentioned))
    except NotAuthorized:
        since, until = wanted.since, wanted.until
        query = History(kind=AttemptKind.SCIM, since=since, until=until, count=FOREVER)
        yield moment.ask(query)
        return
    yield from _behind(first, AttemptKind.SCIM, moment, wanted, mentioned)


def _changes(
    moment: Moment, wanted: Range, _: Mentioned
) -> Iterator[Sequence[tables_audit.ChangeRow]]:
    """Page by page: all by their numbers, a range by its times."""
    everything = Changes(after=0, count=CHANGES_PAGE)
    ranged = ChangesPage(after=(wanted.since, -1), until=wanted.until, count=CHANGES_PAGE)
    page = moment.ask(everything if wanted == EVER else ranged)
    while page:
        yield tables_audit.change_rows(page)
        last = page[-1]
        if wanted == EVER:
            page = moment.ask(msgspec.structs.replace(everything, after=last.seq))
        else:
            page = moment.ask(msgspec.structs.replace(ranged, after=(last.at, last.seq)))


def _trail(
    kind: AttemptKind, moment: Moment, wanted: Range, mentioned: Mentioned
) -> Iterator[Sequence[Noted]]:
    """A year of it, to administrators."""
    require_shared(moment)
    year = Range(since=max(wanted.since, moment.at - YEAR), until=min(wanted.until, moment.at))
    first = moment.ask(_page_of(kind, year, mentioned))
    yield from _behind(first, kind, moment, year, mentioned)


def _behind(
    page: Sequence[Noted], kind: AttemptKind, moment: Moment, wanted: Range, mentioned: Mentioned
) -> Iterator[Sequence[Noted]]:
    """The page and those behind it; a short one is the last."""
    yield page
    while len(page) == ATTEMPTS_PAGE:
        query = _page_of(kind, wanted, mentioned)
        after = (page[-1].attempt.at, page[-1].seq)
        page = moment.ask(msgspec.structs.replace(query, after=after))
        yield page


def _page_of(kind: AttemptKind, wanted: Range, mentioned: Mentioned) -> HistoryPage:
    """The first page; what requests caused is read only for DETAILS, which tells it."""
    return HistoryPage(
        kind=kind,
        after=(wanted.since, -1),
        until=wanted.until,
        count=ATTEMPTS_PAGE,
        caused=kind is AttemptKind.SCIM and (mentioned is None or "DETAILS" in mentioned),
    )


def require_shared(moment: Moment) -> None:
    """ACCOUNT_USAGE is for ACCOUNTADMIN. Raises NotAuthorized."""
    if not moment.ask(RoleInSession(role=ACCOUNTADMIN)):
        raise NotAuthorized(Privilege.USAGE, Kind.DATABASE, SHARED_DATABASE)


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
        rows=lambda moment: moment.ask(MembershipRecords()),
    ),
    View(
        schema=ACCOUNT_USAGE,
        name=Name("GRANTS_TO_ROLES"),
        says="Every privilege, role and ownership that a role holds or held.",
        fields=tables_usage.GRANTS_TO_ROLES,
        rows=lambda moment: moment.ask(GrantRecords()),
    ),
    View(
        schema=ACCOUNT_USAGE,
        name=Name("REST_EVENTS"),
        says="Every SCIM request that is kept. Page by EVENT_ID. Ours.",
        fields=tables_audit.REST_EVENTS,
        times="EVENT_TIMESTAMP",
        ranged=_rest_events,
    ),
    View(
        schema=ACCOUNT_USAGE,
        name=Name("CHANGES"),
        says="Every change that is kept, with the names of its time and who made it. Ours.",
        fields=tables_audit.CHANGES,
        times="CHANGED_ON",
        ranged=_changes,
    ),
    View(
        schema=ACCOUNT_USAGE,
        name=Name("LOGIN_HISTORY"),
        says="Logins of the last year, refused ones too.",
        fields=tables_trail.LOGIN_HISTORY,
        times="EVENT_TIMESTAMP",
        ranged=partial(_trail, AttemptKind.LOGIN),
    ),
    View(
        schema=ACCOUNT_USAGE,
        name=Name("QUERY_HISTORY"),
        says="SQL statements of the last year, refused ones too.",
        fields=tables_trail.QUERY_HISTORY,
        times="START_TIME",
        ranged=partial(_trail, AttemptKind.STATEMENT),
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


def view_relation(
    name: tuple[str, ...],
    moment: Moment,
    ranges: Mapping[str, Range] = NO_RANGES,
    mentioned: Mentioned = None,
) -> Relation:
    """The rows of the view of this name. Raises UnknownRelation: absent or not for this session."""
    *qualifier, last = name
    for view in VIEWS:
        if view.name == last and stands_in(view.schema, tuple(qualifier), moment):
            try:
                return _relation(view, moment, ranges, mentioned)
            except NotAuthorized:
                break
    raise UnknownRelation(".".join(name))


def _relation(
    view: View, moment: Moment, ranges: Mapping[str, Range], mentioned: Mentioned
) -> Relation:
    """The first page is asked for at once, so that who may not read is refused here."""
    fields = _fields(view, mentioned)
    if view.ranged is None or view.times is None:
        return table_of(fields, view.rows(moment))
    pages = iter(view.ranged(moment, ranges.get(view.times, EVER), mentioned))
    first = next(pages, ())
    rows = (rows_of(fields, page) for page in chain([first], pages))
    return Paged(columns=columns_of(fields), pages=rows, busy=moment.account.busy)


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

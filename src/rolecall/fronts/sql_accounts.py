"""CREATE ACCOUNT and SHOW ACCOUNTS: the organization is asked, as the operator's command asks it.

The statement is an attempt of the account that it is sent to; the new one's history begins with
its founding, by whoever asked for it.
"""

from rolecall.domain import organization
from rolecall.domain.access import fold_role
from rolecall.domain.commands import At, ChangeUser, Set
from rolecall.domain.errors import InvalidValue, NotFound
from rolecall.domain.model import Account, Json
from rolecall.domain.names import Name
from rolecall.domain.organization import FIRST, Order
from rolecall.domain.queries import CurrentSession
from rolecall.fronts.sql_names import name_of
from rolecall.fronts.sql_session import Moment
from rolecall.fronts.sql_users import user_properties
from rolecall.fronts.tables import Fields, flag, text, time
from rolecall.sql.parts import Identifier, Property
from rolecall.sql.statements_accounts import CreateAccount, DropAccount, UndropAccount

SHOW_ACCOUNTS: Fields[Account] = (
    text("organization_name", lambda found: found.organization),
    text("account_name", lambda found: found.name),
    text("snowflake_region", lambda _: "LOCAL"),
    time("created_on", lambda found: found.created_at),
    text("comment", lambda found: found.comment or ""),
    flag("is_org_admin", lambda found: found.number == FIRST),
)

SHOW_ACCOUNTS_HISTORY: Fields[Account] = (
    *SHOW_ACCOUNTS,
    time("dropped_on", lambda found: found.dropped_at),
    time("scheduled_deletion_time", lambda found: found.erased_from),
    time("restored_on", lambda found: found.restored_at),
)

ADMINISTRATORS = {
    "ADMIN_RSA_PUBLIC_KEY": "RSA_PUBLIC_KEY",
    "ADMIN_USER_TYPE": "TYPE",
    "EMAIL": "EMAIL",
    "FIRST_NAME": "FIRST_NAME",
    "LAST_NAME": "LAST_NAME",
    "MUST_CHANGE_PASSWORD": "MUST_CHANGE_PASSWORD",
}
"""Properties of a new account that are its administrator's."""
WITHOUT_EFFECT = ("EDITION", "REGION", "REGION_GROUP")
"""What the vendor sells: a server of one's own has one edition and stands where it stands."""


def create_account(statement: CreateAccount, moment: Moment) -> str:
    """The account is made, and this is said of it. Raises a Refusal."""
    organization.require_founder(moment.account, moment.session)
    organization.erase_due(moment.account.store, moment.at)
    given = {item.name: item for item in statement.properties}
    who = moment.ask(CurrentSession()).account
    world = moment.world
    comment = given.get("COMMENT")
    order = Order(
        organization=who.organization,
        name=name_of(statement.name),
        administrator=_administrator(given["ADMIN_NAME"]),
        password=world.secrets.hash_password(_password(given["ADMIN_PASSWORD"])),
        comment=None if comment is None else str(comment.value),
        conformance=world.conformance,
    )
    founding = organization.born(order, world.ids, moment.at)
    properties = _properties(given, moment)
    changes = tuple(Set(At(name), value) for name, value in properties.items())
    changing = ChangeUser(user=founding.administrator, changes=changes, at=moment.at)
    organization.found(
        moment.account.store,
        founding,
        changing,
        actor=f"{who.name}.{moment.session.actor}",
        request=moment.session.request,
    )
    idle = [name for name in WITHOUT_EFFECT if name in given]
    return f"Account {order.name} successfully created." + (
        f" {' and '.join(idle)} {'have' if len(idle) > 1 else 'has'} no effect here."
        if idle
        else ""
    )


def drop_account(statement: DropAccount, moment: Moment) -> str:
    """The account is closed, and until when it can be opened again. Raises a Refusal."""
    organization.erase_due(moment.account.store, moment.at)
    name = name_of(statement.name)
    try:
        organization.drop(moment.account, moment.session, name, statement.days)
    except NotFound:
        if not statement.if_exists:
            raise
        return "Drop statement executed successfully (there is no such account)."
    return f"{name} successfully dropped. It can be restored within {statement.days} days."


def undrop_account(statement: UndropAccount, moment: Moment) -> str:
    """The account is open again, as it was. Raises a Refusal."""
    organization.erase_due(moment.account.store, moment.at)
    name = name_of(statement.name)
    organization.restore(moment.account, moment.session, name)
    return f"Account {name} successfully restored."


def _administrator(item: Property) -> Name:
    """A user's name; text is read as an identifier is."""
    value = item.value
    return name_of(value) if isinstance(value, Identifier) else fold_role(str(value))


def _password(item: Property) -> str:
    if not item.value:
        raise InvalidValue("ADMIN_PASSWORD", "it can't be empty")
    return str(item.value)


def _properties(given: dict[str, Property], moment: Moment) -> dict[str, Json]:
    items = tuple(
        Property(name=ADMINISTRATORS[name], value=item.value, line=item.line, column=item.column)
        for name, item in given.items()
        if name in ADMINISTRATORS
    )
    return user_properties(items, moment)

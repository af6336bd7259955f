"""What the views of SNOWFLAKE.ACCOUNT_USAGE answer with: one row a column, and its getter.

Names and order are the vendor's; ids are ours, which are text. A column that this account has no
facts for stays, empty.
"""

from collections.abc import Callable

from rolecall.domain.credentials import is_locked
from rolecall.domain.model import Kind, User
from rolecall.domain.queries import GrantRecord, RoleRecord, UserRecord
from rolecall.domain.tables import ColumnType
from rolecall.fronts.tables import Field, Fields, Item, text, time, unknown
from rolecall.fronts.tables_users import secondary_roles


def boolean(name: str, read: Callable[[Item], bool | None]) -> Field[Item]:
    """A column of truths."""
    return Field(name=name, read=read, type=ColumnType.BOOLEAN)


def _of_user(name: str, read: Callable[[User], str | None]) -> Field[UserRecord]:
    return text(name, lambda row: read(row.user))


def _live(read: Callable[[User], bool]) -> Callable[[UserRecord], bool | None]:
    """What is not kept of a user that is gone is not known."""
    return lambda row: read(row.user) if row.deleted_at is None else None


def _locked_until(row: UserRecord) -> int | None:
    until = row.user.locked_until
    return until if until is not None and is_locked(row.user, until - 1) else None


USERS: Fields[UserRecord] = (
    _of_user("USER_ID", lambda user: user.id),
    _of_user("NAME", lambda user: user.name),
    time("CREATED_ON", lambda row: row.user.created_at or None),
    time("DELETED_ON", lambda row: row.deleted_at),
    _of_user("LOGIN_NAME", lambda user: user.login_name),
    _of_user("DISPLAY_NAME", lambda user: user.display_name),
    _of_user("FIRST_NAME", lambda user: user.first_name),
    _of_user("LAST_NAME", lambda user: user.last_name),
    _of_user("EMAIL", lambda user: user.email),
    boolean("MUST_CHANGE_PASSWORD", lambda row: row.user.must_change_password),
    boolean("HAS_PASSWORD", _live(lambda user: user.password is not None)),
    _of_user("COMMENT", lambda user: user.comment),
    boolean("DISABLED", lambda row: row.user.disabled),
    boolean("SNOWFLAKE_LOCK", lambda _: False),
    _of_user("DEFAULT_WAREHOUSE", lambda user: user.default_warehouse),
    _of_user("DEFAULT_NAMESPACE", lambda user: user.default_namespace),
    _of_user("DEFAULT_ROLE", lambda user: user.default_role),
    boolean("EXT_AUTHN_DUO", lambda _: False),
    text("EXT_AUTHN_UID", lambda row: row.user.kept.get("EXT_AUTHN_UID")),
    boolean("HAS_MFA", lambda _: False),
    time("BYPASS_MFA_UNTIL", lambda row: row.user.kept.get("BYPASS_MFA_UNTIL")),
    time("LAST_SUCCESS_LOGIN", lambda row: row.user.last_login_at),
    time("EXPIRES_AT", lambda row: row.user.expires_at),
    time("LOCKED_UNTIL_TIME", _locked_until),
    boolean(
        "HAS_RSA_PUBLIC_KEY",
        lambda row: row.user.rsa_public_key is not None or row.user.rsa_public_key_2 is not None,
    ),
    time("PASSWORD_LAST_SET_TIME", lambda row: row.user.password_set_at),
    text("OWNER", lambda row: row.owner),
    _of_user("DEFAULT_SECONDARY_ROLE", secondary_roles),
    boolean("HAS_PAT", _live(lambda user: user.has_access_token)),
    boolean("HAS_WORKLOAD_IDENTITY", lambda _: False),
    _of_user("TYPE", lambda user: None if user.type is None else user.type.value),
    text("DATABASE_NAME", unknown),
    text("DATABASE_ID", unknown),
    text("SCHEMA_NAME", unknown),
    text("SCHEMA_ID", unknown),
    boolean("IS_FROM_ORGANIZATION_USER", lambda _: False),
)

ROLES: Fields[RoleRecord] = (
    text("ROLE_ID", lambda row: row.role.id),
    time("CREATED_ON", lambda row: row.role.created_at or None),
    time("DELETED_ON", lambda row: row.deleted_at),
    text("NAME", lambda row: row.role.name),
    text("COMMENT", lambda row: row.role.comment),
    text("OWNER", lambda row: row.owner),
    text("ROLE_TYPE", lambda _: "ROLE"),
    text("ROLE_DATABASE_NAME", unknown),
    text("ROLE_INSTANCE_ID", unknown),
    text("OWNER_ROLE_TYPE", lambda row: None if row.owner is None else "ROLE"),
    boolean("IS_FROM_ORGANIZATION_USER_GROUP", lambda _: False),
)

GRANTS_TO_USERS: Fields[GrantRecord] = (
    time("CREATED_ON", lambda grant: grant.created_at),
    time("DELETED_ON", lambda grant: grant.deleted_at),
    text("ROLE", lambda grant: grant.name),
    text("GRANTED_TO", lambda grant: grant.granted_to.value),
    text("GRANTEE_NAME", lambda grant: grant.grantee_name),
    text("GRANTED_BY", lambda grant: grant.granted_by),
)

GRANTS_TO_ROLES: Fields[GrantRecord] = (
    time("CREATED_ON", lambda grant: grant.created_at),
    time("MODIFIED_ON", lambda grant: grant.deleted_at or grant.created_at),
    text("PRIVILEGE", lambda grant: grant.privilege),
    text("GRANTED_ON", lambda grant: grant.granted_on.value),
    text("NAME", lambda grant: grant.name),
    text("TABLE_CATALOG", unknown),
    text("TABLE_SCHEMA", unknown),
    text("GRANTED_TO", lambda grant: grant.granted_to.value),
    text("GRANTEE_NAME", lambda grant: grant.grantee_name),
    boolean("GRANT_OPTION", lambda grant: grant.grant_option),
    text("GRANTED_BY", lambda grant: grant.granted_by),
    time("DELETED_ON", lambda grant: grant.deleted_at),
    text("GRANTED_BY_ROLE_TYPE", lambda grant: Kind.ROLE.value if grant.granted_by else None),
    text("OBJECT_INSTANCE", unknown),
)

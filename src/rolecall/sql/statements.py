"""The statements: one frozen value each; its docstring says what it does, then its grammar.

A statement that changes an object carries one action: SetProperties, UnsetProperties, RenameTo …
What statements are made of stands in `parts`.
"""

import msgspec

from rolecall.sql.parts import (
    EVERYTHING,
    CurrentGrants,
    GrantsScope,
    Identifier,
    ObjectKind,
    ParameterScope,
    Property,
    RenameTo,
    RevokeToken,
    SetProperties,
    ShowOptions,
    UnsetProperties,
)
from rolecall.sql.statements_accounts import AccountStatement
from rolecall.sql.statements_network import NetworkStatement
from rolecall.sql.statements_users import ShowAccessTokens, UserAction
from rolecall.sql.statements_variables import VariableStatement

# --- the session ----------------------------------------------------------------------------


class UseRole(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Makes a granted role the session's primary role.

    USE ROLE <name>
    """

    name: Identifier


class UseSecondaryRoles(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Says which other granted roles count beside the primary one; NONE is no role at all.

    USE SECONDARY ROLES { ALL | NONE | <name> [ , <name> ... ] }
    """

    all_roles: bool = False
    roles: tuple[Identifier, ...] = ()


class UseDatabase(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Sets the database in which unqualified names are looked up.

    USE [ DATABASE ] <name>
    """

    name: Identifier


class UseSchema(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Sets the schema in which unqualified names are looked up.

    USE [ SCHEMA ] [ <database>. ]<name>
    """

    name: Identifier
    database: Identifier | None = None


class UseWarehouse(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Sets the session's warehouse: a name that clients expect back.

    USE WAREHOUSE <name>
    """

    name: Identifier


class AlterSession(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Changes parameters of this session only.

    ALTER SESSION { SET <parameter> = <value> ... | UNSET <parameter> [ , ... ] }
    """

    action: SetProperties | UnsetProperties


class Begin(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Accepted for clients that send it: every administrative statement commits by itself.

    BEGIN [ { WORK | TRANSACTION } ] [ NAME <name> ]  or  START TRANSACTION [ NAME <name> ]
    """

    name: Identifier | None = None


class Commit(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Accepted for clients that send it.

    COMMIT [ WORK ]
    """


class Rollback(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Accepted for clients that send it; what an administrative statement did stays done.

    ROLLBACK [ WORK ]
    """


# --- roles ----------------------------------------------------------------------------------


class CreateRole(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Makes a role, owned by the role that creates it; OR ALTER sets the comment of a present one.

    CREATE [ { OR REPLACE | OR ALTER } ] ROLE [ IF NOT EXISTS ] <name> [ COMMENT = '<text>' ]
    """

    name: Identifier
    or_replace: bool = False
    or_alter: bool = False
    if_not_exists: bool = False
    comment: str | None = None


class AlterRole(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Renames a role or changes its comment; the role keeps its identity.

    ALTER ROLE [ IF EXISTS ] <name> { RENAME TO <name> | SET COMMENT = '…' | UNSET COMMENT }
    """

    name: Identifier
    action: RenameTo | SetProperties | UnsetProperties
    if_exists: bool = False


class DropRole(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Removes a role; what it owned passes to the role that drops it, what it granted ends.

    DROP ROLE [ IF EXISTS ] <name>
    """

    name: Identifier
    if_exists: bool = False


# --- users ----------------------------------------------------------------------------------


class CreateUser(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Makes a user, owned by the role that creates it.

    CREATE [ { OR REPLACE | OR ALTER } ] USER [ IF NOT EXISTS ] <name> [ <property> = <value> ... ]
    """

    name: Identifier
    or_replace: bool = False
    or_alter: bool = False
    if_not_exists: bool = False
    properties: tuple[Property, ...] = ()


class AlterUser(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Changes a user; without a name, the session's own user.

    ALTER USER [ IF EXISTS ] [ <name> ] { SET … | UNSET … | RENAME TO <name>
    | RESET PASSWORD | ABORT ALL QUERIES
    | ADD { PROGRAMMATIC ACCESS TOKEN | PAT } <token> [ ROLE_RESTRICTION = '<role>' ]
      [ DAYS_TO_EXPIRY = <n> ] [ MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT = <n> ] [ COMMENT = '…' ]
    | ROTATE { PROGRAMMATIC ACCESS TOKEN | PAT } <token> [ EXPIRE_ROTATED_TOKEN_AFTER_HOURS = <n> ]
    | MODIFY { PROGRAMMATIC ACCESS TOKEN | PAT } <token> { SET … | UNSET … | RENAME TO <token> }
    | REMOVE { PROGRAMMATIC ACCESS TOKEN | PAT } <token> }
    """

    name: Identifier | None
    action: SetProperties | UnsetProperties | RenameTo | UserAction
    if_exists: bool = False


class DropUser(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Removes a user with every grant to it.

    DROP USER [ IF EXISTS ] <name>
    """

    name: Identifier
    if_exists: bool = False


# --- grants ---------------------------------------------------------------------------------


class GrantRole(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Gives a role to a user, or puts it below another role.

    GRANT ROLE <name> TO { ROLE <name> [ WITH GRANT OPTION ] | USER <name> }
    """

    role: Identifier
    grantee: Identifier
    to_user: bool = False
    grant_option: bool = False


class RevokeRole(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Takes a role back, or only the right to pass it on; CASCADE ends what was passed on.

    REVOKE [ GRANT OPTION FOR ] ROLE <name> FROM { ROLE | USER } <name> [ RESTRICT | CASCADE ]
    """

    role: Identifier
    grantee: Identifier
    to_user: bool = False
    grant_option: bool = False
    cascade: bool = False


class GrantPrivilege(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lets a role do something with the account or with one object.

    GRANT { ALL [ PRIVILEGES ] | <privilege> [ , … ] } ON { ACCOUNT | <kind> <name> }
    TO [ ROLE ] <name> [ WITH GRANT OPTION ]
    """

    privileges: tuple[str, ...]
    on_kind: ObjectKind
    role: Identifier
    all_privileges: bool = False
    on_name: Identifier | None = None
    grant_option: bool = False


class RevokePrivilege(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Takes a privilege back, or only the right to pass it on; CASCADE ends what was passed on.

    REVOKE [ GRANT OPTION FOR ] { ALL [ PRIVILEGES ] | <privilege> [ , … ] }
    ON { ACCOUNT | <kind> <name> } FROM [ ROLE ] <name> [ RESTRICT | CASCADE ]
    """

    privileges: tuple[str, ...]
    on_kind: ObjectKind
    role: Identifier
    all_privileges: bool = False
    on_name: Identifier | None = None
    grant_option: bool = False
    cascade: bool = False


class GrantOwnership(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Gives an object to another role, which is its one owner from then on.

    GRANT OWNERSHIP ON <kind> <name> TO ROLE <name> [ { COPY | REVOKE } CURRENT GRANTS ]
    """

    on_kind: ObjectKind
    on_name: Identifier
    role: Identifier
    current_grants: CurrentGrants | None = None


class GrantOwnershipOfAll(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Gives the users or roles that one role owns to another (ours): 10,000 at a time.

    GRANT OWNERSHIP ON ALL { USERS | ROLES } OWNED BY ROLE <name> TO ROLE <name>
    """

    on_kind: ObjectKind
    owner: Identifier
    role: Identifier


# --- integrations ---------------------------------------------------------------------------


class CreateSecurityIntegration(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Opens the account to an identity provider; OR REPLACE ends every token of the old one.

    CREATE [ OR REPLACE ] SECURITY INTEGRATION [ IF NOT EXISTS ] <name>
    TYPE = SCIM SCIM_CLIENT = '<client>' RUN_AS_ROLE = '<role>' [ <property> = <value> ... ]
    """

    name: Identifier
    or_replace: bool = False
    if_not_exists: bool = False
    properties: tuple[Property, ...] = ()


class AlterSecurityIntegration(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Changes an integration. A network policy's own name after UNSET is kept as it was written.

    ALTER [ SECURITY ] INTEGRATION [ IF EXISTS ] <name>
    { SET … | UNSET { <property> | <policy> } [ , … ] | REVOKE TOKEN '<id>' }
    """

    name: Identifier
    action: SetProperties | UnsetProperties | RevokeToken
    if_exists: bool = False


class DropIntegration(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Removes an integration and ends its tokens at once.

    DROP [ <kind> ] INTEGRATION [ IF EXISTS ] <name>
    """

    name: Identifier
    kind: str | None = None
    if_exists: bool = False


# --- databases ------------------------------------------------------------------------------


class CreateDatabase(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Makes a database: a name that sessions can use.

    CREATE [ OR REPLACE ] DATABASE [ IF NOT EXISTS ] <name> [ COMMENT = '<text>' ]
    """

    name: Identifier
    or_replace: bool = False
    if_not_exists: bool = False
    comment: str | None = None


class DropDatabase(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Removes a database.

    DROP DATABASE [ IF EXISTS ] <name> [ { CASCADE | RESTRICT } ]
    """

    name: Identifier
    if_exists: bool = False


# --- looking --------------------------------------------------------------------------------


class ShowUsers(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists the users that the session may see.

    SHOW [ TERSE ] USERS [ LIKE … ] [ STARTS WITH … ] [ LIMIT … [ FROM … ] ]
    """

    options: ShowOptions = EVERYTHING


class ShowRoles(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists the roles that the session may see.

    SHOW [ TERSE ] ROLES [ LIKE … ] [ STARTS WITH … ] [ LIMIT … [ FROM … ] ]
    """

    options: ShowOptions = EVERYTHING


class ShowDatabases(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists the databases that the session may see.

    SHOW [ TERSE ] DATABASES [ LIKE … ] [ IN ACCOUNT ] [ STARTS WITH … ] [ LIMIT … ]
    """

    options: ShowOptions = EVERYTHING


class ShowIntegrations(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists the integrations that the session may see.

    SHOW [ <kind> ] INTEGRATIONS [ LIKE … ] [ STARTS WITH … ] [ LIMIT … [ FROM … ] ]
    """

    kind: str | None = None
    options: ShowOptions = EVERYTHING


class ShowGrants(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists grants on an object, to a grantee or of a role; alone, those of the session's user.

    SHOW GRANTS [ ON { ACCOUNT | <kind> <name> } | TO { ROLE | USER } <name> | OF ROLE <name> ]
    [ LIMIT <rows> ]
    """

    scope: GrantsScope = GrantsScope.CURRENT_USER
    kind: ObjectKind | None = None
    name: Identifier | None = None
    options: ShowOptions = EVERYTHING


class ShowScimTokens(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists SCIM tokens without their secrets: purpose, issued, expires, last used, state.

    SHOW SCIM TOKENS [ IN [ [ SECURITY ] INTEGRATION ] <name> ] [ LIMIT … ]
    """

    integration: Identifier | None = None
    options: ShowOptions = EVERYTHING


class ShowScimResources(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists what integrations provision: who wrote it last, and why its sync stopped, if it did.

    SHOW SCIM_RESOURCES [ LIKE … ] [ IN [ [ SECURITY ] INTEGRATION ] <name> ] [ LIMIT … ]
    """

    integration: Identifier | None = None
    options: ShowOptions = EVERYTHING


class ShowParameters(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists parameters with their values and defaults; alone, the session's.

    SHOW PARAMETERS [ LIKE … ] [ { IN | FOR } { SESSION | ACCOUNT | USER [ <name> ] } ]
    """

    scope: ParameterScope = ParameterScope.SESSION
    name: Identifier | None = None
    options: ShowOptions = EVERYTHING


class Describe(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Shows the properties of one object.

    { DESC | DESCRIBE } { USER | ROLE | [ SECURITY ] INTEGRATION | NETWORK { POLICY | RULE } }
    <name>
    """

    kind: ObjectKind
    name: Identifier


# --- the account, and queries ---------------------------------------------------------------


class AlterAccount(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Changes parameters of the account.

    ALTER ACCOUNT { SET <parameter> = <value> ... | UNSET <parameter> [ , ... ] }
    """

    action: SetProperties | UnsetProperties


class Select(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """A query; `rolecall.sql.select` reads its text when it is carried out.

    { SELECT … | WITH … SELECT … }
    """

    text: str


class Flow(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Statements one after the other: `$1` is what the stage before answered, `$2` the one before.

    SHOW … ->> SELECT … FROM $1 [->> …]
    """

    stages: tuple["Statement", ...]


Statement = (
    AccountStatement
    | VariableStatement
    | NetworkStatement
    | Flow
    | UseRole
    | UseSecondaryRoles
    | UseDatabase
    | UseSchema
    | UseWarehouse
    | AlterSession
    | Begin
    | Commit
    | Rollback
    | CreateRole
    | AlterRole
    | DropRole
    | CreateUser
    | AlterUser
    | DropUser
    | GrantRole
    | RevokeRole
    | GrantPrivilege
    | RevokePrivilege
    | GrantOwnership
    | GrantOwnershipOfAll
    | CreateSecurityIntegration
    | AlterSecurityIntegration
    | DropIntegration
    | CreateDatabase
    | DropDatabase
    | ShowUsers
    | ShowAccessTokens
    | ShowRoles
    | ShowDatabases
    | ShowIntegrations
    | ShowGrants
    | ShowScimTokens
    | ShowScimResources
    | ShowParameters
    | Describe
    | AlterAccount
    | Select
)

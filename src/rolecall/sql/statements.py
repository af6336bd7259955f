"""The statements: one frozen value each; its docstring says what it does, then its grammar.

A statement that changes an object carries one action: SetProperties, UnsetProperties, RenameTo …
What statements are made of stands in `parts`.
"""

import msgspec

from rolecall.sql.parts import (
    EVERYTHING,
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
from rolecall.sql.statements_grants import GrantStatement
from rolecall.sql.statements_held import HeldStatement
from rolecall.sql.statements_immediate import ExecuteImmediate
from rolecall.sql.statements_network import NetworkStatement
from rolecall.sql.statements_users import ShowAccessTokens, UserAction
from rolecall.sql.statements_variables import VariableStatement

# --- the session ----------------------------------------------------------------------------


class UseRole(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Makes a granted role the session's primary role.

    USE ROLE <name>

    Every user with a role that is granted to it, directly or through other roles; PUBLIC is
    everyone's.
    """

    name: Identifier


class UseSecondaryRoles(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Says which other granted roles count beside the primary one; NONE is no role at all.

    USE SECONDARY ROLES { ALL | NONE | <name> [ , <name> ... ] }

    Every user, with roles that are granted to it. Each statement counts them anew; objects are
    made by the primary role alone.
    """

    all_roles: bool = False
    roles: tuple[Identifier, ...] = ()


class UseDatabase(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Sets the database in which unqualified names are looked up.

    USE [ DATABASE ] <name>

    Every session.
    """

    name: Identifier


class UseSchema(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Sets the schema in which unqualified names are looked up.

    USE [ SCHEMA ] [ <database>. ]<name>

    Every session; there are INFORMATION_SCHEMA and PUBLIC in each database.
    """

    name: Identifier
    database: Identifier | None = None


class UseWarehouse(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Sets the session's warehouse: a name that clients expect back.

    USE WAREHOUSE <name>

    Every session; no warehouse of the name has to be there.
    """

    name: Identifier


class AlterSession(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Changes parameters of this session only.

    ALTER SESSION { SET <parameter> = <value> ... | UNSET <parameter> [ , ... ] }

    Every session. Parameters that take effect are listed; the others are kept for clients that set
    them.
    """

    action: SetProperties | UnsetProperties


class Begin(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Accepted for clients that send it: every administrative statement commits by itself.

    BEGIN [ { WORK | TRANSACTION } ] [ NAME <name> ]  or  START TRANSACTION [ NAME <name> ]

    Every session.
    """

    name: Identifier | None = None


class Commit(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Accepted for clients that send it.

    COMMIT [ WORK ]

    Every session.
    """


class Rollback(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Accepted for clients that send it; what an administrative statement did stays done.

    ROLLBACK [ WORK ]

    Every session.
    """


# --- roles ----------------------------------------------------------------------------------


class CreateRole(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Makes a role, owned by the role that creates it; OR ALTER sets the comment of a present one.

    CREATE [ { OR REPLACE | OR ALTER } ] ROLE [ IF NOT EXISTS ] <name> [ COMMENT = '<text>' ]

    A primary role with CREATE ROLE on the account: USERADMIN and above. OR REPLACE and OR ALTER
    take OWNERSHIP of the role that is there.
    """

    name: Identifier
    or_replace: bool = False
    or_alter: bool = False
    if_not_exists: bool = False
    comment: str | None = None


class AlterRole(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Renames a role or changes its comment; the role keeps its identity.

    ALTER ROLE [ IF EXISTS ] <name> { RENAME TO <name> | SET COMMENT = '…' | UNSET COMMENT }

    COMMENT [ IF EXISTS ] ON { ROLE | USER | INTEGRATION | NETWORK POLICY | NETWORK RULE } <name>
    IS '…' says SET COMMENT of any of these. The role's owner; nobody alters a system role.
    """

    name: Identifier
    action: RenameTo | SetProperties | UnsetProperties
    if_exists: bool = False


class DropRole(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Removes a role; what it owned passes to the role that drops it, what it granted ends.

    DROP ROLE [ IF EXISTS ] <name>

    The role's owner, unless it is the primary role of the session; nobody drops a system role.
    """

    name: Identifier
    if_exists: bool = False


# --- users ----------------------------------------------------------------------------------


class CreateUser(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Makes a user, owned by the role that creates it.

    CREATE [ { OR REPLACE | OR ALTER } ] USER [ IF NOT EXISTS ] <name> [ <property> = <value> ... ]

    A primary role with CREATE USER on the account: USERADMIN and above. OR REPLACE and OR ALTER
    take OWNERSHIP of the user who is there. OR ALTER sets every property that is not named back to
    its default, but for the credentials, the locks and DISABLED.
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

    The user's owner. Of themselves users set DEFAULT_ROLE, DEFAULT_WAREHOUSE, DEFAULT_NAMESPACE
    and the parameters of their sessions, and keep their own access tokens.
    """

    name: Identifier | None
    action: SetProperties | UnsetProperties | RenameTo | UserAction
    if_exists: bool = False


class DropUser(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Removes a user with every grant to it.

    DROP USER [ IF EXISTS ] <name>

    The user's owner. Sessions and access tokens of the user end at once.
    """

    name: Identifier
    if_exists: bool = False


# --- integrations ---------------------------------------------------------------------------


class CreateSecurityIntegration(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Opens the account to an identity provider; OR REPLACE ends every token of the old one.

    CREATE [ OR REPLACE ] SECURITY INTEGRATION [ IF NOT EXISTS ] <name>
    { TYPE = SCIM SCIM_CLIENT = '<client>' RUN_AS_ROLE = '<role>'
    | TYPE = EXTERNAL_OAUTH EXTERNAL_OAUTH_TYPE = { OKTA | AZURE | PING_FEDERATE | CUSTOM }
      EXTERNAL_OAUTH_ISSUER = '<issuer>' EXTERNAL_OAUTH_AUDIENCE_LIST = ( '<audience>' [ , … ] )
      { EXTERNAL_OAUTH_JWS_KEYS_URL = '<url>' | EXTERNAL_OAUTH_RSA_PUBLIC_KEY = '<key>' }
      EXTERNAL_OAUTH_TOKEN_USER_MAPPING_CLAIM = '<claim>'
      EXTERNAL_OAUTH_SNOWFLAKE_USER_MAPPING_ATTRIBUTE = { 'LOGIN_NAME' | 'EMAIL_ADDRESS' } }
    [ <property> = <value> ... ]

    A primary role with CREATE INTEGRATION on the account (ACCOUNTADMIN), to which the run-as role
    is granted; OR REPLACE takes OWNERSHIP of the one that is there. There is no OR ALTER, because
    SCIM_CLIENT and RUN_AS_ROLE can't be altered: IF NOT EXISTS followed by ALTER does the rest.
    EXTERNAL_OAUTH lets users speak for a SCIM integration by an issuer's JSON Web Tokens.
    """

    name: Identifier
    or_replace: bool = False
    if_not_exists: bool = False
    properties: tuple[Property, ...] = ()


class AlterSecurityIntegration(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Changes an integration. A network policy's own name after UNSET is kept as it was written.

    ALTER [ SECURITY ] INTEGRATION [ IF EXISTS ] <name>
    { SET … | UNSET { <property> | <policy> } [ , … ] | REVOKE TOKEN '<id>' }

    The integration's owner; setting a network policy takes USAGE on the policy as well.
    """

    name: Identifier
    action: SetProperties | UnsetProperties | RevokeToken
    if_exists: bool = False


class DropIntegration(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Removes an integration and ends its tokens at once.

    DROP [ <kind> ] INTEGRATION [ IF EXISTS ] <name>

    The integration's owner.
    """

    name: Identifier
    kind: str | None = None
    if_exists: bool = False


# --- databases ------------------------------------------------------------------------------


class CreateDatabase(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Makes a database: a name that sessions can use.

    CREATE [ OR REPLACE ] DATABASE [ IF NOT EXISTS ] <name> [ COMMENT = '<text>' ]

    A primary role with CREATE DATABASE on the account: SYSADMIN and above.
    """

    name: Identifier
    or_replace: bool = False
    if_not_exists: bool = False
    comment: str | None = None


class DropDatabase(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Removes a database.

    DROP DATABASE [ IF EXISTS ] <name> [ { CASCADE | RESTRICT } ]

    The database's owner.
    """

    name: Identifier
    if_exists: bool = False


# --- looking --------------------------------------------------------------------------------


class ShowUsers(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists the users that the session may see.

    SHOW [ TERSE ] USERS [ LIKE … ] [ STARTS WITH … ] [ LIMIT … [ FROM … ] ]

    Every session sees every name. The other columns are NULL unless the session owns or monitors
    the user, holds MANAGE GRANTS or MONITOR USER, or is the user.
    """

    options: ShowOptions = EVERYTHING


class ShowRoles(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists the roles that the session may see.

    SHOW [ TERSE ] ROLES [ LIKE … ] [ STARTS WITH … ] [ LIMIT … [ FROM … ] ]

    Every session sees every role.
    """

    options: ShowOptions = EVERYTHING


class ShowDatabases(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists the databases that the session may see.

    SHOW [ TERSE ] DATABASES [ LIKE … ] [ IN ACCOUNT ] [ STARTS WITH … ] [ LIMIT … ]

    Every session sees every database.
    """

    options: ShowOptions = EVERYTHING


class ShowIntegrations(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists the integrations that the session may see.

    SHOW [ <kind> ] INTEGRATIONS [ LIKE … ] [ STARTS WITH … ] [ LIMIT … [ FROM … ] ]

    Every session sees the integrations that its roles own or hold a privilege on.
    """

    kind: str | None = None
    options: ShowOptions = EVERYTHING


class ShowGrants(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists grants on an object, to a grantee or of a role; alone, those of the session's user.

    SHOW GRANTS [ ON { ACCOUNT | <kind> <name> } | TO { ROLE | USER } <name> | OF ROLE <name> ]
    [ LIMIT <rows> ]

    A session sees grants about objects that it sees: what its roles own, hold a privilege on or
    are, and everything with MANAGE GRANTS.
    """

    scope: GrantsScope = GrantsScope.CURRENT_USER
    kind: ObjectKind | None = None
    name: Identifier | None = None
    options: ShowOptions = EVERYTHING


class ShowScimTokens(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists SCIM tokens without their secrets: purpose, issued, expires, last used, state.

    SHOW SCIM TOKENS [ IN [ [ SECURITY ] INTEGRATION ] <name> ] [ LIMIT … ]

    The integration's owner; ACCOUNTADMIN also sees the tokens of integrations that were dropped.
    """

    integration: Identifier | None = None
    options: ShowOptions = EVERYTHING


class ShowScimResources(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists what integrations provision: who wrote it last, and why its sync stopped, if it did.

    SHOW SCIM_RESOURCES [ LIKE … ] [ IN [ [ SECURITY ] INTEGRATION ] <name> ] [ LIMIT … ]

    The integration's owner.
    """

    integration: Identifier | None = None
    options: ShowOptions = EVERYTHING


class ShowParameters(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Lists parameters with their values and defaults; alone, the session's.

    SHOW PARAMETERS [ LIKE … ] [ { IN | FOR } { SESSION | ACCOUNT | USER [ <name> ] } ]

    Every session, for itself and the account; a user's are shown to the user, the owner and who
    may see every user. NETWORK_POLICY is shown to who may attach or see the policy.
    """

    scope: ParameterScope = ParameterScope.SESSION
    name: Identifier | None = None
    options: ShowOptions = EVERYTHING


class Describe(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Shows the properties of one object.

    { DESC | DESCRIBE } { USER | ROLE | [ SECURITY ] INTEGRATION | NETWORK { POLICY | RULE } }
    <name>

    A user: the owner, the user, and roles with MONITOR or MANAGE GRANTS. A role: who holds or sees
    it. An integration: its owner. A network policy or rule: its owner or a role with MANAGE
    GRANTS.
    """

    kind: ObjectKind
    name: Identifier


# --- the account, and queries ---------------------------------------------------------------


class AlterAccount(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Changes parameters of the account.

    ALTER ACCOUNT { SET <parameter> = <value> ... | UNSET <parameter> [ , ... ] }

    ACCOUNTADMIN; NETWORK_POLICY alone takes ATTACH POLICY on the account (SECURITYADMIN), and the
    policy has to admit who sets it.
    """

    action: SetProperties | UnsetProperties


class Select(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Asks views, table functions and functions; what there is of them stands under Queries.

    { SELECT … | WITH … SELECT … }

    Every session; each table function and view shows what the session may see.
    """

    text: str


class Flow(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Statements one after the other: `$1` is what the stage before answered, `$2` the one before.

    SHOW … ->> SELECT … FROM $1 [->> …]

    Every session, as far as each stage may be carried out by it.
    """

    stages: tuple["Statement", ...]


Statement = (
    AccountStatement
    | VariableStatement
    | ExecuteImmediate
    | NetworkStatement
    | GrantStatement
    | HeldStatement
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

"""Commands: everything that can be asked of an account, as plain data judged in a transaction.

A command may be carried out twice (an engine may rerun a body), so ids, times, secrets and
password hashes are made before it and travel inside it. A new way to change things is a new
command, never a new path.
"""

import msgspec

from rolecall.domain.commands_accounts import (
    DropAccount,
    FoundAccount,
    PurgeHistory,
    RestoreAccount,
)
from rolecall.domain.commands_held import RejectHeldChange, ReleaseHeldChange
from rolecall.domain.model import (
    Conformance,
    Json,
    Kind,
    Privilege,
    ScimClient,
    UnknownAttributes,
    Variable,
)
from rolecall.domain.names import Id, Name
from rolecall.domain.predicate import Predicate


class ByName(msgspec.Struct, frozen=True, gc=False):
    """An object meant by its name, found inside the transaction."""

    name: Name


Ref = Id | ByName
"""An object meant by its id (SCIM) or by its name (SQL)."""


class Versions(msgspec.Struct, frozen=True, gc=False):
    """Which versions of a resource a change is meant for (RFC 7644 section 3.14).

    `expected`: one of these (If-Match); None is any. `unwanted`: none of these (If-None-Match);
    EVERY_VERSION among them stands for all.
    """

    expected: tuple[int, ...] | None = None
    unwanted: tuple[int, ...] = ()


ANY_VERSION = Versions()
EVERY_VERSION = 0


# ---- changes: the steps of ChangeUser and ChangeRole, carried out in order -----------------


class At(msgspec.Struct, frozen=True):
    """A place in a resource: a property (upper case, SQL's word) or a profile attribute.

    `extension` is the URN of an extension's attribute; `where` picks entries of a
    multi-valued attribute, its fields being sub-attributes whose text compares by key
    (RFC 7643 section 2.2: `type` and `value` are not case exact); `sub` is a sub-attribute.
    """

    attribute: str
    extension: str | None = None
    where: Predicate | None = None
    sub: str | None = None


class Set(msgspec.Struct, frozen=True, tag=True):
    """The place has this value from now on; a `where` that picks nothing makes the entry.

    Without a part, what `where` picks of a list becomes the value (RFC 7644 section 3.5.2.3).
    """

    at: At
    value: Json


class Unset(msgspec.Struct, frozen=True, tag=True):
    """The place has no value, or its default, from now on; a `where` removes the entries."""

    at: At


class Add(msgspec.Struct, frozen=True, tag=True):
    """The values join a multi-valued attribute; those that are there already change nothing.

    With a `where` the parts of the one value join each entry that it picks.
    """

    at: At
    values: tuple[Json, ...]


class Remove(msgspec.Struct, frozen=True, tag=True):
    """The values leave a list; each of them has to be in it."""

    at: At
    values: tuple[Json, ...]


class AddMembers(msgspec.Struct, frozen=True, tag=True):
    """These users hold the role from now on."""

    users: tuple[Id, ...]


class RemoveMembers(msgspec.Struct, frozen=True, tag=True):
    """These users no longer hold the role by a direct grant; None means all of them."""

    users: tuple[Id, ...] | None


class RemoveMembersWhere(msgspec.Struct, frozen=True, tag=True):
    """Members who meet a condition on the id and the name that is shown are members no longer.

    `users` is asked of those who hold the role by a direct grant, `groups` of nested groups.
    """

    users: Predicate
    groups: Predicate


class SetMembers(msgspec.Struct, frozen=True, tag=True):
    """Exactly these users hold the role by a direct grant."""

    users: tuple[Id, ...]


UserChange = Set | Unset | Add
GovernedChange = Set | Unset | Add | Remove
MemberChange = AddMembers | RemoveMembers | RemoveMembersWhere | SetMembers
RoleChange = Set | Unset | MemberChange


# ---- users ---------------------------------------------------------------------------------


class CreateUser(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A user comes to be, owned by the session's role."""

    id: Id
    name: Name
    login_name: str
    at: int
    properties: dict[str, Json] = {}
    profile: dict[str, Json] = {}
    external_id: str | None = None
    or_replace: bool = False
    or_alter: bool = False
    if_not_exists: bool = False


class ChangeUser(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A user changes, step by step, all or nothing, at most one new version.

    `replaces` unsets first every attribute that SCIM can write (RFC 7644 section 3.5.1).
    """

    user: Ref
    changes: tuple[UserChange, ...]
    at: int
    versions: Versions = ANY_VERSION
    replaces: bool = False
    if_exists: bool = False


class DropUser(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A user is gone, with memberships and sessions; the names are free again."""

    user: Ref
    at: int
    versions: Versions = ANY_VERSION
    if_exists: bool = False


class AddAccessToken(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A user has another programmatic access token."""

    id: Id
    user: Ref
    name: Name
    verifier: str
    at: int
    expires_at: int
    role_restriction: Ref | None = None
    comment: str | None = None
    bypass_network_policy_until: int | None = None
    if_exists: bool = False


class RotateAccessToken(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A token has a new text, for as long as it was given; the old text lives to `old_until`."""

    id: Id
    user: Ref
    name: Name
    verifier: str
    at: int
    old_until: int
    if_exists: bool = False


class ChangeAccessToken(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A token is renamed, disabled, enabled or described anew."""

    user: Ref
    name: Name
    changes: tuple[Set | Unset, ...]
    at: int
    if_exists: bool = False


class RemoveAccessToken(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A token ends."""

    user: Ref
    name: Name
    at: int
    if_exists: bool = False


# ---- roles ---------------------------------------------------------------------------------


class CreateRole(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A role comes to be, owned by the session's role.

    With `or_alter` one that is there takes the comment, or loses it, and keeps all else.
    """

    id: Id
    name: Name
    at: int
    comment: str | None = None
    members: tuple[Id, ...] = ()
    external_id: str | None = None
    or_replace: bool = False
    or_alter: bool = False
    if_not_exists: bool = False


class ChangeRole(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A role changes, membership included, all or nothing, at most one new version.

    The answer has the members if they are at most `members_shown`; 0 asks for none.
    """

    role: Ref
    changes: tuple[RoleChange, ...]
    at: int
    versions: Versions = ANY_VERSION
    if_exists: bool = False
    members_shown: int = 0


class DropRole(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A role is gone; what it owned passes to the session's role, its grants end."""

    role: Ref
    at: int
    versions: Versions = ANY_VERSION
    if_exists: bool = False


# ---- grants --------------------------------------------------------------------------------


class GrantRole(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A role is granted to a user or to another role."""

    role: Ref
    grantee_kind: Kind
    grantee: Ref
    at: int
    grant_option: bool = False


class RevokeRole(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A role is no longer granted to the grantee; with `option_only` it can't be passed on.

    What the grantee passed on ends with it, if `cascade`; else that refuses the command.
    """

    role: Ref
    grantee_kind: Kind
    grantee: Ref
    at: int
    option_only: bool = False
    cascade: bool = False


class GrantPrivileges(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A role holds privileges on one object from now on."""

    privileges: tuple[Privilege, ...]
    kind: Kind
    object: Ref | None
    role: Ref
    at: int
    grant_option: bool = False


class RevokePrivileges(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A role no longer holds privileges on one object; the options are those of RevokeRole."""

    privileges: tuple[Privilege, ...]
    kind: Kind
    object: Ref | None
    role: Ref
    at: int
    option_only: bool = False
    cascade: bool = False


class GrantOwnership(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An object has another owner. `current_grants` is COPY, REVOKE or None."""

    kind: Kind
    object: Ref
    role: Ref
    at: int
    current_grants: str | None = None


class GrantOwnershipOfAll(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The users or roles that `owner` owns have another owner, as many as one command moves."""

    kind: Kind
    owner: Ref
    role: Ref
    at: int


# ---- integrations and tokens ---------------------------------------------------------------


class CreateIntegration(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A SCIM security integration comes to be; replacing one ends its tokens at once.

    `endpoint` is used only when no integration of this name has had one before;
    `deprovisioning` has the properties of the brake, by name.
    """

    id: Id
    endpoint: Id
    name: Name
    scim_client: ScimClient
    run_as_role: Ref
    at: int
    enabled: bool = True
    network_policy: str | None = None
    sync_password: bool = False
    comment: str | None = None
    conformance: Conformance | None = None
    unknown_attributes: UnknownAttributes = UnknownAttributes.IGNORE
    attribute_aliases: tuple[tuple[str, str], ...] = ()
    tolerated_quirks: tuple[str, ...] | None = None
    deprovisioning: dict[str, Json] = {}
    or_replace: bool = False
    if_not_exists: bool = False


class ChangeIntegration(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An integration's properties change."""

    integration: Ref
    changes: tuple[Set | Unset, ...]
    at: int
    if_exists: bool = False


class DropIntegration(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An integration is gone and its tokens with it."""

    integration: Ref
    at: int
    if_exists: bool = False


class IssueToken(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A token is issued; with a purpose it replaces the live ones of that purpose.

    The one in use works on for SCIM_TOKEN_OVERLAP_IN_HOURS, unless `instead` ends it too.
    """

    id: Id
    integration: Ref
    verifier: str
    at: int
    expires_at: int
    purpose: str | None = None
    instead: bool = False


class RevokeToken(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One token is ended."""

    token: Id
    at: int


# ---- network policies, network rules, parameters -------------------------------------------


class CreateGoverned(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A network policy or rule comes to be; `or_alter` changes the one that is there."""

    id: Id
    kind: Kind
    name: Name
    at: int
    properties: dict[str, Json] = {}
    or_replace: bool = False
    or_alter: bool = False
    if_not_exists: bool = False


class ChangeGoverned(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A network policy or rule changes, step by step, all or nothing."""

    kind: Kind
    object: Ref
    changes: tuple[GovernedChange, ...]
    at: int
    if_exists: bool = False


class DropGoverned(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A network policy or rule that nothing uses is gone."""

    kind: Kind
    object: Ref
    at: int
    if_exists: bool = False


class ChangeParameters(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Parameters of the account (`object` None) or of a user are set and unset."""

    kind: Kind
    object: Ref | None
    changes: tuple[Set | Unset, ...]
    at: int
    if_exists: bool = False


# ---- databases and sessions ----------------------------------------------------------------


class CreateDatabase(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A database, a name only, comes to be."""

    id: Id
    name: Name
    at: int
    comment: str | None = None
    if_not_exists: bool = False


class DropDatabase(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A database is gone."""

    database: Ref
    at: int
    if_exists: bool = False


class RecordFailedLogin(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Someone gave a wrong password; the fifth in a row locks the user for a while."""

    user: Id
    at: int


class OpenSession(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A user whose credential was verified is logged in.

    Without a role the session acts as the default one; a database that is not there is none.
    `password` is the verifier that the password was compared with, None for other credentials;
    with `new_password` that of the one that the user has from now on.
    """

    id: Id
    user: Id
    verifier: str
    at: int
    expires_at: int
    master: str | None = None
    master_expires_at: int | None = None
    password: str | None = None
    new_password: str | None = None
    access_token: Id | None = None
    role: Ref | None = None
    secondary: tuple[Ref, ...] | None = None
    database: Name | None = None
    schema: Name | None = None
    warehouse: Name | None = None
    parameters: dict[str, Json] = {}


class RenewSession(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A session lives on under a new token; the master token stays and lives longer."""

    session: Id
    verifier: str | None
    at: int
    expires_at: int
    master_expires_at: int


class ChangeSession(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """USE: what the session acts as and where. A field left None stays as it was.

    Of `parameters` and `variables` those that are named change, and None unsets.

    `secondary` is ALL_ROLES, or the roles by name or id; none of them is an empty tuple.
    """

    session: Id
    at: int
    role: Ref | None = None
    secondary: tuple[Ref, ...] | None = None
    database: Name | None = None
    schema: Name | None = None
    warehouse: Name | None = None
    parameters: dict[str, Json] = {}
    variables: dict[str, Variable | None] = {}


class CloseSession(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A session ends."""

    session: Id
    at: int


Command = (
    FoundAccount
    | DropAccount
    | RestoreAccount
    | PurgeHistory
    | CreateUser
    | ChangeUser
    | DropUser
    | AddAccessToken
    | RotateAccessToken
    | ChangeAccessToken
    | RemoveAccessToken
    | CreateRole
    | ChangeRole
    | DropRole
    | GrantRole
    | RevokeRole
    | GrantPrivileges
    | RevokePrivileges
    | GrantOwnership
    | GrantOwnershipOfAll
    | CreateIntegration
    | ChangeIntegration
    | DropIntegration
    | ReleaseHeldChange
    | RejectHeldChange
    | IssueToken
    | RevokeToken
    | CreateGoverned
    | ChangeGoverned
    | DropGoverned
    | ChangeParameters
    | CreateDatabase
    | DropDatabase
    | RecordFailedLogin
    | OpenSession
    | RenewSession
    | ChangeSession
    | CloseSession
)

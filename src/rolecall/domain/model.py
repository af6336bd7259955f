"""What an account holds, as values: users, roles, grants, integrations, tokens.

Every value is frozen; a change is a new value (`msgspec.structs.replace`). Times are whole
microseconds since the epoch, UTC. Ids refer, names describe.
"""

from enum import StrEnum

import msgspec

from rolecall.domain.names import Id, Name

Scalar = None | bool | int | str
Variable = bool | int | float | str
"""A session variable's value."""
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class Kind(StrEnum):
    """The kinds of object that can be owned, granted on, or named in a refusal."""

    ACCOUNT = "ACCOUNT"
    USER = "USER"
    ROLE = "ROLE"
    INTEGRATION = "INTEGRATION"
    DATABASE = "DATABASE"
    TOKEN = "TOKEN"
    NETWORK_POLICY = "NETWORK POLICY"
    NETWORK_RULE = "NETWORK RULE"
    EXTERNAL_OAUTH = "OAUTH INTEGRATION"
    HELD_CHANGE = "HELD CHANGE"

    @property
    def told(self) -> "Kind":
        """What grants, refusals and people call it: every integration is an INTEGRATION."""
        return Kind.INTEGRATION if self is Kind.EXTERNAL_OAUTH else self


class Privilege(StrEnum):
    """What a role can hold, in the vendor's words (reference: access control privileges)."""

    CREATE_USER = "CREATE USER"
    CREATE_ROLE = "CREATE ROLE"
    CREATE_INTEGRATION = "CREATE INTEGRATION"
    CREATE_DATABASE = "CREATE DATABASE"
    CREATE_NETWORK_POLICY = "CREATE NETWORK POLICY"
    CREATE_NETWORK_RULE = "CREATE NETWORK RULE"
    ATTACH_POLICY = "ATTACH POLICY"
    MANAGE_GRANTS = "MANAGE GRANTS"
    MONITOR_USER = "MONITOR USER"
    MONITOR_ROLE = "MONITOR ROLE"
    MONITOR = "MONITOR"
    USAGE = "USAGE"
    OWNERSHIP = "OWNERSHIP"


class UserType(StrEnum):
    """The TYPE property of a user."""

    PERSON = "PERSON"
    SERVICE = "SERVICE"
    SERVICE_AGENT = "SERVICE_AGENT"
    LEGACY_SERVICE = "LEGACY_SERVICE"


class ScimClient(StrEnum):
    """The SCIM_CLIENT property: which identity provider's dialect an integration speaks."""

    OKTA = "OKTA"
    AZURE = "AZURE"
    GENERIC = "GENERIC"


class Conformance(StrEnum):
    """The CONFORMANCE property: whose SCIM is spoken, the standard's or the vendor's."""

    RFC = "RFC"
    SNOWFLAKE = "SNOWFLAKE"


SCIM_CONFORMANCE = "SCIM_CONFORMANCE"
"""The parameter of the account that counts where an integration has no CONFORMANCE."""


class UnknownAttributes(StrEnum):
    """The UNKNOWN_ATTRIBUTES property: what becomes of a name that no schema has."""

    IGNORE = "IGNORE"
    REFUSE = "REFUSE"


class Account(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One tenant. `number` places it in keys on this server; `id` travels with it.

    From `dropped_at` on nobody gets in. At `erased_from` its rows go, and `erased` says they have.
    """

    number: int
    id: Id
    organization: Name
    name: Name
    created_at: int
    comment: str | None = None
    dropped_at: int | None = None
    erased_from: int | None = None
    restored_at: int | None = None
    erased: bool = False


class User(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A user: properties that SQL names, and in `profile` the SCIM attributes that it doesn't.

    `profile` has the shape of a SCIM resource (RFC 7643 section 4.1), canonical attribute names,
    extension attributes under their URN. `email` is the primary entry of `profile["emails"]`.
    `password` is an argon2id verifier, never a password. Of `default_secondary_roles` and `type`
    None is unset, which means ('ALL') and PERSON. A public key is the base64 of its DER.
    `failed_logins` counts those in a row; `kept` holds what is shown and has no effect.
    """

    id: Id
    name: Name
    login_name: str
    owner: Id | None
    created_at: int
    display_name: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    comment: str | None = None
    disabled: bool = False
    type: UserType | None = None
    default_role: str | None = None
    default_warehouse: str | None = None
    default_namespace: str | None = None
    default_secondary_roles: tuple[str, ...] | None = None
    allowed_interfaces: tuple[str, ...] = ()
    password: str | None = None
    password_set_at: int | None = None
    must_change_password: bool = False
    rsa_public_key: str | None = None
    rsa_public_key_set_at: int | None = None
    rsa_public_key_2: str | None = None
    rsa_public_key_2_set_at: int | None = None
    expires_at: int | None = None
    locked_until: int | None = None
    failed_logins: int = 0
    last_login_at: int | None = None
    has_access_token: bool = False
    was_held: bool = False
    """Whether a removal was ever held: who says that the user stays asks what still waits."""
    kept: dict[str, Scalar] = {}
    profile: dict[str, Json] = {}


class Role(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A role, which SCIM calls a group. `system` roles come with the account and stay."""

    id: Id
    name: Name
    owner: Id | None
    created_at: int
    comment: str | None = None
    system: bool = False
    was_held: bool = False
    """As a user's."""


class Revision(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A resource's version, from 1, and when it last changed; kept apart from the resource."""

    version: int
    changed_at: int


class RoleGrant(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`role` is granted to `grantee`. `origin` names the integration when SCIM made the grant."""

    role: Id
    grantee_kind: Kind
    grantee: Id
    granted_by: Id | None
    created_at: int
    origin: str | None = None
    grant_option: bool = False


class PrivilegeGrant(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`role` holds `privilege` on one object; for the account itself `object` is its id."""

    privilege: Privilege
    kind: Kind
    object: Id
    role: Id
    granted_by: Id | None
    created_at: int
    grant_option: bool = False


WINDOW_MINUTES = 60
"""DEPROVISIONING_WINDOW_IN_MINUTES of an integration that does not say."""


class Integration(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A SCIM security integration; `endpoint` is its SCIM_ENDPOINT_ID.

    `conformance` is None where the account's parameter counts. `attribute_aliases` are pairs: a
    name that the client sends, the attribute that it means. `tolerated_quirks` are the oddities
    that pass, None where those of `scim_client` do. `deprovisioning_limit` is how many it takes
    access from within the window, users of the exempt names apart, `…_in_percent` how many of a
    hundred of what its role owns; None is no limit.
    """

    id: Id
    name: Name
    owner: Id | None
    created_at: int
    scim_client: ScimClient
    run_as_role: Id
    endpoint: Id
    enabled: bool = True
    network_policy: str | None = None
    sync_password: bool = False
    comment: str | None = None
    reject_tokens_issued_before: int | None = None
    conformance: Conformance | None = None
    unknown_attributes: UnknownAttributes = UnknownAttributes.IGNORE
    attribute_aliases: tuple[tuple[str, str], ...] = ()
    tolerated_quirks: tuple[str, ...] | None = None
    deprovisioning_limit: int | None = None
    deprovisioning_limit_in_percent: int | None = None
    deprovisioning_window_in_minutes: int = WINDOW_MINUTES
    deprovisioning_exempt_users: tuple[str, ...] = ()


class Token(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A bearer token's record. `verifier` is the hex SHA-256 of the text, which is never kept."""

    id: Id
    integration: Id
    integration_name: Name
    verifier: str
    issued_at: int
    expires_at: int
    purpose: str | None = None
    ended_at: int | None = None
    ended_why: str | None = None
    last_used_at: int | None = None


class Database(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A database is a name to `USE`: Rolecall keeps no tables in it."""

    id: Id
    name: Name
    owner: Id | None
    created_at: int
    comment: str | None = None


class NetworkPolicy(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Who may knock: lists of addresses and names of rules, as they were written."""

    id: Id
    name: Name
    owner: Id | None
    created_at: int
    allowed_ip_list: tuple[str, ...] = ()
    blocked_ip_list: tuple[str, ...] = ()
    allowed_network_rule_list: tuple[Name, ...] = ()
    blocked_network_rule_list: tuple[Name, ...] = ()
    comment: str | None = None


class NetworkRule(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A named list of identifiers of where requests come from; `type` says of which kind."""

    id: Id
    name: Name
    owner: Id | None
    created_at: int
    type: str
    mode: str = "INGRESS"
    value_list: tuple[str, ...] = ()
    comment: str | None = None


class ExternalOauth(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Whose JSON Web Tokens stand for users: the issuer, its keys, and the claim that names one."""

    id: Id
    name: Name
    owner: Id | None
    created_at: int
    type: str
    issuer: str
    audience_list: tuple[str, ...]
    user_claim: str
    user_attribute: str
    enabled: bool = True
    jws_keys_url: str | None = None
    rsa_public_key: str | None = None
    scope_attribute: str = "scp"
    comment: str | None = None


Governed = NetworkPolicy | NetworkRule | ExternalOauth
"""Objects that are few, named, owned, and stored alike."""


class AccessToken(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A user's programmatic access token; of its text only the verifier is kept."""

    id: Id
    user: Id
    name: Name
    verifier: str
    created_at: int
    expires_at: int
    created_by: str
    role_restriction: Id | None = None
    comment: str | None = None
    disabled: bool = False
    bypass_network_policy_until: int | None = None
    rotated_to: Id | None = None
    last_used_at: int | None = None


class SqlSession(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A logged-in user's session: what USE has set, and until when it lives.

    `verifier` is the session token's; `master` is that of the token that renews it, which lives
    longer. A session that an access token opened lives no longer than that, and with
    `restricted_to` acts as that one role.
    """

    id: Id
    user: Id
    verifier: str
    created_at: int
    expires_at: int
    master: str | None = None
    master_expires_at: int | None = None
    access_token: Id | None = None
    restricted_to: Id | None = None
    role: Id | None = None
    secondary: tuple[Id, ...] = (Id("ALL"),)
    database: Name | None = None
    schema: Name | None = None
    warehouse: Name | None = None
    parameters: dict[str, str] = {}
    variables: dict[str, Variable] = {}

    @property
    def ends_at(self) -> int:
        """When neither token opens it any more."""
        return max(self.expires_at, self.master_expires_at or 0)


class UserCard(msgspec.Struct, frozen=True, kw_only=True):
    """A user as one reader sees it: with its revision and the reader's own external id."""

    user: User
    revision: Revision
    external_id: str | None = None
    groups: tuple["Membership", ...] = ()


class RoleCard(msgspec.Struct, frozen=True, kw_only=True):
    """A role as one reader sees it; `members` is None when they were not asked for.

    `groups` are the groups among the members, when they were.
    """

    role: Role
    revision: Revision
    external_id: str | None = None
    members: tuple["Member", ...] | None = None
    groups: tuple["Membership", ...] = ()


class Membership(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A group that a user is in, or a group within one; `direct`, or through another group."""

    role: Id
    name: Name
    direct: bool = True


class Held(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A role that a user holds by a direct grant, with what decides who hears of it."""

    role: Id
    name: Name
    owner: Id | None
    system: bool


class Member(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A user that holds a role by a direct grant; without names where those are not to be told."""

    user: Id
    login_name: str
    display_name: str | None = None
    owner: Id | None = None

"""The statements that give and take: roles, privileges and ownership."""

import msgspec

from rolecall.sql.parts import CurrentGrants, Identifier, ObjectKind


class GrantRole(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Gives a role to a user, or puts it below another role.

    GRANT ROLE <name> TO { ROLE <name> [ WITH GRANT OPTION ] | USER <name> }

    The role's owner, who holds it WITH GRANT OPTION, or a role with MANAGE GRANTS. MANAGE GRANTS
    alone does not pass on ACCOUNTADMIN, ORGADMIN or a role that inherits them.
    """

    role: Identifier
    grantee: Identifier
    to_user: bool = False
    grant_option: bool = False


class RevokeRole(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Takes a role back, or only the right to pass it on; CASCADE ends what was passed on.

    REVOKE [ GRANT OPTION FOR ] ROLE <name> FROM { ROLE | USER } <name> [ RESTRICT | CASCADE ]

    The role's owner, a role with MANAGE GRANTS, or who holds it WITH GRANT OPTION and made the
    grant.
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

    The object's owner, who holds the privilege WITH GRANT OPTION, or a role with MANAGE GRANTS.
    OWNERSHIP is no privilege to add: see GRANT OWNERSHIP.
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

    The object's owner, a role with MANAGE GRANTS, or who holds the privilege WITH GRANT OPTION and
    made the grant. What system roles hold from birth can't be revoked.
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

    The object's owner or a role with MANAGE GRANTS. An object with grants on it needs COPY or
    REVOKE CURRENT GRANTS; a role does not.
    """

    on_kind: ObjectKind
    on_name: Identifier
    role: Identifier
    current_grants: CurrentGrants | None = None


class GrantOwnershipOfAll(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Gives the users or roles that one role owns to another (ours): 10,000 at a time.

    GRANT OWNERSHIP ON ALL { USERS | ROLES } OWNED BY ROLE <name> TO ROLE <name>

    The owning role, what inherits it, or a role with MANAGE GRANTS. Grants on the objects stay;
    the answer says how many remain: repeat it until there are none.
    """

    on_kind: ObjectKind
    owner: Identifier
    role: Identifier


GrantStatement = (
    GrantRole | RevokeRole | GrantPrivilege | RevokePrivilege | GrantOwnership | GrantOwnershipOfAll
)

"""How grants and revokes are printed."""

from rolecall.sql.printer_parts import (
    print_name,
    print_statement,
    words,
)
from rolecall.sql.statements_grants import (
    GrantOwnership,
    GrantOwnershipOfAll,
    GrantPrivilege,
    GrantRole,
    RevokePrivilege,
    RevokeRole,
)


@print_statement.register
def _grant_role(statement: GrantRole) -> str:
    return words(
        f"GRANT ROLE {print_name(statement.role)} TO",
        "USER" if statement.to_user else "ROLE",
        print_name(statement.grantee),
        "WITH GRANT OPTION" if statement.grant_option else "",
    )


@print_statement.register
def _revoke_role(statement: RevokeRole) -> str:
    return words(
        "REVOKE",
        "GRANT OPTION FOR" if statement.grant_option else "",
        f"ROLE {print_name(statement.role)} FROM",
        "USER" if statement.to_user else "ROLE",
        print_name(statement.grantee),
        "CASCADE" if statement.cascade else "",
    )


def _privileges(statement: GrantPrivilege | RevokePrivilege) -> str:
    return words(
        "ALL PRIVILEGES" if statement.all_privileges else ", ".join(statement.privileges),
        f"ON {statement.on_kind.value}",
        None if statement.on_name is None else print_name(statement.on_name),
    )


@print_statement.register
def _grant_privilege(statement: GrantPrivilege) -> str:
    return words(
        f"GRANT {_privileges(statement)} TO ROLE {print_name(statement.role)}",
        "WITH GRANT OPTION" if statement.grant_option else "",
    )


@print_statement.register
def _revoke_privilege(statement: RevokePrivilege) -> str:
    return words(
        "REVOKE",
        "GRANT OPTION FOR" if statement.grant_option else "",
        f"{_privileges(statement)} FROM ROLE {print_name(statement.role)}",
        "CASCADE" if statement.cascade else "",
    )


@print_statement.register
def _grant_ownership(statement: GrantOwnership) -> str:
    grants = statement.current_grants
    return words(
        f"GRANT OWNERSHIP ON {statement.on_kind.value} {print_name(statement.on_name)}",
        f"TO ROLE {print_name(statement.role)}",
        None if grants is None else f"{grants.value} CURRENT GRANTS",
    )


@print_statement.register
def _grant_ownership_of_all(statement: GrantOwnershipOfAll) -> str:
    return words(
        f"GRANT OWNERSHIP ON ALL {statement.on_kind.value}S",
        f"OWNED BY ROLE {print_name(statement.owner)} TO ROLE {print_name(statement.role)}",
    )

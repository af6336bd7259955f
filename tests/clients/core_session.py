"""The vendor's resource library, in its own environment: what it makes, reads, refuses, as JSON."""

import json
import sys
from collections.abc import Callable
from importlib import import_module

CreateMode, Root = (getattr(import_module("snowflake.core"), n) for n in ("CreateMode", "Root"))
exceptions = import_module("snowflake.core.exceptions")
policies = import_module("snowflake.core.network_policy")
roles = import_module("snowflake.core.role")
users = import_module("snowflake.core.user")
connect = import_module("snowflake.connector").connect


def refused(kind: type[Exception], act: Callable[[], object]) -> bool:
    """Whether an act ends in the library's own exception."""
    try:
        act()
    except kind:
        return True
    return False


def main(host: str, port: str, user: str, password: str) -> None:
    """Talk to a server, and print what was heard."""
    connection = connect(
        account="demo",
        host=host,
        port=int(port),
        protocol="http",
        user=user,
        password=password,
        role="ACCOUNTADMIN",
    )
    root = Root(connection)
    heard: dict[str, object] = {}
    bob = root.users.create(users.User(name="bob", login_name="bob@example.com", comment="it's"))
    heard["fetched"] = [bob.fetch().name, bob.fetch().login_name, bob.fetch().comment]
    heard["conflict"] = refused(
        exceptions.ConflictError, lambda: root.users.create(users.User(name="bob"))
    )
    root.users.create(users.User(name="bob", comment="no"), mode=CreateMode.if_not_exists)
    heard["kept"] = bob.fetch().comment
    bob.create_or_alter(users.User(name="bob", first_name="Bob"))
    heard["altered"] = bob.fetch().first_name
    heard["listed"] = [each.name for each in root.users.iter(like="b%")]

    clerk = root.roles.create(roles.Role(name="clerk", comment="c"))
    root.roles.create(roles.Role(name="head"))
    bob.grant_role("role", users.Securable(name="clerk"))
    root.roles["head"].grant_role("role", roles.Securable(name="clerk"))
    clerk.grant_privileges(["CREATE USER"], "ACCOUNT")
    heard["to_user"] = [each.securable.name for each in bob.iter_grants_to()]
    heard["of_role"] = sorted(each.grantee_name for each in clerk.iter_grants_of())
    heard["on_role"] = sorted(each.privilege for each in clerk.iter_grants_on())
    heard["to_role"] = [each.privileges for each in clerk.iter_grants_to()]
    clerk.revoke_privileges(["CREATE USER"], "ACCOUNT")
    bob.revoke_role("role", users.Securable(name="clerk"))
    heard["revoked"] = [len(list(bob.iter_grants_to())), len(list(clerk.iter_grants_to()))]

    policy = root.network_policies.create(
        policies.NetworkPolicy(name="p", allowed_ip_list=["192.0.2.0/24"], comment="c")
    )
    heard["policy"] = [policy.fetch().name, policy.fetch().allowed_ip_list]
    heard["policies"] = [each.name for each in root.network_policies.iter()]
    policy.drop()
    clerk.drop()
    bob.drop()
    heard["gone"] = refused(exceptions.NotFoundError, bob.fetch)
    bob.drop(if_exists=True)
    connection.cursor().execute("use role public")
    heard["forbidden"] = refused(
        exceptions.ForbiddenError, lambda: root.users.create(users.User(name="eve"))
    )
    connection.close()
    sys.stdout.write(json.dumps(heard))


if __name__ == "__main__":
    main(*sys.argv[1:])

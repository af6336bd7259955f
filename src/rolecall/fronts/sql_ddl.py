"""GET_DDL: an object as the statement that makes it anew, printed by the language itself.

Secrets are not in it: a password and an access token can't be read back.
"""

from collections.abc import Callable

from rolecall.domain.access import quoted
from rolecall.domain.model import (
    WINDOW_MINUTES,
    ExternalOauth,
    Integration,
    Kind,
    NetworkPolicy,
    NetworkRule,
    User,
)
from rolecall.domain.names import Name
from rolecall.domain.queries import (
    AttachedPolicy,
    OneGoverned,
    OneIntegration,
    OneRole,
    OneUser,
    RoleNames,
)
from rolecall.fronts import sql_oauth
from rolecall.fronts.sql_names import meant
from rolecall.fronts.sql_session import Moment
from rolecall.sql.cursor import Cursor
from rolecall.sql.errors import InvalidArgument
from rolecall.sql.parts import Identifier, Pairs, Property, Value
from rolecall.sql.printer import print_statement
from rolecall.sql.statements import CreateRole, CreateSecurityIntegration, CreateUser, Statement
from rolecall.sql.statements_network import CreateNetworkPolicy, CreateNetworkRule


def ddl_of(kind: str, name: str, moment: Moment) -> str:
    """The text of one object. Raises InvalidArgument, NotFound, NotAuthorized."""
    make = MAKERS.get(kind.upper().replace("_", " "))
    if make is None:
        raise InvalidArgument("GET_DDL", f"the object is one of {', '.join(sorted(MAKERS))}.")
    cursor = Cursor(name)
    identifier = cursor.identifier()
    cursor.end()
    return print_statement(make(identifier, moment)) + ";"


def _named(name: Name) -> Identifier:
    return Identifier(text=name, quoted=True)


def _properties(**values: Value) -> tuple[Property, ...]:
    """Those that have a value."""
    return tuple(
        Property(name=name, value=value)
        for name, value in values.items()
        if value not in (None, (), False)
    )


def _set(**values: Value) -> tuple[Property, ...]:
    """Those that are set, to nothing too."""
    return tuple(
        Property(name=name, value=value) for name, value in values.items() if value is not None
    )


def _role(identifier: Identifier, moment: Moment) -> Statement:
    role = moment.ask(OneRole(role=meant(identifier))).role
    return CreateRole(name=_named(role.name), or_replace=True, comment=role.comment)


def _user(identifier: Identifier, moment: Moment) -> Statement:
    user = moment.ask(OneUser(user=meant(identifier), with_groups=False)).user
    return CreateUser(name=_named(user.name), or_replace=True, properties=_of_user(user))


def _of_user(user: User) -> tuple[Property, ...]:
    return _properties(
        LOGIN_NAME=user.login_name,
        DISPLAY_NAME=user.display_name,
        FIRST_NAME=user.first_name,
        MIDDLE_NAME=user.middle_name,
        LAST_NAME=user.last_name,
        EMAIL=user.email,
        TYPE=None if user.type is None else user.type.value,
        DISABLED=user.disabled,
        MUST_CHANGE_PASSWORD=user.must_change_password,
        DEFAULT_ROLE=user.default_role,
        DEFAULT_WAREHOUSE=user.default_warehouse,
        DEFAULT_NAMESPACE=user.default_namespace,
        ALLOWED_INTERFACES=user.allowed_interfaces,
        RSA_PUBLIC_KEY=user.rsa_public_key,
        RSA_PUBLIC_KEY_2=user.rsa_public_key_2,
        COMMENT=user.comment,
    ) + (
        ()
        if user.default_secondary_roles is None
        else (Property(name="DEFAULT_SECONDARY_ROLES", value=user.default_secondary_roles),)
    )


def _integration(identifier: Identifier, moment: Moment) -> Statement:
    ref = meant(identifier)
    found = moment.ask(OneIntegration(integration=ref))
    if isinstance(found, ExternalOauth):
        properties = sql_oauth.properties_of(found)
        return CreateSecurityIntegration(
            name=_named(found.name), or_replace=True, properties=properties
        )
    policy = moment.ask(AttachedPolicy(integration=ref))
    run_as = moment.ask(RoleNames()).get(found.run_as_role)
    return CreateSecurityIntegration(
        name=_named(found.name),
        or_replace=True,
        properties=_of_integration(found, policy, run_as),
    )


def _of_integration(
    found: Integration, policy: Name | None, run_as: Name | None
) -> tuple[Property, ...]:
    minutes = found.deprovisioning_window_in_minutes
    return (
        *_properties(
            TYPE="SCIM",
            SCIM_CLIENT=found.scim_client.value,
            RUN_AS_ROLE=run_as,
            NETWORK_POLICY=None if policy is None else _named(policy),
            SYNC_PASSWORD=found.sync_password,
            CONFORMANCE=None if found.conformance is None else found.conformance.value,
            UNKNOWN_ATTRIBUTES=found.unknown_attributes.value,
            ATTRIBUTE_ALIASES=Pairs(pairs=found.attribute_aliases)
            if found.attribute_aliases
            else None,
            DEPROVISIONING_EXEMPT_USERS=found.deprovisioning_exempt_users,
            COMMENT=found.comment,
        ),
        *_set(
            TOLERATED_QUIRKS=found.tolerated_quirks,
            DEPROVISIONING_LIMIT=found.deprovisioning_limit,
            DEPROVISIONING_LIMIT_IN_PERCENT=found.deprovisioning_limit_in_percent,
            DEPROVISIONING_WINDOW_IN_MINUTES=None if minutes == WINDOW_MINUTES else minutes,
        ),
        Property(name="ENABLED", value=found.enabled),
    )


def _policy(identifier: Identifier, moment: Moment) -> Statement:
    found = moment.ask(OneGoverned(kind=Kind.NETWORK_POLICY, object=meant(identifier))).governed
    assert isinstance(found, NetworkPolicy), "it was asked for by its kind"
    return CreateNetworkPolicy(
        name=_named(found.name),
        or_replace=True,
        properties=_properties(
            ALLOWED_NETWORK_RULE_LIST=tuple(map(quoted, found.allowed_network_rule_list)),
            BLOCKED_NETWORK_RULE_LIST=tuple(map(quoted, found.blocked_network_rule_list)),
            ALLOWED_IP_LIST=found.allowed_ip_list,
            BLOCKED_IP_LIST=found.blocked_ip_list,
            COMMENT=found.comment,
        ),
    )


def _rule(identifier: Identifier, moment: Moment) -> Statement:
    found = moment.ask(OneGoverned(kind=Kind.NETWORK_RULE, object=meant(identifier))).governed
    assert isinstance(found, NetworkRule), "it was asked for by its kind"
    return CreateNetworkRule(
        name=_named(found.name),
        or_replace=True,
        properties=(
            Property(name="TYPE", value=found.type),
            Property(name="VALUE_LIST", value=found.value_list),
            Property(name="MODE", value=found.mode),
            *_properties(COMMENT=found.comment),
        ),
    )


MAKERS: dict[str, Callable[[Identifier, Moment], Statement]] = {
    "INTEGRATION": _integration,
    "NETWORK POLICY": _policy,
    "NETWORK RULE": _rule,
    "ROLE": _role,
    "SECURITY INTEGRATION": _integration,
    "USER": _user,
}
"""The kinds of object that GET_DDL prints."""

"""What is printed is read back as the same statement."""

from pathlib import Path
from typing import cast, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.sql.cursor import RESERVED
from rolecall.sql.parser import parse
from rolecall.sql.parts import (
    CurrentGrants,
    GrantsScope,
    Identifier,
    ObjectKind,
    Pairs,
    ParameterScope,
    Property,
    RenameTo,
    RevokeToken,
    SetProperties,
    ShowOptions,
    UnsetProperties,
    Value,
)
from rolecall.sql.printer import print_redacted, print_statement
from rolecall.sql.properties import ACCOUNT_SHAPES, SCIM_ALTERED, SCIM_CREATED, USER_SHAPES, Shape
from rolecall.sql.rules import INTEGRATION_KINDS
from rolecall.sql.rules_grants import PRIVILEGES
from rolecall.sql.rules_network import POLICY as NETWORK_POLICY
from rolecall.sql.rules_network import RULE_ALTERED as NETWORK_RULE
from rolecall.sql.rules_network import RULE_LISTS
from rolecall.sql.rules_users import TOKEN_ADDED, TOKEN_MODIFIED, TOKEN_ROTATED
from rolecall.sql.statements import (
    AlterAccount,
    AlterRole,
    AlterSecurityIntegration,
    AlterUser,
    CreateRole,
    CreateSecurityIntegration,
    CreateUser,
    DropIntegration,
    ShowGrants,
    ShowIntegrations,
    ShowParameters,
    ShowScimResources,
    ShowScimTokens,
    ShowUsers,
    Statement,
    UseSchema,
    UseSecondaryRoles,
)
from rolecall.sql.statements_accounts import (
    CreateAccount,
    DropAccount,
    PurgeHistory,
    ShowAccounts,
    UndropAccount,
)
from rolecall.sql.statements_grants import (
    GrantOwnership,
    GrantOwnershipOfAll,
    GrantPrivilege,
    GrantRole,
    RevokePrivilege,
    RevokeRole,
)
from rolecall.sql.statements_held import AlterHeldChanges, ShowHeldChanges
from rolecall.sql.statements_immediate import ExecuteImmediate
from rolecall.sql.statements_network import (
    AddToLists,
    AlterNetworkPolicy,
    AlterNetworkRule,
    CreateNetworkPolicy,
    CreateNetworkRule,
    RemoveFromLists,
    ShowNetworkPolicies,
)
from rolecall.sql.statements_users import (
    AbortAllQueries,
    AddAccessToken,
    ModifyAccessToken,
    RemoveAccessToken,
    ResetPassword,
    RotateAccessToken,
    ShowAccessTokens,
)

FIXTURES = Path(__file__).parent / "fixtures"
PAIRS = [
    block.split("\n") for block in (FIXTURES / "statements.sql").read_text().strip().split("\n\n")
]

# --- any statement ---------------------------------------------------------------------------

CHARACTERS = st.characters(exclude_categories=["Cs"])
KEYWORDS = RESERVED | {"UNSET", "SECURITY", "INTEGRATION", "IF", "NONE", "LIMIT", "STARTS", "NULL"}
WORDS = st.from_regex("[A-Za-z_][A-Za-z0-9_$]{0,9}", fullmatch=True).filter(
    lambda word: word.upper() not in KEYWORDS
)
NAMES = st.builds(Identifier, text=WORDS) | st.builds(
    Identifier, text=st.text(CHARACTERS, min_size=1, max_size=20), quoted=st.just(value=True)
)
TEXTS = st.text(CHARACTERS, max_size=20)
INTEGERS = st.integers(-(10**18) + 1, 10**18 - 1)
LISTS = st.lists(TEXTS, max_size=3).map(tuple)
PAIRS_OF_TEXTS = st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(
    lambda pairs: Pairs(pairs=tuple(pairs))
)
FLAGS = st.booleans()
VALUES: dict[Shape, st.SearchStrategy[Value]] = {
    Shape.TEXT: TEXTS,
    Shape.SECRET: TEXTS,
    Shape.NAME: TEXTS | NAMES,
    Shape.WORD: TEXTS,
    Shape.BOOLEAN: FLAGS,
    Shape.INTEGER: INTEGERS,
    Shape.LIST: LISTS,
    Shape.PAIRS: PAIRS_OF_TEXTS,
    Shape.LITERAL: st.none() | TEXTS | NAMES | FLAGS | INTEGERS | LISTS,
}


@st.composite
def properties(draw: st.DrawFn, shapes: dict[str, Shape], fewest: int = 0) -> tuple[Property, ...]:
    names = draw(st.lists(st.sampled_from(sorted(shapes)), unique=True, min_size=fewest))
    return tuple(Property(name=name, value=draw(VALUES[shapes[name]])) for name in names)


def changes(shapes: dict[str, Shape]) -> st.SearchStrategy[SetProperties | UnsetProperties]:
    known = st.builds(Identifier, text=st.sampled_from(sorted(shapes)))
    return st.builds(SetProperties, properties=properties(shapes, 1)) | st.builds(
        UnsetProperties, names=st.lists(known, min_size=1, max_size=3).map(tuple)
    )


def complete(given: tuple[Property, ...]) -> tuple[Property, ...]:
    """A new account's properties with those that it can't do without."""
    needed = (Property(name="ADMIN_NAME", value="a"), Property(name="ADMIN_PASSWORD", value="b"))
    names = {item.name for item in needed}
    return needed + tuple(item for item in given if item.name not in names)


RENAMES = st.builds(RenameTo, name=NAMES)
TOKEN_ACTIONS = st.one_of(
    st.builds(AddAccessToken, name=NAMES, properties=properties({**(TOKEN_ADDED.shapes or {})})),
    st.builds(
        RotateAccessToken, name=NAMES, properties=properties({**(TOKEN_ROTATED.shapes or {})})
    ),
    st.builds(
        ModifyAccessToken, name=NAMES, action=RENAMES | changes({**(TOKEN_MODIFIED.shapes or {})})
    ),
    st.builds(RemoveAccessToken, name=NAMES),
)
USER_ACTIONS = TOKEN_ACTIONS | st.builds(ResetPassword) | st.builds(AbortAllQueries)
OPTIONS = st.builds(
    ShowOptions,
    terse=FLAGS,
    like=st.none() | TEXTS,
    starts_with=st.none() | TEXTS,
    limit=st.integers(0, 10_000),
    limit_from=st.none() | TEXTS,
)
NARROW = st.builds(ShowOptions, limit=st.none() | st.integers(0, 9))
REQUIRED = (
    Property(name="TYPE", value="SCIM"),
    Property(name="SCIM_CLIENT", value="OKTA"),
    Property(name="RUN_AS_ROLE", value="R"),
)
OPTIONAL = {
    name: shape
    for name, shape in (SCIM_CREATED.shapes or {}).items()
    if name not in {"TYPE", "SCIM_CLIENT", "RUN_AS_ROLE"}
}


@st.composite
def grants(draw: st.DrawFn) -> GrantPrivilege | RevokePrivilege:
    kind = draw(st.sampled_from(ObjectKind))
    some = st.lists(st.sampled_from(PRIVILEGES[kind]), min_size=1, unique=True).map(tuple)
    privileges = draw(st.just(()) | some)
    if privileges and privileges[0] == "OWNERSHIP":
        privileges = ()
    parts = {
        "privileges": privileges,
        "all_privileges": not privileges,
        "on_kind": kind,
        "on_name": None if kind is ObjectKind.ACCOUNT else draw(NAMES),
        "role": draw(NAMES),
        "grant_option": draw(FLAGS),
    }
    if draw(FLAGS):
        return GrantPrivilege(**parts)
    return RevokePrivilege(**parts, cascade=draw(FLAGS))


@st.composite
def shown_grants(draw: st.DrawFn) -> ShowGrants:
    scope = draw(st.sampled_from(GrantsScope))
    kind = draw(st.sampled_from(ObjectKind)) if scope is GrantsScope.ON else None
    nameless = scope is GrantsScope.CURRENT_USER or kind is ObjectKind.ACCOUNT
    name = None if nameless else draw(NAMES)
    return ShowGrants(scope=scope, kind=kind, name=name, options=draw(NARROW))


OWNED = st.sampled_from([kind for kind in ObjectKind if kind is not ObjectKind.ACCOUNT])
PARAMETERS = {"TIMEZONE": Shape.LITERAL, "NETWORK_POLICY": Shape.LITERAL}
POLICY, RULE = {**(NETWORK_POLICY.shapes or {})}, {**(NETWORK_RULE.shapes or {})}
COMPLETE_RULE = (
    Property(name="TYPE", value="IPV4"),
    Property(name="VALUE_LIST", value=("192.0.2.1",)),
)
STATEMENTS: st.SearchStrategy[Statement] = st.one_of(
    st.builds(CreateNetworkPolicy, name=NAMES, or_alter=FLAGS, properties=properties(POLICY)),
    st.builds(
        AlterNetworkPolicy,
        name=NAMES,
        if_exists=FLAGS,
        action=RENAMES
        | changes(POLICY)
        | st.builds(AddToLists, properties=properties({**(RULE_LISTS.shapes or {})}, 1))
        | st.builds(RemoveFromLists, properties=properties({**(RULE_LISTS.shapes or {})}, 1)),
    ),
    st.builds(CreateNetworkRule, name=NAMES, or_replace=FLAGS, properties=st.just(COMPLETE_RULE)),
    st.builds(AlterNetworkRule, name=NAMES, action=changes(RULE)),
    st.builds(ShowNetworkPolicies, options=OPTIONS),
    st.builds(ExecuteImmediate, text=TEXTS),
    st.builds(CreateRole, name=NAMES, or_replace=FLAGS, comment=st.none() | TEXTS),
    st.builds(AlterRole, name=NAMES, action=RENAMES | changes({"COMMENT": Shape.TEXT})),
    st.builds(CreateUser, name=NAMES, if_not_exists=FLAGS, properties=properties({**USER_SHAPES})),
    st.builds(CreateUser, name=NAMES, or_alter=FLAGS, properties=properties({**USER_SHAPES})),
    st.builds(AlterUser, name=NAMES, if_exists=FLAGS, action=RENAMES | changes({**USER_SHAPES})),
    st.builds(AlterUser, name=NAMES, if_exists=FLAGS, action=USER_ACTIONS),
    st.builds(AlterUser, name=st.none(), action=TOKEN_ACTIONS),
    st.builds(ShowAccessTokens, user=st.none() | NAMES),
    st.builds(
        CreateSecurityIntegration,
        name=NAMES,
        or_replace=FLAGS,
        properties=properties(OPTIONAL).map(lambda more: REQUIRED + more),
    ),
    st.builds(
        AlterSecurityIntegration,
        name=NAMES,
        action=changes({**(SCIM_ALTERED.shapes or {})}) | st.builds(RevokeToken, token=TEXTS),
    ),
    st.builds(DropIntegration, name=NAMES, kind=st.none() | st.sampled_from(INTEGRATION_KINDS)),
    st.builds(AlterAccount, action=changes(PARAMETERS)),
    grants(),
    shown_grants(),
    st.builds(GrantRole, role=NAMES, grantee=NAMES, grant_option=FLAGS),
    st.builds(
        GrantOwnership,
        on_kind=OWNED,
        on_name=NAMES,
        role=NAMES,
        current_grants=st.none() | st.sampled_from(CurrentGrants),
    ),
    st.builds(
        GrantOwnershipOfAll,
        on_kind=st.sampled_from([ObjectKind.USER, ObjectKind.ROLE]),
        owner=NAMES,
        role=NAMES,
    ),
    st.builds(RevokeRole, role=NAMES, grantee=NAMES, to_user=FLAGS, cascade=FLAGS),
    st.builds(RevokeRole, role=NAMES, grantee=NAMES, grant_option=st.just(value=True)),
    st.builds(UseSchema, name=NAMES, database=st.none() | NAMES),
    st.builds(UseSecondaryRoles, roles=st.lists(NAMES, max_size=3).map(tuple)),
    st.builds(ShowUsers, options=OPTIONS),
    st.builds(ShowAccounts, options=OPTIONS, history=FLAGS),
    st.builds(DropAccount, name=NAMES, days=st.integers(-9, 99), if_exists=FLAGS),
    st.builds(UndropAccount, name=NAMES),
    st.builds(PurgeHistory, person=TEXTS),
    st.builds(CreateAccount, name=NAMES, properties=properties({**ACCOUNT_SHAPES}).map(complete)),
    st.builds(ShowIntegrations, kind=st.none() | st.just("SECURITY"), options=OPTIONS),
    st.builds(ShowScimTokens, integration=st.none() | NAMES, options=OPTIONS),
    st.builds(ShowScimResources, integration=st.none() | NAMES, options=OPTIONS),
    st.builds(ShowHeldChanges, integration=st.none() | NAMES, options=OPTIONS),
    st.builds(
        AlterHeldChanges,
        name=NAMES,
        release=FLAGS,
        ids=st.lists(TEXTS, max_size=3).map(tuple),
        if_exists=FLAGS,
    ),
    st.builds(
        ShowParameters, scope=st.just(ParameterScope.USER), name=st.none() | NAMES, options=OPTIONS
    ),
)

# --- the tests -------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "printed"), PAIRS)
def test_a_statement_is_printed_in_one_form(text: str, printed: str) -> None:
    assert print_statement(parse(text)) == printed
    assert parse(printed) == parse(text)


def test_every_statement_has_a_fixture() -> None:
    assert {type(parse(text)) for text, _ in PAIRS} == set(get_args(Statement))


@given(STATEMENTS)
def test_what_is_printed_is_read_back(statement: Statement) -> None:
    assert parse(print_statement(statement)) == statement


def test_what_is_no_statement_has_no_text() -> None:
    with pytest.raises(TypeError):
        print_statement(cast("Statement", object()))


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (
            "create user b password = 'geheim' email = 'e'",
            "CREATE USER b PASSWORD = '********' EMAIL = 'e'",
        ),
        ("alter user b set password = 'geheim'", "ALTER USER b SET PASSWORD = '********'"),
        ("alter user b unset password", "ALTER USER b UNSET password"),
        ("create user b rsa_public_key = 'MII'", "CREATE USER b RSA_PUBLIC_KEY = '********'"),
        ("alter user b add pat t", "ALTER USER b ADD PROGRAMMATIC ACCESS TOKEN t"),
        ("drop user b", "DROP USER b"),
        ("set (a, b) = ('geheim', 2)", "SET (a, b) = ('********', '********')"),
        (
            "create account x admin_name = b admin_password = 'geheim'",
            "CREATE ACCOUNT x ADMIN_NAME = b ADMIN_PASSWORD = '********'",
        ),
    ],
)
def test_a_secret_is_stars_in_the_audit(text: str, redacted: str) -> None:
    assert print_redacted(parse(text)) == redacted

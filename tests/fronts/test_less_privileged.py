"""The three pages' scripts, run by a role that has only what the pages ask of it.

"It is possible not to use the ACCOUNTADMIN role in favor of a less-privileged role": with the
global MANAGE GRANTS privilege, or with OWNERSHIP of the roles that are managed. Each grant that is
taken away ends the script where it is needed, with the error that names what is missing.
"""

from pathlib import Path

import pytest

from rolecall.fronts.login import log_in, session_of
from rolecall.fronts.sql import SqlRefusal, Worksheet
from sql_world import Desk

SCRIPTS = Path(__file__).parents[1] / "scripts"
PROVISIONERS = {
    "okta": "okta_provisioner",
    "azure": "aad_provisioner",
    "generic": "generic_scim_provisioner",
}
MANAGING = ("create role", "create integration", "manage grants")


def script_of(page: str) -> list[str]:
    """The page's statements, ACCOUNTADMIN exchanged for the lesser role."""
    blocks = (SCRIPTS / f"{page}.sql").read_text("utf-8").strip().split("\n\n")
    statements = [block.split("\n-->")[0] for block in blocks]
    return [statement.replace("accountadmin", "lesser") for statement in statements]


def sat_down(desk: Desk, *grants: str) -> Worksheet:
    """A worksheet of a user who has the role LESSER, which holds these privileges, alone."""
    desk.run(
        "create user nina password = 'swordfish' default_role = lesser;"
        "create role lesser; grant role lesser to user nina"
    )
    for grant in grants:
        desk.run(f"grant {grant} on account to role lesser")
    login = log_in(desk.account, desk.world, "nina", "swordfish", "192.0.2.1")
    worksheet = session_of(desk.account, desk.world, login.token, "192.0.2.1")
    list(worksheet.run("use secondary roles none"))
    return worksheet


def ended(worksheet: Worksheet, statements: list[str]) -> tuple[str, str] | None:
    """The statement at which the script ends and the refusal's last line; None: it ran through."""
    for statement in statements:
        try:
            list(worksheet.run(statement))
        except SqlRefusal as refusal:
            return " ".join(statement.split()), f"{refusal.code} {refusal.message.splitlines()[1]}"
    return None


ON_ACCOUNT = "003001 Insufficient privileges to operate on account 'DEMO'"


@pytest.mark.parametrize("page", PROVISIONERS)
def test_manage_grants_and_two_create_privileges_are_enough(page: str) -> None:
    worksheet = sat_down(Desk(), *MANAGING)
    *others, token = script_of(page)
    assert ended(worksheet, others) is None
    (answer,) = worksheet.run(token)
    assert str(answer.table.rows[0][0]).startswith("token-")


@pytest.mark.parametrize("page", PROVISIONERS)
@pytest.mark.parametrize(
    ("without", "where"),
    [
        ("create role", "create role if not exists"),
        ("manage grants", "grant create user on account"),
        ("create integration", "create or replace security integration"),
    ],
)
def test_without_one_of_them_the_script_ends_where_it_is_needed(
    page: str, without: str, where: str
) -> None:
    desk = Desk()
    worksheet = sat_down(desk, *(grant for grant in MANAGING if grant != without))
    found = ended(worksheet, script_of(page))
    assert found is not None
    statement, refusal = found
    assert statement.startswith(where)
    assert refusal == ON_ACCOUNT
    fix = desk.attempts()[-1].fix
    assert fix is not None
    assert fix.startswith(f"grant {without} on account to role LESSER")


# ---- OWNERSHIP of the roles --------------------------------------------------------------------


def prepared(desk: Desk, page: str) -> str:
    """The provisioner's role, made and equipped by an administrator."""
    role = PROVISIONERS[page]
    desk.run(
        f"create role {role}; grant create user on account to role {role};"
        f"grant create role on account to role {role}"
    )
    return role


@pytest.mark.parametrize("page", PROVISIONERS)
def test_ownership_of_the_role_and_create_integration_are_enough(page: str) -> None:
    desk = Desk()
    role = prepared(desk, page)
    worksheet = sat_down(desk, "create integration")
    desk.run(f"grant ownership on role {role} to role lesser")
    assert ended(worksheet, script_of(page)[4:]) is None


@pytest.mark.parametrize("page", PROVISIONERS)
def test_without_ownership_the_role_can_not_be_granted(page: str) -> None:
    desk = Desk()
    role = prepared(desk, page)
    found = ended(sat_down(desk, "create integration"), script_of(page)[4:])
    assert found is not None
    assert found[0].startswith(f"grant role {role} to role lesser")
    assert found[1] == f"002003 Role '{role.upper()}' does not exist or not authorized."


@pytest.mark.parametrize("page", PROVISIONERS)
def test_a_role_that_was_not_granted_to_the_creator_does_not_exist_for_it(page: str) -> None:
    desk = Desk()
    role = prepared(desk, page)
    found = ended(sat_down(desk, "create integration"), script_of(page)[5:])
    assert found is not None
    assert found[1] == f"002003 Role '{role.upper()}' does not exist or not authorized."


@pytest.mark.parametrize("page", PROVISIONERS)
def test_a_token_takes_ownership_of_the_integration(page: str) -> None:
    desk = Desk()
    *script, token = script_of(page)
    desk.run("; ".join(script).replace("lesser", "accountadmin"))
    found = ended(sat_down(desk, *MANAGING), [token])
    assert found is not None
    assert found[1].startswith("003001 Insufficient privileges to operate on integration")


@pytest.mark.parametrize(
    ("statement", "unseen"),
    [
        ("grant role guides to user bob", "Role 'GUIDES'"),
        ("grant role guides to role sysadmin", "Role 'GUIDES'"),
        ("grant ownership on role guides to role okta_provisioner", "Role 'GUIDES'"),
        ("grant ownership on user bob to role okta_provisioner", "User 'BOB'"),
    ],
)
def test_managing_what_others_own_takes_manage_grants(statement: str, unseen: str) -> None:
    made = "create role guides; create role okta_provisioner; create user bob"
    equipped, bare = Desk(), Desk()
    equipped.run(made)
    bare.run(made)
    assert ended(sat_down(equipped, *MANAGING), [statement]) is None
    found = ended(sat_down(bare, "create role", "create integration"), [statement])
    assert found is not None
    assert found[1] == f"002003 {unseen} does not exist or not authorized."

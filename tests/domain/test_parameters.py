"""Parameters: set where they belong, by who may, and shown with the level that counts."""

import pytest

from builders import NOW, add_role, add_user, by, carried_out, put, role_id, user_session
from rolecall.domain import access, parameters
from rolecall.domain.account import Account
from rolecall.domain.commands import At, ChangeParameters, CreateGoverned, Set, Unset
from rolecall.domain.errors import InvalidValue, NotAuthorized, NotFound
from rolecall.domain.events import ParametersChanged
from rolecall.domain.model import Json, Kind, Privilege
from rolecall.domain.names import Id, Name
from rolecall.domain.parameters import Level
from rolecall.domain.queries import ParameterRow, ShownParameters
from rolecall.domain.session import Session
from rolecall.sql.properties import SESSION_PARAMETERS


def on_account(*changes: Set | Unset) -> ChangeParameters:
    return ChangeParameters(kind=Kind.ACCOUNT, object=None, changes=changes, at=NOW)


def on_user(name: str, *changes: Set | Unset, if_exists: bool = False) -> ChangeParameters:
    return ChangeParameters(
        kind=Kind.USER, object=by(name), changes=changes, at=NOW, if_exists=if_exists
    )


def shown(
    account: Account, session: Session, level: Level, key: str, user: str | None = None
) -> ParameterRow | None:
    query = ShownParameters(
        level=level.value,
        user=None if user is None else by(user),
        session={"TIMEZONE": "Asia/Tokyo"},
    )
    rows = {row.key: row for row in account.ask(session, query)}
    return rows.get(key)


@pytest.fixture
def bob(account: Account, local: Session) -> Session:
    add_role(account, local, "CLERK", add_user(account, local, "BOB"))
    return user_session(account, "BOB", "CLERK")


def a_policy(account: Account, local: Session, name: str = "P") -> None:
    command = CreateGoverned(id=Id(name), kind=Kind.NETWORK_POLICY, name=Name(name), at=NOW)
    carried_out(account, local, command)


def test_the_level_nearest_to_the_session_counts(account: Account, local: Session) -> None:
    carried_out(account, local, on_account(put("TIMEZONE", "Europe/Rome")))
    at = {level: shown(account, local, level, "TIMEZONE") for level in Level}
    told = {level: row and (row.value, row.level, row.default) for level, row in at.items()}
    assert told == {
        Level.ACCOUNT: ("Europe/Rome", "ACCOUNT", "UTC"),
        Level.USER: ("Europe/Rome", "ACCOUNT", "UTC"),
        Level.SESSION: ("Asia/Tokyo", "SESSION", "UTC"),
    }


def test_a_change_says_what_was_and_what_is(account: Account, local: Session) -> None:
    step = put("JSON_INDENT", 4)
    (told,) = carried_out(account, local, on_account(step)).events
    assert isinstance(told, ParametersChanged)
    assert (told.before, told.after) == ({"JSON_INDENT": None}, {"JSON_INDENT": "4"})
    assert carried_out(account, local, on_account(step)).events == ()
    (back,) = carried_out(account, local, on_account(Unset(At("JSON_INDENT")))).events
    assert isinstance(back, ParametersChanged)
    assert back.after == {"JSON_INDENT": None}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SPEED", "high"),
        ("JSON_INDENT", -1),
        ("JSON_INDENT", 2**31),
        ("JSON_INDENT", "two"),
        ("USE_CACHED_RESULT", "maybe"),
        ("AUTOCOMMIT", False),
        ("TIMEZONE", 7),
        ("TIMEZONE", "x" * 10_000),
    ],
)
def test_what_makes_no_sense_is_refused(
    account: Account, local: Session, name: str, value: Json
) -> None:
    with pytest.raises(InvalidValue):
        carried_out(account, local, on_account(put(name, value)))


def test_a_number_may_have_a_least(account: Account, local: Session) -> None:
    with pytest.raises(InvalidValue, match="at least 1"):
        carried_out(account, local, on_account(put(parameters.REQUESTS_MAX, 0)))
    carried_out(account, local, on_account(put(parameters.REQUESTS_MAX, 1)))


def test_only_an_administrator_sets_them(account: Account, bob: Session) -> None:
    for name in ("TIMEZONE", "NETWORK_POLICY"):
        with pytest.raises(NotAuthorized):
            carried_out(account, bob, on_account(put(name, "x")))


def test_securityadmin_sets_the_network_policy_alone(account: Account, local: Session) -> None:
    a_policy(account, local)
    carol = add_user(account, local, "CAROL")
    role = role_id(account, "SECURITYADMIN")
    account.store.transact(1, lambda tx: tx.add_members(role, (carol,), None, None, NOW))
    session = user_session(account, "CAROL", "SECURITYADMIN")
    assert len(carried_out(account, session, on_account(put("NETWORK_POLICY", "P"))).events) == 1
    with pytest.raises(NotAuthorized):
        carried_out(account, session, on_account(put("TIMEZONE", "UTC")))


def test_a_users_policy_takes_ownership_of_the_user(
    account: Account, local: Session, bob: Session
) -> None:
    a_policy(account, local)
    with pytest.raises(NotAuthorized):
        carried_out(account, bob, on_user("BOB", put("NETWORK_POLICY", "P")))
    assert len(carried_out(account, local, on_user("BOB", put("NETWORK_POLICY", "P"))).events) == 1
    row = shown(account, bob, Level.USER, "NETWORK_POLICY", "BOB")
    assert row is None  # nobody may know of the policy without USAGE on it
    row = shown(account, local, Level.USER, "NETWORK_POLICY", "BOB")
    assert row is not None
    assert (row.value, row.level) == ("P", "USER")


def test_a_user_who_is_not_there_is_refused_unless_that_is_fine(
    account: Account, local: Session
) -> None:
    with pytest.raises(NotFound):
        carried_out(account, local, on_user("NOBODY", Unset(At("NETWORK_POLICY"))))
    gone = on_user("NOBODY", Unset(At("NETWORK_POLICY")), if_exists=True)
    assert carried_out(account, local, gone).events == ()


def test_another_users_parameters_are_not_shown(
    account: Account, local: Session, bob: Session
) -> None:
    add_user(account, local, "CAROL")
    with pytest.raises(NotFound):
        shown(account, bob, Level.USER, "NETWORK_POLICY", "CAROL")


def test_a_session_sets_and_unsets_its_own() -> None:
    after = parameters.session_values({"QUERY_TAG": "x"}, {"WEEK_START": 1, "QUERY_TAG": None})
    assert after == {"WEEK_START": "1"}
    with pytest.raises(InvalidValue):
        parameters.session_values({}, {parameters.MAP_SCIM_USERNAME: True})


@pytest.mark.parametrize("value", [True, False])
def test_a_truth_is_asked_by_its_name(account: Account, local: Session, *, value: bool) -> None:
    def asked() -> bool:
        return account.moment(lambda r: parameters.is_true(r, parameters.MAP_SCIM_USERNAME))

    assert asked() is False
    carried_out(account, local, on_account(put(parameters.MAP_SCIM_USERNAME, value)))
    assert asked() is value


def test_every_parameter_has_its_prose_and_a_default_that_it_takes() -> None:
    for parameter in parameters.PARAMETERS.values():
        assert parameter.description
        assert parameters.read_value(parameter, parameter.default) == parameter.default


def test_what_a_system_role_holds_from_birth_needs_no_row(account: Account) -> None:
    held = account.store.read(1, lambda r: r.privileges_on(Kind.ACCOUNT, r.account().id))
    assert held == ()
    inborn = account.store.read(1, access.account_privileges)
    assert Privilege.ATTACH_POLICY in {grant.privilege for grant in inborn}


def test_users_set_session_parameters_of_themselves_and_of_nobody_else(
    account: Account, local: Session, bob: Session
) -> None:
    add_user(account, local, "CAROL")
    assert len(carried_out(account, bob, on_user("BOB", put("QUERY_TAG", "mine"))).events) == 1
    row = shown(account, bob, Level.SESSION, "QUERY_TAG", "BOB")
    assert row is not None
    assert (row.value, row.level) == ("mine", "USER")
    with pytest.raises(NotFound):
        carried_out(account, bob, on_user("CAROL", put("QUERY_TAG", "hers")))


def test_the_language_knows_the_parameters_that_users_have() -> None:
    of_users = {name for name, row in parameters.PARAMETERS.items() if Level.USER in row.levels}
    assert of_users == SESSION_PARAMETERS | {"NETWORK_POLICY"}

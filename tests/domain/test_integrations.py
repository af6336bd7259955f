"""Security integrations and the tokens that end with them (issue 2 points 4 and 7)."""

import pytest

from builders import (
    IDS,
    NOW,
    SIX_MONTHS,
    a_token,
    add_role,
    add_user,
    by,
    carried_out,
    integration_session,
    put,
    token_session,
    user_session,
)
from rolecall.domain.account import Account
from rolecall.domain.commands import (
    At,
    ChangeIntegration,
    CreateIntegration,
    CreateUser,
    DropIntegration,
    DropRole,
    GrantPrivileges,
    IssueToken,
    RevokeToken,
    Set,
    Unset,
)
from rolecall.domain.effects import Ended
from rolecall.domain.errors import (
    AlreadyExists,
    InvalidValue,
    NotAuthorized,
    NotFound,
    RoleNotGranted,
    TokenRefused,
)
from rolecall.domain.events import (
    IntegrationChanged,
    IntegrationCreated,
    IntegrationDropped,
    TokenEnded,
)
from rolecall.domain.model import Integration, Json, Kind, Privilege, ScimClient, Token
from rolecall.domain.names import Id, Name
from rolecall.domain.queries import OneIntegration, OneUser, Tokens, Users
from rolecall.domain.session import Session


def created(
    name: str = "OKTA",
    run_as: str = "OKTA_PROVISIONER",
    *,
    or_replace: bool = False,
    if_not_exists: bool = False,
) -> CreateIntegration:
    return CreateIntegration(
        id=IDS.new(),
        endpoint=IDS.new(),
        name=Name(name),
        scim_client=ScimClient.OKTA,
        run_as_role=by(run_as),
        at=NOW,
        or_replace=or_replace,
        if_not_exists=if_not_exists,
    )


def changed(
    *changes: Set | Unset, name: str = "OKTA", if_exists: bool = False
) -> ChangeIntegration:
    return ChangeIntegration(integration=by(name), changes=changes, at=NOW, if_exists=if_exists)


def dropped(name: str = "OKTA", *, if_exists: bool = False) -> DropIntegration:
    return DropIntegration(integration=by(name), at=NOW, if_exists=if_exists)


def described(account: Account, session: Session, name: str) -> Integration:
    found = account.ask(session, OneIntegration(integration=by(name)))
    assert isinstance(found, Integration)
    return found


def why_refused(account: Account, session: Session) -> tuple[str, str | None]:
    with pytest.raises(TokenRefused) as refused:
        account.ask(session, Users())
    return refused.value.why, refused.value.remedy


def as_clerk(account: Account, local: Session) -> Session:
    """BOB as CLERK, a role with CREATE INTEGRATION and nothing else."""
    add_role(account, local, "CLERK", add_user(account, local, "BOB"))
    may = GrantPrivileges(
        privileges=(Privilege.CREATE_INTEGRATION,),
        kind=Kind.ACCOUNT,
        object=None,
        role=by("CLERK"),
        at=NOW,
    )
    carried_out(account, local, may)
    return user_session(account, "BOB", "CLERK")


# ---- created ---------------------------------------------------------------------------------


def test_an_integration_is_owned_by_the_role_that_creates_it(
    account: Account, local: Session, okta: Session
) -> None:
    command = created("NEW")
    effect = carried_out(account, local, command)
    assert effect.answer == Ended(tokens=0, last_used_at=None)
    assert effect.events == (
        IntegrationCreated(id=command.id, name="NEW", run_as_role=okta.role, owner=local.role),
    )
    found = described(account, local, "NEW")
    assert (found.owner, found.endpoint) == (local.role, command.endpoint)


def test_to_create_needs_create_integration(account: Account, local: Session) -> None:
    add_user(account, local, "BOB")
    with pytest.raises(NotAuthorized) as refused:
        carried_out(account, user_session(account, "BOB"), created())
    assert refused.value.privilege is Privilege.CREATE_INTEGRATION


@pytest.mark.usefixtures("okta")
def test_nobody_makes_an_integration_run_as_a_role_that_it_does_not_have(
    account: Account, local: Session
) -> None:
    clerk = as_clerk(account, local)
    for role in ("OKTA_PROVISIONER", "ACCOUNTADMIN"):
        with pytest.raises(NotFound) as refused:
            carried_out(account, clerk, created("NEW", role))
        assert refused.value.kind is Kind.ROLE


@pytest.mark.usefixtures("okta")
def test_a_name_is_taken_unless_replaced_or_excused(account: Account, local: Session) -> None:
    with pytest.raises(AlreadyExists):
        carried_out(account, local, created())
    assert carried_out(account, local, created(if_not_exists=True)).events == ()


@pytest.mark.usefixtures("okta")
def test_another_s_integration_is_not_replaced(account: Account, local: Session) -> None:
    clerk = as_clerk(account, local)
    with pytest.raises(NotFound):
        carried_out(account, clerk, created("OKTA", "CLERK", or_replace=True))


def test_replacing_ends_the_tokens_at_once_and_keeps_endpoint_and_links(
    account: Account, local: Session, okta: Session
) -> None:
    before = described(account, local, "OKTA")
    bob = CreateUser(id=IDS.new(), name=Name("BOB"), login_name="b", at=NOW, external_id="00u1")
    carried_out(account, okta, bob)
    account.store.use(account.number, okta.token or Id(""), NOW)
    effect = carried_out(account, local, created(or_replace=True))
    assert effect.answer == Ended(tokens=1, last_used_at=NOW)
    assert why_refused(account, okta)[0] == "ended"
    again = integration_session(account, "OKTA")
    assert account.ask(again, OneUser(user=bob.id)).external_id == "00u1"
    after = described(account, local, "OKTA")
    assert after.endpoint == before.endpoint


def test_dropping_ends_the_tokens_and_recreating_keeps_the_endpoint(
    account: Account, local: Session, okta: Session
) -> None:
    before = described(account, local, "OKTA")
    effect = carried_out(account, local, dropped())
    assert effect.events == (
        TokenEnded(id=okta.token or Id(""), integration=before.id, why="DROP INTEGRATION"),
        IntegrationDropped(id=before.id, name="OKTA", tokens_ended=1),
    )
    carried_out(account, local, created())
    after = described(account, local, "OKTA")
    assert (after.endpoint, after.id != before.id) == (before.endpoint, True)


def test_what_is_absent_is_refused_unless_if_exists(account: Account, local: Session) -> None:
    for command in (dropped(), changed()):
        with pytest.raises(NotFound):
            carried_out(account, local, command)
    assert carried_out(account, local, dropped(if_exists=True)).events == ()
    assert carried_out(account, local, changed(if_exists=True)).events == ()


@pytest.mark.usefixtures("okta")
def test_another_s_integration_is_absent(account: Account, local: Session) -> None:
    clerk = as_clerk(account, local)
    issue = IssueToken(
        id=IDS.new(), integration=by("OKTA"), verifier="v", at=NOW, expires_at=NOW + 1
    )
    for command in (dropped(), changed(), issue):
        with pytest.raises(NotFound):
            carried_out(account, clerk, command)


# ---- changed ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("UNKNOWN_ATTRIBUTES", "x"),
        ("CONFORMANCE", 5),
        ("ATTRIBUTE_ALIASES", ["a"]),
        ("TOLERATED_QUIRKS", "a"),
    ],
)
@pytest.mark.usefixtures("okta")
def test_a_word_or_pairs_of_another_kind_are_refused(
    account: Account, local: Session, name: str, value: Json
) -> None:
    with pytest.raises(InvalidValue) as refused:
        carried_out(account, local, changed(put(name, value)))
    assert refused.value.property_name == name


@pytest.mark.parametrize(
    ("step", "name", "was", "now"),
    [
        (put("ENABLED", value=False), "ENABLED", True, False),
        (put("SYNC_PASSWORD", value=True), "SYNC_PASSWORD", False, True),
        (put("COMMENT", "x"), "COMMENT", None, "x"),
        (put("REJECT_TOKENS_ISSUED_BEFORE", 5), "REJECT_TOKENS_ISSUED_BEFORE", None, 5),
        (put("UNKNOWN_ATTRIBUTES", "refuse"), "UNKNOWN_ATTRIBUTES", "IGNORE", "REFUSE"),
        (put("CONFORMANCE", "snowflake"), "CONFORMANCE", None, "SNOWFLAKE"),
        (put("ATTRIBUTE_ALIASES", {"a": "title"}), "ATTRIBUTE_ALIASES", {}, {"a": "title"}),
        (put("TOLERATED_QUIRKS", ["b", "a", "b"]), "TOLERATED_QUIRKS", None, ["b", "a"]),
    ],
)
@pytest.mark.usefixtures("okta")
def test_a_property_changes_and_unset_restores_it(
    account: Account, local: Session, step: Set, name: str, was: object, now: object
) -> None:
    (told,) = carried_out(account, local, changed(step)).events
    assert isinstance(told, IntegrationChanged)
    assert (told.before, told.after) == ({name: was}, {name: now})
    assert carried_out(account, local, changed(step)).events == ()
    (back,) = carried_out(account, local, changed(Unset(At(name)))).events
    assert isinstance(back, IntegrationChanged)
    assert back.after == {name: was}


@pytest.mark.parametrize("name", ["RUN_AS_ROLE", "SCIM_CLIENT", "NAME"])
@pytest.mark.usefixtures("okta")
def test_what_it_runs_as_and_speaks_can_not_be_altered(
    account: Account, local: Session, name: str
) -> None:
    with pytest.raises(InvalidValue):
        carried_out(account, local, changed(put(name, "X")))


# ---- tokens ----------------------------------------------------------------------------------


def test_any_number_of_tokens_live_side_by_side(account: Account, okta: Session) -> None:
    other = token_session(account, a_token(account, "OKTA"))
    assert account.ask(okta, Users()).total == account.ask(other, Users()).total == 0


def test_one_token_is_revoked_once(account: Account, local: Session, okta: Session) -> None:
    token = okta.token or Id("")
    effect = carried_out(account, local, RevokeToken(token=token, at=NOW))
    assert isinstance(effect.answer, Token)
    assert (effect.answer.ended_at, effect.answer.ended_why) == (NOW, "REVOKE TOKEN")
    assert carried_out(account, local, RevokeToken(token=token, at=NOW)).events == ()
    assert why_refused(account, okta)[0] == "ended"


def test_to_revoke_needs_ownership_of_the_integration(
    account: Account, local: Session, okta: Session
) -> None:
    with pytest.raises(NotFound) as refused:
        carried_out(
            account, as_clerk(account, local), RevokeToken(token=okta.token or Id(""), at=NOW)
        )
    assert refused.value.name == okta.token


def test_a_token_of_a_dropped_integration_is_no_longer_revoked(
    account: Account, local: Session, okta: Session
) -> None:
    carried_out(account, local, dropped())
    for token in (okta.token or Id(""), Id("nonsense")):
        with pytest.raises(NotFound):
            carried_out(account, local, RevokeToken(token=token, at=NOW))


def test_a_token_revoked_while_a_request_waits_refuses_it(
    account: Account, local: Session, okta: Session
) -> None:
    carried_out(account, local, RevokeToken(token=okta.token or Id(""), at=NOW))
    with pytest.raises(TokenRefused):
        add_user(account, okta, "BOB")
    assert account.ask(local, Users()).total == 1


def test_an_integration_replaced_while_a_request_waits_refuses_it(
    account: Account, local: Session, okta: Session
) -> None:
    carried_out(account, local, created(or_replace=True))
    with pytest.raises(TokenRefused):
        add_user(account, okta, "BOB")


def test_a_dropped_run_as_role_is_refused_with_what_to_do(
    account: Account, local: Session, okta: Session
) -> None:
    carried_out(account, local, DropRole(role=okta.role, at=NOW))
    with pytest.raises(RoleNotGranted) as refused:
        add_user(account, okta, "BOB")
    assert refused.value.remedy == (
        "The role that integration OKTA runs as was dropped: "
        "create or replace the integration with another run_as_role"
    )


def test_a_token_lives_until_it_expires(account: Account, okta: Session) -> None:
    token = a_token(account)
    last = token_session(account, token, NOW + SIX_MONTHS - 1)
    assert account.ask(last, Users()).total == 0
    late = token_session(account, token, NOW + SIX_MONTHS)
    assert why_refused(account, late) == (
        "expired",
        "Issue a new one: select system$generate_scim_access_token('OKTA')",
    )
    assert okta.token != token.id


def test_an_expired_token_of_a_dropped_integration_is_expired(
    account: Account, local: Session
) -> None:
    integration_session(account, "OKTA")
    late = token_session(account, a_token(account), NOW + SIX_MONTHS)
    drop = DropIntegration(integration=by("OKTA"), at=NOW + SIX_MONTHS)
    effect = carried_out(account, local, drop)
    assert effect.answer == Ended(tokens=0, last_used_at=None)
    assert why_refused(account, late)[0] == "expired"


def test_a_disabled_integration_refuses(account: Account, local: Session) -> None:
    session = integration_session(account, "my okta")
    carried_out(account, local, changed(put("ENABLED", value=False), name="my okta"))
    assert why_refused(account, session) == (
        "integration_disabled",
        'alter security integration "my okta" set enabled = true',
    )


def test_tokens_issued_before_a_moment_can_be_rejected(
    account: Account, local: Session, okta: Session
) -> None:
    carried_out(account, local, changed(put("REJECT_TOKENS_ISSUED_BEFORE", NOW)))
    assert account.ask(okta, Users()).total == 0
    carried_out(account, local, changed(put("REJECT_TOKENS_ISSUED_BEFORE", NOW + 1)))
    assert why_refused(account, okta)[0] == "issued_too_early"


def test_another_account_s_token_is_unknown(account: Account, okta: Session) -> None:
    session = Session(
        **{**{name: getattr(okta, name) for name in okta.__struct_fields__}, "token": Id("theirs")}
    )
    assert why_refused(account, session) == ("unknown", None)


def test_only_the_owner_sees_an_integration_s_tokens(
    account: Account, local: Session, okta: Session
) -> None:
    clerk = as_clerk(account, local)
    assert [token.id for token in account.ask(local, Tokens())] == [okta.token]
    assert [token.id for token in account.ask(local, Tokens(integration=by("OKTA")))] == [
        okta.token
    ]
    assert account.ask(clerk, Tokens()) == ()
    carried_out(account, local, dropped())
    assert [token.id for token in account.ask(local, Tokens())] == [okta.token]

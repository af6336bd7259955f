"""Users come to be, change and go; who owns them decides (issue 2 points 5 and 6)."""

import pytest

from builders import (
    IDS,
    NOW,
    add_role,
    add_user,
    by,
    carried_out,
    integration_session,
    put,
    user_session,
)
from rolecall.domain.account import Account
from rolecall.domain.commands import (
    Add,
    At,
    ChangeUser,
    CreateUser,
    DropUser,
    GrantOwnership,
    GrantPrivileges,
    OpenSession,
    RevokePrivileges,
    Set,
    Unset,
    Versions,
)
from rolecall.domain.errors import (
    AlreadyExists,
    InvalidValue,
    NotAuthorized,
    NotFound,
    VersionMismatch,
)
from rolecall.domain.events import SessionsEnded, UserChanged, UserCreated, UserDropped
from rolecall.domain.model import Json, Kind, Membership, Privilege, Revision, UserCard
from rolecall.domain.names import Id, Name
from rolecall.domain.queries import OneUser
from rolecall.domain.session import Session


def created(name: str, login: str | None = None, **fields: object) -> CreateUser:
    return CreateUser(
        id=IDS.new(),
        name=Name(name),
        login_name=login or name,
        at=NOW,
        **fields,  # type: ignore[arg-type]  # as the field says
    )


def change(user: Id, *changes: Set | Unset | Add, **fields: object) -> ChangeUser:
    return ChangeUser(
        user=user,
        changes=changes,
        at=NOW + 1,
        **fields,  # type: ignore[arg-type]  # as the field says
    )


def card_of(account: Account, session: Session, user: Id) -> UserCard:
    return account.ask(session, OneUser(user=user))


def logged_in(account: Account, local: Session, user: Id) -> None:
    opened = OpenSession(
        id=IDS.new(), user=user, verifier=f"v{user}", at=NOW, expires_at=NOW + 9_000
    )
    carried_out(account, local, opened)


# ---- created ---------------------------------------------------------------------------------


def test_a_user_is_owned_by_the_role_that_creates_it(account: Account, okta: Session) -> None:
    effect = carried_out(account, okta, created("BOB", external_id="00u1"))
    assert isinstance(effect.answer, UserCard)
    assert (effect.answer.user.owner, effect.answer.external_id) == (okta.role, "00u1")
    assert effect.answer.revision == Revision(version=1, changed_at=NOW)
    assert effect.events == (UserCreated(id=effect.answer.user.id, name="BOB", owner=okta.role),)


def test_the_answer_to_a_create_is_what_a_read_gives(account: Account, okta: Session) -> None:
    command = created("BOB", properties={"COMMENT": "x"}, profile={"title": "Clerk"})
    effect = carried_out(account, okta, command)
    assert effect.answer == card_of(account, okta, command.id)


def test_the_email_property_is_the_primary_address(account: Account, okta: Session) -> None:
    emails: Json = [{"value": "a@x"}, {"value": "b@x", "primary": True}]
    command = created("BOB", profile={"emails": emails})
    carried_out(account, okta, command)
    assert card_of(account, okta, command.id).user.email == "b@x"


def test_to_create_needs_create_user_in_the_primary_role(account: Account, okta: Session) -> None:
    bob = add_user(account, okta, "BOB")
    add_role(account, okta, "CLERK", bob)
    with pytest.raises(NotAuthorized) as refused:
        carried_out(account, user_session(account, "BOB", "CLERK"), created("EVE"))
    assert refused.value.privilege is Privilege.CREATE_USER
    assert refused.value.remedy == "grant create user on account to role CLERK"


def test_a_run_as_role_that_lost_create_user_creates_no_more(
    account: Account, local: Session, okta: Session
) -> None:
    revoke = RevokePrivileges(
        privileges=(Privilege.CREATE_USER,),
        kind=Kind.ACCOUNT,
        object=None,
        role=okta.role,
        at=NOW,
    )
    carried_out(account, local, revoke)
    with pytest.raises(NotAuthorized):
        carried_out(account, okta, created("BOB"))


@pytest.mark.parametrize(
    ("name", "login"),
    [
        ("BOB", "other"),
        ("Bob", "other"),
        ("OTHER", "Bob"),
        ("OTHER", "bob"),
        ("ＢＯＢ", "other"),
        ("OTHER", "ｂｏｂ"),
    ],
)
def test_name_and_login_name_are_taken_in_any_case_and_compatibility_form(
    account: Account, okta: Session, name: str, login: str
) -> None:
    bob = add_user(account, okta, "BOB")
    with pytest.raises(AlreadyExists) as refused:
        carried_out(account, okta, created(name, login))
    assert (refused.value.name, refused.value.id) == ("BOB", bob)


@pytest.mark.parametrize(
    ("there", "name", "login"),
    [("STRASSE", "STRASSE", "straße"), ("ADMIN", "ADMIN", "admın"), ("STRASSE", "straße", "new")],
)
def test_a_name_that_folds_into_another_s_is_refused(
    account: Account, okta: Session, there: str, name: str, login: str
) -> None:
    if there != "ADMIN":
        add_user(account, okta, there)
    with pytest.raises(AlreadyExists):
        carried_out(account, okta, created(name, login))


def test_a_conflict_with_another_s_user_tells_neither_its_id_nor_its_name(
    account: Account, okta: Session, azure: Session
) -> None:
    carried_out(account, azure, created("SECRET", "bob@acme.example"))
    with pytest.raises(AlreadyExists) as refused:
        carried_out(account, okta, created("BOB", "Bob@acme.example"))
    assert (refused.value.name, refused.value.id) == ("BOB", None)
    assert refused.value.remedy == (
        "USER SECRET belongs to role AAD_PROVISIONER: "
        "grant ownership on user SECRET to role OKTA_PROVISIONER"
    )


def test_if_not_exists_leaves_the_user_that_is_there(account: Account, okta: Session) -> None:
    add_user(account, okta, "BOB")
    effect = carried_out(account, okta, created("BOB", if_not_exists=True))
    assert (effect.events, effect.answer) == ((), None)


def test_if_not_exists_does_not_excuse_another_s_login_name(
    account: Account, okta: Session
) -> None:
    add_user(account, okta, "BOB")
    with pytest.raises(AlreadyExists):
        carried_out(account, okta, created("ROB", "bob", if_not_exists=True))


def test_or_replace_drops_the_old_user_first(account: Account, okta: Session) -> None:
    old = add_user(account, okta, "BOB")
    command = created("BOB", or_replace=True)
    effect = carried_out(account, okta, command)
    assert [type(event) for event in effect.events] == [UserDropped, UserCreated]
    with pytest.raises(NotFound):
        card_of(account, okta, old)


def test_or_replace_needs_ownership_of_the_old_user(account: Account, okta: Session) -> None:
    with pytest.raises(NotFound):
        carried_out(account, okta, created("ADMIN", or_replace=True))


@pytest.mark.parametrize("name", ["", "x" * 256, "nul\x00"])
def test_a_name_is_short_text(account: Account, okta: Session, name: str) -> None:
    with pytest.raises(InvalidValue):
        carried_out(account, okta, created(name, "login"))


# ---- changed ---------------------------------------------------------------------------------


def test_all_steps_of_a_change_make_one_version(account: Account, okta: Session) -> None:
    bob = add_user(account, okta, "BOB")
    steps = (put("COMMENT", "x"), put("title", "Clerk"), put("EXTERNAL_ID", "00u1"))
    effect = carried_out(account, okta, change(bob, *steps))
    assert isinstance(effect.answer, UserCard)
    assert effect.answer.revision == Revision(version=2, changed_at=NOW + 1)
    assert effect.answer == card_of(account, okta, bob)
    assert effect.events == (
        UserChanged(
            id=bob,
            before={"COMMENT": None, "title": None},
            after={"COMMENT": "x", "title": "Clerk"},
        ),
    )


@pytest.mark.parametrize(
    "step",
    [
        put("COMMENT", "x"),
        Unset(At("TYPE")),
        Unset(At("nickName")),
        put("NAME", "BOB"),
        put("DISABLED", value=False),
    ],
)
def test_a_change_that_changes_nothing_bumps_nothing(
    account: Account, okta: Session, step: Set | Unset
) -> None:
    bob = add_user(account, okta, "BOB", COMMENT="x")
    effect = carried_out(account, okta, change(bob, step))
    assert effect.events == ()
    assert card_of(account, okta, bob).revision.version == 1


def test_an_external_id_belongs_to_the_integration_that_sets_it(
    account: Account, local: Session, okta: Session
) -> None:
    bob = add_user(account, okta, "BOB")
    carried_out(account, okta, change(bob, put("EXTERNAL_ID", "00u1")))
    assert card_of(account, okta, bob).external_id == "00u1"
    assert card_of(account, local, bob).external_id is None


def test_an_external_id_can_be_taken_away(account: Account, okta: Session) -> None:
    command = created("BOB", external_id="00u1")
    carried_out(account, okta, command)
    effect = carried_out(account, okta, change(command.id, Unset(At("EXTERNAL_ID"))))
    assert isinstance(effect.answer, UserCard)
    assert (effect.answer.external_id, effect.answer.revision.version) == (None, 2)


def test_an_expected_version_that_has_passed_is_refused(account: Account, okta: Session) -> None:
    bob = add_user(account, okta, "BOB")
    carried_out(account, okta, change(bob, put("COMMENT", "x"), versions=Versions(expected=(1,))))
    with pytest.raises(VersionMismatch) as refused:
        carried_out(
            account, okta, change(bob, put("COMMENT", "y"), versions=Versions(expected=(1,)))
        )
    assert refused.value.present == 2


def test_a_replacement_unsets_what_scim_writes_and_keeps_the_rest(
    account: Account, okta: Session
) -> None:
    bob = add_user(account, okta, "BOB", FIRST_NAME="B", DEFAULT_ROLE="X", DISABLED=True)
    carried_out(account, okta, change(bob, put("title", "Clerk"), put("EXTERNAL_ID", "1")))
    carried_out(account, okta, change(bob, put("LAST_NAME", "Ray"), replaces=True))
    card = card_of(account, okta, bob)
    assert (card.user.first_name, card.user.last_name, card.user.profile) == (None, "Ray", {})
    assert (card.user.default_role, card.user.disabled, card.external_id) == ("X", True, None)


def test_sql_and_scim_speak_of_one_address(account: Account, okta: Session) -> None:
    bob = add_user(account, okta, "BOB")
    carried_out(account, okta, change(bob, put("EMAIL", "b@x")))
    card = card_of(account, okta, bob)
    assert (card.user.email, card.user.profile) == (
        "b@x",
        {"emails": [{"value": "b@x", "primary": True}]},
    )


def test_an_address_can_be_unset(account: Account, okta: Session) -> None:
    bob = add_user(account, okta, "BOB", EMAIL="b@x")
    carried_out(account, okta, change(bob, Unset(At("EMAIL"))))
    assert card_of(account, okta, bob).user.email is None


def test_a_rename_keeps_id_and_links(account: Account, okta: Session) -> None:
    command = created("BOB", external_id="00u1")
    carried_out(account, okta, command)
    steps = (put("NAME", "ROB"), put("LOGIN_NAME", "rob@x"))
    carried_out(account, okta, change(command.id, *steps))
    card = card_of(account, okta, command.id)
    assert (card.user.name, card.user.login_name, card.external_id) == ("ROB", "rob@x", "00u1")


def test_a_name_can_change_its_case(account: Account, okta: Session) -> None:
    bob = add_user(account, okta, "BOB")
    carried_out(account, okta, change(bob, put("NAME", "Bob")))
    assert card_of(account, okta, bob).user.name == "Bob"


@pytest.mark.parametrize("name", ["NAME", "LOGIN_NAME"])
def test_a_rename_into_another_s_name_is_refused(
    account: Account, okta: Session, name: str
) -> None:
    bob = add_user(account, okta, "BOB")
    with pytest.raises(AlreadyExists) as refused:
        carried_out(account, okta, change(bob, put(name, "Admin")))
    assert refused.value.id is None


@pytest.mark.parametrize("step", [Unset(At("NAME")), put("LOGIN_NAME", 5), put("NAME", "")])
def test_a_name_stays_a_name(account: Account, okta: Session, step: Set | Unset) -> None:
    bob = add_user(account, okta, "BOB")
    with pytest.raises(InvalidValue):
        carried_out(account, okta, change(bob, step))


def test_a_refused_step_undoes_the_steps_before(account: Account, okta: Session) -> None:
    bob = add_user(account, okta, "BOB")
    with pytest.raises(InvalidValue):
        carried_out(account, okta, change(bob, put("COMMENT", "x"), put("TYPE", "ROBOT")))
    assert card_of(account, okta, bob).user.comment is None


def test_disabling_ends_the_sessions(account: Account, local: Session, okta: Session) -> None:
    bob = add_user(account, okta, "BOB")
    logged_in(account, local, bob)
    effect = carried_out(account, okta, change(bob, put("DISABLED", value=True)))
    assert effect.events[1:] == (SessionsEnded(id=bob, count=1, why="disabled"),)


def test_another_password_ends_the_sessions(
    account: Account, local: Session, okta: Session
) -> None:
    bob = add_user(account, okta, "BOB")
    logged_in(account, local, bob)
    effect = carried_out(account, okta, change(bob, put("PASSWORD", "verifier")))
    assert effect.events[1:] == (SessionsEnded(id=bob, count=1, why="password"),)


def test_without_sessions_none_end(account: Account, okta: Session) -> None:
    bob = add_user(account, okta, "BOB")
    effect = carried_out(account, okta, change(bob, put("DISABLED", value=True)))
    assert [type(event) for event in effect.events] == [UserChanged]


def test_the_answer_shows_only_groups_that_the_integration_owns(
    account: Account, local: Session, okta: Session
) -> None:
    bob = add_user(account, okta, "BOB")
    mine = add_role(account, okta, "MINE", bob)
    add_role(account, local, "SECRET_PROJECT", bob)
    effect = carried_out(account, okta, change(bob, put("COMMENT", "x")))
    assert isinstance(effect.answer, UserCard)
    assert effect.answer.groups == (Membership(role=mine, name=Name("MINE")),)


# ---- whose it is -----------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["by id", "by name"])
def test_another_s_user_is_absent_to_scim(
    account: Account, okta: Session, azure: Session, asked: str
) -> None:
    secret = add_user(account, azure, "SECRET")
    ref = secret if asked == "by id" else by("SECRET")
    with pytest.raises(NotFound) as refused:
        carried_out(account, okta, ChangeUser(user=ref, changes=(), at=NOW))
    assert refused.value.name == (secret if asked == "by id" else "SECRET")
    assert "grant ownership on user SECRET to role OKTA_PROVISIONER" in str(refused.value.remedy)


def test_who_may_see_a_user_hears_that_it_is_not_its_own(
    account: Account, local: Session, okta: Session, azure: Session
) -> None:
    theirs = add_user(account, azure, "BOB")
    monitor = GrantPrivileges(
        privileges=(Privilege.MONITOR_USER,),
        kind=Kind.ACCOUNT,
        object=None,
        role=okta.role,
        at=NOW,
    )
    carried_out(account, local, monitor)
    with pytest.raises(NotAuthorized) as refused:
        carried_out(account, okta, DropUser(user=theirs, at=NOW))
    assert (refused.value.privilege, refused.value.name) == (Privilege.OWNERSHIP, "BOB")


def test_another_s_user_can_not_be_dropped(account: Account, okta: Session, azure: Session) -> None:
    secret = add_user(account, azure, "SECRET")
    with pytest.raises(NotFound):
        carried_out(account, okta, DropUser(user=secret, at=NOW))
    assert card_of(account, azure, secret).user.name == "SECRET"


def test_after_a_transfer_the_next_request_works(
    account: Account, local: Session, okta: Session, azure: Session
) -> None:
    bob = add_user(account, azure, "BOB")
    hand = GrantOwnership(kind=Kind.USER, object=bob, role=by("OKTA_PROVISIONER"), at=NOW)
    carried_out(account, local, hand)
    carried_out(account, okta, change(bob, put("COMMENT", "mine now")))
    assert card_of(account, okta, bob).user.comment == "mine now"


def test_two_integrations_with_one_role_share_their_users(account: Account) -> None:
    one = integration_session(account, "ONE", "SHARED")
    other = integration_session(account, "OTHER", "SHARED")
    bob = add_user(account, one, "BOB")
    carried_out(account, other, change(bob, put("COMMENT", "x")))
    assert card_of(account, one, bob).user.comment == "x"


# ---- dropped ---------------------------------------------------------------------------------


def test_a_dropped_user_leaves_name_memberships_and_sessions(
    account: Account, local: Session, okta: Session
) -> None:
    bob = add_user(account, okta, "BOB")
    logged_in(account, local, bob)
    effect = carried_out(account, okta, DropUser(user=bob, at=NOW))
    assert effect.events == (
        SessionsEnded(id=bob, count=1, why="dropped"),
        UserDropped(
            id=bob,
            name="BOB",
            owner=okta.role,
            created_at=NOW,
            was={"NAME": "BOB", "LOGIN_NAME": "BOB", "OWNER": okta.role},
        ),
    )
    add_user(account, okta, "BOB")


def test_a_drop_can_expect_a_version(account: Account, okta: Session) -> None:
    bob = add_user(account, okta, "BOB")
    with pytest.raises(VersionMismatch):
        carried_out(account, okta, DropUser(user=bob, at=NOW, versions=Versions(expected=(7,))))


def test_what_is_absent_is_refused_unless_if_exists(account: Account, local: Session) -> None:
    drop = DropUser(user=by("NOBODY"), at=NOW)
    with pytest.raises(NotFound) as refused:
        carried_out(account, local, drop)
    assert refused.value.name == "NOBODY"
    assert (
        carried_out(account, local, DropUser(user=drop.user, at=NOW, if_exists=True)).events == ()
    )


# ---- CREATE OR ALTER -------------------------------------------------------------------------


def test_create_or_alter_makes_who_is_not_there(account: Account, local: Session) -> None:
    effect = carried_out(account, local, created("BOB", or_alter=True))
    assert [type(event) for event in effect.events] == [UserCreated]


def test_create_or_alter_unsets_what_it_does_not_name(account: Account, local: Session) -> None:
    named: dict[str, Json] = {"COMMENT": "c", "EMAIL": "b@example.com", "EXT_AUTHN_UID": "b"}
    bob = carried_out(account, local, created("BOB", "b", properties=named)).answer
    assert isinstance(bob, UserCard)
    again = created("BOB", "bob", or_alter=True, properties={"FIRST_NAME": "Bob"})
    carried_out(account, local, again)
    user = card_of(account, local, bob.user.id).user
    assert (user.comment, user.email, user.kept, user.first_name) == (None, None, {}, "Bob")
    assert user.login_name == "bob"
    carried_out(account, local, created("BOB", or_alter=True, properties={"EMAIL": "n@x.org"}))
    assert card_of(account, local, bob.user.id).user.email == "n@x.org"


def test_create_or_alter_lets_nobody_in_who_was_out(account: Account, local: Session) -> None:
    out: dict[str, Json] = {"DISABLED": True, "EXPIRES_AT": NOW, "LOCKED_UNTIL": NOW + 9}
    carried_out(account, local, created("BOB", properties={**out, "PASSWORD": "verifier"}))
    assert carried_out(account, local, created("BOB", or_alter=True)).events == ()


def test_create_or_alter_of_another_s_user_is_refused(account: Account, okta: Session) -> None:
    add_user(account, okta, "BOB")
    add_user(account, okta, "EVE")
    session = user_session(account, "EVE")
    with pytest.raises(NotFound):
        carried_out(account, session, created("BOB", or_alter=True))


def test_what_is_kept_without_effect_is_told_in_the_history(
    account: Account, local: Session
) -> None:
    bob = add_user(account, local, "BOB")
    (event,) = carried_out(account, local, change(bob, put("EXT_AUTHN_UID", "b"))).events
    assert event == UserChanged(
        id=bob, before={"EXT_AUTHN_UID": None}, after={"EXT_AUTHN_UID": "b"}
    )
    carried_out(account, local, change(bob, Unset(At("EXT_AUTHN_UID"))))
    assert card_of(account, local, bob).user.kept == {}


def test_a_service_bypasses_no_second_factor(account: Account, local: Session) -> None:
    given: dict[str, Json] = {"TYPE": "SERVICE", "BYPASS_MFA_UNTIL": NOW}
    with pytest.raises(InvalidValue):
        carried_out(account, local, created("ROBOT", properties=given))

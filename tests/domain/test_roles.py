"""Roles, which SCIM calls groups, and who holds them (issue 2 points 5 and 6)."""

import pytest

from builders import (
    IDS,
    NOW,
    add_role,
    add_user,
    an_id,
    by,
    carried_out,
    put,
    role_id,
    user_session,
)
from rolecall.domain.account import Account
from rolecall.domain.commands import (
    AddMembers,
    At,
    ChangeRole,
    CreateRole,
    DropRole,
    GrantPrivileges,
    GrantRole,
    RemoveMembers,
    RemoveMembersWhere,
    RoleChange,
    SetMembers,
    Unset,
    Versions,
)
from rolecall.domain.errors import (
    AlreadyExists,
    CurrentRole,
    InvalidValue,
    NotAuthorized,
    NotFound,
    SystemObject,
    UnknownMember,
    VersionMismatch,
)
from rolecall.domain.events import (
    MembersAdded,
    MembersRemoved,
    RoleChanged,
    RoleCreated,
    RoleDropped,
)
from rolecall.domain.founding import SYSTEM_ROLES
from rolecall.domain.model import Kind, Privilege, RoleCard
from rolecall.domain.names import Id, Name
from rolecall.domain.predicate import EVERYTHING
from rolecall.domain.queries import OneRole, OneUser
from rolecall.domain.session import Session


def created(name: str, **fields: object) -> CreateRole:
    return CreateRole(
        id=IDS.new(),
        name=Name(name),
        at=NOW,
        **fields,  # type: ignore[arg-type]  # as the field says
    )


def change(role: Id, *changes: RoleChange, **fields: object) -> ChangeRole:
    return ChangeRole(
        role=role,
        changes=changes,
        at=NOW + 1,
        **fields,  # type: ignore[arg-type]  # as the field says
    )


def card_of(account: Account, session: Session, role: Id) -> RoleCard:
    return account.ask(session, OneRole(role=role, members_max=100))


def members(account: Account, session: Session, role: Id) -> list[Id]:
    return [member.user for member in card_of(account, session, role).members or ()]


# ---- created ---------------------------------------------------------------------------------


def test_a_role_is_owned_by_the_role_that_creates_it(account: Account, okta: Session) -> None:
    bob = add_user(account, okta, "BOB")
    command = created("Clerks", members=(bob, bob), comment="x", external_id="00g1")
    effect = carried_out(account, okta, command)
    assert effect.events == (
        RoleCreated(id=command.id, name="Clerks", owner=okta.role),
        MembersAdded(id=command.id, users=(bob,), granted_by=okta.role),
    )
    assert effect.answer == account.ask(okta, OneRole(role=command.id))


def test_a_name_is_kept_as_sent_and_compared_letter_by_letter(
    account: Account, okta: Session
) -> None:
    add_role(account, okta, "Clerks")
    add_role(account, okta, "CLERKS")
    with pytest.raises(AlreadyExists) as refused:
        carried_out(account, okta, created("Clerks"))
    assert refused.value.id is not None


def test_a_conflict_with_another_s_role_does_not_tell_its_id(
    account: Account, okta: Session, azure: Session
) -> None:
    add_role(account, azure, "CLERKS")
    with pytest.raises(AlreadyExists) as refused:
        carried_out(account, okta, created("CLERKS"))
    assert refused.value.id is None
    assert refused.value.remedy == (
        "ROLE CLERKS belongs to role AAD_PROVISIONER: "
        "grant ownership on role CLERKS to role OKTA_PROVISIONER"
    )


def test_a_system_role_s_name_is_taken_for_good(account: Account, okta: Session) -> None:
    with pytest.raises(AlreadyExists) as refused:
        carried_out(account, okta, created("ACCOUNTADMIN"))
    assert refused.value.remedy == (
        "ROLE ACCOUNTADMIN belongs to the system: nobody can hand it over"
    )


def test_to_create_needs_create_role(account: Account, okta: Session) -> None:
    bob = add_user(account, okta, "BOB")
    with pytest.raises(NotAuthorized) as refused:
        carried_out(account, user_session(account, "BOB"), created("X", members=(bob,)))
    assert refused.value.privilege is Privilege.CREATE_ROLE


def test_unknown_members_are_named_and_nothing_is_kept(account: Account, okta: Session) -> None:
    bob = add_user(account, okta, "BOB")
    command = created("CLERKS", members=(bob, an_id(7), an_id(7)))
    with pytest.raises(UnknownMember) as refused:
        carried_out(account, okta, command)
    assert refused.value.ids == (an_id(7),)
    with pytest.raises(NotFound):
        card_of(account, okta, command.id)


def test_if_not_exists_leaves_the_role_that_is_there(account: Account, okta: Session) -> None:
    add_role(account, okta, "CLERKS")
    assert carried_out(account, okta, created("CLERKS", if_not_exists=True)).events == ()


def test_or_replace_drops_the_old_role_first(account: Account, okta: Session) -> None:
    add_role(account, okta, "CLERKS", add_user(account, okta, "BOB"))
    command = created("CLERKS", or_replace=True)
    effect = carried_out(account, okta, command)
    assert [type(event).__name__ for event in effect.events] == ["RoleDropped", "RoleCreated"]
    assert members(account, okta, command.id) == []


# ---- changed ---------------------------------------------------------------------------------


def test_all_steps_of_a_change_make_one_version(account: Account, okta: Session) -> None:
    bob, eve = add_user(account, okta, "BOB"), add_user(account, okta, "EVE")
    role = add_role(account, okta, "CLERKS", bob)
    steps = (put("NAME", "Staff"), AddMembers((eve, bob)), RemoveMembers((bob,)))
    effect = carried_out(account, okta, change(role, *steps, put("EXTERNAL_ID", "00g1")))
    assert effect.events == (
        RoleChanged(id=role, before={"NAME": "CLERKS"}, after={"NAME": "Staff"}),
        MembersAdded(id=role, users=(eve,), granted_by=okta.role),
        MembersRemoved(id=role, users=(bob,)),
    )
    card = account.ask(okta, OneRole(role=role))
    assert effect.answer == card
    assert (card.role.name, card.revision.version, card.external_id) == ("Staff", 2, "00g1")


@pytest.mark.parametrize(
    "step",
    [
        put("NAME", "CLERKS"),
        Unset(At("COMMENT")),
        Unset(At("EXTERNAL_ID")),
        AddMembers(()),
        RemoveMembers((an_id(7),)),
        RemoveMembers(None),
        RemoveMembersWhere(users=EVERYTHING, groups=EVERYTHING),
        SetMembers(()),
    ],
)
def test_a_change_that_changes_nothing_bumps_nothing(
    account: Account, okta: Session, step: RoleChange
) -> None:
    role = add_role(account, okta, "CLERKS")
    effect = carried_out(account, okta, change(role, step))
    assert effect.events == ()
    assert card_of(account, okta, role).revision.version == 1


def test_a_member_that_is_there_is_not_added_again(account: Account, okta: Session) -> None:
    bob = add_user(account, okta, "BOB")
    role = add_role(account, okta, "CLERKS", bob)
    assert carried_out(account, okta, change(role, AddMembers((bob,)))).events == ()


def test_set_members_adds_and_removes_only_the_difference(account: Account, okta: Session) -> None:
    bob, eve, ann = (add_user(account, okta, name) for name in ("BOB", "EVE", "ANN"))
    role = add_role(account, okta, "CLERKS", bob, eve)
    effect = carried_out(account, okta, change(role, SetMembers((ann, eve, ann))))
    assert effect.events == (
        MembersRemoved(id=role, users=(bob,)),
        MembersAdded(id=role, users=(ann,), granted_by=okta.role),
    )
    assert members(account, okta, role) == [eve, ann]


def test_all_members_can_be_removed_at_once(account: Account, okta: Session) -> None:
    bob, eve = add_user(account, okta, "BOB"), add_user(account, okta, "EVE")
    role = add_role(account, okta, "CLERKS", bob, eve)
    effect = carried_out(account, okta, change(role, RemoveMembers(None)))
    assert effect.events == (MembersRemoved(id=role, users=(bob, eve)),)


def test_members_need_not_be_owned(account: Account, okta: Session, azure: Session) -> None:
    theirs = add_user(account, azure, "BOB")
    role = add_role(account, okta, "CLERKS")
    carried_out(account, okta, change(role, AddMembers((theirs,))))
    assert members(account, okta, role) == [theirs]


def test_unknown_members_undo_the_steps_before(account: Account, okta: Session) -> None:
    role = add_role(account, okta, "CLERKS")
    with pytest.raises(UnknownMember):
        carried_out(account, okta, change(role, put("COMMENT", "x"), AddMembers((an_id(7),))))
    assert card_of(account, okta, role).role.comment is None


def test_membership_leaves_the_user_s_version(account: Account, okta: Session) -> None:
    bob = add_user(account, okta, "BOB")
    add_role(account, okta, "CLERKS", bob)
    assert account.ask(okta, OneUser(user=bob)).revision.version == 1


def test_an_external_id_alone_is_a_change(account: Account, okta: Session) -> None:
    role = add_role(account, okta, "CLERKS")
    effect = carried_out(account, okta, change(role, put("EXTERNAL_ID", "00g1")))
    assert effect.events == (RoleChanged(id=role, before={}, after={}),)
    assert card_of(account, okta, role).revision.version == 2


@pytest.mark.parametrize("step", [Unset(At("NAME")), put("NAME", 5), put("NAME", "")])
def test_a_name_stays_a_name(account: Account, okta: Session, step: RoleChange) -> None:
    role = add_role(account, okta, "CLERKS")
    with pytest.raises(InvalidValue):
        carried_out(account, okta, change(role, step))


def test_a_rename_into_another_s_name_is_refused(account: Account, okta: Session) -> None:
    role = add_role(account, okta, "CLERKS")
    with pytest.raises(AlreadyExists):
        carried_out(account, okta, change(role, put("NAME", "SYSADMIN")))


def test_an_expected_version_that_has_passed_is_refused(account: Account, okta: Session) -> None:
    role = add_role(account, okta, "CLERKS")
    with pytest.raises(VersionMismatch):
        carried_out(
            account, okta, change(role, put("COMMENT", "x"), versions=Versions(expected=(2,)))
        )


# ---- whose it is -----------------------------------------------------------------------------


def test_another_s_role_is_absent_to_scim(account: Account, okta: Session, azure: Session) -> None:
    theirs = add_role(account, azure, "SECRET")
    for command in (
        change(theirs, AddMembers((an_id(7),))),
        change(theirs, put("NAME", "MINE")),
        DropRole(role=theirs, at=NOW),
    ):
        with pytest.raises(NotFound) as refused:
            carried_out(account, okta, command)
        assert refused.value.name == theirs


@pytest.mark.parametrize("name", sorted(SYSTEM_ROLES))
@pytest.mark.parametrize("privileged", [False, True])
def test_system_roles_are_absent_to_scim_whatever_its_role_holds(
    account: Account, local: Session, okta: Session, name: str, *, privileged: bool
) -> None:
    bob = add_user(account, okta, "BOB")
    if privileged:
        powers = (Privilege.MANAGE_GRANTS, Privilege.MONITOR_ROLE)
        carried_out(
            account,
            local,
            GrantPrivileges(
                privileges=powers, kind=Kind.ACCOUNT, object=None, role=okta.role, at=NOW
            ),
        )
    system = role_id(account, name)
    for command in (
        change(system, AddMembers((bob,))),
        DropRole(role=system, at=NOW),
        GrantRole(role=system, grantee_kind=Kind.USER, grantee=bob, at=NOW),
    ):
        with pytest.raises(NotFound) as refused:
            carried_out(account, okta, command)
        assert refused.value.name == system


@pytest.mark.parametrize("name", sorted(SYSTEM_ROLES))
def test_system_roles_can_be_neither_changed_nor_dropped(
    account: Account, local: Session, name: str
) -> None:
    for command in (
        change(role_id(account, name), put("NAME", "X")),
        DropRole(role=by(name), at=NOW),
        created(name, or_replace=True),
    ):
        with pytest.raises(SystemObject):
            carried_out(account, local, command)


# ---- dropped ---------------------------------------------------------------------------------


def test_who_drops_a_role_inherits_what_it_owned(
    account: Account, local: Session, okta: Session
) -> None:
    bob = add_user(account, okta, "BOB")
    effect = carried_out(account, local, DropRole(role=okta.role, at=NOW))
    assert effect.events == (
        RoleDropped(
            id=okta.role,
            name="OKTA_PROVISIONER",
            heir=local.role,
            owner=local.role,
            created_at=NOW,
        ),
    )
    assert account.ask(local, OneUser(user=bob)).user.owner == local.role


def test_the_grants_that_a_dropped_role_made_end(
    account: Account, local: Session, okta: Session
) -> None:
    bob = add_user(account, okta, "BOB")
    role = add_role(account, okta, "CLERKS", bob)
    carried_out(account, local, DropRole(role=okta.role, at=NOW))
    assert members(account, local, role) == []


def test_a_session_can_not_drop_the_role_that_it_acts_as(account: Account, local: Session) -> None:
    carried_out(account, local, created("SELF"))
    own = GrantRole(role=by("SELF"), grantee_kind=Kind.ROLE, grantee=local.role, at=NOW)
    carried_out(account, local, own)
    bob = add_user(account, local, "BOB")
    as_self = GrantRole(role=local.role, grantee_kind=Kind.USER, grantee=bob, at=NOW)
    carried_out(account, local, as_self)
    role = role_id(account, "SELF")
    session = user_session(account, "BOB", "SELF", secondary=True)
    with pytest.raises(CurrentRole):
        carried_out(account, session, DropRole(role=role, at=NOW))


def test_what_is_absent_is_refused_unless_if_exists(account: Account, local: Session) -> None:
    with pytest.raises(NotFound):
        carried_out(account, local, DropRole(role=by("NOBODY"), at=NOW))
    gone = DropRole(role=by("NOBODY"), at=NOW, if_exists=True)
    assert carried_out(account, local, gone).events == ()
    absent = ChangeRole(role=by("NOBODY"), changes=(), at=NOW, if_exists=True)
    assert carried_out(account, local, absent).events == ()


def test_an_id_that_is_there_makes_no_second_role(account: Account, local: Session) -> None:
    account.execute(local, CreateRole(id=an_id(900), name=Name("FIRST"), at=NOW))
    with pytest.raises(AlreadyExists):
        account.execute(local, CreateRole(id=an_id(900), name=Name("SECOND"), at=NOW))
    assert account.store.read(1, lambda r: r.role_named(Name("FIRST"))) is not None

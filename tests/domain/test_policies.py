"""Network policies and rules: owned, attached, in use, and never against the one who asks."""

from collections.abc import Callable

import msgspec
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
    ChangeGoverned,
    ChangeIntegration,
    ChangeParameters,
    Command,
    CreateGoverned,
    DropGoverned,
    GovernedChange,
    GrantPrivileges,
    Remove,
    Unset,
)
from rolecall.domain.errors import (
    AddressNotAdmitted,
    AlreadyExists,
    InUse,
    InvalidValue,
    NotAuthorized,
    NotFound,
    Refusal,
)
from rolecall.domain.events import GovernedChanged, GovernedCreated, GovernedDropped
from rolecall.domain.model import Json, Kind, NetworkRule, Privilege
from rolecall.domain.names import Name
from rolecall.domain.queries import AttachedPolicy, GovernedObjects, OneGoverned
from rolecall.domain.session import Session

HERE = "192.0.2.1"
POLICY, RULE = Kind.NETWORK_POLICY, Kind.NETWORK_RULE


def a_policy(name: str = "P", *, or_replace: bool = False, **lists: Json) -> CreateGoverned:
    return CreateGoverned(
        id=IDS.new(), kind=POLICY, name=Name(name), at=NOW, properties=lists, or_replace=or_replace
    )


def a_rule(name: str = "R", *values: str, **more: Json) -> CreateGoverned:
    properties: dict[str, Json] = {"TYPE": "IPV4", "VALUE_LIST": list(values), **more}
    return CreateGoverned(id=IDS.new(), kind=RULE, name=Name(name), at=NOW, properties=properties)


def changed(*changes: GovernedChange, kind: Kind = POLICY, name: str = "P") -> ChangeGoverned:
    return ChangeGoverned(kind=kind, object=by(name), changes=changes, at=NOW)


def dropped(kind: Kind = POLICY, name: str = "P") -> DropGoverned:
    return DropGoverned(kind=kind, object=by(name), at=NOW)


def attached(name: str | None = "P", user: str | None = None) -> ChangeParameters:
    step = put("NETWORK_POLICY", name)
    if user is None:
        return ChangeParameters(kind=Kind.ACCOUNT, object=None, changes=(step,), at=NOW)
    return ChangeParameters(kind=Kind.USER, object=by(user), changes=(step,), at=NOW)


def granted(role: str, *privileges: Privilege, kind: Kind = Kind.ACCOUNT) -> GrantPrivileges:
    on = None if kind is Kind.ACCOUNT else by("P" if kind is POLICY else "R")
    return GrantPrivileges(privileges=privileges, kind=kind, object=on, role=by(role), at=NOW)


@pytest.fixture
def ann(account: Account, local: Session) -> Session:
    """An administrator whose requests come from an address."""
    user = add_user(account, local, "ANN")
    add_role(account, local, "OFFICER", user)
    carried_out(
        account,
        local,
        granted(
            "OFFICER",
            Privilege.CREATE_NETWORK_POLICY,
            Privilege.CREATE_NETWORK_RULE,
            Privilege.ATTACH_POLICY,
        ),
    )
    session = user_session(account, "ANN", "OFFICER")
    return msgspec.structs.replace(session, client_ip=HERE)


@pytest.fixture
def bob(account: Account, local: Session) -> Session:
    """Somebody with a role that holds nothing."""
    add_role(account, local, "CLERK", add_user(account, local, "BOB"))
    return user_session(account, "BOB", "CLERK")


Refused = Callable[[Session, Command], Refusal]


@pytest.fixture
def refused(account: Account) -> Refused:
    """What a command is refused with."""

    def body(session: Session, command: Command) -> Refusal:
        with pytest.raises(Refusal) as refusal:
            account.execute(session, command)
        return refusal.value

    return body


# ---- who may -----------------------------------------------------------------------------------


def test_its_maker_owns_a_policy(account: Account, ann: Session) -> None:
    (made,) = carried_out(account, ann, a_policy()).events
    assert isinstance(made, GovernedCreated)
    assert (made.kind, made.name, made.owner) == (POLICY, "P", ann.role)


@pytest.mark.parametrize("command", [a_policy(), a_rule()])
def test_without_the_privilege_nothing_is_made(
    bob: Session, refused: Refused, command: Command
) -> None:
    assert isinstance(refused(bob, command), NotAuthorized)


@pytest.mark.parametrize(
    "command", [changed(Unset(At("COMMENT"))), dropped(), a_policy(or_replace=True)]
)
def test_who_does_not_own_a_policy_changes_nothing(
    account: Account, ann: Session, bob: Session, local: Session, refused: Refused, command: Command
) -> None:
    carried_out(account, ann, a_policy())
    carried_out(account, local, granted("CLERK", Privilege.CREATE_NETWORK_POLICY))
    assert isinstance(refused(bob, command), NotFound)


def test_or_alter_of_a_policy_takes_its_ownership(
    account: Account, ann: Session, bob: Session, refused: Refused
) -> None:
    carried_out(account, ann, a_policy())
    alter = msgspec.structs.replace(a_policy(), or_alter=True)
    assert isinstance(refused(bob, alter), NotFound)
    assert carried_out(account, ann, alter).events == ()


def test_usage_shows_a_policy_and_does_not_describe_it(
    account: Account, ann: Session, bob: Session
) -> None:
    carried_out(account, ann, a_policy())
    assert account.ask(bob, GovernedObjects(kind=POLICY)) == ()
    carried_out(account, ann, granted("CLERK", Privilege.USAGE, kind=POLICY))
    (row,) = account.ask(bob, GovernedObjects(kind=POLICY))
    assert (row.governed.name, row.owner) == ("P", "OFFICER")
    with pytest.raises(NotAuthorized):
        account.ask(bob, OneGoverned(kind=POLICY, object=by("P")))


def test_manage_grants_describes_every_policy(
    account: Account, ann: Session, bob: Session, local: Session
) -> None:
    carried_out(account, ann, a_policy())
    carried_out(account, local, granted("CLERK", Privilege.MANAGE_GRANTS))
    assert account.ask(bob, OneGoverned(kind=POLICY, object=by("P"))).owner == "OFFICER"


def test_its_owner_describes_a_policy(account: Account, ann: Session) -> None:
    carried_out(account, ann, a_policy(COMMENT="why"))
    found = account.ask(ann, OneGoverned(kind=POLICY, object=by("P")))
    assert (found.governed.comment, found.owner) == ("why", "OFFICER")


def test_a_rule_of_others_is_named_only_with_usage(
    account: Account, ann: Session, bob: Session, local: Session, refused: Refused
) -> None:
    carried_out(account, ann, a_rule("R", HERE))
    carried_out(account, local, granted("CLERK", Privilege.CREATE_NETWORK_POLICY))
    command = a_policy(ALLOWED_NETWORK_RULE_LIST=["r"])
    assert isinstance(refused(bob, command), NotFound)
    carried_out(account, ann, granted("CLERK", Privilege.USAGE, kind=RULE))
    assert len(carried_out(account, bob, command).events) == 1


def test_the_owner_of_an_integration_reads_its_policys_name(
    account: Account, local: Session, bob: Session
) -> None:
    integration_session(account)
    query = AttachedPolicy(integration=by("OKTA"))
    assert account.ask(local, query) is None
    with pytest.raises(NotFound):
        account.ask(bob, query)


@pytest.mark.parametrize("kind", [POLICY, RULE])
def test_a_name_is_taken_once(account: Account, ann: Session, refused: Refused, kind: Kind) -> None:
    first = a_policy() if kind is POLICY else a_rule("P")
    carried_out(account, ann, first)
    assert isinstance(refused(ann, first), AlreadyExists)
    gentle = msgspec.structs.replace(first, if_not_exists=True)
    assert carried_out(account, ann, gentle).events == ()


def test_a_rename_takes_a_free_name(account: Account, ann: Session, refused: Refused) -> None:
    carried_out(account, ann, a_policy("P"))
    carried_out(account, ann, a_policy("Q"))
    assert isinstance(refused(ann, changed(put("NAME", "Q"))), AlreadyExists)
    (told,) = carried_out(account, ann, changed(put("NAME", "S"))).events
    assert isinstance(told, GovernedChanged)
    assert (told.before, told.after) == ({"NAME": "P"}, {"NAME": "S"})


@pytest.mark.parametrize("command", [changed(Unset(At("COMMENT"))), dropped()])
def test_what_is_not_there_is_refused_unless_that_is_fine(
    account: Account, ann: Session, refused: Refused, command: ChangeGoverned | DropGoverned
) -> None:
    assert isinstance(refused(ann, command), NotFound)
    gentle = msgspec.structs.replace(command, if_exists=True)
    assert carried_out(account, ann, gentle).events == ()


def test_or_alter_sets_what_is_said_and_unsets_the_rest(account: Account, ann: Session) -> None:
    carried_out(account, ann, a_rule("R", HERE, COMMENT="why"))
    alter = msgspec.structs.replace(a_rule("R", "192.0.2.2"), or_alter=True)
    (told,) = carried_out(account, ann, alter).events
    assert isinstance(told, GovernedChanged)
    assert told.after == {"VALUE_LIST": ["192.0.2.2"], "COMMENT": None}


def test_or_alter_changes_no_type(account: Account, ann: Session, refused: Refused) -> None:
    carried_out(account, ann, a_rule("R"))
    alter = msgspec.structs.replace(a_rule("R", TYPE="IPV6"), or_alter=True)
    assert isinstance(refused(ann, alter), InvalidValue)


# ---- does it make sense? -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        a_policy(ALLOWED_IP_LIST=["no address"]),
        a_policy(ALLOWED_IP_LIST=[7]),
        a_policy(
            ALLOWED_IP_LIST=["0.0.0.0/0", *(f"10.{n >> 8}.{n & 255}.1" for n in range(9_999))]
        ),
        a_policy("N" * 256),
        a_rule("R", "2001:db8::1"),
        a_rule("R", TYPE="WIFI"),
        a_rule("R", MODE="SIDEWAYS"),
    ],
)
def test_what_makes_no_sense_is_refused(ann: Session, refused: Refused, command: Command) -> None:
    assert isinstance(refused(ann, command), InvalidValue)


def test_a_policy_holds_no_rule_about_what_goes_out(
    account: Account, ann: Session, refused: Refused
) -> None:
    carried_out(account, ann, a_rule("R", TYPE="HOST_PORT", MODE="EGRESS"))
    command = a_policy(BLOCKED_NETWORK_RULE_LIST=["R"])
    assert isinstance(refused(ann, command), InvalidValue)


def test_a_change_says_what_was_and_what_is(account: Account, ann: Session) -> None:
    carried_out(account, ann, a_rule("R", HERE))
    carried_out(account, ann, a_policy(COMMENT="before"))
    step = Add(At("ALLOWED_NETWORK_RULE_LIST"), ("R", '"R"'))
    (told,) = carried_out(account, ann, changed(step, put("COMMENT", "after"))).events
    assert isinstance(told, GovernedChanged)
    assert told.before == {"ALLOWED_NETWORK_RULE_LIST": [], "COMMENT": "before"}
    assert told.after == {"ALLOWED_NETWORK_RULE_LIST": ["R"], "COMMENT": "after"}
    assert carried_out(account, ann, changed(step)).events == ()


@pytest.mark.parametrize(
    ("kind", "name", "step"),
    [
        (POLICY, "P", Remove(At("ALLOWED_NETWORK_RULE_LIST"), ("R",))),
        (POLICY, "P", put("TYPE", "IPV4")),
        (POLICY, "P", Unset(At("NAME"))),
        (RULE, "R", put("TYPE", "IPV6")),
        (RULE, "R", put("NAME", "S")),
    ],
)
def test_what_can_not_change_is_refused(
    account: Account, ann: Session, refused: Refused, kind: Kind, name: str, step: GovernedChange
) -> None:
    carried_out(account, ann, a_rule("R", HERE))
    carried_out(account, ann, a_policy())
    assert isinstance(refused(ann, changed(step, kind=kind, name=name)), InvalidValue)


# ---- in use ------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["ALLOWED", "BLOCKED"])
def test_a_rule_in_a_policy_stays(
    account: Account, ann: Session, refused: Refused, which: str
) -> None:
    carried_out(account, ann, a_rule("R", HERE))
    properties: dict[str, Json] = {f"{which}_NETWORK_RULE_LIST": ["R"]}
    carried_out(account, ann, msgspec.structs.replace(a_policy(), properties=properties))
    refusal = refused(ann, dropped(RULE, "R"))
    assert isinstance(refusal, InUse)
    assert refusal.remedy == (
        f"alter network policy P remove {which.lower()}_network_rule_list = 'R'"
    )
    carried_out(account, ann, changed(Remove(At(f"{which}_NETWORK_RULE_LIST"), ("R",))))
    (gone,) = carried_out(account, ann, dropped(RULE, "R")).events
    assert isinstance(gone, GovernedDropped)


def test_an_attached_policy_stays(account: Account, local: Session, refused: Refused) -> None:
    integration_session(account)
    add_user(account, local, "BOB")
    carried_out(account, local, a_policy())
    steps = (put("NETWORK_POLICY", "P"),)
    in_turn: dict[str, tuple[Command, Command]] = {
        "alter account unset network_policy": (attached(), attached(None)),
        "alter user BOB unset network_policy": (attached(user="BOB"), attached(None, "BOB")),
        "alter security integration OKTA unset network_policy": (
            ChangeIntegration(integration=by("OKTA"), changes=steps, at=NOW),
            ChangeIntegration(
                integration=by("OKTA"), changes=(Unset(At("NETWORK_POLICY")),), at=NOW
            ),
        ),
    }
    for remedy, (attach, detach) in in_turn.items():
        carried_out(account, local, attach)
        for command in (dropped(), a_policy(or_replace=True)):
            assert refused(local, command).remedy == remedy
        carried_out(account, local, detach)
    assert len(carried_out(account, local, a_policy(or_replace=True)).events) == 2


# ---- against the one who asks ------------------------------------------------------------------


def test_nobody_locks_out_the_session_that_asks(
    account: Account, ann: Session, refused: Refused
) -> None:
    carried_out(account, ann, a_policy(ALLOWED_IP_LIST=["198.51.100.1"]))
    refusal = refused(ann, attached())
    assert isinstance(refusal, AddressNotAdmitted)
    assert (refusal.name, refusal.address) == ("P", HERE)


def test_a_policy_in_force_can_not_turn_against_the_session(
    account: Account, ann: Session, refused: Refused
) -> None:
    carried_out(account, ann, a_rule("R", HERE))
    carried_out(account, ann, a_rule("OTHER", "198.51.100.1"))
    carried_out(account, ann, a_policy(ALLOWED_NETWORK_RULE_LIST=["R"]))
    carried_out(account, ann, attached())
    for command in (
        changed(put("BLOCKED_IP_LIST", ["0.0.0.0/0"])),
        changed(Unset(At("VALUE_LIST")), kind=RULE, name="R"),
    ):
        assert isinstance(refused(ann, command), AddressNotAdmitted)
    harmless = changed(Unset(At("VALUE_LIST")), kind=RULE, name="OTHER")
    assert len(carried_out(account, ann, harmless).events) == 1


def test_a_users_own_policy_can_not_turn_against_the_session(
    account: Account, local: Session, ann: Session, refused: Refused
) -> None:
    carried_out(account, ann, a_policy(ALLOWED_IP_LIST=[HERE]))
    carried_out(account, local, attached(user="ANN"))
    assert isinstance(refused(ann, changed(put("ALLOWED_IP_LIST", []))), AddressNotAdmitted)


def test_who_works_on_the_machine_itself_has_no_address(account: Account, local: Session) -> None:
    carried_out(account, local, a_policy())
    assert len(carried_out(account, local, attached()).events) == 1


def test_a_rule_is_kept_as_it_was_written(account: Account, ann: Session) -> None:
    carried_out(account, ann, a_rule("R", "192.0.2.7/24"))
    found = account.ask(ann, OneGoverned(kind=RULE, object=by("R"))).governed
    assert isinstance(found, NetworkRule)
    assert (found.type, found.mode, found.value_list) == ("IPV4", "INGRESS", ("192.0.2.7/24",))

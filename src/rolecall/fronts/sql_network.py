"""Network policies, network rules and parameters in SQL: statements become commands and tables."""

from collections.abc import Callable
from typing import assert_never

from msgspec.structs import replace

from rolecall.domain import commands
from rolecall.domain.access import quoted
from rolecall.domain.commands import At, ChangeParameters, Command, GovernedChange, Ref
from rolecall.domain.effects import Effect
from rolecall.domain.events import GovernedCreated
from rolecall.domain.model import Json, Kind, NetworkPolicy, NetworkRule
from rolecall.domain.policies import NETWORK_POLICY
from rolecall.domain.queries import (
    GovernedObjects,
    GovernedSummary,
    OneGoverned,
    ParameterRow,
    ShownParameters,
)
from rolecall.domain.tables import Table
from rolecall.fronts import tables_network
from rolecall.fronts.sql_names import json_of, meant, name_of
from rolecall.fronts.sql_session import Moment
from rolecall.fronts.tables import table_of
from rolecall.sql.parts import (
    Identifier,
    ParameterScope,
    Property,
    RenameTo,
    SetProperties,
    UnsetProperties,
    Value,
)
from rolecall.sql.properties import SESSION_PARAMETERS
from rolecall.sql.statements import AlterAccount, AlterUser, CreateUser, Describe, ShowParameters
from rolecall.sql.statements_network import (
    AddToLists,
    AlterNetworkPolicy,
    AlterNetworkRule,
    CreateNetworkPolicy,
    CreateNetworkRule,
    DropNetworkPolicy,
    DropNetworkRule,
    RemoveFromLists,
    ShowNetworkPolicies,
    ShowNetworkRules,
)

NetworkChange = (
    CreateNetworkPolicy
    | AlterNetworkPolicy
    | DropNetworkPolicy
    | CreateNetworkRule
    | AlterNetworkRule
    | DropNetworkRule
    | AlterAccount
)
"""The statements of this file that change the account."""

KINDS: dict[type, Kind] = {
    CreateNetworkPolicy: Kind.NETWORK_POLICY,
    AlterNetworkPolicy: Kind.NETWORK_POLICY,
    DropNetworkPolicy: Kind.NETWORK_POLICY,
    ShowNetworkPolicies: Kind.NETWORK_POLICY,
    CreateNetworkRule: Kind.NETWORK_RULE,
    AlterNetworkRule: Kind.NETWORK_RULE,
    DropNetworkRule: Kind.NETWORK_RULE,
    ShowNetworkRules: Kind.NETWORK_RULE,
}

# ---- changes -----------------------------------------------------------------------------------


def network_command(statement: NetworkChange, moment: Moment) -> Command:
    """What the statement asks of the account."""
    match statement:
        case AlterAccount():
            changes = parameter_changes(statement.action)
            return ChangeParameters(kind=Kind.ACCOUNT, object=None, changes=changes, at=moment.at)
        case CreateNetworkPolicy() | CreateNetworkRule():
            return commands.CreateGoverned(
                id=moment.world.ids.new(),
                kind=KINDS[type(statement)],
                name=name_of(statement.name),
                at=moment.at,
                properties={item.name: json_of(item.value) for item in statement.properties},
                or_replace=statement.or_replace,
                or_alter=statement.or_alter,
                if_not_exists=statement.if_not_exists,
            )
        case AlterNetworkPolicy() | AlterNetworkRule():
            return commands.ChangeGoverned(
                kind=KINDS[type(statement)],
                object=meant(statement.name),
                changes=_changes(statement),
                at=moment.at,
                if_exists=statement.if_exists,
            )
        case DropNetworkPolicy() | DropNetworkRule():
            return commands.DropGoverned(
                kind=KINDS[type(statement)],
                object=meant(statement.name),
                at=moment.at,
                if_exists=statement.if_exists,
            )
        case _:
            assert_never(statement)


def _changes(statement: AlterNetworkPolicy | AlterNetworkRule) -> tuple[GovernedChange, ...]:
    match statement.action:
        case SetProperties(properties=items):
            return tuple(commands.Set(At(item.name), json_of(item.value)) for item in items)
        case UnsetProperties(names=names):
            return tuple(commands.Unset(At(name.text.upper())) for name in names)
        case RenameTo(name=name):
            return (commands.Set(At("NAME"), name_of(name)),)
        case AddToLists(properties=items):
            return tuple(commands.Add(At(item.name), _listed(item)) for item in items)
        case RemoveFromLists(properties=items):
            return tuple(commands.Remove(At(item.name), _listed(item)) for item in items)
        case _:
            assert_never(statement.action)


def _listed(item: Property) -> tuple[Json, ...]:
    assert isinstance(item.value, tuple), "the grammar reads a list"
    return item.value


def parameter_changes(
    action: SetProperties | UnsetProperties,
) -> tuple[commands.Set | commands.Unset, ...]:
    """The steps of ALTER ACCOUNT; NULL is the vendor's other way to say UNSET."""
    match action:
        case SetProperties(properties=items):
            return tuple(commands.Set(At(item.name), parameter_value(item.value)) for item in items)
        case UnsetProperties(names=names):
            return tuple(commands.Unset(At(name.text.upper())) for name in names)
        case _:
            assert_never(action)


def session_changes(action: SetProperties | UnsetProperties) -> dict[str, Json]:
    """What ALTER SESSION changes; None unsets."""
    return {
        step.at.attribute: step.value if isinstance(step, commands.Set) else None
        for step in parameter_changes(action)
    }


def parameter_value(value: Value) -> Json:
    """The value of a parameter; a name is its text as it would be quoted."""
    return quoted(name_of(value)) if isinstance(value, Identifier) else json_of(value)


# ---- a user's policy ---------------------------------------------------------------------------


def created_with_policy(
    statement: CreateUser, moment: Moment, make: Callable[[CreateUser, Moment], Command]
) -> tuple[Command, ...]:
    """The command of CREATE USER, and one more when it speaks of the user's network policy."""
    rest, ours = _parted(SetProperties(properties=statement.properties))
    assert isinstance(rest, SetProperties), "it was parted from one"
    command = make(replace(statement, properties=rest.properties), moment)
    assert isinstance(command, commands.CreateUser), "it was made of a CREATE"
    # Of a user who is there already and stays so (IF NOT EXISTS) the new id names nobody.
    user: Ref = meant(statement.name) if command.or_alter else command.id
    return command, *_parameters_of(user, ours, moment, if_exists=True)


def altered_with_policy(
    statement: AlterUser, moment: Moment, make: Callable[[AlterUser, Moment], Command]
) -> tuple[Command, ...]:
    """The command of ALTER USER, and one more when it speaks of parameters of the user."""
    if not isinstance(statement.action, SetProperties | UnsetProperties):
        return (make(statement, moment),)
    action, ours = _parted(statement.action)
    command = make(replace(statement, action=action), moment)
    assert isinstance(command, commands.ChangeUser), "it was made of SET or UNSET"
    return command, *_parameters_of(command.user, ours, moment, if_exists=statement.if_exists)


OF_USERS = SESSION_PARAMETERS | {NETWORK_POLICY}
"""What ALTER USER sets beside properties."""


def _parted(
    action: SetProperties | UnsetProperties,
) -> tuple[SetProperties | UnsetProperties, tuple[commands.Set | commands.Unset, ...]]:
    """What is said of properties, and what of parameters."""
    if isinstance(action, SetProperties):
        items = action.properties
        rest = tuple(item for item in items if item.name not in OF_USERS)
        ours = tuple(item for item in items if item.name in OF_USERS)
        return SetProperties(properties=rest), parameter_changes(SetProperties(properties=ours))
    left = tuple(name for name in action.names if name.text.upper() not in OF_USERS)
    unset = tuple(name for name in action.names if name.text.upper() in OF_USERS)
    return UnsetProperties(names=left), parameter_changes(UnsetProperties(names=unset))


def _parameters_of(
    user: Ref,
    changes: tuple[commands.Set | commands.Unset, ...],
    moment: Moment,
    *,
    if_exists: bool,
) -> tuple[Command, ...]:
    if not changes:
        return ()
    change = ChangeParameters(
        kind=Kind.USER, object=user, changes=changes, at=moment.at, if_exists=if_exists
    )
    return (change,)


# ---- what is said of it ------------------------------------------------------------------------

MADE: dict[type, str] = {CreateNetworkPolicy: "Network policy", CreateNetworkRule: "Network rule"}


def network_message(statement: NetworkChange, effects: tuple[Effect, ...]) -> str:
    """The sentence for what was done."""
    events = [event for effect in effects for event in effect.events]
    match statement:
        case CreateNetworkPolicy() | CreateNetworkRule():
            name = name_of(statement.name)
            if any(isinstance(event, GovernedCreated) for event in events):
                return f"{MADE[type(statement)]} {name} successfully created."
            if statement.or_alter:
                return f"{MADE[type(statement)]} {name} successfully altered."
            return f"{name} already exists, statement succeeded."
        case DropNetworkPolicy() | DropNetworkRule():
            name = name_of(statement.name)
            if not events:
                return f"Drop statement executed successfully ({name} already dropped)."
            return f"{name} successfully dropped."
        case _:
            return "Statement executed successfully."


# ---- SHOW and DESCRIBE -------------------------------------------------------------------------


def found_policies(moment: Moment) -> list[NetworkPolicy]:
    """The network policies that the session may see."""
    found = moment.ask(GovernedObjects(kind=Kind.NETWORK_POLICY))
    return [row.governed for row in found if isinstance(row.governed, NetworkPolicy)]


def found_rules(moment: Moment) -> list[GovernedSummary]:
    """The network rules that the session may see."""
    return list(moment.ask(GovernedObjects(kind=Kind.NETWORK_RULE)))


def described_network(statement: Describe, moment: Moment) -> Table:
    """DESCRIBE NETWORK POLICY and DESCRIBE NETWORK RULE."""
    kind = Kind(statement.kind)
    found = moment.ask(OneGoverned(kind=kind, object=meant(statement.name)))
    if isinstance(found.governed, NetworkRule):
        return table_of(tables_network.DESCRIBE_NETWORK_RULE, [found])
    assert isinstance(found.governed, NetworkPolicy), "the statement is of no other kind"
    rows = tables_network.described_policy(found.governed)
    return table_of(tables_network.DESCRIBE_NETWORK_POLICY, rows)


def found_parameters(statement: ShowParameters, moment: Moment) -> tuple[ParameterRow, ...]:
    """The parameters of a level; FOR USER without a name is the session's own user."""
    user = moment.session.user if statement.name is None else meant(statement.name)
    return moment.ask(
        ShownParameters(
            level=statement.scope.value,
            user=None if statement.scope is ParameterScope.ACCOUNT else user,
            session=moment.place.parameters,
        )
    )

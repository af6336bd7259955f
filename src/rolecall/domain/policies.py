"""Network policies and the rules in them: made, changed, attached, and never lost while in use.

A policy is attached by its id: to the account or a user by the parameter NETWORK_POLICY, to an
integration by its property. Rules stand in policies by name, which no statement changes.
"""

from collections.abc import Callable, Iterator
from typing import assert_never

import msgspec

from rolecall.domain import access, network, oauth, properties
from rolecall.domain.commands import (
    Add,
    ByName,
    ChangeGoverned,
    CreateGoverned,
    DropGoverned,
    GovernedChange,
    Ref,
    Remove,
    Set,
    Unset,
)
from rolecall.domain.effects import Effect
from rolecall.domain.errors import AddressNotAdmitted, AlreadyExists, InUse, InvalidValue, NotFound
from rolecall.domain.events import Event, GovernedChanged, GovernedCreated, GovernedDropped
from rolecall.domain.grants import governed_meant, integration_meant
from rolecall.domain.model import (
    ExternalOauth,
    Governed,
    Json,
    Kind,
    NetworkPolicy,
    NetworkRule,
    Privilege,
)
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Reading, Transaction
from rolecall.domain.properties import PropertyRule
from rolecall.domain.queries import (
    AttachedPolicy,
    GovernedObjects,
    GovernedSummary,
    OneGoverned,
    PolicyReference,
    PolicyReferences,
)
from rolecall.domain.session import ActorKind, Session
from rolecall.domain.users import require_name

NETWORK_POLICY = "NETWORK_POLICY"
"""The parameter, and the property of integrations, that attaches a policy."""

Said = bool | str | list[str] | None
"""A property as the history holds it."""
IP_LIST_CHARACTERS_MAX = 100_000
RULE_TYPES = (
    "IPV4",
    "IPV6",
    "AWSVPCEID",
    "AZURELINKID",
    "GCPPSCID",
    "HOST_PORT",
    "PRIVATE_HOST_PORT",
    "COMPUTE_POOL",
)
RULE_MODES = ("INGRESS", "INTERNAL_STAGE", "SNOWFLAKE_MANAGED_STORAGE_VOLUME", "EGRESS")
FILTERING_MODES = frozenset({"INGRESS", "INTERNAL_STAGE"})
"""The modes of rules that a policy can hold: the others are about traffic that goes out."""
BLOCK_VERSIONS = {"IPV4": 4, "IPV6": 6}


# ---- how a property is read --------------------------------------------------------------------


def _texts(name: str, value: Json) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in values):
        raise InvalidValue(name, "it takes a list of texts")
    return tuple(dict.fromkeys(str(text) for text in values))


def _blocks(name: str, value: Json) -> tuple[str, ...]:
    found = _texts(name, value)
    if sum(len(text) + 1 for text in found) > IP_LIST_CHARACTERS_MAX:
        raise InvalidValue(name, f"at most {IP_LIST_CHARACTERS_MAX} characters")
    return tuple(network.require_block(name, text, 4) for text in found)


def _rule_names(name: str, value: Json) -> tuple[Name, ...]:
    return tuple(dict.fromkeys(access.fold_role(text) for text in _texts(name, value)))


def _word_among(choices: tuple[str, ...]) -> Callable[[str, Json], str]:
    def read(name: str, value: Json) -> str:
        word = str(value).upper()
        if word not in choices:
            raise InvalidValue(name, f"it takes one of {', '.join(choices)}")
        return word

    return read


POLICY_PROPERTIES = {
    "ALLOWED_NETWORK_RULE_LIST": PropertyRule(
        field="allowed_network_rule_list", read=_rule_names, default=()
    ),
    "BLOCKED_NETWORK_RULE_LIST": PropertyRule(
        field="blocked_network_rule_list", read=_rule_names, default=()
    ),
    "ALLOWED_IP_LIST": PropertyRule(field="allowed_ip_list", read=_blocks, default=()),
    "BLOCKED_IP_LIST": PropertyRule(field="blocked_ip_list", read=_blocks, default=()),
    "COMMENT": PropertyRule(field="comment", read=properties.text),
}
RULE_PROPERTIES = {
    "VALUE_LIST": PropertyRule(field="value_list", read=_texts, default=()),
    "COMMENT": PropertyRule(field="comment", read=properties.text),
}
"""What ALTER can change; TYPE and MODE are a rule's for life (vendor: ALTER NETWORK RULE)."""


class GovernedKind(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to know of one kind: who may make it, of what, and what ALTER changes."""

    makes: Callable[..., Governed]
    privilege: Privilege
    properties: dict[str, PropertyRule]
    fixed: dict[str, PropertyRule] = {}
    renamable: bool = True


KINDS: dict[Kind, GovernedKind] = {
    Kind.NETWORK_POLICY: GovernedKind(
        makes=NetworkPolicy,
        privilege=Privilege.CREATE_NETWORK_POLICY,
        properties=POLICY_PROPERTIES,
    ),
    Kind.NETWORK_RULE: GovernedKind(
        makes=NetworkRule,
        privilege=Privilege.CREATE_NETWORK_RULE,
        properties=RULE_PROPERTIES,
        fixed={
            "TYPE": PropertyRule(field="type", read=_word_among(RULE_TYPES)),
            "MODE": PropertyRule(field="mode", read=_word_among(RULE_MODES)),
        },
        renamable=False,
    ),
    Kind.EXTERNAL_OAUTH: GovernedKind(
        makes=ExternalOauth,
        privilege=Privilege.CREATE_INTEGRATION,
        properties=oauth.PROPERTIES,
        renamable=False,
    ),
}


# ---- made, changed, dropped --------------------------------------------------------------------


def create_governed(tx: Transaction, session: Session, command: CreateGoverned) -> Effect:
    """A policy or rule comes to be. Raises NotAuthorized, AlreadyExists, InvalidValue, InUse."""
    kind = KINDS[command.kind]
    present = tx.governed_named(command.kind, command.name)
    if present is not None and command.or_alter:
        return _altered(tx, session, command, present)
    access.require(tx, session, kind.privilege)
    require_name("NAME", command.name)
    if present is not None and command.if_not_exists:
        return Effect()
    if present is not None and not command.or_replace:
        raise AlreadyExists(command.kind, command.name, id=present.id)

    made = _made(session, command)
    if isinstance(made, ExternalOauth) and tx.integration_named(made.name) is not None:
        raise AlreadyExists(Kind.INTEGRATION, made.name)
    _require_sensible(tx, session, made, None)
    events: list[Event] = []
    if present is not None:
        _require_owned(tx, session, command.kind, present, ByName(command.name))
        events.append(_removed(tx, command.kind, present))
    tx.save_governed(command.kind, made)
    tx.bump_generation()
    said = GovernedCreated(id=made.id, kind=command.kind, name=made.name, owner=made.owner)
    return Effect((*events, said))


def _made(session: Session, command: CreateGoverned) -> Governed:
    kind = KINDS[command.kind]
    known = kind.fixed | kind.properties
    fields = {
        known[name].field: known[name].read(name, value)
        for name, value in command.properties.items()
    }
    return kind.makes(
        id=command.id,
        name=command.name,
        owner=session.role,
        created_at=command.at,
        **fields,
    )


def _altered(
    tx: Transaction, session: Session, command: CreateGoverned, present: Governed
) -> Effect:
    """CREATE OR ALTER: what is not said is unset, what can't change has to be the same."""
    _require_owned(tx, session, command.kind, present, ByName(command.name))
    kind = KINDS[command.kind]
    same = _made(session, command)
    for name, rule in kind.fixed.items():
        if getattr(same, rule.field) != getattr(present, rule.field):
            raise InvalidValue(name, "it can't be altered: create the rule anew")
    fields = {rule.field: getattr(same, rule.field) for rule in kind.properties.values()}
    return _kept(tx, session, command.kind, present, msgspec.structs.replace(present, **fields))


def change_governed(tx: Transaction, session: Session, command: ChangeGoverned) -> Effect:
    """A policy or rule changes. Raises NotFound, NotAuthorized, InvalidValue, AlreadyExists."""
    before = _meant(tx, command.kind, command.object, if_exists=command.if_exists)
    if before is None:
        return Effect()
    _require_owned(tx, session, command.kind, before, command.object)
    after = before
    for change in command.changes:
        after = _changed(KINDS[command.kind], after, change)
    if after.name != before.name and tx.governed_named(command.kind, after.name) is not None:
        raise AlreadyExists(command.kind, after.name)
    return _kept(tx, session, command.kind, before, after)


def _kept(
    tx: Transaction, session: Session, kind: Kind, before: Governed, after: Governed
) -> Effect:
    """What is now, kept; refused if it keeps the session itself out (reference section 6)."""
    _require_sensible(tx, session, after, before)
    if after == before:
        return Effect()
    tx.save_governed(kind, after)
    tx.bump_generation()
    for policy in _in_force(tx, session):
        if after == policy or (isinstance(after, NetworkRule) and after.name in _rules_of(policy)):
            require_admitted(tx, session, policy)
    rows = KINDS[kind].properties | {"NAME": PropertyRule(field="name", read=properties.text)}
    fields = {
        name: rule.field
        for name, rule in rows.items()
        if getattr(before, rule.field) != getattr(after, rule.field)
    }
    was = {name: _said(getattr(before, field)) for name, field in fields.items()}
    now = {name: _said(getattr(after, field)) for name, field in fields.items()}
    return Effect((GovernedChanged(id=after.id, kind=kind, before=was, after=now),))


def _said(value: Said | tuple[str, ...]) -> Said:
    return list(value) if isinstance(value, tuple) else value


def _changed(kind: GovernedKind, governed: Governed, change: GovernedChange) -> Governed:
    name = change.at.attribute
    if name == "NAME" and kind.renamable and isinstance(change, Set):
        require_name(name, str(change.value))
        return msgspec.structs.replace(governed, name=Name(str(change.value)))
    rule = kind.properties.get(name)
    if rule is None:
        raise InvalidValue(name, "it can't be altered: drop it and create it anew")
    present = getattr(governed, rule.field)
    value: object
    match change:
        case Set(value=given):
            value = rule.read(name, given)
        case Unset():
            value = rule.default
        case Add(values=values):
            value = tuple(dict.fromkeys((*present, *_listed(rule, name, values))))
        case Remove(values=values):
            value = _without(name, present, _listed(rule, name, values))
        case _:
            assert_never(change)
    return msgspec.structs.replace(governed, **{rule.field: value})


def _listed(rule: PropertyRule, name: str, values: tuple[Json, ...]) -> tuple[str, ...]:
    found = rule.read(name, list(values))
    assert isinstance(found, tuple), "the grammar adds to lists, and removes from them"
    return found


def _without(name: str, present: tuple[str, ...], gone: tuple[str, ...]) -> tuple[str, ...]:
    for entry in gone:
        if entry not in present:
            raise InvalidValue(name, f"'{entry}' is not in it")
    return tuple(entry for entry in present if entry not in gone)


def drop_governed(tx: Transaction, session: Session, command: DropGoverned) -> Effect:
    """A policy or rule is gone. Raises NotFound, NotAuthorized, InUse."""
    governed = _meant(tx, command.kind, command.object, if_exists=command.if_exists)
    if governed is None:
        return Effect()
    _require_owned(tx, session, command.kind, governed, command.object)

    event = _removed(tx, command.kind, governed)
    tx.bump_generation()
    return Effect((event,))


def _removed(tx: Transaction, kind: Kind, governed: Governed) -> Event:
    user = next(_users_of(tx, governed), None)
    if user is not None:
        used_by, remedy = user
        raise InUse(kind, governed.name, used_by, remedy=remedy)
    tx.delete_governed(kind, governed.id)
    return GovernedDropped(id=governed.id, kind=kind, name=governed.name)


def _users_of(tx: Reading, governed: Governed) -> Iterator[tuple[Kind, str]]:
    """To what kind of object it is attached, and the statement that takes it off."""
    if isinstance(governed, ExternalOauth):
        return iter(())
    if isinstance(governed, NetworkRule):
        return _policies_with(tx, governed)
    return _attached_to(tx, governed)


# ---- does it make sense, and is the asker still let in? ----------------------------------------


def _require_sensible(
    tx: Reading, session: Session, after: Governed, before: Governed | None
) -> None:
    if isinstance(after, ExternalOauth):
        oauth.require_sensible(tx, after)
        return
    if isinstance(after, NetworkRule):
        version = BLOCK_VERSIONS.get(after.type)
        if version is not None:
            for text in after.value_list:
                network.require_block("VALUE_LIST", text, version)
        return
    known = _rules_of(before) if isinstance(before, NetworkPolicy) else frozenset()
    for name in sorted(_rules_of(after) - known):
        rule = usable(tx, session, Kind.NETWORK_RULE, ByName(name))
        assert isinstance(rule, NetworkRule), "the kind says so"
        if rule.mode not in FILTERING_MODES:
            raise InvalidValue("NETWORK_RULE_LIST", f"rule '{name}' has MODE = {rule.mode}")


def _rules_of(policy: NetworkPolicy) -> frozenset[Name]:
    return frozenset((*policy.allowed_network_rule_list, *policy.blocked_network_rule_list))


def require_admitted(tx: Reading, session: Session, policy: NetworkPolicy) -> None:
    """Refuse what would keep the session's own address out (AddressNotAdmitted).

    Whoever works on the machine itself has no address, and can't be kept out.
    """
    if session.actor_kind is not ActorKind.USER or session.client_ip is None:
        return
    if not network.decided(policy.name, gate(tx, policy), session.client_ip).allowed:
        raise AddressNotAdmitted(policy.name, session.client_ip)


def gate(reading: Reading, policy: NetworkPolicy) -> network.Gate:
    """The policy compiled with its rules as they are now."""
    return network.gate_of(policy, {rule.name: rule for rule in _all_rules(reading)})


def _all_rules(reading: Reading) -> Iterator[NetworkRule]:
    found = reading.governed_all(Kind.NETWORK_RULE)
    return (rule for rule in found if isinstance(rule, NetworkRule))


def _in_force(tx: Reading, session: Session) -> Iterator[NetworkPolicy]:
    """The policies that judge the session's own requests: the account's and its user's."""
    scopes = [access.account_id(tx)] + ([session.user] if session.user is not None else [])
    for scope in scopes:
        policy = policy_on(tx, scope)
        if policy is not None:
            yield policy


# ---- attaching ---------------------------------------------------------------------------------


def policy_with(reading: Reading, policy: str | None) -> NetworkPolicy | None:
    """The policy with this id, as a parameter or a property holds it."""
    found = None if policy is None else reading.governed(Kind.NETWORK_POLICY, Id(policy))
    assert found is None or isinstance(found, NetworkPolicy), "the kind says so"
    return found


def policy_on(reading: Reading, scope: Id) -> NetworkPolicy | None:
    """The policy that the account or a user has by its parameter."""
    return policy_with(reading, reading.parameters(scope).get(NETWORK_POLICY))


def policy_to_attach(reading: Reading, session: Session, name: str) -> NetworkPolicy:
    """The policy of this name, if the session may use it; NotFound."""
    found = usable(reading, session, Kind.NETWORK_POLICY, ByName(access.fold_role(name)))
    assert isinstance(found, NetworkPolicy), "the kind says so"
    return found


def usable(reading: Reading, session: Session, kind: Kind, ref: Ref) -> Governed:
    """A policy or rule that the session owns, has USAGE on or sees; NotFound."""
    found = governed_meant(reading, kind, ref)
    if not shows(reading, session, kind, found):
        target = access.target_of(kind, found)
        raise NotFound(kind, access.label(ref), remedy=access.hand_over(reading, session, target))
    return found


def shows(reading: Reading, session: Session, kind: Kind, governed: Governed) -> bool:
    """Whether the session may know of it: by OWNERSHIP, USAGE or MANAGE GRANTS."""
    users = access.holders(reading, Privilege.USAGE, kind, governed.id)
    return (
        access.owns(reading, session, governed.owner)
        or access.sees(reading, session, kind)
        or not users.isdisjoint(access.active_roles(reading, session))
    )


def may_know(reading: Reading, session: Session, policy: NetworkPolicy) -> bool:
    """Whether the session may read which policy is in force."""
    return access.holds(reading, session, Privilege.ATTACH_POLICY) or shows(
        reading, session, Kind.NETWORK_POLICY, policy
    )


def _policies_with(tx: Reading, rule: NetworkRule) -> Iterator[tuple[Kind, str]]:
    for policy in tx.governed_all(Kind.NETWORK_POLICY):
        assert isinstance(policy, NetworkPolicy), "the kind says so"
        if rule.name in policy.allowed_network_rule_list:
            yield Kind.NETWORK_POLICY, _taking_off(policy, "allowed", rule)
        if rule.name in policy.blocked_network_rule_list:
            yield Kind.NETWORK_POLICY, _taking_off(policy, "blocked", rule)


def _taking_off(policy: NetworkPolicy, which: str, rule: NetworkRule) -> str:
    named = access.quoted(rule.name).replace("'", "''")
    return (
        f"alter network policy {access.quoted(policy.name)} "
        f"remove {which}_network_rule_list = '{named}'"
    )


def _attached_to(tx: Reading, policy: NetworkPolicy) -> Iterator[tuple[Kind, str]]:
    for scope in tx.parameter_scopes(NETWORK_POLICY, policy.id):
        user = tx.user(scope)
        if user is None:
            yield Kind.ACCOUNT, "alter account unset network_policy"
        else:
            yield Kind.USER, f"alter user {access.quoted(user.name)} unset network_policy"
    for found in tx.integrations():
        if found.network_policy == policy.id:
            name = access.quoted(found.name)
            yield Kind.INTEGRATION, f"alter security integration {name} unset network_policy"


# ---- showing -----------------------------------------------------------------------------------


def governed_objects(
    reading: Reading, session: Session, query: GovernedObjects
) -> tuple[GovernedSummary, ...]:
    """Those that the session may know of, by name."""
    found = [
        governed
        for governed in reading.governed_all(query.kind)
        if shows(reading, session, query.kind, governed)
    ]
    owners = access.names_of(reading, {governed.owner for governed in found})
    return tuple(
        GovernedSummary(governed=governed, owner=owners.get(governed.owner)) for governed in found
    )


def one_governed(reading: Reading, session: Session, query: OneGoverned) -> GovernedSummary:
    """To describe it takes OWNERSHIP, or MANAGE GRANTS (vendor: DESCRIBE NETWORK POLICY)."""
    found = governed_meant(reading, query.kind, query.object)
    if not access.sees(reading, session, query.kind):
        _require_owned(reading, session, query.kind, found, query.object)
    owners = access.names_of(reading, {found.owner})
    return GovernedSummary(governed=found, owner=owners.get(found.owner))


def policy_references(
    reading: Reading, session: Session, query: PolicyReferences
) -> tuple[PolicyReference, ...]:
    """By policy, then by what it is attached to, of policies that the session sees.

    Raises NotFound for a policy that is absent or unseen.
    """
    kind = Kind.NETWORK_POLICY
    if query.policy is None:
        meant = [each for each in reading.governed_all(kind) if shows(reading, session, kind, each)]
    else:
        meant = [governed_meant(reading, kind, query.policy)]
        access.require_seen(reading, session, access.target_of(kind, meant[0]), query.policy)
    return tuple(
        PolicyReference(policy=policy.name, kind=on, name=name)
        for policy in meant
        for on, name in _attachments(reading, policy.id)
    )


def _attachments(reading: Reading, policy: Id) -> Iterator[tuple[Kind, str]]:
    for scope in reading.parameter_scopes(NETWORK_POLICY, policy):
        user = reading.user(scope)
        yield ((Kind.ACCOUNT, reading.account().name) if user is None else (Kind.USER, user.name))
    for found in reading.integrations():
        if found.network_policy == policy:
            yield Kind.INTEGRATION, found.name


def attached_policy(reading: Reading, session: Session, query: AttachedPolicy) -> Name | None:
    """What an integration's owner reads of its policy, whoever owns that."""
    integration = integration_meant(reading, query.integration)
    target = access.target_of(Kind.INTEGRATION, integration)
    access.require_owned(reading, session, target, query.integration)
    policy = policy_with(reading, integration.network_policy)
    return None if policy is None else policy.name


# ---- finding -----------------------------------------------------------------------------------


def _require_owned(
    tx: Reading, session: Session, kind: Kind, governed: Governed, asked: Ref
) -> None:
    access.require_owned(tx, session, access.target_of(kind, governed), asked)


def _meant(tx: Reading, kind: Kind, ref: Ref, *, if_exists: bool) -> Governed | None:
    try:
        return governed_meant(tx, kind, ref)
    except NotFound:
        if if_exists:
            return None
        raise

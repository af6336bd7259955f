"""Whether a request may knock at all: judged by its address, before its secret is looked at.

The network policy in force is the most specific one: the integration's, else the user's, else the
account's (reference section 6). One excludes the others: an integration's policy and the
account's don't affect each other (documents: custom SCIM, network policies).
"""

import msgspec

from rolecall.domain import access, network, parameters, policies
from rolecall.domain.errors import AddressRefused, NotAuthorized
from rolecall.domain.grants import integration_meant
from rolecall.domain.model import Integration, Kind, NetworkPolicy, Privilege
from rolecall.domain.names import Id, Name
from rolecall.domain.network import Decision, Gate
from rolecall.domain.policies import NETWORK_POLICY
from rolecall.domain.ports import Reading
from rolecall.domain.queries import Admission, EvaluateNetworkPolicy
from rolecall.domain.session import ActorKind, Session


class Standing(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A policy in force, compiled, and what it is attached to."""

    policy: Name
    gate: Gate
    attached_to: Kind


def standing(
    reading: Reading, integration: Integration | None = None, user: Id | None = None
) -> Standing | None:
    """The policy that judges a request by this integration, this user, or both, if there is one.

    Where both have one the parameter NETWORK_POLICY_PRECEDENCE decides.
    """
    key = ("standing", None if integration is None else integration.id, user)
    return reading.memo(key, lambda: _standing(reading, integration, user))


def _standing(
    reading: Reading, integration: Integration | None, user: Id | None
) -> Standing | None:
    of_integration = None if integration is None else _of_integration(reading, integration)
    of_user = None if user is None else _of_scope(reading, user, Kind.USER)
    if of_user is not None and parameters.text_of(reading, parameters.PRECEDENCE) == "USER":
        return of_user
    return of_integration or of_user or _of_scope(reading, access.account_id(reading), Kind.ACCOUNT)


def _of_integration(reading: Reading, integration: Integration) -> Standing | None:
    policy = integration.network_policy
    return None if policy is None else _compiled(reading, policy, Kind.INTEGRATION)


def _of_scope(reading: Reading, scope: Id, kind: Kind) -> Standing | None:
    policy = reading.parameters(scope).get(NETWORK_POLICY)
    return None if policy is None else _compiled(reading, policy, kind)


def _compiled(reading: Reading, policy: str, attached_to: Kind) -> Standing:
    found = policies.policy_with(reading, policy)
    assert found is not None, "an attached policy can't be dropped"
    return Standing(policy=found.name, gate=policies.gate(reading, found), attached_to=attached_to)


def require_admitted(
    reading: Reading,
    address: str | None,
    integration: Integration | None = None,
    user: Id | None = None,
) -> None:
    """Refuse an address that the policy in force does not admit. Raises AddressRefused.

    None is whoever works on the machine itself; an address that can't be read is refused.
    """
    if address is not None:
        require_admitted_by(standing(reading, integration, user), address)


def require_admitted_by(found: Standing | None, address: str | None) -> None:
    """The same by the policy in force, where it is known."""
    if found is None or address is None:
        return
    decision = network.decided(found.policy, found.gate, address)
    if not decision.allowed:
        raise AddressRefused(address, remedy=_told(decision, found.attached_to))


def _told(decision: Decision, attached_to: Kind) -> str:
    """For the history: what decided, and what on."""
    why = (
        "no entry of it allows the address"
        if decision.entry is None
        else f"its entry {decision.entry} blocks the address"
    )
    policy = access.quoted(decision.policy)
    return f"Network policy {policy} of the {attached_to.value.lower()}: {why}."


def require_session_admitted(reading: Reading, session: Session) -> None:
    """Judge a login's statement: a policy may have come into force since it began.

    Raises AddressRefused. A request by an integration was judged when it was accepted.
    """
    if session.actor_kind is ActorKind.USER:
        require_admitted(reading, session.client_ip, user=session.user)


def evaluate(reading: Reading, session: Session, query: EvaluateNetworkPolicy) -> Admission:
    """The dry run: what would become of a request from an address. Raises NotFound, NotAuthorized.

    It takes ATTACH POLICY on the account, or the right to see the policy that would decide.
    """
    integration = (
        None if query.integration is None else integration_meant(reading, query.integration)
    )
    if integration is not None and not access.holds(reading, session, Privilege.ATTACH_POLICY):
        target = access.target_of(Kind.INTEGRATION, integration)
        access.require_seen(reading, session, target, query.integration)
    found = standing(reading, integration)
    if found is None:
        return Admission(allowed=True)
    policy = reading.governed_named(Kind.NETWORK_POLICY, found.policy)
    assert isinstance(policy, NetworkPolicy), "a policy in force is there"
    if not policies.may_know(reading, session, policy):
        account = reading.account().name
        raise NotAuthorized(
            Privilege.ATTACH_POLICY,
            Kind.ACCOUNT,
            account,
            remedy="grant attach policy on account to role …",
        )
    decision = network.decided(found.policy, found.gate, query.address)
    return Admission(
        allowed=decision.allowed,
        policy=found.policy,
        entry=decision.entry,
        attached_to=found.attached_to,
    )

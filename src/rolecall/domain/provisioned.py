"""What SCIM provisions: every resource with who wrote it last, and why its sync stopped, if it did.

A resource is an integration's when that knows it by an external id, or when the role that the
integration runs as owns it. A lost owner, a dropped role, an expired token: each ends a sync
silently, and here it is said (DESIGN section 5).
"""

from collections.abc import Iterator

from rolecall.domain import access
from rolecall.domain.commands import Ref
from rolecall.domain.events import Recorded
from rolecall.domain.grants import integration_meant
from rolecall.domain.model import (
    Integration,
    Kind,
    Privilege,
    Role,
    RoleCard,
    Token,
    User,
    UserCard,
)
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Asked, Link, Reading
from rolecall.domain.predicate import EVERYTHING
from rolecall.domain.queries import ScimResource, ScimResources
from rolecall.domain.session import Session

RESOURCES_MAX = 10_000
EVENTS_MAX = 100
"""How far back a resource's history is looked through."""

Card = UserCard | RoleCard


def scim_resources(
    reading: Reading, session: Session, query: ScimResources
) -> tuple[ScimResource, ...]:
    """By integration, then name: to who owns the integration. Raises NotFound."""
    rows: list[ScimResource] = []
    for integration in _asked(reading, session, query.integration):
        stopped = _stopped(reading, session, integration)
        rows += [
            _row(reading, integration, card, stopped)
            for card in _cards(reading, integration, RESOURCES_MAX - len(rows))
        ]
    return tuple(sorted(rows, key=lambda row: (row.integration, row.name, row.id)))


def _asked(reading: Reading, session: Session, ref: Ref | None) -> list[Integration]:
    if ref is not None:
        found = integration_meant(reading, ref)
        access.require_owned(reading, session, access.target_of(Kind.INTEGRATION, found), ref)
        return [found]
    return [each for each in reading.integrations() if access.owns(reading, session, each.owner)]


def _cards(reading: Reading, integration: Integration, count: int) -> Iterator[Card]:
    """At most `count` resources: those that the role owns, then those known by an external id."""
    owners = frozenset({integration.run_as_role})
    owned: list[Card] = [
        *reading.find_users(Asked(EVERYTHING, owners, integration.name), 0, count).items,
        *reading.find_roles(Asked(EVERYTHING, owners, integration.name), 0, count).items,
    ]
    yield from owned[:count]
    seen = {_subject(card).id for card in owned}
    for link in reading.links_of(integration.name, 0, count - len(owned[:count])):
        card = _linked(reading, link)
        if link.resource not in seen and card is not None:
            yield card


def _linked(reading: Reading, link: Link) -> Card | None:
    if link.kind is Kind.USER:
        return reading.user_card(link.resource, link.reader)
    return reading.role_card(link.resource, link.reader)


def _subject(card: Card) -> User | Role:
    return card.user if isinstance(card, UserCard) else card.role


def _row(
    reading: Reading, integration: Integration, card: Card, stopped: str | None
) -> ScimResource:
    subject = _subject(card)
    kind = Kind.USER if isinstance(card, UserCard) else Kind.ROLE
    written, changed = _last(reading, subject.id, integration.name)
    names = access.names_of(reading, {subject.owner})
    return ScimResource(
        id=subject.id,
        external_id=card.external_id,
        name=subject.name,
        kind=kind,
        integration=integration.name,
        owner=names.get(subject.owner),
        active=not card.user.disabled if isinstance(card, UserCard) else True,
        written_at=None if written is None else written.at,
        changed_at=None if changed is None else changed.at,
        changed_by=None if changed is None else changed.actor,
        stopped=stopped or _taken_away(reading, integration, kind, subject),
    )


def _last(
    reading: Reading, subject: Id, integration: Name
) -> tuple[Recorded | None, Recorded | None]:
    """The newest events of the integration and of anybody else."""
    events = reading.events_about(subject, EVENTS_MAX)
    written = next((each for each in events if each.actor == integration), None)
    changed = next((each for each in events if each.actor != integration), None)
    return written, changed


def has_provisioned(reading: Reading, integration: Integration, kind: Kind, subject: Id) -> bool:
    """Whether the integration knows the resource by an external id, or was seen writing to it."""
    link = Link(reader=integration.name, kind=kind, resource=subject, external_id="")
    card = _linked(reading, link)
    if card is not None and card.external_id is not None:
        return True
    return _last(reading, subject, integration.name)[0] is not None


# ---- why a sync stopped ------------------------------------------------------------------------


def _stopped(reading: Reading, session: Session, integration: Integration) -> str | None:
    """What stops all of an integration's resources."""
    if not integration.enabled:
        return "the integration is disabled"
    if reading.role(integration.run_as_role) is None:
        return "the role that the integration runs as was dropped"
    tokens = reading.tokens_of(integration.id)
    if not any(_in_force(token, integration, session.at) for token in tokens) and not (
        access.holders(reading, Privilege.USAGE, Kind.INTEGRATION, integration.id)
    ):
        return "no token of the integration is in force"
    return None


def _in_force(token: Token, integration: Integration, at: int) -> bool:
    earliest = integration.reject_tokens_issued_before or token.issued_at
    return token.ended_at is None and token.expires_at > at and token.issued_at >= earliest


def _taken_away(
    reading: Reading, integration: Integration, kind: Kind, subject: User | Role
) -> str | None:
    """Whether the resource belongs to somebody else now, and how to hand it back."""
    if subject.owner in access.reached(reading, integration.run_as_role):
        return None
    names = access.names_of(reading, {subject.owner, integration.run_as_role})
    holder = names.get(subject.owner)
    whose = "nobody" if holder is None else f"role {access.quoted(holder)}"
    return (
        f"it belongs to {whose}: grant ownership on {kind.value.lower()} "
        f"{access.quoted(subject.name)} to role {access.quoted(names[integration.run_as_role])}"
    )

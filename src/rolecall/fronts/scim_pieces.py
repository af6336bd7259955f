"""Groups of many members are told in pieces, so that neither memory nor a moment is held for them.

Each piece is read in a reading of its own, above the id that the one before ended with, and only
when the client has taken that: who is a member throughout is listed once (decision 60).
"""

from collections.abc import Iterable, Iterator

import msgspec

from rolecall.domain.model import Json, RoleCard
from rolecall.domain.queries import MembersAfter
from rolecall.fronts import scim_groups
from rolecall.fronts.scim_answers import Exchange, Reply, reply, reply_in_pieces
from rolecall.fronts.scim_steps import Ask
from rolecall.scim import messages, schema

MEMBERS_AT_ONCE = 1_000
"""A group of more is told in pieces of so many."""

_encode = msgspec.json.Encoder().encode


def group_shown(
    exchange: Exchange, card: RoleCard, projection: messages.Projection | None
) -> dict[str, Json]:
    """What was asked for of a group, with the members that the card has."""
    named = messages.asks(projection, "members")
    body = exchange.contract.shown(scim_groups.representation(card, exchange.base_url, named=named))
    return messages.project(body, projection, schema.GROUP)


def group_reply(
    status: int,
    exchange: Exchange,
    card: RoleCard,
    projection: messages.Projection | None,
    ask: Ask,
) -> Reply:
    """A group; its members, if they are wanted and the card has them not, are asked for later."""
    shown = group_shown(exchange, card, projection)
    location = f"{exchange.base_url}/Groups/{card.role.id}"
    version = card.revision.version
    if is_whole(exchange, card, projection):
        return reply(status, shown, location=location, version=version)
    head = reply(status, None, location=location, version=version)
    return reply_in_pieces(head, group_pieces(exchange, card, projection, ask))


def is_whole(exchange: Exchange, card: RoleCard, projection: messages.Projection | None) -> bool:
    """Whether the card has all that is asked for."""
    wanted = exchange.has_members and messages.wants(projection, "members")
    return card.members is not None or not wanted


def group_pieces(
    exchange: Exchange, card: RoleCard, projection: messages.Projection | None, ask: Ask
) -> Iterator[bytes]:
    """The group in JSON, its members last. Raises a Refusal when it may not be seen any more."""
    yield _encode(group_shown(exchange, card, projection))[:-1]
    before = b',"members":['
    after = ""
    while True:
        asked = MembersAfter(role=card.role.id, after=after, count=MEMBERS_AT_ONCE)
        found = ask(asked)
        members = group_shown(exchange, found, projection).get("members")
        if members:
            yield before + _encode(members)[1:-1]
            before = b","
        if not found.members or len(found.members) < MEMBERS_AT_ONCE:
            break
        after = found.members[-1].user
    yield b"}" if before != b"," else b"]}"


def list_pieces(
    response: dict[str, object], resources: Iterable[Iterable[bytes]]
) -> Iterator[bytes]:
    """A list response in JSON, its resources last."""
    head = {name: value for name, value in response.items() if name != "Resources"}
    yield _encode(head)[:-1] + b',"Resources":['
    for place, resource in enumerate(resources):
        if place:
            yield b","
        yield from resource
    yield b"]}"

"""Lists: what a query finds of one kind of resource or of several, by index or by cursor.

GET with parameters in the URL and POST to /.search with them in the body are one (RFC 7644
sections 3.4.2.1 and 3.4.3). A query at the root goes through users, then groups; one that is sorted
merges them.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import attrgetter
from typing import Any

import msgspec

from rolecall.domain.model import Json, Kind, RoleCard, UserCard
from rolecall.domain.names import Id
from rolecall.domain.predicate import EVERYTHING, Mark, Ordering, Predicate, Value
from rolecall.domain.queries import (
    Page,
    Query,
    Roles,
    RolesAfter,
    RolesBeyond,
    Together,
    TogetherBeyond,
    Users,
    UsersAfter,
    UsersBeyond,
)
from rolecall.fronts.scim_answers import Exchange, Reply, decoded, reply, reply_in_pieces
from rolecall.fronts.scim_cursors import Cursors, Position
from rolecall.fronts.scim_dialect import require_tolerated
from rolecall.fronts.scim_filters import View, keeps_kinds_apart, ordering_of, where_of
from rolecall.fronts.scim_pieces import group_pieces, group_shown, is_whole, list_pieces
from rolecall.fronts.scim_shown import projection_of, user_shown
from rolecall.fronts.scim_steps import Accepted, Ask, Read, Service
from rolecall.fronts.scim_values import is_lookup
from rolecall.scim import errors, messages, schema

Projection = messages.Projection | None

MEMBERS_WITH_A_LIST = 10_000
"""So many members are read with a page of groups; those of the others follow in pieces."""

_encode = msgspec.json.Encoder().encode


class Listed(msgspec.Struct, frozen=True):
    """A kind of resource: how it is searched, asked for and shown."""

    kind: Kind
    resource_type: schema.ResourceType
    indexed: Callable[[Predicate, Ordering | None, Projection, int, int], Query[Page[Any]]]
    after: Callable[[Predicate, Projection, str, int], Query[tuple[Any, ...]]]
    beyond: Callable[
        [Predicate, Ordering, Projection, Mark | None, int], Query[tuple[tuple[Any, Value], ...]]
    ]
    shown: Callable[[Exchange, Accepted, Any, Projection], dict[str, Json]]
    told: Callable[[Any], tuple[Id, str]]


class Part(msgspec.Struct, frozen=True):
    """One kind of resource in a query."""

    listed: Listed
    where: Predicate
    ordering: Ordering | None
    projection: Projection

    def page(self, start: int, count: int) -> Query[Page[Any]]:
        return self.listed.indexed(self.where, self.ordering, self.projection, start, count)

    def beyond(self, mark: Mark | None, count: int) -> Query[tuple[tuple[Any, Value], ...]]:
        assert self.ordering is not None, "what has no order is after an id"
        return self.listed.beyond(self.where, self.ordering, self.projection, mark, count)

    def following(self, ask: Ask, mark: Mark | None, count: int) -> Sequence[tuple[Any, Value]]:
        """What comes after a mark, each with what it is sorted by."""
        if self.ordering is not None:
            return ask(self.beyond(mark, count))
        after = "" if mark is None else mark.id
        cards = ask(self.listed.after(self.where, self.projection, after, count))
        return [(card, None) for card in cards]


def list_users(service: Service, exchange: Exchange, accepted: Accepted) -> Read:
    return _list(service, exchange, accepted, (USERS,))


def list_groups(service: Service, exchange: Exchange, accepted: Accepted) -> Read:
    return _list(service, exchange, accepted, (GROUPS,))


def list_everything(service: Service, exchange: Exchange, accepted: Accepted) -> Read:
    return _list(service, exchange, accepted, (USERS, GROUPS))


def search_users(service: Service, exchange: Exchange, accepted: Accepted) -> Read:
    return _search(service, exchange, accepted, (USERS,))


def search_groups(service: Service, exchange: Exchange, accepted: Accepted) -> Read:
    return _search(service, exchange, accepted, (GROUPS,))


def search_everything(service: Service, exchange: Exchange, accepted: Accepted) -> Read:
    return _search(service, exchange, accepted, (USERS, GROUPS))


def _search(
    service: Service, exchange: Exchange, accepted: Accepted, kinds: tuple[Listed, ...]
) -> Read:
    exchange.resource_id = None
    exchange.asked = messages.read_search(decoded(exchange))
    return _list(service, exchange, accepted, kinds)


def _list(
    service: Service, exchange: Exchange, accepted: Accepted, kinds: tuple[Listed, ...]
) -> Read:
    params = exchange.params()
    if len(kinds) == 1:
        params = exchange.contract.params(params, kinds[0].resource_type)
    parts = _parts(exchange, accepted, params, kinds)
    if len(kinds) == 1:
        exchange.resource_kind = kinds[0].kind.value
    if "cursor" in params:
        return _walk(service, exchange, accepted, parts)
    page = messages.parse_paging(params)

    def run(ask: Ask) -> Reply:
        together = _together(parts, params)
        if together is not None:
            found, total = together.page(ask, page)
        else:
            found, total = _one_after_the_other(ask, parts, page)
        counted, rows = exchange.contract.counted(page, total, len(found))

        def response(shown: Sequence[object]) -> dict[str, object]:
            return messages.list_response(shown, counted, page.start_index, rows)

        return _told(service, exchange, accepted, found, response)

    return Read(session=accepted.session, run=run, heavy=_is_heavy(parts))


def _one_after_the_other(
    ask: Ask, parts: Sequence[Part], page: messages.Page
) -> tuple[list[tuple[Part, Any]], int]:
    """The page at an index, and how many there are."""
    skipped, total = page.start_index - 1, 0
    found: list[tuple[Part, Any]] = []
    for part in parts:
        items = ask(part.page(skipped, page.count - len(found)))
        found += [(part, card) for card in items.items]
        total += items.total
        skipped = max(0, skipped - items.total)
    return found, total


def _walk(service: Service, exchange: Exchange, accepted: Accepted, parts: Sequence[Part]) -> Read:
    params = exchange.params()
    if "startIndex" in params:
        raise errors.invalid_value("Send 'startIndex' or 'cursor', not both.")
    count = messages.parse_walk_count(params)
    cursors = Cursors(service.world.secrets, exchange, accepted)
    given = cursors.position_in(params["cursor"], count) if params["cursor"] else None

    def run(ask: Ask) -> Reply:
        position = given or Position(
            count=count, total=sum(ask(part.page(0, 0)).total for part in parts)
        )
        together = _together(parts, params)
        if together is not None:
            found, following = together.page_after(ask, position)
        else:
            found, following = _page_after(ask, parts, position)
        cursor = None if following is None else cursors.text_of(following)

        def response(shown: Sequence[object]) -> dict[str, object]:
            return messages.walk_response(shown, len(found), position.total, cursor)

        return _told(service, exchange, accepted, found, response)

    return Read(session=accepted.session, run=run, heavy=True)


class _Together(msgspec.Struct, frozen=True):
    """Users and groups in one order."""

    users: Part
    groups: Part

    def page(self, ask: Ask, page: messages.Page) -> tuple[list[tuple[Part, Any]], int]:
        """The page at an index, and how many there are."""
        asked = self._following(None, page.count)
        answered = ask(Together(users=asked.users, roles=asked.roles, start=page.start_index - 1))
        return [(self._part_of(card), card) for card in answered.items], answered.total

    def page_after(
        self, ask: Ask, position: Position
    ) -> tuple[list[tuple[Part, Any]], Position | None]:
        """What comes after a position, and the next position unless that is all."""
        if position.count == 0:
            return [], None
        mark = Mark(key=position.key, id=position.after) if position.after else None
        cards = ask(self._following(mark, position.count + 1))
        found = [(self._part_of(card), card) for card, _ in cards[: position.count]]
        if len(cards) <= position.count:
            return found, None
        part, card = found[-1]
        after, key = part.listed.told(card)[0], cards[position.count - 1][1]
        return found, msgspec.structs.replace(position, after=after, key=key)

    def _following(self, mark: Mark | None, count: int) -> TogetherBeyond:
        users, groups = self.users.beyond(mark, count), self.groups.beyond(mark, count)
        assert isinstance(users, UsersBeyond), "users are asked for as users"
        assert isinstance(groups, RolesBeyond), "groups are asked for as roles"
        return TogetherBeyond(users=users, roles=groups)

    def _part_of(self, card: UserCard | RoleCard) -> Part:
        return self.users if isinstance(card, UserCard) else self.groups


def _together(parts: Sequence[Part], params: dict[str, str]) -> _Together | None:
    """Both kinds, when an order goes through them both."""
    if len(parts) == 1 or parts[0].ordering is None or keeps_kinds_apart(params):
        return None
    users, groups = parts
    return _Together(users, groups)


def _page_after(
    ask: Ask, parts: Sequence[Part], position: Position
) -> tuple[list[tuple[Part, Any]], Position | None]:
    """What comes after a position, and the next position unless that is all.

    One more than is wanted is asked for, so that the last page is known to be the last.
    """
    found: list[tuple[Part, Any]] = []
    if position.count == 0:
        return found, None
    after, key = position.after, position.key
    for number in range(position.part, len(parts)):
        part, wanted = parts[number], position.count - len(found)
        cards = part.following(ask, Mark(key=key, id=after) if after else None, wanted + 1)
        found += [(part, card) for card, _ in cards[:wanted]]
        if len(cards) > wanted:
            if wanted:
                card, key = cards[wanted - 1]
                after = part.listed.told(card)[0]
            return found, msgspec.structs.replace(position, part=number, after=after, key=key)
        after, key = "", None
    return found, None


def _told(
    service: Service,
    exchange: Exchange,
    accepted: Accepted,
    found: Sequence[tuple[Part, Any]],
    response: Callable[[Sequence[object]], dict[str, object]],
) -> Reply:
    """The list; in pieces, when it has groups whose members are too many to be read with it."""
    if len(found) == 1:
        ((part, card),) = found
        exchange.about(part.listed.kind, *part.listed.told(card))

    def shown(part: Part, card: Any) -> dict[str, Json]:  # noqa: ANN401  as the kind has it
        return part.listed.shown(exchange, accepted, card, part.projection)

    later = partial(service.account.ask, accepted.session)

    def pieces(part: Part, card: Any) -> Iterable[bytes]:  # noqa: ANN401  as the kind has it
        if part.listed is USERS or is_whole(exchange, card, part.projection):
            return (_encode(shown(part, card)),)
        return group_pieces(exchange, card, part.projection, later)

    if all(
        part.listed is USERS or is_whole(exchange, card, part.projection) for part, card in found
    ):
        return reply(200, response([shown(part, card) for part, card in found]))
    resources = (pieces(part, card) for part, card in found)
    return reply_in_pieces(reply(200, None), list_pieces(response(()), resources))


def _is_heavy(parts: Sequence[Part]) -> bool:
    """Whether it takes a reader thread: all but one lookup by an index, without members."""
    if len(parts) > 1 or not is_lookup(parts[0].where):
        return True
    return parts[0].listed is GROUPS and messages.wants(parts[0].projection, "members")


# ---- what is asked for -------------------------------------------------------------------------


def _parts(
    exchange: Exchange, accepted: Accepted, params: dict[str, str], kinds: tuple[Listed, ...]
) -> tuple[Part, ...]:
    """Each kind with its condition and order, in the order in which they are listed.

    Raises invalidFilter, or what is wrong with the order.
    """
    parts: list[Part] = []
    met: list[str] = []
    for listed in kinds:
        view = View(
            resource_type=listed.resource_type,
            base_url=exchange.base_url,
            client=accepted.integration.scim_client,
            maps_names=accepted.rules.maps_names,
        )
        others = [other.resource_type for other in kinds if other is not listed]
        where = _where(exchange, params, view, others, met)
        ordering = ordering_of(params, view, others)
        projection = projection_of(params, listed.resource_type)
        parts.append(Part(listed, where, ordering, projection))
    require_tolerated(accepted.integration, met)
    exchange.learn((), tuple(dict.fromkeys(met)))
    if len(parts) > 1 and parts[0].ordering is not None and keeps_kinds_apart(params):
        name = attrgetter("listed.resource_type.name")
        parts.sort(key=name, reverse=parts[0].ordering.descending)
    return tuple(parts)


def _where(
    exchange: Exchange,
    params: dict[str, str],
    view: View,
    others: Sequence[schema.ResourceType],
    met: list[str],
) -> Predicate:
    text = params.get("filter")
    if text is None:
        return EVERYTHING
    where = exchange.contract.where(text, view.resource_type, met)
    return where_of(text, view, met, others) if where is None else where


# ---- the kinds ---------------------------------------------------------------------------------


def _members_max(projection: Projection) -> int:
    return MEMBERS_WITH_A_LIST if messages.wants(projection, "members") else 0


def _user_shown(
    exchange: Exchange, accepted: Accepted, card: UserCard, projection: Projection
) -> dict[str, Json]:
    return messages.project(user_shown(exchange, accepted, card), projection, schema.USER)


def _user_told(card: UserCard) -> tuple[Id, str]:
    return card.user.id, card.user.login_name


def _role_told(card: RoleCard) -> tuple[Id, str]:
    return card.role.id, card.role.name


USERS = Listed(
    Kind.USER,
    schema.USER,
    lambda where, ordering, projection, start, count: Users(
        where=where,
        ordering=ordering,
        start=start,
        count=count,
        with_groups=messages.wants(projection, "groups"),
    ),
    lambda where, projection, after, count: UsersAfter(
        where=where,
        after=after,
        count=count,
        with_groups=messages.wants(projection, "groups"),
    ),
    lambda where, ordering, projection, mark, count: UsersBeyond(
        where=where,
        ordering=ordering,
        mark=mark,
        count=count,
        with_groups=messages.wants(projection, "groups"),
    ),
    _user_shown,
    _user_told,
)
GROUPS = Listed(
    Kind.ROLE,
    schema.GROUP,
    lambda where, ordering, projection, start, count: Roles(
        where=where,
        ordering=ordering,
        start=start,
        count=count,
        members_max=_members_max(projection),
    ),
    lambda where, projection, after, count: RolesAfter(
        where=where, after=after, count=count, members_max=_members_max(projection)
    ),
    lambda where, ordering, projection, mark, count: RolesBeyond(
        where=where,
        ordering=ordering,
        mark=mark,
        count=count,
        members_max=_members_max(projection),
    ),
    lambda exchange, _, card, projection: group_shown(exchange, card, projection),
    _role_told,
)

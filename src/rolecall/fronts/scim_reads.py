"""Reading: GET of one and of many becomes a question, to be asked now or on a reader thread."""

from collections.abc import Mapping

from rolecall.domain.model import Kind
from rolecall.domain.predicate import EVERYTHING, Predicate
from rolecall.domain.queries import OneRole, OneUser, Roles, Users
from rolecall.domain.roles import MEMBERS_MAX
from rolecall.fronts import scim_groups, scim_users
from rolecall.fronts.scim_answers import Exchange, Reply, not_modified, reply
from rolecall.fronts.scim_shown import group_reply, projection_of, user_reply, user_shown
from rolecall.fronts.scim_steps import Accepted, Ask, Read, Service
from rolecall.fronts.scim_values import Lookup, is_lookup, where_of
from rolecall.scim import messages, schema


def list_users(_service: Service, exchange: Exchange, accepted: Accepted) -> Read:
    params = exchange.params()
    page = messages.parse_paging(params)
    projection = projection_of(params, schema.USER)
    where = _where(exchange, params, schema.USER, scim_users.FIELDS)
    query = Users(
        where=where,
        start=page.start_index - 1,
        count=page.count,
        with_groups=messages.wants(projection, "groups"),
    )

    def run(ask: Ask) -> Reply:
        found = ask(query)
        shown = [
            messages.project(
                user_shown(exchange, accepted, card),
                projection,
                schema.USER,
            )
            for card in found.items
        ]
        exchange.resource_kind = Kind.USER.value
        if len(found.items) == 1:
            exchange.about(Kind.USER, found.items[0].user.id, found.items[0].user.login_name)
        body = messages.list_response(shown, found.total, page.start_index, len(shown))
        return reply(200, body)

    return Read(session=accepted.session, run=run, heavy=not is_lookup(where))


def get_user(_service: Service, exchange: Exchange, accepted: Accepted) -> Read:
    projection = projection_of(exchange.params(), schema.USER)
    query = OneUser(
        user=exchange.meant(Kind.USER), with_groups=messages.wants(projection, "groups")
    )

    def run(ask: Ask) -> Reply:
        card = ask(query)
        exchange.resource_name = card.user.login_name
        if exchange.has_version(card.revision.version):
            return not_modified(card.revision.version)
        return user_reply(200, exchange, accepted, card, projection)

    return Read(session=accepted.session, run=run, heavy=False)


def list_groups(_service: Service, exchange: Exchange, accepted: Accepted) -> Read:
    params = exchange.params()
    page = messages.parse_paging(params)
    projection = projection_of(params, schema.GROUP)
    where = _where(exchange, params, schema.GROUP, scim_groups.FIELDS)
    wanted, named = messages.wants(projection, "members"), messages.asks(projection, "members")
    query = Roles(
        where=where,
        start=page.start_index - 1,
        count=page.count,
        members_max=MEMBERS_MAX if wanted else 0,
    )

    def run(ask: Ask) -> Reply:
        found = ask(query)
        shown = [
            messages.project(
                scim_groups.representation(card, exchange.base_url, named=named),
                projection,
                schema.GROUP,
            )
            for card in found.items
        ]
        exchange.resource_kind = Kind.ROLE.value
        if len(found.items) == 1:
            exchange.about(Kind.ROLE, found.items[0].role.id, found.items[0].role.name)
        body = messages.list_response(shown, found.total, page.start_index, len(shown))
        return reply(200, body)

    return Read(session=accepted.session, run=run, heavy=wanted or not is_lookup(where))


def get_group(_service: Service, exchange: Exchange, accepted: Accepted) -> Read:
    projection = projection_of(exchange.params(), schema.GROUP)
    wanted = messages.wants(projection, "members")
    query = OneRole(
        role=exchange.meant(Kind.ROLE),
        members_max=MEMBERS_MAX if wanted else 0,
    )

    def run(ask: Ask) -> Reply:
        card = ask(query)
        exchange.resource_name = card.role.name
        if exchange.has_version(card.revision.version):
            return not_modified(card.revision.version)
        return group_reply(200, exchange, card, projection)

    return Read(session=accepted.session, run=run, heavy=wanted)


def _where(
    exchange: Exchange,
    params: dict[str, str],
    resource_type: schema.ResourceType,
    fields: Mapping[str, Lookup],
) -> Predicate:
    text = params.get("filter")
    if text is None:
        return EVERYTHING
    tolerated: list[str] = []
    where = where_of(text, resource_type, fields, tolerated)
    exchange.learn((), tuple(tolerated))
    return where

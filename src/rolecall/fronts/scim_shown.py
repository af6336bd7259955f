"""Cards become replies: a user as its reader sees it, with what was asked for of it."""

from rolecall.domain.model import Json, UserCard
from rolecall.fronts import scim_users
from rolecall.fronts.scim_answers import Exchange, Reply, reply
from rolecall.fronts.scim_steps import Accepted
from rolecall.scim import messages, schema


def projection_of(
    params: dict[str, str], resource_type: schema.ResourceType
) -> messages.Projection | None:
    if not params:
        return None
    return messages.parse_projection(
        params.get("attributes"), params.get("excludedAttributes"), resource_type
    )


def user_reply(
    status: int,
    exchange: Exchange,
    accepted: Accepted,
    card: UserCard,
    projection: messages.Projection | None,
) -> Reply:
    body = user_shown(exchange, accepted, card)
    location = f"{exchange.base_url}/Users/{card.user.id}"
    shown = messages.project(body, projection, schema.USER)
    return reply(status, shown, location=location, version=card.revision.version)


def user_shown(exchange: Exchange, accepted: Accepted, card: UserCard) -> dict[str, Json]:
    body = scim_users.representation(
        card,
        exchange.base_url,
        accepted.integration.scim_client,
        maps_names=accepted.rules.maps_names,
    )
    return exchange.contract.shown(body)

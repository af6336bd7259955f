"""Writing: POST, PUT, PATCH and DELETE become a command, and its effect becomes a reply."""

from collections.abc import Callable
from functools import partial

from rolecall.domain.account import Effects
from rolecall.domain.attempts import Attempt
from rolecall.domain.commands import ChangeRole, Command, CreateUser, DropRole, DropUser
from rolecall.domain.effects import Effect
from rolecall.domain.errors import ChangeHeld, Refusal
from rolecall.domain.model import Integration, Kind, RoleCard, UserCard
from rolecall.domain.queries import OneRole
from rolecall.fronts import scim_groups, scim_users
from rolecall.fronts.scim_answers import Exchange, Reply, decoded, refusal_reply, reply
from rolecall.fronts.scim_attempts import asks_of, attempt_of, details_of
from rolecall.fronts.scim_contract import MEMBERS_SHOWN_MAX
from rolecall.fronts.scim_dialect import (
    body_meant,
    patch_meant,
    refuse_unknown,
    require_known,
    require_tolerated,
)
from rolecall.fronts.scim_pieces import MEMBERS_AT_ONCE, group_reply
from rolecall.fronts.scim_shown import projection_of, user_reply
from rolecall.fronts.scim_steps import Accepted, Service, Write
from rolecall.scim import errors, messages, patch, resource, schema


def create_user(service: Service, exchange: Exchange, accepted: Accepted) -> Write:
    asked = _resource(exchange, accepted, schema.USER)
    command = scim_users.creation(
        asked,
        service.world.ids.new(),
        exchange.at,
        _password(service, accepted, asked.values.get("password")),
        maps_names=accepted.rules.maps_names,
    )
    exchange.about(Kind.USER, command.id, command.login_name)
    return _write(service, exchange, accepted, command, 201)


def replace_user(service: Service, exchange: Exchange, accepted: Accepted) -> Write:
    asked = _resource(exchange, accepted, schema.USER)
    if exchange.contract.put_knows_all:
        refuse_unknown(asked.ignored)
    user = exchange.meant(Kind.USER)
    password = _password(service, accepted, asked.values.get("password"))
    command = scim_users.replacement(
        asked,
        user,
        exchange.at,
        password,
        exchange.versions(),
        maps_names=accepted.rules.maps_names,
    )
    return _write(service, exchange, accepted, command, 200)


def change_user(service: Service, exchange: Exchange, accepted: Accepted) -> Write:
    asked = _patch(exchange, accepted, schema.USER)
    command = scim_users.alteration(
        asked,
        exchange.meant(Kind.USER),
        exchange.at,
        _password(service, accepted, scim_users.password_in(asked)),
        exchange.versions(),
        rules=accepted.rules,
    )
    exchange.origin = partial(scim_users.origin, asked, accepted.rules)
    return _write(service, exchange, accepted, command, 200)


def drop_user(service: Service, exchange: Exchange, accepted: Accepted) -> Write:
    command = DropUser(
        user=exchange.meant(Kind.USER),
        at=exchange.at,
        versions=exchange.versions(),
    )
    return _write(service, exchange, accepted, command, 204)


def _password(service: Service, accepted: Accepted, given: object) -> str | None:
    """A verifier when the integration synchronises passwords; else it is passed over."""
    if not isinstance(given, str) or not accepted.rules.syncs_password:
        return None
    return service.world.secrets.hash_password(given)


def create_group(service: Service, exchange: Exchange, accepted: Accepted) -> Write:
    asked = _resource(exchange, accepted, schema.GROUP)
    command = scim_groups.creation(asked, service.world.ids.new(), exchange.at)
    exchange.about(Kind.ROLE, command.id, command.name)
    exchange.has_members = bool(command.members)
    return _write(service, exchange, accepted, command, 201)


def replace_group(service: Service, exchange: Exchange, accepted: Accepted) -> Write:
    asked = _resource(exchange, accepted, schema.GROUP)
    body = body_meant(accepted.integration, schema.GROUP, exchange.decoded)
    command = scim_groups.replacement(
        asked,
        exchange.meant(Kind.ROLE),
        exchange.at,
        exchange.versions(),
        members_given=isinstance(body, dict) and any(k.lower() == "members" for k in body),
    )
    return _write(service, exchange, accepted, command, 200)


def change_group(service: Service, exchange: Exchange, accepted: Accepted) -> Write:
    asked = _patch(exchange, accepted, schema.GROUP)
    contract = exchange.contract
    status = contract.patched_group[accepted.integration.scim_client]
    if _asks_attributes(exchange):
        status = 200
    projection = projection_of(exchange.params(), schema.GROUP)
    wanted = exchange.has_members and messages.wants(projection, "members")
    command = scim_groups.alteration(
        asked,
        exchange.meant(Kind.ROLE),
        exchange.at,
        exchange.versions(),
        base_url=exchange.base_url,
        members_shown=MEMBERS_SHOWN_MAX if wanted and status == 200 else 0,
    )
    exchange.origin = partial(scim_groups.origin, asked, exchange.base_url)
    return _write(service, exchange, accepted, command, status)


def _asks_attributes(exchange: Exchange) -> bool:
    """Whether the answer to a PATCH MUST have a body (RFC 7644 section 3.5.2)."""
    return "attributes" in exchange.contract.params(exchange.params(), schema.GROUP)


def drop_group(service: Service, exchange: Exchange, accepted: Accepted) -> Write:
    command = DropRole(
        role=exchange.meant(Kind.ROLE),
        at=exchange.at,
        versions=exchange.versions(),
    )
    return _write(service, exchange, accepted, command, 204)


def _resource(
    exchange: Exchange, accepted: Accepted, resource_type: schema.ResourceType
) -> resource.Resource:
    """What a POST or PUT asks for, in the attributes' own names."""
    body = body_meant(accepted.integration, resource_type, decoded(exchange))
    asked = resource.read_resource(resource_type, body)
    _judge(exchange, accepted.integration, asked)
    return asked


def _patch(
    exchange: Exchange, accepted: Accepted, resource_type: schema.ResourceType
) -> patch.Patch:
    """What a PATCH asks for, in the attributes' own names."""
    body = patch_meant(accepted.integration, resource_type, decoded(exchange))
    asked = patch.read_patch(resource_type, body)
    _judge(
        exchange, accepted.integration, asked, partial(patch.place_of_oddity, resource_type, body)
    )
    return asked


def _judge(
    exchange: Exchange,
    integration: Integration,
    asked: resource.Resource | patch.Patch,
    place_of: Callable[[str], str | None] = lambda _: None,
) -> None:
    """Note what the reader met, unless the integration lets none of it pass."""
    require_tolerated(integration, asked.quirks, place_of)
    exchange.learn(asked.ignored, asked.quirks)
    require_known(integration, asked.ignored, place_of)


def _write(
    service: Service, exchange: Exchange, accepted: Accepted, command: Command, status: int
) -> Write:
    exchange.details = details_of(exchange)
    exchange.asks = asks_of(command)
    projection = projection_of(
        exchange.params(), schema.USER if exchange.resource == "Users" else schema.GROUP
    )

    def describe(effects: Effects | None, error: Exception | None) -> Attempt:
        effects, error = _outcome(effects, error)
        if effects is None:
            if status == 201:  # what was refused did not come to be: its id names nothing
                exchange.resource_id = getattr(error, "id", None)
            return attempt_of(exchange, None, error)
        answer = effects[0].answer
        if effects[0].warnings:
            exchange.details = details_of(exchange, effects[0].warnings)
        if isinstance(answer, UserCard):
            exchange.about(Kind.USER, answer.user.id, answer.user.login_name)
        else:
            assert isinstance(answer, RoleCard), "a change answers with a card"
            exchange.about(Kind.ROLE, answer.role.id, answer.role.name)
        told = _status_of(exchange, command, effects[0], status)
        return attempt_of(exchange, told, None)

    def finish(effects: Effects | None, error: Exception | None) -> Reply:
        effects, error = _outcome(effects, error)
        if effects is None:
            assert error is not None, "an outcome is one or the other"
            return refused(service, exchange, error)
        try:
            told = _status_of(exchange, command, effects[0], status)
            return _done(service, exchange, accepted, effects[0], told, projection)
        except Exception as failure:  # noqa: BLE001  what was asked is done and on record
            return refused(service, exchange, failure)

    return Write(
        session=accepted.session,
        commands=(command,),
        describe=describe,
        finish=finish,
        heavy=exchange.resource == "Groups"
        and exchange.has_members
        and (exchange.method in {"POST", "PUT"} or _asks_attributes(exchange)),
    )


def _outcome(
    effects: Effects | None, error: Exception | None
) -> tuple[Effects | None, Exception | None]:
    """What the brake holds is kept, and is refused all the same."""
    if effects is not None and isinstance(effects[0].answer, ChangeHeld):
        return None, effects[0].answer
    return effects, error


def _status_of(exchange: Exchange, command: Command, effect: Effect, status: int) -> int:
    """A create that revives who was there is no creation: 200.

    A PATCH of a group with more members than its contract shows has no body: 204. Who asks for
    attributes gets them, however many they are.
    """
    if isinstance(command, CreateUser) and isinstance(effect.answer, UserCard):
        return status if effect.answer.user.id == command.id else 200
    if isinstance(command, ChangeRole) and isinstance(effect.answer, RoleCard):
        hidden = command.members_shown > 0 and effect.answer.members is None
        shown = exchange.contract.patch_shows_all or not hidden or _asks_attributes(exchange)
        return status if shown else 204
    return status


def _done(
    service: Service,
    exchange: Exchange,
    accepted: Accepted,
    effect: Effect,
    status: int,
    projection: messages.Projection | None,
) -> Reply:
    card = effect.answer
    if status == 204:
        return reply(204, None)
    if isinstance(card, UserCard):
        return user_reply(status, exchange, accepted, card, projection)
    assert isinstance(card, RoleCard), "a change of a role answers with its card"
    wanted = messages.wants(projection, "members") and exchange.has_members
    if wanted and card.members is None:
        asked = OneRole(role=card.role.id, members_max=MEMBERS_AT_ONCE)
        try:
            card = service.account.ask(accepted.session, asked)
        except Refusal:
            return reply(204, None)  # it was dropped since: what was asked is done
    later = partial(service.account.ask, accepted.session)
    return group_reply(status, exchange, card, projection, later)


def refused(service: Service, exchange: Exchange, error: Exception) -> Reply:
    """Word a refusal; what nobody foresaw is reported, too, and what the brake holds now."""
    held = isinstance(error, ChangeHeld) and error.first
    if held or not isinstance(error, Refusal | errors.ScimError):
        service.report(exchange.request, error)
    return refusal_reply(exchange, error)


Writing = Callable[[Service, Exchange, Accepted], Write]
CREATIONS: dict[str, dict[str, Writing]] = {
    "Users": {"POST": create_user},
    "Groups": {"POST": create_group},
}
CHANGES: dict[str, dict[str, Writing]] = {
    "Users": {"PUT": replace_user, "PATCH": change_user, "DELETE": drop_user},
    "Groups": {"PUT": replace_group, "PATCH": change_group, "DELETE": drop_group},
}

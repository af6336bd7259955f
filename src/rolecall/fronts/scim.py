"""The SCIM front: a request becomes commands or a query, an outcome becomes a reply and an attempt.

A request is accepted (who asks, by which token), read (what is asked), carried out by the
account's one door, and worded. Every request leaves an attempt, refused ones too.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol, TypeVar

import msgspec

from rolecall.domain import access, parameters
from rolecall.domain.account import Account, Effects, answer, bearer
from rolecall.domain.attempts import Attempt
from rolecall.domain.commands import Command, DropRole, DropUser
from rolecall.domain.effects import Effect
from rolecall.domain.errors import Refusal, TokenRefused
from rolecall.domain.model import Integration, Json, Kind, RoleCard, ScimClient, UserCard
from rolecall.domain.names import Id
from rolecall.domain.ports import Describe, Reading
from rolecall.domain.predicate import EVERYTHING, Predicate
from rolecall.domain.queries import OneRole, OneUser, Query, Roles, Users
from rolecall.domain.roles import MEMBERS_MAX
from rolecall.domain.session import ActorKind, Session
from rolecall.fronts import scim_groups, scim_users
from rolecall.fronts.scim_answers import Exchange, Reply, not_modified, refusal_reply, reply
from rolecall.fronts.scim_attempts import attempt_of, details_of
from rolecall.fronts.scim_dialect import (
    Rules,
    body_meant,
    patch_meant,
    require_known,
    rules_of,
)
from rolecall.fronts.scim_discovery import DISCOVERY, discovered
from rolecall.fronts.scim_values import Lookup, is_lookup, where_of
from rolecall.fronts.world import World
from rolecall.scim import errors, messages, patch, resource, schema

MINUTE = 60_000_000
BODIED = frozenset({"POST", "PUT", "PATCH"})
Answer = TypeVar("Answer")

_decode = msgspec.json.Decoder().decode


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """A request whose token is good: the session it runs as, and its integration."""

    session: Session
    integration: Integration
    rules: Rules


class Ask(Protocol):
    """Asks the account as the request's session, in whatever reading is at hand."""

    def __call__(self, query: Query[Answer]) -> Answer:
        """The answer. Raises a Refusal."""
        ...


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """A question to be asked now; `heavy` ones belong on a reader thread."""

    session: Session
    run: Callable[["Ask"], Reply]
    heavy: bool


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """Commands for the account, what to note of them, and the reply once it has decided.

    A `heavy` one's reply may list many members: it belongs on a reader thread.
    """

    session: Session
    commands: tuple[Command, ...]
    describe: Describe[Effects]
    finish: Callable[[Effects | None, Exception | None], Reply]
    heavy: bool


Report = Callable[[Id, Exception], None]
"""Told of a request's failure that is no refusal: for the server's log."""


def unreported(_request: Id, _error: Exception) -> None:
    """Nobody listens."""


class ScimFront:
    """SCIM for one account."""

    def __init__(self, account: Account, world: World, report: Report = unreported) -> None:
        self.account = account
        self.world = world
        self._used: dict[Id, int] = {}
        self._report = report

    # ---- who asks --------------------------------------------------------------------------

    def begin(self, exchange: Exchange) -> Accepted | Reply | Read | Write:
        """Accept the request; what needs no body goes on at once, in the same reading.

        Raises TokenRefused, another Refusal or ScimError.
        """

        def body(reading: Reading) -> Accepted | Reply | Read | Write:
            accepted = self._accept(reading, exchange)
            if exchange.method in BODIED:
                return accepted
            step = self.answer(exchange, accepted)
            if isinstance(step, Read) and not step.heavy:
                return self._noted(exchange, step.run(partial(answer, reading, step.session)))
            return step

        return self.account.moment(body)

    def _accept(self, reading: Reading, exchange: Exchange) -> Accepted:
        """The session that the bearer token stands for. Raises TokenRefused or ScimError."""
        scheme, _, text = exchange.authorization.partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer" or not text:
            raise errors.unauthorized(
                "Access token missing. Send the header 'Authorization: Bearer <access token>'."
            )
        found = bearer(reading, self.world.secrets.verifier_of(text))
        if found is None:
            raise TokenRefused("unknown")
        token = found.token
        exchange.integration = token.integration_name
        integration = access.require_good(reading, token, exchange.at)
        exchange.client = integration.scim_client
        if exchange.endpoint_id is not None and exchange.endpoint_id != integration.endpoint:
            raise TokenRefused(
                "unknown", remedy=f"This integration's URL is /scim/v2/{integration.endpoint}/"
            )
        minute = exchange.at // MINUTE
        if self._used.get(token.id) != minute:
            self._used[token.id] = minute
            self.account.store.use(self.account.number, token.id, exchange.at)
        session = Session(
            number=self.account.number,
            actor=integration.name,
            actor_kind=ActorKind.INTEGRATION,
            role=integration.run_as_role,
            at=exchange.at,
            request=exchange.request,
            integration=integration.name,
            integration_id=integration.id,
            token=token.id,
            client_ip=exchange.client_ip,
        )
        maps_names = parameters.is_true(reading, parameters.MAP_SCIM_USERNAME)
        rules = rules_of(integration, maps_names=maps_names)
        return Accepted(session=session, integration=integration, rules=rules)

    def refuse(self, exchange: Exchange, error: Exception) -> Reply:
        """Word what went wrong before the account was asked to change anything, and note it."""
        if exchange.integration is not None:  # a stranger's request is not worth keeping
            exchange.details = details_of(exchange)
        self.account.store.note(self.account.number, attempt_of(exchange, None, error))
        return self._refusal(exchange, error)

    def _refusal(self, exchange: Exchange, error: Exception) -> Reply:
        if not isinstance(error, Refusal | errors.ScimError):
            self._report(exchange.request, error)
        return refusal_reply(exchange, error)

    # ---- what is asked ---------------------------------------------------------------------

    def answer(self, exchange: Exchange, accepted: Accepted) -> Reply | Read | Write:
        """What to do for an accepted request. Raises ScimError or a Refusal."""
        kind = exchange.resource
        if kind in DISCOVERY:
            return self._noted(exchange, discovered(exchange))
        if kind not in _COLLECTIONS or exchange.id == ".search":
            raise _unknown_endpoint(exchange)
        methods = _COLLECTIONS[kind] if exchange.id is None else _RESOURCES[kind]
        handler = methods.get(exchange.method)
        if handler is None:
            allowed = ", ".join(methods)
            exchange.allow = allowed
            raise errors.method_not_allowed(
                f"{exchange.method} does not work on /{kind}{'/{id}' if exchange.id else ''}; "
                f"use {allowed}."
            )
        return handler(self, exchange, accepted)

    def run(self, exchange: Exchange) -> Reply:
        """The whole exchange, waiting for the commit: for tests and other synchronous callers."""
        try:
            step = self.begin(exchange)
            if isinstance(step, Accepted):
                step = self.answer(exchange, step)
        except Exception as error:  # noqa: BLE001  worded and noted, whatever it is
            return self.refuse(exchange, error)
        if isinstance(step, Reply):
            return step
        if isinstance(step, Read):
            return self.read(exchange, step)
        try:
            effects = self.account.execute(step.session, *step.commands, describe=step.describe)
        except Exception as error:  # noqa: BLE001  its attempt is kept by the store
            return step.finish(None, error)
        return step.finish(effects, None)

    def read(self, exchange: Exchange, step: Read) -> Reply:
        """Run a question in a reading of its own, word its refusal, note its attempt."""
        try:
            return self._noted(exchange, step.run(partial(self.account.ask, step.session)))
        except Exception as error:  # noqa: BLE001  worded and noted, whatever it is
            return self.refuse(exchange, error)

    def _noted(self, exchange: Exchange, answer: Reply) -> Reply:
        exchange.details = details_of(exchange)
        self.account.store.note(self.account.number, attempt_of(exchange, answer.status, None))
        return answer

    # ---- users -----------------------------------------------------------------------------

    def list_users(self, exchange: Exchange, accepted: Accepted) -> Read:
        params = exchange.params()
        page = messages.parse_paging(params)
        projection = _projection(params, schema.USER)
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
                    _user_shown(exchange, accepted, card),
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

    def get_user(self, exchange: Exchange, accepted: Accepted) -> Read:
        projection = _projection(exchange.params(), schema.USER)
        query = OneUser(
            user=exchange.meant(Kind.USER), with_groups=messages.wants(projection, "groups")
        )

        def run(ask: Ask) -> Reply:
            card = ask(query)
            exchange.resource_name = card.user.login_name
            if exchange.has_version(card.revision.version):
                return not_modified(card.revision.version)
            return self._user_reply(200, exchange, accepted, card, projection)

        return Read(session=accepted.session, run=run, heavy=False)

    def create_user(self, exchange: Exchange, accepted: Accepted) -> Write:
        asked = self._resource(exchange, accepted, schema.USER)
        command = scim_users.creation(
            asked,
            self.world.ids.new(),
            exchange.at,
            self._password(accepted, asked.values.get("password")),
            maps_names=accepted.rules.maps_names,
        )
        exchange.about(Kind.USER, command.id, command.login_name)
        return self._write(exchange, accepted, command, 201)

    def replace_user(self, exchange: Exchange, accepted: Accepted) -> Write:
        asked = self._resource(exchange, accepted, schema.USER)
        user = exchange.meant(Kind.USER)
        password = self._password(accepted, asked.values.get("password"))
        command = scim_users.replacement(
            asked,
            user,
            exchange.at,
            password,
            exchange.expected_version(),
            maps_names=accepted.rules.maps_names,
        )
        return self._write(exchange, accepted, command, 200)

    def change_user(self, exchange: Exchange, accepted: Accepted) -> Write:
        asked = self._patch(exchange, accepted, schema.USER)
        command = scim_users.alteration(
            asked,
            exchange.meant(Kind.USER),
            exchange.at,
            self._password(accepted, scim_users.password_in(asked)),
            exchange.expected_version(),
            rules=accepted.rules,
        )
        return self._write(exchange, accepted, command, 200)

    def drop_user(self, exchange: Exchange, accepted: Accepted) -> Write:
        command = DropUser(
            user=exchange.meant(Kind.USER),
            at=exchange.at,
            expected_version=exchange.expected_version(),
        )
        return self._write(exchange, accepted, command, 204)

    def _password(self, accepted: Accepted, given: object) -> str | None:
        """A verifier when the integration synchronises passwords; else it is passed over."""
        if not isinstance(given, str) or not accepted.rules.syncs_password:
            return None
        return self.world.secrets.hash_password(given)

    def _user_reply(
        self,
        status: int,
        exchange: Exchange,
        accepted: Accepted,
        card: UserCard,
        projection: messages.Projection | None,
    ) -> Reply:
        body = _user_shown(exchange, accepted, card)
        location = f"{exchange.base_url}/Users/{card.user.id}"
        shown = messages.project(body, projection, schema.USER)
        return reply(status, shown, location=location, version=card.revision.version)

    # ---- groups ----------------------------------------------------------------------------

    def list_groups(self, exchange: Exchange, accepted: Accepted) -> Read:
        params = exchange.params()
        page = messages.parse_paging(params)
        projection = _projection(params, schema.GROUP)
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

    def get_group(self, exchange: Exchange, accepted: Accepted) -> Read:
        projection = _projection(exchange.params(), schema.GROUP)
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
            return self._group_reply(200, exchange, card, projection)

        return Read(session=accepted.session, run=run, heavy=wanted)

    def create_group(self, exchange: Exchange, accepted: Accepted) -> Write:
        asked = self._resource(exchange, accepted, schema.GROUP)
        command = scim_groups.creation(asked, self.world.ids.new(), exchange.at)
        exchange.about(Kind.ROLE, command.id, command.name)
        exchange.has_members = bool(command.members)
        return self._write(exchange, accepted, command, 201)

    def replace_group(self, exchange: Exchange, accepted: Accepted) -> Write:
        asked = self._resource(exchange, accepted, schema.GROUP)
        body = body_meant(accepted.integration, schema.GROUP, exchange.decoded)
        command = scim_groups.replacement(
            asked,
            exchange.meant(Kind.ROLE),
            exchange.at,
            exchange.expected_version(),
            members_given=isinstance(body, dict) and any(k.lower() == "members" for k in body),
        )
        return self._write(exchange, accepted, command, 200)

    def change_group(self, exchange: Exchange, accepted: Accepted) -> Write:
        asked = self._patch(exchange, accepted, schema.GROUP)
        command = scim_groups.alteration(
            asked, exchange.meant(Kind.ROLE), exchange.at, exchange.expected_version()
        )
        azure = accepted.integration.scim_client is ScimClient.AZURE
        return self._write(exchange, accepted, command, 204 if azure else 200)

    def drop_group(self, exchange: Exchange, accepted: Accepted) -> Write:
        command = DropRole(
            role=exchange.meant(Kind.ROLE),
            at=exchange.at,
            expected_version=exchange.expected_version(),
        )
        return self._write(exchange, accepted, command, 204)

    def _group_reply(
        self,
        status: int,
        exchange: Exchange,
        card: RoleCard,
        projection: messages.Projection | None,
    ) -> Reply:
        named = messages.asks(projection, "members")
        body = scim_groups.representation(card, exchange.base_url, named=named)
        location = f"{exchange.base_url}/Groups/{card.role.id}"
        shown = messages.project(body, projection, schema.GROUP)
        return reply(status, shown, location=location, version=card.revision.version)

    # ---- both ------------------------------------------------------------------------------

    def _resource(
        self, exchange: Exchange, accepted: Accepted, resource_type: schema.ResourceType
    ) -> resource.Resource:
        """What a POST or PUT asks for, in the attributes' own names."""
        body = body_meant(accepted.integration, resource_type, self._body(exchange))
        asked = resource.read_resource(resource_type, body)
        exchange.learn(asked.ignored, asked.quirks)
        require_known(accepted.integration, asked.ignored)
        return asked

    def _patch(
        self, exchange: Exchange, accepted: Accepted, resource_type: schema.ResourceType
    ) -> patch.Patch:
        """What a PATCH asks for, in the attributes' own names."""
        body = patch_meant(accepted.integration, resource_type, self._body(exchange))
        asked = patch.read_patch(resource_type, body)
        exchange.learn(asked.ignored, asked.quirks)
        require_known(accepted.integration, asked.ignored)
        return asked

    def _body(self, exchange: Exchange) -> object:
        if not exchange.body.strip():
            raise errors.invalid_syntax("The body is empty; send a JSON object.")
        try:
            body: object = _decode(exchange.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise errors.invalid_syntax(f"The body is not valid JSON: {error}.") from None
        exchange.decoded = body
        return body

    def _write(
        self, exchange: Exchange, accepted: Accepted, command: Command, status: int
    ) -> Write:
        exchange.details = details_of(exchange)
        projection = _projection(
            exchange.params(), schema.USER if exchange.resource == "Users" else schema.GROUP
        )

        def describe(effects: Effects | None, error: Exception | None) -> Attempt:
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
            return attempt_of(exchange, status, None)

        def finish(effects: Effects | None, error: Exception | None) -> Reply:
            if effects is None:
                assert error is not None, "an outcome is one or the other"
                return self._refusal(exchange, error)
            try:
                return self._done(exchange, accepted, effects[0], status, projection)
            except Exception as failure:  # noqa: BLE001  what was asked is done and on record
                return self._refusal(exchange, failure)

        return Write(
            session=accepted.session,
            commands=(command,),
            describe=describe,
            finish=finish,
            heavy=exchange.resource == "Groups"
            and exchange.has_members
            and exchange.method in {"POST", "PUT"},
        )

    def _done(
        self,
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
            return self._user_reply(status, exchange, accepted, card, projection)
        assert isinstance(card, RoleCard), "a change of a role answers with its card"
        if messages.wants(projection, "members") and exchange.has_members:
            most = scim_groups.MEMBERS_SHOWN_MAX if exchange.method == "PATCH" else MEMBERS_MAX
            try:
                card = self.account.ask(
                    accepted.session, OneRole(role=card.role.id, members_max=most)
                )
            except Refusal:
                return reply(204, None)  # it was dropped since: what was asked is done
            if card.members is None:
                return reply(204, None)
        return self._group_reply(status, exchange, card, projection)


def _user_shown(exchange: Exchange, accepted: Accepted, card: UserCard) -> dict[str, Json]:
    return scim_users.representation(
        card,
        exchange.base_url,
        accepted.integration.scim_client,
        maps_names=accepted.rules.maps_names,
    )


# ---- what a request names --------------------------------------------------------------------


def _projection(
    params: dict[str, str], resource_type: schema.ResourceType
) -> messages.Projection | None:
    if not params:
        return None
    return messages.parse_projection(
        params.get("attributes"), params.get("excludedAttributes"), resource_type
    )


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


def _unknown_endpoint(exchange: Exchange) -> errors.ScimError:
    if exchange.resource.split("/")[0] in {"Bulk", "Me", ".search"} or "/.search" in exchange.path:
        return errors.not_implemented(
            f"{exchange.path} is not supported; /ServiceProviderConfig says what is."
        )
    return errors.not_found(
        f"There is no SCIM endpoint {exchange.path or '/'}; "
        "use /Users, /Groups, /ServiceProviderConfig, /ResourceTypes or /Schemas."
    )


Handler = Callable[[ScimFront, Exchange, Accepted], Read | Write]
_COLLECTIONS: dict[str, dict[str, Handler]] = {
    "Users": {"GET": ScimFront.list_users, "POST": ScimFront.create_user},
    "Groups": {"GET": ScimFront.list_groups, "POST": ScimFront.create_group},
}
_RESOURCES: dict[str, dict[str, Handler]] = {
    "Users": {
        "GET": ScimFront.get_user,
        "PUT": ScimFront.replace_user,
        "PATCH": ScimFront.change_user,
        "DELETE": ScimFront.drop_user,
    },
    "Groups": {
        "GET": ScimFront.get_group,
        "PUT": ScimFront.replace_group,
        "PATCH": ScimFront.change_group,
        "DELETE": ScimFront.drop_group,
    },
}

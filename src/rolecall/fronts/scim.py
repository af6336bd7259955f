"""The SCIM front: a request becomes commands or a query, an outcome becomes a reply and an attempt.

A request is accepted (who asks, by which token), read (what is asked), carried out by the
account's one door, and worded. Every request leaves an attempt, refused ones too.
"""

from collections.abc import Callable, Mapping
from functools import partial

from rolecall.domain import access, admission, callers, oauth
from rolecall.domain.account import Account, Bearer, answer, answer_to_bearer, bearer
from rolecall.domain.errors import Refusal, TokenRefused
from rolecall.domain.model import ExternalOauth, Integration
from rolecall.domain.names import Id
from rolecall.domain.ports import Reading
from rolecall.domain.scim_tokens import is_soon
from rolecall.domain.session import ActorKind, Caller, Proven, Session
from rolecall.fronts import scim_lists, scim_reads, scim_writes
from rolecall.fronts.scim_answers import Exchange, Reply
from rolecall.fronts.scim_attempts import attempt_of, details_of
from rolecall.fronts.scim_bulk import carry_out_bulk
from rolecall.fronts.scim_contract import CONTRACTS
from rolecall.fronts.scim_dialect import REQUESTS_MAX, Rules, rules_in_force
from rolecall.fronts.scim_discovery import DISCOVERY, discovered
from rolecall.fronts.scim_steps import (
    Accepted,
    Entrance,
    Entrances,
    Read,
    Report,
    Service,
    Work,
    Write,
    unreported,
)
from rolecall.fronts.scim_writes import refused
from rolecall.fronts.world import World
from rolecall.scim import errors

MINUTE = 60_000_000
SEARCH = ".search"
BODIED = frozenset({"POST", "PUT", "PATCH"})


class ScimFront:
    """SCIM for one account."""

    def __init__(self, account: Account, world: World, report: Report = unreported) -> None:
        self.account = account
        self.world = world
        self._used: dict[Id, int] = {}
        self.requests_max = REQUESTS_MAX
        self.service = Service(account=account, world=world, report=report)

    # ---- who asks --------------------------------------------------------------------------

    def begin(
        self, exchange: Exchange, entrances: Entrances | None = None
    ) -> Accepted | Reply | Read | Write | Work:
        """Accept the request; what needs no body goes on at once, in the same reading.

        `entrances` are those of requests that had come when this one had (decision 79): by one of
        them a request with a body is accepted without a reading, and they learn of this one's.

        Raises TokenRefused, another Refusal or ScimError.
        """
        if entrances and exchange.method in BODIED and exchange.proof is None:
            known = entrances.get(self._verifier(exchange))
            if known is not None and known.is_for(exchange):
                return self._accept_settled(exchange, known)

        def body(reading: Reading) -> Accepted | Reply | Read | Write | Work:
            accepted = self._accept(reading, exchange)
            if exchange.method in BODIED:
                return accepted
            step = self.answer(exchange, accepted)
            if isinstance(step, Read) and not step.heavy:
                told = answer if accepted.entrance is None else answer_to_bearer
                return self._noted(exchange, step.run(partial(told, reading, step.session)))
            return step

        begun = self.account.moment(body)
        if entrances is not None and isinstance(begun, Accepted) and begun.entrance is not None:
            entrances[begun.entrance.verifier] = begun.entrance
        return begun

    def _verifier(self, exchange: Exchange) -> str:
        """What is on record of the token that came; nothing without one."""
        text = _presented(exchange)
        return self.world.secrets.verifier_of(text) if text else ""

    def _accept(self, reading: Reading, exchange: Exchange) -> Accepted:
        """The session that the bearer token stands for. Raises TokenRefused or ScimError."""
        if exchange.proof is not None:
            return self._accept_proof(reading, exchange, exchange.proof)
        verifier = self._verifier(exchange)
        found = bearer(reading, verifier) if verifier else None
        if found is not None:
            return self._accept_bearer(reading, exchange, verifier, found)
        who = callers.shown(reading, verifier) if verifier else None
        if who is not None:
            return self._accept_caller(reading, exchange, who)
        # The address comes first: whoever may not knock hears nothing of the token (DESIGN 8).
        admission.require_admitted(
            reading, exchange.client_ip, _knocked_at(reading, exchange, None)
        )
        if verifier:
            raise TokenRefused("unknown")
        raise errors.unauthorized(
            "Access token missing. Send the header 'Authorization: Bearer <access token>'."
        )

    def _accept_bearer(
        self, reading: Reading, exchange: Exchange, verifier: str, found: Bearer
    ) -> Accepted:
        """The same by a token of an integration, the address first here too."""
        token = found.token
        exchange.integration = token.integration_name
        exchange.token = token.id
        if found.settled and found.integration is not None:
            rules = rules_in_force(reading, found.integration)
            entrance = Entrance(verifier, found, found.integration, rules)
            if entrance.is_for(exchange):
                return self._accept_settled(exchange, entrance)
        knocked = _knocked_at(reading, exchange, found)
        admission.require_admitted(reading, exchange.client_ip, knocked)
        integration = access.require_good(reading, token, exchange.at)
        _announce_end(exchange, token.issued_at, token.expires_at)
        if exchange.endpoint_id is not None and exchange.endpoint_id != integration.endpoint:
            if not exchange.resource:
                raise _nothing_at(exchange)  # any UUID is a path as any other
            raise TokenRefused(
                "unknown", remedy=f"This integration's URL is /scim/v2/{integration.endpoint}/"
            )
        return self._accepted(exchange, integration, rules_in_force(reading, integration), token.id)

    def _accept_settled(self, exchange: Exchange, entrance: Entrance) -> Accepted:
        """The same where nothing is left to judge but the address."""
        token = entrance.bearer.token
        exchange.integration = token.integration_name
        exchange.token = token.id
        admission.require_admitted_by(entrance.bearer.standing, exchange.client_ip)
        _announce_end(exchange, token.issued_at, token.expires_at)
        return self._accepted(
            exchange, entrance.integration, entrance.rules, token.id, entrance=entrance
        )

    def needs_proof(self, exchange: Exchange) -> bool:
        """Whether a JSON Web Token came, which `prove` has to check first, away from the loop."""
        if self.world.oauth is None or "." not in exchange.authorization:
            return False
        return oauth.is_token(_presented(exchange))

    def prove(self, exchange: Exchange) -> None:
        """Check the token, and keep what it proves or why it is refused; may ask its issuer.

        The address comes first: of a token from elsewhere no signature is looked at.
        """
        text, checks = _presented(exchange), self.world.oauth
        assert checks is not None, "it needs a proof"
        claims = checks.claims_of(text)

        def body(reading: Reading) -> ExternalOauth:
            integration = _integration_meant(reading, exchange)
            whose = oauth.user_claimed(reading, claims)
            admission.require_admitted(reading, exchange.client_ip, integration, whose)
            return oauth.by_issuer(reading, claims)

        try:
            by = self.account.moment(body)
            exchange.proof = checks.proven(text, by, exchange.at)
        except Refusal as refusal:
            exchange.proof = refusal

    def _accept_proof(
        self, reading: Reading, exchange: Exchange, proof: Proven | Refusal
    ) -> Accepted:
        """The same by a JSON Web Token, whose address was judged before it was checked."""
        if isinstance(proof, Refusal):
            raise proof
        integration = _integration_meant(reading, exchange)
        who = callers.shown_by(reading, proof)
        exchange.caller = {
            "user": who.user.name,
            "oauth_integration": proof.name,
            "claim": proof.claim,
        }
        if integration is not None:
            exchange.integration = integration.name
        return self._accept_shown(reading, exchange, integration, who)

    def _accept_caller(self, reading: Reading, exchange: Exchange, who: callers.Shown) -> Accepted:
        """The same by a user's access token, which names no integration: the URL does."""
        integration = _integration_meant(reading, exchange)
        token = who.token
        assert token is not None, "it was found by its verifier"
        exchange.token = token.id
        exchange.caller = {"user": who.user.name, "access_token": token.name}
        if integration is not None:
            exchange.integration = integration.name
        return self._accept_shown(reading, exchange, integration, who)

    def _accept_shown(
        self,
        reading: Reading,
        exchange: Exchange,
        integration: Integration | None,
        who: callers.Shown,
    ) -> Accepted:
        admission.require_admitted(reading, exchange.client_ip, integration, who.user.id)
        callers.require_good(reading, who, exchange.at)
        if integration is None:
            raise errors.unauthorized(
                "Access token invalid at this URL: it has to name the integration. "
                "Use /scim/v2/<SCIM_ENDPOINT_ID>/, as DESCRIBE INTEGRATION shows it."
            )
        callers.require_usage(reading, integration, who)
        token = None if who.token is None else who.token.id
        if token is not None:
            _announce_end(exchange, who.issued_at, who.expires_at)
        caller = Caller(user=who.user.id, access_token=token, proven=who.proven)
        rules = rules_in_force(reading, integration)
        return self._accepted(exchange, integration, rules, token, caller)

    def _accepted(
        self,
        exchange: Exchange,
        integration: Integration,
        rules: Rules,
        token: Id | None,
        caller: Caller | None = None,
        *,
        entrance: Entrance | None = None,
    ) -> Accepted:
        exchange.client = integration.scim_client
        minute = exchange.at // MINUTE
        if token is not None and self._used.get(token) != minute:
            self._used[token] = minute
            self.account.store.use(self.account.number, token, exchange.at)
        session = Session(
            number=self.account.number,
            actor=integration.name,
            actor_kind=ActorKind.INTEGRATION,
            role=integration.run_as_role,
            at=exchange.at,
            request=exchange.request,
            integration=integration.name,
            integration_id=integration.id,
            token=token if caller is None else None,
            caller=caller,
            client_ip=exchange.client_ip,
        )
        self.requests_max = rules.requests_max
        exchange.contract = CONTRACTS[rules.conformance]
        return Accepted(session=session, integration=integration, rules=rules, entrance=entrance)

    def refuse(self, exchange: Exchange, error: Exception) -> Reply:
        """Word what went wrong before the account was asked to change anything, and note it."""
        if exchange.integration is not None:  # a stranger's request is not worth keeping
            exchange.details = details_of(exchange)
        self.account.store.note(self.account.number, attempt_of(exchange, None, error))
        return refused(self.service, exchange, error)

    # ---- what is asked ---------------------------------------------------------------------

    def answer(self, exchange: Exchange, accepted: Accepted) -> Reply | Read | Write | Work:
        """What to do for an accepted request. Raises ScimError or a Refusal."""
        if exchange.resource in DISCOVERY:
            return self._noted(exchange, discovered(exchange, accepted.rules))
        methods = _methods(exchange)
        handler = methods.get("GET" if exchange.method == "HEAD" else exchange.method)
        if handler is None:
            allowed = ", ".join(methods).replace("GET", "GET, HEAD")
            exchange.allow = allowed
            parts = [exchange.resource, exchange.id if exchange.id in {None, SEARCH} else "{id}"]
            place = "/".join(part for part in parts if part)
            raise errors.method_not_allowed(
                f"{exchange.method} does not work on /{place}; use {allowed}."
            )
        return handler(self.service, exchange, accepted)

    def run(self, exchange: Exchange) -> Reply:
        """The whole exchange, waiting for the commit: for tests and other synchronous callers."""
        told = self._run(exchange)
        return Reply(status=told.status, headers=told.headers, body=told.whole)

    def _run(self, exchange: Exchange) -> Reply:
        try:
            if self.needs_proof(exchange):
                self.prove(exchange)
            step = self.begin(exchange)
            if isinstance(step, Accepted):
                step = self.answer(exchange, step)
        except Exception as error:  # noqa: BLE001  worded and noted, whatever it is
            return self.refuse(exchange, error)
        if isinstance(step, Reply):
            return step
        if isinstance(step, Read):
            return self.read(exchange, step)
        if isinstance(step, Work):
            return self.work(exchange, step)
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

    def work(self, exchange: Exchange, step: Work) -> Reply:
        """Carry out what leaves attempts of its own; only its failure as a whole is noted."""
        try:
            return step.run()
        except Exception as error:  # noqa: BLE001  worded and noted, whatever it is
            return self.refuse(exchange, error)

    def _noted(self, exchange: Exchange, answer: Reply) -> Reply:
        exchange.details = details_of(exchange)
        self.account.store.note(self.account.number, attempt_of(exchange, answer.status, None))
        return answer


def _announce_end(exchange: Exchange, issued_at: int, expires_at: int) -> None:
    """A token that ends soon is told of in the answer."""
    if is_soon(issued_at, expires_at, exchange.at):
        exchange.expires_at = expires_at


def _presented(exchange: Exchange) -> str:
    """The bearer token that came, or nothing."""
    scheme, _, text = exchange.authorization.partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def _knocked_at(reading: Reading, exchange: Exchange, found: Bearer | None) -> Integration | None:
    """The integration whose network policy counts: the URL's, else the token's."""
    if exchange.endpoint_id is not None:
        named = reading.memo(
            "endpoints", lambda: {each.endpoint: each for each in reading.integrations()}
        ).get(Id(exchange.endpoint_id))
        if named is not None:
            return named
    return None if found is None else found.integration


def _integration_meant(reading: Reading, exchange: Exchange) -> Integration | None:
    """For whom a caller speaks, who names no integration: the URL's, else the only one."""
    if exchange.endpoint_id is not None:
        return _knocked_at(reading, exchange, None)
    return callers.only_integration(reading)


def _methods(exchange: Exchange) -> "Mapping[str, Handler]":
    """What can be done at a place. Raises 404, or 501 for what the standard has and we don't."""
    kind = exchange.resource
    if exchange.id is None and kind in _COLLECTIONS:
        return _COLLECTIONS[kind]
    if exchange.id == SEARCH and kind in _SEARCHES:
        return _SEARCHES[kind]
    if exchange.id is not None and kind in _RESOURCES:
        return _RESOURCES[kind]
    if kind == "Me" and exchange.id is None:
        # RFC 7644 section 3.11 leaves 501 to who maps no subject to a resource: a token stands
        # for an integration, which is neither a user nor a group.
        raise errors.not_implemented(
            "/Me is not supported: the token belongs to an integration, not to a user. "
            'Find users with /Users?filter=userName eq "…".'
        )
    raise _nothing_at(exchange)


def _nothing_at(exchange: Exchange) -> errors.ScimError:
    return errors.not_found(
        f"There is no SCIM endpoint {exchange.path or '/'}; "
        "use /Users, /Groups, /.search, /Bulk, /ServiceProviderConfig, /ResourceTypes or /Schemas."
    )


Handler = Callable[[Service, Exchange, Accepted], Read | Write | Work]
_COLLECTIONS: dict[str, Mapping[str, Handler]] = {
    "Users": {"GET": scim_lists.list_users, **scim_writes.CREATIONS["Users"]},
    "Groups": {"GET": scim_lists.list_groups, **scim_writes.CREATIONS["Groups"]},
    "Bulk": {"POST": carry_out_bulk},
    SEARCH: {"POST": scim_lists.search_everything},
    "": {"GET": scim_lists.list_everything},
}
_SEARCHES: dict[str, Mapping[str, Handler]] = {
    "Users": {"POST": scim_lists.search_users},
    "Groups": {"POST": scim_lists.search_groups},
}
_RESOURCES: dict[str, Mapping[str, Handler]] = {
    "Users": {"GET": scim_reads.get_user, **scim_writes.CHANGES["Users"]},
    "Groups": {"GET": scim_reads.get_group, **scim_writes.CHANGES["Groups"]},
}

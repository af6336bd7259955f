"""Who sends a request: a credential of its own, or the token of a session (section 10a)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from rolecall.domain.account import Account
from rolecall.fronts import sql_api
from rolecall.fronts.login import Knock, Method, knock_with, let_in, require_admitted_here
from rolecall.fronts.sql import Worksheet
from rolecall.fronts.sql_refusals import SqlRefusal
from rolecall.fronts.world import World
from rolecall.web.accounts import Places, account_with
from rolecall.web.driver_queries import Owner
from rolecall.web.scim import Receive, Scope, Send

Handlers = Mapping[str, Callable[[Request], Awaitable[Response]]]
"""By method."""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends a request, and the worksheet that the credential opens."""

    owner: Owner
    account: Account
    worksheet: Worksheet


class Callers:
    """Finds out whose a request is."""

    def __init__(self, places: Places, account_of: Callable[[int], Account], world: World) -> None:
        self._places = places
        self._account_of = account_of
        self._world = world

    def caller(self, request: Request, body: dict[str, Any]) -> Caller:
        """Whose credential the request brings. Raises SqlRefusal."""
        try:
            token = bearer_of(request)
            account, method = self._meant(request, token)
        except SqlRefusal:  # the address comes first, whatever was sent
            require_admitted_here(self._hosts(request), self._world, _address(request))
            raise
        parameters = body.get("parameters")
        knock = Knock(
            login_name="",
            secret=token,
            method=method or Method.PASSWORD,
            role=sql_api.exactly(body, "role"),
            database=sql_api.exactly(body, "database"),
            schema=sql_api.exactly(body, "schema"),
            warehouse=sql_api.exactly(body, "warehouse"),
            parameters=upper_of(parameters),
            client_type="SQL API",
            client_version=request.headers.get("user-agent", "")[:100],
            client_ip=_address(request),
        )
        if method is None:
            worksheet, user, session = knock_with(account, self._world, knock)
        else:
            worksheet, user = let_in(account, self._world, knock)
            session = user
        owner = Owner(account=account.number, user=user, session=session)
        return Caller(owner=owner, account=account, worksheet=worksheet)

    def _meant(self, request: Request, token: str) -> tuple[Account, Method | None]:
        """The account, and the kind of credential; None is a session's token."""
        said = request.headers.get("x-snowflake-authorization-token-type", "").upper()
        if said == "OAUTH":
            raise SqlRefusal("390303", "08001", "Invalid OAuth access token.")
        if said and said not in sql_api.TYPES:
            kinds = ", ".join(sql_api.TYPES)
            message = f"X-Snowflake-Authorization-Token-Type is one of {kinds}."
            raise SqlRefusal(sql_api.BAD_REQUEST, "08001", message)
        account = self._hosts(request)
        if said == "KEYPAIR_JWT" or (not said and sql_api.is_jwt(token)):
            return account, Method.SNOWFLAKE_JWT
        verifier = self._world.secrets.verifier_of(token)
        if said:
            return account, Method.PROGRAMMATIC_ACCESS_TOKEN
        holder = account_with(self._places, self._account_of, account, verifier)
        if holder is not None:
            return holder, None
        is_access_token = account.access_token(verifier) is not None
        return account, Method.PROGRAMMATIC_ACCESS_TOKEN if is_access_token else None

    def _hosts(self, request: Request) -> Account:
        return self._account_of(self._places.at(request.headers.get("host", "")).number)


class Endpoint:
    """An ASGI application as a route's endpoint, so that it hears every method."""

    def __init__(
        self, answered: Callable[[Handlers, Request], Awaitable[Response]], handlers: Handlers
    ) -> None:
        self._answered = answered
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._answered(self._handlers, request)
        await response(scope, receive, send)


def bearer_of(request: Request) -> str:
    """The token in `Bearer x` or the drivers' `Snowflake Token="x"`. Raises SqlRefusal."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and rest.strip():
        return rest.strip()
    if scheme.lower() == "snowflake" and rest.lower().startswith("token="):
        return rest[6:].strip().strip('"')
    raise SqlRefusal("390303", "08001", "Send a token: Authorization: Bearer ….")


def upper_of(parameters: object) -> dict[str, Any]:
    """The API's parameters in any case."""
    return (
        {str(k).upper(): v for k, v in parameters.items()} if isinstance(parameters, dict) else {}
    )


def _address(request: Request) -> str | None:
    return request.client.host if request.client else None

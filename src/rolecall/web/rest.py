"""The resource endpoints over HTTP: /api/v2/users, /roles and /network-policies (section 10c)."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecall.domain.account import Account
from rolecall.domain.errors import Refusal
from rolecall.fronts import rest
from rolecall.fronts.sql_api import SESSION_CODES
from rolecall.fronts.sql_refusals import SqlRefusal, refused
from rolecall.fronts.world import World
from rolecall.web.accounts import Places
from rolecall.web.bodies import UnreadableBody, object_of
from rolecall.web.callers import Callers, Endpoint, Handlers

BODY_BYTES_MAX = 1 << 20
PREFIX = "/api/v2"


class Rest:
    """Users, roles and network policies of every account."""

    def __init__(
        self, places: Places, account_of: Callable[[int], Account], world: World, workers: Executor
    ) -> None:
        """Statements run on `workers`."""
        self._callers = Callers(places, account_of, world)
        self._world = world
        self._workers = workers

    def routes(self) -> list[Route]:
        """One for each path of the table, with every method that it has there."""
        return [self._route(kind, path) for kind, path in rest.paths()]

    def _route(self, kind: str, path: str) -> Route:
        handlers: Handlers = {
            method: partial(self._carried_out, act)
            for (its_kind, its_path, method), act in rest.ROUTES.items()
            if (its_kind, its_path) == (kind, path)
        }
        below = f"/{path}" if path else ""
        return Route(f"{PREFIX}/{kind}{below}", Endpoint(self._answered, handlers))

    async def _answered(self, handlers: Handlers, request: Request) -> Response:
        handler = handlers.get(request.method)
        if handler is None:
            allowed = ", ".join(handlers)
            refusal = SqlRefusal("390405", "08001", f"Only {allowed} is allowed here.")
            return self._refused(refusal, 405, {"allow": allowed})
        try:
            return await handler(request)
        except SqlRefusal as refusal:
            return self._refused(refusal)
        except Refusal as refusal:
            return self._refused(refused(refusal))
        except UnreadableBody as error:
            return self._refused(rest.bad(str(error)))

    async def _carried_out(self, act: rest.Act, request: Request) -> Response:
        body = await object_of(request, BODY_BYTES_MAX)
        caller = self._callers.caller(request, {})
        asked = rest.Request(
            name=request.path_params.get("name", ""),
            query=dict(request.query_params),
            body=body,
        )
        loop = asyncio.get_running_loop()
        said = await loop.run_in_executor(
            self._workers, rest.answered, act, asked, caller.worksheet
        )
        return _json(200, said)

    def _refused(
        self, refusal: SqlRefusal, status: int | None = None, headers: dict[str, str] | None = None
    ) -> Response:
        message = refusal.message if refusal.fix is None else f"{refusal.message}\n{refusal.fix}"
        body = {
            "message": message,
            "code": refusal.code,
            "error_code": refusal.code,
            "request_id": self._world.ids.new(),
        }
        if status is None:
            status = 401 if refusal.code in SESSION_CODES else rest.STATUSES.get(refusal.code, 400)
        return _json(status, body, headers)


def _json(status: int, body: object, headers: dict[str, str] | None = None) -> Response:
    content = msgspec.json.encode(body)
    return Response(content, status, media_type="application/json", headers=headers)

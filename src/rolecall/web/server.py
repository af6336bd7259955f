"""The HTTP server: one process, one loop, a socket that is open before anybody is told of it."""

import asyncio
import signal
import socket
from collections.abc import Callable, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Any, Protocol

import msgspec
import uvicorn
from starlette.responses import Response
from starlette.routing import Router

from rolecall.domain.account import Account
from rolecall.fronts.world import World
from rolecall.scim.errors import ScimError
from rolecall.scim.messages import error_body
from rolecall.web.accounts import Places
from rolecall.web.certificates import Certificates
from rolecall.web.driver import Driver
from rolecall.web.events import Events
from rolecall.web.health import Health, Probe
from rolecall.web.meter import Meter, surface_of
from rolecall.web.patience import PatientProtocol, connections_affordable, sweep
from rolecall.web.proxied import after_proxies
from rolecall.web.rest import Rest
from rolecall.web.scim import JSON_TYPES, PREFIX, Receive, ScimApp, Scope, Send, Threads
from rolecall.web.sql_api import SqlApi

KEEP_ALIVE_SECONDS = 75
READERS = 4
HASHERS = 2
LOGINS = 2
WORKERS = 4
SHUTDOWN_SECONDS = 30
HSTS = [("strict-transport-security", "max-age=31536000")]
"""Of answers over TLS of our own; behind a proxy it is the proxy that promises (RFC 6797)."""

QUERY_SECONDS = 10.0
"""How long queries may go on when the server is about to end."""


class Served(Protocol):
    """What a server runs, and lets go of at its end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        ...

    def leave(self) -> None:
        """End what would listen for ever: the server is about to end."""
        ...

    def close(self) -> None:
        """Let the threads go."""
        ...


async def nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    """Whoever has the wrong address is told the right one, in the form that providers show."""
    error = ScimError(
        404, None, f"There is nothing at this path. SCIM begins at {PREFIX}, SQL at /api/v2."
    )
    body = msgspec.json.encode(error_body(error))
    await Response(body, error.status, media_type=JSON_TYPES[0])(scope, receive, send)


class Application:
    """Every surface under one URL, chosen by the beginning of the path."""

    def __init__(
        self,
        places: Places,
        account_of: Callable[[int], Account],
        world: World,
        *,
        meter: Meter | None = None,
        probe: Probe = tuple,
    ) -> None:
        """`meter` counts what is answered; `probe` says what keeps the server from its work."""
        self.meter = meter or Meter()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="rolecall-reader")
        self._hashers = ThreadPoolExecutor(HASHERS, thread_name_prefix="rolecall-hasher")
        # Not the hashers of SCIM: a crowd at the door must not keep provisioning waiting.
        self._logins = ThreadPoolExecutor(LOGINS, thread_name_prefix="rolecall-login")
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="rolecall-sql")
        threads = Threads(self._readers, self._hashers, self._workers)
        self.scim = ScimApp(places, account_of, world, threads, self.meter)
        self._probing = ThreadPoolExecutor(1, thread_name_prefix="rolecall-probe")
        health = Health(probe, self._probing)
        sql = SqlApi(places, account_of, world, self._workers)
        driver = Driver(places, account_of, world, self._workers, self._logins)
        resources = Rest(places, account_of, world, self._workers)
        self.events = Events(places, account_of, world, self._readers)
        surfaces = (driver, sql, resources, self.events, health)
        routes = [route for each in surfaces for route in each.routes()]
        self._others = Router(routes, default=nowhere)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self.scim(scope, receive, send)
        elif scope["type"] == "http":
            await self._counted(scope, receive, send)
        else:
            await self._others(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Any other surface; one that fails before it answers counts as 500."""
        began, status = perf_counter(), 500

        async def sent(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._others(scope, receive, sent)
        finally:
            labels = (0, "", surface_of(scope["path"]), scope["method"], status)
            self.meter.answered(labels, perf_counter() - began)

    def leave(self) -> None:
        """Followers are told nothing more."""
        self.events.leave()

    def close(self) -> None:
        """Let the threads go."""
        self._probing.shutdown(wait=False)
        self._readers.shutdown()
        self._hashers.shutdown()
        self._logins.shutdown()
        self._workers.shutdown()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 picks one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
        opened.listen(2048)
    except OSError:
        opened.close()
        raise
    return opened


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How connections come in. By default in the clear, from clients themselves.

    `tls` is a certificate's file and its key's, for HTTPS. `proxies` are the addresses or networks
    whose forwarded headers are believed. With `prefaces` their connections begin with one of the
    PROXY protocol. `meter` learns which connections there are.
    """

    proxies: tuple[str, ...] = ()
    prefaces: bool = False
    tls: tuple[Path, Path] | None = None
    meter: Meter | None = None
    hurry: Callable[[], object] = bool
    """Ends what still runs when the server has been ending for a while."""


class _Announcing(uvicorn.Server):
    """A server that says when it answers, and when it is about to end."""

    def __init__(self, application: Served, manner: Manner, on_ready: Callable[[], None]) -> None:
        super().__init__(_config(application, manner))
        self._application = application
        self._manner = manner
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._manner.meter is not None:
            self._manner.meter.connections = self.server_state.connections
        if self.started and self._manner.tls is not None and self.config.ssl is not None:
            certificates = Certificates(self._manner.tls, self.config.ssl)
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, certificates.reload)
            self._watching = asyncio.create_task(certificates.watch())
        if self.started:
            self._sweeping = asyncio.create_task(sweep(self.server_state.connections))
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._application.leave()
        hurrying = asyncio.get_running_loop().call_later(QUERY_SECONDS, self._manner.hurry)
        try:
            await super().shutdown(sockets)
        finally:
            hurrying.cancel()


def serve(
    application: Served,
    listening: socket.socket,
    on_ready: Callable[[], None],
    manner: Manner,
) -> None:
    """Answer until a signal ends it; finish the requests that were taken."""
    server = _Announcing(application, manner, on_ready)
    try:
        server.run(sockets=[listening])
    except (KeyboardInterrupt, asyncio.CancelledError):
        pass  # Ctrl-C is how one stops it
    finally:
        manner.hurry()
        application.close()


def _config(application: Served, manner: Manner) -> uvicorn.Config:
    options: dict[str, Any] = {
        "http": _protocol(manner.proxies, prefaces=manner.prefaces),
        "loop": "uvloop",
        "lifespan": "off",
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "proxy_headers": bool(manner.proxies),
        "forwarded_allow_ips": list(manner.proxies) or "",
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": SHUTDOWN_SECONDS,
        "ws": "none",
    }
    if manner.tls is not None:
        options |= {"ssl_certfile": manner.tls[0], "ssl_keyfile": manner.tls[1], "headers": HSTS}
    return uvicorn.Config(application, **options)


def _protocol(proxies: Sequence[str], *, prefaces: bool) -> type[PatientProtocol]:
    base = after_proxies(proxies) if prefaces else PatientProtocol
    settings = {"connections_max": connections_affordable(), "prompt_path": PREFIX}
    return type("Connection", (base,), settings)


class Background:
    """A server on a thread of its own, for a process that is its client too."""

    def __init__(
        self, application: Served, listening: socket.socket, on_ready: Callable[[], None]
    ) -> None:
        self._application = application
        self._server = _Announcing(application, Manner(), on_ready)
        self._thread = Thread(
            target=self._server.run,
            kwargs={"sockets": [listening]},
            name="rolecall-server",
            daemon=True,
        )

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what was taken, then end."""
        self._server.should_exit = True
        self._thread.join()
        self._application.close()

"""The HTTP server: one process, one loop, a socket that is open before anybody is told of it."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

import uvicorn
from starlette.routing import Router

from rolecall.domain.account import Account
from rolecall.fronts.world import World
from rolecall.web.accounts import Places
from rolecall.web.driver import Driver
from rolecall.web.events import Events
from rolecall.web.patience import PatientProtocol, connections_affordable, sweep
from rolecall.web.proxied import after_proxies
from rolecall.web.rest import Rest
from rolecall.web.scim import PREFIX, Receive, ScimApp, Scope, Send, Threads
from rolecall.web.sql_api import SqlApi

KEEP_ALIVE_SECONDS = 75
READERS = 4
HASHERS = 2
LOGINS = 2
WORKERS = 4
SHUTDOWN_SECONDS = 30


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


class Application:
    """Every surface under one URL, chosen by the beginning of the path."""

    def __init__(
        self,
        places: Places,
        account_of: Callable[[int], Account],
        world: World,
    ) -> None:
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="rolecall-reader")
        self._hashers = ThreadPoolExecutor(HASHERS, thread_name_prefix="rolecall-hasher")
        # Not the hashers of SCIM: a crowd at the door must not keep provisioning waiting.
        self._logins = ThreadPoolExecutor(LOGINS, thread_name_prefix="rolecall-login")
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="rolecall-sql")
        self._scim = ScimApp(
            places, account_of, world, Threads(self._readers, self._hashers, self._workers)
        )
        sql = SqlApi(places, account_of, world, self._workers)
        driver = Driver(places, account_of, world, self._workers, self._logins)
        resources = Rest(places, account_of, world, self._workers)
        self.events = Events(places, account_of, world, self._readers)
        surfaces = (driver, sql, resources, self.events)
        self._others = Router([route for each in surfaces for route in each.routes()])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self._scim(scope, receive, send)
        else:
            await self._others(scope, receive, send)

    def leave(self) -> None:
        """Followers are told nothing more."""
        self.events.leave()

    def close(self) -> None:
        """Let the threads go."""
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


class _Announcing(uvicorn.Server):
    """A server that says when it answers, and when it is about to end."""

    def __init__(
        self, application: Served, config: uvicorn.Config, on_ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._application = application
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._sweeping = asyncio.create_task(sweep(self.server_state.connections))
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._application.leave()
        await super().shutdown(sockets)


def serve(
    application: Served,
    listening: socket.socket,
    on_ready: Callable[[], None],
    proxies: Sequence[str] = (),
    *,
    prefaces: bool = False,
    tls: tuple[Path, Path] | None = None,
) -> None:
    """Answer until a signal ends it; finish the requests that were taken.

    `tls` is a certificate's file and its key's, for HTTPS. `proxies` are the addresses or networks
    whose forwarded headers are believed; none by default. With `prefaces` their connections begin
    with one of the PROXY protocol.
    """
    config = _config(application, proxies, prefaces=prefaces, tls=tls)
    server = _Announcing(application, config, on_ready)
    try:
        server.run(sockets=[listening])
    except (KeyboardInterrupt, asyncio.CancelledError):
        pass  # Ctrl-C is how one stops it
    finally:
        application.close()


def _config(
    application: Served,
    proxies: Sequence[str],
    *,
    prefaces: bool = False,
    tls: tuple[Path, Path] | None = None,
) -> uvicorn.Config:
    options: dict[str, Any] = {
        "http": _protocol(proxies, prefaces=prefaces),
        "loop": "uvloop",
        "lifespan": "off",
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "proxy_headers": bool(proxies),
        "forwarded_allow_ips": list(proxies) or "",
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": SHUTDOWN_SECONDS,
        "ws": "none",
    }
    if tls is not None:
        options |= {"ssl_certfile": tls[0], "ssl_keyfile": tls[1]}
    return uvicorn.Config(application, **options)


def _protocol(proxies: Sequence[str], *, prefaces: bool) -> type[PatientProtocol]:
    base = after_proxies(proxies) if prefaces else PatientProtocol
    return type("Connection", (base,), {"connections_max": connections_affordable()})


class Background:
    """A server on a thread of its own, for a process that is its client too."""

    def __init__(
        self, application: Served, listening: socket.socket, on_ready: Callable[[], None]
    ) -> None:
        self._application = application
        self._server = _Announcing(application, _config(application, ()), on_ready)
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

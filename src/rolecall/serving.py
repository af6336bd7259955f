"""`rolecall serve`: open the data, make what is missing, say how to begin, answer until ended."""

import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import typer

from rolecall.announcing import announcing
from rolecall.console.journal import Journal, log_to
from rolecall.console.lines import Lines
from rolecall.domain.errors import NotFound, Refusal
from rolecall.domain.integrations import account_conformance
from rolecall.domain.model import Conformance, ScimClient
from rolecall.domain.names import fold
from rolecall.observing import ServerSources, observing
from rolecall.outside import Allowance
from rolecall.upkeep import forgetting
from rolecall.vault import MovedClock
from rolecall.web import server
from rolecall.web.accounts import Places
from rolecall.web.control import Controlled
from rolecall.web.metrics import listen_for_scrapes
from rolecall.web.scim import Receive, Scope, Send
from rolecall.wiring import (
    ACCOUNT,
    ADMINISTRATOR,
    INTEGRATION,
    SERVE_PURPOSE,
    SERVE_TOKEN_SECONDS,
    Rolecall,
    scratch_folder,
)

LOGGER = logging.getLogger(__name__)
PASSWORD_FILE = "first-password"
Say = Callable[[str], None]
Shown = Lines | Journal
GARBAGE_OBJECTS = 20_000
"""New objects between two looks for circles among them; measured, 700 costs 3 % of a create."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What `serve` was asked for; `data` is None for a server that forgets everything."""

    data: Path | None
    host: str
    port: int
    public_url: str | None = None
    ready_file: Path | None = None
    account: str | None = None
    proxies: tuple[str, ...] = ()
    prefaces: bool = False
    conformance: Conformance | None = None
    tls: tuple[Path, Path] | None = None
    """A certificate and its key, in PEM."""
    metrics: tuple[str, int] | None = None
    """Where scrapes are answered: an address and a port."""
    issuers: tuple[str, ...] = ()
    """OAuth issuers that may be asked for their keys though their addresses are not public."""
    log_json: bool = False
    """Whether the log is for machines: then it holds no secret, not even the first password."""


class ListenRefused(Exception):
    """A listener can't be had."""

    def __init__(self, host: str, port: int, error: OSError, metrics: str = "") -> None:
        super().__init__(
            f"can't listen{' for metrics' * bool(metrics)} on {host} port {port}: "
            f"{error.strerror}. Choose another with --{metrics}port, or 0 for any free one."
        )


def run(order: Order) -> None:
    """Serve until a signal. Raises ListenRefused, OSError."""
    # uvicorn ends in good order on SIGTERM and then raises it again. Unless that is Ctrl-C to us,
    # the process dies there: nothing is closed, and a scratch folder stays behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # What is loaded by now stays, and requests leave no circles behind: look for them less often.
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS, 20, 50)
    with ExitStack() as stack:
        try:
            listening = server.listen(order.host, order.port)
        except OSError as error:
            raise ListenRefused(order.host, order.port, error) from error
        stack.callback(listening.close)
        if order.ready_file is not None:
            # A server that was killed left its own: whoever waits must not take it for this one's.
            order.ready_file.unlink(missing_ok=True)
            stack.callback(order.ready_file.unlink, missing_ok=True)
        folder = order.data or Path(stack.enter_context(scratch_folder()))
        log_to(sys.stdout if order.log_json else sys.stderr, as_json=order.log_json)
        clock, lines = MovedClock(), Journal() if order.log_json else Lines()
        rolecall = stack.enter_context(_opened(order, folder, clock, lines))
        _bootstrap(rolecall, order)
        local = _local_url(order, listening.getsockname()[1])
        places = rolecall.places((order.public_url or local).rstrip("/"))
        sources = ServerSources(rolecall)
        application: server.Served = _application(sources, places)
        if order.metrics is not None:
            _measure(stack, sources, order.metrics, said(order))
        if order.data is None:
            again = _Again(order, sources, clock, lines, places.first.url)
            application = Controlled(application, again.fresh, again.advance, again.token)
        else:
            stack.enter_context(forgetting(rolecall))
            stack.enter_context(announcing(rolecall))
        server.serve(
            application,
            listening,
            lambda: _announce(rolecall, order, places, local),
            server.Manner(
                proxies=order.proxies,
                prefaces=order.prefaces,
                tls=order.tls,
                meter=sources.meter,
                hurry=sources.hurry,
            ),
        )


def _application(sources: ServerSources, places: Places) -> server.Application:
    """Every surface, observed."""
    rolecall = sources.rolecall
    sources.application = server.Application(
        places,
        rolecall.account,
        rolecall.world,
        meter=sources.meter,
        probe=sources.complaints,
    )
    return sources.application


def _measure(stack: ExitStack, sources: ServerSources, place: tuple[str, int], say: Say) -> None:
    """Answer scrapes on a listener of their own. Ends the command when it can't be had."""
    host, port = place
    try:
        bound, end = listen_for_scrapes(host, port, sources)
    except OSError as error:
        raise ListenRefused(host, port, error, "metrics-") from error
    stack.callback(end)
    stack.enter_context(observing(sources))
    shown = f"[{host}]" if ":" in host else host
    say(f"Metrics: http://{shown}:{bound}/metrics")


def _opened(order: Order, folder: Path, clock: MovedClock, lines: Shown) -> Rolecall:
    """The folder; an ephemeral one by a clock that can be moved."""
    rolecall = Rolecall(
        folder,
        durable=order.data is not None,
        on_attempts=lambda _number, seen: lines.show(noted.attempt for noted in seen),
        on_backup=lambda copy: said(order)(f"Kept a copy before upgrading: {copy}"),
        conformance=order.conformance,
        clock=clock if order.data is None else None,
    )
    rolecall.checks.allowance = Allowance(order.issuers)
    return rolecall


class _Fresh:
    """An application with the folder that it alone uses."""

    def __init__(self, sources: ServerSources, url: str) -> None:
        self._rolecall = sources.rolecall
        self._application = _application(sources, self._rolecall.places(url))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._application(scope, receive, send)

    def leave(self) -> None:
        self._application.leave()

    def close(self) -> None:
        self._application.close()
        self._rolecall.close()


class _Again:
    """Begins an ephemeral server anew: another folder, another account of the same name."""

    def __init__(
        self, order: Order, sources: ServerSources, clock: MovedClock, lines: Shown, url: str
    ) -> None:
        self._order = order
        self._sources = sources
        self._folder = sources.rolecall.folder
        self._clock = clock
        self._lines = lines
        self._url = url
        self._count = 0
        # The same for every account: a hash of its own would be half of what a reset takes.
        self._password = sources.rolecall.new_password()

    def fresh(self) -> tuple[server.Served, dict[str, str]]:
        """A fresh account at the machine's time, and what there is to know of it, said once."""
        self._count += 1
        self._clock.reset()
        folder = self._folder / f"again-{self._count}"
        rolecall = _opened(self._order, folder, self._clock, self._lines)
        name = fold(self._order.account) if self._order.account else ACCOUNT
        founded = rolecall.found(name, ADMINISTRATOR, integration=True, password=self._password)
        account = rolecall.account(founded.number)
        told = {
            "url": self._url,
            "scim_url": f"{self._url}/scim/v2",
            "account": founded.name,
            "user": founded.administrator,
            "password": founded.password,
            "integration": INTEGRATION,
            "token": rolecall.issue_token(account, INTEGRATION, purpose=SERVE_PURPOSE),
            "data": str(folder.resolve()),
        }
        self._sources.rolecall = rolecall
        return _Fresh(self._sources, self._url), told

    def token(self, client: ScimClient) -> dict[str, str]:
        """A token of the integration that speaks a dialect."""
        rolecall = self._sources.rolecall
        integration, text = rolecall.token_of_dialect(rolecall.account_named(None), client)
        return {"scim_url": f"{self._url}/scim/v2", "integration": integration, "token": text}

    def advance(self, seconds: float) -> str:
        """Move the clock on; what time it is then, to the second."""
        now = self._clock.advance(seconds)
        return datetime.fromtimestamp(now // 1_000_000, UTC).isoformat()


def said(order: Order) -> Say:
    """How to say something: on standard output, or in the log that machines read."""
    return LOGGER.info if order.log_json else typer.echo


def _bootstrap(rolecall: Rolecall, order: Order) -> None:
    if rolecall.store.accounts():
        return
    name = fold(order.account) if order.account else ACCOUNT
    founded = rolecall.found(name, ADMINISTRATOR, integration=True)
    if order.log_json:  # a log is kept, and read by many
        file = rolecall.folder / PASSWORD_FILE
        file.touch(mode=0o600)
        file.write_text(f"{founded.password}\n")
        said(order)(
            f"Account {founded.name} is new. Its administrator is {founded.administrator}; "
            f"the first password is in the file {file}, to be removed when it has been read."
        )
        return
    typer.echo(f"Account {founded.name} is new. Its administrator, shown this once:")
    typer.echo(f"  user {founded.administrator}  password {founded.password}")


def _local_url(order: Order, port: int) -> str:
    host = order.host
    if ":" in host:
        shown = "[::1]" if host == "::" else f"[{host}]"
    else:
        # Whoever listens on every address is reached by loopback.
        shown = host if host.strip("0.") else "127.0.0.1"
    return f"{'http' if order.tls is None else 'https'}://{shown}:{port}"


def _announce(rolecall: Rolecall, order: Order, places: Places, local: str) -> None:
    """Say how to begin, now that it works. `local` is where the socket is."""
    say = said(order)
    if order.public_url is not None:
        say(f"Listening on {local} for what comes by {places.first.url}")
    closed = {found.number for found in rolecall.store.accounts() if found.dropped_at is not None}
    for place in places.all():
        if place.number in closed:
            continue
        spoken = rolecall.account(place.number).moment(account_conformance)
        say(f"Account {place.name}: {place.url}/scim/v2 (conformance {spoken})")
    if not order.log_json:
        _show_a_token(rolecall, places)
    if order.ready_file is not None:
        _write_ready(order.ready_file, rolecall, places, local)
    say("waiting for the first request…")


def _show_a_token(rolecall: Rolecall, places: Places) -> None:
    """A line to paste, with a token for a day."""
    account = rolecall.account(places.first.number)
    try:
        token = rolecall.issue_token(
            account, INTEGRATION, purpose=SERVE_PURPOSE, instead=True, seconds=SERVE_TOKEN_SECONDS
        )
        typer.echo("Try it (the token works for 24 hours):")
        typer.echo(
            f"  curl -sS -H 'Authorization: Bearer {token}' '{places.first.url}/scim/v2/Users'"
        )
    except NotFound:
        typer.echo(
            f"There is no integration {INTEGRATION} any more, so no token was issued; "
            "`rolecall token issue INTEGRATION` makes one for another."
        )
    except Refusal as refusal:
        typer.echo(f"No token was issued for {INTEGRATION}: {refusal.remedy or refusal}")


def _write_ready(path: Path, rolecall: Rolecall, places: Places, local: str) -> None:
    """The ready file appears whole, so that whoever waits for it can read it at once."""
    ready = {
        "url": places.first.url,
        "local_url": local,
        "account": places.first.name,
        "pid": os.getpid(),
        "data": str(rolecall.folder.resolve()),
        "integration": INTEGRATION,
    }
    draft = path.with_name(path.name + ".part")
    draft.write_text(json.dumps(ready) + "\n")
    draft.replace(path)

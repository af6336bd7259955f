"""Events out: the account's committed changes in order, one JSON object each, for whoever follows.

Whoever remembers the last `seq` that was dealt with, and asks for what comes after it, misses
nothing: each change is told at least once.
"""

from datetime import UTC, datetime, timedelta

import msgspec

from rolecall.domain.account import Account
from rolecall.domain.names import Id
from rolecall.domain.past import Change, Changes, Named
from rolecall.fronts.login import let_in, session_of
from rolecall.fronts.login_checks import Knock, Method
from rolecall.fronts.sql import Worksheet
from rolecall.fronts.world import World

PAGE = 1_000
HEARTBEAT_SECONDS = 15.0
"""A follower that hears nothing for longer has lost the line."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_encode = msgspec.json.Encoder().encode


def follower(account: Account, world: World, token: str, client_ip: str | None) -> Worksheet:
    """Who follows: the session of a login, or the user of an access token. Raises SqlRefusal."""
    if account.login_session(world.secrets.verifier_of(token)) is not None:
        return session_of(account, world, token, client_ip)
    knock = Knock(
        login_name="", secret=token, method=Method.PROGRAMMATIC_ACCESS_TOKEN, client_ip=client_ip
    )
    worksheet, _ = let_in(account, world, knock)
    return worksheet


def page_after(who: Worksheet, after: int) -> tuple[Change, ...]:
    """The next changes, as whom they are told to may know them now. Raises SqlRefusal."""
    return who.ask(Changes(after=after, count=PAGE))


def line_of(change: Change) -> bytes:
    """One change as a line of JSON; what is not known is left out."""
    attempt = change.attempt
    told: dict[str, object] = {
        "seq": change.seq,
        "at": time_text(change.at),
        "change": change.change,
        "object": _named(change.object),
        "owner": change.owner,
        "privilege": change.privilege,
        "grantees": [_named(other) for other in change.others] or None,
        "before": change.before,
        "after": change.after,
        "actor": change.actor,
        "actor_domain": None if attempt is None else attempt.actor_kind,
        "integration": None if attempt is None else attempt.integration,
        "token": None if attempt is None else attempt.token,
        "client_ip": None if attempt is None else attempt.client_ip,
        "attempt": change.number,
        "request": change.request,
    }
    return _encode({name: value for name, value in told.items() if value is not None}) + b"\n"


def heartbeat(after: int, at: int) -> bytes:
    """A sign of life, with the number from which to go on."""
    return _encode({"heartbeat": time_text(at), "after": after}) + b"\n"


def ended(why: str, after: int) -> bytes:
    """The last line of a follower who may follow no longer."""
    return _encode({"ended": why, "after": after}) + b"\n"


def time_text(at: int) -> str:
    """RFC 3339, in UTC, to the microsecond."""
    return (EPOCH + timedelta(microseconds=at)).isoformat().replace("+00:00", "Z")


def _named(named: Named) -> dict[str, str | Id | None]:
    return {"domain": named.kind.value, "id": named.id, "name": named.name}

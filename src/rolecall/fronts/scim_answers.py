"""What a SCIM exchange carries, and how its end is worded: a reply or an error.

One table words every refusal (STYLE 8); what only an operator may know, the remedy, goes into
the attempt and never into a reply.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, unquote_to_bytes

import msgspec

from rolecall.domain import errors as refusals
from rolecall.domain.attempts import Asks
from rolecall.domain.commands import ANY_VERSION, EVERY_VERSION, Versions
from rolecall.domain.errors import Refusal
from rolecall.domain.model import Kind, ScimClient
from rolecall.domain.names import Id
from rolecall.domain.session import Proven
from rolecall.fronts.scim_contract import RFC
from rolecall.scim import errors, messages
from rolecall.scim.errors import ScimError

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_VERSION = re.compile(r'(?:W/)?"([1-9]\d{0,14})"', re.ASCII)
PARAMETERS_MAX = 100


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP answer: status, JSON body or none, and headers beside the content type.

    A long body comes in `pieces`, each made when the one before has been sent: `body` is empty.
    """

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    pieces: Iterator[bytes] | None = None

    @property
    def whole(self) -> bytes:
        """The body, all of its pieces together."""
        return self.body if self.pieces is None else b"".join(self.pieces)


class Incoming(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request as it came. `path` is what follows `/scim/v2`, `base_url` ends with that."""

    method: str
    path: str
    query: str = ""
    authorization: str = ""
    body: bytes = b""
    base_url: str = ""
    client_ip: str | None = None
    if_match: str | None = None
    if_none_match: str | None = None


class Exchange:
    """One request on its way through: what came in, and what is learned for its attempt.

    The body may be read after the token was accepted: set it before asking for an answer.
    """

    integration: str | None = None
    token: Id | None = None
    expires_at: int | None = None
    caller: dict[str, str] | None = None
    proof: Proven | Refusal | None = None
    asks: Asks | None = None
    client: ScimClient | None = None
    contract = RFC
    asked: dict[str, str] | None = None
    decoded: object = None
    ignored: tuple[str, ...] = ()
    quirks: tuple[str, ...] = ()
    refusal: str | None = None
    allow: str | None = None
    has_members = True
    origin: Callable[[Refusal], str | None] | None = None
    details: str | None = None
    resource_kind: str | None = None
    resource_name: str | None = None

    def __init__(self, came: Incoming, at: int, request: Id) -> None:
        self.method = came.method
        self.path = came.path
        self.at = at
        self.request = request
        self.query = came.query
        self.authorization = came.authorization
        self.body = came.body
        self.client_ip = came.client_ip
        self.if_match = came.if_match
        self.if_none_match = came.if_none_match
        self.endpoint_id, self.resource, self.id = _places(came.path)
        self.base_url = (
            came.base_url if self.endpoint_id is None else f"{came.base_url}/{self.endpoint_id}"
        )
        self.resource_id: str | None = self.id

    def params(self) -> dict[str, str]:
        """The query's parameters; the first of each counts, and names have any case.

        To pass `Filter=…` over would find everybody. A query by POST has them in its body: `asked`.

        Raises invalidValue for too many of them.
        """
        if self.asked is not None:
            return self.asked
        found: dict[str, str] = {}
        if not self.query:
            return found
        if "&" not in self.query:
            name, _, value = self.query.partition("=")
            return {_parameter(_unquoted(name)): _unquoted(value)}
        try:
            pairs = parse_qsl(self.query, keep_blank_values=True, max_num_fields=PARAMETERS_MAX)
        except ValueError:
            raise errors.invalid_value(
                f"The query has more than {PARAMETERS_MAX} parameters."
            ) from None
        for name, value in pairs:
            found.setdefault(_parameter(name), value)
        return found

    def meant(self, kind: Kind) -> Id:
        """The id in the path, noted as what the request is about."""
        assert self.id is not None, "the route has an id"
        self.resource_kind = kind.value
        return Id(self.id)

    def about(self, kind: Kind, resource_id: Id, name: str) -> None:
        """Note what the request is about."""
        self.resource_kind = kind.value
        self.resource_id = resource_id
        self.resource_name = name

    def learn(self, ignored: tuple[str, ...], quirks: tuple[str, ...]) -> None:
        """Note what was passed over and what was tolerated."""
        self.ignored = ignored
        self.quirks = quirks

    def versions(self) -> Versions:
        """The versions that If-Match and If-None-Match mean (RFC 7644 section 3.14)."""
        if self.if_match is None and self.if_none_match is None:
            return ANY_VERSION
        expected = None if self.if_match is None else _versions(self.if_match)
        unwanted = () if self.if_none_match is None else _versions(self.if_none_match)
        if expected == (EVERY_VERSION,):
            expected = None
        return Versions(expected, unwanted)

    def has_version(self, version: int) -> bool:
        """Whether If-None-Match, a list or `*`, has this version (RFC 9110 section 13.1.2)."""
        if self.if_none_match is None:
            return False
        listed = _versions(self.if_none_match)
        return version in listed or EVERY_VERSION in listed


def _unquoted(text: str) -> str:
    """As `parse_qsl` reads a name or a value; what is ASCII goes no long way about it."""
    if not text.isascii():
        return unquote_plus(text)
    text = text.replace("+", " ")
    return unquote_to_bytes(text).decode(errors="replace") if "%" in text else text


def _parameter(name: str) -> str:
    """A parameter by its name in the standard."""
    return name if name in KNOWN else messages.SEARCH_PARAMETERS.get(name.lower(), name)


KNOWN = frozenset(messages.SEARCH_PARAMETERS.values())


def decoded(exchange: Exchange) -> object:
    """The JSON of the body. Raises invalidSyntax."""
    if not exchange.body.strip():
        raise errors.invalid_syntax("The body is empty; send a JSON object.")
    try:
        body: object = _decode(exchange.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise errors.invalid_syntax(f"The body is not valid JSON: {error}.") from None
    exchange.decoded = body
    return body


def _versions(header: str) -> tuple[int, ...]:
    """The versions in a list of entity tags, weak ones too; `*` is every one, other text none."""
    if header.strip() == "*":
        return (EVERY_VERSION,)
    found = (_VERSION.fullmatch(tag.strip()) for tag in header.split(","))
    return tuple(int(tag[1]) for tag in found if tag)


_PLACES = re.compile("/(Users|Groups)(?:/([^/]+))?")
"""Nearly all that is asked for."""


def _places(path: str) -> tuple[str | None, str, str | None]:
    """Endpoint id, resource and id of a path; an endpoint id is a UUID before the rest."""
    found = _PLACES.fullmatch(path)
    if found is not None:
        return None, found[1], found[2]
    if path and not path.startswith("/"):
        return None, f"v2{path}", None  # /scim/v2Users is another place than /scim/v2/Users
    parts = [part for part in path.split("/") if part]
    named = bool(parts) and len(parts[0]) == 36 and parts[0].count("-") == 4
    endpoint = parts.pop(0) if named else None
    if len(parts) > 2:
        return endpoint, "/".join(parts), None
    return endpoint, parts[0] if parts else "", parts[1] if len(parts) == 2 else None


# ---- replies ---------------------------------------------------------------------------------


def reply(
    status: int, body: object, *, location: str | None = None, version: int | None = None
) -> Reply:
    """An answer with a body, or none at all for 204."""
    headers: list[tuple[bytes, bytes]] = []
    if location is not None:
        headers.append((b"location", location.encode()))
    if version is not None:
        headers.append((b"etag", f'W/"{version}"'.encode()))
    return Reply(status=status, body=b"" if body is None else _encode(body), headers=tuple(headers))


def reply_in_pieces(like: Reply, pieces: Iterator[bytes]) -> Reply:
    """An answer with the status and headers of another, whose body is made piece by piece."""
    return Reply(status=like.status, headers=like.headers, pieces=pieces)


def announced(exchange: Exchange) -> tuple[tuple[bytes, bytes], ...]:
    """Headers that say when the token ends, from a while before (decision 67)."""
    if exchange.expires_at is None:
        return ()
    ends = datetime.fromtimestamp(exchange.expires_at // 1_000_000, UTC)
    date = format_datetime(ends, usegmt=True)
    words = f'299 - "The access token expires on {date}; issue a new one."'
    return ((b"sunset", date.encode()), (b"warning", words.encode()))


def not_modified(version: int) -> Reply:
    """304, with the version that the client has already (RFC 9110 section 15.4.5)."""
    return reply(304, None, version=version)


def refusal_reply(exchange: Exchange, error: Exception) -> Reply:
    """The SCIM error body, whatever went wrong."""
    told = worded_in(exchange, error)
    exchange.refusal = cause_of(error, told)
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if told.status == 401:
        # RFC 6750 section 3.1: who sent no token is told no error.
        refused = isinstance(error, refusals.TokenRefused)
        invalid = b', error="invalid_token"' if refused else b""
        headers = ((b"www-authenticate", b'Bearer realm="SCIM"' + invalid),)
    elif told.status == 405 and exchange.allow is not None:
        headers = ((b"allow", exchange.allow.encode()),)
    elif isinstance(error, refusals.ChangeHeld):
        headers = ((b"retry-after", b"%d" % error.seconds),)
    elif told.status in {429, 503}:
        headers = ((b"retry-after", b"5"),)
    return Reply(status=told.status, body=_encode(messages.error_body(told)), headers=headers)


def cause_of(error: Exception, told: ScimError) -> str:
    """Why a request was refused, in one word of a closed set, for those who count."""
    if isinstance(error, refusals.AddressRefused):
        return "address"
    if told.status == 401:
        return "token"
    if isinstance(error, refusals.ChangeHeld):
        return "held"
    if told.status == 429:
        return "limit"
    return told.scim_type or str(told.status)


# ---- refusals --------------------------------------------------------------------------------

NOUNS = {Kind.USER: "User", Kind.ROLE: "Group"}


def _not_found(refusal: refusals.NotFound) -> ScimError:
    noun = NOUNS.get(refusal.kind, refusal.kind.value.title())
    return errors.not_found(f"{noun} {refusal.name} not found. Look it up with a filter first.")


def _already_exists(refusal: refusals.AlreadyExists) -> ScimError:
    said = (
        "User exists with given userName and/or enterprise:user.snowflakeUserName."
        if refusal.kind is Kind.USER
        else "Group exists with given displayName."
    )
    help_ = (
        f" Its id is {refusal.id}: change it with PATCH or PUT."
        if refusal.id is not None
        else " It was not created by this integration; the account's audit trail says what to do."
    )
    return errors.uniqueness(said + help_)


TOKEN_WORDS = {
    "expired": "Access token expired. Issue a new one and give it to the identity provider.",
    "ended": "Access token expired. It was ended before its time; issue a new one.",
    "issued_too_early": "Access token expired. The account accepts only newer ones; issue one.",
    "integration_disabled": "Access token invalid: its security integration is disabled.",
    "unknown": "Access token invalid. Check that it was copied whole, for this account and URL.",
}


def _token_refused(refusal: refusals.TokenRefused) -> ScimError:
    return errors.unauthorized(TOKEN_WORDS[refusal.why])


def _unknown_member(refusal: refusals.UnknownMember) -> ScimError:
    shown_ids = ", ".join(refusal.ids[:5])
    more = f" and {len(refusal.ids) - 5} more" if len(refusal.ids) > 5 else ""
    return errors.invalid_value(
        f"No user or group that this integration can see has the id {shown_ids}{more}. Members "
        "are ids of users and, where SCIM_CLIENT is GENERIC, of groups it owns; create them first."
    )


def _forbidden(_refusal: Refusal) -> ScimError:
    return errors.forbidden(
        "Insufficient privileges. The account's audit trail names what the integration lacks."
    )


ATTRIBUTES = {
    "NAME": "userName or displayName",
    "LOGIN_NAME": "userName",
    "DISPLAY_NAME": "displayName",
    "FIRST_NAME": "name.givenName",
    "MIDDLE_NAME": "name.middleName",
    "LAST_NAME": "name.familyName",
    "EMAIL": "emails",
    "TYPE": "type",
    "DEFAULT_ROLE": "defaultRole",
    "DEFAULT_WAREHOUSE": "defaultWarehouse",
    "DEFAULT_SECONDARY_ROLES": "defaultSecondaryRoles",
    "ALLOWED_INTERFACES": "allowedInterfaces",
    "PASSWORD": "password",
}
"""What SCIM calls a property that a value is wrong for."""


def _invalid_value(refusal: refusals.InvalidValue) -> ScimError:
    named = ATTRIBUTES.get(refusal.property_name, refusal.property_name)
    return errors.invalid_value(f"{named}: {refusal.reason}.")


def _too_long(refusal: refusals.SearchTooLong) -> ScimError:
    return errors.too_many(
        f"Finding what is asked for takes longer than {refusal.seconds:g} seconds among so many. "
        "Narrow it down with 'and' by an attribute that has an index: userName, externalId, "
        "emails.value, displayName, id or meta.lastModified, compared by eq, sw or a range."
    )


def _held(refusal: refusals.ChangeHeld) -> ScimError:
    return errors.too_many_requests(
        f"Held for an administrator's decision as change {refusal.id}: it would remove "
        f"{refusal.removes}, and this integration may remove {refusal.limit} within its window. "
        "Nothing has changed. Once it is released, the same request finds it done."
    )


def _rejected(refusal: refusals.ChangeRejected) -> ScimError:
    return errors.forbidden(
        f"An administrator has rejected this change (held change {refusal.id}). Correct the "
        "scope of what is provisioned, or ask the account's administrators to release it."
    )


SCIM_ERRORS: dict[type[Refusal], Callable[[Any], ScimError]] = {
    refusals.InUse: _forbidden,
    refusals.NotAdoptable: _forbidden,
    refusals.AddressNotAdmitted: _forbidden,
    refusals.NotFound: _not_found,
    refusals.AlreadyExists: _already_exists,
    refusals.NotAuthorized: _forbidden,
    refusals.RoleNotGranted: _forbidden,
    refusals.SystemObject: _forbidden,
    refusals.CurrentRole: _forbidden,
    refusals.DependentGrants: _forbidden,
    refusals.PassedOn: _forbidden,
    refusals.LoginRefused: lambda _: errors.unauthorized("Access token invalid."),
    refusals.AddressRefused: lambda refusal: errors.forbidden(
        f"Requests from {refusal.address} are not allowed. "
        "Contact the account's security administrator."
    ),
    refusals.ChangeHeld: _held,
    refusals.ChangeRejected: _rejected,
    refusals.TokenRefused: _token_refused,
    refusals.InvalidValue: _invalid_value,
    refusals.UnknownMember: _unknown_member,
    refusals.SearchTooLong: _too_long,
    refusals.NoTarget: lambda refusal: errors.no_target(
        f"No value of '{refusal.attribute}' meets the filter of the path. Add the value whole."
    ),
    refusals.VersionMismatch: lambda refusal: errors.precondition_failed(
        f"The resource is at version {refusal.present}, and If-Match or If-None-Match asks for "
        "another. Read it again first."
    ),
    refusals.CircularGrant: lambda _: errors.invalid_value(
        "The membership would make a group a member of itself."
    ),
}


def worded(error: Exception) -> ScimError:
    """The error in SCIM's words; what nobody foresaw is 500 and says nothing of the inside."""
    if isinstance(error, ScimError):
        return error
    if isinstance(error, Refusal):
        return SCIM_ERRORS[type(error)](error)
    if isinstance(error, refusals.StoreFailure):
        return errors.unavailable("The server can't keep changes at the moment; try again later.")
    return errors.internal("The server failed; its log has the details under this request's id.")


def worded_in(exchange: Exchange, error: Exception) -> ScimError:
    """The error in SCIM's words, with the status that the exchange's contract tells."""
    told = worded(error)
    if exchange.origin is not None and isinstance(error, Refusal):
        place = exchange.origin(error)
        told = told if place is None else told.within(place)
    if exchange.id is not None:
        return told
    return exchange.contract.told(exchange.method, exchange.resource, told)

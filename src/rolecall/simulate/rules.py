"""What a provider stumbles over: each rule has a name, a reason, and the providers it holds for.

The rules read an answer without knowing the server. What takes a longer memory, such as a member
that was lost, is noted by the players under the same names.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from rolecall.simulate.forms import FORMS

LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
JSON_TYPES = ("application/scim+json", "application/json")

RULES: dict[str, str] = {
    "no-answer": "Nothing came back, also not when asked again.",
    "status": "No provider plans for this status here; it stops, or tries again for ever.",
    "not-json": "The body is no JSON object (RFC 7644 section 8.1). Okta shows `Invalid JSON: "
    "Unexpected character ('<')` for an error that comes as an HTML page, and its cause stays "
    "hidden.",
    "content-type": "JSON that is declared as neither application/scim+json nor application/json "
    "is not read by strict clients (RFC 7644 section 8.1).",
    "error-shape": "An error needs schemas, status and detail (RFC 7644 section 3.12): detail is "
    "what the administrator of the provider gets to see.",
    "list-shape": "A ListResponse needs its schema, whole numbers for totalResults, startIndex and "
    "itemsPerPage, and the list Resources (RFC 7644 section 3.4.2); providers count by them.",
    "no-match": "Nobody found is 200 with totalResults 0 (RFC 7644 section 3.4.2). On 404 a "
    "connection test fails.",
    "wrong-match": "A lookup found somebody else (RFC 7644 section 3.4.2.2): the provider would "
    "change the wrong user.",
    "id": "A resource without an id as text (RFC 7643 section 3.1) can't be linked.",
    "null": "A member that has no value is left out (RFC 7643 section 2.5); Entra's validator "
    "refuses null.",
    "boolean": "active has to be a JSON boolean in answers (RFC 7643 section 2.3.2).",
    "echo": "A value comes back as it was sent (RFC 7644 section 3.3): Okta's own test compares "
    "userName, and Entra sends again in every cycle what differs.",
    "password-shown": "A password is never returned (RFC 7643 section 4.1.1).",
    "conflict": "A create of what is there already is 409 (RFC 7644 section 3.3); providers look "
    "the resource up then.",
    "missing": "An id that does not exist is 404 (RFC 7644 section 3.12); providers create the "
    "resource anew then.",
    "link": "The resource was not found again under the id that the provider keeps, which never "
    "changes (RFC 7643 section 3.1).",
    "lost-member": "The group's members differ from what was acknowledged: two changes that came "
    "at once, or one that was answered and not made (RFC 7644 section 3.5.2).",
    "twice": "Nobody is a member twice: who is in already is not added again (RFC 7644 section "
    "3.5.2.1), and no value is shown more than once (RFC 7643 section 2.4).",
    "lost-change": "The user differs from what was acknowledged (RFC 7644 section 3.5).",
    "walk": "Pages of the whole list skipped or repeated a resource (RFC 7644 section 3.4.2.4): an "
    "import would lose it.",
    "gone": "What was deleted is 404 from then on (RFC 7644 section 3.6).",
}
"""Why each rule matters to a provider."""

COMMON = frozenset(RULES) - {"null", "content-type", "error-shape", "echo"}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request, as far as the answer is judged by it."""

    method: str
    path: str
    sent: Any = None
    expected: tuple[int, ...] = (200,)
    form: str = "read"
    echoed: tuple[str, ...] = ()
    """What has to come back as it was sent."""


class Stumble(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A rule that an answer broke, and what was seen."""

    rule: str
    said: str


def stumbles(
    asked: Asked, status: int, headers: Mapping[str, str], body: bytes
) -> Iterator[Stumble]:
    """Every rule that the answer breaks by itself."""
    if status not in asked.expected:
        yield Stumble(rule=_rule_of(asked, status), said=f"{status} {sentence_of(body)}".rstrip())
    if not body.strip():
        return
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        yield Stumble(rule="not-json", said=f"{status}, and the body begins {_beginning(body)}")
        return
    if media not in JSON_TYPES:
        yield Stumble(rule="content-type", said=f"{status} {media or 'without Content-Type'}")
    if not isinstance(found, dict):
        yield Stumble(rule="not-json", said=f"{status}, and the body is no JSON object")
    elif status >= 400:
        yield from _of_error(status, found)
    elif "Resources" in found or (asked.path in {"Users", "Groups"} and asked.method == "GET"):
        yield from _of_list(found)
    elif asked.path.split("/")[0] in {"Users", "Groups"} and found:
        yield from _of_resource(asked, found)


def _rule_of(asked: Asked, status: int) -> str:
    if asked.method == "GET" and status == 404 and "/" not in asked.path:
        return "no-match"
    if asked.expected == (404,):
        return "missing" if asked.method == "GET" else "status"
    return "conflict" if asked.expected == (409,) else "status"


def _of_error(status: int, found: dict[str, Any]) -> Iterator[Stumble]:
    schemas = found.get("schemas")
    told = str(found.get("status")) == str(status) and isinstance(found.get("detail"), str)
    if not told or not isinstance(schemas, list) or ERROR not in schemas:
        yield Stumble(rule="error-shape", said=f"{status} {_shown(found)}")


def _of_list(found: dict[str, Any]) -> Iterator[Stumble]:
    resources = found.get("Resources", [])
    numbers = [found.get(name, 0) for name in ("totalResults", "startIndex", "itemsPerPage")]
    whole = all(isinstance(number, int) and not isinstance(number, bool) for number in numbers)
    schemas = found.get("schemas")
    if (
        not whole
        or "totalResults" not in found
        or not isinstance(resources, list)
        or not isinstance(schemas, list)
        or LIST_RESPONSE not in schemas
    ):
        yield Stumble(rule="list-shape", said=_shown({**found, "Resources": "…"}))
        return
    for resource in resources:
        if isinstance(resource, dict):
            yield from _of_resource(Asked(method="GET", path="Users"), resource)
        else:
            yield Stumble(rule="list-shape", said="Resources holds what is no object")


def _of_resource(asked: Asked, found: dict[str, Any]) -> Iterator[Stumble]:
    if not isinstance(found.get("id"), str) or not found["id"]:
        yield Stumble(rule="id", said=f"id is {_shown(found.get('id'))}")
    if not isinstance(found.get("active", True), bool):
        yield Stumble(rule="boolean", said=f"active is {_shown(found['active'])}")
    if "password" in found:
        yield Stumble(rule="password-shown", said="the answer has a password")
    nulls = sorted(_nulls(found, ""))
    if nulls:
        yield Stumble(rule="null", said=f"null in {', '.join(nulls[:5])}")
    if asked.method in {"POST", "PUT"} and isinstance(asked.sent, dict):
        for name in asked.echoed:
            if name in asked.sent and found.get(name) != asked.sent[name]:
                said = f"{name} was {_shown(asked.sent[name])}, is {_shown(found.get(name))}"
                yield Stumble(rule="echo", said=said)


def _nulls(value: Any, place: str) -> Iterator[str]:  # noqa: ANN401  JSON of any shape
    if value is None:
        yield place
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _nulls(inner, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for inner in value:
            yield from _nulls(inner, place)


def sentence_of(body: bytes) -> str:
    """What a SCIM error says, or nothing."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    detail = found.get("detail", "") if isinstance(found, dict) else ""
    return detail if isinstance(detail, str) else ""


def _beginning(body: bytes) -> str:
    return repr(body[:40].decode("utf-8", "replace"))


def _shown(value: object) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 120 else f"{text[:119]}…"


EXPLAINED_BY_FORM = frozenset({"no-answer", "conflict", "missing", "no-match", "link"})
"""The rules whose reason is not whole without that of the request; a status has no other."""


class Surprise(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A rule that was broken: by which form of request, how often, where first, and why it matters.

    `chapter` is the part of the story in which it was first seen.
    """

    rule: str
    said: str
    count: int
    sent: str = ""
    """What the first one sent, as far as it shows what was stumbled over."""
    form: str = ""
    chapter: str = ""
    why: str = ""


def reason_of(rule: str, form: str) -> str:
    """Why it matters that a request of this form broke the rule."""
    if rule == "status" and form:
        return FORMS[form]
    return f"{RULES[rule]} {FORMS[form]}" if form and rule in EXPLAINED_BY_FORM else RULES[rule]


def kind_of(said: str) -> str:
    """The kind of a stumble: method and endpoint without ids, and the status if it begins so."""
    place, _, told = said.partition(":")
    status = told.split(maxsplit=1)[0] if told.strip() else ""
    return f"{place.partition('/')[0]} {status if status.isdecimal() else ''}"

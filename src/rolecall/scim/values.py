"""What a SCIM message is made of: JSON values, and how a refusal names the kind of one."""

import re
from typing import TypeAlias

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
Object: TypeAlias = dict[str, Json]

KINDS: dict[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}


def kind_of(value: object) -> str:
    """Name the JSON kind of a decoded value, for a sentence: "must be a string, not a number"."""
    return KINDS.get(type(value), "something that is not JSON")


def has_forbidden_character(text: str) -> bool:
    """Tell whether a text holds NUL or half a surrogate pair, which no store can keep exactly."""
    if "\0" in text:
        return True
    return not text.isascii() and _SURROGATE.search(text) is not None


_SURROGATE = re.compile("[\ud800-\udfff]")


def shown(text: str) -> str:
    """Spell out what a log, a table or an encoder could not take of a client's text."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\\0").encode(errors="backslashreplace").decode()


# xsd:dateTime as RFC 7643 section 2.3.5 wants it: a date, a time, and whatever zone or none.
_DATE_TIME = re.compile(
    r"-?\d{4,}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"T(?:[01]\d|2[0-4]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)?",
    re.ASCII,
)
# RFC 7643 section 2.3.6: base64, plain or for URLs, padding optional; some clients fold its lines.
_BINARY = re.compile(r"[A-Za-z0-9+/_\-\r\n]*={0,2}[\r\n]*", re.ASCII)
# RFC 7643 section 2.3.7: a URI, absolute or relative. Letters of any script may stand in one, as
# browsers and providers have it (RFC 3987); these never do.
_NO_URI = re.compile(r'[\s\x00-\x1f\x7f-\x9f<>"{}|\\^`]|%(?![0-9A-Fa-f]{2})')


def is_date_time(text: str) -> bool:
    return _DATE_TIME.fullmatch(text) is not None


def is_binary(text: str) -> bool:
    """Tell whether a text is base64; one character more than a multiple of four can't be."""
    if _BINARY.fullmatch(text) is None:
        return False
    return len(text.translate(_NO_DIGITS)) % 4 != 1


_NO_DIGITS = dict.fromkeys(map(ord, "\r\n="))


def is_reference(text: str) -> bool:
    return _NO_URI.search(text) is None

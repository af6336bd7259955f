"""Distinguished names: one key for every spelling that RFC 4514 and its elders allow."""

from __future__ import annotations

import re
import unicodedata

LONG_NAMES = {
    "commonname": "cn",
    "surname": "sn",
    "countryname": "c",
    "localityname": "l",
    "stateorprovincename": "st",
    "streetaddress": "street",
    "organizationname": "o",
    "organizationalunitname": "ou",
    "domaincomponent": "dc",
    "userid": "uid",
    "2.5.4.3": "cn",
    "2.5.4.4": "sn",
    "2.5.4.6": "c",
    "2.5.4.7": "l",
    "2.5.4.8": "st",
    "2.5.4.9": "street",
    "2.5.4.10": "o",
    "2.5.4.11": "ou",
    "0.9.2342.19200300.100.1.25": "dc",
    "0.9.2342.19200300.100.1.1": "uid",
}
# RFC 4514 §3: descr or numericoid; underscores are Active Directory's and Novell's.
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*|[0-9]+(?:\.[0-9]+)*")
_HEX_PAIR = re.compile(r"[0-9A-Fa-f]{2}")
_HEX_STRING = re.compile(r"#(?:[0-9A-Fa-f]{2})+")
_BER_STRINGS = {0x04, 0x0C, 0x13, 0x14, 0x16}  # OCTET, UTF8, Printable, Teletex, IA5
_FOLDS_MAX = 4

Pair = tuple[str, str]
Name = tuple[tuple[Pair, ...], ...]


class NameSyntaxError(ValueError):
    """The text is no distinguished name; the message says what was expected and where."""


def key_of(text: str) -> str:
    """Give the one spelling that all spellings of this name share; the key of a key is itself."""
    return ",".join(
        "+".join(f"{kind}={_escaped(value)}" for kind, value in rdn) for rdn in parsed(text)
    )


def parsed(text: str) -> Name:
    """Read a name into folded (type, value) pairs, innermost first, each RDN sorted."""
    if not text.strip():
        return ()
    rdns: list[tuple[Pair, ...]] = []
    pairs: list[Pair] = []
    position = 0
    while True:
        kind, position = _read_type(text, position)
        value, position = _read_value(text, position)
        pairs.append((kind, value))
        separator = text[position : position + 1]
        if separator != "+":
            rdns.append(tuple(sorted(set(pairs))))
            pairs = []
        if not separator:
            return tuple(rdns)
        position += 1


def folded(text: str) -> str:
    """Fold as caseIgnoreMatch does (RFC 4518): compatibility form, no case, single spaces."""
    for _ in range(_FOLDS_MAX):
        after = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
        if after == text:
            break
        text = after
    return text


def _read_type(text: str, position: int) -> tuple[str, int]:
    equals = text.find("=", position)
    kind = text[position:equals].strip() if equals >= 0 else ""
    kind = kind[4:] if kind.upper().startswith("OID.") else kind
    if not _TYPE.fullmatch(kind):
        raise NameSyntaxError(f"expected an attribute type and '=' at character {position + 1}")
    kind = kind.lower()
    return LONG_NAMES.get(kind, kind), equals + 1


def _read_value(text: str, position: int) -> tuple[str, int]:
    """Read one value up to its separator; RFC 2253 §4 still allows quotes and ';'."""
    while text[position : position + 1] == " ":
        position += 1
    if text[position : position + 1] == '"':
        return _read_quoted(text, position + 1)
    octets = bytearray()
    start = position
    while position < len(text) and text[position] not in ",;+":
        if text[position] == '"':
            raise NameSyntaxError(f"unexpected quotation mark at character {position + 1}")
        position = _take(text, position, octets)
    raw = text[start:position].strip()
    if _HEX_STRING.fullmatch(raw):
        return folded(_from_hex(raw)), position
    return folded(_decoded(octets, position)), position


def _read_quoted(text: str, position: int) -> tuple[str, int]:
    octets = bytearray()
    while text[position : position + 1] != '"':
        if position >= len(text):
            raise NameSyntaxError("a quoted value has no closing quotation mark")
        position = _take(text, position, octets)
    position += 1
    while text[position : position + 1] == " ":
        position += 1
    if text[position : position + 1] not in ("", ",", ";", "+"):
        raise NameSyntaxError(f"expected a separator at character {position + 1}")
    return folded(_decoded(octets, position)), position


def _take(text: str, position: int, octets: bytearray) -> int:
    """Move one character, or one escape (RFC 4514 §2.4: a special or two hex digits), over."""
    if text[position] != "\\":
        octets += text[position].encode(errors="surrogatepass")
        return position + 1
    escape = text[position + 1 : position + 3]
    if _HEX_PAIR.fullmatch(escape):
        octets.append(int(escape, 16))
        return position + 3
    if not escape:
        raise NameSyntaxError("the name ends in a backslash")
    octets += escape[0].encode(errors="surrogatepass")
    return position + 2


def _decoded(octets: bytearray, position: int) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError as error:
        raise NameSyntaxError(f"a value before character {position + 1} is not UTF-8") from error


def _from_hex(raw: str) -> str:
    """Read `#0403616263`: a BER string of known type becomes its text, anything else stays hex."""
    octets = bytes.fromhex(raw[1:])
    if len(octets) >= 2 and octets[0] in _BER_STRINGS and octets[1] == len(octets) - 2:
        return octets[2:].decode(errors="replace")
    return raw


def _escaped(value: str) -> str:
    text = re.sub(r'([\\,;+"=<>])', r"\\\1", value).replace("\0", "\\00")
    return f"\\{text}" if text.startswith("#") else text

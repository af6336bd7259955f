"""LDIF as directory servers write it (RFC 2849): records, and every sign that the file is cut."""

from __future__ import annotations

import io
import re

import ldif
import msgspec

from rolecall.push.directory import Problem


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One entry: its name, where it stands, and its values by lower-case attribute description."""

    dn: str
    where: str
    values: dict[str, tuple[bytes, ...]]


class Records(msgspec.Struct, frozen=True, kw_only=True):
    records: tuple[Record, ...]
    problems: tuple[Problem, ...]


class _Block(msgspec.Struct, frozen=True, kw_only=True):
    """Lines between empty ones, unfolded; comments apart; `ended` by an empty line."""

    line: int
    lines: tuple[bytes, ...]
    comments: tuple[bytes, ...]
    ended: bool


class _Unreadable(ValueError):
    """The record can't be read; the message is for the person who made the file."""


# What may stand before the colon: an attribute type, then options such as `;lang-en` or
# Active Directory's `;range=0-1499`.
_LINE = re.compile(
    rb"([A-Za-z0-9][A-Za-z0-9._-]*(?:;[A-Za-z0-9_=*-]+)*):([:<]?)[ ]*(.*)", re.DOTALL
)
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_COUNT = re.compile(rb"#\s*numEntries:\s*([0-9]+)")
_RESULT = re.compile(rb"result:\s*([0-9]+)\s*(.*)")
# ldapsearch without -LLL ends with such blocks; `ref:` points at another server's entries.
_TRAILER_STARTS = (b"search:", b"result:", b"ref:", b"control:", b"pagedresults:")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# The library judges names by a regular expression that takes exponential time on `a=b+c=d+…`.
# It accepts an empty name, so the real one travels as a value under this description.
_NAME_AS_VALUE = b"dn;of-the-record"
_NO_EMPTY_LINE = (
    "no empty line follows the last entry, as it does in every server's export: the file may be "
    "cut; if it is whole, add an empty line at its end"
)


def read_ldif(content: bytes, where: str) -> Records:
    """Read a whole export; what can't be read is a problem, and the records around it stand."""
    try:
        text = _as_utf8(content)
    except UnicodeDecodeError:
        problem = Problem(where=where, why="the file claims to be UTF-16 and is cut or damaged")
        return Records(records=(), problems=(problem,))
    records: list[Record] = []
    problems: list[Problem] = []
    entries_since_count = 0
    for block in _blocks(text):
        place = f"{where}, line {block.line}"
        try:
            record = _record_of(block, place)
        except _Unreadable as error:
            problems.append(Problem(where=place, why=str(error)))
            entries_since_count += 1
        else:
            records += [record] if record else []
            entries_since_count += 1 if record else 0
        for announced in _counts(block.comments):
            if announced != entries_since_count:
                why = (
                    f"the file announces {announced} entries here and holds "
                    f"{entries_since_count}: it is cut; export it again"
                )
                problems.append(Problem(where=place, why=why))
            entries_since_count = 0
        if block.lines and not block.ended and text.endswith(b"\n"):
            problems.append(Problem(where=where, why=_NO_EMPTY_LINE))
    if text and not text.endswith(b"\n"):
        why = "the file ends in the middle of a line: it may be cut; export it again"
        problems.append(Problem(where=where, why=why))
    return Records(records=tuple(records), problems=tuple(problems))


def _as_utf8(content: bytes) -> bytes:
    """`ldifde -u` writes UTF-16; a UTF-8 byte order mark is dropped (RFC 2849 has none)."""
    if content[:2] in _UTF16_MARKS:
        return content.decode("utf-16").encode()
    return content.removeprefix(b"\xef\xbb\xbf")


def _blocks(text: bytes) -> list[_Block]:
    blocks: list[_Block] = []
    lines: list[bytearray] = []
    start = 0
    pieces = text.split(b"\n")
    for number, piece in enumerate(pieces, start=1):
        line = piece.removesuffix(b"\r")
        at_end = number == len(pieces)
        if line[:1] == b" " and lines:
            lines[-1] += line[1:]
        elif line:
            start = start if lines else number
            lines.append(bytearray(line))
        if lines and (at_end or not line):
            blocks.append(
                _Block(
                    line=start,
                    lines=tuple(bytes(line) for line in lines if line[:1] != b"#"),
                    comments=tuple(bytes(line) for line in lines if line[:1] == b"#"),
                    # The last piece is what follows the last line end: never an empty line.
                    ended=not at_end,
                )
            )
            lines = []
    return blocks


def _record_of(block: _Block, where: str) -> Record | None:
    """Read one block; None for what is no entry (comments, version line, ldapsearch's trailer)."""
    lines = list(block.lines)
    if lines and lines[0].lower().startswith(b"version:"):
        lines = lines[1:]
    if not lines:
        return None
    if lines[0].lower().startswith(_TRAILER_STARTS):
        _check_result(lines)
        return None
    if not lines[0].lower().startswith(b"dn:"):
        raise _Unreadable("the record does not begin with 'dn:'; is a piece of the file missing?")
    for line in lines:
        _check_line(line)
    values = _values_of([b"dn:", _NAME_AS_VALUE + lines[0][2:], *lines[1:]])
    names = values.pop(_NAME_AS_VALUE.decode())
    change = values.pop("changetype", (b"add",))
    if [kind.lower() for kind in change] != [b"add"]:
        raise _Unreadable("the record is a change, not an entry; push takes a full export")
    try:
        return Record(dn=names[0].decode(), where=where, values=values)
    except UnicodeDecodeError as error:
        raise _Unreadable("the distinguished name is not UTF-8") from error


def _values_of(lines: list[bytes]) -> dict[str, tuple[bytes, ...]]:
    parser = ldif.LDIFParser(io.BytesIO(b"\n".join(lines) + b"\n"), encoding=None)
    try:
        (_, entry), *_ = parser.parse()
    except ValueError as error:
        raise _Unreadable(f"the record can't be read: {error}") from error
    values: dict[str, tuple[bytes, ...]] = {}
    for description, found in entry.items():
        key = description.lower()
        values[key] = (*values.get(key, ()), *found)
    return values


def _check_line(line: bytes) -> None:
    """Refuse what the library would pass over: junk in base64, and values behind a URL."""
    matched = _LINE.fullmatch(line)
    if matched is None:
        shown = line[:40].decode(errors="replace")
        raise _Unreadable(f"'{shown}' is not 'attribute: value'; is a line cut or unfolded?")
    attribute = matched[1].decode()
    if matched[2] == b"<":
        # Whoever writes the file would choose what this machine reads and sends on.
        raise _Unreadable(f"{attribute} points at a URL, which is never fetched; export its value")
    if matched[2] == b":" and not _BASE64.fullmatch(matched[3].rstrip()):
        raise _Unreadable(f"the base64 value of {attribute} is cut or damaged")


def _check_result(lines: list[bytes]) -> None:
    for line in lines:
        result = _RESULT.fullmatch(line.rstrip())
        if result and int(result[1]) != 0:
            told = result[2].decode(errors="replace")
            raise _Unreadable(
                f"the search that wrote this file ended with '{told}' ({int(result[1])}), so "
                "entries are missing; raise the limit or use paged results, and export again"
            )


def _counts(comments: tuple[bytes, ...]) -> list[int]:
    matches = [_COUNT.match(comment) for comment in comments]
    return [int(matched[1]) for matched in matches if matched]

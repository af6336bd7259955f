"""Timestamps as people write them: the vendor's automatically detected formats, as one moment.

Without an offset a time is one of the session's time zone, TIMEZONE.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# TIMESTAMP input formats, "detected automatically": RFC 5322's, the one of UNIX, the American one.
FORMATS = (
    "%a, %d %b %Y %H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S",
    "%a, %d %b %Y %I:%M:%S %p %z",
    "%a, %d %b %Y %I:%M:%S %p",
    "%a %b %d %H:%M:%S %z %Y",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y",
    "%d-%b-%Y",
)

# ISO 8601 as `datetime` does not read it: no seconds, a space or nothing before the offset,
# an offset of hours alone, more than six digits of a second.
ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?"
    r"(?: ?(Z|UTC|[+-]\d{1,2}(?::?\d{2})?))?",
    re.ASCII | re.IGNORECASE,
)
EPOCH_NUMBER = re.compile(r"-?\d{1,19}", re.ASCII)
# A number is seconds, milliseconds, microseconds or nanoseconds, by its size (TO_TIMESTAMP).
SCALES = ((31_536_000_000, 1_000_000), (31_536_000_000_000, 1_000), (31_536_000_000_000_000, 1))


def microseconds_of(text: str, zone: tzinfo = UTC) -> int | None:
    """Microseconds since the epoch, or None for what is no time; `zone` is the session's.

    >>> microseconds_of("2026-01-01 02:00:00 +0200") == microseconds_of("1767225600")
    True
    """
    text = text.strip()
    if EPOCH_NUMBER.fullmatch(text):
        return _scaled(int(text))
    found = ISO.fullmatch(text)
    if found is not None:
        return _of_iso(*found.groups(), zone=zone)
    for layout in FORMATS:
        try:
            read = datetime.strptime(text, layout)  # noqa: DTZ007  without an offset it is local
        except ValueError:
            continue
        return _since_epoch(read, zone)
    return None


def _scaled(number: int) -> int:
    for limit, factor in SCALES:
        if abs(number) < limit:
            return number * factor
    return number // 1_000


def _of_iso(
    day: str,
    clock: str | None,
    seconds: str | None,
    fraction: str | None,
    offset: str | None,
    *,
    zone: tzinfo,
) -> int | None:
    micros = (fraction or "0")[:6].ljust(6, "0")
    try:
        read = datetime.fromisoformat(f"{day}T{clock or '00:00'}:{seconds or '00'}.{micros}")
    except ValueError:
        return None
    if offset is None:
        return _since_epoch(read, zone)
    return _since_epoch(read, UTC) - _offset(offset)


def _offset(text: str) -> int:
    """Microseconds east of Greenwich."""
    if text.upper() in {"Z", "UTC"}:
        return 0
    digits = text[1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) < 3 else (int(digits[:-2]), int(digits[-2:]))
    micros = (hours * 60 + minutes) * 60_000_000
    return -micros if text.startswith("-") else micros


def _since_epoch(read: datetime, zone: tzinfo) -> int:
    aware = read if read.tzinfo is not None else read.replace(tzinfo=zone)
    return (aware - EPOCH) // timedelta(microseconds=1)

"""Timestamps are read in every form that the vendor detects, and as one moment."""

import doctest
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.sql import timestamps
from rolecall.sql.timestamps import EPOCH, microseconds_of

NEW_YEAR = 1_767_225_600_000_000


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01",
        "2026-01-01 00:00",
        "2026-01-01 00:00:00",
        " 2026-01-01T00:00:00Z ",
        "2026-01-01T00:00:00.000000000",
        "2026-01-01 01:00:00 +1",
        "2026-01-01 02:00:00 +0200",
        "2026-01-01 02:00:00+02:00",
        "2025-12-31 16:00:00 -08",
        "2025-12-31 18:30:00 -05:30",
        "2026-01-01 00:00:00 UTC",
        "Thu, 01 Jan 2026 00:00:00 +0000",
        "Thu, 01 Jan 2026 00:00:00",
        "Thu, 01 Jan 2026 12:00:00 AM",
        "Thu, 01 Jan 2026 12:00:00 AM +0000",
        "Wed Dec 31 16:00:00 -0800 2025",
        "01/01/2026 00:00:00",
        "01/01/2026",
        "01-JAN-2026",
        "1767225600",
        "1767225600000",
        "1767225600000000",
        "1767225600000000000",
    ],
)
def test_each_form_is_the_same_moment(text: str) -> None:
    assert microseconds_of(text) == NEW_YEAR


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13-01", "2026-02-30", "25:00", "2026-01-01 24:30", "1" * 20]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert microseconds_of(text) is None


@given(st.integers(-(10**9), 10**9), st.integers(0, 999_999))
def test_what_iso_prints_is_read_back(seconds: int, micros: int) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=micros)
    expected = (at - EPOCH) // timedelta(microseconds=1)
    assert microseconds_of(at.isoformat()) == expected


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-07-01 12:00:00", "2026-07-01T10:00:00Z"),
        ("2026-01-01", "2025-12-31T23:00:00Z"),
        ("01/31/2026 12:00:00", "2026-01-31T11:00:00Z"),
        ("2026-07-01 12:00:00 +00:00", "2026-07-01T12:00:00Z"),
        ("2026-07-01T12:00:00Z", "2026-07-01T12:00:00Z"),
        ("Wed, 31 Dec 2025 12:00:00 +0100", "2025-12-31T11:00:00Z"),
        ("1767225600", "2026-01-01T00:00:00Z"),
    ],
)
def test_a_time_without_an_offset_is_one_of_the_zone(text: str, same: str) -> None:
    assert microseconds_of(text, ZoneInfo("Europe/Berlin")) == microseconds_of(same)


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_none(text: str) -> None:
    found = microseconds_of(text)
    assert found is None or isinstance(found, int)


def test_the_examples_hold() -> None:
    assert doctest.testmod(timestamps).failed == 0

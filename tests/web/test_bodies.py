"""Bodies of drivers: JSON objects, gzipped or not, unpacked no further than allowed."""

import gzip

import pytest

from rolecall.web.bodies import UnreadableBody, unzipped


def test_a_gzipped_body_is_unpacked() -> None:
    assert unzipped(gzip.compress(b"{}"), 100) == b"{}"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"no gzip at all", "not gzip"),
        (gzip.compress(b"x" * 5_000)[:-9], "too early"),
        (gzip.compress(b"x" * 10_000_000), "more than"),
    ],
)
def test_garbage_and_bombs_are_refused(content: bytes, why: str) -> None:
    with pytest.raises(UnreadableBody, match=why):
        unzipped(content, 5_120)

"""A relation in pages is taken at full speed unless it says that somebody is kept waiting."""

from rolecall.domain.selecting import Paged


def test_nobody_is_kept_waiting_unless_the_relation_says_so() -> None:
    assert not Paged(columns=(), pages=()).busy()
    assert Paged(columns=(), pages=(), busy=lambda: True).busy()

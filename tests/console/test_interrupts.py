"""Ctrl-C ends what follows a history, between two looks."""

import signal
from time import monotonic

import pytest

from rolecall.console.interrupts import interruptions


@pytest.mark.parametrize("asking", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_a_question_that_ends_a_pause(asking: signal.Signals) -> None:
    with interruptions() as interrupted:
        signal.raise_signal(asking)
        assert interrupted.asked
        began = monotonic()
        interrupted.pause(60)
        assert monotonic() - began < 30


def test_who_asks_twice_does_not_wait() -> None:
    with interruptions():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_what_a_signal_did_before_it_does_again() -> None:
    with interruptions() as interrupted:
        interrupted.pause(0)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_pause_that_nobody_ends_is_slept_through() -> None:
    with interruptions() as interrupted:
        began = monotonic()
        interrupted.pause(0.15)
        assert monotonic() - began >= 0.15
        assert not interrupted.asked

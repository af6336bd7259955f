"""Distributions count each value once, below the first bound that holds it."""

from rolecall.measuring import Distribution


def test_a_bound_belongs_to_what_is_below_it() -> None:
    seen = Distribution((1, 2))
    for value in (0.5, 1, 1.5, 2, 7):
        seen.add(value)
    assert seen.cumulative() == [("1", 2), ("2", 4), ("+Inf", 5)]
    assert seen.total == 12


def test_two_distributions_become_one() -> None:
    one, other = Distribution((1,)), Distribution((1,))
    one.add(0)
    other.add(0)
    other.add(9)
    one.merge(other)
    assert (one.counts, one.total) == ([2, 1], 9)

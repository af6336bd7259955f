"""Counting costs a request about a microsecond, and no stranger makes a series."""

from timeit import repeat

from rolecall.web import meter
from rolecall.web.meter import Meter, scim_endpoint, surface_of


def test_what_strangers_send_makes_no_series() -> None:
    counted = Meter()
    for number in range(100):
        endpoint = scim_endpoint(f"Invented{number}")
        counted.answered((1, "", endpoint, f"INVENTED{number}", 404), 0.1)
    assert {key: sum(cell.counts) for key, cell in counted.requests.items()} == {
        (1, "", "other", "other", 404): 100
    }
    assert surface_of("/invented") == "other"


def test_beyond_so_many_series_integrations_share_one() -> None:
    counted = Meter()
    meter_max, meter.SERIES_MAX = meter.SERIES_MAX, 3
    try:
        for number in range(10):
            counted.answered((1, f"I{number}", "Users", "GET", 200), 0.1)
            counted.refused(1, f"I{number}", "token")
    finally:
        meter.SERIES_MAX = meter_max
    assert len(counted.requests) == len(counted.refusals) == 4
    assert counted.refusals[1, "other", "token"] == 7


def test_counting_a_request_costs_little() -> None:
    """Some 0.5 microseconds on a quiet machine; the bound leaves room for a busy one."""
    counted = Meter()

    def one() -> None:
        labels = (1, "OKTA", scim_endpoint("Users"), "GET", 200)
        counted.answered(labels, 0.001)

    best = min(repeat(one, number=2_000, repeat=20)) / 2_000
    assert best < 10e-6, f"{best * 1e6:.2f} microseconds"

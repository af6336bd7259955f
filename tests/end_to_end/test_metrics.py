"""Health and metrics of a real server: who may ask, what is told, and what never is."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from rolecall_process import INTEGRATION, Server, rolecall, started, user_body

pytestmark = pytest.mark.e2e

METRICS = re.compile(r"Metrics: (\S+)")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("measured")
    with started(folder, "--data", str(folder / "data"), "--metrics-port", "0") as running:
        running.token = running.issue_token(folder)
        yield running


def scraped(server: Server) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    found = METRICS.search(server.output())
    assert found is not None
    text = httpx.get(found[1]).text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(server: Server, name: str, **labels: str) -> float:
    """The sum of the samples that have these labels."""
    return sum(
        number
        for (known, has), number in scraped(server).items()
        if known == name and has >= set(labels.items())
    )


def test_a_server_that_works_lives_and_is_ready(measured: Server) -> None:
    live, ready = (httpx.get(measured.root + path) for path in ("/healthz", "/readyz"))
    assert [(each.status_code, each.text) for each in (live, ready)] == [
        (200, "alive\n"),
        (200, "ready\n"),
    ]
    assert ready.headers["cache-control"] == "no-store"


def test_requests_are_counted_by_integration_endpoint_method_and_status(measured: Server) -> None:
    labels = {"integration": INTEGRATION, "endpoint": "Users", "method": "POST", "account": "DEMO"}
    with measured.client() as client:
        client.post("/Users", json=user_body("counted@example.com"))
        client.post("/Users", json=user_body("counted@example.com"))
    count = "rolecall_request_seconds_count"
    assert value(measured, count, **labels, status="2xx") == 1
    assert value(measured, count, **labels, status="4xx") == 1
    assert value(measured, "rolecall_refusals_total", cause="uniqueness") == 1
    assert value(measured, "rolecall_commit_seconds_count") >= 2
    assert value(measured, "process_open_fds") > 0


def test_a_bad_token_is_a_cause_without_an_integration(measured: Server) -> None:
    before = value(measured, "rolecall_refusals_total", cause="token", integration="")
    assert measured.status("rolecall_invented") == 401
    assert value(measured, "rolecall_refusals_total", cause="token", integration="") == before + 1


def test_a_tokens_end_is_told_in_seconds(measured: Server) -> None:
    ends = value(
        measured, "rolecall_token_expiry_seconds", integration=INTEGRATION, purpose="serve"
    )
    assert 86_000 < ends <= 86_400 or ends == 0, "the thread looks every half minute"


def test_metrics_are_not_where_the_internet_asks(measured: Server) -> None:
    assert httpx.get(f"{measured.root}/metrics").status_code == 404


def test_metrics_name_no_user_and_no_token(measured: Server) -> None:
    measured.status("rolecall_secret_of_somebody")
    with measured.client() as client:
        client.get("/Users", params={"filter": 'userName eq "named@example.com"'})
        client.get("/Invented/named@example.com")
    found = METRICS.search(measured.output())
    assert found is not None
    text = httpx.get(found[1]).text
    assert [
        word for word in ("named@", "secret_of", "Invented", measured.token) if word in text
    ] == []


def test_a_port_for_metrics_that_is_taken_is_told(measured: Server, tmp_path: Path) -> None:
    taken = measured.root.rpartition(":")[2]
    options = ("--data", str(tmp_path / "data"), "--port", "0", "--metrics-port", taken)
    assert "can't listen for metrics" in rolecall("serve", *options, fails=2)

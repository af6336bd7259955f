"""A provider speaks real HTTP: to the smallest server that could be one."""

import itertools
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest

from rolecall.simulate.playing import CouldNotRun, Progress
from rolecall.simulate.rules import LIST_RESPONSE
from rolecall.simulate.simulation import Plan, is_loopback, simulate


class Smallest(BaseHTTPRequestHandler):
    """Finds nobody, creates everything, changes anything; after the rotation, by one token only."""

    protocol_version = "HTTP/1.1"
    serials = itertools.count(1)
    tokens = ("first",)

    def do_GET(self) -> None:
        self.answer(200, {"schemas": [LIST_RESPONSE], "totalResults": 0, "Resources": []})

    def do_POST(self) -> None:
        self.answer(201, {"id": f"id-{next(self.serials)}"})

    def do_PATCH(self) -> None:
        self.answer(200, {})

    def answer(self, status: int, value: object) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        accepted = self.headers["Authorization"].removeprefix("Bearer ") in self.tokens
        body = msgspec.json.encode(value)
        self.send_response(status if accepted else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
        """Write nothing: a test's output is its failures."""


@pytest.fixture
def handler() -> type[Smallest]:
    return type("Fresh", (Smallest,), {})


@pytest.fixture
def url(handler: type[Smallest]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/scim/v2"
        server.shutdown()
        thread.join()


def test_the_story_ends_with_a_new_token_and_its_counts(url: str, handler: type[Smallest]) -> None:
    def rotate() -> str:
        handler.tokens = ("second",)
        return "second"

    seen: list[Progress] = []
    plan = Plan(users=2, groups=1, compares=False)
    report = simulate(plan, url, "first", rotate, seen.append)
    assert (report.users_active, report.users_inactive) == (1, 1)
    assert (report.groups, report.memberships) == (1, 1)
    assert (report.rotations, report.refusals, report.surprises) == (1, {401: 1}, ())
    assert seen[-1].done == seen[-1].total


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_no_proxy_comes_between_us_and_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["scim.example.com", "192.0.2.1", "localhost.example.com"])
def test_others_may_be_behind_a_proxy(host: str) -> None:
    assert not is_loopback(host)


def test_an_address_that_is_none_is_said() -> None:
    with pytest.raises(CouldNotRun, match="check --url"):
        simulate(Plan(users=2, groups=1), "http://[::1/scim", "any", None, lambda _: None)

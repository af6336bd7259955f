"""The concurrency limit: an account's by endpoint, strangers' apart (reference section 1)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from builders import NOW, admin, put
from rolecall.domain.commands import ChangeParameters
from rolecall.domain.model import Kind
from rolecall.web import limits
from scim_client import ERROR_URN, user_of
from scim_site import SCIM, Site

MANY = 20


@pytest.fixture
def site() -> Iterator[Site]:
    with ThreadPoolExecutor(2) as threads, asyncio.Runner() as loop:
        yield Site(threads, loop)


def limited(site: Site, most: int) -> None:
    change = ChangeParameters(
        kind=Kind.ACCOUNT,
        object=None,
        changes=(put("SCIM_MAX_CONCURRENT_REQUESTS", most),),
        at=NOW,
    )
    site.one.account.execute(admin(site.one.account), change)
    assert site.send("GET", "/Users").status_code == 200


class Slow:
    """A body that is not finished until the test says so."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], '
        await self.go.wait()
        yield b'"userName": "late"}'


async def asked(
    site: Site, path: str, *, token: str | None = None, body: Slow | None = None
) -> httpx.Response:
    transport = httpx.ASGITransport(site.app, client=("192.0.2.9", 4711))
    base = "http://acme-one.example.com/scim/v2"
    headers = {"Authorization": f"Bearer {token or site.one.token}", "Content-Type": SCIM}
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as http:
        if body is None:
            return await http.get(path)
        return await http.post(path, content=aiter(body))


def test_the_request_beyond_the_limit_is_told_to_come_again(site: Site) -> None:
    limited(site, 2)

    async def body() -> tuple[list[int], list[httpx.Response]]:
        slow = [Slow(), Slow()]
        held = [asyncio.create_task(asked(site, "/Users", body=each)) for each in slow]
        await asyncio.sleep(0.05)
        during = [await asked(site, "/Users"), await asked(site, "/Groups")]
        for each in slow:
            each.go.set()
        ended = [answer.status_code for answer in await asyncio.gather(*held)]
        return ended, [*during, await asked(site, "/Users")]

    ended, (beyond, elsewhere, after) = site.loop.run(body())
    assert sorted(ended) == [201, 409]
    assert (beyond.status_code, elsewhere.status_code, after.status_code) == (429, 200, 200)
    assert beyond.json()["schemas"] == [ERROR_URN]
    assert "2 requests of this account to /Users" in beyond.json()["detail"]
    assert int(beyond.headers["retry-after"]) >= 1


def test_the_refusal_is_made_without_asking_the_store(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited(site, 1)

    async def body() -> httpx.Response:
        slow = Slow()
        held = asyncio.create_task(asked(site, "/Users", body=slow))
        await asyncio.sleep(0.05)
        with monkeypatch.context() as patch:
            patch.setattr(site.one.account.store, "read", None)
            patch.setattr(site.one.account.store, "submit", None)
            answer = await asked(site, "/Users")
        slow.go.set()
        await held
        return answer

    assert site.loop.run(body()).status_code == 429


def test_strangers_have_a_limit_of_their_own_and_take_nothing_from_an_account(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited(site, 1)
    monkeypatch.setattr(limits, "STRANGERS_MAX", 3)

    async def body() -> tuple[list[int], int]:
        # Begun together, so that none is answered before all have arrived.
        site.app._turns._left = 0  # noqa: SLF001  the turn is full
        strangers = [
            asyncio.create_task(asked(site, "/Users", token=f"guess-{number}"))
            for number in range(MANY)
        ]
        mine = await asked(site, "/Users")
        return [answer.status_code for answer in await asyncio.gather(*strangers)], mine.status_code

    told, mine = site.loop.run(body())
    assert mine == 200
    assert set(told) == {401, 429}
    assert told.count(401) >= 3


def test_nothing_stays_counted(site: Site) -> None:
    for path in ("/Users", "/Groups", "/ServiceProviderConfig", "/nowhere"):
        site.send("GET", path)
        site.send("GET", path, token="guess")
    site.post("/Users", user_of("bob"))
    assert site.app.in_flight.strangers == 0
    assert set(site.app.in_flight.counts.values()) == {0}


def test_a_first_request_counts_once_its_token_is_accepted(site: Site) -> None:
    limited(site, 1)

    async def body() -> int:
        slow = Slow()
        held = asyncio.create_task(asked(site, "/Users", body=slow))
        await asyncio.sleep(0.05)
        fresh = site.one.session.token
        assert fresh is not None
        answer = await asked(site, "/Users", token=str(fresh))
        slow.go.set()
        await held
        return answer.status_code

    assert site.loop.run(body()) == 429


def test_of_many_tokens_the_latest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KNOWN_MAX", 2)
    known = limits.Known()
    for text in ("a", "b", "c"):
        known.accept(1, text)
    assert [known.caller(1, text) is None for text in ("a", "b", "c")] == [True, False, False]
    assert known.caller(2, "c") is None

"""SCIM over HTTP: headers, limits and hosts, through the ASGI application and no socket."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from builders import NOW, SIX_MONTHS, FixedClock, admin, by, put
from rolecall.domain.commands import ChangeIntegration
from rolecall.web.scim import BODIES_BYTES_MAX, BODY_BYTES_MAX
from scim_client import ERROR_URN, group_of, patch_of, state_of, user_of
from scim_site import PUBLIC, SCIM, Site

DAY = 86_400 * 1_000_000


@pytest.fixture
def site() -> Iterator[Site]:
    with ThreadPoolExecutor(2) as threads, asyncio.Runner() as loop:
        yield Site(threads, loop)


def test_a_user_is_created_read_and_deleted(site: Site) -> None:
    made = site.post("/Users", user_of("bob"))
    assert made.status_code == 201
    assert made.headers["content-type"] == f"{SCIM};charset=utf-8"
    assert made.headers["location"] == f"{PUBLIC}/scim/v2/Users/{made.json()['id']}"
    place = f"/Users/{made.json()['id']}"
    assert site.send("GET", place).json() == made.json()
    gone = site.send("DELETE", place)
    assert (gone.status_code, gone.content) == (204, b"")
    assert {"content-length", "content-type"}.isdisjoint(gone.headers)


def test_the_attempt_has_the_clients_address_and_the_request_id_that_was_answered(
    site: Site,
) -> None:
    made = site.post("/Users", user_of("bob"))
    attempt = site.one.last_attempt()
    assert attempt.client_ip == "192.0.2.9"
    assert attempt.request == made.headers["x-request-id"]


def test_the_header_values_that_the_documents_print_are_accepted(site: Site) -> None:
    made = site.post("/Users", user_of("bob"), Accept_Encoding="utf-8", Accept_Charset="utf-8")
    assert made.status_code == 201
    found = site.send("GET", "/Users", Accept_Encoding="utf-8", Accept=SCIM)
    assert found.json()["totalResults"] == 1


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (SCIM, 201),
        ("application/json", 201),
        ("Application/SCIM+JSON; charset=utf-8", 201),
        ("application/json;charset=UTF-8", 201),
        ('application/json; charset="utf-8"; x=y', 201),
        ("", 201),
        ("application/json; charset=utf-16", 415),
        ("application/scim+json;Charset=ISO-8859-1", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/xml; charset=utf-8", 415),
    ],
)
def test_a_body_is_scim_json_or_json(site: Site, content_type: str, status: int) -> None:
    before = state_of(site.one.account)
    answer = site.post("/Users", user_of("bob"), Content_Type=content_type)
    assert answer.status_code == status
    if status == 415:
        assert answer.json()["schemas"] == [ERROR_URN]
        assert SCIM in answer.json()["detail"]
        assert state_of(site.one.account) == before
        assert site.one.last_attempt().status == 415


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, identity"])
def test_a_packed_body_is_refused_by_the_name_of_its_packing(site: Site, encoding: str) -> None:
    answer = site.post("/Users", user_of("bob"), Content_Encoding=encoding)
    assert answer.status_code == 415
    assert f"Content-Encoding {encoding} is not understood" in answer.json()["detail"]
    assert site.post("/Users", user_of("bob"), Content_Encoding="identity").status_code == 201


@pytest.mark.parametrize("versions", [['W/"7"', 'W/"1"'], ['W/"1"', 'W/"7"']])
def test_versions_in_several_header_lines_are_one_list(site: Site, versions: list[str]) -> None:
    user = site.post("/Users", user_of("bob")).json()["id"]
    named = [("If-Match", version) for version in versions]
    answer = site.send("DELETE", f"/Users/{user}", lines=named)
    assert answer.status_code == 204


def test_a_body_without_a_content_type_is_taken_for_json(site: Site) -> None:
    assert site.send("POST", "/Users", json.dumps(user_of("bob")).encode()).status_code == 201


# ---- versions --------------------------------------------------------------------------------


def test_versions_go_by_headers(site: Site) -> None:
    place = f"/Users/{site.one.user('bob')}"
    unchanged = site.send("GET", place, If_None_Match='W/"1"')
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["etag"] == 'W/"1"'
    assert site.send("DELETE", place, If_Match='W/"2"').status_code == 412


# ---- sizes -----------------------------------------------------------------------------------


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size >> 16):
        yield b" " * (1 << 16)
    yield b"{}"


@pytest.mark.parametrize(
    ("path", "most"),
    [("/Users", BODY_BYTES_MAX), ("/Groups", BODIES_BYTES_MAX["Groups"]), ("/Bulk", 8 << 20)],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_413(site: Site, path: str, most: int, *, chunked: bool) -> None:
    before = state_of(site.one.account)
    content = chunks(most) if chunked else b" " * (most + 1)
    answer = site.send("POST", path, content, Content_Type=SCIM)
    assert answer.status_code == 413
    assert answer.json()["detail"].startswith(f"The body is larger than {most >> 20} MiB")
    assert state_of(site.one.account) == before
    assert site.one.last_attempt().status == 413


def test_a_body_in_chunks_is_read_whole(site: Site) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b'{"userName": '
        yield b'"bob"}'

    assert site.send("POST", "/Users", body(), Content_Type=SCIM).status_code == 201


def test_a_group_may_be_larger_than_a_user(site: Site) -> None:
    bob = site.one.user("bob")
    body = json.dumps(group_of("GUIDES", *[bob] * 30_000)).encode()
    assert BODY_BYTES_MAX < len(body) < BODIES_BYTES_MAX["Groups"]
    answer = site.send("POST", "/Groups", body, Content_Type=SCIM)
    assert [member["value"] for member in answer.json()["members"]] == [bob]


def test_a_bulk_is_answered_over_http(site: Site) -> None:
    operation = {"method": "POST", "path": "/Users", "bulkId": "1", "data": user_of("bob")}
    answer = site.post("/Bulk", {"Operations": [operation]})
    (told,) = answer.json()["Operations"]
    assert (answer.status_code, told["status"]) == (200, "201")
    assert told["location"].startswith(f"{PUBLIC}/scim/v2/Users/")


Message = MutableMapping[str, Any]


def exchanged(site: Site, headers: list[tuple[bytes, bytes]], *messages: Message) -> list[Message]:
    """What the application sends to a client that sends just these messages."""
    waiting = list(messages)
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/scim/v2/Users",
        "query_string": b"",
        "headers": headers,
        "client": None,
    }
    site.loop.run(site.app(scope, receive, send))
    return sent


def test_a_body_whose_connection_ends_changes_nothing(site: Site) -> None:
    before = state_of(site.one.account)
    sent = exchanged(
        site,
        [(b"authorization", f"Bearer {site.one.token}".encode())],
        {"type": "http.request", "body": b'{"userName":', "more_body": True},
        {"type": "http.disconnect"},
    )
    assert sent[0]["status"] == 400
    assert state_of(site.one.account) == before
    assert "connection ended" in (site.one.last_attempt().why or "")


@pytest.mark.parametrize("length", [b"many", b"9" * 5_000, b"-1"])
def test_a_length_that_is_no_length_is_passed_over(site: Site, length: bytes) -> None:
    sent = exchanged(
        site,
        [
            (b"authorization", f"Bearer {site.one.token}".encode()),
            (b"content-length", length),
        ],
        {"type": "http.request", "body": b'{"userName":"bob"}'},
    )
    assert sent[0]["status"] == 201


def test_a_body_larger_than_it_said_is_413(site: Site) -> None:
    sent = exchanged(
        site,
        [
            (b"authorization", f"Bearer {site.one.token}".encode()),
            (b"content-length", b"2"),
        ],
        {"type": "http.request", "body": b" " * (BODY_BYTES_MAX + 1)},
    )
    assert sent[0]["status"] == 413


# ---- accounts --------------------------------------------------------------------------------


def test_an_account_answers_at_its_own_host(site: Site) -> None:
    made = site.post("/Users", user_of("bob"), host="acme-two.example.com", token=site.two.token)
    assert made.status_code == 201
    assert made.headers["location"].startswith("https://acme-two.example.com/scim/v2/Users/")
    assert site.one.get("/Users").json["totalResults"] == 0
    assert site.two.get("/Users").json["totalResults"] == 1


def test_another_accounts_token_is_401_in_scim_json(site: Site) -> None:
    before = state_of(site.two.account)
    answer = site.post("/Users", user_of("bob"), host="acme-two.example.com")
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith(SCIM)
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "copied whole, for this account and URL" in answer.json()["detail"]
    assert state_of(site.two.account) == before
    assert site.two.last_attempt().status == 401


@pytest.mark.parametrize("host", ["evil.example.org", "acme-one.example.com.evil.example.org:99"])
def test_a_host_header_is_never_repeated(site: Site, host: str) -> None:
    made = site.post("/Users", user_of("bob"), host=host)
    assert made.headers["location"].startswith(f"{PUBLIC}/scim/v2/")
    assert "evil" not in made.text
    assert "evil" not in site.send("GET", "/Users", host=host).text


@pytest.mark.parametrize("guessed_first", [True, False])
def test_two_authorizations_are_none(site: Site, *, guessed_first: bool) -> None:
    good, guess = site.one.token, "guessed"
    first, second = (guess, good) if guessed_first else (good, guess)
    lines = [("Authorization", f"Bearer {second}")]
    assert site.send("GET", "/Users", token=first, lines=lines).status_code == 401
    lines = [("Authorization", f"Bearer {good}")]
    assert site.send("GET", "/Users", token=good, lines=lines).status_code == 401


def test_a_longer_word_is_another_place(site: Site) -> None:
    assert site.send("GET", "Users").status_code == 404
    assert site.send("GET", "/Users/%00").status_code == 404


# ---- threads ---------------------------------------------------------------------------------


def test_lists_and_groups_with_members_are_answered_too(site: Site) -> None:
    bob = site.one.user("bob")
    made = site.post("/Groups", group_of("GUIDES", bob))
    assert made.json()["members"][0]["value"] == bob
    assert site.send("GET", "/Users").json()["totalResults"] == 1
    assert site.send("GET", f"/Groups/{made.json()['id']}").json() == made.json()
    assert site.send("GET", "/Users?filter=nonsense").status_code == 400
    change = patch_of({"op": "remove", "path": "members"})
    answer = site.send(
        "PATCH", f"/Groups/{made.json()['id']}", json.dumps(change).encode(), Content_Type=SCIM
    )
    assert "members" not in answer.json()


def test_a_password_is_hashed_before_the_account_is_asked(site: Site) -> None:
    change = ChangeIntegration(
        integration=by("OKTA"), changes=(put("SYNC_PASSWORD", value=True),), at=NOW
    )
    site.one.account.execute(admin(site.one.account), change)
    made = site.post("/Users", user_of("bob", password="a-secret"))
    assert made.status_code == 201
    found = site.one.account.store.read(1, lambda r: r.user(made.json()["id"]))
    assert found is not None
    assert found.password == site.one.world.secrets.hash_password("a-secret")
    assert site.post("/Users", user_of("", password="a-secret")).status_code == 400


def test_a_bug_is_told_to_the_log_with_the_requests_id(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("the inside")

    monkeypatch.setattr(site.one.account, "moment", fail)
    with caplog.at_level(logging.ERROR, logger="rolecall.web.scim"):
        answer = site.send("GET", "/Users")
    assert answer.status_code == 500
    assert answer.json()["schemas"] == [ERROR_URN]
    assert "inside" not in answer.text
    (record,) = caplog.records
    assert answer.headers["x-request-id"] in record.getMessage()
    assert record.exc_info is not None


def test_from_thirty_days_before_its_end_each_answer_announces_it(site: Site) -> None:
    clock = site.one.world.clock
    assert isinstance(clock, FixedClock)
    begun = clock.at
    assert "sunset" not in site.send("GET", "/Users").headers
    clock.at = begun + SIX_MONTHS - 30 * DAY - 1
    assert "sunset" not in site.send("GET", "/Users").headers
    clock.at += 1
    date = "Wed, 01 Jul 2026 00:00:00 GMT"
    for answer in (
        site.send("GET", "/Users"),
        site.post("/Users", {}),
        site.send("GET", "/Users/x"),
    ):
        assert answer.headers["sunset"] == date
        assert answer.headers["warning"] == (
            f'299 - "The access token expires on {date}; issue a new one."'
        )
    clock.at = begun + SIX_MONTHS
    answer = site.send("GET", "/Users")
    assert (answer.status_code, "sunset" in answer.headers) == (401, False)

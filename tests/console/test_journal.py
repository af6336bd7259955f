"""The log for machines: one object a line, the request's id in each, and never a credential."""

import io
import json
import logging
from timeit import repeat

import msgspec
import pytest

from rolecall.console.journal import Journal, entry_of, log_to, redacted
from rolecall.domain.attempts import Attempt, AttemptKind

REQUEST = "018f0000-0000-7000-8000-000000000001"
ATTEMPT = Attempt(
    kind=AttemptKind.SCIM,
    at=1_700_000_000_123_456,
    request=REQUEST,
    method="POST",
    endpoint="scim/v2/Users",
    status=409,
    succeeded=False,
    integration="OKTA",
    why="userName is taken",
)


def test_an_attempt_is_one_object_with_the_requests_id() -> None:
    stream = io.StringIO()
    Journal(stream).show([ATTEMPT, ATTEMPT])
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first == second
    assert first == {
        "timestamp": "2023-11-14T22:13:20.123456Z",
        "level": "warning",
        "event": "attempt",
        "request_id": REQUEST,
        "kind": "SCIM",
        "method": "POST",
        "endpoint": "scim/v2/Users",
        "status": 409,
        "integration": "OKTA",
        "why": "userName is taken",
    }


def fail() -> None:
    raise ValueError("driver said rolecall_0123456789abcdef and Bearer abcdefgh12345678")


@pytest.mark.parametrize("as_json", [True, False])
def test_what_is_logged_has_its_id_and_no_credential(*, as_json: bool) -> None:
    stream, root = io.StringIO(), logging.getLogger()
    before, level = root.handlers, root.level
    log_to(stream, as_json=as_json)
    try:
        try:
            fail()
        except ValueError:
            logging.getLogger("rolecall.web").exception("SCIM request %s failed", REQUEST)
    finally:
        root.handlers, root.level = before, level
    text = stream.getvalue()
    assert "0123456789abcdef" not in text
    assert "abcdefgh12345678" not in text
    assert "ValueError" in text
    if as_json:
        (line,) = text.splitlines()
        told = json.loads(line)
        assert (told["request_id"], told["level"]) == (REQUEST, "error")


def test_a_token_in_a_path_is_blacked_out() -> None:
    strayed = msgspec.structs.replace(ATTEMPT, endpoint="scim/v2/rolecall_SECRETSECRET")
    assert "SECRET" not in entry_of(strayed)


@pytest.mark.parametrize(
    "text",
    [
        "rolecall_SECRETSECRET",
        "Authorization: Bearer SECRETSECRET",
        'Snowflake Token="SECRETSECRET"',
        '{"password": "SECRETSECRET"}',
        "password=SECRETSECRET",
        "PASSWORD = 'SECRETSECRET'",
        '{\\"password\\": \\"SECRETSECRET\\"}',
        "eyJSECRETSECRET.SECRETSECRET.SECRETSECRET",
    ],
)
def test_what_looks_like_a_credential_is_blacked_out(text: str) -> None:
    assert "SECRET" not in redacted(text)
    inside = redacted(json.dumps({"why": text, "next": "here"}))
    assert "SECRET" not in inside
    assert json.loads(inside)["next"] == "here", "it is still JSON"


def test_a_line_costs_little() -> None:
    """Some 3 microseconds of the writer's thread, at the end of a group."""
    good = msgspec.structs.replace(ATTEMPT, status=201, succeeded=True, why=None)
    best = min(repeat(lambda: entry_of(good), number=500, repeat=10)) / 500
    assert best < 50e-6, f"{best * 1e6:.1f} microseconds"

"""An administrator reads why a request was refused, and what helps, in DETAILS."""

import json

import msgspec
import pytest

from builders import an_attempt, an_id
from rolecall.domain.attempts import DETAILS_LENGTH_MAX, Attempt
from rolecall.domain.events import (
    Event,
    MembersAdded,
    MembersRemoved,
    SessionsEnded,
    UserChanged,
    UserDropped,
)
from rolecall.fronts.history_details import details_of


def refused(details: str | None, why: str | None = None, fix: str | None = None) -> Attempt:
    return an_attempt(status=409, succeeded=False, details=details, why=why, fix=fix)


@pytest.mark.parametrize(
    ("attempt", "shown"),
    [
        (refused(None), None),
        (refused('{"request":{}}'), '{"request":{}}'),
        (refused(None, "no"), '{"why":"no"}'),
        (refused('{"request":{"a":[1]}}', None, "do"), '{"fix":"do","request":{"a":[1]}}'),
        (refused('{"query":"x"}', "no", "do"), '{"why":"no","fix":"do","query":"x"}'),
    ],
)
def test_why_and_fix_stand_before_the_request(attempt: Attempt, shown: str | None) -> None:
    assert details_of(attempt) == shown


BOB, EVE = an_id(1), an_id(2)


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (
            UserChanged(id=BOB, before={"title": "A"}, after={"title": "B"}),
            {"before": {"title": "A"}, "after": {"title": "B"}},
        ),
        (UserDropped(id=BOB, name="BOB", was={"NAME": "BOB"}), {"before": {"NAME": "BOB"}}),
        (MembersAdded(id=EVE, users=(BOB,)), {"members_added": [BOB]}),
        (MembersRemoved(id=EVE, users=(BOB,)), {"members_removed": [BOB]}),
    ],
)
def test_what_changed_stands_before_the_request(event: Event, shown: dict[str, object]) -> None:
    ended = SessionsEnded(id=BOB, count=1, why="disabled")
    attempt = msgspec.structs.replace(refused('{"request":{}}'), status=200)
    assert json.loads(details_of(attempt, (event, ended)) or "") == {**shown, "request": {}}


def test_a_creation_names_the_new_id() -> None:
    attempt = msgspec.structs.replace(refused(None), status=201, resource_id=BOB)
    assert json.loads(details_of(attempt) or "") == {"id": BOB}


def test_what_is_too_long_is_named_by_length_and_hash() -> None:
    request = '{"request":"' + "x" * 12_000 + '"}'
    long = UserChanged(id=BOB, before={"title": "y" * 12_000}, after={"title": "z" * 12_000})
    text = details_of(refused(request, "no"), (long,)) or ""
    shown = json.loads(text)
    assert len(text) <= DETAILS_LENGTH_MAX
    assert shown["why"] == "no"
    assert shown["request"]["truncated"] is shown["before"]["truncated"] is True
    assert shown["before"]["bytes"] == 12_000 + len('{"title":""}')
    assert shown["after"] == {"title": "z" * 12_000}

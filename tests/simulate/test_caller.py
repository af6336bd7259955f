"""A caller changes tokens on 401, waits on 429 and 503, and notes what it did not expect."""

from collections.abc import Callable

import httpx
import pytest

from rolecall.simulate.caller import (
    GIVEN_UP_MAX,
    ROTATIONS_MAX,
    SURPRISES_MAX,
    Answer,
    Caller,
    found_in,
    id_of,
    pause_seconds,
)
from rolecall.simulate.forms import FORMS
from rolecall.simulate.manners import GENERIC, OKTA
from rolecall.simulate.rules import RULES, Surprise, reason_of

Handler = Callable[[httpx.Request], httpx.Response]


def a_caller(
    handler: Handler, rotate: Callable[[], str] = lambda: "new", pauses: list[float] | None = None
) -> Caller:
    client = httpx.Client(base_url="http://scim.test/v2/", transport=httpx.MockTransport(handler))
    return Caller(client, "old", rotate, (pauses if pauses is not None else []).append)


def a_surprise(rule: str, said: str, count: int, form: str) -> Surprise:
    return Surprise(rule=rule, said=said, count=count, form=form, why=reason_of(rule, form))


def only(token: str) -> Handler:
    """A server that accepts one token."""

    def answer(request: httpx.Request) -> httpx.Response:
        accepted = request.headers["Authorization"] == f"Bearer {token}"
        return httpx.Response(200 if accepted else 401)

    return answer


def in_turn(*answers: httpx.Response | Exception) -> Handler:
    """A server that gives these answers, one after another."""
    left = list(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        match left.pop(0):
            case Exception() as error:
                raise error
            case response:
                return response

    return answer


def test_a_401_fetches_a_new_token_and_asks_again() -> None:
    caller = a_caller(only("new"))
    assert caller.ask("GET", "Users").status == 200
    assert (caller.requests, caller.rotations, caller.refusals) == (2, 1, {401: 1})


def test_a_rotated_token_is_taken_up_when_the_old_one_is_refused() -> None:
    caller = a_caller(only("new"))
    caller.rotate_token()
    assert caller.ask("GET", "Users").status == 200
    assert caller.rotations == 1


def test_a_rotated_token_waits_while_the_old_one_still_works() -> None:
    caller = a_caller(only("old"))
    caller.rotate_token()
    assert caller.ask("GET", "Users").status == 200
    assert not caller.refusals


def test_a_token_that_another_thread_has_taken_up_is_not_fetched_twice() -> None:
    turns = iter(["during"])

    def answer(request: httpx.Request) -> httpx.Response:
        # The first request is overtaken: by the time it is refused, another has changed the token.
        if next(turns, None):
            assert caller.ask("GET", "Groups").status == 200
        return only("new")(request)

    caller = a_caller(answer)
    assert caller.ask("GET", "Users").status == 200
    assert caller.rotations == 1


def test_a_server_that_refuses_every_token_is_not_asked_for_ever() -> None:
    caller = a_caller(only("another"), rotate=iter(map(str, range(99))).__next__)
    statuses = [caller.ask("GET", "Users").status for _ in range(4)]
    assert statuses == [401] * 4
    assert caller.rotations == ROTATIONS_MAX
    assert caller.surprises[0].said == "GET Users: 401"


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(status: int) -> None:
    pauses: list[float] = []
    busy = httpx.Response(status, headers={"Retry-After": "3"})
    caller = a_caller(in_turn(busy, httpx.Response(200)), pauses=pauses)
    assert caller.ask("GET", "Users").status == 200
    assert pauses == [3.0]


def test_a_server_that_stays_busy_is_left_alone_after_the_last_try() -> None:
    caller = a_caller(lambda _: httpx.Response(429))
    assert caller.ask("GET", "Users").status == 429
    assert caller.requests == GENERIC.tries


def test_a_lost_answer_is_asked_for_again() -> None:
    caller = a_caller(in_turn(httpx.ReadError("gone"), httpx.Response(200)))
    assert caller.ask("GET", "Users").status == 200
    assert not caller.surprises


def test_a_server_that_is_not_there_is_a_surprise() -> None:
    caller = a_caller(in_turn(*[httpx.ConnectError("refused")] * GENERIC.tries))
    assert caller.ask("GET", "Users") == Answer(status=0, body=b"")
    assert caller.surprises == [a_surprise("no-answer", "GET Users: no answer", 1, "page")]


def test_a_surprise_says_what_the_server_said() -> None:
    caller = a_caller(lambda _: httpx.Response(400, json={"detail": "userName is missing"}))
    caller.ask("POST", "Users", {"schemas": [], "password": "a secret"}, expected=(201,))
    (surprise,) = caller.surprises
    assert surprise.said == "POST Users: 400 userName is missing"
    assert surprise.sent == '{"schemas":[],"password":"***"}'


def test_the_same_surprise_is_counted_and_shown_once() -> None:
    caller = a_caller(lambda _: httpx.Response(500))
    for number in range(3):
        caller.ask("GET", f"Users/{number}")
    assert caller.surprises == [a_surprise("status", "GET Users/0: 500", 3, "read")]


def test_another_status_of_the_same_request_is_another_surprise() -> None:
    caller = a_caller(in_turn(httpx.Response(500), httpx.Response(501), httpx.Response(500)))
    for number in range(3):
        caller.ask("GET", f"Users/{number}")
    assert [(each.said, each.count) for each in caller.surprises] == [
        ("GET Users/0: 500", 2),
        ("GET Users/1: 501", 1),
    ]


def test_surprises_are_kept_while_there_is_room() -> None:
    caller = a_caller(lambda _: httpx.Response(500))
    for number in range(SURPRISES_MAX + 5):
        caller.ask("GET", f"Kind{number}")
    assert len(caller.surprises) == SURPRISES_MAX


def test_without_a_way_to_a_new_token_a_401_is_final() -> None:
    client = httpx.Client(base_url="http://scim.test/", transport=httpx.MockTransport(only("new")))
    caller = Caller(client, "old", None, lambda _: None)
    caller.rotate_token()
    assert caller.ask("GET", "Users").status == 401
    assert (caller.requests, caller.rotations) == (1, 0)


@pytest.mark.parametrize(
    ("retry_after", "tried", "seconds"),
    [
        ("3", 1, 3.0),
        ("0", 2, 0.0),
        ("60", 1, 60.0),
        ("3600", 1, 120.0),
        ("", 1, 1.0),
        ("", 3, 4.0),
        ("soon", 2, 2.0),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 1, 0.0),
        ("Fri, 31 Dec 2199 23:59:59 GMT", 1, 120.0),
    ],
)
def test_a_pause_is_what_retry_after_says_or_doubles(
    retry_after: str, tried: int, seconds: float
) -> None:
    assert pause_seconds(retry_after, tried) == seconds


@pytest.mark.parametrize("answer", [httpx.ReadError("gone"), httpx.Response(502)])
def test_a_create_whose_fate_is_unknown_is_not_sent_twice(
    answer: httpx.Response | Exception,
) -> None:
    """The provider's next cycle looks whether it is there (RFC 7644 section 3.3)."""
    sent: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        return in_turn(answer)(request)

    client = httpx.Client(base_url="http://scim.test/", transport=httpx.MockTransport(handler))
    caller = Caller(client, "token", None, lambda _: None, OKTA)
    caller.ask("POST", "Users", {}, expected=(201,))
    assert sent == ["POST"]


def test_a_deletion_whose_answer_was_lost_is_done_when_the_second_says_404() -> None:
    caller = a_caller(in_turn(httpx.ReadError("gone"), httpx.Response(404)))
    assert caller.ask("DELETE", "Users/1", expected=(204,)).status == 204
    assert not caller.surprises


def test_a_404_to_the_first_deletion_is_a_surprise() -> None:
    caller = a_caller(lambda _: httpx.Response(404))
    assert caller.ask("DELETE", "Users/1", expected=(204,)).status == 404
    assert [each.form for each in caller.surprises] == ["delete"]


def test_a_step_that_met_an_outage_is_to_be_taken_again_and_its_notes_wait() -> None:
    caller = a_caller(lambda _: httpx.Response(503))

    def step() -> None:
        caller.note("link", "GET Users: before")
        caller.ask("GET", "Users")
        caller.note("link", "GET Groups: a consequence")

    met = caller.carry_out(step, again=False)
    assert met is not None
    assert [each.said for each in met] == ["GET Users: 503", "GET Groups: a consequence"]
    assert [each.said for each in caller.surprises] == ["GET Users: before"]


def test_patience_ends_when_nothing_gets_through_and_returns_with_the_first_answer() -> None:
    answers = iter([503] * 1_000)
    statuses = {"now": answers}
    caller = a_caller(lambda _: httpx.Response(next(statuses["now"])))
    for _ in range(GIVEN_UP_MAX):
        caller.ask("GET", "Users")
    before = caller.requests
    caller.ask("GET", "Users")
    assert caller.requests == before + 1
    statuses["now"] = iter([200, 503, 200])
    caller.ask("GET", "Users")
    assert caller.ask("GET", "Users").status == 200


@pytest.mark.parametrize("form", sorted(FORMS))
def test_every_form_says_who_sends_it_so(form: str) -> None:
    assert FORMS[form].endswith(".")
    assert reason_of("status", form) == FORMS[form]
    assert reason_of("link", form) == f"{RULES['link']} {FORMS[form]}"
    assert reason_of("conflict", form) == f"{RULES['conflict']} {FORMS[form]}"
    assert reason_of("null", form) == RULES["null"]


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[]"])
def test_an_answer_without_a_resource_has_no_id(body: bytes) -> None:
    answer = Answer(status=200, body=body)
    assert id_of(answer) is None
    assert found_in(answer) is None


def test_a_list_without_resources_finds_nobody() -> None:
    assert found_in(Answer(status=200, body=b'{"totalResults":0}')) is None

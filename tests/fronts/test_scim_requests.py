"""Bad input has its status, a sentence that says what to do, and changes nothing (issue 2)."""

import json
from collections.abc import Callable
from typing import NoReturn
from urllib.parse import parse_qsl
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW, SECOND, SIX_MONTHS, a_token, admin, an_account, an_id, by, put
from rolecall.domain.commands import (
    ChangeIntegration,
    Command,
    DropIntegration,
    DropRole,
    RevokeToken,
)
from rolecall.domain.errors import StoreFailure, TokenRefused
from rolecall.domain.names import Id
from rolecall.domain.ports import Reading
from rolecall.domain.queries import OneUser
from rolecall.fronts.scim import ScimFront
from rolecall.fronts.scim_answers import Exchange, Incoming
from rolecall.fronts.scim_steps import Accepted, Entrances, Write, unreported
from rolecall.store.memory import MemoryStore
from scim_client import ERROR_URN, ScimClientInProcess, group_of, state_of, user_of


@pytest.fixture
def scim() -> ScimClientInProcess:
    client = ScimClientInProcess()
    client.user("present", externalId="p1")
    return client


# ---- bodies ----------------------------------------------------------------------------------

NO_JSON = [
    b"",
    b"   ",
    b"{",
    b"nonsense",
    b'{"userName": "bob"} {}',
    b'{"userName": "\\ud800"}',
    b'{"\\udfff": 1}',
    b'{"userName": "\xff"}',
    b"\xef\xbb\xbf{}",
    b'{"userName": "bob", "x": NaN}',
    b'{"userName": "bob", "x": 1e400}',
    b'{"userName": "bob", "x": ' + b"9" * 5_000 + b"}",
    b"[" * 100_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
]
NO_USER = [b"[]", b'"bob"', b"7", b"null", b"true"]


@pytest.mark.parametrize("body", NO_JSON + NO_USER, ids=lambda body: repr(body[:30]))
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_a_body_that_is_no_json_object_is_refused(
    scim: ScimClientInProcess, kind: str, method: str, body: bytes
) -> None:
    before = state_of(scim.account)
    answer = scim.ask(method, f"/{kind}" if method == "POST" else f"/{kind}/7", raw=body)
    assert (answer.status, answer.json["scimType"]) == (400, "invalidSyntax")
    assert answer.json["schemas"] == [ERROR_URN]
    assert answer.json["status"] == "400"
    assert state_of(scim.account) == before
    assert scim.last_attempt().why == answer.json["detail"]


@pytest.mark.parametrize(
    "extra",
    [
        b'"x": ' + b"9" * 30,
        b'"x": ' + b"[" * 900 + b"]" * 900,
        b'"\\u0078": ' + b"[" * 900 + b"]" * 900,
        b'"x": 1, "x": 2',
        b'"x": "\\u0000"',
        b'"\\u0000": 1',
    ],
    ids=lambda extra: repr(extra[:20]),
)
def test_what_nobody_knows_is_passed_over_however_odd(
    scim: ScimClientInProcess, extra: bytes
) -> None:
    answer = scim.ask("POST", "/Users", raw=b'{"userName": "bob", ' + extra + b"}")
    assert answer.status == 201
    assert scim.last_attempt().details is not None


def test_of_a_key_given_twice_the_last_counts(scim: ScimClientInProcess) -> None:
    answer = scim.ask("POST", "/Users", raw=b'{"userName": "eve", "userName": "bob"}')
    assert answer.json["userName"] == "bob"


def test_a_key_given_twice_in_two_spellings_is_refused(scim: ScimClientInProcess) -> None:
    answer = scim.ask("POST", "/Users", raw=b'{"userName": "eve", "USERNAME": "bob"}')
    assert (answer.status, answer.json["scimType"]) == (400, "invalidSyntax")


@pytest.mark.parametrize("name", ["bob\0", "\0"])
def test_a_nul_is_refused(scim: ScimClientInProcess, name: str) -> None:
    answer = scim.post("/Users", user_of(name))
    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")


def test_an_id_with_a_nul_is_not_found(scim: ScimClientInProcess) -> None:
    answer = scim.get("/Users/7\0")
    assert answer.status == 404
    assert scim.last_attempt().status == 404


def test_too_many_parameters_are_refused(scim: ScimClientInProcess) -> None:
    answer = scim.get("/Users?" + "&".join(f"p{number}=" for number in range(101)))
    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")


@given(st.text("ab=+%&é/4c9", max_size=12))
def test_parameters_are_read_as_the_standard_library_does(query: str) -> None:
    read = Exchange(Incoming(method="GET", path="/Users", query=query), NOW, Id("r")).params()
    pairs = parse_qsl(query, keep_blank_values=True)
    assert read == dict(reversed(pairs))


def test_both_ways_of_choosing_attributes_at_once_are_refused(
    scim: ScimClientInProcess,
) -> None:
    assert scim.get("/Users?attributes=id&excludedAttributes=name").status == 400


# ---- places and methods ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/Nothing", "/users", "/Users/1/2", "Users", "foo", "/Schemas/x", "/\0"]
)
def test_an_unknown_place_is_404(scim: ScimClientInProcess, path: str) -> None:
    answer = scim.get(path)
    assert answer.status == 404
    assert answer.json["schemas"] == [ERROR_URN]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/Users", "GET, HEAD, POST"),
        ("PATCH", "/Groups", "GET, HEAD, POST"),
        ("POST", "/Users/7", "GET, HEAD, PUT, PATCH, DELETE"),
        ("OPTIONS", "/Groups/7", "GET, HEAD, PUT, PATCH, DELETE"),
        ("POST", "/", "GET, HEAD"),
        ("POST", "/Schemas", "GET, HEAD"),
        ("PUT", "/ServiceProviderConfig", "GET, HEAD"),
    ],
)
def test_another_method_is_405_with_those_that_work(
    scim: ScimClientInProcess, method: str, path: str, allowed: str
) -> None:
    answer = scim.ask(method, path, {})
    assert (answer.status, answer.headers["allow"]) == (405, allowed)
    assert allowed in answer.json["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/ServiceProviderConfig",
        "/ResourceTypes",
        "/ResourceTypes/User",
        "/Schemas",
        "/Schemas/urn:ietf:params:scim:schemas:core:2.0:Group",
        "/Users/",
    ],
)
def test_what_there_is_can_be_read(scim: ScimClientInProcess, path: str) -> None:
    assert scim.get(path).status == 200
    assert scim.last_attempt().succeeded


@pytest.mark.parametrize(
    "path", ["/ServiceProviderConfig/x", "/ResourceTypes/Robot", "/Schemas/urn:none"]
)
def test_what_there_is_not_is_404(scim: ScimClientInProcess, path: str) -> None:
    assert scim.get(path).status == 404


def test_discovery_takes_no_filter(scim: ScimClientInProcess) -> None:
    assert scim.get('/Schemas?filter=id eq "x"').status == 403


# ---- tokens ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Token abc", "Bearer wrong", "bearer \xff"],
)
def test_a_request_without_a_good_token_is_401(
    scim: ScimClientInProcess, authorization: str
) -> None:
    before = state_of(scim.account)
    answer = scim.ask("POST", "/Users", user_of("bob"), authorization=authorization)
    assert answer.status == 401
    told = ', error="invalid_token"' if authorization[7:] else ""
    told = "" if authorization.startswith(("Basic", "Token")) else told
    assert answer.headers == {"www-authenticate": f'Bearer realm="SCIM"{told}'}
    assert answer.json["schemas"] == [ERROR_URN]
    assert state_of(scim.account) == before
    attempt = scim.last_attempt()
    assert (attempt.status, attempt.actor, attempt.client_ip) == (401, None, "192.0.2.7")
    assert attempt.details is None


def test_the_scheme_may_be_written_in_any_case(scim: ScimClientInProcess) -> None:
    assert scim.ask("GET", "/Users", authorization=f"bEaReR   {scim.token} ").status == 200


def the_token_expires(scim: ScimClientInProcess) -> None:
    scim.at = NOW + SIX_MONTHS


def commanded(command: Callable[[ScimClientInProcess], Command]) -> Callable[..., None]:
    def carry_out(scim: ScimClientInProcess) -> None:
        scim.account.execute(admin(scim.account), command(scim))

    return carry_out


ENDINGS: dict[str, tuple[Callable[..., None], str, str]] = {
    "expired": (the_token_expires, "Access token expired", "generate_scim_access_token('OKTA')"),
    "revoked": (
        commanded(lambda scim: RevokeToken(token=Id(scim.token), at=NOW)),
        "Access token expired",
        "It was ended",
    ),
    "dropped": (
        commanded(lambda _: DropIntegration(integration=by("OKTA"), at=NOW)),
        "Access token expired",
        "It was ended",
    ),
    "disabled": (
        commanded(
            lambda _: ChangeIntegration(
                integration=by("OKTA"), changes=(put("ENABLED", value=False),), at=NOW
            )
        ),
        "disabled",
        "set enabled = true",
    ),
    "too early": (
        commanded(
            lambda _: ChangeIntegration(
                integration=by("OKTA"),
                changes=(put("REJECT_TOKENS_ISSUED_BEFORE", NOW + SECOND),),
                at=NOW,
            )
        ),
        "only newer ones",
        "Issue a new one",
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_token_that_is_no_longer_good_is_401_and_the_audit_says_what_helps(
    scim: ScimClientInProcess, ending: str
) -> None:
    end, said, fix = ENDINGS[ending]
    assert scim.get("/Users").status == 200
    end(scim)
    before = state_of(scim.account)
    assert scim.get("/Users").status == 401
    answer = scim.ask("POST", "/Users", user_of("bob"))
    assert answer.status == 401
    assert said in answer.json["detail"]
    assert state_of(scim.account) == before
    attempt = scim.last_attempt()
    assert (attempt.integration, attempt.status) == ("OKTA", 401)
    assert fix in (attempt.fix or "")


def test_another_accounts_token_is_unknown() -> None:
    store = MemoryStore()
    first = ScimClientInProcess(an_account(store, 1, "ONE"))
    second = ScimClientInProcess(an_account(store, 2, "TWO"))
    answer = second.ask("GET", "/Users", authorization=f"Bearer {first.token}")
    assert answer.status == 401
    assert second.last_attempt().integration is None
    assert all(attempt.status != 401 for attempt in first.attempts())


def test_a_second_token_works_beside_the_first(scim: ScimClientInProcess) -> None:
    second = a_token(scim.account).id
    assert scim.ask("GET", "/Users", authorization=f"Bearer {second}").status == 200
    assert scim.get("/Users").status == 200


def test_a_run_as_role_that_was_dropped_is_refused_and_the_audit_says_why(
    scim: ScimClientInProcess,
) -> None:
    place = f"/Users/{scim.user('bob')}"
    assert scim.get(place).status == 200
    scim.account.execute(admin(scim.account), DropRole(role=scim.session.role, at=NOW))
    for answer in (scim.post("/Users", user_of("eve")), scim.get(place)):
        assert answer.status == 403
        assert "run_as_role" in (scim.last_attempt().fix or "")


def waiting(scim: ScimClientInProcess, path: str, body: bytes) -> Write:
    """A POST that was accepted and read, and waits for its turn."""
    came = Incoming(method="POST", path=path, body=body, authorization=f"Bearer {scim.token}")
    exchange = Exchange(came, NOW, scim.world.ids.new())
    accepted = scim.front.begin(exchange)
    assert isinstance(accepted, Accepted)
    step = scim.front.answer(exchange, accepted)
    assert isinstance(step, Write)
    return step


def test_a_token_revoked_while_a_request_waits_ends_it(scim: ScimClientInProcess) -> None:
    step = waiting(scim, "/Users", b'{"userName": "bob"}')
    scim.account.execute(admin(scim.account), RevokeToken(token=Id(scim.token), at=NOW))
    with pytest.raises(TokenRefused) as refused:
        scim.account.execute(step.session, *step.commands, describe=step.describe)
    assert step.finish(None, refused.value).status == 401
    assert scim.last_attempt().status == 401


# ---- failures --------------------------------------------------------------------------------


Failing = Callable[[Exception], list[Exception]]


@pytest.fixture
def failing(scim: ScimClientInProcess, monkeypatch: pytest.MonkeyPatch) -> Failing:
    """Make each question fail from now on; what the log is told comes back."""

    def fail_with(error: Exception) -> list[Exception]:
        def fail(*_: object, **__: object) -> NoReturn:
            raise error

        told: list[Exception] = []
        scim.front = ScimFront(scim.account, scim.world, lambda _, heard: told.append(heard))
        monkeypatch.setattr(scim.account, "ask", fail)
        return told

    return fail_with


def posted(scim: ScimClientInProcess, path: str = "/Users", at: int = NOW) -> Exchange:
    came = Incoming(
        method="POST", path=path, authorization=f"Bearer {scim.token}", client_ip="192.0.2.7"
    )
    return Exchange(came, at, scim.world.ids.new())


def readings(scim: ScimClientInProcess, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A number for each reading that the account is asked for from now on."""
    began: list[int] = []
    read = scim.account.store.read

    def counted(number: int, body: Callable[[Reading], object]) -> object:
        began.append(number)
        return read(number, body)

    monkeypatch.setattr(scim.account.store, "read", counted)
    return began


def test_a_token_that_was_found_good_lets_others_of_its_turn_in_without_a_reading(
    scim: ScimClientInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    entrances: Entrances = {}
    first, second = posted(scim), posted(scim, at=NOW + 1)
    began = readings(scim, monkeypatch)
    accepted = [scim.front.begin(each, entrances) for each in (first, second)]
    assert len(began) == 1
    assert [isinstance(each, Accepted) and each.session.at for each in accepted] == [NOW, NOW + 1]
    assert (second.integration, second.token) == (first.integration, first.token)


@pytest.mark.parametrize(
    ("path", "at", "why"),
    [("/Users", NOW + SIX_MONTHS, "expired"), (f"/{an_id(7)}/Users", NOW, "unknown")],
)
def test_an_entrance_opens_at_its_time_and_url_alone(
    scim: ScimClientInProcess, path: str, at: int, why: str
) -> None:
    entrances: Entrances = {}
    scim.front.begin(posted(scim), entrances)
    with pytest.raises(TokenRefused) as refused:
        scim.front.begin(posted(scim, path, at), entrances)
    assert refused.value.why == why


def test_another_token_is_not_let_in_by_an_entrance(scim: ScimClientInProcess) -> None:
    entrances: Entrances = {}
    scim.front.begin(posted(scim), entrances)
    stranger = posted(scim)
    stranger.authorization += "x"
    with pytest.raises(TokenRefused):
        scim.front.begin(stranger, entrances)
    assert len(entrances) == 1


def test_a_bug_is_500_and_told_to_the_log_alone(
    scim: ScimClientInProcess, failing: Failing
) -> None:
    told = failing(KeyError("the inside"))
    answer = scim.get("/Users")
    assert answer.status == 500
    assert "inside" not in answer.text
    assert [str(error) for error in told] == ["'the inside'"]


def test_a_store_that_fails_is_503_with_a_time_to_try_again(
    scim: ScimClientInProcess, failing: Failing
) -> None:
    told = failing(StoreFailure("disk full"))
    answer = scim.get("/Users")
    assert (answer.status, answer.headers) == (503, {"retry-after": "5"})
    assert len(told) == 1


def test_a_failure_after_the_commit_is_an_answer_too(
    scim: ScimClientInProcess, failing: Failing
) -> None:
    (user,) = scim.get("/Users").found
    told = failing(KeyError("the inside"))
    assert scim.post("/Groups", group_of("GUIDES", user)).status == 500
    assert len(told) == 1


def test_a_group_that_was_dropped_meanwhile_is_answered_without_it(
    scim: ScimClientInProcess,
) -> None:
    (user,) = scim.get("/Users").found
    step = waiting(scim, "/Groups", json.dumps(group_of("GUIDES", user)).encode())
    effects = scim.account.execute(step.session, *step.commands, describe=step.describe)
    (group,) = scim.get("/Groups").found
    scim.delete(f"/Groups/{group}")
    assert step.finish(effects, None).status == 204


def test_nobody_listens_by_default() -> None:
    unreported(Id("r1"), KeyError("x"))


def test_one_question_answers_as_the_other(scim: ScimClientInProcess) -> None:
    (user,) = scim.get("/Users").found
    card = scim.account.ask(scim.session, OneUser(user=Id(user)))
    assert scim.get(f"/Users/{user}").json["userName"] == card.user.login_name
    assert scim.ask("PATCH", f"/Users/{user}", {"Operations": 7}).status == 400


def test_the_url_of_an_integration_is_a_root_and_any_other_uuid_is_nothing() -> None:
    scim = ScimClientInProcess()
    scim.user("bob")
    (integration,) = scim.account.store.read(1, lambda reading: reading.integrations())
    assert scim.get(f"/{integration.endpoint}").json["totalResults"] == 1
    answer = scim.get(f"/{UUID(int=7)}")
    assert answer.status == 404
    assert "There is no SCIM endpoint" in answer.json["detail"]
    assert scim.get(f"/{UUID(int=7)}/Users").status == 401

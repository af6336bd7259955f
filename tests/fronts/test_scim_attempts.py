"""Every request leaves exactly one attempt that says what happened, and never a password."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW, admin, an_id, by, put
from rolecall.domain.attempts import DETAILS_LENGTH_MAX
from rolecall.domain.commands import ChangeIntegration
from rolecall.domain.model import ScimClient
from rolecall.domain.names import Id
from rolecall.fronts.scim_answers import Exchange, Incoming
from rolecall.fronts.scim_attempts import details_of, redacted
from scim_client import (
    ENTERPRISE,
    USER_URN,
    ScimClientInProcess,
    group_of,
    patch_of,
    user_of,
)

SECRET = "hunter2-Tr0ub4dor"


def synchronising(client: ScimClient = ScimClient.GENERIC) -> ScimClientInProcess:
    """An integration with SYNC_PASSWORD on."""
    scim = ScimClientInProcess(scim_client=client)
    change = ChangeIntegration(
        integration=by("OKTA"), changes=(put("SYNC_PASSWORD", value=True),), at=NOW
    )
    scim.account.execute(admin(scim.account), change)
    return scim


def test_each_request_leaves_one_attempt(scim: ScimClientInProcess) -> None:
    user = scim.user("bob")
    group = scim.group("GUIDES", user)
    scim.get(f"/Users/{user}")
    scim.get("/Users")
    scim.post("/Users", user_of("bob"))
    scim.post("/Users", user_of(""))
    scim.ask("POST", "/Users", raw=b"{")
    scim.patch(f"/Groups/{group}", {"op": "remove", "path": "members"})
    scim.delete(f"/Users/{user}")
    scim.get("/Nothing")
    scim.ask("GET", "/Users", authorization="")
    scim.get("/Schemas")
    assert [(each.method, each.endpoint, each.status) for each in scim.attempts()] == [
        ("POST", "scim/v2/Users", 201),
        ("POST", "scim/v2/Groups", 201),
        ("GET", f"scim/v2/Users/{user}", 200),
        ("GET", "scim/v2/Users", 200),
        ("POST", "scim/v2/Users", 409),
        ("POST", "scim/v2/Users", 400),
        ("POST", "scim/v2/Users", 400),
        ("PATCH", f"scim/v2/Groups/{group}", 200),
        ("DELETE", f"scim/v2/Users/{user}", 204),
        ("GET", "scim/v2/Nothing", 404),
        ("GET", "scim/v2/Users", 401),
        ("GET", "scim/v2/Schemas", 200),
    ]


def test_an_attempt_says_who_did_what_to_which_resource(scim: ScimClientInProcess) -> None:
    user = scim.user("Bob")
    scim.at = NOW + 5
    scim.patch(f"/Users/{user}", {"op": "replace", "path": "active", "value": "False"})
    attempt = scim.last_attempt()
    assert (attempt.at, attempt.client_ip) == (NOW + 5, "192.0.2.7")
    assert (attempt.actor, attempt.actor_kind, attempt.integration) == (
        "OKTA",
        "INTEGRATION",
        "OKTA",
    )
    assert (attempt.resource_kind, attempt.resource_id, attempt.resource_name) == (
        "USER",
        user,
        "Bob",
    )
    assert attempt.events is not None
    assert attempt.token is not None
    assert json.loads(attempt.details or "")["quirks"] == ["boolean_as_string"]


def test_an_attempt_says_that_somebody_is_to_leave_also_when_it_is_refused(
    scim: ScimClientInProcess,
) -> None:
    user = scim.user("bob")
    scim.patch(f"/Users/{user}", {"op": "replace", "value": {"active": False}})
    scim.patch(f"/Users/{an_id(9)}", {"op": "replace", "path": "active", "value": False})
    scim.put(f"/Users/{user}", user_of("bob", active=True))
    scim.delete(f"/Users/{user}")
    asked = [(each.asks, each.status) for each in scim.attempts()[1:]]
    assert asked == [("DEACTIVATE", 200), ("DEACTIVATE", 404), (None, 200), ("DELETE", 204)]


def test_a_refused_attempt_says_why_and_what_was_sent(scim: ScimClientInProcess) -> None:
    scim.post("/Users?attributes=id", user_of("bob", active="perhaps"))
    attempt = scim.last_attempt()
    assert (attempt.succeeded, attempt.error_code) == (False, "400")
    assert attempt.why == "'active' must be true or false, not a string."
    details = json.loads(attempt.details or "")
    assert details["query"] == "attributes=id"
    assert details["request"]["active"] == "perhaps"


def test_a_refused_creation_names_what_was_asked_for_and_no_id_that_is_none(
    scim: ScimClientInProcess,
) -> None:
    user = scim.user("bob")
    scim.post("/Users", user_of("BOB"))
    attempt = scim.last_attempt()
    assert (attempt.resource_name, attempt.resource_id) == ("BOB", user)
    scim.post("/Groups", group_of("GUIDES", an_id(77)))
    assert scim.last_attempt().resource_id is None


def test_a_change_names_the_resource_by_its_new_name(scim: ScimClientInProcess) -> None:
    group = scim.group("GUIDES")
    scim.patch(f"/Groups/{group}", {"op": "replace", "path": "displayName", "value": "LEADS"})
    attempt = scim.last_attempt()
    assert (attempt.resource_kind, attempt.resource_name) == ("ROLE", "LEADS")


def test_what_was_passed_over_is_on_record(scim: ScimClientInProcess) -> None:
    scim.post("/Users", user_of("bob", shoeSize=9))
    assert json.loads(scim.last_attempt().details or "")["ignored"] == ["shoeSize"]


def test_a_long_request_is_kept_as_its_digest(scim: ScimClientInProcess) -> None:
    scim.post("/Users", user_of("bob", title="t" * 20_000))
    request = json.loads(scim.last_attempt().details or "")["request"]
    assert request["truncated"] is True
    assert request["bytes"] > 20_000


def test_details_stay_within_their_limit(scim: ScimClientInProcess) -> None:
    odd = {("\0" * 190) + str(number): 1 for number in range(200)}
    scim.post("/Users?" + "x" * 60_000, user_of("bob", **odd))
    attempt = scim.last_attempt()
    assert len(attempt.details or "") <= DETAILS_LENGTH_MAX
    scim.post("/Users?" + "x" * 1_000, user_of("eve", title="t" * 15_800))
    assert len(scim.last_attempt().details or "") < 2_000
    scim.get("/" + "x" * 60_000)
    assert len(scim.last_attempt().endpoint) <= 500


def test_a_request_nested_deeper_than_can_be_written_is_kept_as_its_digest(
    scim: ScimClientInProcess,
) -> None:
    deep = b'{"userName": "bob", "\\u0078": ' + b"[" * 900 + b"]" * 900 + b"}"
    assert scim.ask("POST", "/Users", raw=deep).status == 201
    assert scim.last_attempt().details is not None


# ---- passwords -------------------------------------------------------------------------------

BODIES: dict[str, object] = {
    "plain": user_of("bob", password=SECRET),
    "in another case": user_of("bob", PassWord=SECRET),
    "under the core URN": user_of("bob", **{USER_URN: {"password": SECRET}}),
    "qualified": user_of("bob", **{f"{USER_URN}:password": SECRET}),
    "in an extension": user_of("bob", **{ENTERPRISE: {"password": SECRET}}),
    "dotted": user_of("bob", **{"password.value": SECRET}),
    "of the wrong type": user_of("bob", password=[SECRET]),
    "as an object": user_of("bob", password={"value": SECRET}),
    "beside a refusal": user_of("bob", password=SECRET, active="perhaps"),
    "without a name": {"password": SECRET},
}
OPERATIONS: dict[str, object] = {
    "by path": {"op": "replace", "path": "password", "value": SECRET},
    "by a path in another case": {"OP": "Replace", "PATH": "PASSWORD", "VALUE": SECRET},
    "by a qualified path": {"op": "add", "path": f"{USER_URN}:password", "value": SECRET},
    "without a path": {"op": "replace", "value": {"password": SECRET}},
    "under the core URN": {"op": "replace", "value": {USER_URN: {"password": SECRET}}},
    "with the URN as path": {"op": "add", "path": USER_URN, "value": {"password": SECRET}},
    "qualified key": {"op": "replace", "value": {f"{USER_URN}:password": SECRET}},
    "dotted": {"op": "replace", "value": {"password.value": SECRET}},
    "of the wrong type": {"op": "replace", "path": "password", "value": {"x": SECRET}},
    "with a filter": {"op": "remove", "path": f'password[value eq "{SECRET}"]'},
    "with a filter and a value": {
        "op": "replace",
        "path": "password[value pr].value",
        "value": SECRET,
    },
    "to be removed": {"op": "remove", "path": "password", "value": SECRET},
}


def traces(scim: ScimClientInProcess) -> str:
    """All that is kept: attempts and events."""
    kept = [*scim.attempts(), *scim.events()]
    return "\n".join(msgspec.json.encode(each).decode() for each in kept)


@pytest.mark.parametrize("synchronised", [False, True])
@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("shape", BODIES)
def test_no_password_is_kept_or_answered(shape: str, method: str, *, synchronised: bool) -> None:
    scim = synchronising() if synchronised else ScimClientInProcess()
    path = "/Users" if method == "POST" else f"/Users/{scim.user('bob')}"
    answer = scim.ask(method, path, BODIES[shape])
    assert SECRET not in answer.text
    assert SECRET not in traces(scim)


@pytest.mark.parametrize("synchronised", [False, True])
@pytest.mark.parametrize("kind", ["Users", "Groups"])
@pytest.mark.parametrize("shape", OPERATIONS)
def test_no_password_in_a_patch_is_kept_or_answered(
    shape: str, kind: str, *, synchronised: bool
) -> None:
    scim = synchronising() if synchronised else ScimClientInProcess()
    id = scim.user("bob") if kind == "Users" else scim.group("GUIDES")
    answer = scim.patch(f"/{kind}/{id}", OPERATIONS[shape])
    assert SECRET not in answer.text
    assert SECRET not in traces(scim)


def test_an_escaped_key_hides_no_password(scim: ScimClientInProcess) -> None:
    scim.ask("POST", "/Users", raw=f'{{"userName":"b","p\\u0061ssword":"{SECRET}"}}'.encode())
    assert SECRET not in traces(scim)


@pytest.mark.parametrize("name", ["password", "%70assword", "PASSWORD"])
def test_no_password_in_a_filter_is_kept_or_answered(scim: ScimClientInProcess, name: str) -> None:
    answer = scim.get(f'/Users?filter={name}%20eq%20"{SECRET}"')
    assert answer.status == 400
    assert SECRET not in answer.text + traces(scim)


@given(st.lists(st.integers(0, 3), min_size=8, max_size=8))
def test_a_password_is_found_however_its_letters_are_escaped(how: list[int]) -> None:
    spell = (str, str.upper, lambda letter: f"%{ord(letter):x}", lambda letter: f"%{ord(letter):X}")
    name = "".join(spell[choice](letter) for letter, choice in zip("password", how, strict=True))
    came = Incoming(method="GET", path="/Users", query=f"filter={name}%20eq%20{SECRET}")
    assert details_of(Exchange(came, NOW, Id("r"))) == '{"query":"***"}'


def test_a_token_is_never_kept(scim: ScimClientInProcess) -> None:
    scim.user("bob")
    scim.ask("GET", "/Users", authorization=f"Bearer {SECRET}")
    assert SECRET not in traces(scim)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "path", "a", "b"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(JSON)
def test_what_holds_no_password_is_kept_as_it_is(value: object) -> None:
    assert redacted(value) == value


@given(JSON, JSON)
def test_what_stands_under_a_password_is_hidden(value: object, inside: object) -> None:
    hidden = redacted([{"x": {"userPassword": inside, "kept": value}}])
    assert hidden == [{"x": {"userPassword": "***", "kept": value}}]


# ---- SYNC_PASSWORD (reference section 1) ------------------------------------------------------


def password_of(scim: ScimClientInProcess, user: str) -> str | None:
    found = scim.account.store.read(1, lambda r: r.user(Id(user)))
    assert found is not None
    return found.password


def test_a_password_is_passed_over_unless_it_is_to_be_synchronised() -> None:
    scim = ScimClientInProcess()
    user = scim.user("bob", password=SECRET)
    scim.patch(f"/Users/{user}", {"op": "replace", "path": "password", "value": SECRET})
    scim.put(f"/Users/{user}", user_of("bob", password=SECRET))
    assert password_of(scim, user) is None


def test_a_synchronised_password_is_kept_as_its_hash() -> None:
    scim = synchronising(ScimClient.OKTA)
    user = scim.user("bob", password=SECRET)
    expected = scim.world.secrets.hash_password(SECRET)
    assert password_of(scim, user) == expected
    operations = [
        {"op": "replace", "path": "password", "value": "first"},
        {"op": "replace", "path": "title", "value": "Guide"},
        {"op": "replace", "path": "password", "value": "second"},
    ]
    scim.ask("PATCH", f"/Users/{user}", patch_of(*operations))
    assert password_of(scim, user) == scim.world.secrets.hash_password("second")
    scim.patch(f"/Users/{user}", {"op": "remove", "path": "password"})
    assert password_of(scim, user) is None


def test_removing_a_password_that_is_not_synchronised_leaves_it() -> None:
    scim = synchronising()
    user = scim.user("bob", password=SECRET)
    change = ChangeIntegration(
        integration=by("OKTA"), changes=(put("SYNC_PASSWORD", value=False),), at=NOW
    )
    scim.account.execute(admin(scim.account), change)
    scim.patch(f"/Users/{user}", {"op": "remove", "path": "password"})
    assert password_of(scim, user) is not None


def test_azure_synchronises_no_password() -> None:
    scim = synchronising(ScimClient.AZURE)
    assert password_of(scim, scim.user("bob", password=SECRET)) is None


def test_a_token_where_none_belongs_is_not_kept(scim: ScimClientInProcess) -> None:
    token = "rolecall_" + "aZ9_-" * 8 + "xyz"
    spelled = token.replace("_", "%5F")
    before = len(scim.attempts())
    scim.get(f"/Users?access_token={token}")
    scim.get(f"/Users?access_token={spelled}")
    scim.get(f"/Users?filter=title eq {token}")
    scim.get(f"/Users/{token}")
    scim.post("/Users", user_of("bob", title=token))
    scim.patch(f"/Users/{token}", {"op": "replace", "path": "title", "value": token})
    kept = scim.attempts()[before:]
    assert len(kept) == 6
    assert token not in str(kept)
    assert spelled not in str(kept)


def test_a_refusal_of_what_is_long_is_short(scim: ScimClientInProcess) -> None:
    scim.get("/Users/" + "a" * 20_000)
    assert len(scim.attempts()[-1].why or "") <= 1_000

"""Groups of many members are told in pieces: whole, once each, and as of who may see them."""

from collections.abc import Iterator

import pytest

from builders import NOW, admin, an_account
from rolecall.domain.commands import RevokeToken
from rolecall.domain.errors import NotFound, TokenRefused
from rolecall.domain.model import Conformance, ScimClient
from rolecall.domain.names import Id
from rolecall.fronts import scim_lists, scim_pieces
from rolecall.fronts.scim_answers import Exchange, Incoming, Reply
from rolecall.fronts.scim_steps import Accepted, Read
from scim_client import URL, ScimClientInProcess, group_of

AT_ONCE = 3


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rolecall.fronts.scim_reads.MEMBERS_AT_ONCE", AT_ONCE)
    monkeypatch.setattr("rolecall.fronts.scim_writes.MEMBERS_AT_ONCE", AT_ONCE)
    monkeypatch.setattr(scim_pieces, "MEMBERS_AT_ONCE", AT_ONCE)
    monkeypatch.setattr(scim_lists, "MEMBERS_WITH_A_LIST", AT_ONCE)


def people(scim: ScimClientInProcess, count: int) -> list[str]:
    return [
        scim.user(f"person-{number}", displayName=f"Person {number}") for number in range(count)
    ]


def streamed(scim: ScimClientInProcess, path: str) -> Reply:
    """The reply to a GET, with its pieces yet to be made."""
    place, _, query = path.partition("?")
    came = Incoming(
        method="GET",
        path=place,
        query=query,
        authorization=f"Bearer {scim.token}",
        base_url=URL,
        client_ip="192.0.2.7",
    )
    exchange = Exchange(came, scim.at, scim.world.ids.new())
    step = scim.front.begin(exchange)
    assert not isinstance(step, Accepted)
    assert isinstance(step, Read)
    return scim.front.read(exchange, step)


def pieces_of(scim: ScimClientInProcess, path: str) -> Iterator[bytes]:
    reply = streamed(scim, path)
    assert (reply.status, reply.body) == (200, b"")
    assert reply.pieces is not None
    return reply.pieces


@pytest.mark.parametrize("size", [AT_ONCE + 1, 2 * AT_ONCE, 2 * AT_ONCE + 1])
@pytest.mark.parametrize(
    "query",
    ["", "?attributes=members", "?excludedAttributes=displayName", "?attributes=members.value"],
)
def test_the_pieces_are_what_one_answer_would_be(
    scim: ScimClientInProcess, monkeypatch: pytest.MonkeyPatch, size: int, query: str
) -> None:
    group = scim.group("everybody", *people(scim, size), externalId="e-1")
    in_pieces = scim.get(f"/Groups/{group}{query}")
    assert len(list(pieces_of(scim, f"/Groups/{group}{query}"))) > 2
    monkeypatch.setattr("rolecall.fronts.scim_reads.MEMBERS_AT_ONCE", size)
    whole = scim.get(f"/Groups/{group}{query}")
    assert streamed(scim, f"/Groups/{group}{query}").pieces is None
    assert in_pieces.json == whole.json
    assert in_pieces.headers == whole.headers


def test_a_group_of_few_is_one_body(scim: ScimClientInProcess) -> None:
    group = scim.group("few", *people(scim, AT_ONCE))
    assert streamed(scim, f"/Groups/{group}").pieces is None


def test_members_of_which_nothing_is_asked_for_are_left_out_of_every_piece(
    scim: ScimClientInProcess,
) -> None:
    group = scim.group("everybody", *people(scim, AT_ONCE + 1))
    shown = scim.get(f"/Groups/{group}?excludedAttributes=members.value,members.$ref,members.type")
    assert "members" not in shown.json


def test_groups_within_a_group_of_many_are_listed_once(scim: ScimClientInProcess) -> None:
    inner = scim.group("inner")
    users = people(scim, 2 * AT_ONCE)
    outer = scim.group("outer", *users, inner)
    shown = scim.get(f"/Groups/{outer}").json["members"]
    assert sorted(each["value"] for each in shown) == sorted([*users, inner])
    assert [each["type"] for each in shown].count("Group") == 1


def test_who_is_a_member_throughout_is_listed_once_whatever_changes_meanwhile(
    scim: ScimClientInProcess,
) -> None:
    users = people(scim, 12)
    group = scim.group("everybody", *users[1:11])
    pieces = pieces_of(scim, f"/Groups/{group}")
    found = [next(pieces), next(pieces)]
    for op, user in (
        ("remove", users[1]),
        ("add", users[0]),
        ("remove", users[10]),
        ("add", users[11]),
    ):
        operation = {"op": op, "path": "members", "value": [{"value": user}]}
        assert scim.patch(f"/Groups/{group}", operation).status == 200
    text = b"".join([*found, *pieces]).decode()
    assert [text.count(f'"value":"{user}"') for user in users[2:10]] == [1] * 8
    assert f'"value":"{users[10]}"' not in text
    assert f'"value":"{users[11]}"' in text


def test_the_version_told_is_that_of_the_beginning(scim: ScimClientInProcess) -> None:
    users = people(scim, AT_ONCE + 2)
    group = scim.group("everybody", *users[1:])
    reply = streamed(scim, f"/Groups/{group}")
    operation = {"op": "add", "path": "members", "value": [{"value": users[0]}]}
    scim.patch(f"/Groups/{group}", operation)
    assert (b"etag", b'W/"1"') in reply.headers
    body = reply.whole.decode()
    assert users[0] in body
    assert '"version":"W/\\"1\\""' in body
    stale = scim.ask("PUT", f"/Groups/{group}", group_of("everybody"), if_match='W/"1"')
    assert stale.status == 412


def test_a_group_that_goes_meanwhile_has_no_end(scim: ScimClientInProcess) -> None:
    group = scim.group("everybody", *people(scim, AT_ONCE + 1))
    pieces = pieces_of(scim, f"/Groups/{group}")
    next(pieces)
    assert scim.delete(f"/Groups/{group}").status == 204
    with pytest.raises(NotFound):
        next(pieces)


def test_a_token_that_ends_meanwhile_reads_no_further(scim: ScimClientInProcess) -> None:
    group = scim.group("everybody", *people(scim, AT_ONCE + 1))
    pieces = pieces_of(scim, f"/Groups/{group}")
    next(pieces)
    scim.account.execute(admin(scim.account), RevokeToken(token=Id(scim.token), at=NOW))
    with pytest.raises(TokenRefused):
        next(pieces)


def test_a_creation_and_a_replacement_are_answered_in_pieces_too(scim: ScimClientInProcess) -> None:
    users = people(scim, 2 * AT_ONCE)
    created = scim.post("/Groups", group_of("everybody", *users))
    assert created.status == 201
    assert {each["value"] for each in created.json["members"]} == set(users)
    replaced = scim.put(f"/Groups/{created.id}", group_of("everybody", *users[1:]))
    assert replaced.status == 200
    assert {each["value"] for each in replaced.json["members"]} == set(users[1:])


def test_a_patch_under_the_vendors_contract_shows_all_members_to_okta() -> None:
    scim = ScimClientInProcess(an_account(), ScimClient.OKTA, conformance=Conformance.SNOWFLAKE)
    users = people(scim, 102)
    group = scim.group("everybody", *users[:101])
    operation = {"op": "add", "path": "members", "value": [{"value": users[101]}]}
    answer = scim.patch(f"/Groups/{group}", operation)
    assert answer.status == 200
    assert {each["value"] for each in answer.json["members"]} == set(users)
    assert scim.last_attempt().status == 200


@pytest.mark.parametrize("more", ["", "&cursor="])
def test_a_list_has_the_members_of_every_group_however_many(
    scim: ScimClientInProcess, monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    users = people(scim, 8)
    made = {
        scim.group(f"group-{size}", *users[:size]): set(users[:size]) for size in (0, 1, 2, 5, 8, 3)
    }
    assert streamed(scim, f"/Groups?count=50{more}").pieces is not None
    shown = scim.get(f"/Groups?count=50{more}").json
    assert {
        group["id"]: {each["value"] for each in group.get("members", ())}
        for group in shown["Resources"]
    } == made
    monkeypatch.setattr(scim_lists, "MEMBERS_WITH_A_LIST", 100)
    assert streamed(scim, f"/Groups?count=50{more}").pieces is None
    assert scim.get(f"/Groups?count=50{more}").json == shown


def test_a_search_over_everything_has_users_and_long_groups(scim: ScimClientInProcess) -> None:
    users = people(scim, 5)
    group = scim.group("everybody", *users)
    body = scim.post("/.search", {"count": 50}).json
    assert [each["id"] for each in body["Resources"]] == [*users, group]
    assert len(body["Resources"][-1]["members"]) == 5

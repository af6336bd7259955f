"""The player does what identity providers do, and its ledger holds what the server said yes to."""

import itertools
import re
from random import Random

import httpx
import msgspec
import pytest

from rolecall.simulate.caller import Caller
from rolecall.simulate.directory import Story, story_of
from rolecall.simulate.manners import GENERIC
from rolecall.simulate.player import MEMBERS_PER_PATCH, Player
from rolecall.simulate.playing import Progress, Report, play, report_of
from rolecall.simulate.rules import LIST_RESPONSE


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of a PATCH, as this double understands it."""

    op: str
    path: str = ""
    value: msgspec.Raw = msgspec.Raw(b"null")


class Patch(msgspec.Struct, frozen=True, kw_only=True):
    operations: list[Operation] = msgspec.field(name="Operations")


class Member(msgspec.Struct, frozen=True, kw_only=True):
    value: str


class Values(msgspec.Struct, frozen=True, kw_only=True):
    """The attributes that this double keeps."""

    user_name: str | None = msgspec.field(name="userName", default=None)
    display_name: str | None = msgspec.field(name="displayName", default=None)
    active: bool | None = None


class Double:
    """Just enough of a SCIM server: names, active, members; it can be told to misbehave."""

    def __init__(self) -> None:
        self.names: dict[str, dict[str, str]] = {"Users": {}, "Groups": {}}
        self.inactive: set[str] = set()
        self.members: dict[str, set[str]] = {}
        self.serials = itertools.count(1)
        self.log: list[str] = []
        self.blind = False
        self.refused: dict[str, httpx.Response] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        endpoint, _, id = request.url.path.removeprefix("/v2/").partition("/")
        self.log.append(f"{request.method} {endpoint}")
        if planned := self.refused.get(self.log[-1]):
            return planned
        match request.method:
            case "GET":
                return self.search(endpoint, request.url.params.get("filter", ""))
            case "POST":
                return self.create(endpoint, msgspec.json.decode(request.content, type=Values))
            case _:
                patch = msgspec.json.decode(request.content, type=Patch)
                return self.change(endpoint, id, patch.operations)

    def search(self, endpoint: str, filter: str) -> httpx.Response:
        wanted = re.fullmatch(r'\w+ eq "(.*)"', filter)
        ids = [
            id
            for id, name in self.names[endpoint].items()
            if not self.blind and (wanted is None or name == wanted[1])
        ]
        found = {"totalResults": len(ids), "Resources": [{"id": id} for id in ids]}
        return httpx.Response(200, json={"schemas": [LIST_RESPONSE], **found})

    def create(self, endpoint: str, values: Values) -> httpx.Response:
        name = values.user_name if endpoint == "Users" else values.display_name
        assert name is not None
        if name in self.names[endpoint].values():
            return httpx.Response(409, json={"detail": f"{name} exists"})
        id = f"id-{next(self.serials)}"
        self.names[endpoint][id] = name
        self.members[id] = set()
        return httpx.Response(201, json={"id": id})

    def change(self, endpoint: str, id: str, operations: list[Operation]) -> httpx.Response:
        for operation in operations:
            removed = re.fullmatch(r'members\[value eq "(.*)"\]', operation.path)
            if removed:
                self.members[id].discard(removed[1])
            elif operation.path == "members":
                added = msgspec.json.decode(operation.value, type=list[Member])
                self.members[id] |= {member.value for member in added}
            elif operation.path == "userName":
                self.names[endpoint][id] = msgspec.json.decode(operation.value, type=str)
            elif not operation.path:
                self.replace(endpoint, id, msgspec.json.decode(operation.value, type=Values))
        return httpx.Response(204)

    def replace(self, endpoint: str, id: str, values: Values) -> None:
        name = values.user_name if endpoint == "Users" else values.display_name
        self.names[endpoint][id] = name or self.names[endpoint][id]
        if values.active is False:
            self.inactive.add(id)


@pytest.fixture
def server() -> Double:
    return Double()


@pytest.fixture
def player(server: Double) -> Player:
    return a_player(server, story_of(Random(7), users=40, groups=4))


def a_player(server: Double, story: Story) -> Player:
    client = httpx.Client(base_url="http://scim.test/v2/", transport=httpx.MockTransport(server))
    return Player(story, Caller(client, "token", lambda: "token-2", lambda _: None))


def sayings(player: Player) -> list[str]:
    return [each.said for each in player.caller.surprises]


def played(player: Player, concurrency: int = 1) -> Report:
    play(player, lambda _: None, concurrency)
    return report_of(player, seconds=2.0)


@pytest.mark.parametrize("concurrency", [1, GENERIC.concurrency])
def test_the_ledger_agrees_with_the_server(
    server: Double, player: Player, concurrency: int
) -> None:
    report = played(player, concurrency)
    sizes = [len(members) for members in server.members.values()]
    assert report.users_active == len(server.names["Users"]) - len(server.inactive) == 38
    assert report.users_inactive == len(server.inactive) == 2
    assert report.groups == len(server.names["Groups"]) == 4
    assert report.memberships == sum(sizes)
    assert report.largest_group == max(sizes) == 38
    assert report.surprises == ()


def test_the_report_counts_requests_and_the_planned_409(server: Double, player: Player) -> None:
    report = played(player)
    assert report.requests == len(server.log)
    assert report.rate == len(server.log) / 2
    assert report.refusals == {409: 1}


def test_a_story_played_twice_creates_nothing_the_second_time(
    server: Double, player: Player
) -> None:
    played(player)
    before = {**server.names["Users"]}
    server.log.clear()
    played(a_player(server, player.story))
    assert server.names["Users"] == before
    assert server.log.count("POST Users") == 1, "the planned retry, which meets a 409"
    assert server.log.count("POST Groups") == 0


def test_a_user_is_looked_for_before_being_created(server: Double, player: Player) -> None:
    player.join(0)
    assert server.log == ["GET Users", "POST Users"]


def test_a_user_who_is_there_is_updated_and_not_created(server: Double, player: Player) -> None:
    player.join(0)
    server.log.clear()
    player.join(0)
    assert server.log == ["GET Users", "PATCH Users"]


def test_a_409_is_followed_by_a_lookup_and_an_update(server: Double, player: Player) -> None:
    player.join(0)
    server.log.clear()
    player.create_again(0)
    assert server.log == ["POST Users", "GET Users", "PATCH Users"]


def test_a_409_about_a_user_whom_the_filter_cannot_find_is_a_surprise(
    server: Double, player: Player
) -> None:
    player.join(0)
    server.blind = True
    player.create_again(0)
    assert sayings(player) == [
        f"POST Users: 409, but there is no {player.story.people[0].user_name}"
    ]


def test_a_created_user_without_an_id_is_a_surprise_and_not_counted(
    server: Double, player: Player
) -> None:
    server.refused["POST Users"] = httpx.Response(201)
    player.join(0)
    assert sayings(player) == [f"POST Users: no id for {player.story.people[0].user_name}"]
    assert not player.ledger.users


def test_a_leaver_is_deactivated_and_taken_out_of_every_group(
    server: Double, player: Player
) -> None:
    player.join(0)
    player.found(0)
    player.enrol(0, [0])
    player.leave(0)
    assert server.inactive == {player.ledger.users[0]}
    assert not server.members[player.ledger.groups[0]]
    assert "DELETE Users" not in server.log


def test_a_refused_membership_is_not_counted(server: Double, player: Player) -> None:
    player.join(0)
    player.found(0)
    server.refused["PATCH Groups"] = httpx.Response(403)
    player.enrol(0, [0])
    assert player.ledger.members[0] == set()
    assert report_of(player, seconds=0.0).refusals == {403: 1}


def test_what_was_never_created_is_never_changed(server: Double, player: Player) -> None:
    server.refused["POST Users"] = httpx.Response(403)
    server.refused["POST Groups"] = httpx.Response(403)
    report = played(player)
    assert not [line for line in server.log if line.startswith("PATCH")]
    assert (report.users_active, report.groups, report.memberships) == (0, 0, 0)


def test_a_rename_that_loses_the_link_is_a_surprise(server: Double, player: Player) -> None:
    [renamed] = player.story.renamed_people
    player.join(renamed)
    server.blind = True
    player.rename_user(renamed)
    id = player.ledger.users[renamed]
    assert sayings(player) == [f"PATCH Users/{id}: a rename lost the link, found None"]


def test_a_connection_test_that_finds_nobodys_user_is_a_surprise(
    server: Double, player: Player
) -> None:
    server.names["Users"]["id-0"] = "nobody-at-all@example.com"
    player.test_connection()
    assert sayings(player) == ["GET Users: found nobody-at-all@example.com, who does not exist"]


def test_a_big_group_is_filled_a_hundred_members_at_a_time(server: Double) -> None:
    player = a_player(server, story_of(Random(7), users=400, groups=1))
    assert len(player.fillings()) == -(-380 // MEMBERS_PER_PATCH)


def test_progress_counts_every_step_once_and_ends_at_the_total(player: Player) -> None:
    seen: list[Progress] = []
    play(player, seen.append, GENERIC.concurrency)
    counts = [progress.done for progress in seen]
    assert counts == sorted(counts)
    assert seen[-1].done == seen[-1].total == len(set(counts)) - 1


def test_a_step_that_breaks_ends_the_play(server: Double, player: Player) -> None:
    def broken() -> str:
        raise RuntimeError("no new token")

    client = httpx.Client(base_url="http://scim.test/v2/", transport=httpx.MockTransport(server))
    player.caller = Caller(client, "token", broken, lambda _: None)
    with pytest.raises(RuntimeError, match="no new token"):
        played(player)
    assert not server.inactive

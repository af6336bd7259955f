"""The generic identity provider: it plays a story against a SCIM server, as real ones do.

It probes before it creates, creates groups empty and fills them by PATCH, deactivates leavers
instead of deleting them, takes members out by `members[value eq "…"]`, and when a create meets a
409 it looks the resource up and updates it. It believes only what was acknowledged: the ledger
holds what the server said yes to, so it can be compared with the server's own counts.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from threading import Lock

import msgspec

from rolecall.simulate.caller import (
    Answer,
    Caller,
    Json,
    Known,
    found_in,
    id_of,
    known_in,
    members_in,
)
from rolecall.simulate.directory import Move, Person, Story, Team
from rolecall.simulate.rules import Surprise

MEMBERS_PER_PATCH = 100
CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
NOBODY = "nobody-at-all@example.com"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

CHANGED = (200, 204)
CREATED = (200, 201)
"""200, because a create can revive what was deactivated."""

Step = Callable[[], None]
Stage = tuple[str, list[Step]]


class Progress(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How far the story has come: steps of the whole, and the chapter it is in."""

    stage: str
    done: int
    total: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider believes is in the account, and what it took to get it there."""

    provider: str
    users_active: int
    users_inactive: int
    groups: int
    memberships: int
    largest_group: int
    requests: int
    seconds: float
    rate: float
    rotations: int
    refusals: dict[int, int]
    """By status, the planned ones too: a 409 of a retried create, a 401 of an old token."""
    surprises: tuple[Surprise, ...]
    """Answers that no provider plans for; empty is what a server wants."""


class Ledger:
    """What the server has acknowledged, by places in the story."""

    def __init__(self) -> None:
        self.users: dict[int, str] = {}
        self.inactive: set[int] = set()
        self.groups: dict[int, str] = {}
        self.members: dict[int, set[int]] = {}
        self.renamed: set[int] = set()
        self.gone: list[str] = []


class Player:
    """One provider at work on one story."""

    def __init__(self, story: Story, caller: Caller) -> None:
        self.story = story
        self.caller = caller
        self.ledger = Ledger()
        self.late_teams = late_teams_of(story)
        self._lock = Lock()

    def stages(self) -> list[Stage]:
        """Return the chapters in order; the steps of one chapter may run side by side."""
        story = self.story
        late = range(story.founders, len(story.people))
        return [
            ("testing the connection", [self.test_connection]),
            ("creating users", [partial(self.join, person) for person in range(story.founders)]),
            ("creating groups", [partial(self.found, team) for team in range(len(story.teams))]),
            ("filling groups", self.fillings()),
            ("rotating the token", [self.caller.rotate_token]),
            ("joiners", [partial(self.join_late, person) for person in late]),
            ("movers", [partial(self.move, move) for move in story.moves]),
            ("leavers", [partial(self.leave, person) for person in story.leavers]),
            ("renaming users", [partial(self.rename_user, p) for p in story.renamed_people]),
            ("renaming groups", [partial(self.rename_group, t) for t in story.renamed_teams]),
            ("retries", [partial(self.create_again, person) for person in story.retried]),
        ]

    def fillings(self) -> list[Step]:
        """Return the steps that put the founders into their groups, a hundred at a time."""
        return [
            partial(self.enrol, index, founders[start : start + MEMBERS_PER_PATCH])
            for index, founders in enumerate(self.founders_of(team) for team in self.story.teams)
            for start in range(0, len(founders), MEMBERS_PER_PATCH)
        ]

    def founders_of(self, team: Team) -> list[int]:
        return [person for person in team.members if person < self.story.founders]

    # -- users

    def test_connection(self) -> None:
        """Ask for a page and for somebody who can't exist, as connection tests do."""
        self.caller.ask("GET", "Users", parameters={"startIndex": "1", "count": "2"})
        self.find_nobody()

    def join(self, person: int) -> None:
        """Probe for the person; update who is there, create who is not."""
        found = found_in(self.look_up("Users", "userName", self.story.people[person].user_name))
        renamed = self.story.renamed_people.get(person)
        if found is None and renamed is not None:  # the story was played here before
            found = found_in(self.look_up("Users", "userName", renamed.user_name))
        if found is None:
            self.create(person)
        else:
            self.update(person, found)

    def create(self, person: int) -> None:
        """Create the person; a 409 means that somebody was quicker, or that an answer was lost."""
        wanted = self.story.people[person]
        answer = self.caller.ask("POST", "Users", self.new_user(wanted), expected=(*CREATED, 409))
        if answer.status == 409:
            found = found_in(self.look_up("Users", "userName", wanted.user_name))
            if found is None:
                said = f"POST Users: 409, but there is no {wanted.user_name}"
                self.caller.note("link", said)
            else:
                self.update(person, found)
        elif answer.status in CREATED:
            self.acknowledge_user(person, id_of(answer))

    def new_user(self, person: Person) -> Json:
        """What a create sends."""
        return user_body(person)

    def create_again(self, person: int) -> None:
        """Send a create whose answer was lost a second time, without looking first."""
        self.create(person)

    def update(self, person: int, id: str) -> None:
        """Bring a user who is there up to date."""
        answer = self.send_profile(id, self.story.people[person])
        if answer.status in CHANGED:
            self.acknowledge_user(person, id)

    def send_profile(self, id: str, person: Person) -> Answer:
        """Send all attributes of a user, by one path-less replace."""
        body = patch_of({"op": "replace", "value": user_values(person)})
        return self.caller.ask("PATCH", f"Users/{id}", body, expected=CHANGED)

    def acknowledge_user(self, person: int, id: str | None) -> None:
        """Enter a user into the ledger; an answer without an id is of no use to a provider."""
        if id is None:
            said = f"POST Users: no id for {self.story.people[person].user_name}"
            self.caller.note("id", said)
            return
        with self._lock:
            self.ledger.users[person] = id

    def rename_user(self, person: int) -> None:
        """Give a person a new family name and userName: the id must stay."""
        renamed = self.story.renamed_people[person]
        id = self.ledger.users.get(person)
        if id is not None:
            if self.send_rename(id, renamed).status in CHANGED:
                self.ledger.renamed.add(person)
            found = found_in(self.look_up("Users", "userName", renamed.user_name))
            if found != id:
                said = f"PATCH Users/{id}: a rename lost the link, found {found}"
                self.caller.note("link", said)

    def send_rename(self, id: str, renamed: Person) -> Answer:
        """Send the attributes that a name is in."""
        operations: list[Json] = [
            {"op": "replace", "path": "userName", "value": renamed.user_name},
            {"op": "replace", "path": "name.familyName", "value": renamed.family_name},
            {"op": "replace", "path": "displayName", "value": renamed.display_name},
            {"op": "replace", "path": 'emails[type eq "work"].value', "value": renamed.user_name},
        ]
        return self.caller.ask("PATCH", f"Users/{id}", patch_of(*operations), expected=CHANGED)

    def send_active(self, id: str, *, active: bool) -> Answer:
        """Deactivate a user, or let them in again."""
        body = patch_of({"op": "replace", "value": {"active": active}})
        return self.caller.ask("PATCH", f"Users/{id}", body, expected=CHANGED)

    def leave(self, person: int) -> None:
        """Deactivate a leaver, then take them out of every group they are in."""
        id = self.ledger.users.get(person)
        if id is None:
            return
        answer = self.send_active(id, active=False)
        if answer.status in CHANGED:
            with self._lock:
                self.ledger.inactive.add(person)
        for team, members in self.ledger.members.items():
            if person in members:
                self.remove(team, person)

    # -- groups

    def found(self, team: int) -> None:
        """Probe for the group; create it empty when it is not there."""
        wanted = self.story.teams[team]
        id = found_in(self.look_up("Groups", "displayName", wanted.name))
        renamed = self.story.renamed_teams.get(team)
        if id is None and renamed is not None:  # the story was played here before
            id = found_in(self.look_up("Groups", "displayName", renamed))
        if id is None:
            answer = self.caller.ask("POST", "Groups", self.new_group(wanted), expected=CREATED)
            id = id_of(answer) if answer.status in CREATED else None
        if id is not None:
            with self._lock:
                self.ledger.groups[team] = id
                self.ledger.members[team] = set()

    def new_group(self, team: Team) -> Json:
        """What a create sends."""
        return group_body(team)

    def addition(self, ids: Mapping[int, str]) -> Json:
        """The operation that puts people into a group."""
        return {"op": "add", "path": "members", "value": [{"value": id} for id in ids.values()]}

    def removal(self, id: str) -> Json:
        """The operation that takes one member out: a value path (RFC 7644 section 3.5.2.2)."""
        return {"op": "remove", "path": f'members[value eq "{id}"]'}

    def enrol(self, team: int, people: Sequence[int]) -> None:
        """Add people to a group in one PATCH."""
        group = self.ledger.groups.get(team)
        ids = {
            person: self.ledger.users[person] for person in people if person in self.ledger.users
        }
        if group is None or not ids:
            return
        body = patch_of(self.addition(ids))
        answer = self.caller.ask("PATCH", f"Groups/{group}", body, expected=CHANGED)
        if answer.status in CHANGED:
            with self._lock:
                self.ledger.members[team] |= ids.keys()

    def remove(self, team: int, person: int) -> None:
        """Take one member out."""
        body = patch_of(self.removal(self.ledger.users[person]))
        answer = self.caller.ask(
            "PATCH", f"Groups/{self.ledger.groups[team]}", body, expected=CHANGED
        )
        if answer.status in CHANGED:
            with self._lock:
                self.ledger.members[team].discard(person)

    def join_late(self, person: int) -> None:
        """Create a joiner and put them into their groups, one PATCH each."""
        self.join(person)
        for team in self.late_teams.get(person, ()):
            self.enrol(team, [person])

    def move(self, move: Move) -> None:
        """Add to the new group first, so that the mover is never without one."""
        id = self.ledger.users.get(move.person)
        if id is None:
            return
        self.enrol(move.target, [move.person])
        if move.person in self.ledger.members.get(move.source, ()):
            self.remove(move.source, move.person)
        moved = msgspec.structs.replace(self.story.people[move.person], title=move.title)
        self.send_title(id, moved)

    def send_title(self, id: str, person: Person) -> Answer:
        """Send what a move changes."""
        body = patch_of({"op": "replace", "value": {"title": person.title}})
        return self.caller.ask("PATCH", f"Users/{id}", body, expected=CHANGED)

    def rename_group(self, team: int) -> None:
        """Rename a group the way Okta does: a path-less replace that carries the id, too."""
        id = self.ledger.groups.get(team)
        if id is not None:
            value = {"id": id, "displayName": self.story.renamed_teams[team]}
            body = patch_of({"op": "replace", "value": value})
            self.caller.ask("PATCH", f"Groups/{id}", body, expected=CHANGED)

    # -- both

    def look_up(self, endpoint: str, attribute: str, value: str) -> Answer:
        """Ask for the one resource whose attribute equals the value."""
        quoted = msgspec.json.encode(value).decode()
        parameters = {"filter": f"{attribute} eq {quoted}", **self.looking_up(endpoint)}
        return self.caller.ask("GET", endpoint, parameters=parameters)

    def looking_up(self, endpoint: str) -> dict[str, str]:
        """The parameters beside the filter of a lookup."""
        return {"excludedAttributes": "members"} if endpoint == "Groups" else {}

    # -- what the server has in the end, against what it said yes to

    def comparisons(self) -> list[Step]:
        """Return the steps that read everything back; they are the tool's, not the provider's."""
        return [
            self.find_nobody,
            *(partial(self.find_disabled, person) for person in self.ledger.inactive),
            *(partial(self.compare_user, person) for person in self.ledger.users),
            *(partial(self.compare_group, team) for team in self.ledger.groups),
            *(partial(self.compare_gone, place) for place in self.ledger.gone),
        ]

    def find_nobody(self) -> None:
        """Now that there are people, somebody who can't exist is still not found."""
        if found_in(self.look_up("Users", "userName", NOBODY)) is not None:
            self.caller.note("wrong-match", f"GET Users: found {NOBODY}, who does not exist")

    def find_disabled(self, person: int) -> None:
        """A disabled user is still found, or the provider creates a second one."""
        id, name = self.ledger.users[person], self.story.people[person].user_name
        if found_in(self.look_up("Users", "userName", name)) != id:
            self.caller.note("link", f"GET Users: disabled {name} is not found")

    def compare_user(self, person: int) -> None:
        """A user is there under its id, with the name and state that were acknowledged."""
        id = self.ledger.users[person]
        answer = self.caller.ask("GET", f"Users/{id}")
        renamed = self.story.renamed_people if person in self.ledger.renamed else {}
        name = renamed.get(person, self.story.people[person]).user_name
        wanted = Known(user_name=name, active=person not in self.ledger.inactive)
        if answer.status == 200 and known_in(answer) != wanted:
            self.caller.note("lost-change", f"GET Users/{id}: not {name}, active {wanted.active}")

    def compare_group(self, team: int) -> None:
        """A group has the members that were acknowledged; others than ours are left out."""
        id = self.ledger.groups[team]
        answer = self.caller.ask("GET", f"Groups/{id}")
        if answer.status != 200:
            return
        wanted = {self.ledger.users[person] for person in self.ledger.members[team]}
        found = members_in(answer) & set(self.ledger.users.values())
        if found != wanted:
            lost, more = len(wanted - found), len(found - wanted)
            said = f"GET Groups/{id}: {lost} members are missing, {more} are too many"
            self.caller.note("lost-member", said)

    def compare_gone(self, place: str) -> None:
        """What was deleted is 404."""
        answer = self.caller.ask("GET", place, expected=(404, 200))
        if answer.status == 200:
            self.caller.note("gone", f"GET {place}: 200 after it was deleted")


def late_teams_of(story: Story) -> dict[int, list[int]]:
    """Return the groups of each person who joins after the first load."""
    teams: dict[int, list[int]] = {}
    for index, team in enumerate(story.teams):
        for person in team.members:
            if person >= story.founders:
                teams.setdefault(person, []).append(index)
    return teams


def play(
    player: Player,
    on_progress: Callable[[Progress], None],
    concurrency: int,
    *,
    compares: bool = False,
) -> None:
    """Play every chapter to its end before the next begins, so many steps at a time."""
    stages: list[tuple[str, Callable[[], list[Step]]]] = [
        (stage, partial(list[Step], steps)) for stage, steps in player.stages()
    ]
    total = sum(len(steps()) for _, steps in stages)
    if compares:  # what there is to compare is known when all else is done
        total += len(player.story.people) + len(player.story.teams) + len(player.story.leavers) + 1
        stages.append(("comparing", player.comparisons))
    done = 0
    with ThreadPoolExecutor(max_workers=concurrency) as workers:
        for stage, listed in stages:
            steps = listed()
            on_progress(Progress(stage=stage, done=done, total=total))
            pending = [workers.submit(step) for step in steps]
            try:
                for future in as_completed(pending):
                    future.result()
                    done += 1
                    on_progress(Progress(stage=stage, done=min(done, total), total=total))
            finally:
                for future in pending:
                    future.cancel()


def report_of(player: Player, seconds: float) -> Report:
    """Sum up what was acknowledged and what it took."""
    ledger, caller = player.ledger, player.caller
    sizes = [len(members) for members in ledger.members.values()]
    return Report(
        provider=caller.manners.name,
        users_active=len(ledger.users.keys() - ledger.inactive),
        users_inactive=len(ledger.inactive),
        groups=len(ledger.groups),
        memberships=sum(sizes),
        largest_group=max(sizes, default=0),
        requests=caller.requests,
        seconds=round(seconds, 3),
        rate=round(caller.requests / seconds, 1) if seconds else 0.0,
        rotations=caller.rotations,
        refusals=dict(sorted(caller.refusals.items())),
        surprises=tuple(caller.surprises),
    )


def patch_of(*operations: Json) -> Json:
    return {"schemas": [PATCH_OP], "Operations": operations}


def user_values(person: Person) -> dict[str, Json]:
    """Return a person's attributes as a provider maps them."""
    return {
        "userName": person.user_name,
        "name": {"givenName": person.given_name, "familyName": person.family_name},
        "displayName": person.display_name,
        "title": person.title,
        "emails": [{"primary": True, "type": "work", "value": person.user_name}],
        "externalId": person.external_id,
        "active": True,
    }


def user_body(person: Person) -> Json:
    return {"schemas": [CORE_USER], **user_values(person)}


def group_body(team: Team) -> Json:
    """Return a new group; it is empty, because providers send the members later."""
    return {
        "schemas": [CORE_GROUP],
        "displayName": team.name,
        "externalId": team.external_id,
        "members": [],
    }

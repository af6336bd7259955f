"""The generic identity provider: it plays a story against a SCIM server, as real ones do.

It probes before it creates, creates groups empty and fills them by PATCH, deactivates leavers
instead of deleting them, takes members out by `members[value eq "…"]`, and when a create meets a
409 it looks the resource up and updates it. It believes only what was acknowledged: the ledger
holds what the server said yes to, so it can be compared with the server's own counts.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Lock

import msgspec

from rolecall.simulate.bodies import group_body, patch_of, user_body, user_values
from rolecall.simulate.caller import Answer, Caller, Json, Known, found_in, id_of
from rolecall.simulate.directory import Move, Person, Story, Team

MEMBERS_PER_PATCH = 100
NOBODY = "nobody-at-all@example.com"

LOOKED_UP = (200, 404)
"""A lookup that failed in another way says nothing: whoever creates then makes a second one."""
CHANGED = (200, 204)
CREATED = (200, 201)
"""200, because a create can revive what was deactivated."""

Step = Callable[[], None]
Chapter = tuple[str, list[Step]]


class Ledger:
    """What the server has acknowledged, by places in the story."""

    def __init__(self) -> None:
        self.users: dict[int, str] = {}
        self.profiles: dict[int, Person] = {}
        self.details: dict[int, Known] = {}
        self.inactive: set[int] = set()
        self.groups: dict[int, str] = {}
        self.names: dict[int, str] = {}
        self.members: dict[int, set[int]] = {}
        self.gone: list[str] = []


class Player:
    """One provider at work on one story."""

    def __init__(self, story: Story, caller: Caller) -> None:
        self.story = story
        self.caller = caller
        self.ledger = Ledger()
        self.late_teams = late_teams_of(story)
        self._lock = Lock()

    def chapters(self) -> list[Chapter]:
        """Return the chapters in order; the steps of one chapter may run side by side."""
        story = self.story
        late = range(story.founders, len(story.people))
        moves = story.moves[:1]
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
            ("retries", [*map(self._again, story.retried), *map(self._once_more, moves)]),
        ]

    def _again(self, person: int) -> Step:
        return partial(self.create_again, person)

    def _once_more(self, move: Move) -> Step:
        return partial(self.repeat_move, move)

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
        answer = self.find_user(self.story.people[person])
        renamed = self.story.renamed_people.get(person)
        if found_in(answer) is None and renamed is not None:  # the story was played here before
            answer = self.look_up("Users", "userName", renamed.user_name)
        found = found_in(answer)
        if found is not None:
            self.update(person, found)
        elif answer.status in LOOKED_UP:
            self.create(person)

    def find_user(self, person: Person) -> Answer:
        """Look for the person by what the mapping matches by."""
        return self.look_up("Users", "userName", person.user_name)

    def create(self, person: int, form: str = "") -> None:
        """Create the person; a 409 means that somebody was quicker, or that an answer was lost."""
        wanted = self.story.people[person]
        form = form or self.create_form
        expected = (*CREATED, 409)
        answer = self.caller.ask(
            "POST", "Users", self.new_user(wanted), expected=expected, form=form
        )
        if answer.status == 409:
            looked = self.look_up("Users", "userName", wanted.user_name)
            found = found_in(looked)
            if found is not None:
                self.update(person, found)
            elif looked.status == 200:
                said = f"POST Users: 409, but there is no {wanted.user_name}"
                self.caller.note("link", said, form)
        elif answer.status in CREATED:
            id, known = id_of(answer), self.ledger.users.get(person)
            if known is not None and id is not None and known != id:
                said = f"POST Users: a second {wanted.user_name}, beside {known}"
                self.caller.note("link", said, form)
            self.acknowledge_user(person, id, wanted)

    create_form = "create-user"

    def new_user(self, person: Person) -> Json:
        """What a create sends."""
        return user_body(person)

    def create_again(self, person: int) -> None:
        """Send a create whose answer was lost a second time, without looking first."""
        self.create(person, "create-again")

    def update(self, person: int, id: str) -> None:
        """Bring a user who is there up to date."""
        wanted = self.story.people[person]
        if self.send_profile(id, wanted).status in CHANGED:
            self.acknowledge_user(person, id, wanted)

    def send_profile(self, id: str, person: Person) -> Answer:
        """Send all attributes of a user, by one path-less replace."""
        body = patch_of({"op": "replace", "value": user_values(person)})
        return self.caller.ask("PATCH", f"Users/{id}", body, expected=CHANGED)

    def acknowledge_user(self, person: int, id: str | None, profile: Person) -> None:
        """Enter a user into the ledger; an answer without an id is of no use to a provider."""
        if id is None:
            said = f"POST Users: no id for {profile.user_name}"
            self.caller.note("id", said)
            return
        with self._lock:
            self.ledger.users[person] = id
            self.ledger.profiles[person] = profile
            self.ledger.inactive.discard(person)

    def rename_user(self, person: int) -> None:
        """Give a person a new family name and userName: the id must stay."""
        renamed = self.story.renamed_people[person]
        id = self.ledger.users.get(person)
        if id is None or self.send_rename(id, renamed).status not in CHANGED:
            return
        self.ledger.profiles[person] = renamed
        answer = self.look_up("Users", "userName", renamed.user_name)
        found = found_in(answer)
        if answer.status == 200 and found != id:
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

    def send_active(self, id: str, person: Person, *, active: bool) -> Answer:
        """Deactivate a user, or let them in again."""
        del person
        body = patch_of({"op": "replace", "value": {"active": active}})
        return self.caller.ask("PATCH", f"Users/{id}", body, expected=CHANGED)

    def leave(self, person: int) -> None:
        """Deactivate a leaver, then take them out of every group they are in."""
        id = self.ledger.users.get(person)
        if id is None:
            return
        profile = self.ledger.profiles[person]
        if self.send_active(id, profile, active=False).status in CHANGED:
            with self._lock:
                self.ledger.inactive.add(person)
        for team, members in self.ledger.members.items():
            if person in members:
                self.remove(team, person)

    def come_back(self, person: int) -> None:
        """Activate a leaver again: the same id, and found by the same userName."""
        id = self.ledger.users.get(person)
        if id is None:
            return
        profile = self.ledger.profiles[person]
        if self.send_active(id, profile, active=True).status in CHANGED:
            with self._lock:
                self.ledger.inactive.discard(person)

    def delete(self, person: int) -> None:
        """Delete a user for good; their memberships go with them."""
        id = self.ledger.users.get(person)
        if id is None:
            return
        if self.caller.ask("DELETE", f"Users/{id}", expected=(204,)).status == 204:
            with self._lock:
                del self.ledger.users[person], self.ledger.profiles[person]
                self.ledger.inactive.discard(person)
                for members in self.ledger.members.values():
                    members.discard(person)
                self.ledger.gone.append(f"Users/{id}")

    # -- groups

    def found(self, team: int) -> None:
        """Probe for the group; create it empty when it is not there."""
        wanted = self.story.teams[team]
        answer = self.look_up("Groups", "displayName", wanted.name)
        renamed = self.story.renamed_teams.get(team)
        if found_in(answer) is None and renamed is not None:  # the story was played here before
            answer = self.look_up("Groups", "displayName", renamed)
        id = found_in(answer)
        if id is None and answer.status in LOOKED_UP:
            id = self.create_group(wanted)
        if id is not None:
            with self._lock:
                self.ledger.groups[team] = id
                self.ledger.names[team] = wanted.name
                self.ledger.members.setdefault(team, set())

    def create_group(self, team: Team) -> str | None:
        """Create a group; a 409 means that it is there, though the lookup missed it."""
        body, form, expected = self.new_group(team), self.create_group_form, (*CREATED, 409)
        answer = self.caller.ask("POST", "Groups", body, expected=expected, form=form)
        if answer.status == 400 and form != "create-group":
            # The provider stops here. The tool goes on, so that one stumble hides no others.
            form = "create-group"
            plain = group_body(team)
            answer = self.caller.ask("POST", "Groups", plain, expected=expected, form=form)
        if answer.status == 409:
            said = f"POST Groups: 409, but the lookup found no {team.name}"
            self.caller.note("link", said, form)
        return id_of(answer) if answer.status in CREATED else None

    create_group_form = "create-group"

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
        if self.send_members(team, group, ids).status in CHANGED:
            with self._lock:
                self.ledger.members[team] |= ids.keys()

    addition_form = "add-members"

    def send_members(self, team: int, group: str, ids: Mapping[int, str]) -> Answer:
        """Send those who come in."""
        del team
        body = patch_of(self.addition(ids))
        form = self.addition_form
        return self.caller.ask("PATCH", f"Groups/{group}", body, expected=CHANGED, form=form)

    def remove(self, team: int, person: int) -> None:
        """Take one member out."""
        if self.send_removal(team, person, self.removal_form).status in CHANGED:
            with self._lock:
                self.ledger.members[team].discard(person)

    removal_form = "remove-member"

    def send_removal(self, team: int, person: int, form: str) -> Answer:
        """Send who goes."""
        body = patch_of(self.removal(self.ledger.users[person]))
        place = f"Groups/{self.ledger.groups[team]}"
        return self.caller.ask("PATCH", place, body, expected=CHANGED, form=form)

    def repeat_move(self, move: Move) -> None:
        """Send a move again whose answers were lost: who is in stays in once, who is out is out."""
        if move.target not in self.ledger.groups or move.source not in self.ledger.groups:
            return
        self.enrol(move.target, [move.person])
        gone = move.person not in self.ledger.members[move.source]
        if gone and move.person in self.ledger.users:
            self.send_removal(move.source, move.person, "remove-absent")

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
        if self.send_title(id, moved).status in CHANGED:
            self.ledger.profiles[move.person] = moved

    def send_title(self, id: str, person: Person) -> Answer:
        """Send what a move changes."""
        body = patch_of({"op": "replace", "value": {"title": person.title}})
        return self.caller.ask("PATCH", f"Users/{id}", body, expected=CHANGED)

    def rename_group(self, team: int) -> None:
        """Rename a group; its id and its members stay."""
        id = self.ledger.groups.get(team)
        if id is not None and self.send_group_name(team, id).status in CHANGED:
            self.ledger.names[team] = self.story.renamed_teams[team]

    def send_group_name(self, team: int, id: str) -> Answer:
        """Send the new name by its path."""
        name = self.story.renamed_teams[team]
        body = patch_of({"op": "replace", "path": "displayName", "value": name})
        form = "rename-group"
        return self.caller.ask("PATCH", f"Groups/{id}", body, expected=CHANGED, form=form)

    # -- both

    def find_nobody(self) -> None:
        """Now that there are people, somebody who can't exist is still not found."""
        if found_in(self.look_up("Users", "userName", NOBODY)) is not None:
            self.caller.note("wrong-match", f"GET Users: found {NOBODY}, who does not exist")

    def look_up(self, endpoint: str, attribute: str, value: str, form: str = "") -> Answer:
        """Ask for the one resource whose attribute equals the value."""
        quoted = msgspec.json.encode(value).decode()
        parameters = {"filter": f"{attribute} eq {quoted}", **self.looking_up(endpoint)}
        return self.caller.ask("GET", endpoint, parameters=parameters, form=form)

    def looking_up(self, endpoint: str) -> dict[str, str]:
        """The parameters beside the filter of a lookup."""
        return {"excludedAttributes": "members"} if endpoint == "Groups" else {}


def late_teams_of(story: Story) -> dict[int, list[int]]:
    """Return the groups of each person who joins after the first load."""
    teams: dict[int, list[int]] = {}
    for index, team in enumerate(story.teams):
        for person in team.members:
            if person >= story.founders:
                teams.setdefault(person, []).append(index)
    return teams

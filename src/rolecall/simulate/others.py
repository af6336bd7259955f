"""OneLogin, JumpCloud and Rippling, and what providers have in common that write by PUT."""

from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from threading import Lock

from rolecall.simulate.bodies import CORE_GROUP, CORE_USER, patch_of, user_values
from rolecall.simulate.caller import Answer, Caller, Json, found_in, id_of
from rolecall.simulate.directory import Person, Story, Team
from rolecall.simulate.player import CHANGED, CREATED, Chapter, Player, Step

NO_DELETE = (405, 501)
"""How a server says that it deletes nobody."""


class PutsProfiles(Player):
    """A provider that sends whole users."""

    profile_form = "put-user"

    def send_profile(self, id: str, person: Person) -> Answer:
        """Put the whole profile."""
        self.read_first(id)
        return self.put_user(id, person)

    def read_first(self, id: str) -> None:
        """Not every provider looks before it puts."""

    def put_user(self, id: str, person: Person, *, active: bool = True, **more: Json) -> Answer:
        """Put the whole profile, active or not."""
        values = {**user_values(person), "active": active, **more}
        body: Json = {"schemas": [CORE_USER], "id": id, **values}
        return self.caller.ask("PUT", f"Users/{id}", body, form=self.profile_form)

    def send_rename(self, id: str, renamed: Person) -> Answer:
        """A rename is a profile update as any other."""
        return self.send_profile(id, renamed)

    def send_title(self, id: str, person: Person) -> Answer:
        """A new title is a profile update as any other."""
        return self.send_profile(id, person)

    def send_active(self, id: str, person: Person, *, active: bool) -> Answer:
        """Activate or deactivate: the whole profile with another `active`."""
        return self.put_user(id, person, active=active)


class PutsGroups(Player):
    """A provider that sends whole groups, one change of a group after another."""

    def __init__(self, story: Story, caller: Caller) -> None:
        super().__init__(story, caller)
        self._turns: defaultdict[int, Lock] = defaultdict(Lock)

    def fillings(self) -> list[Step]:
        """One step for each group: all its founders at once."""
        return [
            partial(self.enrol, index, self.founders_of(team))
            for index, team in enumerate(self.story.teams)
        ]

    def send_members(self, team: int, group: str, ids: Mapping[int, str]) -> Answer:
        """Send all members, with those who come in."""
        with self._turns[team]:
            wanted = self.ledger.members[team] | ids.keys()
            answer = self.put_group(team, group, wanted)
            if answer.status in CHANGED:
                self.ledger.members[team] = wanted
            return answer

    def send_removal(self, team: int, person: int, form: str) -> Answer:
        """Send all members but the one who goes."""
        del form
        with self._turns[team]:
            wanted = self.ledger.members[team] - {person}
            answer = self.put_group(team, self.ledger.groups[team], wanted)
            if answer.status in CHANGED:
                self.ledger.members[team] = wanted
            return answer

    def send_group_name(self, team: int, id: str) -> Answer:
        """Send the whole group under its new name."""
        with self._turns[team]:
            name = self.story.renamed_teams[team]
            return self.put_group(team, id, self.ledger.members[team], name)

    def put_group(self, team: int, group: str, people: set[int], name: str = "") -> Answer:
        """Put the whole group."""
        ids = {person: self.ledger.users[person] for person in sorted(people)}
        body: Json = {
            "schemas": [CORE_GROUP],
            "id": group,
            "displayName": name or self.ledger.names[team],
            "members": self.listed_members(ids),
        }
        return self.caller.ask("PUT", f"Groups/{group}", body, form="put-group")

    def listed_members(self, ids: Mapping[int, str]) -> Json:
        """Members by their ids."""
        return [{"value": id} for id in ids.values()]


class OneLoginPlayer(PutsProfiles, Player):
    """OneLogin at work: users by PUT, members by PATCH; who has left is suspended, then deleted."""

    def chapters(self) -> list[Chapter]:
        """The story, then the deletion of a suspended user."""
        first = self.story.leavers[:1]
        return [*super().chapters(), ("deleting", [partial(self.delete, p) for p in first])]


class JumpCloudPlayer(PutsGroups, PutsProfiles, Player):
    """JumpCloud at work: its test leaves nothing behind, users and groups go by PUT."""

    def test_connection(self) -> None:
        """Make a user and a group with that user inside, change both, remove both."""
        self.find_nobody()
        tester = self.tester()
        body: Json = {"schemas": [CORE_USER], **user_values(tester)}
        user = self._made("Users", "userName", tester.user_name, body)
        if user is None:
            return
        self.put_user(user, tester)
        group = self._test_group(user)
        if group is not None:
            self._removed(f"Groups/{group}")
        if not self._removed(f"Users/{user}"):
            self.put_user(user, tester, active=False)

    def tester(self) -> Person:
        """The user that the test makes."""
        return Person(
            external_id="jumpcloud-test",
            user_name="jumpcloud-test@example.com",
            given_name="Jump",
            family_name="Cloud",
            title="Tester",
        )

    def _test_group(self, user: str) -> str | None:
        name = "jumpcloud-test"
        members: Json = [{"value": user}]
        body = {"schemas": [CORE_GROUP], "displayName": name, "members": members}
        group = self._made("Groups", "displayName", name, body)
        if group is not None:
            emptied: Json = {**body, "id": group, "members": []}
            self.caller.ask("PUT", f"Groups/{group}", emptied, form="jumpcloud-test")
        return group

    def _made(self, endpoint: str, attribute: str, name: str, body: Json) -> str | None:
        """The id of what was made, or of what an earlier test has left."""
        expected = (*CREATED, 409)
        answer = self.caller.ask("POST", endpoint, body, expected=expected, form="jumpcloud-test")
        if answer.status == 409:
            return found_in(self.look_up(endpoint, attribute, name))
        return id_of(answer) if answer.status in CREATED else None

    def _removed(self, place: str) -> bool:
        """Whether the server deletes at all."""
        expected = (204, *NO_DELETE)
        answer = self.caller.ask("DELETE", place, expected=expected, form="jumpcloud-test")
        return answer.status == 204


class RipplingPlayer(Player):
    """Rippling at work: it matches by externalId, and adds members in its own two shapes."""

    addition_form = "loose-members"

    def find_user(self, person: Person) -> Answer:
        """By externalId, then by userName."""
        answer = self.look_up("Users", "externalId", person.external_id)
        if found_in(answer) is not None or answer.status != 200:
            return answer
        return super().find_user(person)

    def addition(self, ids: Mapping[int, str]) -> Json:
        """Several without a path, one as an object."""
        values = [{"value": id} for id in ids.values()]
        if len(values) == 1:
            return {"op": "add", "path": "members", "value": values[0]}
        return {"op": "add", "value": {"members": values}}

    def new_group(self, team: Team) -> Json:
        """A group has a name and nothing else."""
        return {"schemas": [CORE_GROUP], "displayName": team.name}

    def send_active(self, id: str, person: Person, *, active: bool) -> Answer:
        """By its path."""
        del person
        body = patch_of({"op": "replace", "path": "active", "value": active})
        return self.caller.ask("PATCH", f"Users/{id}", body, expected=CHANGED)

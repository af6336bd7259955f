"""Entra's way: match, then create or PATCH; capitalised operations, booleans as text, soft deletes.

With the flag `aadOptscim062020` in the tenant URL it is nearer to the standard, and so is this
player. Members are added and removed many at a time side by side, also in the same group.
"""

from collections.abc import Mapping
from functools import partial

from rolecall.simulate.caller import Answer, Caller, Json, found_in
from rolecall.simulate.directory import Person, Story, Team
from rolecall.simulate.player import CHANGED, CORE_GROUP, CORE_USER, Player, Stage, patch_of

FLAG = "aadOptscim062020"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
AD_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
NO_GUID = "6e1c1c2f-0f5e-4f1c-9c6e-0c3a2f1b7d55"


class EntraPlayer(Player):
    """Entra at work on one story."""

    def __init__(self, story: Story, caller: Caller, *, flagged: bool = False) -> None:
        """`flagged` says that the tenant URL carries the flag."""
        super().__init__(story, caller)
        self.flagged = flagged

    def stages(self) -> list[Stage]:
        """The story, then what Entra alone does: managers, and a deletion after thirty days."""
        leavers = self.story.leavers
        staff = range(1, min(self.story.founders, 4))
        return [
            *super().stages(),
            ("managers", [partial(self.report_to, person, 0) for person in staff]),
            ("deleting for good", [partial(self.delete, person) for person in leavers[:1]]),
        ]

    def test_connection(self) -> None:
        """Ask for a random GUID: 200 and an empty list, of users and of groups."""
        for endpoint, attribute in (("Users", "userName"), ("Groups", "displayName")):
            if found_in(self.look_up(endpoint, attribute, NO_GUID)) is not None:
                said = f"GET {endpoint}: found something for a random GUID"
                self.caller.note("wrong-match", said)
        self.caller.ask("GET", f"Users/{NO_GUID}", expected=(404,))

    # -- users

    def new_user(self, person: Person) -> Json:
        """A create has meta, the enterprise extension, and empty lists."""
        return {
            "schemas": [CORE_USER, ENTERPRISE],
            "externalId": person.external_id,
            "userName": person.user_name,
            "active": True,
            "displayName": person.display_name,
            "title": person.title,
            "emails": [{"primary": True, "type": "work", "value": person.user_name}],
            "meta": {"resourceType": "User"},
            "name": {
                "formatted": person.display_name,
                "familyName": person.family_name,
                "givenName": person.given_name,
            },
            "roles": [],
            ENTERPRISE: {"employeeNumber": person.external_id},
        }

    def send_profile(self, id: str, person: Person) -> Answer:
        """Read the user, then send what differs: one operation each, or all keys in one."""
        self.caller.ask("GET", f"Users/{id}")
        values: dict[str, Json] = {
            "userName": person.user_name,
            "displayName": person.display_name,
            "title": person.title,
            "name.givenName": person.given_name,
            "name.familyName": person.family_name,
            'emails[type eq "work"].value': person.user_name,
            f"{ENTERPRISE}:employeeNumber": person.external_id,
        }
        # A user of an earlier play may be disabled: it comes back with the profile.
        return self._send(id, {**values, "active": self._boolean(value=True)})

    def send_rename(self, id: str, renamed: Person) -> Answer:
        """The match attribute changes, under the same id."""
        values: dict[str, Json] = {
            "userName": renamed.user_name,
            "name.familyName": renamed.family_name,
            "displayName": renamed.display_name,
            'emails[type eq "work"].value': renamed.user_name,
        }
        return self._send(id, values)

    def send_title(self, id: str, person: Person) -> Answer:
        """One attribute by its path."""
        return self._send(id, {"title": person.title})

    def send_active(self, id: str, *, active: bool) -> Answer:
        """Enable or disable: `"False"` is text unless the flag is set."""
        return self._send(id, {"active": self._boolean(value=active)})

    def _boolean(self, *, value: bool) -> Json:
        return value if self.flagged else str(value)

    def _send(self, id: str, values: Mapping[str, Json]) -> Answer:
        """Replace attributes by path: `Replace` each, or with the flag one without a path."""
        if self.flagged:
            plain = {path: value for path, value in values.items() if "[" not in path}
            picked = {path: value for path, value in values.items() if "[" in path}
            operations: list[Json] = [{"op": "replace", "value": plain}]
            operations += [{"op": "replace", "path": p, "value": v} for p, v in picked.items()]
        else:
            operations = [{"op": "Replace", "path": p, "value": v} for p, v in values.items()]
        return self.caller.ask("PATCH", f"Users/{id}", patch_of(*operations), expected=CHANGED)

    def report_to(self, person: int, manager: int) -> None:
        """Set a manager, who is sent as the bare id."""
        id, chief = self.ledger.users.get(person), self.ledger.users.get(manager)
        if id is None or chief is None:
            return
        op = "add" if self.flagged else "Add"
        body = patch_of({"op": op, "path": f"{ENTERPRISE}:manager", "value": chief})
        self.caller.ask("PATCH", f"Users/{id}", body, expected=CHANGED)

    def delete(self, person: int) -> None:
        """Thirty days after the soft delete the user is deleted for good."""
        id = self.ledger.users.get(person)
        if id is None:
            return
        if self.caller.ask("DELETE", f"Users/{id}", expected=(204,)).status == 204:
            with self._lock:
                del self.ledger.users[person]
                self.ledger.inactive.discard(person)
                for members in self.ledger.members.values():
                    members.discard(person)
                self.ledger.gone.append(f"Users/{id}")

    # -- groups

    def new_group(self, team: Team) -> Json:
        """A create has a schema of Entra's own, and no members: they come by PATCH."""
        return {
            "schemas": [CORE_GROUP, AD_GROUP],
            "externalId": team.external_id,
            "displayName": team.name,
            "roles": [],
            "meta": {"resourceType": "Group"},
        }

    def addition(self, ids: Mapping[int, str]) -> Json:
        """Members carry a `$ref` of null unless the flag is set."""
        if self.flagged:
            return super().addition(ids)
        value: list[Json] = [{"$ref": None, "value": id} for id in ids.values()]
        return {"op": "Add", "path": "members", "value": value}

    def removal(self, id: str) -> Json:
        """Without the flag: path `members` and a list, which removes those and no others."""
        if self.flagged:
            return super().removal(id)
        return {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": id}]}

    def rename_group(self, team: int) -> None:
        """By path, after a look at the group without its members."""
        id = self.ledger.groups.get(team)
        if id is None:
            return
        self.caller.ask("GET", f"Groups/{id}", parameters={"excludedAttributes": "members"})
        op = "replace" if self.flagged else "Replace"
        body = patch_of({"op": op, "path": "displayName", "value": self.story.renamed_teams[team]})
        self.caller.ask("PATCH", f"Groups/{id}", body, expected=CHANGED)

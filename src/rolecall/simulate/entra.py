"""Entra's way: match, then create or PATCH; capitalised operations, booleans as text, soft deletes.

With the flag `aadOptscim062020` in the tenant URL it is nearer to the standard, and so is this
player. Members are added and removed many at a time side by side, also in the same group.
"""

from collections.abc import Mapping
from functools import partial

from rolecall.simulate.bodies import CORE_GROUP, CORE_USER, patch_of
from rolecall.simulate.caller import Answer, Caller, Json, Known, Value, found_in
from rolecall.simulate.directory import Person, Story, Team
from rolecall.simulate.player import CHANGED, Chapter, Player

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
        self.patch_form = "entra-flag" if flagged else "entra-patch"
        self.removal_form = "remove-member" if flagged else "entra-remove"

    def chapters(self) -> list[Chapter]:
        """The story, then what Entra alone does: references, matching, scoping, a hard delete."""
        leavers = self.story.leavers
        staff = range(1, min(self.story.founders, 4))
        last = len(self.story.teams) - 1
        return [
            *super().chapters(),
            ("matching", [partial(self.match, person) for person in staff]),
            ("details", [partial(self.send_details, person) for person in staff]),
            ("spelling paths", [partial(self.spell, person) for person in staff[:1]]),
            ("assigning an app role", [partial(self.assign_role, p) for p in staff[:1]]),
            ("managers", [partial(self.report_to, person, 0) for person in staff]),
            ("probing references", [partial(self.probe, person, 0) for person in staff]),
            ("clearing a manager", [partial(self.report_to_nobody, p) for p in staff[-1:]]),
            ("returners", [partial(self.come_back, person) for person in leavers[1:2]]),
            ("deleting for good", [partial(self.delete, person) for person in leavers[:1]]),
            ("deleting a group", [partial(self.delete_group, last)] if last > 0 else []),
        ]

    create_form = "entra-create"
    create_group_form = "entra-create-group"

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

    def send_active(self, id: str, person: Person, *, active: bool) -> Answer:
        """Enable or disable: `"False"` is text unless the flag is set."""
        del person
        return self._send(id, {"active": self._boolean(value=active)})

    def _boolean(self, *, value: bool) -> Json:
        return value if self.flagged else str(value)

    def _op(self, op: str) -> str:
        return op if self.flagged else op.capitalize()

    def _send(self, id: str, values: Mapping[str, Json], form: str = "") -> Answer:
        """Replace attributes by path: `Replace` each, or with the flag one without a path."""
        if self.flagged:
            plain = {path: value for path, value in values.items() if "[" not in path}
            picked = {path: value for path, value in values.items() if "[" in path}
            operations: list[Json] = [{"op": "replace", "value": plain}] if plain else []
            operations += [{"op": "replace", "path": p, "value": v} for p, v in picked.items()]
        else:
            operations = [{"op": "Replace", "path": p, "value": v} for p, v in values.items()]
        return self._patch(id, *operations, form=form or self.patch_form)

    def _patch(self, id: str, *operations: Json, form: str) -> Answer:
        body = patch_of(*operations)
        return self.caller.ask("PATCH", f"Users/{id}", body, expected=CHANGED, form=form)

    def match(self, person: int) -> None:
        """Match by externalId, which newer applications do, and by the work address."""
        id = self.ledger.users.get(person)
        if id is None:
            return
        profile = self.ledger.profiles[person]
        for attribute, value in (
            ("externalId", profile.external_id),
            ('emails[type eq "work"].value', profile.user_name),
        ):
            answer = self.look_up("Users", attribute, value, "entra-match")
            if answer.status == 200 and found_in(answer) != id:
                said = f"GET Users: {attribute} eq {value!r} does not find Users/{id}"
                self.caller.note("link", said, "entra-match")

    def send_details(self, person: int) -> None:
        """Set entries that nobody has made, in several cycles, so that later parts must merge."""
        id = self.ledger.users.get(person)
        if id is None:
            return
        phone, street, place = f"+1 555 01{person:02d}", f"{person} Rowan Way", "Quarry"
        mobile = 'phoneNumbers[type eq "mobile"].value'
        add, replace = self._op("add"), self._op("replace")
        done = [
            self._patch(id, *operations, form="entra-details").status in CHANGED
            for operations in (
                ({"op": add, "path": mobile, "value": "+1 555 0199"},),
                ({"op": replace, "path": 'addresses[type eq "work"].formatted', "value": street},),
                ({"op": add, "path": 'addresses[type eq "work"].locality', "value": place},),
                ({"op": replace, "path": mobile, "value": phone},),
            )
        ]
        if all(done):
            self.ledger.details[person] = Known(
                phone_numbers=(Value(type="mobile", value=phone),),
                addresses=(Value(type="work", formatted=street, locality=place),),
            )

    def spell(self, person: int) -> None:
        """Paths in another case, and a core attribute under its whole URN."""
        id = self.ledger.users.get(person)
        if id is None:
            return
        profile = self.ledger.profiles[person]
        replace = self._op("replace")
        operations: list[Json] = [
            {"op": replace, "path": "username", "value": profile.user_name},
            {"op": replace, "path": f"{CORE_USER}:displayName", "value": profile.display_name},
        ]
        self._patch(id, *operations, form="entra-spelling")

    def assign_role(self, person: int) -> None:
        """Set the primary role where there is none yet."""
        id = self.ledger.users.get(person)
        if id is not None:
            path = 'roles[primary eq "True"].value'
            operation = {"op": self._op("add"), "path": path, "value": "Auditor"}
            self._patch(id, operation, form="entra-role")

    def report_to(self, person: int, manager: int) -> None:
        """Set a manager, who is sent as the bare id."""
        id, chief = self.ledger.users.get(person), self.ledger.users.get(manager)
        if id is not None and chief is not None:
            operation = {"op": self._op("add"), "path": f"{ENTERPRISE}:manager", "value": chief}
            self._patch(id, operation, form="entra-manager")

    def report_to_nobody(self, person: int) -> None:
        """Clear a manager by the path."""
        id = self.ledger.users.get(person)
        if id is not None:
            operation = {"op": self._op("remove"), "path": f"{ENTERPRISE}:manager"}
            self._patch(id, operation, form="entra-manager")

    def probe(self, person: int, manager: int) -> None:
        """Ask whether references are set; a server may say that it can't tell."""
        id, chief = self.ledger.users.get(person), self.ledger.users.get(manager)
        if id is not None and chief is not None:
            wanted = f'id eq "{id}" and {ENTERPRISE}:manager eq "{chief}"'
            self._ask_whether("Users", wanted, {"attributes": "id"}, id)
        for team, members in self.ledger.members.items():
            if person in members:
                group = self.ledger.groups[team]
                wanted = f'id eq "{group}" and members eq "{id}"'
                self._ask_whether("Groups", wanted, {"excludedAttributes": "members"}, group)

    def _ask_whether(self, endpoint: str, wanted: str, more: dict[str, str], id: str) -> None:
        form = "entra-probe"
        answer = self.caller.ask(
            "GET", endpoint, parameters={"filter": wanted, **more}, expected=(200, 400), form=form
        )
        found = found_in(answer)
        if answer.status == 200 and found not in {None, id}:
            self.caller.note("wrong-match", f"GET {endpoint}: {wanted} found {found}", form)

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

    def send_group_name(self, team: int, id: str) -> Answer:
        """By path, after a look at the group without its members."""
        self.caller.ask("GET", f"Groups/{id}", parameters={"excludedAttributes": "members"})
        name = self.story.renamed_teams[team]
        body = patch_of({"op": self._op("replace"), "path": "displayName", "value": name})
        form = "rename-group"
        return self.caller.ask("PATCH", f"Groups/{id}", body, expected=CHANGED, form=form)

    def delete_group(self, team: int) -> None:
        """A group that left the scope is deleted."""
        id = self.ledger.groups.get(team)
        if id is None:
            return
        if self.caller.ask("DELETE", f"Groups/{id}", expected=(204,)).status == 204:
            del self.ledger.groups[team], self.ledger.members[team]
            self.ledger.gone.append(f"Groups/{id}")

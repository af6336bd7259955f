"""Okta's way: whole profiles by PUT, memberships by PATCH, pages of a hundred, nobody deleted.

Groups are pushed: found by name, filled, replaced whole by a full push, and deleted when the push
is unlinked. A returner is activated again under the same id, or created again by the same
externalId. An app of the wizard (AIW) does all of it by PUT, memberships and deactivation too.
"""

from collections.abc import Mapping
from functools import partial

from rolecall.simulate.bodies import CORE_GROUP, CORE_USER, patch_of, user_values
from rolecall.simulate.caller import Answer, Json, listing_in
from rolecall.simulate.directory import Person, Team
from rolecall.simulate.others import PutsGroups, PutsProfiles
from rolecall.simulate.player import CHANGED, Chapter, Player, Step

PAGE_COUNT = 100
WALK_PAGES_MAX = 10_000
PAGE = {"startIndex": "1", "count": str(PAGE_COUNT)}
NO_ID = "01a2b3c4-0000-4000-8000-000000000000"


class OktaPlayer(PutsProfiles, Player):
    """Okta at work on one story, as an application of its catalogue (OIN)."""

    profile_form = "okta-put"
    create_form = "okta-create"
    addition_form = "okta-members"

    def chapters(self) -> list[Chapter]:
        """The story, then what Okta alone does: a full push, returns, an import, an unlinking."""
        last = len(self.story.teams) - 1
        whole: list[Step] = [partial(self.push_whole, 0)] if last >= 0 else []
        back, again = self.story.leavers[:1], self.story.leavers[1:2]
        return [
            *super().chapters(),
            ("setting passwords", [partial(self.send_password, p) for p in self.story.retried]),
            ("pushing a whole group", whole),
            ("returners", [partial(self.come_back, person) for person in back]),
            ("creating a returner again", [partial(self.create_again, p) for p in again]),
            ("unlinking a group", [partial(self.unlink, last)] if last > 0 else []),
            ("importing", [self.import_users, self.import_groups]),
        ]

    def test_connection(self) -> None:
        """Test API Credentials: two pages, somebody who is not there, an id that is not there."""
        self.caller.ask("GET", "Users", parameters={"startIndex": "1", "count": "2"})
        self.caller.ask("GET", "Groups", parameters=PAGE)
        self.find_nobody()
        self.caller.ask("GET", f"Users/{NO_ID}", expected=(404,))

    def looking_up(self, endpoint: str) -> dict[str, str]:
        """Okta's lookups are pages, too."""
        del endpoint
        return PAGE

    # -- users

    def new_user(self, person: Person) -> Json:
        """A create carries a password that nobody knows, an empty list of groups and a locale."""
        return {
            "schemas": [CORE_USER],
            **user_values(person),
            "locale": "en-US",
            "groups": [],
            "password": f"1mz050nq{person.external_id}",
        }

    def read_first(self, id: str) -> None:
        """A profile is read before it is put."""
        self.caller.ask("GET", f"Users/{id}")

    def send_active(self, id: str, person: Person, *, active: bool) -> Answer:
        """Activate or deactivate: a PATCH without a path."""
        del person
        body = patch_of({"op": "replace", "value": {"active": active}})
        return self.caller.ask("PATCH", f"Users/{id}", body, expected=CHANGED, form="okta-active")

    def send_password(self, person: int) -> None:
        """Sync a password: a PATCH without a path, and no password in the answer."""
        id = self.ledger.users.get(person)
        if id is not None:
            body = patch_of({"op": "replace", "value": {"password": f"2nz161or{person:08d}"}})
            form = "okta-active"
            self.caller.ask("PATCH", f"Users/{id}", body, expected=CHANGED, form=form)

    def import_users(self) -> None:
        """Walk the whole list of users, as an import does."""
        self._walk("Users", set(self.ledger.users.values()))

    def import_groups(self) -> None:
        """Walk the whole list of groups, as an import does."""
        self._walk("Groups", set(self.ledger.groups.values()))

    def _walk(self, endpoint: str, known: set[str]) -> None:
        """Read page after page until the total is reached: everybody is there, and once."""
        seen: list[str] = []
        start = 1
        for _ in range(WALK_PAGES_MAX):
            page = {"startIndex": str(start), "count": str(PAGE_COUNT)}
            listing = listing_in(self.caller.ask("GET", endpoint, parameters=page))
            if listing is None:
                return
            if not listing.resources:
                break
            seen += [resource.id for resource in listing.resources]
            start += len(listing.resources)
            if start > listing.total_results:
                break
        missing, twice = known - set(seen), len(seen) - len(set(seen))
        if missing or twice:
            said = f"GET {endpoint}: page by page, {len(missing)} skipped and {twice} repeated"
            self.caller.note("walk", said, "page")

    # -- groups

    def new_group(self, team: Team) -> Json:
        """A pushed group has no externalId."""
        return {"schemas": [CORE_GROUP], "displayName": team.name, "members": []}

    def addition(self, ids: Mapping[int, str]) -> Json:
        """Members carry a display name and no type."""
        return {"op": "add", "path": "members", "value": self.listed(ids)}

    def listed(self, ids: Mapping[int, str]) -> Json:
        """People as a list of members."""
        names = self.story.people
        return [{"value": id, "display": names[person].user_name} for person, id in ids.items()]

    def send_group_name(self, team: int, id: str) -> Answer:
        """Send the new name without a path, and the group's own id with it."""
        value = {"id": id, "displayName": self.story.renamed_teams[team]}
        body = patch_of({"op": "replace", "value": value})
        return self.caller.ask("PATCH", f"Groups/{id}", body, expected=CHANGED, form="okta-rename")

    def push_whole(self, team: int) -> None:
        """Push now: all members at once, in place of those there are."""
        group = self.ledger.groups.get(team)
        if group is not None:
            people = self.ledger.members[team]
            self.send_whole(group, {person: self.ledger.users[person] for person in people})

    def send_whole(self, group: str, ids: Mapping[int, str]) -> Answer:
        """Replace all members."""
        body = patch_of({"op": "replace", "path": "members", "value": self.listed(ids)})
        return self.caller.ask("PATCH", f"Groups/{group}", body, expected=CHANGED, form="okta-push")

    def unlink(self, team: int) -> None:
        """Clear a pushed group, unlink and delete it; its users stay."""
        group = self.ledger.groups.get(team)
        if group is None:
            return
        if self.send_whole(group, {}).status in CHANGED:
            self.ledger.members[team] = set()
        answer = self.caller.ask("DELETE", f"Groups/{group}", expected=(204,))
        if answer.status == 204:
            del self.ledger.groups[team], self.ledger.members[team]
            self.ledger.gone.append(f"Groups/{group}")


class OktaWizardPlayer(PutsGroups, OktaPlayer):
    """Okta at work as an application of its wizard (AIW): everything is a PUT."""

    def send_active(self, id: str, person: Person, *, active: bool) -> Answer:
        """Activate or deactivate: the whole profile with another `active`."""
        return self.put_user(id, person, active=active)

    def send_password(self, person: int) -> None:
        """Sync a password: the whole profile with it."""
        id = self.ledger.users.get(person)
        if id is not None:
            self.put_user(id, self.ledger.profiles[person], password=f"2nz161or{person:08d}")

    def listed_members(self, ids: Mapping[int, str]) -> Json:
        """Members carry a display name here, too."""
        return self.listed(ids)

    def push_whole(self, team: int) -> None:
        """Push now is what every change of a group is."""
        group = self.ledger.groups.get(team)
        if group is not None:
            self.put_group(team, group, set(self.ledger.members[team]))

    def unlink(self, team: int) -> None:
        """Empty the group by PUT, then delete it."""
        group = self.ledger.groups.get(team)
        if group is None:
            return
        if self.put_group(team, group, set()).status in CHANGED:
            self.ledger.members[team] = set()
        if self.caller.ask("DELETE", f"Groups/{group}", expected=(204,)).status == 204:
            del self.ledger.groups[team], self.ledger.members[team]
            self.ledger.gone.append(f"Groups/{group}")

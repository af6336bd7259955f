"""Okta's way: whole profiles by PUT, memberships by PATCH, pages of a hundred, nobody deleted.

Groups are pushed: found by name, filled, replaced whole by a full push, and deleted when the push
is unlinked. A returner is activated again under the same id.
"""

from collections.abc import Mapping
from functools import partial

from rolecall.simulate.caller import Answer, Json, listing_in
from rolecall.simulate.directory import Person, Team
from rolecall.simulate.player import (
    CHANGED,
    CORE_GROUP,
    CORE_USER,
    Player,
    Stage,
    patch_of,
    user_values,
)

PAGE_COUNT = 100
WALK_PAGES_MAX = 10_000
PAGE = {"startIndex": "1", "count": str(PAGE_COUNT)}
NO_ID = "01a2b3c4-0000-4000-8000-000000000000"


class OktaPlayer(Player):
    """Okta at work on one story."""

    def stages(self) -> list[Stage]:
        """The story, then what Okta alone does: a full push, a return, an import, an unlinking."""
        last = len(self.story.teams) - 1
        return [
            *super().stages(),
            ("pushing a whole group", [partial(self.push_whole, 0)] if last >= 0 else []),
            ("returners", [partial(self.come_back, p) for p in self.story.leavers[:1]]),
            ("unlinking a group", [partial(self.unlink, last)] if last > 0 else []),
            ("importing", [self.import_users]),
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

    def send_profile(self, id: str, person: Person) -> Answer:
        """Read the user, then put the whole profile."""
        self.caller.ask("GET", f"Users/{id}")
        body: Json = {"schemas": [CORE_USER], "id": id, **user_values(person)}
        return self.caller.ask("PUT", f"Users/{id}", body)

    def send_rename(self, id: str, renamed: Person) -> Answer:
        """A rename is a profile update as any other."""
        return self.send_profile(id, renamed)

    def send_title(self, id: str, person: Person) -> Answer:
        """A new title is a profile update as any other."""
        return self.send_profile(id, person)

    def come_back(self, person: int) -> None:
        """Activate a leaver again: the same id, and found by the same userName."""
        id = self.ledger.users.get(person)
        if id is not None and self.send_active(id, active=True).status in CHANGED:
            self.ledger.inactive.discard(person)

    def import_users(self) -> None:
        """Walk the whole list by pages, as an import does, until the total is reached."""
        seen: list[str] = []
        start = 1
        for _ in range(WALK_PAGES_MAX):
            page = {"startIndex": str(start), "count": str(PAGE_COUNT)}
            listing = listing_in(self.caller.ask("GET", "Users", parameters=page))
            if listing is None or not listing.resources:
                break
            seen += [resource.id for resource in listing.resources]
            start += len(listing.resources)
            if start > listing.total_results:
                break
        missing = set(self.ledger.users.values()) - set(seen)
        if missing or len(seen) != len(set(seen)):
            twice = len(seen) - len(set(seen))
            self.caller.note("walk", f"GET Users: {len(missing)} skipped, {twice} repeated")

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

    def push_whole(self, team: int) -> None:
        """Push now: all members at once, in place of those there are."""
        group = self.ledger.groups.get(team)
        if group is None:
            return
        ids = {person: self.ledger.users[person] for person in self.ledger.members[team]}
        body = patch_of({"op": "replace", "path": "members", "value": self.listed(ids)})
        self.caller.ask("PATCH", f"Groups/{group}", body, expected=CHANGED)

    def unlink(self, team: int) -> None:
        """Unlink a pushed group and delete it; its users stay."""
        group = self.ledger.groups.get(team)
        if group is None:
            return
        answer = self.caller.ask("DELETE", f"Groups/{group}", expected=(204,))
        if answer.status == 204:
            del self.ledger.groups[team], self.ledger.members[team]
            self.ledger.gone.append(f"Groups/{group}")

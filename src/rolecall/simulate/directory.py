"""A company that never was: its people, its groups, and what happens to them in a year.

Everything is drawn from a generator that the caller seeds, so a seed names a whole story. The names
are made of colours, stones and trees; the addresses end in example.com (RFC 2606 section 3).
"""

from random import Random

import msgspec

PEOPLE_MAX = 1_000_000
TEAMS_MAX = 10_000
CHANGES_PER_HUNDRED = 5
"""Of a hundred people, so many join late, so many move and so many leave."""

ALL_STAFF = "All Staff"

FIRST_NAMES = (
    *("Amber", "Azure", "Beryl", "Cobalt", "Copper", "Coral", "Crimson", "Ebony"),
    *("Emerald", "Flint", "Garnet", "Golden", "Hazel", "Indigo", "Ivory", "Jade"),
    *("Jasper", "Jet", "Lilac", "Marble", "Mauve", "Ochre", "Onyx", "Opal"),
    *("Pearl", "Rose", "Russet", "Saffron", "Sienna", "Silver", "Topaz", "Umber"),
)
LAST_NAMES = (
    *("Alder", "Ash", "Aspen", "Bamboo", "Beech", "Birch", "Bracken", "Briar"),
    *("Cedar", "Cherry", "Chestnut", "Clover", "Cypress", "Elder", "Elm", "Fern"),
    *("Fir", "Hawthorn", "Heather", "Holly", "Juniper", "Larch", "Laurel", "Linden"),
    *("Maple", "Myrtle", "Oak", "Pine", "Rowan", "Spruce", "Willow", "Yew"),
)
PLACES = ("Harbour", "Quarry", "Orchard", "Lighthouse", "Meadow", "Foundry", "Ferry", "Mill")
CRAFTS = ("Analysts", "Engineers", "Planners", "Auditors", "Surveyors", "Modellers")
TITLES = ("Analyst", "Engineer", "Planner", "Auditor", "Surveyor", "Modeller")


class Person(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One person as the identity provider knows them."""

    external_id: str
    user_name: str
    given_name: str
    family_name: str
    title: str

    @property
    def display_name(self) -> str:
        return f"{self.given_name} {self.family_name}"


class Team(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One group and the people in it when the story starts, by their place in the directory."""

    external_id: str
    name: str
    members: tuple[int, ...]


class Move(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One person goes from one group to another and gets another title."""

    person: int
    source: int
    target: int
    title: str


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A directory and a year of its life; the first `founders` people are there from the start."""

    people: tuple[Person, ...]
    founders: int
    teams: tuple[Team, ...]
    moves: tuple[Move, ...]
    leavers: tuple[int, ...]
    renamed_people: dict[int, Person]
    renamed_teams: dict[int, str]
    retried: tuple[int, ...]


def story_of(random: Random, users: int, groups: int, changes: int | None = None) -> Story:
    """Make up a directory of so many users and groups, and what happens to it.

    So many `changes` are joiners, movers and leavers in equal parts; by default five of a hundred
    people each.
    """
    if not 1 <= users <= PEOPLE_MAX or not 0 <= groups <= TEAMS_MAX:
        raise ValueError(
            f"a story has 1 to {PEOPLE_MAX:,} users and 0 to {TEAMS_MAX:,} groups,"
            f" not {users:,} and {groups:,}"
        )
    people = tuple(person_of(random, number) for number in range(users))
    teams = teams_of(random, users, groups)

    each = users * CHANGES_PER_HUNDRED // 100 if changes is None else min(changes, users) // 3
    each = max(1, each)
    founders = max(1, users - each)
    # Each founder has at most one part to play, so that steps of one kind can run side by side.
    cast = random.sample(range(founders), founders)
    leavers, movers, rest = cast[:each], cast[each : 2 * each], cast[2 * each :]
    return Story(
        people=people,
        founders=founders,
        teams=teams,
        moves=moves_of(random, movers, teams),
        leavers=tuple(leavers),
        renamed_people={index: renamed(random, people[index]) for index in rest[:1]},
        renamed_teams={index: f"{teams[index].name} Guild" for index in range(groups)[-1:]},
        retried=tuple(rest[1:2]),
    )


def person_of(random: Random, number: int) -> Person:
    """Make up one person; the number in the address makes it the only one."""
    given_name, family_name = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    return Person(
        external_id=f"00u{number:08d}",
        user_name=f"{given_name}.{family_name}{number:03d}@example.com".lower(),
        given_name=given_name,
        family_name=family_name,
        title=random.choice(TITLES),
    )


def renamed(random: Random, person: Person) -> Person:
    """Return the person under another family name, and so under another userName."""
    family_name = random.choice([name for name in LAST_NAMES if name != person.family_name])
    number = person.user_name.partition("@")[0].removeprefix(
        f"{person.given_name}.{person.family_name}".lower()
    )
    return msgspec.structs.replace(
        person,
        family_name=family_name,
        user_name=f"{person.given_name}.{family_name}{number}@example.com".lower(),
    )


def teams_of(random: Random, users: int, groups: int) -> tuple[Team, ...]:
    """Put everybody into the first group and into one or two of the others."""
    members: list[list[int]] = [[] for _ in range(groups)]
    if groups:
        members[0] = list(range(users))
    if groups > 1:
        for person in range(users):
            wanted = min(groups - 1, 2 if random.randrange(4) == 0 else 1)
            for team in random.sample(range(1, groups), wanted):
                members[team].append(person)
    return tuple(
        Team(external_id=f"00g{index:06d}", name=team_name_of(index), members=tuple(people))
        for index, people in enumerate(members)
    )


def team_name_of(index: int) -> str:
    """Name a group; the number makes it the only one."""
    if index == 0:
        return ALL_STAFF
    place, craft = PLACES[index % len(PLACES)], CRAFTS[index % len(CRAFTS)]
    return f"{place} {craft} {index:02d}"


def moves_of(random: Random, movers: list[int], teams: tuple[Team, ...]) -> tuple[Move, ...]:
    """Send each mover from one group they are in to one they are not in, where there is one."""
    homes: dict[int, set[int]] = {person: set() for person in movers}
    for index, team in enumerate(teams[1:], start=1):
        for person in homes.keys() & set(team.members):
            homes[person].add(index)
    moves = []
    for person in movers:
        sources = sorted(homes[person])
        targets = [index for index in range(1, len(teams)) if index not in homes[person]]
        if sources and targets:
            moves.append(
                Move(
                    person=person,
                    source=random.choice(sources),
                    target=random.choice(targets),
                    title=random.choice(TITLES),
                )
            )
    return tuple(moves)

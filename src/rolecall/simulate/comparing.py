"""What the server has in the end, against what it said yes to: read by the tool, not the provider.

Members and users that others have put there are left alone.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial

from rolecall.simulate.caller import Known, Value, found_in, known_in, members_in
from rolecall.simulate.player import Player


def comparisons(player: Player) -> list[Callable[[], None]]:
    """Return the steps that read everything back."""
    ledger = player.ledger
    return [
        player.find_nobody,
        *(partial(find_disabled, player, person) for person in ledger.inactive),
        *(partial(compare_user, player, person) for person in ledger.users),
        *(partial(compare_group, player, team) for team in ledger.groups),
        *(partial(compare_gone, player, place) for place in ledger.gone),
    ]


def find_disabled(player: Player, person: int) -> None:
    """A disabled user is still found, or the provider creates a second one."""
    id, name = player.ledger.users[person], player.ledger.profiles[person].user_name
    answer = player.look_up("Users", "userName", name)
    if answer.status == 200 and found_in(answer) != id:
        player.caller.note("link", f"GET Users: disabled {name} is not found")


def compare_user(player: Player, person: int) -> None:
    """A user is there under its id, with the profile and state that were acknowledged."""
    id, profile = player.ledger.users[person], player.ledger.profiles[person]
    answer = player.caller.ask("GET", f"Users/{id}")
    known = known_in(answer)
    if answer.status != 200 or known is None:
        return
    active = person not in player.ledger.inactive
    if known.user_name != profile.user_name or known.active != active:
        said = f"GET Users/{id}: not {profile.user_name}, active {active}"
        player.caller.note("lost-change", said)
    # What a server does not show it may not have: its schema decides (RFC 7643 section 7).
    for shown, sent in (
        (known.display_name, profile.display_name),
        (known.title, profile.title),
    ):
        if shown not in {None, sent}:
            said = f"GET Users/{id}: {shown!r}, where {sent!r} was the last that was sent"
            player.caller.note("lost-change", said)
    wanted = player.ledger.details.get(person)
    if wanted is not None and not holds(known, wanted):
        said = f"GET Users/{id}: phoneNumbers and addresses are not what was sent"
        player.caller.note("lost-change", said, "entra-details")


def holds(known: Known, wanted: Known) -> bool:
    """Whether every entry that was sent is there just once, as far as the server has any."""
    pairs: tuple[tuple[tuple[Value, ...], tuple[Value, ...]], ...] = (
        (known.phone_numbers, wanted.phone_numbers),
        (known.addresses, wanted.addresses),
    )
    return all(Counter(shown)[each] == 1 for shown, sent in pairs if shown for each in sent)


def compare_group(player: Player, team: int) -> None:
    """A group has the members that were acknowledged, each of them once."""
    ledger = player.ledger
    id = ledger.groups[team]
    answer = player.caller.ask("GET", f"Groups/{id}")
    if answer.status != 200:
        return
    wanted = {ledger.users[person] for person in ledger.members[team]}
    listed = members_in(answer)
    found = set(listed) & set(ledger.users.values())
    if found != wanted:
        lost, more = len(wanted - found), len(found - wanted)
        said = f"GET Groups/{id}: of the members, {lost} are missing and {more} are too many"
        player.caller.note("lost-member", said)
    if len(listed) != len(set(listed)):
        player.caller.note("twice", f"GET Groups/{id}: a member is listed twice")


def compare_gone(player: Player, place: str) -> None:
    """What was deleted is 404."""
    answer = player.caller.ask("GET", place, expected=(404, 200))
    if answer.status == 200:
        player.caller.note("gone", f"GET {place}: 200 after it was deleted")

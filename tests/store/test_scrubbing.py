"""What is purged is gone from the disk: no byte of the file or of its log tells it."""

import json
from pathlib import Path

from msgspec.structs import replace

from builders import IDS, NOW, SECOND, admin, an_account
from rolecall.domain.attempts import Attempt, AttemptKind
from rolecall.domain.commands import At, ChangeUser, CreateUser, DropUser, Set
from rolecall.domain.commands_accounts import PurgeHistory
from rolecall.domain.effects import Effect
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Describe
from rolecall.store.sqlite import SqliteStore

PEOPLE = 150
"""So many that pages are split, merged and freed on the way."""


def name_of(number: int) -> str:
    return f"person-{number}-of-somewhere@example.com"


def bytes_of(file: Path) -> bytes:
    return b"".join(each.read_bytes() for each in sorted(file.parent.iterdir()) if each.is_file())


def tried(person: Id, name: str) -> Attempt:
    return Attempt(
        kind=AttemptKind.SCIM,
        at=NOW,
        request=IDS.new(),
        method="POST",
        endpoint="scim/v2/Users",
        status=201,
        succeeded=True,
        resource_kind="USER",
        resource_id=person,
        resource_name=name,
        details=json.dumps({"request": {"userName": name, "more": "x" * 600}}),
    )


def described(person: Id, name: str) -> Describe[tuple[Effect, ...]]:
    return lambda _, __: tried(person, name)


def test_what_was_purged_is_read_from_no_byte_of_the_disk(file: Path) -> None:
    store = SqliteStore(file, durable=False)
    account = an_account(store)
    session = admin(account)
    people = {IDS.new(): name_of(number) for number in range(PEOPLE)}
    for person, name in people.items():
        made = CreateUser(id=person, name=Name(name.upper()), login_name=name, at=NOW)
        account.execute(session, made, describe=described(person, name))
        change = Set(At("EMAIL"), name)
        account.execute(session, ChangeUser(user=person, changes=(change,), at=NOW))
    for person in list(people)[::3]:
        later = replace(session, at=NOW + SECOND)
        account.execute(later, DropUser(user=person, at=NOW + SECOND))
        account.execute(later, PurgeHistory(person=person))
        account.execute(later, PurgeHistory(person=person, last=True))
    assert b"person-1-of" in bytes_of(file)
    store.scrub()
    seen = bytes_of(file).lower()
    store.close()
    assert [n for n in range(0, PEOPLE, 3) if name_of(n).encode() in seen] == []
    assert all(name_of(n).encode() in seen for n in range(PEOPLE) if n % 3)

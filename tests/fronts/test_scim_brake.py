"""The deprovisioning brake as a provider and an administrator meet it, over the same account.

The conversation is Entra's when its scope was set wrong: everybody who fell out of it is soft
deleted, one PATCH each, 429 is waited for and asked again (reference: identity providers).
"""

import logging

import pytest

from builders import an_account
from rolecall.domain.attempts import AttemptKind
from rolecall.domain.model import ScimClient
from rolecall.domain.ports import Store
from rolecall.domain.tables import Cell
from rolecall.fronts.scim_steps import Service
from rolecall.fronts.sql import Worksheet, local_worksheet
from rolecall.web.scim import _report
from scim_client import Answered, ScimClientInProcess, group_of, user_of

BULK_URN = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
SOFT_DELETE = {"op": "Replace", "path": "active", "value": "False"}


class Office:
    """A provider, and an administrator's worksheet on the same account."""

    def __init__(self, store: Store) -> None:
        self.scim = ScimClientInProcess(an_account(store), ScimClient.AZURE)
        self.sheet: Worksheet = local_worksheet(self.scim.account, self.scim.world, "ann")

    def sql(self, text: str) -> list[tuple[Cell, ...]]:
        return list(self.sheet.run(text))[-1].table.rows

    def column(self, text: str, name: str) -> list[Cell]:
        table = list(self.sheet.run(text))[-1].table
        position = [column.name for column in table.columns].index(name)
        return [row[position] for row in table.rows]

    def limit(self, most: int, *exempt: str) -> None:
        names = ", ".join(f"'{name}'" for name in exempt)
        self.sql(
            f"alter security integration okta set deprovisioning_limit = {most} "
            f"deprovisioning_exempt_users = ({names})"
        )

    def users(self, count: int) -> list[str]:
        made = [self.scim.post("/Users", user_of(f"user{number:03}")) for number in range(count)]
        return [each.id for each in made]

    def leave(self, user: str) -> Answered:
        return self.scim.patch(f"/Users/{user}", SOFT_DELETE)

    def active(self, user: str) -> bool:
        return bool(self.scim.get(f"/Users/{user}").json["active"])


@pytest.fixture
def office(each_store: Store) -> Office:
    return Office(each_store)


def test_a_scope_set_wrong_takes_away_no_more_than_the_limit(office: Office) -> None:
    people = office.users(60)
    office.limit(10, "USER059")
    answers = [office.leave(user) for user in people]
    assert [each.status for each in answers[:10]] == [200] * 10
    assert {each.status for each in answers[10:59]} == {429}
    assert answers[59].status == 200, "a leaver in a hurry is never held"
    assert sum(office.active(user) for user in people) == 49
    # The provider asks again, and nothing piles up.
    again = [office.leave(user).status for user in people]
    assert again == [200] * 10 + [429] * 49 + [200]
    shown = office.sql("show held changes in integration okta")
    assert len(shown) == 49
    assert set(office.column("show held changes", "times")) == {2}
    # Two of them are meant; the others are not.
    ids = office.column("show held changes like 'user01%' limit 2", "id")
    named = ", ".join(f"'{id}'" for id in ids)
    decided = f"alter security integration okta release held changes {named}"
    assert office.column(decided, "outcome") == ["RELEASED"] * 2
    assert [office.leave(user).status for user in people[10:13]] == [200, 200, 429]
    rejected = office.column("alter security integration okta reject held changes", "outcome")
    assert rejected == ["REJECTED"] * 47
    refused = office.leave(people[12])
    assert refused.status == 403
    assert "rejected" in refused.json["detail"]
    assert sum(office.active(user) for user in people) == 47


def test_a_fifth_of_the_people_may_leave_and_who_comes_back_is_held_no_more(
    office: Office,
) -> None:
    people = office.users(10)
    office.sql("alter security integration okta set deprovisioning_limit_in_percent = 20")
    assert [office.leave(user).status for user in people[:5]] == [200] * 2 + [429] * 3
    back = {"op": "Replace", "path": "active", "value": "True"}
    assert office.scim.patch(f"/Users/{people[2]}", back).status == 200
    office.sql("alter user user003 set disabled = false")
    assert office.column("show held changes", "name") == ["user004"]
    office.sql("alter security integration okta release held changes")
    assert [office.active(user) for user in people] == [False] * 2 + [True] * 2 + [False] + [
        True
    ] * 5


def test_the_refusal_says_what_happens_and_when_to_ask_again(office: Office) -> None:
    (user,) = office.users(1)
    office.limit(0)
    refused = office.leave(user)
    assert refused.status == 429
    assert refused.headers["retry-after"] == "3600"
    (id,) = office.column("show held changes", "id")
    assert refused.json["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert str(id) in refused.json["detail"]
    assert "Nothing has changed" in refused.json["detail"]
    attempt = [each for each in office.scim.attempts() if each.kind is AttemptKind.SCIM][-1]
    assert (attempt.status, attempt.succeeded, attempt.resource_id) == (429, False, user)
    assert attempt.fix is not None
    assert f"release held changes '{id}'" in attempt.fix
    assert attempt.events is not None, "that it is held is an event of this attempt"


def test_a_removed_group_and_its_members_are_held_as_one(office: Office) -> None:
    people = office.users(3)
    group = office.scim.post("/Groups", group_of("Staff", *people)).id
    office.limit(2)
    remove = {"op": "Remove", "path": "members"}
    assert office.scim.patch(f"/Groups/{group}", remove).status == 429
    assert office.scim.put(f"/Groups/{group}", group_of("Staff")).status in {200, 429}
    assert office.scim.delete(f"/Groups/{group}").status == 429
    assert 4 in office.column("show held changes", "removes")
    office.sql("alter security integration okta release held changes")
    assert office.scim.delete(f"/Groups/{group}").status == 404


def test_a_deleted_user_is_gone_once_released(office: Office) -> None:
    (user,) = office.users(1)
    office.limit(0)
    assert office.scim.delete(f"/Users/{user}").status == 429
    office.sql("alter security integration okta release held changes")
    assert office.scim.delete(f"/Users/{user}").status == 404


def test_each_operation_of_a_bulk_counts(office: Office) -> None:
    people = office.users(4)
    office.limit(2)
    operations = [{"method": "DELETE", "path": f"/Users/{user}"} for user in people]
    answer = office.scim.post("/Bulk", {"schemas": [BULK_URN], "Operations": operations})
    told = [each["status"] for each in answer.json["Operations"]]
    assert told == ["204", "204", "429", "429"]
    assert len(set(office.column("show held changes", "id"))) == 2


def test_a_put_that_leaves_somebody_out_is_held(office: Office) -> None:
    (user,) = office.users(1)
    office.limit(0)
    assert office.scim.put(f"/Users/{user}", user_of("user000", active=False)).status == 429
    office.sql("alter security integration okta release held changes")
    assert not office.active(user)


def test_what_can_t_be_released_says_why_and_leaves_the_others(office: Office) -> None:
    people = office.users(2)
    office.limit(0)
    for user in people:
        office.leave(user)
    office.sql("grant ownership on user user000 to role sysadmin")
    rows = office.sql("alter security integration okta release held changes")
    assert [(row[2], row[5]) for row in rows] == [("user000", "REFUSED"), ("user001", "RELEASED")]
    assert rows[0][6] is not None
    assert "does not exist or not authorized" in str(rows[0][6])
    assert office.column("show held changes", "state") == ["HELD", "RELEASED"]


def test_holding_is_said_to_the_operator_once(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    (user,) = office.users(1)
    office.limit(0)
    service = office.scim.front.service
    office.scim.front.service = Service(
        account=service.account, world=service.world, report=_report
    )
    with caplog.at_level(logging.WARNING):
        office.leave(user)
        office.leave(user)
    (line,) = caplog.records
    assert line.levelname == "WARNING"
    assert "integration OKTA holds a change that removes 1" in line.getMessage()
    assert "release held changes" in line.getMessage()

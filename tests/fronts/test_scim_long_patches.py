"""A PATCH is carried out while others wait: what would take long is refused, whatever its size."""

from builders import an_id
from scim_client import ScimClientInProcess, user_of

ENTRIES = 1_000
SEARCHES = 400
MEBIBYTE = 1 << 20


def test_searching_a_thousand_entries_again_and_again_is_refused_by_its_place(
    scim: ScimClientInProcess,
) -> None:
    emails = [{"value": f"{number}@x.example"} for number in range(ENTRIES)]
    user = scim.user("bob", emails=emails)
    removals = [{"op": "remove", "path": f'emails[value eq "{n}@y"]'} for n in range(SEARCHES)]
    answer = scim.patch(f"/Users/{user}", *removals)
    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
    assert answer.json["detail"].startswith("Operations[")
    assert "send it in parts" in answer.json["detail"]
    assert scim.patch(f"/Users/{user}", *removals[:100]).status == 200


def test_a_thousand_operations_on_a_usual_user_pass(scim: ScimClientInProcess) -> None:
    user = scim.user("bob", emails=[{"value": "a@x", "type": "work"}, {"value": "b@x"}])
    path = 'emails[type eq "work" and not (primary eq true)].display'
    changes = [{"op": "replace", "path": path, "value": f"{n}"} for n in range(1_000)]
    answer = scim.patch(f"/Users/{user}", *changes)
    assert answer.status == 200
    assert answer.json["emails"][0]["display"] == "999"


def test_a_user_does_not_grow_beyond_what_one_request_can_send(scim: ScimClientInProcess) -> None:
    user = scim.user("bob")
    large = {"op": "add", "path": "photos", "value": [{"value": "data:," + "x" * 600_000}]}
    assert scim.patch(f"/Users/{user}", large).status == 200
    other = {"op": "add", "path": "photos", "value": [{"value": "data:," + "y" * 600_000}]}
    title = {"op": "replace", "path": "title", "value": "Guide"}
    answer = scim.patch(f"/Users/{user}", other)
    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
    assert "photos: the user would have more than 1 MiB" in answer.json["detail"]
    assert scim.patch(f"/Users/{user}", title).status == 200


def test_a_user_in_a_bulk_is_no_larger_either(scim: ScimClientInProcess) -> None:
    data = user_of("bob", title="x" * MEBIBYTE)
    create = {"method": "POST", "path": "/Users", "bulkId": "b", "data": data}
    answer = scim.post("/Bulk", {"Operations": [create]})
    assert answer.json["Operations"][0]["status"] == "413"
    assert scim.get("/Users").json["totalResults"] == 0


def test_a_group_is_asked_for_members_by_ten_conditions_at_most(scim: ScimClientInProcess) -> None:
    bob = scim.user("bob")
    group = scim.group("GUIDES", bob)
    conditions = [{"op": "remove", "path": f'members[display eq "{n}"]'} for n in range(11)]
    answer = scim.patch(f"/Groups/{group}", *conditions)
    assert (answer.status, answer.json["scimType"]) == (400, "tooMany")
    assert answer.json["detail"].startswith("Operations[10]: ")
    assert scim.patch(f"/Groups/{group}", *conditions[:10]).status == 200


def test_what_can_not_be_carried_out_together_is_limited(scim: ScimClientInProcess) -> None:
    bob = scim.user("bob")
    group = scim.group("GUIDES")
    to_and_fro = [
        {"op": "add", "path": "members", "value": [{"value": bob}]},
        {"op": "remove", "path": f'members[value eq "{bob}"]'},
    ]
    answer = scim.patch(f"/Groups/{group}", *to_and_fro * 5_001)
    assert answer.status == 413
    assert "split it" in answer.json["detail"]
    many = [to_and_fro[0]] * 5_000 + [
        {"op": "remove", "path": f'members[value eq "{an_id(100_000 + n)}"]'} for n in range(15_000)
    ]
    assert scim.patch(f"/Groups/{group}", *many).status == 200
    assert scim.members(group) == {bob}

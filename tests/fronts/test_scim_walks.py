"""Walks by cursor: RFC 9865, whole, unforgeable, and steady under change."""

import string
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import SECOND, an_account
from rolecall.fronts import scim_cursors
from rolecall.fronts.scim_cursors import CURSOR_SECONDS
from scim_client import Answered, ScimClientInProcess
from stores import STORES

UNRESERVED = set(string.ascii_letters + string.digits + "-._~")


@pytest.fixture
def scim() -> ScimClientInProcess:
    client = ScimClientInProcess()
    for number in range(5):
        client.user(f"user{number}")
    return client


def page(scim: ScimClientInProcess, cursor: str, query: str = "count=2") -> Answered:
    return scim.get(f"/Users?{query}&cursor={cursor}")


def walked(scim: ScimClientInProcess, query: str = "count=2", path: str = "/Users") -> list[str]:
    """The ids that a walk meets."""
    met: list[str] = []
    cursor = ""
    while True:
        answer = scim.get(f"{path}?{query}&cursor={cursor}")
        assert answer.status == 200, answer.text
        met += answer.found
        cursor = answer.json.get("nextCursor", "")
        if not cursor:
            return met


def test_a_walk_meets_everything_once_in_the_order_of_ids(scim: ScimClientInProcess) -> None:
    assert walked(scim) == scim.get("/Users").found


def test_a_first_page_says_how_many_and_what_comes_next_rfc9865_2(
    scim: ScimClientInProcess,
) -> None:
    body = page(scim, "").json
    assert (body["totalResults"], body["itemsPerPage"]) == (5, 2)
    assert set(body["nextCursor"]) <= UNRESERVED
    assert not {"startIndex", "previousCursor"} & set(body)


def test_only_the_last_page_has_no_next_cursor_rfc9865_2(scim: ScimClientInProcess) -> None:
    assert "nextCursor" not in page(scim, "", "count=5").json
    assert "nextCursor" in page(scim, "", "count=4").json


def test_a_page_of_none_tells_the_total_rfc9865_2(scim: ScimClientInProcess) -> None:
    for count in (0, -3):
        body = page(scim, "", f"count={count}").json
        assert (body["totalResults"], body["Resources"]) == (5, [])
        assert "nextCursor" not in body


def test_a_walk_goes_through_what_a_filter_finds(scim: ScimClientInProcess) -> None:
    query = "filter=userName%20ne%20%22user1%22&count=1"
    assert len(walked(scim, query)) == 4


def test_a_search_walks_too_rfc9865_3(scim: ScimClientInProcess) -> None:
    scim.group("GUIDES")
    met: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        body = scim.post("/.search", {"cursor": cursor, "count": 1}).json
        met += [each["id"] for each in body["Resources"]]
        assert body["totalResults"] == 6
        cursor = body.get("nextCursor")
    assert met == [*scim.get("/Users").found, *scim.get("/Groups").found]


def test_groups_are_walked_too(scim: ScimClientInProcess) -> None:
    for name in ("A", "B", "C"):
        scim.group(name)
    assert walked(scim, path="/Groups") == scim.get("/Groups").found


def test_what_became_invisible_is_not_shown_by_an_old_cursor(scim: ScimClientInProcess) -> None:
    cursor = page(scim, "").json["nextCursor"]
    gone = scim.get("/Users").found[2]
    scim.delete(f"/Users/{gone}")
    assert gone not in page(scim, cursor).found


# ---- cursors that are refused (RFC 9865 section 2.1) -------------------------------------------


def refused(answer: Answered) -> str:
    assert answer.status == 400, answer.text
    return str(answer.json["scimType"])


SPOILT: dict[str, Callable[[str], str]] = {
    "shortened": lambda cursor: cursor[:-1],
    "changed": lambda cursor: "A" + cursor[1:],
    "unsigned": lambda cursor: cursor.partition(".")[0],
    "lengthened": lambda cursor: cursor + "A",
    "made up": lambda _: "VZUTiyhEQJ94IR",
    "not ASCII": lambda _: "%C3%A9.%C3%A9",
    "too long": lambda _: "a" * 2_000,
    "empty parts": lambda _: ".",
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_cursor_that_was_never_given_is_invalid(scim: ScimClientInProcess, how: str) -> None:
    cursor = page(scim, "").json["nextCursor"]
    assert refused(page(scim, SPOILT[how](cursor))) == "invalidCursor"


def test_a_signed_cursor_of_another_shape_is_invalid(
    scim: ScimClientInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor = page(scim, "").json["nextCursor"]
    other_shape = msgspec.json.Decoder(tuple[str, str])
    monkeypatch.setattr(scim_cursors, "_decode_position", other_shape.decode)
    assert refused(page(scim, cursor)) == "invalidCursor"


@pytest.mark.parametrize(
    "query",
    [
        "count=2&filter=userName%20pr",
        "count=2&attributes=id",
        "count=2&excludedAttributes=name",
        "count=2&sortBy=userName",
        "count=2&sortOrder=descending",
    ],
)
def test_a_cursor_is_good_for_its_query_alone(scim: ScimClientInProcess, query: str) -> None:
    cursor = page(scim, "").json["nextCursor"]
    assert refused(page(scim, cursor, query)) == "invalidCursor"
    assert refused(scim.get(f"/Groups?count=2&cursor={cursor}")) == "invalidCursor"


def test_a_cursor_is_good_for_its_integration_alone(scim: ScimClientInProcess) -> None:
    cursor = page(scim, "").json["nextCursor"]
    other = ScimClientInProcess(scim.account, name="ENTRA", role="ENTRA_PROVISIONER")
    assert refused(page(other, cursor)) == "invalidCursor"


def test_a_cursor_expires(scim: ScimClientInProcess) -> None:
    cursor = page(scim, "").json["nextCursor"]
    scim.at += CURSOR_SECONDS * SECOND - 1
    assert page(scim, cursor).status == 200
    scim.at += 1
    assert refused(page(scim, cursor)) == "expiredCursor"


def test_each_page_gives_a_cursor_its_hour_anew(scim: ScimClientInProcess) -> None:
    cursor = page(scim, "").json["nextCursor"]
    scim.at += CURSOR_SECONDS * SECOND // 2
    cursor = page(scim, cursor).json["nextCursor"]
    scim.at += CURSOR_SECONDS * SECOND * 3 // 4
    assert page(scim, cursor).status == 200


@pytest.mark.parametrize("query", ["count=3", "", "count=two"])
def test_a_walk_keeps_its_count(scim: ScimClientInProcess, query: str) -> None:
    cursor = page(scim, "").json["nextCursor"]
    assert refused(page(scim, cursor, query)) == "invalidCount"


def test_a_first_page_of_an_unreadable_size_is_refused(scim: ScimClientInProcess) -> None:
    assert refused(page(scim, "", "count=some")) == "invalidCount"


def test_a_cursor_and_an_index_do_not_go_together(scim: ScimClientInProcess) -> None:
    assert refused(page(scim, "", "startIndex=1")) == "invalidValue"


def test_the_configuration_says_how_to_page_rfc9865_4(scim: ScimClientInProcess) -> None:
    assert scim.get("/ServiceProviderConfig").json["pagination"] == {
        "cursor": True,
        "index": True,
        "defaultPaginationMethod": "index",
        "defaultPageSize": 100,
        "maxPageSize": 1000,
        "cursorTimeout": CURSOR_SECONDS,
    }


# ---- a walk while everything changes -----------------------------------------------------------

CHANGE = st.tuples(st.sampled_from(["create", "delete", "rename", "disable"]), st.integers(0, 99))


@pytest.mark.parametrize("kind", STORES)
@settings(max_examples=25, deadline=None)
@given(
    start=st.integers(0, 9),
    count=st.integers(1, 4),
    changes=st.lists(st.lists(CHANGE, max_size=4), max_size=12),
)
def test_a_walk_neither_skips_nor_repeats_what_was_there_throughout(
    kind: str, start: int, count: int, changes: list[list[tuple[str, int]]]
) -> None:
    with TemporaryDirectory() as folder:
        store = STORES[kind](Path(folder))
        scim = ScimClientInProcess(an_account(store))
        present = [scim.user(f"user{number}") for number in range(start)]
        steady, met, cursor = set(present), [], ""
        for number in range(100):
            answer = page(scim, cursor, f"count={count}")
            met += answer.found
            cursor = answer.json.get("nextCursor", "")
            if not cursor:
                break
            for at, change in enumerate(changes[number] if number < len(changes) else ()):
                steady -= changed(scim, present, change, f"new-{number}-{at}")
        store.close()
    assert not cursor, "a walk ends"
    assert len(met) == len(set(met)), "nothing twice"
    assert steady <= set(met), "nothing left out"


SORTS = (
    "sortBy=userName",
    "sortBy=title",
    "sortBy=title&sortOrder=descending",
    "sortBy=active",
    "sortBy=emails.value",
    "sortBy=meta.created&sortOrder=descending&filter=title%20pr",
)
TITLES = st.sampled_from((None, "Clerk", "Guide", "guide", "Warden"))


@settings(deadline=None, max_examples=60)
@given(
    kind=st.sampled_from(sorted(STORES)),
    query=st.sampled_from(SORTS),
    titles=st.lists(TITLES, max_size=8),
    count=st.integers(1, 4),
    changes=st.lists(st.lists(CHANGE, max_size=4), max_size=12),
)
def test_a_sorted_walk_neither_skips_nor_repeats_what_kept_its_place(
    kind: str,
    query: str,
    titles: list[str | None],
    count: int,
    changes: list[list[tuple[str, int]]],
) -> None:
    with TemporaryDirectory() as folder:
        store = STORES[kind](Path(folder))
        scim = ScimClientInProcess(an_account(store))
        present = [
            scim.user(f"user{number}", **({} if title is None else {"title": title}))
            for number, title in enumerate(titles)
        ]
        met: list[str] = []
        cursor = ""
        listed = scim.get(f"/Users?{query}").found
        moved: set[str] = set()
        for number in range(100):
            answer = page(scim, cursor, f"count={count}&{query}")
            met += answer.found
            cursor = answer.json.get("nextCursor", "")
            if not cursor:
                break
            for at, change in enumerate(changes[number] if number < len(changes) else ()):
                before = list(present)
                changed(scim, present, change, f"new-{number}-{at}")
                moved.add(before[change[1] % len(before)] if before else "")
        store.close()
    assert not cursor, "a walk ends"
    steady = [each for each in listed if each not in moved]
    assert [each for each in met if each in steady] == steady, "each once, and in its order"


@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_a_search_over_everything_is_walked_in_an_order_rfc9865_3(
    scim: ScimClientInProcess, order: str
) -> None:
    for name in ("B", "A"):
        scim.group(name)
    asked = {"sortBy": "displayName", "sortOrder": order, "count": 2}
    met: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        body = scim.post("/.search", {**asked, "cursor": cursor}).json
        met += [each["id"] for each in body["Resources"]]
        cursor = body.get("nextCursor")
    assert met == scim.post("/.search", {**asked, "count": 50}).found
    assert len(met) == 7


def test_a_sorted_walk_shows_groups_of_users_unless_they_are_left_out(
    scim: ScimClientInProcess,
) -> None:
    first = scim.get("/Users?sortBy=userName").found[0]
    scim.group("GUIDES", first)
    query = "/Users?sortBy=userName&count=1&cursor="
    (shown,) = scim.get(query).json["Resources"]
    assert [group["display"] for group in shown["groups"]] == ["GUIDES"]
    (without,) = scim.get(f"{query}&excludedAttributes=groups").json["Resources"]
    assert (without["id"], "groups" in without) == (first, False)


def test_what_is_too_long_for_a_cursor_is_said(scim: ScimClientInProcess) -> None:
    for number in range(2):
        scim.user(f"long{number}", title=f"{number}" + "x" * 1_000)
    answer = scim.get("/Users?sortBy=title&count=1&cursor=")
    assert (refused(answer), "startIndex" in answer.json["detail"]) == ("invalidValue", True)
    assert scim.get("/Users?sortBy=userName&count=1&cursor=").status == 200


def changed(
    scim: ScimClientInProcess, present: list[str], change: tuple[str, int], name: str
) -> set[str]:
    """Make a change; the ids that it removes."""
    act, number = change
    if act == "create" or not present:
        present.append(scim.user(name))
        return set()
    chosen = present[number % len(present)]
    if act == "delete":
        present.remove(chosen)
        assert scim.delete(f"/Users/{chosen}").status == 204
        return {chosen}
    path, value = ("userName", name) if act == "rename" else ("active", False)
    operation = {"op": "replace", "path": path, "value": value}
    assert scim.patch(f"/Users/{chosen}", operation).status == 200
    return set()

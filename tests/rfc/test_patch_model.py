"""PATCH of values in a list, against a model that follows RFC 7644 section 3.5.2 word for word.

The model keeps a plain list of objects and looks at each for each operation; the server compiles
the same operations to one command. Both must end alike, refusals included.
"""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.domain.model import ScimClient
from scim_client import ScimClientInProcess

Entry = dict[str, Any]
Tree = tuple[Any, ...]


class NoTarget(Exception):
    """The operation picks nothing, and names nothing that could be made."""


# ---- the model -----------------------------------------------------------------------------------


def holds(tree: Tree, entry: Entry) -> bool:
    """Section 3.4.2.2 for one value; `value` and `type` of e-mail addresses have no exact case."""
    head, *rest = tree
    if head == "and":
        return all(holds(each, entry) for each in rest)
    if head == "or":
        return any(holds(each, entry) for each in rest)
    if head == "not":
        return not holds(rest[0], entry)
    name, operator, wanted = tree
    present = entry.get(name)
    if operator == "pr":
        return present is not None
    present, wanted = (
        each.casefold() if isinstance(each, str) else each for each in (present, wanted)
    )
    if operator in {"eq", "ne"}:
        return (present == wanted) is (operator == "eq")
    if not isinstance(present, str):
        return False
    text = str(wanted)
    return {"co": text in present, "sw": present.startswith(text)}[operator]


def named_by(tree: Tree) -> Entry | None:
    """What equalities alone say of an entry (decision 55)."""
    if tree[0] == "and":
        parts = [named_by(each) for each in tree[1:]]
        if any(part is None for part in parts):
            return None
        return {name: value for part in parts for name, value in (part or {}).items()}
    if len(tree) == 3 and tree[1] == "eq":
        return {tree[0]: tree[2]}
    return None


def preferred(entries: list[Entry], chosen: Entry) -> list[Entry]:
    """Setting one primary makes the others not primary (section 3.5.2)."""
    return [
        {**entry, "primary": False} if entry is not chosen and entry.get("primary") is True
        else entry
        for entry in entries
    ]  # fmt: skip


def added(entries: list[Entry], value: Entry) -> list[Entry]:
    """Section 3.5.2.1: what is there already is not added; it may become the primary one."""

    def plain(entry: Entry) -> Entry:
        return {name: part for name, part in entry.items() if name != "primary"}

    same = next((entry for entry in entries if plain(entry) == plain(value)), None)
    if same is None:
        entries = [*entries, value]
    elif value.get("primary") is True:
        entries = [value if entry is same else entry for entry in entries]
    return preferred(entries, value) if value.get("primary") is True else entries


def operated(entries: list[Entry], operation: tuple[Any, ...]) -> list[Entry]:
    """The list after one operation. Raises NoTarget."""
    op, tree, part, value = operation
    if tree is None and part is None:
        if op == "remove":
            return []
        if op == "replace":
            return list(value)
        for each in value:
            entries = added(entries, dict(each))
        return entries
    picked = [entry for entry in entries if tree is None or holds(tree, entry)]
    if op == "remove":
        if part is None:
            return [entry for entry in entries if not any(entry is each for each in picked)]
        cut = [
            {name: kept for name, kept in entry.items() if name != part}
            if any(entry is each for each in picked) else entry
            for entry in entries
        ]  # fmt: skip
        return [entry for entry in cut if entry]
    if not picked:
        return made(entries, tree, part, value)
    return changed(entries, picked, operation)


def made(
    entries: list[Entry],
    tree: Tree | None,
    part: str | None,
    value: Any,  # noqa: ANN401  as JSON has it
) -> list[Entry]:
    if tree is None:
        return entries or [{str(part): value}]
    named = named_by(tree)
    if named is None:
        raise NoTarget
    return added(entries, {**named, **({part: value} if part else value)})


def changed(entries: list[Entry], picked: list[Entry], operation: tuple[Any, ...]) -> list[Entry]:
    op, tree, part, value = operation
    after: list[Entry] = []
    first: Entry | None = None
    for entry in entries:
        if not any(entry is each for each in picked):
            after.append(entry)
            continue
        if part is not None:
            new = {**entry, part: value}
        elif op == "add":
            new = {**entry, **value}
        elif first is None:
            new = dict(value)
        else:
            continue  # all that are replaced by one value are one
        first = first or new
        after.append(new)
    assert first is not None
    if tree is None and part == "primary" and value is True:
        return preferred(after, after[-1])
    return preferred(after, first) if first.get("primary") is True else after


# ---- what is asked -------------------------------------------------------------------------------

VALUES = st.sampled_from(("a@x", "A@X", "b@x", "c@y"))
TYPES = st.sampled_from(("work", "Work", "home", "other"))
ENTRY = st.fixed_dictionaries(
    {}, optional={"value": VALUES, "type": TYPES, "primary": st.booleans(), "display": TYPES}
).filter(bool)


def one_primary(entries: list[Entry]) -> bool:
    return sum(entry.get("primary") is True for entry in entries) < 2


ENTRIES = st.lists(ENTRY, max_size=4).filter(one_primary)
LEAF: st.SearchStrategy[Tree] = st.one_of(
    st.tuples(st.just("type"), st.sampled_from(("eq", "ne", "co")), TYPES),
    st.tuples(
        st.just("value"), st.sampled_from(("eq", "sw", "co")), st.one_of(VALUES, st.just("a"))
    ),
    st.tuples(st.just("primary"), st.just("eq"), st.booleans()),
    st.tuples(st.sampled_from(("type", "display")), st.just("pr"), st.none()),
)
TREE: st.SearchStrategy[Tree] = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.tuples(st.just("and"), inner, inner),
        st.tuples(st.just("or"), inner, inner),
        st.tuples(st.just("not"), inner),
    ),
    max_leaves=3,
)
PARTS = st.sampled_from((("type", "home"), ("display", "D"), ("primary", True), ("primary", False)))
OPERATION: st.SearchStrategy[tuple[Any, ...]] = st.one_of(
    st.tuples(st.sampled_from(("add", "replace")), st.none(), st.none(), ENTRIES.filter(bool)),
    st.tuples(st.just("remove"), st.one_of(st.none(), TREE), st.none(), st.none()),
    st.tuples(st.sampled_from(("add", "replace")), TREE, st.none(), ENTRY),
    st.builds(
        lambda op, tree, part: (op, tree, part[0], part[1]),
        st.sampled_from(("add", "replace")), st.one_of(st.none(), TREE), PARTS,
    ),
    st.builds(
        lambda tree, part: ("remove", tree, part[0], None), st.one_of(st.none(), TREE), PARTS
    ),
)  # fmt: skip


def text_of(tree: Tree) -> str:
    head, *rest = tree
    if head in {"and", "or"}:
        return "(" + f" {head} ".join(text_of(each) for each in rest) + ")"
    if head == "not":
        return f"not ({text_of(rest[0])})"
    name, operator, value = tree
    if operator == "pr":
        return f"{name} pr"
    return f"{name} {operator} " + (f'"{value}"' if isinstance(value, str) else str(value).lower())


def sent(operation: tuple[Any, ...]) -> Entry:
    op, tree, part, value = operation
    path = "emails" + ("" if tree is None else f"[{text_of(tree)}]") + (f".{part}" if part else "")
    body = {"op": op, "path": path}
    return body if op == "remove" else {**body, "value": value}


@settings(deadline=None, max_examples=400)
@given(start=ENTRIES, operations=st.lists(OPERATION, min_size=1, max_size=4))
def test_a_patch_of_values_ends_as_the_words_of_the_section_have_it_rfc7644_3_5_2(
    start: list[Entry], operations: list[tuple[Any, ...]]
) -> None:
    scim = ScimClientInProcess()
    user = scim.user("ann", emails=start)
    expected, wrong = [dict(entry) for entry in start], None
    for number, operation in enumerate(operations):
        try:
            expected = operated(expected, operation)
        except NoTarget:
            wrong = number
            break
    before = scim.get(f"/Users/{user}").json
    answer = scim.patch(f"/Users/{user}", *(sent(operation) for operation in operations))
    if wrong is not None:
        assert (answer.status, answer.json["scimType"]) == (400, "noTarget")
        assert answer.json["detail"].startswith(f"Operations[{wrong}]: ")
        assert scim.get(f"/Users/{user}").json == before
        return
    assert answer.status == 200, answer.text
    assert answer.json.get("emails", []) == expected
    assert one_primary(expected)
    changed_at_all = before.get("emails", []) != expected
    versions = (before["meta"]["version"], answer.json["meta"]["version"])
    assert (versions[0] != versions[1]) is changed_at_all


@pytest.mark.parametrize("client", ScimClient)
def test_replacing_through_a_filter_leaves_nothing_of_what_was_there_rfc7644_3_5_2_3(
    client: ScimClient,
) -> None:
    scim = ScimClientInProcess(scim_client=client)
    old = {"type": "work", "locality": "Old Town", "region": "OT", "country": "US"}
    home = {"type": "home", "locality": "Here", "primary": True}
    user = scim.user("ann", addresses=[old, home])
    new = {"type": "work", "streetAddress": "911 Universal City Plaza", "primary": True}
    operation = {"op": "replace", "path": 'addresses[type eq "work"]', "value": new}
    shown = scim.patch(f"/Users/{user}", operation).json["addresses"]
    assert shown == [new, {**home, "primary": False}]

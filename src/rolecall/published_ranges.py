"""Published address ranges: the files that identity providers publish, and what they would change.

Read are Microsoft's service tags (JSON), Okta's cells (JSON), and plain text with a range a line.
"""

import json
from collections.abc import Iterable, Mapping

import msgspec

from rolecall.domain.errors import InvalidValue
from rolecall.domain.network import require_block

SHOWN_MAX = 12
FILE_BYTES_MAX = 64 << 20


class RangesUnreadable(Exception):
    """The file holds no ranges, or says too little about which ones are meant."""


class Ranges(msgspec.Struct, frozen=True, kw_only=True):
    """Ranges by IP version, each once, in the order of the file."""

    ipv4: tuple[str, ...]
    ipv6: tuple[str, ...]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What an import would change in one rule."""

    rule: str
    type: str
    is_new: bool
    added: tuple[str, ...]
    removed: tuple[str, ...]
    kept: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not (self.is_new or self.added or self.removed)

    @property
    def is_drastic(self) -> bool:
        """Whether more goes than stays: rather a truncated file than a provider that moved."""
        return len(self.removed) > self.kept


def read_ranges(text: str, tag: str | None) -> Ranges:
    """The ranges of a published file. Raises RangesUnreadable, which says what to do."""
    stripped = text.lstrip("\ufeff").lstrip()
    found = _of_json(stripped, tag) if stripped.startswith(("{", "[")) else _of_lines(stripped, tag)
    ipv4, ipv6 = dict[str, None](), dict[str, None]()
    for place, entry in found:
        version = 6 if ":" in entry else 4
        try:
            require_block("range", entry, version)
        except InvalidValue:
            raise RangesUnreadable(
                f"{place}: '{shortened(entry)}' is no address or range"
            ) from None
        (ipv6 if version == 6 else ipv4)[entry] = None
    if not ipv4 and not ipv6:
        raise RangesUnreadable("the file holds no address ranges")
    return Ranges(ipv4=tuple(ipv4), ipv6=tuple(ipv6))


def shortened(text: str) -> str:
    """A text of the file, fit for a message."""
    return text if len(text) <= 60 else text[:60] + "…"


def _of_lines(text: str, tag: str | None) -> Iterable[tuple[str, str]]:
    if tag is not None:
        raise RangesUnreadable("--tag is for files with several lists; this one is plain lines")
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.partition("#")[0].strip().rstrip(",")
        if entry:
            yield f"line {number}", entry


def _of_json(text: str, tag: str | None) -> Iterable[tuple[str, str]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RangesUnreadable(f"the file is no JSON: {error}") from None
    if isinstance(document, list):
        return _named("the list", document)
    lists = dict(_lists(document))
    if not lists:
        raise RangesUnreadable(
            "the JSON is neither Microsoft's service tags (values[].properties.addressPrefixes) "
            "nor Okta's cells (<cell>.ip_ranges)"
        )
    wanted = _chosen(lists, tag)
    return [pair for name in wanted for pair in _named(name, lists[name])]


def _lists(document: object) -> Iterable[tuple[str, object]]:
    """The lists of a file by their names: service tags, or cells."""
    if not isinstance(document, Mapping):
        return
    values = document.get("values")
    if isinstance(values, list):
        for value in values:
            properties = value.get("properties") if isinstance(value, Mapping) else None
            if isinstance(properties, Mapping) and "addressPrefixes" in properties:
                yield str(value.get("name")), properties["addressPrefixes"]
        return
    for name, value in document.items():
        if isinstance(value, Mapping) and "ip_ranges" in value:
            yield str(name), value["ip_ranges"]


def _chosen(lists: Mapping[str, object], tag: str | None) -> list[str]:
    if tag is None and len(lists) == 1:
        return list(lists)
    some = ", ".join(sorted(lists)[:SHOWN_MAX]) + (", …" if len(lists) > SHOWN_MAX else "")
    if tag is None:
        raise RangesUnreadable(f"the file has {len(lists)} lists: choose with --tag, among {some}")
    chosen = [name for name in lists if name.casefold() == tag.casefold()]
    if not chosen:
        raise RangesUnreadable(f"the file has no '{shortened(tag)}'; it has {some}")
    return chosen


def _named(name: str, entries: object) -> list[tuple[str, str]]:
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise RangesUnreadable(f"{name} is no list of texts")
    return [(name, entry) for entry in entries]


def difference(
    rule: str, type_: str, present: tuple[str, ...] | None, wanted: tuple[str, ...]
) -> Difference:
    """What it takes to get from what a rule holds, None for no rule, to what is wanted."""
    before, after = dict.fromkeys(present or ()), dict.fromkeys(wanted)
    return Difference(
        rule=rule,
        type=type_,
        is_new=present is None,
        added=tuple(entry for entry in after if entry not in before),
        removed=tuple(entry for entry in before if entry not in after),
        kept=sum(entry in after for entry in before),
    )

"""Contracts: what the standard leaves open or the vendor does otherwise, a row each.

Chosen per integration (CONFORMANCE, else the account's SCIM_CONFORMANCE). The fronts ask the
contract and never for its name; the vendor's rules are those of its user and group API pages.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from rolecall.domain.model import Conformance, Json, ScimClient
from rolecall.domain.names import key_of
from rolecall.domain.predicate import NOTHING, Compare, Field, Operator, Or, Predicate
from rolecall.scim import errors, messages
from rolecall.scim import filter as filters
from rolecall.scim.quirks import UNQUOTED_VALUE
from rolecall.scim.schema import GROUP, USER, ResourceType

MEMBERS_SHOWN_MAX = 100
"""A PATCH is answered with the resource up to so many members; beyond, the contract decides."""
SECONDS_LENGTH = len("2024-08-01T18:20:29")
UNKNOWN_TO_VENDOR = frozenset({"attributes", "sortBy", "sortOrder"})
"""Parameters that are passed over."""
BROAD = frozenset({400, 403, 404})


class Contract(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How far the filter goes, how pages are counted, and which statuses are told."""

    searched: Mapping[str, str] = MappingProxyType({})
    """By resource type: the one attribute that a filter asks for. Empty: the whole grammar."""
    excluded: Mapping[str, str] = MappingProxyType({})
    """By resource type: the one attribute that excludedAttributes leaves out. Empty: any."""
    totals_grow: bool = False
    """Whether totalResults says only that there is more, while there is."""
    create_failed: int | None = None
    """The status of every create that can't be carried out, if there is one for all."""
    put_knows_all: bool = False
    """Whether a PUT of a user with an unknown attribute is refused."""
    patched_group: Mapping[ScimClient, int]
    """The status of a PATCH of a group, by client."""
    patch_shows_all: bool = False
    """Whether a PATCH is answered with the resource however many members it has."""
    plain: bool = False
    """Whether answers show one e-mail address, and times to the second."""

    def params(self, params: dict[str, str], resource_type: ResourceType) -> dict[str, str]:
        """The parameters of a list that count."""
        if not self.excluded:
            return params
        kept = {name: value for name, value in params.items() if name not in UNKNOWN_TO_VENDOR}
        if kept.get("excludedAttributes", "") != self.excluded[resource_type.name]:
            kept.pop("excludedAttributes", None)
        if " eq " in params.get("filter", "").lower():
            kept.pop("startIndex", None)  # paging is passed over for eq, as the vendor documents
            kept.pop("count", None)
        return kept

    def counted(self, page: messages.Page, total: int, shown: int) -> tuple[int, int]:
        """What totalResults and itemsPerPage say of a page."""
        if not self.totals_grow:
            return total, shown
        following = page.start_index + page.count
        return (following if following <= total else total), page.count

    def told(self, method: str, resource: str, error: errors.ScimError) -> errors.ScimError:
        """A refusal, as this contract words it."""
        creates = method == "POST" and resource in {"Users", "Groups"}
        if self.create_failed is None or not creates or error.status not in BROAD:
            return error
        return errors.ScimError(self.create_failed, None, error.detail)

    def shown(self, body: dict[str, Json]) -> dict[str, Json]:
        """A representation, as this contract shows it."""
        if not self.plain:
            return body
        return {name: _plain(name, value) for name, value in body.items()}

    def where(
        self, text: str, resource_type: ResourceType, tolerated: list[str]
    ) -> Predicate | None:
        """The condition of a filter within narrow bounds; None when the whole grammar counts.

        Raises invalidFilter.
        """
        if not self.searched:
            return None
        quirks: list[str] = []
        parsed = filters.parse_filter(text, quirks)
        tolerated += quirks
        attribute = self.searched[resource_type.name]
        if not isinstance(parsed, filters.Comparison) or parsed.operator.value not in {"eq", "sw"}:
            raise errors.invalid_filter(
                f'A filter here is {attribute} eq "…" or {attribute} sw "…": CONFORMANCE is '
                "SNOWFLAKE, which knows no other operator and joins nothing."
            )
        if UNQUOTED_VALUE.name in quirks:
            raise errors.invalid_filter("A filter's value stands in double quotes.")
        named = parsed.attribute
        own = named.schema is None or named.schema.lower() == resource_type.schema.urn.lower()
        if not own or named.sub_attribute or named.name.lower() != attribute.lower():
            return NOTHING
        if not isinstance(parsed.value, str):
            return NOTHING
        return _named(resource_type, Operator(parsed.operator.value), parsed.value)


def _named(resource_type: ResourceType, operator: Operator, value: str) -> Predicate:
    """A login name is compared without case; a group's name exactly, for `eq` in upper case too."""
    if resource_type is USER:
        return Compare(Field.LOGIN_KEY, operator, key_of(value))
    exact = Compare(Field.NAME, operator, value)
    if operator is Operator.SW or value == value.upper():
        return exact
    return Or((exact, replace(exact, value=value.upper())))


def _plain(name: str, value: Json) -> Json:
    if name == "emails" and isinstance(value, list):
        found = [each for each in value if isinstance(each, dict)]
        first = next((each for each in found if each.get("primary")), found[0])
        return [{"primary": True, "value": first.get("value")}]
    if name == "meta" and isinstance(value, dict):
        return {
            key: f"{inner[:SECONDS_LENGTH]}Z"
            if key in {"created", "lastModified"} and isinstance(inner, str)
            else inner
            for key, inner in value.items()
        }
    return value


RFC = Contract(
    patched_group={ScimClient.OKTA: 200, ScimClient.AZURE: 204, ScimClient.GENERIC: 200},
)
SNOWFLAKE = Contract(
    searched={USER.name: "userName", GROUP.name: "displayName"},
    excluded={USER.name: "groups", GROUP.name: "members"},
    totals_grow=True,
    create_failed=409,
    put_knows_all=True,
    patched_group={ScimClient.OKTA: 200, ScimClient.AZURE: 204, ScimClient.GENERIC: 204},
    patch_shows_all=True,
    plain=True,
)
CONTRACTS: dict[Conformance, Contract] = {
    Conformance.RFC: RFC,
    Conformance.SNOWFLAKE: SNOWFLAKE,
}

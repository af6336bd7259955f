"""What the service says of itself: configuration, resource types, schemas (RFC 7644 section 4)."""

from collections.abc import Callable

import msgspec

from rolecall import __version__
from rolecall.fronts import scim_users
from rolecall.fronts.scim_answers import Exchange, Reply, reply
from rolecall.fronts.scim_cursors import CURSOR_SECONDS
from rolecall.fronts.scim_dialect import Rules
from rolecall.scim import bulk, discovery, errors, messages, openapi, schema
from rolecall.scim.values import Object

FEATURES = discovery.Features(
    bulk=True,
    bulk_operations_max=bulk.OPERATIONS_MAX,
    bulk_payload_bytes_max=bulk.PAYLOAD_BYTES_MAX,
    etag=True,
    sort=True,
    filter_results_max=messages.PAGE_COUNT_MAX,
    cursor_seconds=CURSOR_SECONDS,
)


def discovered(exchange: Exchange, rules: Rules) -> Reply:
    """The answer of one of DISCOVERY's endpoints. Raises ScimError."""
    if exchange.method not in {"GET", "HEAD"}:
        exchange.allow = "GET, HEAD"
        raise errors.method_not_allowed(
            f"/{exchange.resource} can only be read; use {exchange.allow}."
        )
    if "filter" in exchange.params():
        # RFC 7644 section 4: a filter here SHALL be refused, lest a client believe it worked.
        raise errors.forbidden(f"/{exchange.resource} takes no filter.")
    found = DISCOVERY[exchange.resource](exchange, rules)
    if found is None:
        raise errors.not_found(f"/{exchange.resource}/{exchange.id} does not exist.")
    if isinstance(found, list):
        return reply(200, messages.list_response(found, len(found), 1, len(found)))
    return reply(200, found)


def _config(exchange: Exchange, rules: Rules) -> Object | None:
    if exchange.id is not None:
        return None
    features = msgspec.structs.replace(FEATURES, change_password=rules.syncs_password)
    return discovery.service_provider_config(features, exchange.base_url)


def _openapi(exchange: Exchange, _: Rules) -> Object | None:
    return None if exchange.id else openapi.description(exchange.base_url, __version__)


def _resource_types(exchange: Exchange, _: Rules) -> Object | list[Object] | None:
    if exchange.id is None:
        return discovery.resource_types(exchange.base_url, _hidden(exchange))
    found = discovery.find_resource_type(exchange.id)
    if found is None:
        return None
    return discovery.resource_type_body(found, exchange.base_url, _hidden(exchange))


def _schemas(exchange: Exchange, _: Rules) -> Object | list[Object] | None:
    if exchange.id is None:
        return discovery.schemas(exchange.base_url, _hidden(exchange))
    found = discovery.find_advertised_schema(exchange.id, _hidden(exchange))
    if found is None:
        return None
    return discovery.schema_body(found, exchange.base_url, _hidden(exchange))


def _hidden(exchange: Exchange) -> discovery.Hidden:
    """The vendor's attributes, under the URN that this client's answers don't show them under."""
    urn = scim_users.account_urn(exchange.client)
    shown_under_account = urn == schema.ACCOUNT_USER
    return schema.NOT_UNDER_ENTERPRISE if shown_under_account else schema.NOT_UNDER_ACCOUNT


DISCOVERY: dict[str, Callable[[Exchange, Rules], Object | list[Object] | None]] = {
    "ServiceProviderConfig": _config,
    "ResourceTypes": _resource_types,
    "Schemas": _schemas,
    "openapi.json": _openapi,
}

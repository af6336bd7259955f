"""Bulk requests: many operations in one body, some of which refer to what others create.

RFC 7644 section 3.7. A value "bulkId:x" stands for the id of what the operation with bulkId x
creates. An operation that makes no sense is answered for itself; the others go on.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from rolecall.scim import errors
from rolecall.scim.messages import BULK_REQUEST, BULK_RESPONSE
from rolecall.scim.schema import ENTERPRISE_USER
from rolecall.scim.values import Json, Object, kind_of

OPERATIONS_MAX = 1_000
PAYLOAD_BYTES_MAX = 8 << 20
REFERENCE = "bulkId:"
METHODS = ("POST", "PUT", "PATCH", "DELETE")
PARTED = frozenset({ENTERPRISE_USER.lower()})
"""Keys whose attributes can be moved apart one by one."""


class Operation(Struct, frozen=True, kw_only=True):
    """One request of a bulk. `wrong` says why it is none, and the rest is as far as it was read."""

    method: str = ""
    path: str = ""
    bulk_id: str | None = None
    version: str | None = None
    data: Object | None = None
    wrong: errors.ScimError | None = None


class Bulk(Struct, frozen=True, kw_only=True):
    """The operations in their order, and after how many errors to stop; None: after none."""

    operations: tuple[Operation, ...]
    fail_on_errors: int | None = None


def read_bulk(body: object) -> Bulk:
    """Read a bulk request, or say what is wrong with it as a whole."""
    if not isinstance(body, dict):
        raise errors.invalid_syntax(
            f"The body must be a JSON object with 'Operations', not {kind_of(body)}."
        )
    given = _lowered(body)
    schemas = given.get("schemas")
    if schemas is not None and BULK_REQUEST not in (
        schemas if isinstance(schemas, list) else [schemas]
    ):
        raise errors.invalid_syntax(f"'schemas' of a bulk must be [\"{BULK_REQUEST}\"].")
    operations = given.get("operations")
    if not isinstance(operations, list):
        raise errors.invalid_syntax("'Operations' must be an array of operations.")
    if len(operations) > OPERATIONS_MAX:
        raise errors.too_large(
            f"The bulk has {len(operations)} operations; send at most {OPERATIONS_MAX} in one."
        )
    read = tuple(map(_operation, operations))
    _require_distinct(read)
    return Bulk(operations=read, fail_on_errors=_limit(given.get("failonerrors")))


def _limit(given: Json) -> int | None:
    """0 and 1 are alike: the first error ends it."""
    if given is None:
        return None
    if not isinstance(given, int) or isinstance(given, bool) or given < 0:
        raise errors.invalid_value("'failOnErrors' must be a whole number from 0.")
    return max(given, 1)


def _require_distinct(operations: Iterable[Operation]) -> None:
    seen: set[str] = set()
    for operation in operations:
        if operation.bulk_id is None:
            continue
        if operation.bulk_id in seen:
            raise errors.invalid_value(
                f"Two operations have the bulkId '{operation.bulk_id}'; give each its own."
            )
        seen.add(operation.bulk_id)


def _operation(given: Json) -> Operation:
    """One operation; what is wrong with it is its own affair."""
    if not isinstance(given, dict):
        return Operation(
            wrong=errors.invalid_syntax(f"An operation must be an object, not {kind_of(given)}.")
        )
    parts = _lowered(given)
    data = parts.get("data")
    read = Operation(
        method=_text(parts, "method").upper(),
        path=_text(parts, "path"),
        bulk_id=_text(parts, "bulkid") or None,
        version=_text(parts, "version") or None,
        data=data if isinstance(data, dict) else None,
    )
    wrong = _wrong_with(read)
    if wrong is None and parts.get("version") is not None and read.version is None:
        # Read as no condition at all, it would change what the client has not seen.
        wrong = errors.invalid_syntax(
            "'version' must be a resource's meta.version, such as W/\"1\"."
        )
    return Operation(
        method=read.method,
        path=read.path,
        bulk_id=read.bulk_id,
        version=read.version,
        data=read.data,
        wrong=wrong,
    )


def _wrong_with(operation: Operation) -> errors.ScimError | None:
    if operation.method not in METHODS:
        return errors.invalid_syntax(f"'method' must be one of {', '.join(METHODS)}.")
    if not operation.path.startswith("/"):
        return errors.invalid_syntax(
            "'path' must begin with a slash, such as /Users or /Groups/<id>."
        )
    if operation.method == "POST" and operation.bulk_id is None:
        return errors.invalid_syntax("A POST needs a 'bulkId' that names it in the answer.")
    if operation.method != "DELETE" and operation.data is None:
        return errors.invalid_syntax(f"{operation.method} needs 'data', an object.")
    return None


def _text(parts: Object, name: str) -> str:
    value = parts.get(name)
    return value if isinstance(value, str) else ""


def _lowered(given: Object) -> Object:
    """Names have any case (RFC 7643 section 2.1)."""
    return {key.lower(): value for key, value in given.items()}


# ---- references --------------------------------------------------------------------------------


def references_in(value: Json) -> frozenset[str]:
    """The bulkIds that a value refers to. JSON that was decoded is not deep enough to fall."""
    if isinstance(value, str):
        named = value.startswith(REFERENCE)
        return frozenset({value.removeprefix(REFERENCE)} if named else ())
    if isinstance(value, list):
        return frozenset().union(*map(references_in, value))
    if isinstance(value, dict):
        return frozenset().union(*map(references_in, value.values()))
    return frozenset()


def references_of(operation: Operation) -> frozenset[str]:
    """The bulkIds that an operation refers to, in its path or its data."""
    in_path = (references_in(step) for step in operation.path.split("/"))
    return references_in(operation.data).union(*in_path)


def resolved(value: Json, ids: Mapping[str, str]) -> Json:
    """The value with ids where it refers to them by bulkId."""
    if isinstance(value, str):
        named = value.removeprefix(REFERENCE)
        return ids.get(named, value) if value.startswith(REFERENCE) else value
    if isinstance(value, list):
        return [resolved(each, ids) for each in value]
    if isinstance(value, dict):
        return {key: resolved(each, ids) for key, each in value.items()}
    return value


def resolved_path(path: str, ids: Mapping[str, str]) -> str:
    return "/".join(str(resolved(step, ids)) for step in path.split("/"))


def parted(data: Object, later: frozenset[str]) -> tuple[Object, list[Json]]:
    """A resource without what refers to `later` ones, and the PATCH operations that add that.

    So can two resources refer to each other: both are created first, and linked second (RFC 7644
    section 3.7.1).
    """
    kept: Object = {}
    links: list[Json] = []
    for name, value in data.items():
        if references_in(value).isdisjoint(later):
            kept[name] = value
        elif isinstance(value, dict) and name.lower() in PARTED:
            kept[name], inner = parted(value, later)
            links += [
                {**link, "path": f"{name}:{link['path']}"}
                for link in inner
                if isinstance(link, dict)
            ]
        elif isinstance(value, list):
            kept[name] = [each for each in value if references_in(each).isdisjoint(later)]
            moved = [each for each in value if not references_in(each).isdisjoint(later)]
            links.append({"op": "add", "path": name, "value": moved})
        else:
            links.append({"op": "add", "path": name, "value": value})
    return kept, links


# ---- the answer --------------------------------------------------------------------------------


def bulk_response(results: list[Object]) -> dict[str, object]:
    """Wrap the results of what was carried out."""
    return {"schemas": [BULK_RESPONSE], "Operations": results}

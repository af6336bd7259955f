"""Bodies of the drivers' requests: JSON objects, gzipped or not, never larger than allowed."""

import zlib
from typing import Any

import msgspec
from starlette.requests import Request

GZIP_WINDOW = 31
"""zlib's own way to ask for gzip."""

_decode = msgspec.json.Decoder().decode


class UnreadableBody(Exception):
    """A body that is no JSON object of the size allowed; says why."""


async def object_of(request: Request, bytes_max: int) -> dict[str, Any]:
    """The body as a JSON object; an absent one is empty. Raises UnreadableBody."""
    content = await _content(request, bytes_max)
    if request.headers.get("content-encoding", "").lower() == "gzip":
        content = unzipped(content, bytes_max)
    if not content:
        return {}
    try:
        body = _decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UnreadableBody("The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise UnreadableBody("The body must be a JSON object.")
    return body


async def _content(request: Request, bytes_max: int) -> bytes:
    size, parts, fits = 0, [], True
    async for part in request.stream():
        size += len(part)
        # The rest is read and dropped, within reason, so that the client hears the answer.
        fits = size <= bytes_max
        if fits:
            parts.append(part)
        elif size > 4 * bytes_max:
            break
    if not fits:
        raise UnreadableBody(f"The body is larger than {bytes_max >> 10} KiB.")
    return b"".join(parts)


def unzipped(content: bytes, bytes_max: int) -> bytes:
    """What was gzipped; never more than allowed is unpacked. Raises UnreadableBody."""
    unpacking = zlib.decompressobj(GZIP_WINDOW)
    try:
        plain = unpacking.decompress(content, bytes_max)
    except zlib.error:
        raise UnreadableBody("The body says gzip and is not gzip.") from None
    if unpacking.unconsumed_tail:
        raise UnreadableBody(f"The body unpacks to more than {bytes_max >> 10} KiB.")
    if not unpacking.eof:
        raise UnreadableBody("The gzipped body ends too early.")
    return plain

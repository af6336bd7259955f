"""The raw floor: what uvicorn and httptools reach when the application does nothing at all."""

from collections.abc import Awaitable, Callable, MutableMapping

# An ASGI message is the protocol's own open mapping; this file never looks inside further.
Message = MutableMapping[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BODY = b'{"constant":"' + b"x" * 745 + b'"}'
HEADERS = [(b"content-type", b"application/scim+json"), (b"content-length", b"%d" % len(BODY))]


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """Read the request to its end and answer the same 760 bytes."""
    if scope["type"] == "lifespan":
        await serve_lifespan(receive, send)
        return
    while (await receive()).get("more_body"):
        pass
    status = 201 if scope["method"] == "POST" else 200
    await send({"type": "http.response.start", "status": status, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


async def serve_lifespan(receive: Receive, send: Send) -> None:
    """Say yes to the start and to the stop: there is nothing to open or to close."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})

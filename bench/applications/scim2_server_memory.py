"""scim2-server as its documentation serves it under ASGI: users in memory, default schemas.

This file runs in the peer's own environment (see bench/peers.py), never in ours. Nothing is asked
of the peer that its default does not do: no token, no audit, nothing on disk.
"""
# mypy: disable-error-code="import-not-found"
# Because the peer is installed in its own environment alone.

from scim2_server.applications.asgi import ASGIApplication
from scim2_server.memory import AsyncInMemoryStorage
from scim2_server.utils import load_default_provider

app = ASGIApplication(AsyncInMemoryStorage(), load_default_provider())

"""Simulate: an identity provider that is played, over real HTTP, against any SCIM server."""

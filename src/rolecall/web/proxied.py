"""PROXY protocol: whom a balancer connected for, believed from configured proxies alone.

Balancers that pass TCP on can't add a header, so they begin each connection with the client's
address (versions 1 and 2). A connection from any other address is taken as it is: what it sends
is HTTP or nothing.
"""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from proxyprotocol import ProxyProtocolIncompleteError
from proxyprotocol.detect import ProxyProtocolDetect

from rolecall.web.patience import PatientProtocol

PREFACE_BYTES_MAX = 4_096
"""Longer than any preface with the usual additions; a connection that sends more is closed."""

_DETECT = ProxyProtocolDetect()


class ProxiedProtocol(PatientProtocol):
    """HTTP/1.1 after the preface of a trusted proxy."""

    trusted: tuple[IPv4Network | IPv6Network, ...]

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  as the server calls it
        """From a trusted proxy a preface is due before anything else."""
        super().connection_made(transport)
        due = self.client is not None and any(
            ip_address(self.client[0]) in network for network in self.trusted
        )
        self._preface: bytearray | None = bytearray() if due else None
        self._wanted = 0

    def data_received(self, data: bytes) -> None:
        """Take the preface off, then be a server."""
        if self._preface is None:
            super().data_received(data)
            return
        self._preface += data
        try:
            rest = self._after_preface()
        except ValueError:
            self.transport.close()
            return
        if rest:
            super().data_received(rest)

    def _after_preface(self) -> bytes:
        """What follows a whole preface, nothing while it is not whole. Raises ValueError."""
        assert self._preface is not None, "asked only while one is due"
        while self._wanted <= len(self._preface):
            try:
                result = _DETECT.unpack(bytes(self._preface[: self._wanted]))
            except ProxyProtocolIncompleteError as incomplete:
                self._want(incomplete)
                continue
            rest = bytes(self._preface[self._wanted :])
            self._preface = None
            # A balancer's own health check has no client (LOCAL, UNKNOWN): it keeps its address.
            source = result.source if result.proxied else None
            if isinstance(source, tuple) and len(source) > 1:
                self.client = (str(source[0]), int(source[1]))
            return rest
        if max(self._wanted, len(self._preface)) > PREFACE_BYTES_MAX:
            raise ValueError("the preface is too long, or none")
        return b""

    def _want(self, incomplete: ProxyProtocolIncompleteError) -> None:
        assert self._preface is not None, "asked only while one is due"
        more = incomplete.want_read.want_bytes
        if more is not None:
            self._wanted += more
            return
        end = self._preface.find(b"\n", self._wanted)
        self._wanted = (len(self._preface) if end < 0 else end) + 1


def after_proxies(proxies: Sequence[str]) -> type[PatientProtocol]:
    """The protocol of a server whose connections from `proxies` begin with a preface."""
    trusted = tuple(ip_network(proxy) for proxy in proxies)
    return type("ProxiedByTrusted", (ProxiedProtocol,), {"trusted": trusted})

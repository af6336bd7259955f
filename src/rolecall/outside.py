"""Addresses that a user of the account chose are asked here, and only where strangers may look.

A URL in an integration makes the server knock somewhere: it must not become a way into the network
that the server stands in. A name is resolved once, the addresses are judged, and the connection
goes to one that was judged, so that a name that means something else a moment later changes
nothing. There are no redirections and no proxies, and the time is measured for the whole, however
slowly the other end speaks.
"""

import socket
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import (
    IPv4Address,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from queue import Empty, SimpleQueue
from ssl import SSLContext
from threading import Thread
from time import monotonic
from typing import Any

import httpcore
import msgspec

ADDRESSES_MAX = 4
"""So many of a name's addresses are tried: a host without IPv6 needs the second."""
UNICAST = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")
SPECIAL = tuple(
    ip_network(each)
    for each in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "3fff::/20")
)
"""Of the IANA registries, what not every Python of the line calls not global; one cloud tells its
machines their secrets at 192.0.0.192."""
OK = 200
HEADERS = (("accept", "application/json"), ("accept-encoding", "identity"))


class Refused(Exception):
    """What was asked for is not had; says why, for the operator."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came: the body, and what it says of how long it holds."""

    body: bytes
    cache_control: str


class Allowance:
    """Where the server may knock: every public address, and what the operator names besides.

    An entry is a host's name, whatever it resolves to, or an address or network.
    """

    def __init__(self, entries: Iterable[str] = ()) -> None:
        """Raises ValueError for an entry that is neither."""
        self._hosts: set[str] = set()
        self._networks = []
        for entry in entries:
            try:
                self._networks.append(ip_network(entry))
            except ValueError:
                self._hosts.add(_host_name(entry))

    def admits(self, host: str, address: str) -> bool:
        """Whether a host may be asked at this address, which it resolves to."""
        found = ip_address(address)
        named = host.lower().rstrip(".") in self._hosts
        return named or is_public(found) or any(found in network for network in self._networks)


def _host_name(entry: str) -> str:
    """A host's name, as names are compared. Raises ValueError."""
    labels = entry.lower().rstrip(".").split(".")
    fit = all(label.replace("-", "").replace("_", "").isalnum() for label in labels)
    if not fit or labels[-1].isdecimal() or len(entry) > 253:
        raise ValueError(f"{entry!r} is neither a host's name nor an address or network")
    return ".".join(labels)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is anybody's to ask: a host of the internet.

    >>> [is_public(ip_address(each)) for each in ("9.9.9.9", "169.254.169.254", "10.0.0.1")]
    [True, False, False]
    >>> is_public(ip_address("::ffff:127.0.0.1"))
    False
    """
    if any(address in network for network in SPECIAL):
        return False
    if isinstance(address, IPv4Address):
        return address.is_global and not (address.is_multicast or address.is_reserved)
    # An IPv4 address within it is where a gateway would take the connection.
    within = address.ipv4_mapped or address.sixtofour
    if address in NAT64:
        within = IPv4Address(int(address) & 0xFFFF_FFFF)
    if within is not None:
        return is_public(within)
    return address in UNICAST and address.is_global


# ---- asking --------------------------------------------------------------------------------------


def fetched(url: str, allowance: Allowance, seconds: float, bytes_max: int) -> Answer:
    """What is at the URL. Raises Refused."""
    until = monotonic() + seconds
    try:
        with (
            httpcore.ConnectionPool(network_backend=_Backend(allowance, until)) as pool,
            pool.stream("GET", url, headers=HEADERS) as response,
        ):
            if response.status != OK:
                raise Refused(f"it answers {response.status}")
            body = b""
            for piece in response.iter_stream():
                body += piece
                if len(body) > bytes_max:
                    raise Refused(f"the answer is longer than {bytes_max} bytes")
            said = {name.lower(): value for name, value in response.headers}
            return Answer(
                body=body, cache_control=said.get(b"cache-control", b"").decode("latin-1")
            )
    except httpcore.TimeoutException:
        raise Refused(f"it takes longer than {seconds:g} seconds") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise Refused(f"it can't be spoken to ({type(error).__name__}: {error})") from None


class _Backend(httpcore.NetworkBackend):
    """Connects to judged addresses only, and to none later than `until`."""

    def __init__(self, allowance: Allowance, until: float) -> None:
        self._allowance = allowance
        self._until = until
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the first judged address that takes one."""
        found = resolved(host, port, _left(self._until))
        good = [each for each in found if self._allowance.admits(host, each)]
        if not good:
            raise Refused(
                f"{host} is at {', '.join(found[:ADDRESSES_MAX])}, which is no public address: "
                f"if it is to be asked all the same, `rolecall serve --internal-issuer {host}`"
            )
        return _Stream(self._connected(good[:ADDRESSES_MAX], port), self._until)

    def _connected(self, addresses: list[str], port: int) -> httpcore.NetworkStream:
        """To the first that takes one, each in its share of the time."""
        *others, last = addresses
        for number, address in enumerate(others):
            share = _left(self._until) / (len(addresses) - number)
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return self._sockets.connect_tcp(address, port, share)
        return self._sockets.connect_tcp(last, port, _left(self._until))


class _Stream(httpcore.NetworkStream):
    """A connection whose every step has only what is left of the time for the whole."""

    def __init__(self, stream: httpcore.NetworkStream, until: float) -> None:
        self._stream = stream
        self._until = until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._until))

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """TLS with the name that the URL has, whatever address that was."""
        safe = self._stream.start_tls(ssl_context, server_hostname, _left(self._until))
        return _Stream(safe, self._until)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  httpcore's own
        return self._stream.get_extra_info(info)


def _left(until: float) -> float:
    left = until - monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left


def resolved(host: str, port: int, seconds: float) -> list[str]:
    """The addresses of a host, within the time. Raises Refused.

    A resolver can't be told how long it may take: it is left behind on a thread of its own.
    """
    told: SimpleQueue[list[str] | OSError | UnicodeError] = SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            told.put(list(dict.fromkeys(str(each[4][0]) for each in found)))
        except (OSError, UnicodeError) as error:
            told.put(error)

    Thread(target=ask, name="rolecall-resolver", daemon=True).start()
    try:
        answer = told.get(timeout=seconds)
    except Empty:
        raise httpcore.ConnectTimeout from None
    if isinstance(answer, list):
        return answer
    raise Refused(f"{host} has no address: {answer}")

"""From where a real server is knocked at: its own sockets, forwarded headers, PROXY prefaces."""

import socket
from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from proxyprotocol.result import ProxyResultIPv4, ProxyResultIPv6, ProxyResultLocal
from proxyprotocol.v1 import ProxyProtocolV1
from proxyprotocol.v2 import ProxyProtocolV2

from rolecall_process import INTEGRATION, Server, rolecall, started

pytestmark = pytest.mark.e2e

IDP, STRANGER = "192.0.2.7", "198.51.100.1"
POLICY = (
    f"create network policy idp_only allowed_ip_list = ('{IDP}'); "
    f"alter security integration {INTEGRATION} set network_policy = idp_only"
)


def status_from(server: Server, forwarded: str | None) -> int:
    """How a list of users is answered to a request with this X-Forwarded-For."""
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    with server.client() as client:
        return client.get("/Users", headers=headers).status_code


def test_a_policy_counts_in_a_running_server_at_once(tmp_path: Path) -> None:
    with started(tmp_path, "--data", str(tmp_path / "data")) as server:
        server.token = server.issue_token(tmp_path)
        assert server.status() == 200
        server.sql(POLICY)
        with server.client() as client:
            answer = client.get("/Users")
        assert (answer.status_code, answer.json()["status"]) == (403, "403")
        assert answer.headers["content-type"].startswith("application/scim+json")
        assert "Network policy IDP_ONLY of the integration" in server.awaited("IDP_ONLY")
        server.sql(f"alter security integration {INTEGRATION} unset network_policy")
        assert server.status() == 200


def test_forwarded_addresses_are_believed_from_a_named_proxy_alone(tmp_path: Path) -> None:
    trusting = ("--trusted-proxy", "127.0.0.1")
    for place, options, told in (("a", trusting, [200, 403]), ("b", (), [403, 403])):
        folder = tmp_path / place
        with started(folder, "--data", str(folder / "data"), *options) as server:
            server.token = server.issue_token(folder)
            server.sql(POLICY)
            assert [status_from(server, address) for address in (IDP, STRANGER)] == told
            # What a client claims of itself before the proxy adds to it counts for nothing.
            assert status_from(server, f"{IDP}, {STRANGER}") == 403
            assert status_from(server, None) == 403


def test_a_login_is_refused_by_address_in_the_words_of_sql(tmp_path: Path) -> None:
    with started(tmp_path, "--data", str(tmp_path / "data")) as server:
        server.sql(
            "create user bob password = 'Sword-fish-9'; create network policy p; "
            "alter user bob set network_policy = p"
        )
        body = {"data": {"LOGIN_NAME": "bob", "PASSWORD": "Sword-fish-9", "ACCOUNT_NAME": "demo"}}
        answer = httpx.post(f"{server.root}/session/v1/login-request", json=body)
        told = answer.json()
        assert (answer.status_code, told["success"], told["code"]) == (200, False, "390422")
        assert "127.0.0.1 is not allowed" in told["message"]


# ---- the PROXY protocol ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server behind a balancer on loopback, whose integration admits the provider alone."""
    folder = tmp_path_factory.mktemp("behind")
    options = ("--trusted-proxy", "127.0.0.0/8", "--proxy-protocol")
    with started(folder, "--data", str(folder / "data"), *options) as server:
        server.token = server.issue_token(folder)
        server.sql(POLICY)
        yield server


def asked(server: Server, *parts: bytes) -> bytes:
    """What comes back on a connection that sends these parts, one after the other."""
    place = urlsplit(server.root)
    request = (
        f"GET /scim/v2/Users HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Authorization: Bearer {server.token}\r\n\r\n"
    )
    with socket.create_connection((place.hostname, place.port or 80), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
        connection.sendall(request.encode())
        found = b""
        while data := connection.recv(65_536):
            found += data
    return found


def from_address(address: str) -> ProxyResultIPv4 | ProxyResultIPv6:
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        return ProxyResultIPv6((parsed, 4711), (parsed, 443))
    return ProxyResultIPv4((parsed, 4711), (parsed, 443))


@pytest.mark.parametrize("version", [ProxyProtocolV1(), ProxyProtocolV2()], ids=["v1", "v2"])
@pytest.mark.parametrize(
    ("address", "status"), [(IDP, b"200"), (STRANGER, b"403"), ("2001:db8::1", b"403")]
)
def test_the_preface_says_who_knocks(
    behind: Server, version: ProxyProtocolV1 | ProxyProtocolV2, address: str, status: bytes
) -> None:
    preface = version.pack(from_address(address))
    assert asked(behind, preface).split()[1] == status


def test_a_preface_in_pieces_is_a_preface(behind: Server) -> None:
    for version in (ProxyProtocolV1(), ProxyProtocolV2()):
        preface = version.pack(from_address(IDP))
        pieces = [preface[place : place + 1] for place in range(len(preface))]
        assert asked(behind, *pieces).split()[1] == b"200"


def test_a_balancers_own_check_keeps_its_own_address(behind: Server) -> None:
    assert asked(behind, ProxyProtocolV2().pack(ProxyResultLocal())).split()[1] == b"403"
    assert asked(behind, b"PROXY UNKNOWN\r\n").split()[1] == b"403"


@pytest.mark.parametrize(
    "preface",
    [
        b"",
        b"PROXY TCP4 nonsense\r\n",
        b"PROXY TCP4 " + b"9" * 100_000,
        b"\r\n\r\n\x00\r\nQUIT\n\x21",
    ],
    ids=["none", "nonsense", "endless", "cut"],
)
def test_without_a_whole_preface_the_connection_is_closed(behind: Server, preface: bytes) -> None:
    try:
        answer = asked(behind, preface)
    except ConnectionError:
        answer = b""
    assert answer == b""


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--proxy-protocol",), "--proxy-protocol needs --trusted-proxy"),
        (("--trusted-proxy", "proxy.example.com"), "--trusted-proxy: 'proxy.example.com'"),
    ],
)
def test_what_can_not_be_trusted_is_said_at_the_start(options: tuple[str, ...], told: str) -> None:
    assert told in rolecall("serve", "--ephemeral", "--port", "0", *options, fails=2)

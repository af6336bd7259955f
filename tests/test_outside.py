"""Where a URL that somebody chose may make the server knock, and for how long."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread

import httpcore
import pytest

from authority import HOST, certified
from rolecall.outside import Allowance, Refused, fetched, is_public

HERE = Allowance(["127.0.0.1"])
SECONDS, MOST = 5.0, 1_000
OK = b"HTTP/1.1 200 OK\r\n"


class Site:
    """Says what it is told to, to whoever connects."""

    def __init__(self, says: Callable[[socket.socket], None]) -> None:
        self.visits: list[bytes] = []
        self._says = says
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/keys"
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                visitor, _ = self._listening.accept()
            except OSError:
                return
            with visitor:
                self.visits.append(visitor.recv(65_536))
                try:
                    self._says(visitor)
                except OSError:
                    continue

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5)


@contextmanager
def site(says: Callable[[socket.socket], None]) -> Iterator[Site]:
    found = Site(says)
    try:
        yield found
    finally:
        found.close()


def said(answer: bytes) -> Callable[[socket.socket], None]:
    return lambda visitor: visitor.sendall(answer)


def why(url: str, allowance: Allowance = HERE, seconds: float = SECONDS) -> str:
    with pytest.raises(Refused) as refused:
        fetched(url, allowance, seconds, MOST)
    return str(refused.value)


# ---- which addresses ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.9.10", "10.0.0.1", "172.16.0.1", "192.168.1.1", "0.1.2.3"),
        *("169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1"),
        *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.2.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::a9fe:a9fe"),
        *("2002:7f00:1::1", "2001:0:4136:e378:8000:63bf:5601:5601", "2001:db8::1", "64:ff9b:1::1"),
    ],
)
def test_an_address_that_is_not_anybodys_to_ask_is_no_public_one(address: str) -> None:
    assert not is_public(ip_address(address))
    assert not Allowance().admits("issuer.example.com", address)


@pytest.mark.parametrize(
    "address",
    ["9.9.9.9", "93.184.216.34", "2620:fe::fe", "::ffff:9.9.9.9", "64:ff9b::909:909"],
)
def test_a_hosts_address_of_the_internet_is_public(address: str) -> None:
    assert Allowance().admits("issuer.example.com", address)


def test_the_operator_allows_names_addresses_and_networks() -> None:
    allowance = Allowance(["sso.corp.example", "10.1.0.0/16", "fd00::7"])
    assert allowance.admits("SSO.corp.example.", "192.168.0.1")
    assert not allowance.admits("xsso.corp.example", "192.168.0.1")
    assert allowance.admits("a.example", "10.1.2.3")
    assert not allowance.admits("a.example", "10.2.2.3")
    assert allowance.admits("a.example", "fd00::7")
    assert not allowance.admits("a.example", "fd00::8")


@pytest.mark.parametrize("entry", ["", "10.0.0.1/8", "10.0.0", "https://a.example", "a b", "a..b"])
def test_an_entry_that_is_neither_host_nor_network_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="neither a host's name"):
        Allowance([entry])


# ---- asking ------------------------------------------------------------------------------------


def test_what_an_allowed_address_answers_is_fetched() -> None:
    answer = OK + b"Cache-Control: max-age=7\r\nContent-Length: 2\r\n\r\n{}"
    with site(said(answer)) as found:
        got = fetched(found.url, HERE, SECONDS, MOST)
    assert (got.body, got.cache_control) == (b"{}", "max-age=7")
    assert b"Host: 127.0.0.1" in found.visits[0]


def test_an_address_that_is_not_allowed_is_not_connected_to() -> None:
    with site(said(OK)) as found:
        told = why(found.url, Allowance())
        assert "is at 127.0.0.1, which is no public address" in told
        assert "--internal-issuer 127.0.0.1" in told
        assert "127.0.0.1" in why(f"http://localhost:{found.port}/", Allowance())
        for disguised in ("2130706433", "0x7f.1", "0177.0.0.1", "[::ffff:127.0.0.1]", "127.1"):
            why(f"http://{disguised}:{found.port}/", Allowance())
    assert found.visits == []


def answering(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """A resolver with these answers, one after the other; what it was asked."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def ask(host: str, port: int, *more: int, **named: int) -> object:
        if host[0].isdecimal() or ":" in host:  # an address is no name: nobody is asked
            return real(host, port, *more, **named)
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    return asked


def test_a_name_is_resolved_once_and_its_judged_address_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connected: list[str] = []

    def connect(_: object, host: str, *__: object, **___: object) -> httpcore.NetworkStream:
        connected.append(host)
        raise httpcore.ConnectError("nobody there")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    # The second answer is the one that somebody who changes it in between hopes for.
    asked = answering(monkeypatch, ["9.9.9.9"], ["127.0.0.1"])
    assert "nobody there" in why("http://rebinding.example.com/", Allowance())
    assert (asked, connected) == (["rebinding.example.com"], ["9.9.9.9"])


def test_of_several_addresses_those_that_are_judged_good_are_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with site(said(OK + b"Content-Length: 2\r\n\r\n{}")) as found:
        answering(monkeypatch, ["169.254.169.254", "::1", "127.0.0.1"])
        allowance = Allowance(["127.0.0.1", "::1"])
        url = f"http://issuer.example.com:{found.port}/"
        assert fetched(url, allowance, SECONDS, MOST).body == b"{}"
    assert b"Host: issuer.example.com" in found.visits[0]


def test_a_name_without_an_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    assert why("https://nowhere.example.com/") == "nowhere.example.com has no address: no such host"


def test_a_resolver_that_never_answers_costs_no_more_than_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answered = Event()

    def ask(*_: object, **__: object) -> list[object]:
        answered.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    began = time.monotonic()
    assert why("https://slow.example.com/", seconds=0.2) == "it takes longer than 0.2 seconds"
    assert time.monotonic() - began < 3
    answered.set()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", "answers 302"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\nsecret", "it answers 404"),
        (OK + b"Content-Length: 2000\r\n\r\n" + b"x" * 2_000, "longer than 1000 bytes"),
        (OK + b"\r\n" + b"x" * 2_000, "longer than 1000 bytes"),
        (b"220 mail.example.com ESMTP\r\n", "RemoteProtocolError"),
        (b"", "RemoteProtocolError"),
    ],
)
def test_any_other_answer_is_refused_and_not_repeated(answer: bytes, told: str) -> None:
    with site(said(answer)) as found:
        got = why(found.url)
    assert told in got
    assert "secret" not in got
    assert len(found.visits) == 1, "nobody is asked again, and no redirection is followed"


@pytest.mark.parametrize("beginning", [b"", OK, OK + b"Content-Length: 900\r\n\r\n"])
def test_one_who_speaks_slowly_is_left_when_the_time_is_over(beginning: bytes) -> None:
    def drip(visitor: socket.socket) -> None:
        visitor.sendall(beginning)
        for _ in range(100):
            visitor.sendall(b"x")
            time.sleep(0.05)

    with site(drip) as found:
        began = time.monotonic()
        assert why(found.url, seconds=0.5) == "it takes longer than 0.5 seconds"
        assert time.monotonic() - began < 3


def test_a_body_that_is_packed_is_not_unpacked() -> None:
    answer = OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"
    with site(said(answer)) as found:
        assert fetched(found.url, HERE, SECONDS, MOST).body == b"\x1f\x8b\x08\x00"


def test_a_certificate_has_to_be_that_of_the_urls_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = certified(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    monkeypatch.setenv("SSL_CERT_FILE", str(files.authority))

    class Safe(Site):
        def _serve(self) -> None:
            self._listening = context.wrap_socket(self._listening, server_side=True)
            while True:
                try:
                    visitor, _ = self._listening.accept()
                except ssl.SSLError:
                    continue
                except OSError:
                    return
                with visitor:
                    self.visits.append(visitor.recv(65_536))
                    visitor.sendall(OK + b"Content-Length: 2\r\n\r\n{}")

    found = Safe(said(b""))
    answering(monkeypatch, ["127.0.0.1"])
    for name, good in ((HOST, True), ("other.example.com", False)):
        url = f"https://{name}:{found.port}/"
        if good:
            assert fetched(url, HERE, SECONDS, MOST).body == b"{}"
        else:
            assert "CERTIFICATE_VERIFY_FAILED" in why(url)
    found.close()
    assert len(found.visits) == 1

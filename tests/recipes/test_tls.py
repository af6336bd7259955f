"""The recipes of docs/operations/tls.md work as they are printed: a user is provisioned over TLS.

Only names, ports and file names of this machine are put in. A proxy that is not installed here is
skipped, with that as the reason: Rolecall itself needs nothing but Python.
"""

import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import msgspec
import pytest

from rolecall.domain.attempts import Attempt, AttemptKind
from rolecall.domain.queries import History
from rolecall.wiring import Rolecall
from rolecall_process import Server, environment, started, user_body

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PAGE = Path(__file__).parents[2] / "docs" / "operations" / "tls.md"
HOST = "localhost"
SECONDS_MAX = 20
ELSEWHERE = "127.0.0.2"
"""Another address of this machine's, for a client that is not the proxy."""
CLAIMED = "203.0.113.9"
FOREVER = 2**62


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where one recipe is tried out: the proxy's port, Rolecall's, and a folder."""

    port: int
    behind: int
    folder: Path


class Proxy(msgspec.Struct, frozen=True, kw_only=True):
    """A recipe: how it is told where it is, and how it is started."""

    program: str
    fence: str
    swaps: Callable[[Place], Mapping[str, str]]
    prologue: str
    command: tuple[str, ...]
    authority: str


def _nginx_swaps(place: Place) -> dict[str, str]:
    return {
        "127.0.0.1:8480": f"127.0.0.1:{place.behind}",
        "listen 443 ssl": f"listen 127.0.0.1:{place.port} ssl",
        "scim.example.com;": f"{HOST};",
        "/etc/ssl/certs/scim.example.com.pem": f"{place.folder}/certificate.pem",
        "/etc/ssl/private/scim.example.com.key": f"{place.folder}/key.pem",
    }


def _caddy_swaps(place: Place) -> dict[str, str]:
    # For this name Caddy is its own authority, and asks nobody for a certificate.
    return {
        "127.0.0.1:8480": f"127.0.0.1:{place.behind}",
        "scim.example.com": f"https://{HOST}:{place.port}",
    }


NGINX = Proxy(
    program="nginx",
    fence="nginx",
    swaps=_nginx_swaps,
    prologue="""
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
access_log off;
client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{recipe}
}}
""",
    command=("nginx", "-e", "{folder}/error.log", "-c", "{folder}/recipe", "-p", "{folder}"),
    authority="certificate.pem",
)
CADDY = Proxy(
    program="caddy",
    fence="text",
    swaps=_caddy_swaps,
    prologue="""
{{
	admin off
	default_bind 127.0.0.1
	auto_https disable_redirects
	skip_install_trust
	storage file_system {folder}/caddy
}}
{recipe}
""",
    command=("caddy", "run", "--adapter", "caddyfile", "--config", "{folder}/recipe"),
    authority="caddy/pki/authorities/local/root.crt",
)
PROXIES = (NGINX, CADDY)


def recipe(proxy: Proxy, page: str) -> str:
    """The page's first code block for this proxy, below its heading."""
    section = re.split(r"^## ", page, flags=re.MULTILINE)
    (chapter,) = [part for part in section if part.lower().startswith(proxy.program + "\n")]
    found = re.search(rf"^```{proxy.fence}\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)
    assert found, f"the page has no configuration for {proxy.program}"
    return found[1]


def installed(text: str, swaps: Mapping[str, str]) -> str:
    """The recipe with this machine's names in it; each of them must have stood there."""
    for printed, here in swaps.items():
        assert printed in text, f"the recipe no longer says {printed!r}"
        text = text.replace(printed, here)
    return text


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


def sign(folder: Path) -> None:
    """A certificate that vouches for itself."""
    made = f"-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={HOST}"
    names = f"-addext subjectAltName=DNS:{HOST} -keyout key.pem -out certificate.pem"
    command = ["openssl", "req", "-x509", *made.split(), *names.split()]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@contextmanager
def running(proxy: Proxy, place: Place) -> Iterator[None]:
    """The proxy, as the page says to set it up, once it takes connections."""
    text = installed(recipe(proxy, PAGE.read_text("utf-8")), proxy.swaps(place))
    written = proxy.prologue.format(folder=place.folder, recipe=text)
    (place.folder / "recipe").write_text(written, "utf-8")
    command = [part.format(folder=place.folder) for part in proxy.command]
    log = place.folder / "proxy.log"
    home = {name: str(place.folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=place.folder, env=environment() | home, stdout=output, stderr=output
        )
    try:
        until = monotonic() + SECONDS_MAX
        while not (answers(place.port) and (place.folder / proxy.authority).exists()):
            assert process.poll() is None, log.read_text()
            assert monotonic() < until, log.read_text()
            sleep(0.01)  # there is no event to wait for: another program opens the port
        yield
    finally:
        process.terminate()
        process.wait(SECONDS_MAX)


def answers(port: int) -> bool:
    with socket.socket() as opened:
        return opened.connect_ex(("127.0.0.1", port)) == 0


class Behind(msgspec.Struct, frozen=True, kw_only=True):
    """A server behind a proxy, its public URL, and a client that comes from another address."""

    server: Server
    url: str
    client: httpx.Client

    def attempts(self) -> list[Attempt]:
        """What the audit trail has of SCIM."""
        with Rolecall(self.server.data) as opened:
            account = opened.account_named(None)
            session = opened.local(account)
            found = account.ask(
                session, History(kind=AttemptKind.SCIM, since=0, until=FOREVER, count=100)
            )
        return [noted.attempt for noted in found]


@pytest.fixture(scope="module", params=PROXIES, ids=lambda proxy: proxy.program)
def behind(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Behind]:
    proxy: Proxy = request.param
    for program in (proxy.program, "openssl"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed here")
    folder = tmp_path_factory.mktemp(proxy.program)
    place = Place(port=free_port(), behind=free_port(), folder=folder)
    url = f"https://{HOST}:{place.port}"
    sign(folder)
    here = ("--port", str(place.behind), "--data", str(folder / "data"))
    with (
        started(folder, *here, "--public-url", url, "--trusted-proxy", "127.0.0.1") as server,
        running(proxy, place),
    ):
        trust = ssl.create_default_context(cafile=folder / proxy.authority)
        transport = httpx.HTTPTransport(verify=trust, local_address=ELSEWHERE)
        headers = {"Authorization": f"Bearer {server.issue_token(folder)}"}
        with httpx.Client(
            base_url=f"{url}/scim/v2", headers=headers, transport=transport
        ) as client:
            yield Behind(server=server, url=url, client=client)


def created(behind: Behind, name: str, **headers: str) -> httpx.Response:
    body: dict[str, Any] = user_body(name)
    return behind.client.post("/Users", json=body, headers=headers)


def test_a_user_is_created_over_tls_and_found_at_the_public_url(behind: Behind) -> None:
    answer = created(behind, "ada")
    assert answer.status_code == 201
    assert answer.headers["Location"].startswith(f"{behind.url}/scim/v2/Users/")
    assert behind.client.get(answer.headers["Location"]).json() == answer.json()


def test_the_audit_trail_has_the_clients_address_and_not_the_proxys(behind: Behind) -> None:
    assert created(behind, "grace").status_code == 201
    assert behind.attempts()[-1].client_ip == ELSEWHERE


def test_what_a_client_claims_of_its_address_is_not_believed(behind: Behind) -> None:
    assert created(behind, "eve", **{"X-Forwarded-For": CLAIMED}).status_code == 201
    assert behind.attempts()[-1].client_ip == ELSEWHERE


def test_a_body_that_is_too_large_is_refused_in_rolecalls_own_words(behind: Behind) -> None:
    answer = created(behind, "a" * (2 << 20))
    assert answer.status_code == 413
    assert answer.headers["Content-Type"].startswith("application/scim+json")
    assert "split it" in answer.json()["detail"]


def test_a_large_group_passes_the_proxy(behind: Behind) -> None:
    body = {"displayName": "large", "ignored": "a" * (2 << 20)}
    assert behind.client.post("/Groups", json=body, timeout=30).status_code == 201


def test_a_filter_arrives_as_it_was_sent(behind: Behind) -> None:
    created(behind, "o'brien+a b@example.com")
    found = behind.client.get("/Users", params={"filter": 'userName eq "O\'Brien+A B@example.com"'})
    assert found.json()["totalResults"] == 1


def test_without_a_token_the_proxy_passes_the_refusal_on(behind: Behind) -> None:
    answer = behind.client.get("/Users", headers={"Authorization": ""})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="SCIM"'
    assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]

"""Certificates are renewed in their files, and the server shows the new one without a restart."""

import shutil
import signal
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from authority import HOST, Certified, certified
from rolecall.web.certificates import Certificates
from rolecall_process import Server, started

pytestmark = pytest.mark.e2e

SEEN_SECONDS_MAX = 15.0


def made(folder: Path) -> Certified:
    folder.mkdir()
    return certified(folder)


def shown(server: Server, authority: Path) -> bool:
    """Whether a new connection is shown a certificate of this authority."""
    context = ssl.create_default_context(cafile=str(authority))
    try:
        url = f"https://{HOST}:{server.root.rpartition(':')[2]}/healthz"
        return httpx.get(url, verify=context, trust_env=False).status_code == 200
    except httpx.ConnectError:
        return False


def awaited(what: Callable[[], bool]) -> None:
    until = time.monotonic() + SEEN_SECONDS_MAX
    while not what():
        assert time.monotonic() < until
        time.sleep(0.1)


def put(source: Certified, target: Certified) -> None:
    """Renew as the usual tools do: each file is replaced by a rename."""
    for name in ("certificate", "key"):
        file: Path = getattr(target, name)
        draft = file.with_suffix(".new")
        shutil.copy(getattr(source, name), draft)
        draft.rename(file)


def test_a_renewed_certificate_is_shown_and_no_connection_is_dropped(tmp_path: Path) -> None:
    old, new = made(tmp_path / "old"), made(tmp_path / "new")
    options = ("--tls-certificate", str(old.certificate), "--tls-key", str(old.key))
    with started(tmp_path, "--ephemeral", *options) as server:
        context = ssl.create_default_context(cafile=str(old.authority))
        with httpx.Client(verify=context, trust_env=False) as client:
            answer = client.get(f"{server.root}/healthz")
            assert answer.headers["strict-transport-security"] == "max-age=31536000"
            put(new, old)
            server.process.send_signal(signal.SIGHUP)
            awaited(lambda: shown(server, new.authority))
            assert not shown(server, old.authority)
            # The connection that was there goes on: a new one would not be trusted.
            assert client.get(f"{server.root}/healthz").status_code == 200


def test_a_renewal_is_seen_without_a_signal(tmp_path: Path) -> None:
    old, new = made(tmp_path / "old"), made(tmp_path / "new")
    options = ("--tls-certificate", str(old.certificate), "--tls-key", str(old.key))
    with started(tmp_path, "--ephemeral", *options) as server:
        put(new, old)
        awaited(lambda: shown(server, new.authority))


def test_files_that_do_not_fit_leave_the_old_certificate_in_force(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old, new = made(tmp_path / "old"), made(tmp_path / "new")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(old.certificate, old.key)
    certificates = Certificates((old.certificate, old.key), context)
    shutil.copy(new.certificate, old.certificate)  # the key comes a moment later
    assert not certificates.reload_changed()
    assert "the old one stays" in caplog.text
    assert not certificates.reload_changed(), "it is not tried again before a file changes"
    shutil.copy(new.key, old.key)
    assert certificates.reload_changed()
    old.key.unlink()
    assert not certificates.reload_changed()


def test_an_answer_in_the_clear_makes_no_promise_of_tls(tmp_path: Path) -> None:
    with started(tmp_path, "--ephemeral") as server:
        assert "strict-transport-security" not in httpx.get(f"{server.root}/healthz").headers

"""HTTPS by the server itself: files that fit are used, others end the command in words."""

import ssl
from pathlib import Path

import httpx
import pytest

from authority import certified
from rolecall_process import rolecall, started

pytestmark = pytest.mark.e2e


def test_a_server_with_a_certificate_answers_over_https_only(tmp_path: Path) -> None:
    files = certified(tmp_path)
    options = ["--tls-certificate", str(files.certificate), "--tls-key", str(files.key)]
    with started(tmp_path / "server", "--ephemeral", *options) as server:
        assert server.root.startswith("https://127.0.0.1:")
        trust = ssl.create_default_context(cafile=files.authority)
        with httpx.Client(verify=trust) as client:
            assert client.get(f"{server.url}/Users").status_code == 401
        with pytest.raises(httpx.HTTPError):
            httpx.get(server.url.replace("https:", "http:"))


@pytest.mark.parametrize(
    ("certificate", "key", "said"),
    [
        ("cert.pem", None, "go together"),
        ("cert.pem", "missing.pem", "No such file"),
        ("cert.pem", "authority.pem", "can't be read"),
        ("authority.pem", "key.pem", "do not fit together"),
    ],
)
def test_files_that_do_not_fit_end_the_command_in_words(
    tmp_path: Path, certificate: str, key: str | None, said: str
) -> None:
    certified(tmp_path)
    options = ["--tls-certificate", str(tmp_path / certificate)]
    options += ["--tls-key", str(tmp_path / key)] if key else []
    assert said in rolecall("serve", "--ephemeral", "--port", "0", *options, fails=2)

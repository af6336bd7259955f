"""The log of a real server, written for machines: JSON throughout, with ids, nothing to steal."""

import json
import stat
from pathlib import Path

import pytest

from rolecall_process import started, user_body

pytestmark = pytest.mark.e2e


def test_the_log_of_a_service_is_json_with_ids_and_without_secrets(tmp_path: Path) -> None:
    options = ("--data", str(tmp_path / "data"), "--log-format", "json")
    with started(tmp_path, *options) as server:
        server.token = server.issue_token(tmp_path)
        password = server.data / "first-password"
        secret = password.read_text().strip()
        assert stat.S_IMODE(password.stat().st_mode) == 0o600
        with server.client() as client:
            body = user_body("ada@example.com", password="Sesame-Sesame-1")
            client.post("/Users", json=body)
            refused = client.post("/Users", json=body)
            server.sql("create user eve password = 'Sesame-Sesame-2'")
            server.status("rolecall_invented_by_a_stranger")
            server.awaited('"status":401')
    text = server.output()
    lines = [json.loads(line) for line in text.splitlines()]
    assert {"timestamp", "level", "event"} <= set.intersection(*map(set, lines))
    (found,) = (line for line in lines if line.get("status") == 409)
    assert found["request_id"] == refused.headers["x-request-id"]
    secrets = (secret, server.token, "Sesame-", "invented_by")
    assert [each for each in secrets if each in text] == []

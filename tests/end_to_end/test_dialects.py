"""A dialect in a real process: what is refused, who lets it pass, and where that is seen."""

import json
from pathlib import Path

import pytest

from rolecall_process import Server, patch_body, user_body

pytestmark = pytest.mark.e2e

INTEGRATION = """
create role if not exists strict_okta;
grant create user on account to role strict_okta;
grant create role on account to role strict_okta;
grant role strict_okta to role accountadmin;
create or replace security integration strict_okta
    type = scim scim_client = 'okta' run_as_role = 'STRICT_OKTA';
"""
COUNTED = """use database demo_db;
select quirk, requests from information_schema.scim_quirks where integration = 'STRICT_OKTA'
order by quirk desc"""


def test_an_oddity_of_another_provider_is_refused_until_the_owner_names_it(
    server: Server, tmp_path: Path
) -> None:
    server.sql(INTEGRATION)
    with server.client(server.issue_token(tmp_path, "STRICT_OKTA")) as client:
        user = client.post("Users", json=user_body("of.okta@example.com")).json()["id"]
        as_entra_does = patch_body({"op": "Replace", "path": "active", "value": "False"})
        refused = client.patch(f"Users/{user}", json=as_entra_does)
        assert refused.status_code == 400
        assert "Not tolerated here: operation_case, boolean_as_string" in refused.json()["detail"]
        assert client.get(f"Users/{user}").json()["active"] is True

        server.sql(
            "alter security integration strict_okta "
            "set tolerated_quirks = ('operation_case', 'boolean_as_string')"
        )
        passed = client.patch(f"Users/{user}", json=as_entra_does)
        assert (passed.status_code, passed.json()["active"]) == (200, False)
    told = [json.loads(line) for line in server.sql(COUNTED, "--format", "json").splitlines()]
    assert told[-1] == [
        {"QUIRK": "operation_case", "REQUESTS": 1},
        {"QUIRK": "boolean_as_string", "REQUESTS": 1},
    ]

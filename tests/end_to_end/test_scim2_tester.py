"""An outside judge: every check of scim2-tester, against a real process."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from scim2_client import BaseSyncSCIMClient
from scim2_tester import Status, check_server

from rolecall_process import Server

pytestmark = pytest.mark.e2e


class OverHttpx(BaseSyncSCIMClient):
    """scim2-client over the HTTP client that is here already."""

    def __init__(self, client: httpx.Client) -> None:
        super().__init__()
        self.client = client

    def _stays_under_base_url(self, endpoint: str) -> bool:
        return str(self.client.build_request("GET", endpoint).url).startswith(
            str(self.client.base_url)
        )

    def _parse_json(self, response: object) -> object:
        assert isinstance(response, httpx.Response)
        parsed: object = response.json()
        return parsed

    def request(
        self,
        method: str,
        url: str,
        **options: Any,  # noqa: ANN401  whatever httpx takes is handed on
    ) -> httpx.Response:
        return self.client.request(method, url, **options)


INTEGRATION = """
create role if not exists judged_{client};
grant create user on account to role judged_{client};
grant create role on account to role judged_{client};
grant role judged_{client} to role accountadmin;
create or replace security integration judged_{client}
    type = scim scim_client = '{client}' run_as_role = 'JUDGED_{client}';
"""


@pytest.mark.parametrize("dialect", ["GENERIC", "OKTA", "AZURE"])
def test_scim2_tester_reports_no_error(server: Server, tmp_path: Path, dialect: str) -> None:
    server.sql(INTEGRATION.format(client=dialect))
    with server.client(server.issue_token(tmp_path, f"JUDGED_{dialect}")) as client:
        results = check_server(OverHttpx(client))
    assert len(results) > 100
    assert [result for result in results if result.status is not Status.SUCCESS] == []

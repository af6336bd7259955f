"""`rolecall doctor` finds what is wrong, says what to do, and tells it by its exit status."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import apsw
import pytest

from authority import certified
from rolecall import doctor
from rolecall.doctor import Finding, Verdict, examined
from rolecall.domain.names import Name
from rolecall.store.migrations import MIGRATIONS
from rolecall.vault import SystemClock
from rolecall.wiring import ADMINISTRATOR, INTEGRATION, Rolecall
from rolecall_process import rolecall

pytestmark = pytest.mark.e2e


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder that is in use, with a token that lives six months."""
    with Rolecall(tmp_path / "data") as opened:
        opened.found(Name("DEMO"), ADMINISTRATOR, integration=True)
        opened.issue_token(opened.account_named(None), INTEGRATION)
        yield tmp_path / "data"


def now() -> int:
    return SystemClock().now()


def sick(found: list[Finding]) -> dict[str, Verdict]:
    return {each.check: each.verdict for each in found if each.verdict is not Verdict.OK}


def test_a_folder_that_is_well_is_told_so(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "disk_usage", lambda _: SimpleNamespace(free=9 << 30))
    found = examined(data, now())
    assert sick(found) == {}
    assert all(each.do is None for each in found)


def test_what_others_may_read_is_told(data: Path) -> None:
    (data / "signing.key").chmod(0o644)
    (found,) = (each for each in examined(data, now()) if each.check == "permissions")
    assert (found.verdict, found.found) == (Verdict.WARN, "others may read signing.key")


@pytest.mark.parametrize(("free", "verdict"), [(1 << 20, Verdict.FAIL), (100 << 20, Verdict.WARN)])
def test_a_disk_that_fills_is_told(
    data: Path, monkeypatch: pytest.MonkeyPatch, free: int, verdict: Verdict
) -> None:
    monkeypatch.setattr(doctor, "disk_usage", lambda _: SimpleNamespace(free=free))
    assert sick(examined(data, now()))["disk"] is verdict


def test_a_clock_that_is_behind_is_told(data: Path) -> None:
    assert sick(examined(data, now() - 3_600 * 1_000_000))["clock"] is Verdict.FAIL


def test_a_token_that_is_about_to_end_is_told_and_so_is_none(data: Path) -> None:
    check = f"DEMO: tokens of {INTEGRATION}"
    soon, later = (now() + days * doctor.DAY for days in (170, 400))
    assert sick(examined(data, soon))[check] is Verdict.WARN
    (none,) = (each for each in examined(data, later) if each.check == check)
    assert none.found == "none works"


def test_a_role_that_lost_its_privileges_and_a_policy_for_nobody_are_told(data: Path) -> None:
    rolecall(
        *("sql", "--data", str(data), "-c"),
        "revoke create user on account from role generic_scim_provisioner; "
        "create network policy nobody allowed_ip_list = ('192.0.2.0/24') "
        "blocked_ip_list = ('0.0.0.0/0'); "
        "create network policy office allowed_ip_list = ('192.0.2.0/24')",
    )
    found = {each.check: each for each in examined(data, now())}
    role = found[f"DEMO: role of {INTEGRATION}"]
    assert (role.verdict, role.do) == (
        Verdict.FAIL,
        "grant CREATE USER on account to role GENERIC_SCIM_PROVISIONER",
    )
    assert found["DEMO: policy NOBODY"].verdict is Verdict.FAIL
    assert found["DEMO: policy OFFICE"].verdict is Verdict.OK


def test_a_layout_that_is_not_ours_is_told_and_not_touched(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Rolecall(data) as opened:
        opened.found(Name("DEMO"), ADMINISTRATOR, integration=False)
    for version in (len(MIGRATIONS) - 1, len(MIGRATIONS) + 1):
        other = apsw.Connection(str(data / "rolecall.db"))
        other.execute(f"PRAGMA user_version = {version}")
        assert sick(examined(data, now()))["schema"] is Verdict.FAIL
        assert other.execute("PRAGMA user_version").get == version
        other.close()


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "rolecall.db").write_bytes(b"no database at all" * 1_000)
    assert sick(examined(tmp_path, now()))["integrity"] is Verdict.FAIL


def test_an_address_in_the_clear_and_a_certificate_that_ends_are_told(
    data: Path, tmp_path: Path
) -> None:
    certificate = certified(tmp_path).certificate  # for two days
    found = sick(examined(data, now(), "http://scim.example.com", certificate))
    assert (found["public URL"], found["certificate"]) == (Verdict.WARN, Verdict.WARN)
    gone = sick(examined(data, now(), None, tmp_path / "nowhere"))
    assert gone["certificate"] is Verdict.FAIL


def test_the_command_tells_it_by_its_exit_status(data: Path) -> None:
    said = json.loads(rolecall("doctor", "--data", str(data), "--format", "json"))
    assert {"check", "verdict", "found", "do"} == set(said[0])
    assert "every page is whole" in " ".join(rolecall("doctor", "--data", str(data)).split())
    sql = "drop role generic_scim_provisioner"
    rolecall("sql", "--data", str(data), "-c", sql)
    rolecall("doctor", "--data", str(data), fails=1)
    assert "name the data folder" in rolecall("doctor", "--data", str(data / "no"), fails=2)

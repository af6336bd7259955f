"""Doctor: what is, or will soon be, wrong with a data folder and its machine, and what to do."""

import resource
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from shutil import disk_usage

import msgspec
from cryptography import x509

from rolecall import settings
from rolecall.domain import access, policies
from rolecall.domain.model import Integration, Kind, NetworkPolicy, Privilege
from rolecall.domain.ports import Reading
from rolecall.store.copies import faults_of_folder
from rolecall.store.failures import StoreDamaged
from rolecall.wiring import Rolecall

DAY = 86_400 * 1_000_000
TOKEN_DAYS = 30
CERTIFICATE_DAYS = 21
FREE_BYTES_MIN = 32 << 20
FREE_BYTES_GOOD = 1 << 30
LOG_BYTES_GOOD = 256 << 20
FILES_GOOD = 4_096
CLOCK_SECONDS = 60


class Verdict(StrEnum):
    """How a finding is meant."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, what was found, and what to do about it."""

    check: str
    verdict: Verdict
    found: str
    do: str | None = None


def ok(check: str, found: str) -> Finding:
    """All is well."""
    return Finding(check=check, verdict=Verdict.OK, found=found)


def warn(check: str, found: str, do: str) -> Finding:
    """It works, but not for long or not safely."""
    return Finding(check=check, verdict=Verdict.WARN, found=found, do=do)


def bad(check: str, found: str, do: str) -> Finding:
    """It does not work."""
    return Finding(check=check, verdict=Verdict.FAIL, found=found, do=do)


def examined(
    folder: Path, now: int, public_url: str | None = None, certificate: Path | None = None
) -> list[Finding]:
    """Every finding. The accounts are asked only when this version can read the data."""
    database = list(_database(folder))
    found = [*_folder(folder), *database, *_machine(folder, now)]
    found += _address(public_url, certificate, now)
    if all(each.verdict is not Verdict.FAIL for each in database):
        with Rolecall(folder) as rolecall:
            for account in rolecall.store.accounts():
                if account.dropped_at is None:
                    asked = rolecall.account(account.number)
                    found += asked.moment(lambda reading: list(_account(reading, now)))
    return found


# ---- the folder and the machine ----------------------------------------------------------------


def _folder(folder: Path) -> Iterator[Finding]:
    places = [folder, *sorted(folder.iterdir())]
    opened = [each.name for each in places if each.stat().st_mode & 0o077]
    if opened:
        yield warn(
            "permissions",
            f"others may read {', '.join(opened)}",
            f"chmod -R go= {folder}",
        )
    else:
        yield ok("permissions", "its owner's alone")


def _database(folder: Path) -> Iterator[Finding]:
    try:
        found = faults_of_folder(folder / settings.DATABASE_FILE)
    except StoreDamaged as damaged:
        yield bad("integrity", str(damaged), "restore a backup: rolecall restore --help")
        return
    if found.faults:
        yield bad("integrity", "; ".join(found.faults), "restore a backup: rolecall restore --help")
    else:
        yield ok("integrity", "every page is whole")
    schema = f"version {found.schema}"
    if found.schema != found.known:
        schema += f"; this program's is {found.known}"
    if found.schema > found.known:
        yield bad("schema", schema, "start the newer version of Rolecall that wrote it")
    elif found.schema < found.known:
        yield bad("schema", schema, "start the server once: it keeps a copy and brings it up")
    else:
        yield ok("schema", schema)
    log = folder / f"{settings.DATABASE_FILE}-wal"
    size = log.stat().st_size if log.exists() else 0
    if size > LOG_BYTES_GOOD:
        yield warn(
            "log", f"{size >> 20} MiB", "look for a command or a backup that has been reading long"
        )
    else:
        yield ok("log", f"{size >> 20} MiB")


def _machine(folder: Path, now: int) -> Iterator[Finding]:
    free = disk_usage(folder).free
    told, room = f"{free >> 20} MiB free", "make room, or move the folder to a larger disk"
    if free < FREE_BYTES_MIN:
        yield bad("disk", told, room)
    elif free < FREE_BYTES_GOOD:
        yield warn("disk", told, room)
    else:
        yield ok("disk", told)
    written = max(each.stat().st_mtime for each in folder.iterdir())
    behind = written - now / 1_000_000
    if behind > CLOCK_SECONDS:
        told = f"{behind:.0f} s behind what was written last"
        yield bad("clock", told, "set the clock: tokens would live too long (timedatectl)")
    else:
        yield ok("clock", datetime.fromtimestamp(now / 1_000_000, UTC).strftime("%F %TZ"))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < FILES_GOOD:
        yield warn("files", f"at most {most}", "raise LimitNOFILE: each connection takes one")
    else:
        yield ok("files", "without a limit" if most == resource.RLIM_INFINITY else f"{most}")


def _address(public_url: str | None, certificate: Path | None, now: int) -> Iterator[Finding]:
    if public_url is not None and not public_url.startswith("https://"):
        yield warn(
            "public URL", public_url, "cloud providers speak HTTPS only: see Behind TLS in the docs"
        )
    elif public_url is not None:
        yield ok("public URL", public_url)
    if certificate is None:
        return
    try:
        shown = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    except (OSError, ValueError, ssl.SSLError) as error:
        yield bad("certificate", f"{certificate}: {error}", "name a PEM file that can be read")
        return
    ends = shown.not_valid_after_utc
    days = (ends.timestamp() - now / 1_000_000) / 86_400
    told = f"ends {ends:%F}"
    if days <= 0:
        yield bad("certificate", told, "renew it: clients refuse it")
    elif days < CERTIFICATE_DAYS:
        yield warn("certificate", told, "see why it has not been renewed")
    else:
        yield ok("certificate", told)


# ---- the accounts ------------------------------------------------------------------------------


def _account(reading: Reading, now: int) -> Iterator[Finding]:
    name = reading.account().name
    for integration in reading.integrations():
        yield _tokens(reading, integration, f"{name}: tokens of {integration.name}", now)
        yield _run_as(reading, integration, f"{name}: role of {integration.name}")
    for policy in reading.governed_all(Kind.NETWORK_POLICY):
        if isinstance(policy, NetworkPolicy):
            yield _policy(reading, policy, f"{name}: policy {policy.name}")


def _tokens(reading: Reading, integration: Integration, check: str, now: int) -> Finding:
    statement = f"select system$generate_scim_access_token('{integration.name}')"
    live = [
        token.expires_at
        for token in reading.tokens_of(integration.id)
        if token.ended_at is None and token.expires_at > now
    ]
    if not integration.enabled:
        return warn(check, "the integration is disabled", "enable it, or drop it")
    if not live:
        return warn(check, "none works", statement)
    days = (max(live) - now) // DAY
    if days < TOKEN_DAYS:
        return warn(check, f"the last one ends in {days} days", statement)
    return ok(check, f"{days} days left")


def _run_as(reading: Reading, integration: Integration, check: str) -> Finding:
    role = reading.role(integration.run_as_role)
    if role is None:
        return bad(check, "it was dropped", "create or replace the integration with another one")
    held = {
        grant.privilege
        for each in access.reached(reading, role.id)
        for grant in access.privileges_of(reading, each)
        if grant.kind is Kind.ACCOUNT
    }
    lost = [each for each in (Privilege.CREATE_USER, Privilege.CREATE_ROLE) if each not in held]
    if lost:
        names = ", ".join(each.value for each in lost)
        grant = f"grant {names} on account to role {access.quoted(role.name)}"
        return bad(check, f"{role.name} lacks {names}", grant)
    return ok(check, str(role.name))


def _policy(reading: Reading, policy: NetworkPolicy, check: str) -> Finding:
    gate = policies.gate(reading, policy)
    allowed = sum(len(ranges.starts) for ranges in gate.allowed.values())
    everybody = gate.blocked[4].everybody()
    if not allowed or everybody:
        why = "it allows no address" if not allowed else f"it blocks {everybody}"
        mend = "alter network policy … set allowed_ip_list"
        return bad(check, f"it admits nobody: {why}", mend)
    return ok(check, f"{allowed} ranges allowed")

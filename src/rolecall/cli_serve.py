"""`rolecall serve`: what the server is told, checked before anything is made.

Registered by `cli`; what it needs is imported when it runs.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall import settings
from rolecall.cli_options import (
    ConformanceOption,
    DataOption,
    IssuerOption,
    LogFormatOption,
    MetricsHostOption,
    MetricsPortOption,
    PublicUrlOption,
    Summary,
    TlsCertificateOption,
    TlsKeyOption,
    conformance_meant,
    fail,
    issuers_meant,
    tls_meant,
)

if TYPE_CHECKING:
    from rolecall.serving import Order


def serve(
    data: DataOption = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = settings.HOST_DEFAULT,
    port: Annotated[
        int, typer.Option(help="The port to listen on; 0 picks a free one.", min=0, max=65535)
    ] = settings.PORT_DEFAULT,
    public_url: PublicUrlOption = None,
    ready_file: Annotated[
        Path | None,
        typer.Option(help="A file to write when the server answers: JSON with url, account, pid."),
    ] = None,
    ephemeral: Annotated[
        bool, typer.Option("--ephemeral", help="Forget everything at the end: for tests and CI.")
    ] = False,
    account: Annotated[
        str | None, typer.Option("--account", help="The first account's name, at the first start.")
    ] = None,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(
            help="A proxy's address or network whose X-Forwarded headers are believed; repeatable."
        ),
    ] = None,
    proxy_protocol: Annotated[
        bool,
        typer.Option(
            "--proxy-protocol", help="Trusted proxies begin connections with the PROXY protocol."
        ),
    ] = False,
    tls_certificate: TlsCertificateOption = None,
    tls_key: TlsKeyOption = None,
    internal_issuer: IssuerOption = None,
    metrics_port: MetricsPortOption = None,
    metrics_host: MetricsHostOption = settings.HOST_DEFAULT,
    log_format: LogFormatOption = Summary.TEXT,
    conformance: ConformanceOption = None,
) -> None:
    """Start the server. The first start makes an account and prints its password, once."""
    from rolecall.serving import Order

    if ephemeral and data is not None:
        fail("--ephemeral keeps nothing: leave out --data, or --ephemeral.", 2)
    if ready_file is not None and not ready_file.absolute().parent.is_dir():
        fail(f"--ready-file: {ready_file.parent} is no folder: name one that is there.", 2)
    order = Order(
        data=None if ephemeral else _folder(data),
        host=host,
        port=port,
        public_url=_public(public_url),
        ready_file=ready_file,
        account=account,
        proxies=_proxies(trusted_proxy or (), prefaces=proxy_protocol),
        prefaces=proxy_protocol,
        conformance=conformance_meant(conformance),
        tls=tls_meant(tls_certificate, tls_key, prefaces=proxy_protocol),
        issuers=issuers_meant(internal_issuer or ()),
        log_json=log_format is Summary.JSON,
        metrics=None if metrics_port is None else (metrics_host, metrics_port),
    )
    _served(order)


def _served(order: "Order") -> None:
    from rolecall.serving import ListenRefused, run

    try:
        run(order)
    except ListenRefused as refused:
        fail(str(refused), 2)
    except OSError as error:
        fail(f"{error.filename or order.data or 'the scratch folder'}: {error.strerror}.", 2)


def _folder(data: Path | None) -> Path:
    """The data folder, which need not be there yet."""
    folder = settings.data_folder(data)
    if folder.exists() and not folder.is_dir():
        fail(f"{folder} is no folder: name one with --data; a new one is made.", 2)
    return folder


def _public(url: str | None) -> str | None:
    """The public URL as it was given. Ends the command when nobody could call it."""
    from urllib.parse import urlsplit

    if url is not None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            fail(f"--public-url is an address such as https://scim.example.com, not '{url}'.", 2)
        if parts.query or parts.fragment:
            fail(f"--public-url ends before the '?' or '#': '{url}'.", 2)
    return url


def _proxies(given: Iterable[str], *, prefaces: bool) -> tuple[str, ...]:
    """Trusted proxies as they were named. Ends the command when one is no address or network."""
    from ipaddress import ip_network

    proxies = tuple(given)
    if prefaces and not proxies:
        fail("--proxy-protocol needs --trusted-proxy: whose prefaces are to be believed?", 2)
    for proxy in proxies:
        try:
            ip_network(proxy)
        except ValueError as error:
            fail(f"--trusted-proxy: {error}.", 2)
    return proxies

"""Certificates: read anew when their files change, or on SIGHUP, while connections go on.

The new files are tried apart first: a certificate and a key that don't fit, as in the middle of a
renewal, leave the old ones in force and are tried again when either changes.
"""

import asyncio
import logging
import ssl
from pathlib import Path

LOGGER = logging.getLogger(__name__)
LOOK_SECONDS = 5.0

Files = tuple[Path, Path]
"""A certificate with its chain, and its key."""


class Certificates:
    """The files behind one listener's context. Used on the loop's thread alone."""

    def __init__(self, files: Files, context: ssl.SSLContext) -> None:
        self._files = files
        self._context = context
        self._seen = seen(files)

    def reload(self) -> bool:
        """Take the files for every handshake from now on; whether they could be."""
        self._seen = seen(self._files)
        certificate, key = self._files
        try:
            for context in (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self._context):
                context.load_cert_chain(certificate, key, password="")
        except OSError as error:  # ssl.SSLError is one
            LOGGER.warning("the certificate is not renewed, the old one stays: %s", error)
            return False
        LOGGER.warning("the certificate was read anew from %s", certificate)
        return True

    def reload_changed(self) -> bool:
        """Take the files if either has changed since they were last looked at."""
        return seen(self._files) != self._seen and self.reload()

    async def watch(self) -> None:
        """Look after the files for as long as the server runs."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.reload_changed()


def seen(files: Files) -> tuple[object, ...]:
    """What tells that a file is another one: a renewal may rename, overwrite or link."""
    found: list[object] = []
    for file in files:
        try:
            stat = file.stat()
            found.append((stat.st_ino, stat.st_mtime_ns, stat.st_size))
        except OSError:
            found.append(None)
    return tuple(found)

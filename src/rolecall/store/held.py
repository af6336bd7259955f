"""Holding a data folder: whoever has it open shares the hold, a restore wants it alone.

The lock is on the folder itself, not on a file in it, so that it holds although somebody has
emptied the folder beneath a running server.
"""

import fcntl
import os
from pathlib import Path
from typing import Self

from rolecall.store.failures import FolderHeld


class Hold:
    """A hold on a folder, which ends with `release` or with the process."""

    def __init__(self, folder: Path, *, alone: bool = False) -> None:
        """Raises FolderHeld when another process holds the folder in a way that excludes this."""
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        wanted = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
        try:
            fcntl.flock(self._folder, wanted | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._folder)
            raise FolderHeld(str(folder), alone=alone) from None
        except OSError:  # a file system without locks on folders: nothing is held, nothing refused
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Let the folder go."""
        os.close(self._folder)

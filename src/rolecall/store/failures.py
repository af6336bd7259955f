"""Failures: what goes wrong with a store itself. The account refuses; a store fails."""

from rolecall.domain.errors import StoreFailure

__all__ = ["FolderHeld", "KeyTaken", "StoreDamaged", "StoreFailure", "StoreTooNew"]


class StoreTooNew(Exception):
    """The file was written by a newer version, which this one would damage."""

    def __init__(self, path: str, found: int, known: int) -> None:
        super().__init__(
            f"{path} has schema version {found}; this version of Rolecall knows {known}. "
            "Start the newer version, or restore the copy made before the upgrade."
        )
        self.path = path
        self.found = found
        self.known = known


class KeyTaken(Exception):
    """Two objects can't share a key: whoever saves has looked before."""


class StoreDamaged(Exception):
    """The file is no whole database of Rolecall."""


class FolderHeld(Exception):
    """Another process has the data folder open."""

    def __init__(self, folder: str, *, alone: bool) -> None:
        why = (
            f"{folder} is in use: end the server, or the command, that has it open."
            if alone
            else f"{folder} is being restored: try again when `rolecall restore` has ended."
        )
        super().__init__(why)

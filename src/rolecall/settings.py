"""Settings: where the data is, and what the environment says; nobody else reads that."""

import getpass
import os
from pathlib import Path

DATA_VARIABLE = "ROLECALL_DATA"
PASSWORD_VARIABLE = "ROLECALL_PASSWORD"
NEW_PASSWORD_VARIABLE = "ROLECALL_NEW_PASSWORD"
TOKEN_VARIABLE = "ROLECALL_TOKEN"
DATA_DEFAULT = "rolecall-data"
DATABASE_FILE = "rolecall.db"
KEY_FILE = "signing.key"
HOST_DEFAULT = "127.0.0.1"
PORT_DEFAULT = 8480


def data_folder(given: Path | None) -> Path:
    """The folder named, else `$ROLECALL_DATA`, else `./rolecall-data`."""
    return given if given is not None else Path(os.environ.get(DATA_VARIABLE) or DATA_DEFAULT)


def password() -> str | None:
    """The password that the environment holds, for scripts."""
    return os.environ.get(PASSWORD_VARIABLE) or None


def new_password() -> str | None:
    """The password to choose where one must be chosen, for scripts."""
    return os.environ.get(NEW_PASSWORD_VARIABLE) or None


def token() -> str | None:
    """The bearer token that the environment holds, for scripts."""
    return os.environ.get(TOKEN_VARIABLE) or None


def operating_system_user() -> str:
    """Who runs the command, for the audit trail."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


def history_file() -> Path:
    """Where the worksheet remembers what was typed."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "rolecall" / "history"

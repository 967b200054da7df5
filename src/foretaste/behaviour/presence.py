"""In: a workspace. Out: whether any process has its store open, known from locks on a file in it.

Each open store holds a shared lock, which the system takes from a process that dies; a restore asks
for it alone. The lock reaches as far as the folder; that a service on another machine has the same
PostgreSQL database, with a folder of its own, is known from the locks of `postgres`.
"""

import fcntl
import os
import weakref
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from foretaste.errors import InputError, StoreError

PRESENCE_FILE = ".in-use.lock"


class Presence:
    """An open store, as others see it: until it is closed, or nobody has it any more."""

    def __init__(self, file: IO[Any]) -> None:
        self.close = weakref.finalize(self, file.close)


def enter_workspace(folder: Path) -> Presence | None:
    """Be known to have the store open until what is returned is closed.

    None where the folder cannot be written to. Raises StoreError while it is being restored.
    """
    try:
        file = _lock_file(folder)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise StoreError(
            f"{folder} is being restored at this moment; start again when that has ended"
        ) from None
    except OSError:  # a file system without locks
        pass
    return Presence(file)


@contextmanager
def nobody_in(folders: Iterable[Path]) -> Iterator[None]:
    """Keep others from opening the stores of these workspaces. Raises InputError where somebody has
    one open.
    """
    with ExitStack() as files:
        for folder in folders:
            if not folder.is_dir():
                continue
            file = files.enter_context(_lock_file(folder))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(
                    f"{folder} is in use; stop its service, its worker and every other command of "
                    "Foretaste that runs in it, then do the same again"
                ) from None
        yield


def _lock_file(folder: Path) -> IO[Any]:
    return os.fdopen(os.open(folder / PRESENCE_FILE, os.O_CREAT | os.O_RDWR, 0o600), "r+b")

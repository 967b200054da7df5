"""In: a file. Out: a lock by it, for one thread among all processes that have the file.

For what is read, changed and written again within moments or minutes. The system takes the lock
from a process that dies, so nothing is left locked. On a disk that machines share it holds between
them where the file system passes locks on, as NFS does. (`behaviour.lock` is the one for work of
hours, in the store.)
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from foretaste.domain.files import FOLDER_MODE


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Exclusive use of what the file stands for. Waits for others; not to be nested."""
    path.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:  # not left to the closing: a child that was forked meanwhile has it open as well
            fcntl.flock(file, fcntl.LOCK_UN)

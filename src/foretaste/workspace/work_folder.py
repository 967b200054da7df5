"""In: a folder to work beside. Out: one for files in the making, for their owner alone, that goes
when the work ends, and after a kill at the next chance.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4


@contextmanager
def work_folder(parent: Path, prefix: str, suffix: str) -> Iterator[Path]:
    """A new folder with such a name, locked as long as this process lives and works in it."""
    path = parent / f"{prefix}{uuid4().hex}{suffix}"
    # under another name until it is locked: nobody sweeps it away before
    unlocked_path = Path(mkdtemp(prefix=".foretaste-", dir=parent))
    handle = os.open(unlocked_path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        os.rename(unlocked_path, path)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(handle)


def remove_leftovers(parent: Path, pattern: str) -> None:
    """Delete the work folders with such names that nobody works in: their process was killed."""
    for leftover in parent.glob(pattern):
        try:
            handle = os.open(leftover, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:  # another process was faster, or it is no folder of ours
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(leftover, ignore_errors=True)
        except BlockingIOError:  # somebody works in it
            pass
        finally:
            os.close(handle)

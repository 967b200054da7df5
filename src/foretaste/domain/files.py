"""Files as they lie on the disk: who may read them, what is in one, whether it is safe there."""

import hashlib
import os
from pathlib import Path

FILE_MODE, FOLDER_MODE = 0o640, 0o750
"""Of what a workspace holds: its owner writes, its group reads, and nobody else gets in."""
PRIVATE_UMASK = 0o027
"""With it a process makes no file or folder that is open to more."""


def file_sha256(path: Path) -> str:
    """SHA-256 of what the file holds, hexadecimal. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_to_disk(path: Path) -> None:
    """Through to the disk: a file, or the names in a folder. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

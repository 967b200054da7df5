"""Arrays in a file that the system maps. In: named arrays; out: the same, read where they lie.

What is mapped is read from the disk when it is first looked at, is in memory once for all processes
that look at it, and is given back when memory gets short. The file is a safetensors one: its format
puts each array where its type may begin.
"""

import json
import mmap
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import save_file

from foretaste.domain.arrays import Array

_TYPES = {
    **{"F64": np.float64, "F32": np.float32, "F16": np.float16, "BOOL": np.bool_},
    **{"I64": np.int64, "I32": np.int32, "I16": np.int16, "I8": np.int8},
    **{"U64": np.uint64, "U32": np.uint32, "U16": np.uint16, "U8": np.uint8},
}
_LENGTH = struct.Struct("<Q")
"""Of the header: the first number of the file."""


NETWORK_DISKS = ("9p", "afs", "ceph", "cifs", "glusterfs", "lustre", "nfs", "nfs4", "smb3", "smbfs")
"""Types of file systems on which another machine may delete a file that is mapped here: whoever
then looks at it is stopped by the system (SIGBUS)."""
MOUNTS = Path("/proc/self/mountinfo")


def is_mappable(folder: Path) -> bool:
    """Whether files in it may be mapped: not on a network's disk."""
    try:
        mounts = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:  # not Linux
        return True
    folder, nearest, disk = folder.resolve(), -1, ""
    for fields in map(str.split, mounts):
        mount_point = Path(fields[4].replace("\\040", " "))
        if folder.is_relative_to(mount_point) and len(mount_point.parts) >= nearest:
            nearest, disk = len(mount_point.parts), fields[fields.index("-") + 1]
    return disk not in NETWORK_DISKS and not disk.startswith("fuse.")


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """All of them into one file. Raises OSError."""
    try:
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)
    except SafetensorError as error:
        raise OSError(str(error)) from error


def mapped_arrays(path: Path, *, is_writable: bool = False) -> dict[str, Array]:
    """Those of a file, by name. is_writable: what is written to them is this process's alone, and
    not in the file. Raises OSError, ValueError where it is no such file.
    """
    with path.open("rb") as file:
        (header_length,) = _LENGTH.unpack(file.read(_LENGTH.size))
        header = json.loads(file.read(header_length))
        access = mmap.ACCESS_COPY if is_writable else mmap.ACCESS_READ
        content = mmap.mmap(file.fileno(), 0, access=access)
    start = _LENGTH.size + header_length
    return {
        name: np.ndarray(
            described["shape"],
            _TYPES[described["dtype"]],
            content,
            start + described["data_offsets"][0],
        )
        for name, described in header.items()
        if name != "__metadata__"
    }

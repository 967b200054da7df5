"""In: weights as CTranslate2 keeps them (model.bin, of its version 6). Out: arrays by their names.

Nothing but numbers is read of it, so the file can run nothing. The layout: version, name and
revision of the specification, then of each array its name, shape, type, bytes; whole numbers with
the lowest byte first, texts with their length and a zero at the end.
"""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from foretaste.errors import WeightsError

VERSION = 6
TYPES = (np.float32, np.int8, np.int16, np.int32, np.float16)
MAX_DIMENSIONS = 8


def read_arrays(path: Path, prefix: str) -> Mapping[str, np.ndarray[Any, Any]]:
    """The arrays whose names begin so. Raises WeightsError."""
    try:
        content = path.read_bytes()
        return _read(content, prefix)
    except (OSError, struct.error, ValueError, IndexError) as error:
        raise WeightsError(f"{path} cannot be read: {error}") from error


def _read(content: bytes, prefix: str) -> dict[str, np.ndarray[Any, Any]]:
    at = 0

    def number(layout: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from(f"<{layout}", content, at)
        at += struct.calcsize(layout)
        return int(value)

    def text() -> str:
        nonlocal at
        length = number("H")
        at += length
        return content[at - length : at - 1].decode()

    version = number("I")
    if version != VERSION:
        raise ValueError(f"it has the version {version}, not {VERSION}")
    text()
    number("I")
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    for _ in range(number("I")):
        name = text()
        shape = [number("I") for _ in range(min(number("B"), MAX_DIMENSIONS))]
        dtype, size = np.dtype(TYPES[number("B")]), number("I")
        if name.startswith(prefix):
            values = np.frombuffer(content, dtype, size // dtype.itemsize, at)
            arrays[name.removeprefix(prefix)] = values.reshape(shape)
        at += size
    return arrays

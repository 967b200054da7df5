"""In: cells with pictures, clips of sound or vectors. Out: what an item keeps of them.

A cell has one picture or several: a list, JSON, or addresses with a comma between. A picture or
clip as bytes becomes a data URL. A vector is a list, a NumPy array, JSON, or the bytes of 32-bit
floats.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from foretaste.behaviour.values import CellError, check_length, check_storable, is_missing
from foretaste.domain.media import vector_bytes
from foretaste.domain.text_limits import MAX_TEXT_LENGTH

MAX_IMAGE_LENGTH = 14_000_000
"""Characters of a picture or clip that is in the item itself: 10 MB of bytes."""
MAX_IMAGES = 50
MIN_VECTOR_SIZE, MAX_VECTOR_SIZE = 8, 8_192
"""Numbers of a vector; a shorter list may be anything."""
MIN_VECTOR_SHARE = 0.9
"""Of a column's cells that are vectors, for it to be one of vectors."""
PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif")
FILE_SEPARATORS = ("|", ";", ",")
"""Between the names of several files in one cell."""
_REFERENCE_KEYS = ("src", "url", "href", "bytes", "path")
VECTOR_NAMES = ("embedding", "vector")
"""What a column of bytes is called that has vectors."""
_BETWEEN_ADDRESSES = re.compile(r"(?<![,|;\s])[,|;\s]++(?=(?:https?:)?//)", re.IGNORECASE)
_PICTURE_TYPES = ((b"\x89PNG", "png"), (b"GIF8", "gif"), (b"RIFF", "webp"))
_CLIP_TYPES = ((b"RIFF", "wav"), (b"OggS", "ogg"), (b"fLaC", "flac"), (b"\0\0\0", "mp4"))


def parse_images(cell: Any, field: str) -> tuple[str, ...]:
    """The pictures of an item, the cover first; each once."""
    images = [image for part in _image_parts(cell) if (image := _parse_image(part, field))]
    if len(images) > MAX_IMAGES:
        raise CellError(
            field,
            f"{len(images)} pictures",
            f"an item with {len(images)} pictures",
            f"keep the best {MAX_IMAGES}",
        )
    return tuple(dict.fromkeys(images))


def _image_parts(cell: Any) -> Sequence[Any]:
    if isinstance(cell, list | tuple | np.ndarray):
        return list(cell)
    if isinstance(cell, str):
        text = cell.strip()
        if text[:1] == "[":
            try:
                parts = json.loads(text)
            except (ValueError, RecursionError):
                return [cell]
            return parts if isinstance(parts, list) else [cell]
        if text[:8].lower().startswith(("http://", "https://", "//")):
            return _BETWEEN_ADDRESSES.split(text)
        for separator in FILE_SEPARATORS:
            names = text.split(separator)
            if len(names) > 1 and all(_names_picture(name) for name in names):
                return names
    return [cell]


def _names_picture(text: str) -> bool:
    return text.strip().lower().endswith(PICTURE_ENDINGS)


def _parse_image(part: Any, field: str) -> str | None:
    return _parse_reference(part, field, "picture", "image/jpeg", _PICTURE_TYPES)


def parse_audio(cell: Any, field: str) -> str | None:
    """The clip of an item; of several the first."""
    if isinstance(cell, list | tuple):
        cell = cell[0] if cell else None
    return _parse_reference(cell, field, "clip", "audio/mpeg", _CLIP_TYPES)


def _parse_reference(
    part: Any, field: str, noun: str, usual_type: str, types: Sequence[tuple[bytes, str]]
) -> str | None:
    """An address, a path, or a data URL."""
    if isinstance(part, Mapping):  # {"src": address}, as shops export; data sets have bytes
        part = next((part[name] for name in _REFERENCE_KEYS if part.get(name)), None)
    if isinstance(part, bytes | bytearray | memoryview):
        content = bytes(part)
        if not content:
            return None
        family, _, usual = usual_type.partition("/")
        form = next((form for start, form in types if content.startswith(start)), usual)
        part = f"data:{family}/{form};base64,{b64encode(content).decode()}"
    if is_missing(part):
        return None
    if not isinstance(part, str):
        raise CellError(
            field, part, f"{field} is no {noun}", "give an address, a path, bytes or a data URL"
        )
    text = part.strip()
    is_data = text[:5].lower() == "data:"
    check_length(text, field, MAX_IMAGE_LENGTH if is_data else MAX_TEXT_LENGTH)
    return check_storable(text, field)


def is_vector_column(column: str, cells: Sequence[Any]) -> bool:
    """Whether the cells of a column are vectors, by what they are."""
    vector_count = sum(_looks_like_vector(column, cell) for cell in cells)
    return bool(cells) and vector_count >= MIN_VECTOR_SHARE * len(cells)


def _looks_like_vector(column: str, cell: Any) -> bool:
    if isinstance(cell, bytes | bytearray | memoryview):
        size = len(bytes(cell))
        is_named = any(name in column.lower() for name in VECTOR_NAMES)
        return is_named and size % 4 == 0 and size >= 4 * MIN_VECTOR_SIZE
    numbers = _number_list(cell)
    return (
        numbers is not None
        and len(numbers) >= MIN_VECTOR_SIZE
        and all(_is_number(number) for number in numbers)
        and any(isinstance(number, float | np.floating) for number in numbers)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _number_list(cell: Any) -> Sequence[Any] | None:
    """The numbers of a cell that is a list of them; None where it is none."""
    if isinstance(cell, np.ndarray):
        return cell.tolist() if cell.ndim == 1 and cell.dtype.kind in "fiu" else None
    if isinstance(cell, list | tuple):
        return cell
    if isinstance(cell, str) and cell[:64].lstrip()[:1] == "[" and len(cell) <= MAX_IMAGE_LENGTH:
        try:
            parsed = json.loads(cell)
        except (ValueError, RecursionError):
            return None
        return parsed if isinstance(parsed, list) else None
    return None


def parse_vector(cell: Any, column: str) -> bytes | None:
    """As `Item.vectors` keeps it; None for an empty cell."""
    if isinstance(cell, bytes | bytearray | memoryview):
        content = bytes(cell)
        if not content:
            return None
        if len(content) % 4:
            raise _no_vector(column, "its bytes are no 32-bit floats")
        numbers = np.frombuffer(content, "<f4")
    else:
        if not isinstance(cell, list | tuple | np.ndarray) and is_missing(cell):
            return None
        values = _number_list(cell)
        if values is None or not all(_is_number(value) for value in values):
            raise _no_vector(column, "it is no list of numbers")
        if not len(values):
            return None
        with np.errstate(over="ignore"):
            numbers = np.asarray(values, np.float64).astype(np.float32)
    if not MIN_VECTOR_SIZE <= len(numbers) <= MAX_VECTOR_SIZE:
        raise _no_vector(
            column,
            f"it has {len(numbers)} numbers; {MIN_VECTOR_SIZE} to {MAX_VECTOR_SIZE} are taken",
        )
    if not np.isfinite(numbers).all():
        raise _no_vector(column, "not all of its numbers are finite")
    return vector_bytes(numbers)


def _no_vector(column: str, problem: str) -> CellError:
    return CellError(
        column,
        None,
        f"'{column}' is a column of vectors, and this is none: {problem}",
        "give a list of numbers, or leave the cell empty",
    )

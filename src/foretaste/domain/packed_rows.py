"""Very many small things in a few arrays. In: items or texts; out: a sequence that makes each of
them when it is asked for.

A Python object an item takes ten times the memory of its content, and is what a service of millions
of items mostly held. What comes or changes later stays as objects beside the packed rows, until the
next model is loaded.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, Self, TypeVar, overload

import numpy as np
import numpy.typing as npt

from foretaste.domain.arrays import Array
from foretaste.domain.data import Ints, Item, Longs

RowT = TypeVar("RowT")
MAX_UNPACKED_ROWS = 50_000
"""Up to which they stay objects: these are read without being made each time."""
ROWS_AT_A_TIME = 10_000
"""Rows whose bytes are read in one go by who goes through all of them."""


def is_packed(size: int) -> bool:
    """Whether so many rows are."""
    return size > MAX_UNPACKED_ROWS


class PackedRows(Sequence[RowT]):
    """Rows that are never changed; `replaced` gives others, which share what is packed."""

    def __init__(
        self,
        content: bytes | bytearray | Array,
        starts: Longs,
        lengths: Ints,
        unpack: Callable[[bytes], RowT],
        changed: Mapping[int, RowT] | None = None,
        added: tuple[RowT, ...] = (),
    ) -> None:
        """starts, lengths: [rows], of each row in the content. changed: row → what is there now.
        added: rows after these.
        """
        self._content, self._starts, self._lengths = content, starts, lengths
        self._unpack, self._changed, self._added = unpack, changed or {}, added

    def __len__(self) -> int:
        return len(self._starts) + len(self._added)

    @overload
    def __getitem__(self, row: int) -> RowT: ...
    @overload
    def __getitem__(self, row: slice) -> list[RowT]: ...
    def __getitem__(self, row: int | slice) -> RowT | list[RowT]:
        if isinstance(row, slice):
            return [self._at(index) for index in range(*row.indices(len(self)))]
        return self._at(range(len(self))[row])  # a negative one, and IndexError, as of a list

    def __iter__(self) -> Iterator[RowT]:
        for first in range(0, len(self._starts), ROWS_AT_A_TIME):
            yield from self._unpacked(first, min(first + ROWS_AT_A_TIME, len(self._starts)))
        yield from (self._at(row) for row in range(len(self._starts), len(self)))

    def _unpacked(self, first: int, stop: int) -> list[RowT]:
        """Packed rows, whose bytes are read in one go where they lie together."""
        starts = self._starts[first:stop]
        ends = starts + self._lengths[first:stop]
        start, end = int(starts.min()), int(ends.max())
        if end - start > 2 * int(ends.sum() - starts.sum()):
            return [self._at(row) for row in range(first, stop)]
        content, unpack = bytes(self._content[start:end]), self._unpack
        bounds = zip((starts - start).tolist(), (ends - start).tolist(), strict=True)
        rows = [unpack(content[low:high]) for low, high in bounds]
        if self._changed:
            for row in self._changed.keys() & range(first, stop):
                rows[row - first] = self._changed[row]
        return rows

    def _at(self, row: int) -> RowT:
        if row in self._changed:
            return self._changed[row]
        if row >= len(self._starts):
            return self._added[row - len(self._starts)]
        start = int(self._starts[row])
        return self._unpack(bytes(self._content[start : start + int(self._lengths[row])]))

    def arrays(self) -> dict[str, Array]:
        """What was packed at first, without what changed or came later."""
        content = np.frombuffer(self._content, np.uint8)
        return {"content": content, "starts": self._starts, "lengths": self._lengths}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], unpack: Callable[[bytes], RowT]) -> Self:
        """The inverse of `arrays`."""
        return cls(arrays["content"], arrays["starts"], arrays["lengths"], unpack)

    def rows_apart(self, earlier: Self, count: int) -> Sequence[int]:
        """Those of the first rows that need not be the same: of rows packed apart all of them."""
        if self._content is not earlier._content:
            return range(count)
        rows = {*self._changed, *earlier._changed, *range(len(self._starts), count)}
        return sorted(row for row in rows if row < count)

    def replaced(self, changed: Mapping[int, RowT], added: Sequence[RowT] = ()) -> Self:
        """With other rows at these places, and more at the end."""
        size, own_added = len(self._starts), list(self._added)
        for row, value in changed.items():
            if row >= size:
                own_added[row - size] = value
        packed_changes = {row: value for row, value in changed.items() if row < size}
        return type(self)(
            self._content,
            self._starts,
            self._lengths,
            self._unpack,
            {**self._changed, **packed_changes} if packed_changes else self._changed,
            (*own_added, *added),
        )


class RowPacker(Generic[RowT]):
    """Takes rows in any order, or one after another."""

    def __init__(self, pack: Callable[[RowT], bytes], size: int = 0) -> None:
        """size: rows that are there from the beginning, each of nothing."""
        self._pack, self._content = pack, bytearray()
        self._starts: npt.NDArray[np.int64] = np.zeros(size, np.int64)
        self._lengths: npt.NDArray[np.int32] = np.zeros(size, np.int32)

    def put(self, row: int, value: RowT) -> None:
        """Into one of the first rows."""
        content = self._pack(value)
        self._starts[row], self._lengths[row] = len(self._content), len(content)
        self._content += content

    def empty_rows(self) -> list[int]:
        """Those that nothing was put into."""
        return np.flatnonzero(self._lengths == 0).tolist()

    def rows(self, unpack: Callable[[bytes], RowT]) -> PackedRows[RowT]:
        """All of them; nothing is put any more."""
        return PackedRows(self._content, self._starts, self._lengths, unpack)


class TextPacker:
    """Takes texts one after another, and packs them where they are to be many."""

    def __init__(self, size: int) -> None:
        self._packer = RowPacker(_pack_text, size) if is_packed(size) else None
        self._texts: list[str] = []
        self._count = 0

    def add(self, text: str) -> None:
        """The next one."""
        if self._packer is None:
            self._texts.append(text)
        else:
            self._packer.put(self._count, text)
        self._count += 1

    def texts(self) -> Sequence[str]:
        """All of them."""
        return tuple(self._texts) if self._packer is None else self._packer.rows(unpack_text)


def pack_texts(texts: Iterable[str]) -> PackedRows[str]:
    """These, however many."""
    content, lengths = bytearray(), list[int]()
    for text in texts:
        packed = _pack_text(text)
        content += packed
        lengths.append(len(packed))
    ends = np.cumsum(np.array(lengths, np.int64))
    sizes = np.array(lengths, np.int32)
    return PackedRows(content, ends - sizes, sizes, unpack_text)


def replaced_rows(
    rows: Sequence[RowT], changed: Mapping[int, RowT], added: Sequence[RowT] = ()
) -> Sequence[RowT]:
    """The rows with others at these places, and more at the end."""
    if isinstance(rows, PackedRows):
        return rows.replaced(changed, added)
    if not changed:
        return (*rows, *added)
    edited = [*rows, *added]
    for row, value in changed.items():
        edited[row] = value
    return tuple(edited)


def differing_rows(rows: Sequence[RowT], earlier: Sequence[RowT]) -> list[int]:
    """Those of the rows that both have that are not the same."""
    count = min(len(rows), len(earlier))
    candidates: Iterable[int] = range(count)
    if isinstance(rows, PackedRows) and isinstance(earlier, PackedRows):
        candidates = rows.rows_apart(earlier, count)
    return [
        row for row in candidates if rows[row] is not earlier[row] and rows[row] != earlier[row]
    ]


def _pack_text(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def unpack_text(content: bytes) -> str:
    """A text that was packed."""
    return content.decode("utf-8", "surrogatepass")


def pack_item(item: Item) -> bytes:
    """The fields in their order as JSON, up to the last that is set."""
    fields: list[Any] = [
        item.id,
        item.title,
        dict(item.texts),
        dict(item.attributes),
        item.image,
        item.audio,
        item.available_from,
        item.available_until,
        item.hidden,
        item.more_images,
        {name: b64encode(vector).decode() for name, vector in item.vectors.items()},
    ]
    while fields[-1] is None or fields[-1] is False or fields[-1] in ({}, ()):
        fields.pop()
    return _pack_text(json.dumps(fields, ensure_ascii=False, separators=(",", ":")))


def unpack_item(content: bytes) -> Item:
    """The inverse of `pack_item`."""
    fields = json.loads(unpack_text(content))
    if len(fields) > 3:
        fields[3] = {name: tuple(values) for name, values in fields[3].items()}
    if len(fields) > 9:
        fields[9] = tuple(fields[9])
    if len(fields) > 10:
        fields[10] = {name: b64decode(vector) for name, vector in fields[10].items()}
    return Item(*fields)

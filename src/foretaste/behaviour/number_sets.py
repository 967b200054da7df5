"""In: numbers of events, or revisions of items. Out: a few bytes for them, and the numbers again.

What an import brings is mostly one run of numbers after another, and a million of them that are
scattered take some two megabytes.
"""

import zlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
"""[n], ascending, each once."""
NO_NUMBERS: Numbers = np.empty(0, np.int64)


def number_set(numbers: Iterable[int]) -> Numbers:
    """These numbers, each once."""
    return np.unique(np.fromiter(numbers, np.int64))


def runs_of(numbers: Numbers) -> list[tuple[int, int]]:
    """(first, last) of each run of numbers that follow one another."""
    if not numbers.size:
        return []
    breaks = np.flatnonzero(np.diff(numbers) != 1)
    firsts = numbers[np.concatenate(([0], breaks + 1))]
    lasts = numbers[np.concatenate((breaks, [numbers.size - 1]))]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def pack_numbers(numbers: Numbers) -> bytes | None:
    """The runs as bytes: where each begins after the end of the one before, and its length. None
    for no numbers.
    """
    runs = np.array(runs_of(numbers), np.int64).reshape(-1, 2)
    if not runs.size:
        return None
    firsts, lasts = runs.T
    gaps = np.diff(firsts, prepend=0)
    gaps[1:] -= lasts[:-1] - firsts[:-1]
    return zlib.compress(np.stack((gaps, lasts - firsts)).astype("<i8").tobytes(), 1)


def unpack_numbers(packed: bytes | None) -> Numbers:
    """The numbers of `pack_numbers`."""
    if packed is None:
        return NO_NUMBERS
    gaps, lengths = np.frombuffer(zlib.decompress(packed), "<i8").reshape(2, -1)
    firsts = np.cumsum(gaps) + np.concatenate(([0], np.cumsum(lengths)[:-1]))
    counts = lengths + 1
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(np.repeat(firsts, counts) + offsets, np.int64)

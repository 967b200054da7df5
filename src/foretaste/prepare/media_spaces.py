"""In: items, and what looks at their pictures. Out: the spaces of their pictures and vectors."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from foretaste.domain.arrays import QuantizedVectors, Vectors
from foretaste.domain.data import Floats, Item
from foretaste.domain.media import (
    OWN_PREFIX,
    MediaFailure,
    MediaSpace,
    vector_numbers,
)
from foretaste.prepare.catalogue_builder import ITEMS_PER_READ, MAX_FULL_PRECISION_ITEMS

NUMBER_BYTES = 4


@dataclass(frozen=True)
class ItemMedia:
    """What items are besides words."""

    spaces: tuple[MediaSpace, ...] = ()
    failures: tuple[MediaFailure, ...] = ()
    unread: tuple[str, ...] = ()
    """Items with pictures that were left for later."""


ReadMedia = Callable[[Sequence[Item], Sequence[MediaSpace] | None], ItemMedia]
"""(items, spaces that there are; None finds them out) → the rows of these items in each space."""


def NO_MEDIA(items: Sequence[Item], spaces: Sequence[MediaSpace] | None) -> ItemMedia:  # noqa: N802
    """Nothing but words."""
    return ItemMedia()


def own_spaces(items: Sequence[Item], spaces: Sequence[MediaSpace] | None = None) -> ItemMedia:
    """The vectors that items bring along. spaces: those there are; None: by the columns of the
    items, each of the width that most of its vectors have.
    """
    if spaces is None:
        widths = _usual_widths(items)
    else:
        widths = {
            space.name.removeprefix(OWN_PREFIX): space.vectors.shape[1]
            for space in spaces
            if space.name.startswith(OWN_PREFIX)
        }
    own, failures = [], []
    for column, width in widths.items():
        blocks, wrong = _own_rows(items, column, width)
        own.append(MediaSpace(f"{OWN_PREFIX}{column}", f"own:{width}", blocks))
        failures += wrong
    return ItemMedia(tuple(own), tuple(failures))


def _usual_widths(items: Sequence[Item]) -> Mapping[str, int]:
    counts: dict[str, Counter[int]] = {}
    for item in items:
        for column, content in item.vectors.items():
            counts.setdefault(column, Counter())[len(content) // NUMBER_BYTES] += 1
    return {column: widths.most_common(1)[0][0] for column, widths in sorted(counts.items())}


def _own_rows(items: Sequence[Item], column: str, width: int) -> tuple[Vectors, list[MediaFailure]]:
    """[items, width], of length 1."""
    failures: list[MediaFailure] = []

    def block(part: Sequence[Item]) -> Floats:
        rows = np.zeros((len(part), width), np.float32)
        for row, item in enumerate(part):
            content = item.vectors.get(column)
            if content is None:
                continue
            if len(content) != NUMBER_BYTES * width:
                size = len(content) // NUMBER_BYTES
                reason = f"it has {size} numbers, and most of its column have {width}"
                failures.append(MediaFailure(item.id, column, reason))
                continue
            numbers = vector_numbers(content)
            rows[row] = numbers / max(float(np.linalg.norm(numbers)), 1e-12)
        return rows

    if len(items) <= MAX_FULL_PRECISION_ITEMS:
        return block(items), failures
    starts = range(0, len(items), ITEMS_PER_READ)
    parts = (block(items[start : start + ITEMS_PER_READ]) for start in starts)
    return QuantizedVectors.from_blocks(parts, len(items)), failures


def joined(*media: ItemMedia) -> ItemMedia:
    """All of it."""
    return ItemMedia(
        tuple(space for part in media for space in part.spaces),
        tuple(failure for part in media for failure in part.failures),
        tuple(name for part in media for name in part.unread),
    )

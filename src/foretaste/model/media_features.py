"""What items are besides words, as the sequence network reads it: a catalogue in, rows out.

Of each space the directions in which its vectors differ most (`MediaProjection`), less their mean,
side by side. An item without a picture, clip or vector has zeros in that place: it is taken for the
average of those that have one, and what the network makes of it is what its words and its takers
say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from foretaste.domain.arrays import GrowingArray
from foretaste.domain.data import Catalogue, Floats
from foretaste.domain.media import MediaSpace
from foretaste.domain.ports import StateArrays
from foretaste.model.index.base import float_rows, rows_dtype
from foretaste.model.media_projection import MediaProjection, fit_projection

ITEMS_PER_READ = 4096
"""Items whose vectors are turned at a time."""
STATE_PREFIX = "spaces."
"""Begins the names of what is kept of the spaces in a version."""


@dataclass(frozen=True)
class MediaFeatures:
    """How the vectors of each space become numbers of one row an item."""

    spaces: tuple[tuple[str, str, MediaProjection], ...]
    """(name, fingerprint, projection)"""

    @classmethod
    def fit(cls, catalogue: Catalogue, dim: int) -> Self | None:
        """None where no items have vectors. dim: directions of a space, at most."""
        spaces = []
        for space in catalogue.media:
            projection = fit_projection(space.vectors, dim) if space.has_vectors else None
            if projection is not None:
                spaces.append((space.name, space.fingerprint, projection))
        return cls(tuple(spaces)) if spaces else None

    @property
    def width(self) -> int:
        """Numbers of an item."""
        return sum(projection.directions.shape[1] for _, _, projection in self.spaces)

    def rows(self, catalogue: Catalogue, items: Sequence[int] | range) -> Floats:
        """[items, width]. Vectors of another encoder than were fitted on are not read."""
        spaces = {(space.name, space.fingerprint): space for space in catalogue.media}
        rows = np.zeros((len(items), self.width), np.float32)
        for start in range(0, len(items), ITEMS_PER_READ):
            chunk = np.array(items[start : start + ITEMS_PER_READ], np.int32)
            first = 0
            for name, fingerprint, projection in self.spaces:
                last = first + projection.directions.shape[1]
                space = spaces.get((name, fingerprint))
                if space is not None:
                    rows[start : start + len(chunk), first:last] = _deviations(
                        space, projection, chunk
                    )
                first = last
        return rows

    def arrays(self) -> StateArrays:
        """What to write down."""
        return {
            f"{STATE_PREFIX}{number}.{name}": array
            for number, (_, _, projection) in enumerate(self.spaces)
            for name, array in projection.arrays().items()
        }

    def metadata(self) -> list[tuple[str, str]]:
        """The name and fingerprint of each space."""
        return [(name, fingerprint) for name, fingerprint, _ in self.spaces]

    @classmethod
    def from_state(cls, arrays: StateArrays, metadata: Sequence[Sequence[str]]) -> Self | None:
        """The inverse of `arrays` and `metadata`; None of a version that reads no media."""
        spaces = []
        for number, (name, fingerprint) in enumerate(metadata):
            prefix = f"{STATE_PREFIX}{number}."
            own = {
                key.removeprefix(prefix): arrays[key] for key in arrays if key.startswith(prefix)
            }
            spaces.append((name, fingerprint, MediaProjection.from_arrays(own)))
        return cls(tuple(spaces)) if spaces else None


class MediaParts:
    """What the vectors of each item add to what the network takes it for. Never changed."""

    def __init__(self, features: MediaFeatures, weights: Floats, catalogue: Catalogue) -> None:
        """weights: [width, dim], what the network learnt."""
        self._features, self._weights = features, weights
        rows = self._computed(catalogue, range(len(catalogue)))
        self._rows = GrowingArray(rows.astype(rows_dtype(len(rows)), copy=False))

    def grown(self, catalogue: Catalogue, changed: Sequence[int] | None) -> "MediaParts":
        """Of a catalogue with new and changed items; changed: None for all."""
        size = len(self._rows)
        changed = range(size) if changed is None else sorted(changed)
        parts = type(self).__new__(type(self))
        parts._features, parts._weights = self._features, self._weights
        parts._rows = self._rows.appended(self._computed(catalogue, range(size, len(catalogue))))
        parts._rows = parts._rows.replaced(changed, self._computed(catalogue, changed))
        return parts

    def __getitem__(self, items: Any) -> Floats:
        """[items, dim]"""
        return float_rows(self._rows.rows, items)

    def _computed(self, catalogue: Catalogue, items: Sequence[int] | range) -> Floats:
        return self._features.rows(catalogue, items) @ self._weights


def _deviations(space: MediaSpace, projection: MediaProjection, items: Any) -> Floats:
    """[items, directions], about the mean; 0 of an item without a vector."""
    return projection.rows(float_rows(space.vectors, items)) - projection.mean_row

"""In: the vectors of a modality. Out: how they are moved and turned before they are compared."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from foretaste.domain.arrays import ROWS_PER_CHUNK, Vectors, nonzero_rows
from foretaste.domain.data import Floats
from foretaste.domain.ports import StateArrays

MAX_FITTED_ROWS = 50_000
"""Vectors that the directions are found from, at most."""
VARIANCE_EXPONENT, SHRINKAGE = 0.25, 0.3
"""Each direction is divided by its variance, with so much of the mean variance added, to this
power: 0 would leave it as it is, 0.5 make all directions alike."""


@dataclass(frozen=True)
class MediaProjection:
    """The mean goes to zero, the directions of greatest variance (PCA) are kept, and those in which
    vectors differ much are made shorter: what all pictures or clips of a catalogue differ in, such
    as brightness, would else hide what tells two of them apart (partial whitening).
    """

    center: Floats
    """[space's dim]"""
    directions: Floats
    """[space's dim, dim], orthogonal; of versions from before there was whitening of length 1."""
    mean_row: Floats
    """[dim], of the rows that it was fitted on; what an item without a vector has."""

    def rows(self, vectors: Floats) -> Floats:
        """[items, space's dim] → [items, dim], of length 1; of a zero vector the mean row."""
        is_present = np.asarray(vectors.any(axis=1))
        rows = (vectors - self.center) @ self.directions
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        rows = np.where(is_present[:, None], rows / np.maximum(lengths, 1e-9), self.mean_row)
        return np.asarray(rows, np.float32)

    def arrays(self) -> StateArrays:
        """What to write down."""
        names = ("center", "directions", "mean_row")
        return {name: np.ascontiguousarray(getattr(self, name)) for name in names}

    @classmethod
    def from_arrays(cls, arrays: StateArrays) -> Self:
        """The inverse of `arrays`."""
        return cls(arrays["center"], arrays["directions"], arrays["mean_row"])


def fit_projection(vectors: Vectors, dim: int) -> MediaProjection | None:
    """None where fewer than two items have a vector, or all of them the same.

    dim: directions that are main_directions, at most.
    """
    present_rows = np.flatnonzero(nonzero_rows(vectors))
    if len(present_rows) < 2:
        return None
    step = -(-len(present_rows) // MAX_FITTED_ROWS)
    sample = np.asarray(vectors[present_rows[::step]], np.float32)
    center = sample.mean(axis=0)
    deviations = sample - center
    if not np.abs(deviations).max() > 1e-6:
        return None
    covariance = (deviations.T @ deviations).astype(np.float64)
    variances, directions = np.linalg.eigh(covariance)  # the greatest last
    variances = np.maximum(variances[::-1][:dim], 0)
    scales = (variances / variances.mean() + SHRINKAGE) ** -VARIANCE_EXPONENT
    main_directions = np.ascontiguousarray(directions[:, ::-1][:, :dim] * scales, np.float32)
    n_directions = main_directions.shape[1]
    projection = MediaProjection(center, main_directions, np.zeros(n_directions, np.float32))
    row_sum = np.zeros(n_directions, np.float64)
    for start in range(0, len(present_rows), ROWS_PER_CHUNK):
        chunk = np.asarray(vectors[present_rows[start : start + ROWS_PER_CHUNK]], np.float32)
        row_sum += projection.rows(chunk).sum(axis=0, dtype=np.float64)
    mean_row = (row_sum / len(present_rows)).astype(np.float32)
    return MediaProjection(center, main_directions, mean_row)

"""Vectors for the tests of indexes."""

import numpy as np

from foretaste.domain.data import Floats

ITEMS, DIM = 6000, 96


def clustered(items: int = ITEMS, seed: int = 0) -> Floats:
    """[items, DIM] around 60 centres, of length 1."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(1).normal(size=(60, DIM))
    rows = centres[rng.integers(60, size=items)] + 0.6 * rng.normal(size=(items, DIM))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

"""What an item is taken for that nobody taught: texts in, the mean identity of the nearest out."""

import numpy as np
import numpy.typing as npt

from foretaste.domain.arrays import Array, Vectors
from foretaste.domain.data import Floats
from foretaste.model.index.base import is_exhaustive

NEIGHBOURS_PER_NEW_ITEM, NEIGHBOUR_TEMPERATURE = 10, 0.1
"""How many items that read alike a new one is placed among, and the temperature of the mean."""
MAX_SAMPLED_IDENTITIES = 4000
"""Learnt identities among which those nobody taught are placed in a large catalogue."""


def with_guesses(identity: Array, is_estimated: npt.NDArray[np.bool_], vectors: Vectors) -> Array:
    """The same array, with what nobody taught guessed at once.

    identity: [items, dim], written to. is_estimated: [items]. vectors: [items or more, read dim].
    """
    estimated_items = np.flatnonzero(is_estimated[: len(vectors)]).astype(np.int32)
    taught_items = np.flatnonzero(~is_estimated).astype(np.int32)
    if not is_exhaustive(len(taught_items)):  # a draw: a mean of ten nearest is a rough guess
        taught_count = min(MAX_SAMPLED_IDENTITIES, len(taught_items))
        rng = np.random.default_rng(0)
        taught_items = np.sort(rng.choice(taught_items, taught_count, replace=False))
    taught_identities, texts = identity[taught_items], vectors[taught_items]
    for start in range(0, len(estimated_items), 1024):
        chunk_items = estimated_items[start : start + 1024]
        identity[chunk_items] = mean_identities(vectors[chunk_items], texts, taught_identities)
    return identity


def mean_identities(vectors: Floats, text_vectors: Floats, identities: Floats) -> Floats:
    """→ [wanted, dim], for each the mean identity of the items with the nearest texts.

    vectors: [wanted, read dim], of length 1. text_vectors: [known, read dim]. identities: [known,
    dim].
    """
    neighbour_count = min(NEIGHBOURS_PER_NEW_ITEM, len(text_vectors))
    if not neighbour_count:
        return np.zeros((len(vectors), identities.shape[1]), np.float32)
    likeness = vectors @ text_vectors.T
    neighbour_columns = np.argpartition(-likeness, neighbour_count - 1, axis=1)[:, :neighbour_count]
    neighbour_logits = np.take_along_axis(likeness, neighbour_columns, axis=1) / np.float32(
        NEIGHBOUR_TEMPERATURE
    )
    shares = np.exp(neighbour_logits - neighbour_logits.max(axis=1, keepdims=True))
    shares *= vectors.any(axis=1, keepdims=True) / shares.sum(axis=1, keepdims=True)
    return np.einsum("wn,wnd->wd", shares, identities[neighbour_columns].astype(np.float32))

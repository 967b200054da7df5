"""What an item is taken for that nobody taught: texts in, the mean identity of the nearest out."""

import numpy as np

from foretaste.domain.data import Floats

NEIGHBOURS_PER_NEW_ITEM, NEIGHBOUR_TEMPERATURE = 10, 0.1
"""How many items that read alike a new one is placed among, and the temperature of the mean."""


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

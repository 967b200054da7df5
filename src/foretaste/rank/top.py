"""The best n: scores in, their places in order out."""

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Floats, Ints


def top_items(scores: Floats, n: int, *, hidden: npt.NDArray[np.bool_] | None = None) -> Ints:
    """The n highest of [items] that are not hidden, best first; equal scores in their order."""
    n = max(n, 0)
    item_indices = np.arange(len(scores)) if hidden is None else np.flatnonzero(~hidden)
    if 0 < n < len(item_indices):
        visible_scores = scores if hidden is None else scores[item_indices]
        lowest_kept_score = np.partition(visible_scores, len(visible_scores) - n)[
            len(visible_scores) - n
        ]
        item_indices = item_indices[visible_scores >= lowest_kept_score]
    order = np.argsort(-scores[item_indices], kind="stable")[:n]
    return item_indices[order].astype(np.int32)

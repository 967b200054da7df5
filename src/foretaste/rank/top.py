"""The best n: scores in, their places in order out."""

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Floats, Ints


def top(scores: Floats, n: int, *, hide: npt.NDArray[np.bool_] | None = None) -> Ints:
    """The n highest of [items] that are not hidden, best first; equal scores in their order."""
    n = max(n, 0)
    places = np.arange(len(scores)) if hide is None else np.flatnonzero(~hide)
    if 0 < n < len(places):
        shown = scores if hide is None else scores[places]
        edge = np.partition(shown, len(shown) - n)[len(shown) - n]
        places = places[shown >= edge]
    order = np.argsort(-scores[places], kind="stable")[:n]
    return places[order].astype(np.int32)

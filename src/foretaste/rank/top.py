"""The best n: scores and what is left out in, internal ids in order out."""

import numpy as np
import numpy.typing as npt

from foretaste.domain import Floats, Ints


def top(scores: Floats, n: int, *, hide: npt.NDArray[np.bool_]) -> Ints:
    """The n highest of [items] that are not hidden, best first; equal scores in catalogue order."""
    n = max(n, 0)
    places = np.flatnonzero(~hide)
    if 0 < n < len(places):
        part = np.argpartition(-scores[places], n - 1)[:n]
        edge = scores[places][part].min()
        places = places[scores[places] >= edge]
    order = np.argsort(-scores[places], kind="stable")[:n]
    return places[order].astype(np.int32)

"""Items that few have met: which they are, and the places of a list that are kept for them."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class ColdPool(NamedTuple):
    """Items that nobody has taken yet, and how many places of a list are theirs."""

    mask: npt.NDArray[np.bool_]
    """[items]"""
    share: float
    """Of the places below the first ten."""

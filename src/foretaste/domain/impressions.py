"""Impressions: what a person was shown, as events of the type `impression` say."""

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

IMPRESSION_EVENT = "impression"
"""The event type of an item that was on the screen, or of a whole list where no item is named."""


class Impressions(NamedTuple):
    """What a person was shown, oldest first."""

    item: npt.NDArray[np.int32]
    """[impressions], internal id."""
    at: npt.NDArray[np.float64]
    """[impressions], seconds since 1970."""


class ImpressionStore(Protocol):
    """What people were shown."""

    def impressions(self, user: str | None, session: str | None, n: int) -> list[tuple[str, float]]:
        """(item, when it was shown) of one person, oldest first; of more than n impressions the
        newest n. An impression of a whole list stands for each of its items.
        """

"""What share of all lists some items get. In: each list as it is served. Out: what is added to the
probability of these items in the next, so that over time they have the share they are to have.

What is added is the price of the constraint, found as lists go by: after each it is multiplied by
more than 1 where the share fell short, and by less where it did not (dual mirror descent with the
entropy; Balseiro, Lu and Mirrokni, ICML 2020). So a single list may have none of the items, and
they come where they cost least; a share that they have anyway costs nothing. A place counts by how
likely it is looked at, 1 / log2(1 + place), as in NDCG.

Each process keeps to the shares with the lists that it serves; what it has found is forgotten when
it ends, and found again within some hundred lists.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np

from foretaste.domain.data import Request
from foretaste.errors import InputError
from foretaste.rank.conditions import Condition, parse_condition
from foretaste.rank.exposure_settings import ExposureTarget
from foretaste.rank.index import FilterIndex, Mask
from foretaste.rank.probability_shift import ProbabilityShift

log = logging.getLogger(__name__)

EXPOSURE_EXPERT = "exposure"
"""Names the terms of what is added."""
FIRST_STEP, STEP = 6.0, 0.3
"""By which the logarithm of the price changes with a list, of the share that it fell short: the
first over the root of the lists so far, until it is as small as the second. Large steps find a
price within some lists, and swing so far that it costs."""
FIRST_PRICE, MIN_PRICE, MAX_PRICE = 1e-4, 1e-6, 100.0
"""Probability that is added or taken off: at first, and at the least and the most."""
MEMORY = 200.0
"""Lists over which the share that is told is an average."""


@dataclass(frozen=True, slots=True)
class ExposureState:
    """How it stands with one target."""

    name: str
    """Its filter, in words."""
    share: float
    """Of the latest lists, about the last `MEMORY`."""
    probability: float
    """What is added to that of each of its items now, below 0 taken off."""
    lists: int
    """That were served."""


class ExposurePrice:
    """What is added for one target, as lists go by."""

    def __init__(self, min_share: float | None, max_share: float | None) -> None:
        self._min_share, self._max_share = min_share, max_share
        self._floor_price = self._ceiling_price = FIRST_PRICE
        self.share, self.lists = 0.0, 0

    @property
    def probability(self) -> float:
        """What is added to that of each of its items in the next list, below 0 taken off."""
        floor_price = 0.0 if self._min_share is None else self._floor_price
        ceiling_price = 0.0 if self._max_share is None else self._ceiling_price
        return floor_price - ceiling_price

    def observe(self, share: float) -> None:
        """A list went by. share: of its attention that is of the target."""
        self.lists += 1
        self.share += (share - self.share) / min(self.lists, MEMORY)
        step = max(FIRST_STEP / self.lists**0.5, STEP)
        if self._min_share is not None:
            self._floor_price = _changed(self._floor_price, step * (self._min_share - share))
        if self._max_share is not None:
            change = step * (share - self._max_share)
            self._ceiling_price = _changed(self._ceiling_price, change)


class ExposureControl:
    """Keeps the lists of one process to the targets of the settings. Safe between threads."""

    def __init__(self, targets: Sequence[ExposureTarget]) -> None:
        self._conditions = [parse_condition(target.filter) for target in targets]
        self._prices = [ExposurePrice(target.min_share, target.max_share) for target in targets]
        self._lock = Lock()
        self._masks: tuple[FilterIndex, list[Mask | None]] | None = None

    def shifts(self, request: Request, index: FilterIndex) -> list[ProbabilityShift]:
        """What is added in the list of this request."""
        if not self._prices or not request.is_personal_list:
            return []
        masks = self._masks_of(index)
        return [
            ProbabilityShift(mask, price.probability, str(condition), EXPOSURE_EXPERT)
            for condition, price, mask in zip(self._conditions, self._prices, masks, strict=True)
            if mask is not None and price.probability
        ]

    def observe(self, request: Request, item_ids: Sequence[str], index: FilterIndex) -> None:
        """A list that was served, the best first."""
        if not self._prices or not request.is_personal_list or not item_ids:
            return
        positions, masks = index.item_indices(item_ids), self._masks_of(index)
        with self._lock:
            for price, mask in zip(self._prices, masks, strict=True):
                if mask is not None:
                    price.observe(attention_share(mask[positions]))

    def states(self) -> list[ExposureState]:
        """How it stands with each target."""
        return [
            ExposureState(str(condition), price.share, price.probability, price.lists)
            for condition, price in zip(self._conditions, self._prices, strict=True)
        ]

    def gauges(self) -> dict[str, float]:
        """The same for the metrics, of targets that lists were served for."""
        gauges = dict[str, float]()
        for state in self.states():
            if state.lists:
                gauges[f"foretaste_exposure_share:{state.name}"] = state.share
                gauges[f"foretaste_exposure_price:{state.name}"] = state.probability
        return gauges

    def _masks_of(self, index: FilterIndex) -> list[Mask | None]:
        """[items] of each target; None where no item has the attribute that it names."""
        masks = self._masks
        if masks is None or masks[0] is not index:
            masks = self._masks = index, [_mask(index, own) for own in self._conditions]
        return masks[1]


def attention_share(is_of_group: Mask) -> float:
    """Of the attention that a list gets, what its items of a group have. is_of_group: [places]."""
    attention = 1 / np.log2(np.arange(2, len(is_of_group) + 2))
    return float(attention[is_of_group].sum() / attention.sum())


def _changed(price: float, nats: float) -> float:
    return float(np.clip(price * np.exp(nats), MIN_PRICE, MAX_PRICE))


def _mask(index: FilterIndex, condition: Condition) -> Mask | None:
    try:
        return index.mask(condition)
    except InputError as error:
        log.warning("rank.exposure: %s; no share is kept of it", error)
        return None

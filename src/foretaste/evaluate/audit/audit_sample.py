"""What an audit is made of: the lists of some people, what these people took, and who they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Catalogue, Doubles, Floats, Ints, Longs

LATEST_ITEMS = 10
"""What a person took last is compared with their list: so many items at most."""


@dataclass(frozen=True, slots=True)
class AuditSample:
    """The lists that people get, beside what they took. Items are internal ids."""

    lists: Ints
    """[people, n], best first, -1 where a place is empty"""
    histories: Sequence[Ints]
    """[people], the items each took, oldest first"""
    event_counts: Doubles
    """[items], how often each was taken, by anybody"""
    catalogue: Catalogue
    available_items: int
    """Items on offer."""
    event_counts_then: Sequence[Longs] = ()
    """[people], for each of `histories` how often the item had been taken by then"""

    def __len__(self) -> int:
        return len(self.lists)

    @property
    def place_count(self) -> int:
        """Places of the lists that hold an item."""
        return int((self.lists >= 0).sum())

    def latest(self, person: int) -> Ints:
        """What a person took last."""
        return self.histories[person][-LATEST_ITEMS:]


@dataclass(frozen=True, slots=True)
class HeldOutQuality:
    """How good the lists are on takings that the model did not learn; a row a case."""

    users: Longs
    """[cases], who each case belongs to"""
    values: Doubles
    """[cases], NDCG@10"""
    history_lengths: Longs
    """[cases], items that the person had taken by then"""
    popularity_tastes: Doubles
    """[cases], mean popularity rank of what the person took before, 0 the least known item and 1
    the best known; nan without a history"""
    attributes: Mapping[str, Sequence[tuple[str, ...]]] = field(default_factory=dict)
    """Column → [cases], what is known of the person"""


def person_means(values: Sequence[npt.NDArray[np.floating] | Floats]) -> Doubles:
    """[people], the mean of each; nan for an empty one."""
    return np.array([float(np.mean(row)) if len(row) else np.nan for row in values])

"""What answers when nothing else can in time: popularity, as it was a moment ago.

In: what is live, while it is at rest. Out: a still picture of it, which can be asked while the
model is busy learning, reading new items or being replaced.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from foretaste.domain.data import Behaviour, Catalogue, Floats, Ints, Item, Term
from foretaste.model.terms import against_average
from foretaste.online.model import Live
from foretaste.rank.index import Mask, Shelf


class Stock(Protocol):
    """What lists are made of: a model's catalogue as it is now. `Live` is one."""

    @property
    def version(self) -> str: ...
    @property
    def kinds(self) -> tuple[str, ...]: ...
    @property
    def items(self) -> Mapping[str, Item]: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def shelf(self) -> Shelf: ...


class Scores(Protocol):
    """What scores items for one question. `model.scorer.Scorer` is one."""

    def row(
        self, allowed: Mask, n: int, *, also: Sequence[Mask] = (), items: Iterable[int] = ()
    ) -> Floats: ...
    def untaken(self, most: float) -> tuple[Mask | None, float]:
        """([items], which nobody has taken; the share of the lower places that is theirs)."""

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]: ...


class Popular:
    """The same scores for everyone."""

    def __init__(self, log_prob: Floats) -> None:
        self._log_prob = log_prob

    def row(
        self, allowed: Mask, n: int, *, also: Sequence[Mask] = (), items: Iterable[int] = ()
    ) -> Floats:
        """[items], log P."""
        return self._log_prob

    def untaken(self, most: float) -> tuple[Mask | None, float]:
        """Not told: all that nobody has taken are alike here."""
        return None, 0.0

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """How much more popular than the average item."""
        size = len(self._log_prob)
        return [
            against_average("popularity", float(self._log_prob[item]), size, "popularity")
            for item in items
        ]


@dataclass(frozen=True)
class Standby:
    """A still picture of what is live."""

    version: str
    kinds: tuple[str, ...]
    items: Mapping[str, Item]
    catalogue: Catalogue
    shelf: Shelf
    scores: Popular
    at: tuple[int, int]
    """(event, revision) it had come to."""

    @classmethod
    def of(cls, live: Live) -> Self:
        """As it is now; nothing may be changing it meanwhile."""
        return cls(
            version=live.version,
            kinds=live.kinds,
            items=live.items,
            catalogue=live.catalogue,
            shelf=live.shelf,
            scores=popular(live),
            at=(live.event, live.revision),
        )


def popular(live: Live) -> Popular:
    """What popularity alone says now; every item alike where the model has no such expert."""
    expert = next((one for one in live.product.experts if one.name == "popularity"), None)
    if expert is None:
        return Popular(np.zeros(len(live.catalogue), np.float32))
    return Popular(expert.log_prob([_NOBODY])[0])


_NOBODY = Behaviour(
    item=np.empty(0, np.int32),
    weight=np.empty(0, np.float32),
    kind=np.empty(0, np.int8),
    value=np.empty(0, np.float32),
    at=np.empty(0, np.float64),
)

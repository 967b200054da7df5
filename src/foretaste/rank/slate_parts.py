"""What a list is made of: quotas and boosts in, and the list that comes out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from foretaste.domain.data import Doubles, Floats, Ints, ItemSource
from foretaste.rank.index import Mask

SCORE_ONLY_POSITIONS = 10
"""Places that new items are never helped to: there the scores alone decide."""


@dataclass(frozen=True)
class QuotaLimit:
    """A quota: which kinds an item is of, and how many of each kind the list may and must have."""

    groups: Callable[[int], list[int]]
    max_count: int | None = None
    min_count: int = 0
    mask: Mask | None = None
    """[items], which are of the kind, where there is only one."""


@dataclass(frozen=True)
class ScoreBoost:
    """What a rule, or a wish of the person, adds to the score of some items."""

    mask: Mask
    nats: float
    name: str
    expert: str = "rule"
    """Whose term it is."""
    shares: Floats | None = None
    """[items], the share of the nats that each of them gets; None: all get all of them."""

    def nats_of(self, item: int) -> float:
        """What it adds to the score of an item."""
        if not self.mask[item]:
            return 0.0
        return self.nats if self.shares is None else self.nats * float(self.shares[item])

    def term_nats(self, items: Ints) -> Doubles:
        """[those items], what it adds to each; nan where it says nothing of it."""
        nats = np.full(len(items), self.nats)
        if self.shares is not None:
            nats *= self.shares[items]
        return np.where(self.mask[items], nats, np.nan)

    @property
    def row(self) -> Floats:
        """[items], what it adds to each."""
        weights = self.mask if self.shares is None else self.shares * self.mask
        return np.asarray(weights * np.float32(self.nats), np.float32)


@dataclass(frozen=True)
class Slate:
    """The list."""

    items: Ints
    positions: tuple[int, ...]
    sources: tuple[ItemSource, ...]
    propensities: tuple[float, ...]
    scores: Floats
    """Of each item, with what rules added."""
    boosts: tuple[ScoreBoost, ...] = ()
    scored_items: Ints | None = None
    """The items whose scores these have, where some are variants; None: their own."""

    @property
    def explained_items(self) -> Ints:
        """The items whose terms explain the scores."""
        return self.items if self.scored_items is None else self.scored_items

    def with_rows(self, rows: list[int]) -> "Slate":
        """The list with some of its rows, counted on without gaps."""
        first_position = self.positions[0] if self.positions else 1
        return Slate(
            self.items[rows],
            tuple(range(first_position, first_position + len(rows))),
            tuple(self.sources[row] for row in rows),
            tuple(self.propensities[row] for row in rows),
            self.scores[rows],
            self.boosts,
            None if self.scored_items is None else self.scored_items[rows],
        )


def is_cold_position(position: int, share: float) -> bool:
    """Whether a place, counted from 1, is a new item's: the last of every 1 / share."""
    lower_position = position - SCORE_ONLY_POSITIONS
    return lower_position > 0 and int(lower_position * share + 1e-9) > int(
        (lower_position - 1) * share + 1e-9
    )


def drop_unlikely(
    supply: Iterator[int], scores: Floats, min_relative_likelihood: float
) -> Iterator[int]:
    """Those at least `min_relative_likelihood` times as likely as the first."""
    min_score: float | None = None
    for item in supply:
        score = float(scores[item])
        min_score = (
            score + float(np.log(min_relative_likelihood)) if min_score is None else min_score
        )
        if score < min_score:
            return
        yield item

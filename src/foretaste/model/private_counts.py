"""In: what people took. Out: how often, with noise under which nobody can be told from it.

Of each person the counts of a table are scaled to a length of 1 at most, so that with them or
without them all cells together change by no more than that, and every cell gets normal noise
(Dwork and Roth 2014, appendix A). Of pairs of items almost all cells are empty. So noise is added
to those that are not, and those are kept that pass a threshold which a pair of one person alone
does not (`privacy_budget.pair_threshold`).

Without a budget pairs of fewer than `min_people` people are left out: k-anonymity, which says
nothing of who knows the others.
"""

from dataclasses import dataclass, field

import numpy as np

from foretaste.domain.data import Doubles, Floats, Interactions, Ints, Longs
from foretaste.domain.privacy_settings import PrivacySettings
from foretaste.model.privacy_budget import PrivacyBudget, pair_threshold

MAX_PAIRS = 100
"""Pairs of one person that are counted, those they took most often."""

Triples = list[tuple[Ints, Ints, Floats]]
"""(row, column, count), as `CountMatrix.from_triples` takes them."""


@dataclass(frozen=True)
class PrivateRelease:
    """What one training may tell of people; each table is released once."""

    settings: PrivacySettings
    budget: PrivacyBudget
    rng: np.random.Generator
    """Of the noise. Whoever can guess it can take the noise away, so no seed of the settings."""
    _item_counts: dict[int, Doubles] = field(default_factory=dict)

    def item_counts(self, interactions: Interactions, size: int) -> Doubles:
        """[items], how often each was taken: 0 where that is not above the noise, and on every
        item one standard deviation of it, so that none is impossible. The same whoever asks.
        """
        counts = self._item_counts.get(size)
        if counts is None:
            is_taken = interactions.positive_mask()
            keys = interactions.row_users()[is_taken] * size + interactions.item[is_taken]
            users, items = np.divmod(np.unique(keys), size)
            weights = _to_unit_length(users, np.ones(len(users)))
            noise = self.budget.count_noise
            exact = np.bincount(items, weights, minlength=size)
            noisy = exact + self.rng.normal(0.0, noise, size)
            counts = self._item_counts[size] = np.maximum(noisy, 0.0) + noise
        return counts

    def pairs(self, triples: Triples, owners: list[Longs], size: int) -> Triples:
        """The same with noise; only those that are of many."""
        _, rows, columns, weights = bounded_pairs(triples, owners, size, self.rng)
        cells, positions = np.unique(rows * size + columns, return_inverse=True)
        noisy = np.bincount(positions, weights, minlength=len(cells)) + self.rng.normal(
            0.0, self.budget.count_noise, len(cells)
        )
        threshold = max(pair_threshold(self.budget, MAX_PAIRS), float(self.settings.fewest_people))
        is_shown = noisy > threshold
        rows, columns = np.divmod(cells[is_shown], size)
        return [
            (rows.astype(np.int32), columns.astype(np.int32), noisy[is_shown].astype(np.float32))
        ]


def pairs_of_many(triples: Triples, owners: list[Longs], size: int, min_people: int) -> Triples:
    """Without the cells that fewer people are behind. owners: of each triple, whose it is."""
    _, rows, columns, _ = _cells(triples, owners, size)
    cells, people = np.unique(rows * size + columns, return_counts=True)
    frequent_cells = cells[people >= min_people]
    return [
        (rows[is_frequent], columns[is_frequent], counts[is_frequent])
        for rows, columns, counts in triples
        for is_frequent in [np.isin(rows.astype(np.int64) * size + columns, frequent_cells)]
    ]


def bounded_pairs(
    triples: Triples, owners: list[Longs], size: int, rng: np.random.Generator
) -> tuple[Longs, Longs, Longs, Doubles]:
    """(person, row, column, weight): of each person at most `MAX_PAIRS` cells, of 1 at most each
    and of a length of 1 together.
    """
    users, rows, columns, counts = _cells(triples, owners, size)
    order = np.lexsort((rng.random(len(users)), -counts, users))
    users, rows, columns, counts = users[order], rows[order], columns[order], counts[order]
    rank = np.arange(len(users)) - np.searchsorted(users, users)  # among the person's own
    is_counted = rank < MAX_PAIRS
    users = users[is_counted]
    weights = _to_unit_length(users, counts[is_counted])
    return users, rows[is_counted], columns[is_counted], weights


def _cells(triples: Triples, owners: list[Longs], size: int) -> tuple[Longs, Longs, Longs, Doubles]:
    """(person, row, column, count), each cell of a person once, person by person."""
    users = np.concatenate(owners).astype(np.int64)
    cells = np.concatenate([rows.astype(np.int64) * size + columns for rows, columns, _ in triples])
    counts = np.concatenate([counts for _, _, counts in triples]).astype(np.float64)
    order = np.lexsort((cells, users))
    users, cells, counts = users[order], cells[order], counts[order]
    is_first = np.ones(len(users), bool)
    is_first[1:] = (users[1:] != users[:-1]) | (cells[1:] != cells[:-1])
    sums = np.bincount(np.cumsum(is_first) - 1, counts) if len(users) else counts
    rows, columns = np.divmod(cells[is_first], size)
    return users[is_first], rows, columns, np.clip(sums, 0.0, 1.0)


def _to_unit_length(users: Longs, weights: Doubles) -> Doubles:
    """The weights of each person, cut to a length of 1."""
    lengths = np.sqrt(np.bincount(users, weights**2)) if len(users) else np.zeros(0)
    return np.asarray(weights / np.maximum(lengths, 1.0)[users])


def newest_events(interactions: Interactions, max_events: int) -> Interactions:
    """Of each person the newest so many events."""
    ends = interactions.offsets[1:][interactions.row_users()]
    return interactions.filter_rows(np.arange(interactions.event_count) >= ends - max_events)

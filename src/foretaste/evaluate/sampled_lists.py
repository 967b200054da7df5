"""Test cases and scores in; the lists that these people are shown out, for at most 2,000 cases.

A list is made as `recommend` makes it: without what the person took or refused, without what was
not on offer at that moment, equal scores in the order of the catalogue.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import (
    Catalogue,
    Doubles,
    EvaluationCases,
    Floats,
    Ints,
    Item,
    Longs,
    UserContext,
)
from foretaste.evaluate.masking import hidden_items

Mask = npt.NDArray[np.bool_]

MAX_CASES = 2000
"""Cases whose lists are made."""
LIST_LENGTH = 10
"""Items of a list."""
RECENT_ITEMS = 50
"""Items that a person took last, by which their taste is told."""
SECONDS_PER_YEAR = 365 * 86_400.0
"""No service recorded behaviour in 1970: times within it are an order and no times."""


class PriorCounts(Protocol):
    """How often items had been taken at each moment; see `prepare.streaming_counts`."""

    @property
    def positions(self) -> Longs:
        """[events], the place of each row of the histories in the order of time."""

    def events_before(self, items: Ints, at_position: Longs) -> Longs:
        """How many takings of each item, by anyone, have a smaller position."""


@dataclass(frozen=True, slots=True)
class AvailabilityWindows:
    """When each item of the catalogue may be shown."""

    hidden: Mask
    """[items]"""
    start: Doubles
    """[items], -inf where it was always there"""
    end: Doubles
    """[items], inf where it stays"""

    @classmethod
    def of(cls, items: Sequence[Item]) -> Self:
        """In the order of the catalogue."""
        starts = [-np.inf if item.available_from is None else item.available_from for item in items]
        ends = [np.inf if item.available_until is None else item.available_until for item in items]
        hidden = np.array([item.hidden for item in items], np.bool_)
        return cls(hidden, np.array(starts, np.float64), np.array(ends, np.float64))

    def available_at(self, moment: float) -> Mask:
        """[items], which may be shown at this time."""
        if moment < SECONDS_PER_YEAR:
            return ~self.hidden
        return ~self.hidden & (self.start <= moment) & (moment < self.end)


@dataclass(frozen=True, slots=True)
class ListInputs:
    """What lists are made from."""

    catalogue: Catalogue
    offers: AvailabilityWindows
    counts: PriorCounts
    """Of the histories of the test cases."""


@dataclass(frozen=True, slots=True)
class SampledLists:
    """The lists of some test cases. A place that nothing fills is -1."""

    users: Longs
    """[cases]"""
    positions: Longs
    """[cases], the moment of each in the order of all events"""
    lists: Mapping[str, Ints]
    """model → [cases, LENGTH], best first"""
    targets: Ints
    """[cases, 1], what was taken; -1 where no list could show it, such as a repeat"""
    random: Ints
    """[cases, LENGTH], drawn from all that could be shown"""
    recent: Sequence[Ints]
    """[cases], the items taken last before that moment, oldest first"""
    available: Mask
    """[items], which could be shown at one of the moments at least"""
    cases: EvaluationCases
    """Of which these are the lists"""

    def __len__(self) -> int:
        return len(self.users)

    def latest_cases(self) -> Longs:
        """[people], the last case of each person."""
        order = np.lexsort((self.positions, self.users))
        last = np.append(np.diff(self.users[order]) != 0, True)[: len(order)]
        return np.asarray(order[last])


def sampled_lists(
    scores: Callable[[list[UserContext]], Mapping[str, Floats]],
    cases: EvaluationCases,
    list_inputs: ListInputs,
    *,
    hide_seen: bool,
    seed: int = 0,
    batch_size: int = 256,
) -> SampledLists:
    """Score at most `MAX_CASES` of the cases, and put a list together for each, by each model.

    scores: behaviours → for each model [behaviours, items].
    """
    rng = np.random.default_rng(seed)
    cases = cases.sample(MAX_CASES, rng)
    lengths = cases.target_rows - cases.interactions.offsets[cases.user_indices]
    cases = cases.select(np.argsort(lengths, kind="stable"))  # a transformer pads little
    targets, available = cases.targets.copy(), np.zeros(len(list_inputs.catalogue), np.bool_)
    lists: defaultdict[str, list[Ints]] = defaultdict(list)
    random, recent = [], []
    for start in range(0, len(cases), batch_size):
        user_contexts = cases.user_contexts(start, start + batch_size)
        matrices = scores(user_contexts)
        for row, user_context in enumerate(user_contexts):
            showable = list_inputs.offers.available_at(user_context.now)
            available |= showable
            showable[hidden_items(user_context, hide_seen=hide_seen)] = False
            if not showable[targets[start + row]]:
                targets[start + row] = -1
            items = np.flatnonzero(showable)
            for model, matrix in matrices.items():
                lists[model].append(best_items(matrix[row], items))
            random.append(_random_items(items, rng))
            recent.append(user_context.consumed_items[-RECENT_ITEMS:])
    return SampledLists(
        users=cases.user_indices,
        positions=list_inputs.counts.positions[cases.target_rows],
        lists={model: np.stack(rows) for model, rows in lists.items()},
        targets=targets[:, None],
        random=np.stack(random),
        recent=recent,
        available=available,
        cases=cases,
    )


def best_items(scores: Floats, items: Longs, n: int = LIST_LENGTH) -> Ints:
    """[n], of these items those with the highest of the scores [all items], best first.

    Equal scores in the order of ids, as `rank.top` has them; -1 where there are no more items.
    """
    values = scores[items]
    if n < len(items):
        lowest_kept_score = np.partition(values, len(items) - n)[len(items) - n]
        items, values = items[values >= lowest_kept_score], values[values >= lowest_kept_score]
    best = items[np.argsort(-values, kind="stable")[:n]]
    return np.pad(best, (0, n - len(best)), constant_values=-1).astype(np.int32)


def _random_items(items: Longs, rng: np.random.Generator) -> Ints:
    """[LENGTH], any of these items, each as likely."""
    if not len(items):
        return np.full(LIST_LENGTH, -1, np.int32)
    return items[rng.integers(len(items), size=LIST_LENGTH)].astype(np.int32)

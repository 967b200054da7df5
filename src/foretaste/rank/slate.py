"""The draft of a list: scores, what may not be shown and what is wanted in, the list out.

Rules write what they want into the draft; `build_slate` then fills the places, once:

1. pinned places, places where a floor would have too few, and places spread over the list for
   promotions;
2. below the first ten, a share of the places for items that nobody has taken yet, the best first;
3. all others from the best score down, or in the order that diversity gives, within the quotas;
4. where exploration is on, each of those others keeps its item with probability 1 - ε and else gets
   one drawn from further down.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import get_args

import numpy as np

from foretaste.domain.cold_pool import ColdPool
from foretaste.domain.data import Floats, Ints, ItemSource
from foretaste.domain.request import FillSource
from foretaste.rank.candidate_supply import FIRST_BATCH_ITEMS, candidate_supply, iterate_best
from foretaste.rank.exploration import Exploration
from foretaste.rank.floors import FloorCounts, PrefixFloor
from foretaste.rank.index import FilterIndex, Mask
from foretaste.rank.own_mix import OwnMix
from foretaste.rank.probability_shift import ProbabilityShift, shift_boosts
from foretaste.rank.slate_parts import SCORE_ONLY_POSITIONS as SCORE_ONLY_POSITIONS
from foretaste.rank.slate_parts import QuotaLimit as QuotaLimit
from foretaste.rank.slate_parts import ScoreBoost as ScoreBoost
from foretaste.rank.slate_parts import Slate as Slate
from foretaste.rank.slate_parts import is_cold_position as is_cold_position
from foretaste.rank.variant_groups import VariantGroups

FILL_SOURCES: tuple[FillSource, ...] = get_args(FillSource)
"""What brought an item that the list would not have into a place that was left."""
UNEXPLORED_POSITIONS = 5
"""The first places of a list, which the exploration of the settings leaves to the scores."""


@dataclass
class SlateDraft:
    """What is wanted of one list."""

    scores: Floats
    """[items]; not changed."""
    hidden: Mask
    """[items], what may not be shown."""
    never_shown: Mask
    """[items], what may not be shown even where it is pinned."""
    index: FilterIndex
    n: int
    offset: int = 0
    """Places that earlier pages have."""
    diversity: float = 0.0
    own_mix: OwnMix | None = None
    """What the list is to keep to; with it there is no other diversity."""
    min_relative_likelihood: float = 0.0
    exploration_rate: float = 0.0
    unexplored_positions: int = 0
    """The first places, which chance leaves alone."""
    exploration_pool: int = 100
    """Items further down that exploration draws from."""
    boosts: list[ScoreBoost] = field(default_factory=list)
    shifts: list[ProbabilityShift] = field(default_factory=list)
    """What is added to probabilities, once there are scores."""
    pins: dict[int, int] = field(default_factory=dict)
    """Place in the list → item."""
    limits: list[QuotaLimit] = field(default_factory=list)
    exclusive_pairs: list[tuple[Mask, Mask]] = field(default_factory=list)
    """([items], [items]) that are not in one list."""
    promotions: list[tuple[Mask, float]] = field(default_factory=list)
    """(which items, percent of the places)"""
    floors: list[PrefixFloor] = field(default_factory=list)

    groups: VariantGroups | None = None
    """Of which one variant each is in the list; None where nothing is a variant."""
    scored_items: Ints | None = None
    """[items], the item whose score each has, once variants were chosen."""
    shown_items: tuple[int, ...] = ()
    """Items that the list has already, before these places."""
    cold_pools: tuple[ColdPool, ...] = ()
    """Items that nobody has taken yet, with their places; the first pool chooses first."""

    @property
    def items_to_score(self) -> int:
        """Items from the best down that a list may need to look at, about."""
        return self.offset + max(FIRST_BATCH_ITEMS, 4 * self.n) + self.exploration_pool

    @property
    def rule_masks(self) -> list[Mask]:
        """Of each rule that wants some items, which."""
        minimum_masks = [
            limit.mask for limit in self.limits if limit.min_count and limit.mask is not None
        ]
        boosted_masks = [boost.mask for boost in self.boosts if boost.nats > 0]
        boosted_masks += [shift.mask for shift in self.shifts if shift.probability > 0]
        floor_masks = [floor.mask for floor in self.floors]
        promoted_masks = [mask for mask, _ in self.promotions]
        return [*minimum_masks, *boosted_masks, *promoted_masks, *floor_masks]

    def add_boost(self, mask: Mask, nats: float, name: str, *, expert: str = "rule") -> None:
        """Add to the score of some items."""
        self.add_score_boost(ScoreBoost(mask, nats, name, expert))

    def add_score_boost(self, boost: ScoreBoost) -> None:
        """The same, of some items more than of others."""
        self.boosts.append(boost)
        self.scores = np.asarray(self.scores + boost.row, np.float32)

    @property
    def scorable(self) -> Mask:
        """[items], whose scores are needed."""
        return ~self.hidden if self.groups is None else self.groups.scorable(~self.hidden)

    def add_scores(self, scores: Floats) -> None:
        """Add the model's [items], -inf for what is not to be shown; of variants one is chosen."""
        if self.groups is not None:
            pinned = self.pins.values()
            chosen = self.groups.choose(scores, self.scores, self.hidden, pinned)
            scores, self.hidden, self.scored_items = (
                chosen.scores,
                chosen.hidden,
                chosen.scored_items,
            )
            self.cold_pools = tuple(
                ColdPool(pool.mask[self.scored_items], pool.share) for pool in self.cold_pools
            )
        unscored = scores == -np.inf
        self.hidden = np.logical_or(self.hidden, unscored, out=unscored)
        self.scores = self.scores + scores if self.boosts else scores
        for boost in shift_boosts(self.shifts, self.scores):
            self.add_score_boost(boost)

    def build_slate(self, rng: Callable[[], np.random.Generator]) -> Slate:
        """The list; `rng` is asked only if something is drawn."""
        filler = SlateFiller(self)
        filler.fill()
        filler.meet_minimums()
        exploration = filler.exploration(rng) if self.exploration_rate > 0 else None
        filled_positions = sorted(filler.item_at)
        items = [filler.item_at[position] for position in filled_positions]
        sources = [filler.source_at[place] for place in filled_positions]
        propensities = [1.0] * len(filled_positions)
        for row, place in enumerate(filled_positions):
            if exploration is not None and sources[row] == "model":
                items[row], sources[row], propensities[row] = exploration.draw_item(
                    place, items[row]
                )
        slate_items = np.array(items, np.int32)
        # counted on without gaps: a pin past the end of a short list is its last
        positions = tuple(range(self.offset + 1, self.offset + len(items) + 1))
        scores = self.scores[slate_items]
        return Slate(
            slate_items,
            positions,
            tuple(sources),
            tuple(propensities),
            scores,
            tuple(self.boosts),
            None if self.scored_items is None else self.scored_items[slate_items],
        )


class SlateFiller:
    """The places of a list as they are filled."""

    def __init__(self, draft: SlateDraft) -> None:
        self._draft = draft
        self.item_at: dict[int, int] = {}
        self.source_at: dict[int, ItemSource] = {}
        self.used_items: set[int] = set()
        self._counts: list[Counter[int]] = [Counter() for _ in draft.limits]
        self._exclusion_counts: list[list[int]] = [[0, 0] for _ in draft.exclusive_pairs]
        self._floor_counts = FloorCounts(draft.floors)
        for item in draft.shown_items:
            self.used_items.add(item)
            self._count_item(item)
        self.supply = candidate_supply(draft)
        self._cold_supplies = [
            (iterate_best(draft, ~mask), share) for mask, share in draft.cold_pools
        ]

    def fill(self) -> None:
        """Every place, from the first to the last."""
        draft = self._draft
        positions = range(draft.offset + 1, draft.offset + draft.n + 1)
        pins = self._valid_pins(positions)
        promotion_supplies = self._promotion_supplies(
            [position for position in positions if position not in pins]
        )
        self.used_items.update(pins.values())
        for place in positions:
            if place in pins:
                self._put_item(place, pins[place], "pinned", counted=True)
                continue
            next_item = self._floor_item(place - draft.offset + len(draft.shown_items))
            if next_item is not None:
                self._put_item(place, next_item, "promoted")
                continue
            next_item = (
                self._next_item(promotion_supplies[place]) if place in promotion_supplies else None
            )
            if next_item is not None:
                self._put_item(place, next_item, "promoted")
                continue
            next_item = self._cold_item(place)
            if next_item is not None:
                self._put_item(place, next_item, "new")
                continue
            next_item = self._next_item(self.supply)
            if next_item is not None:
                self._put_item(place, next_item, "model")

    def _valid_pins(self, positions: range) -> dict[int, int]:
        """Place → item, each item once."""
        pins: dict[int, int] = {}
        for position, item in sorted(self._draft.pins.items()):
            is_valid = (
                position in positions
                and not self._draft.never_shown[item]
                and item not in pins.values()
            )
            if is_valid and self._respects_exclusions(item):
                pins[position] = item
                self._count_item(item)
        return pins

    def _promotion_supplies(self, free_positions: list[int]) -> dict[int, Iterator[int]]:
        """Place → the items that may take it, places evenly among those that are free."""
        supply_by_position: dict[int, Iterator[int]] = {}
        draft = self._draft
        for mask, percent in draft.promotions:
            count = min(int(draft.n * percent / 100 + 0.5), len(free_positions))
            supply = iterate_best(draft, ~mask)
            promoted_positions = [
                free_positions[int((promotion_number + 0.5) * len(free_positions) / count)]
                for promotion_number in range(count)
            ]
            supply_by_position |= dict.fromkeys(promoted_positions, supply)
            free_positions = [
                position for position in free_positions if position not in supply_by_position
            ]
        return supply_by_position

    def _cold_item(self, place: int) -> int | None:
        """The next item that nobody has taken, where the place is for such items."""
        for supply, share in self._cold_supplies:
            item = self._next_item(supply) if is_cold_position(place, share) else None
            if item is not None:
                return item
        return None

    def _next_item(self, supply: Iterator[int]) -> int | None:
        """The next item that is not in the list and that the quotas allow."""
        return next(
            (item for item in supply if item not in self.used_items and self.is_allowed(item)), None
        )

    def _floor_item(self, place: int) -> int | None:
        """The best item that no floor lacks with it, else that the first of them does not; None
        where none lacks any.
        """
        masks = [floor.mask for floor in self._floor_counts.lacking(place)]
        for wanted in ([np.logical_and.reduce(masks)] if len(masks) > 1 else []) + masks[:1]:
            item = self._next_item(iterate_best(self._draft, ~wanted))
            if item is not None:
                return item
        return None

    def is_allowed(self, item: int) -> bool:
        """Whether one more of its kinds is allowed, beside what is there."""
        return self._respects_exclusions(item) and all(
            limit.max_count is None
            or all(counts[kind] < limit.max_count for kind in limit.groups(item))
            for limit, counts in zip(self._draft.limits, self._counts, strict=True)
        )

    def _respects_exclusions(self, item: int) -> bool:
        """Whether nothing is there that it must be kept apart from."""
        return not any(
            (first_mask[item] and second_count) or (second_mask[item] and first_count)
            for (first_mask, second_mask), (first_count, second_count) in zip(
                self._draft.exclusive_pairs, self._exclusion_counts, strict=True
            )
        )

    def _put_item(
        self, position: int, item: int, source: ItemSource, *, counted: bool = False
    ) -> None:
        self.item_at[position], self.source_at[position] = item, source
        self.used_items.add(item)
        if not counted:
            self._count_item(item)

    def _count_item(self, item: int, change: int = 1) -> None:
        for limit, counts in zip(self._draft.limits, self._counts, strict=True):
            for kind in limit.groups(item):
                counts[kind] += change
        self._floor_counts.add(item, change)
        for (first_mask, second_mask), pair_counts in zip(
            self._draft.exclusive_pairs, self._exclusion_counts, strict=True
        ):
            pair_counts[0] += change * bool(first_mask[item])
            pair_counts[1] += change * bool(second_mask[item])

    def meet_minimums(self) -> None:
        """Where a quota asks for more than came by itself, the lowest others make room."""
        draft = self._draft
        for limit, counts in zip(draft.limits, self._counts, strict=True):
            if limit.mask is None or counts[0] >= limit.min_count:
                continue
            supply = iterate_best(draft, ~limit.mask)
            for position in sorted(self.item_at, reverse=True):
                if counts[0] >= limit.min_count:
                    break
                removed_item = self.item_at[position]
                if self.source_at[position] != "model" or self._is_needed(removed_item):
                    continue
                self._count_item(removed_item, -1)
                item = self._next_item(supply)
                if item is None:
                    self._count_item(removed_item)
                    break
                self._put_item(position, item, "model")

    def _is_needed(self, item: int) -> bool:
        """Whether a quota or a floor would miss it."""
        return self._floor_counts.protects(item) or any(
            limit.min_count and limit.groups(item) and counts[0] <= limit.min_count
            for limit, counts in zip(self._draft.limits, self._counts, strict=True)
        )

    def is_constrained(self, item: int) -> bool:
        """Whether a quota, a floor, or a pair that is kept apart, speaks of it at all."""
        has_exclusion = any(
            first_mask[item] or second_mask[item]
            for first_mask, second_mask in self._draft.exclusive_pairs
        )
        is_counted = has_exclusion or self._floor_counts.protects(item)
        return is_counted or any(limit.groups(item) for limit in self._draft.limits)

    def exploration(self, rng: Callable[[], np.random.Generator]) -> Exploration:
        """What chance puts in the place of the model's items, drawn from those that come next.

        Items that a quota speaks of are neither replaced nor drawn.
        """
        next_items = (item for item in self.supply if item not in self.used_items)
        pool = [
            item
            for item in islice(next_items, self._draft.exploration_pool)
            if not self.is_constrained(item)
        ]
        positions = [
            position
            for position, item in sorted(self.item_at.items())
            if position > self._draft.unexplored_positions
            and self.source_at[position] == "model"
            and not self.is_constrained(item)
        ]
        return Exploration(self._draft.exploration_rate, positions, pool, rng)

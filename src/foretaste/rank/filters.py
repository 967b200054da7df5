"""Filters: what may not be shown. Each takes the question and says which items it leaves out, as a
mask or as places.

A new one is one function and one line in `FILTERS`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Floats, Request, UserContext
from foretaste.domain.preference import Preference
from foretaste.rank.conditions import parse_condition
from foretaste.rank.index import FilterIndex, Mask
from foretaste.rank.index import ItemAvailability as ItemAvailability
from foretaste.rank.policy import Policy, PolicyContext
from foretaste.rank.preference_effects import withheld_items
from foretaste.rank.resuming import NO_PROGRESS, WatchProgress
from foretaste.rank.series import SeriesOrder
from foretaste.rank.slate_parts import ScoreBoost

ItemIndices = npt.NDArray[np.integer]
"""Internal ids."""
NO_ITEMS: ItemIndices = np.empty(0, np.int32)


@dataclass(frozen=True)
class TradeLimits:
    """What a trade asks of one list; see `trade_settings`."""

    due_items: ItemIndices = field(default_factory=lambda: NO_ITEMS)
    """What the person took and would take again now."""
    early_items: ItemIndices = field(default_factory=lambda: NO_ITEMS)
    """What the person took too short a time ago to take it again."""
    sold_out: Mask | None = None
    """[items], of which none is there; None where nothing says it."""
    outdated: Mask | None = None
    """[items], which came too long ago; None where there is no limit."""
    other_parts: Mask | None = None
    """[items], the parts of series that do not come next; None where there are no series."""
    extras: Mask | None = None
    """[items], trailers and the like; None where there are none, or they are asked for."""
    boosts: tuple[ScoreBoost, ...] = ()
    series: SeriesOrder | None = None
    progress: WatchProgress = NO_PROGRESS
    """How far the person got with what they began."""


@dataclass(frozen=True)
class FilterContext:
    """All that a filter may look at."""

    request: Request
    user_context: UserContext
    index: FilterIndex
    hide_seen: bool
    now: float
    """When the answer is shown."""
    earlier_item_ids: tuple[str, ...] = ()
    """Items on the pages before this one."""
    preferences: tuple[Preference, ...] = ()
    """What the person asked for, once and for all."""
    policy: Policy | None = None
    """What the operator will not have."""
    kind_mask: Mask | None = None
    """[items], the only ones that a list of the kind asked for has; None for all."""
    popularity: Callable[[], Floats] | None = None
    """→ [items], the log-likelihood of each for anybody."""
    trade: TradeLimits = TradeLimits()
    """What the trade asks of the list."""

    unmatched: Mask | None = None
    """[items], which have nothing of what is searched for; None where that is not known."""

    lift_curve: Sequence[Sequence[float]] = ()
    """(weight, lift): how popular lists are by what popularity weighs less; () if not measured."""

    @property
    def availability(self) -> ItemAvailability:
        return self.index.availability

    @property
    def policy_context(self) -> PolicyContext:
        """What a policy looks at."""
        return PolicyContext(
            self.request, self.user_context, self.preferences, self.earlier_item_ids, self.now
        )


Filter = Callable[[FilterContext], Mask | ItemIndices]


def unavailable_items(filter_context: FilterContext) -> Mask:
    """Hidden by the operator, not yet there, or no longer."""
    return filter_context.availability.unavailable(filter_context.now)


def consumed_items(filter_context: FilterContext) -> ItemIndices:
    """Taken already, also what was sent back, unless it is due again."""
    if not filter_context.hide_seen:
        return NO_ITEMS
    index, due = filter_context.index, filter_context.trade.due_items
    taken_items, returned_items = (
        filter_context.user_context.consumed_items,
        filter_context.user_context.returned_items,
    )
    if returned_items:
        taken_items = np.append(taken_items, np.array(returned_items, np.int32))
    consumed = index.with_variants(taken_items)
    return np.setdiff1d(consumed, index.with_variants(due)) if len(due) else consumed


def early_items(filter_context: FilterContext) -> ItemIndices:
    """Taken too short a time ago to be taken again."""
    return filter_context.index.with_variants(filter_context.trade.early_items)


def sold_out_items(filter_context: FilterContext) -> Mask | ItemIndices:
    """Of which none is there."""
    sold_out = filter_context.trade.sold_out
    return NO_ITEMS if sold_out is None else sold_out


def outdated_items(filter_context: FilterContext) -> Mask | ItemIndices:
    """Too old for this list."""
    outdated = filter_context.trade.outdated
    return NO_ITEMS if outdated is None else outdated


def other_parts_of_series(filter_context: FilterContext) -> Mask | ItemIndices:
    """Parts of a series of which another part comes next."""
    other_parts = filter_context.trade.other_parts
    return NO_ITEMS if other_parts is None else other_parts


def extras_of_items(filter_context: FilterContext) -> Mask | ItemIndices:
    """Trailers and the like, which belong to other items."""
    extras = filter_context.trade.extras
    return NO_ITEMS if extras is None else extras


def negative_feedback_items(filter_context: FilterContext) -> ItemIndices:
    """Hidden or disliked by this person, unless taken again since."""
    user_context = filter_context.user_context
    if not (user_context.weight < 0).any():
        return NO_ITEMS
    last_weights = dict(zip(user_context.item.tolist(), user_context.weight.tolist(), strict=True))
    refused = [item for item, weight in last_weights.items() if item >= 0 and weight < 0]
    return filter_context.index.with_variants(np.array(refused, np.int32))


def muted_items(filter_context: FilterContext) -> Mask | ItemIndices:
    """What the person wants never to be shown."""
    preferences = filter_context.preferences
    return withheld_items(filter_context.index, preferences) if preferences else NO_ITEMS


def policy_barred_items(filter_context: FilterContext) -> Mask | ItemIndices:
    """What the operator's policy will not have for this person and this question."""
    policy = filter_context.policy
    return (
        NO_ITEMS
        if policy is None
        else policy.barred_items(filter_context.index, filter_context.policy_context)
    )


def seed_items(filter_context: FilterContext) -> ItemIndices:
    """The items asked about."""
    index = filter_context.index
    return index.with_variants(np.array(index.item_indices(filter_context.request.items), np.int32))


def filter_mismatches(filter_context: FilterContext) -> Mask | ItemIndices:
    """Not what the filter of the request asks for."""
    filter_spec = filter_context.request.filter
    return ~filter_context.index.mask(parse_condition(filter_spec)) if filter_spec else NO_ITEMS


def non_candidates(filter_context: FilterContext) -> Mask | ItemIndices:
    """Not of the list that is to be put in order."""
    candidates = filter_context.request.candidates
    if candidates is None:
        return NO_ITEMS
    excluded = np.ones(len(filter_context.index), bool)
    excluded[filter_context.index.item_indices(candidates)] = False
    return excluded


def items_of_other_kinds(filter_context: FilterContext) -> Mask | ItemIndices:
    """Not what a list of the kind asked for has, e.g. not new."""
    kind_mask = filter_context.kind_mask
    return NO_ITEMS if kind_mask is None else ~kind_mask


def unmatched_items(filter_context: FilterContext) -> Mask | ItemIndices:
    """Without anything of what is searched for."""
    return NO_ITEMS if filter_context.unmatched is None else filter_context.unmatched


def earlier_page_items(filter_context: FilterContext) -> ItemIndices:
    """On an earlier page of the list."""
    index = filter_context.index
    return index.with_variants(
        np.array(index.item_indices(filter_context.earlier_item_ids), np.int32)
    )


FILTERS: tuple[Filter, ...] = (
    unavailable_items,
    sold_out_items,
    negative_feedback_items,
    policy_barred_items,
    muted_items,
    filter_mismatches,
    seed_items,
    non_candidates,
    items_of_other_kinds,
    earlier_page_items,
    outdated_items,
    early_items,
    other_parts_of_series,
    extras_of_items,
    consumed_items,
    unmatched_items,
)
SOFT_FILTERS: tuple[Filter, ...] = (
    outdated_items,
    early_items,
    other_parts_of_series,
    extras_of_items,
    consumed_items,
    unmatched_items,
)
"""Those that a pin gets past."""
HARD_FILTERS: tuple[Filter, ...] = tuple(
    candidate_filter for candidate_filter in FILTERS if candidate_filter not in SOFT_FILTERS
)
"""Those that a pin does not get past."""


FILTER_REASONS: Mapping[Filter, str] = {
    unavailable_items: "it is hidden or not on offer now",
    sold_out_items: "it is sold out",
    negative_feedback_items: "this person hid it or disliked it",
    policy_barred_items: "the operator's policy keeps it from this list",
    muted_items: "this person asked never to be shown such items",
    filter_mismatches: "the filter leaves it out",
    seed_items: "it is one of the items asked about",
    items_of_other_kinds: "a list of this kind does not have it",
    outdated_items: "it is too old for this list",
    early_items: "this person took it a short time ago",
    other_parts_of_series: "another part of its series comes first",
    extras_of_items: "it is a trailer or another extra",
}
"""In words, for a list that was to be put in order."""


def excluded_items(
    filter_context: FilterContext, filters: Sequence[Filter] = FILTERS, besides: Mask | None = None
) -> Mask:
    """[items], True for what may not be shown. besides: [items] that may not in any case."""
    results = [item_filter(filter_context) for item_filter in filters]
    masks: list[Mask] = [np.asarray(result, bool) for result in results if result.dtype == bool]
    if besides is not None:
        masks.append(besides)
    excluded = masks[0].copy() if masks else np.zeros(len(filter_context.index), bool)
    for mask in masks[1:]:
        excluded |= mask
    for items in results:
        if items.dtype != bool and len(items):
            excluded[items] = True
    return excluded

"""What a trade asks of a list. In: the settings, a question and a snapshot. Out: what comes back,
what is too early or too old, which part of each series, and what age adds to the scores.

What is the same for every question to one state of the catalogue is made once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from foretaste.domain.data import Doubles, Request, UserContext
from foretaste.online.list_kinds import arrival_times
from foretaste.online.snapshot import Snapshot
from foretaste.rank.article_numbers import NUMBER_EXPERT
from foretaste.rank.extras import asks_for_extras, extra_items
from foretaste.rank.filters import NO_ITEMS, FilterContext, ItemIndices, TradeLimits
from foretaste.rank.freshness import FRESHNESS_EXPERT, freshness_boost
from foretaste.rank.index import FilterIndex, Mask
from foretaste.rank.resuming import NO_PROGRESS, WatchProgress, watch_progress
from foretaste.rank.returning import recent_items, returning_items
from foretaste.rank.series import SeriesOrder
from foretaste.rank.settings import RankSettings
from foretaste.rank.slate_parts import ScoreBoost
from foretaste.rank.stock import sold_out_items
from foretaste.rank.variant_groups import VariantGroups

FRESHNESS_KEY, INTERVALS_KEY = "freshness_half_life", "replenish_intervals"
"""Under which the data of a model version keep what was learnt for lists."""
RETURNING_EXPERT = "returning"
"""Names the terms of what is due again."""
TRADE_EXPERTS = (FRESHNESS_EXPERT, RETURNING_EXPERT, NUMBER_EXPERT)


@dataclass(frozen=True)
class CatalogueTraits:
    """Of one state of the catalogue."""

    index: FilterIndex
    sold_out: Mask | None
    series: SeriesOrder | None
    extras: Mask | None
    intervals: Doubles
    """[items], seconds after which people take it again; nan where that is not known."""


class TradeRules:
    """What the settings ask of lists, besides scores, rules and filters."""

    def __init__(self, settings: RankSettings) -> None:
        self._settings = settings
        self._traits: CatalogueTraits | None = None
        self._is_off = (
            settings.freshness is None
            and settings.replenish is None
            and settings.series is None
            and settings.resume is None
            and settings.extras is None
            and settings.repeat_pause is None
            and settings.max_age is None
            and settings.stock_attribute is None
        )

    def limits(
        self,
        request: Request,
        context: UserContext,
        snapshot: Snapshot,
        index: FilterIndex,
        now: float,
    ) -> TradeLimits:
        """For one question. Who searches, or has a list put in order, has nothing left out but what
        is sold out.
        """
        max_age = self._settings.max_age if request.max_age is None else request.max_age
        if self._is_off and max_age is None:
            return TradeLimits()
        traits, settings = self._traits_of(snapshot, index), self._settings
        progress = self._progress(context, snapshot, traits, now)
        if request.is_search or request.candidates is not None:
            return TradeLimits(sold_out=traits.sold_out, progress=progress)
        if request.kind == "resume":  # nothing of it is too old, or taken too short a time ago
            taken = context.consumed_items
            extras = traits.extras
            return TradeLimits(taken, sold_out=traits.sold_out, extras=extras, progress=progress)
        boosts: list[ScoreBoost] = []
        outdated = other_parts = None
        due_items = early_items = NO_ITEMS
        half_life = snapshot.list_habits.get(FRESHNESS_KEY)
        if max_age is not None or half_life is not None:
            arrivals = arrival_times(snapshot.catalogue, index, now)
            if max_age is not None:
                outdated = arrivals < now - max_age
            if half_life is not None and settings.freshness is not None:
                boosts.append(freshness_boost(arrivals, now, half_life))
                boosts += _unburied(snapshot, context, now - arrivals < half_life)
        if settings.replenish is not None:
            due_items, early_items = returning_items(
                context, snapshot.kinds, traits.intervals, settings.replenish
            )
            if len(due_items):
                mask = np.zeros(len(index), bool)
                mask[due_items] = True
                nats = float(np.log(settings.replenish.boost))
                boosts.append(ScoreBoost(mask, nats, "due again", RETURNING_EXPERT))
        if settings.repeat_pause is not None:
            early_items = np.union1d(early_items, recent_items(context, settings.repeat_pause))
        if traits.series is not None:
            finished_items = progress.finished(context.consumed_items)
            available = ~index.availability.unavailable(now)
            other_parts = traits.series.parts_not_next(finished_items, available)
        return TradeLimits(
            np.union1d(due_items, self._listed_again(progress)),
            early_items,
            traits.sold_out,
            outdated,
            other_parts,
            self._unasked_extras(request, traits),
            tuple(boosts),
            traits.series,
            progress,
        )

    def _unasked_extras(self, request: Request, traits: CatalogueTraits) -> Mask | None:
        """Trailers and the like; None where there are none, or the filter speaks of them."""
        settings = self._settings.extras
        if settings is None or asks_for_extras(request, settings, traits.index):
            return None
        return traits.extras

    def _progress(
        self, context: UserContext, snapshot: Snapshot, traits: CatalogueTraits, now: float
    ) -> WatchProgress:
        """How far the person got with what they began."""
        settings = self._settings.resume
        if settings is None or not len(context):
            return NO_PROGRESS
        available = ~traits.index.availability.unavailable(now)
        return watch_progress(context, snapshot.kinds, settings, traits.series, available)

    def _listed_again(self, progress: WatchProgress) -> ItemIndices:
        """What was taken and is in lists all the same: the next part of a series that was only
        looked into, and what was begun where the settings say so.
        """
        reopened = np.array(progress.reopened_parts, np.int32)
        if self._settings.resume is None or not self._settings.resume.in_lists:
            return reopened
        return np.union1d(reopened, progress.begun_items)

    def _traits_of(self, snapshot: Snapshot, index: FilterIndex) -> CatalogueTraits:
        traits = self._traits
        if traits is None or traits.index is not index:
            series, column = self._settings.series, self._settings.stock_attribute
            extras = self._settings.extras
            traits = self._traits = CatalogueTraits(
                index,
                None if column is None else sold_out_items(index, column),
                None if series is None else SeriesOrder.of(index, series),
                None if extras is None else extra_items(index, extras),
                _interval_row(snapshot.list_habits, snapshot),
            )
        return traits


def continued(limits: TradeLimits, context: UserContext) -> TradeLimits:
    """The same for a list that goes on: nothing of what went before comes again but what is due.

    context: of what was taken.
    """
    taken_items = np.setdiff1d(context.consumed_items, limits.due_items)
    return replace(limits, early_items=np.union1d(limits.early_items, taken_items))


def _unburied(snapshot: Snapshot, context: UserContext, is_fresh: Mask) -> list[ScoreBoost]:
    """What came just now has no events because nobody had the time: it is not pushed down for it,
    as what nobody has taken for long may be.
    """
    offsets = snapshot.product.item_offsets(context)
    if offsets is None:
        return []
    event_counts = snapshot.product.event_counts()
    mask = is_fresh & (offsets < 0)
    if event_counts is not None:
        mask &= event_counts <= 0
    return [ScoreBoost(mask, 1.0, "new", FRESHNESS_EXPERT, np.asarray(-offsets, np.float32))]


def _interval_row(list_habits: Mapping[str, Any], snapshot: Snapshot) -> Doubles:
    row = np.full(len(snapshot.catalogue), np.nan)
    positions = snapshot.catalogue.index
    for item, seconds in list_habits.get(INTERVALS_KEY, {}).items():
        if item in positions:
            row[positions[item]] = seconds
    return row


def list_groups(question: FilterContext) -> VariantGroups | None:
    """Of which a list has one item each; a list of the caller's has all that they name."""
    groups, series = question.index.groups, question.trade.series
    if question.request.candidates is not None:
        return None
    return groups if series is None else series.grouped_with(groups)

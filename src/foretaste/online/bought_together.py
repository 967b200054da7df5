"""In: items that somebody looks at or has in a cart. Out: what scores what people take with them.

The counts are read from the log as it is now, so what happens is known at once and what is erased
or taken back is not. Purchases count where there are any, else whatever takes an item. Where hardly
anybody took something together with the item, what was taken with items that read like it stands
in, and last what reads like it; the reasons say so.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from foretaste.domain.data import ItemSource, Request
from foretaste.domain.patience import BESIDE, patience
from foretaste.domain.shop_store import BasketRow
from foretaste.domain.store import Store
from foretaste.model.together import (
    MIN_PEOPLE,
    TogetherScorer,
    evidence_by_item,
    nearest_by_text,
)
from foretaste.online.list_kinds import popularity_row
from foretaste.online.snapshot import Snapshot
from foretaste.rank.filters import FilterContext
from foretaste.rank.slate import Slate

PURCHASES = ("purchase", "order", "checkout", "add_to_cart")
"""Types of events that are of an order, where a shop has them."""
WINDOW_SECONDS = 3_600.0
"""Between two events of one user that are together though they name no session."""
MAX_SEED_EVENTS, MAX_LIKE_EVENTS = 500, 300
"""Of an item, and of those that read like it, the newest events that are looked at."""
LIKE_ITEMS, TEXT_ITEMS = 10, 100
ENOUGH_ITEMS = 20
"""Items with evidence of their own, from which on nothing need stand in."""
FRESH_SECONDS, MAX_KEPT = 5.0, 500
"""Seconds for which counts hold though events came in, and questions whose counts are kept."""

_Key = tuple[tuple[str, ...], int]


class Baskets(NamedTuple):
    """Who took what together with some items."""

    rows: Sequence[BasketRow]
    are_orders: bool
    """Whether it was bought, or put into a cart."""


class BasketCounts:
    """What is taken together, read from the log and kept for seconds. Safe to share."""

    def __init__(self, store: Store, event_weights: Mapping[str, float]) -> None:
        self._store = store
        self._event_types = tuple(name for name, weight in event_weights.items() if weight > 0)
        self._purchases = tuple(name for name in PURCHASES if event_weights.get(name, 0) > 0)
        self.min_people = MIN_PEOPLE
        """Of what fewer took together nothing is told."""
        self._lock = threading.Lock()
        self._rows: dict[_Key, tuple[float, int, Baskets]] = {}
        self._erasures: int | None = None

    def baskets(self, items: Sequence[str], max_events: int, now: float) -> Baskets:
        """Who took what together with these items."""
        key = (tuple(items), max_events)
        number, erasures = self._store.last_event_number(), self._store.erasure_count()
        with self._lock:
            if erasures != self._erasures:
                self._erasures, self._rows = erasures, {}
            kept = self._rows.get(key)
        if kept is not None and (kept[1] == number or 0 <= now - kept[0] < FRESH_SECONDS):
            return kept[2]
        with patience(BESIDE):
            baskets = self._read(items, max_events)
        with self._lock:
            if len(self._rows) >= MAX_KEPT:
                self._rows.clear()
            self._rows[key] = (now, number, baskets)
        return baskets

    def _read(self, items: Sequence[str], max_events: int) -> Baskets:
        for event_types in (self._purchases, self._event_types):
            if event_types:
                rows = self._store.baskets_with(items, event_types, WINDOW_SECONDS, max_events)
                if rows:
                    return Baskets(rows, are_orders=event_types is self._purchases)
        return Baskets([], are_orders=False)


def together_scorer(
    request: Request, question: FilterContext, snapshot: Snapshot, counts: BasketCounts
) -> TogetherScorer:
    """What scores a list of what goes with the items of a question."""
    catalogue, index = snapshot.catalogue, question.index
    seeds = index.item_indices(request.items)
    family = index.with_variants(np.array(seeds, np.int32)).tolist()
    popularity = popularity_row(snapshot)
    own_ids = [catalogue.ids[item] for item in family] or list(request.items)
    own_baskets = counts.baskets(own_ids, MAX_SEED_EVENTS, question.now)
    direct = evidence_by_item(own_baskets.rows, catalogue, min_people=counts.min_people)
    for item in family:
        direct.pop(item, None)
    if len(direct) >= ENOUGH_ITEMS or not seeds:
        return TogetherScorer(len(index), direct, {}, popularity, are_orders=own_baskets.are_orders)
    near, text_row = nearest_by_text(catalogue, family, TEXT_ITEMS)
    like_items = near[np.argsort(-text_row[near])][:LIKE_ITEMS].tolist()
    like_ids = [catalogue.ids[item] for item in like_items]
    like_baskets = counts.baskets(like_ids, MAX_LIKE_EVENTS, question.now)
    like = evidence_by_item(like_baskets.rows, catalogue, min_people=counts.min_people)
    like = {
        item: replace(own, seed=request.items[0])
        for item, own in like.items()
        if item not in direct and item not in family and item not in like_items
    }
    return TogetherScorer(
        len(index),
        direct,
        like,
        popularity,
        text_row,
        request.items[0],
        are_orders=own_baskets.are_orders or (not direct and like_baskets.are_orders),
    )


def with_evidence(slate: Slate, scorer: TogetherScorer) -> tuple[ItemSource, ...]:
    """The sources of a list: what only stands in says so."""
    return tuple(
        "fallback" if source == "model" and not scorer.is_evident(item) else source
        for source, item in zip(slate.sources, slate.explained_items.tolist(), strict=True)
    )

"""In: a list that is shorter than was asked for. Out: the same, filled up with items that it would
not have: taken already, not what the filter asks for, without anything of what is searched for,
popular but not of the list's own kind, or too old.

Only these are given up, in the order in which they are named. What is hidden, refused, muted or
barred is never shown, quotas and pairs that are kept apart hold for the whole list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from foretaste.domain.data import Floats
from foretaste.domain.request import FillSource
from foretaste.rank.filters import (
    FILTERS,
    Filter,
    FilterContext,
    consumed_items,
    excluded_items,
    filter_mismatches,
    items_of_other_kinds,
    outdated_items,
    unmatched_items,
)
from foretaste.rank.index import Mask
from foretaste.rank.slate import Slate, SlateDraft

FILTER_BY_SOURCE: Mapping[FillSource, Filter] = {
    "taken": consumed_items,
    "unfiltered": filter_mismatches,
    "unmatched": unmatched_items,
    "popular": items_of_other_kinds,
    "outdated": outdated_items,
}


class ScoreRow(Protocol):
    """→ [items], the scores of those worth looking at for the best n of the allowed [items]."""

    def __call__(self, allowed: Mask, n: int, /) -> Floats: ...


def _fill_sources(
    filter_context: FilterContext, default_sources: Sequence[FillSource]
) -> Sequence[FillSource]:
    """Those of the request, else the default ones: what has nothing of a search is not among them
    where what is unlikely is to be left out.
    """
    request = filter_context.request
    if request.fill_up is not None:
        return request.fill_up
    is_strict = request.min_relative_likelihood > 0
    return [source for source in default_sources if not (is_strict and source == "unmatched")]


def _hidden_items(
    source: FillSource, slate: Slate, filter_context: FilterContext, ended: set[Filter]
) -> Mask:
    """[items], what may not fill up the list from a source, once these filters are given up."""
    hidden = excluded_items(filter_context, [rule for rule in FILTERS if rule not in ended])
    hidden[filter_context.index.with_variants(slate.items)] = True
    if source == "unmatched":  # no other item that the list would not have
        unmatched = filter_context.unmatched
        hidden |= True if unmatched is None else ~unmatched
    return hidden


def fill_up(
    draft: SlateDraft,
    slate: Slate,
    filter_context: FilterContext,
    default_sources: Sequence[FillSource],
    score_row: ScoreRow,
) -> Slate:
    """The list with as many more items as there are places left. A list that is to be put in order
    is the caller's and stays as it is.

    draft: what it was made of. default_sources: for a request that does not say.
    """
    request = filter_context.request
    fill_sources = _fill_sources(filter_context, default_sources)
    if request.candidates is not None or not fill_sources or len(slate.items) >= draft.n:
        return slate
    ended = set[Filter]()
    boosts = np.zeros(len(filter_context.index), np.float32)
    for boost in draft.boosts:
        boosts += boost.row
    for source in fill_sources:
        missing = draft.n - len(slate.items)
        if missing <= 0:
            break
        ended.add(FILTER_BY_SOURCE[source])
        hidden = _hidden_items(source, slate, filter_context, ended)
        if hidden.all():
            continue
        more_draft = replace(
            draft,
            scores=boosts,
            hidden=hidden,
            n=missing,
            offset=draft.offset + len(slate.items),
            min_relative_likelihood=0.0,
            exploration_rate=0.0,
            pins={},
            promotions=[],
            cold_pools=(),
            shown_items=tuple(slate.items.tolist()),
        )
        if source == "popular" and filter_context.popularity is not None:
            more_draft.add_scores(filter_context.popularity())
        else:
            more_draft.add_scores(score_row(more_draft.scorable, draft.items_to_score))
        more = more_draft.build_slate(np.random.default_rng)
        slate = replace(
            slate,
            items=np.concatenate([slate.items, more.items]),
            positions=(*slate.positions, *more.positions),
            sources=(*slate.sources, *[source] * len(more.items)),
            propensities=(*slate.propensities, *more.propensities),
            scores=np.concatenate([slate.scores, more.scores]),
            scored_items=None
            if slate.scored_items is None or more.scored_items is None
            else np.concatenate([slate.scored_items, more.scored_items]),
        )
    return slate

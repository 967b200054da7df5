"""The order in which items come to a list: a draft in, items one after the other out."""

from collections.abc import Iterator
from itertools import islice
from typing import Protocol

from foretaste.domain.data import Floats
from foretaste.rank.diversity import rerank_for_diversity
from foretaste.rank.index import FilterIndex, Mask
from foretaste.rank.own_mix import OwnMix
from foretaste.rank.slate_parts import drop_unlikely
from foretaste.rank.top import top_items

FIRST_BATCH_ITEMS = 128
"""Items that are put in order at first; more when the rules let few of them through."""


class ScoredDraft(Protocol):
    """What the order of items depends on; see `SlateDraft`."""

    @property
    def scores(self) -> Floats: ...

    @property
    def hidden(self) -> Mask: ...

    @property
    def index(self) -> FilterIndex: ...

    @property
    def n(self) -> int: ...

    @property
    def diversity(self) -> float: ...

    @property
    def own_mix(self) -> OwnMix | None: ...

    @property
    def min_relative_likelihood(self) -> float: ...


def iterate_best(draft: ScoredDraft, excluded: Mask | None = None) -> Iterator[int]:
    """Items that may be shown, best first, of those not in `excluded`; drawn as needed."""
    hidden = draft.hidden if excluded is None else draft.hidden | excluded
    yielded_count, batch_items = 0, max(FIRST_BATCH_ITEMS, 4 * draft.n)
    while True:
        items = top_items(draft.scores, batch_items, hidden=hidden)
        yield from items[yielded_count:].tolist()
        if len(items) < batch_items:
            return
        yielded_count, batch_items = len(items), 4 * batch_items


def candidate_supply(draft: ScoredDraft) -> Iterator[int]:
    """The items in the order in which they come to the list."""
    supply = iterate_best(draft)
    if draft.min_relative_likelihood > 0:
        supply = drop_unlikely(supply, draft.scores, draft.min_relative_likelihood)
    if draft.diversity <= 0 and draft.own_mix is None:
        return supply
    return _reranked(draft, supply)


def _reranked(draft: ScoredDraft, supply: Iterator[int]) -> Iterator[int]:
    first_count = max(FIRST_BATCH_ITEMS, 4 * draft.n)
    first_items = list(islice(supply, first_count))
    vectors = draft.index.catalogue.vectors
    if draft.own_mix is not None:
        yield from draft.own_mix.rerank(first_items, draft.scores, 2 * draft.n)
        yield from supply
        return
    yield from rerank_for_diversity(
        first_items, draft.scores, vectors, strength=draft.diversity, n=2 * draft.n
    )
    yield from supply

"""Interactions in, pairs of texts that belong together out: what an encoder is tuned on.

Three sources: items that one person took near one another; searches and reviews with the item that
was taken; and items' own words, a title with the rest of its text, where a title is like a query.
All come from the histories given, so that whoever holds some back tunes without them.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from foretaste.domain.data import Interactions, Item, Longs
from foretaste.domain.ports import TextPairs

MIN_PAIRS = 100
"""Pairs, below which there is nothing to be learned."""
MAX_OWN_WORDS_SHARE = 0.2
"""At most this share of the pairs is of items' own words: they say nothing of behaviour."""

PairColumns = tuple[Longs, Longs]


def build_text_pairs(
    interactions: Interactions,
    items: Sequence[Item],
    *,
    max_pairs: int,
    window: int,
    seconds: float,
    rng: np.random.Generator,
) -> TextPairs:
    """At most `max_pairs` pairs, drawn at random; `items` are those of the catalogue, in order."""
    titles, readings = [item.title for item in items], [item.reading() for item in items]
    texts = [*readings, *interactions.texts]
    query_pairs = _query_item_pairs(interactions, seconds)
    body_texts = [replace(item, title="").reading() for item in items]
    described_items = np.arange(len(items))[[bool(body_text) for body_text in body_texts]]
    sources = [
        co_consumed_pairs(interactions, window),
        (query_pairs[0] + len(readings), query_pairs[1]),
        (described_items + len(texts), described_items + len(texts) + len(titles)),
    ]
    texts += [*titles, *body_texts]
    limits = _source_limits([len(anchors) for anchors, _ in sources], max_pairs)
    drawn_pairs = [
        _draw_pairs(source, limit, rng) for source, limit in zip(sources, limits, strict=True)
    ]
    anchors, positives = (np.concatenate(side) for side in zip(*drawn_pairs, strict=True))
    has_text = np.array([bool(text.strip()) for text in texts])
    readable = has_text[anchors] & has_text[positives]
    return _with_used_texts(texts, anchors[readable], positives[readable])


def co_consumed_pairs(interactions: Interactions, window: int) -> PairColumns:
    """(earlier, later) items that one person took at most `window` positive events apart."""
    rows = np.flatnonzero(interactions.positive_mask())
    row_users, items = interactions.row_users()[rows], interactions.item[rows].astype(np.int64)
    anchors, positives = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for distance in range(1, min(window, len(rows) - 1) + 1):
        first, second = items[:-distance], items[distance:]
        is_pair = (row_users[:-distance] == row_users[distance:]) & (first != second)
        anchors.append(first[is_pair])
        positives.append(second[is_pair])
    return np.concatenate(anchors), np.concatenate(positives)


def _query_item_pairs(interactions: Interactions, seconds: float) -> PairColumns:
    """(text, item): a review and its item; a search and the next positive event, if nothing was
    searched in between and it came within so many seconds.
    """
    positive_mask, row_users, at = (
        interactions.positive_mask(),
        interactions.row_users(),
        interactions.at,
    )
    reviewed = np.flatnonzero(positive_mask & (interactions.text >= 0))
    stops = np.flatnonzero(positive_mask | ((interactions.item < 0) & (interactions.text >= 0)))
    stop_rows, next_rows = stops[:-1], stops[1:]
    answered = (
        (~positive_mask[stop_rows])
        & positive_mask[next_rows]
        & (row_users[stop_rows] == row_users[next_rows])
    )
    answered &= at[next_rows] - at[stop_rows] <= seconds
    texts = np.concatenate([reviewed, stop_rows[answered]])
    items = np.concatenate([reviewed, next_rows[answered]])
    return interactions.text[texts].astype(np.int64), interactions.item[items].astype(np.int64)


def _source_limits(available_counts: list[int], max_pairs: int) -> list[int]:
    """How many of each source: words of behaviour first, own words up to their share."""
    co_consumed_count, query_count, own_words_count = available_counts
    own_words_count = min(own_words_count, round(MAX_OWN_WORDS_SHARE * max_pairs))
    query_count = min(
        query_count, max(max_pairs - own_words_count - min(co_consumed_count, max_pairs // 2), 0)
    )
    return [
        min(co_consumed_count, max_pairs - own_words_count - query_count),
        query_count,
        own_words_count,
    ]


def _draw_pairs(source: PairColumns, max_pairs: int, rng: np.random.Generator) -> PairColumns:
    anchors, positives = source
    if len(anchors) > max_pairs:
        sampled_pairs = np.sort(rng.choice(len(anchors), max_pairs, replace=False))
        anchors, positives = anchors[sampled_pairs], positives[sampled_pairs]
    return anchors, positives


def _with_used_texts(texts: Sequence[str], anchors: Longs, positives: Longs) -> TextPairs:
    """With each text that a pair names once, and no other."""
    index: dict[str, int] = {}
    used_texts = np.unique(np.concatenate([anchors, positives]))
    new_indices = {
        int(text_index): index.setdefault(texts[text_index], len(index))
        for text_index in used_texts
    }
    anchors, positives = (
        np.array([new_indices[int(text_index)] for text_index in side], np.int64)
        for side in (anchors, positives)
    )
    return TextPairs(tuple(index), anchors, positives)

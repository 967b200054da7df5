"""Histories in, pairs of texts that belong together out: what an encoder is tuned on.

Three sources: items that one person took near one another; searches and reviews with the item that
was taken; and items' own words, a title with the rest of its text, where a title is like a query.
All come from the histories given, so that whoever holds some back tunes without them.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from foretaste.domain.data import Histories, Item, Longs
from foretaste.domain.ports import Pairs

FEWEST = 100
"""Pairs, below which there is nothing to be learned."""
OWN_WORDS = 0.2
"""At most this share of the pairs is of items' own words: they say nothing of behaviour."""

Two = tuple[Longs, Longs]


def pairs(
    histories: Histories,
    items: Sequence[Item],
    *,
    most: int,
    window: int,
    seconds: float,
    rng: np.random.Generator,
) -> Pairs:
    """At most `most` pairs, drawn at random; `items` are those of the catalogue, in order."""
    titles, readings = [item.title for item in items], [item.reading() for item in items]
    texts = [*readings, *histories.texts]
    said = _said(histories, seconds)
    rest = [replace(item, title="").reading() for item in items]
    named = np.arange(len(items))[[bool(one) for one in rest]]
    sources = [
        together(histories, window),
        (said[0] + len(readings), said[1]),
        (named + len(texts), named + len(texts) + len(titles)),
    ]
    texts += [*titles, *rest]
    limits = _shared([len(left) for left, _ in sources], most)
    kept = [_drawn(source, limit, rng) for source, limit in zip(sources, limits, strict=True)]
    left, right = (np.concatenate(side) for side in zip(*kept, strict=True))
    some = np.array([bool(text.strip()) for text in texts])
    readable = some[left] & some[right]
    return _only_used(texts, left[readable], right[readable])


def together(histories: Histories, window: int) -> Two:
    """Items that one person took at most `window` takings apart, the earlier and the later."""
    rows = np.flatnonzero(histories.takes())
    people, items = histories.owners()[rows], histories.item[rows].astype(np.int64)
    left, right = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for apart in range(1, min(window, len(rows) - 1) + 1):
        first, second = items[:-apart], items[apart:]
        near = (people[:-apart] == people[apart:]) & (first != second)
        left.append(first[near])
        right.append(second[near])
    return np.concatenate(left), np.concatenate(right)


def _said(histories: Histories, seconds: float) -> Two:
    """(text, item): a review and its item; a search and the next taking, if nothing was searched
    in between and it came within so many seconds.
    """
    takes, people, at = histories.takes(), histories.owners(), histories.at
    reviewed = np.flatnonzero(takes & (histories.text >= 0))
    stops = np.flatnonzero(takes | ((histories.item < 0) & (histories.text >= 0)))
    one, after = stops[:-1], stops[1:]
    answered = (~takes[one]) & takes[after] & (people[one] == people[after])
    answered &= at[after] - at[one] <= seconds
    texts = np.concatenate([reviewed, one[answered]])
    items = np.concatenate([reviewed, after[answered]])
    return histories.text[texts].astype(np.int64), histories.item[items].astype(np.int64)


def _shared(found: list[int], most: int) -> list[int]:
    """How many of each source: words of behaviour first, own words up to their share."""
    near, said, own = found
    own = min(own, round(OWN_WORDS * most))
    said = min(said, max(most - own - min(near, most // 2), 0))
    return [min(near, most - own - said), said, own]


def _drawn(source: Two, most: int, rng: np.random.Generator) -> Two:
    left, right = source
    if len(left) > most:
        chosen = np.sort(rng.choice(len(left), most, replace=False))
        left, right = left[chosen], right[chosen]
    return left, right


def _only_used(texts: Sequence[str], left: Longs, right: Longs) -> Pairs:
    """With each text that a pair names once, and no other."""
    index: dict[str, int] = {}
    used = np.unique(np.concatenate([left, right]))
    places = {int(one): index.setdefault(texts[one], len(index)) for one in used}
    left, right = (np.array([places[int(one)] for one in side], np.int64) for side in (left, right))
    return Pairs(tuple(index), left, right)

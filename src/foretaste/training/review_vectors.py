"""What is read of items, and their reviews, in; one vector an item out.

The reviews of an item become the mean of their vectors. An item that says something of itself keeps
its own words in front; one of which there is nothing but reviews is what its reviews say. The more
authors there are, the more they count, up to as much as the item's own words: one hostile review
moves little, and a flood by one author is one review.
"""

from collections.abc import Sequence

import numpy as np

from foretaste.domain.data import Floats, Item
from foretaste.domain.ports import Progress, TextEncoder, no_progress
from foretaste.domain.words import words_of
from foretaste.prepare.reviews import ItemReviews

HALF_WEIGHT_AUTHORS = 3.0
"""Authors with whom the reviews of an item weigh half of what they weigh at most."""
MIN_OWN_WORDS = 6
"""Words from which on what an item says of itself weighs fully."""


def with_reviews(
    vectors: Floats,
    items: Sequence[Item],
    reviews: ItemReviews,
    encoder: TextEncoder,
    progress: Progress = no_progress,
) -> Floats:
    """[items, dim], each of length 1, or zero where there is nothing to read."""
    rows = [row for row, item in enumerate(items) if item.id in reviews]
    if not rows:
        return vectors
    texts = [review.text for row in rows for review in reviews[items[row].id]]
    read = encoder.encode(texts, progress)
    merged, start = np.array(vectors, np.float32), 0
    for row in rows:
        count = len(reviews[items[row].id])
        mean = _unit(read[start : start + count].mean(axis=0))
        own_weight = min(len(words_of(items[row].reading())) / MIN_OWN_WORDS, 1.0)
        merged[row] = _unit(
            own_weight * vectors[row] + mean * count / (count + HALF_WEIGHT_AUTHORS)
        )
        start += count
    return merged


def _unit(vector: Floats) -> Floats:
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length > 0 else vector, np.float32)

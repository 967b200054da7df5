"""Texts with a value in, such as reviews with stars; what their words say of liking out.

Naive Bayes over the words of each author: which ones come with a high worth, and which with a low
one, with one event's worth of smoothing (Manning, Raghavan, Schütze 2008, chapter 13). An author
counts once a word, whatever they write how often; a word that few authors use says nothing. How
much a sum of words says is taken from texts of authors who were left out of the count.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from foretaste.domain.data import Interactions
from foretaste.domain.event_value import ValueCurve
from foretaste.domain.opinions import OpinionWords, opinion_words
from foretaste.prepare.reviews import plain_review

MIN_TEXTS, MAX_TEXTS = 200, 20_000
"""With a value: fewer say nothing of words, and more are not needed; of these the newest."""
MIN_WORD_AUTHORS = 5
MAX_WORDS = 1_000
"""That are kept: those that move most texts most."""
N_BINS = 10
"""Groups of texts by their words, whose mean worth is taken."""
MIN_WORTH_RANGE = 0.1
"""Between the groups: below it words do not tell what was liked."""


class _Opinion(NamedTuple):
    author: int
    words: frozenset[str]
    worth: float


def review_text(interactions: Interactions, row: int) -> str:
    """The words of an event, without markup; "" where it has none."""
    text = int(interactions.text[row])
    return plain_review(interactions.texts[text]) if text >= 0 else ""


def fit_opinions(interactions: Interactions, code: int, curve: ValueCurve) -> OpinionWords | None:
    """Of the texts of one event type that have a value. None where they are too few or their words
    do not tell.

    curve: what values are worth.
    """
    opinions = _opinions(interactions, code, curve)
    halves = [[own for own in opinions if own.author % 2 == side] for side in (0, 1)]
    if len(opinions) < MIN_TEXTS or not all(halves):
        return None
    scores, worths = [], []
    for known, unknown in (halves, halves[::-1]):
        nats = _word_nats(known)
        scores += [sum(nats.get(word, 0.0) for word in sorted(own.words)) for own in unknown]
        worths += [own.worth for own in unknown]
    order = np.argsort(scores, kind="stable")
    bins = np.array_split(order, N_BINS)
    bin_scores = np.array([np.mean(np.take(scores, rows)) for rows in bins])
    bin_worths = np.maximum.accumulate([np.mean(np.take(worths, rows)) for rows in bins])
    rows = np.flatnonzero(np.diff(bin_scores, prepend=-np.inf) > 0)
    if bin_worths[-1] - bin_worths[0] < MIN_WORTH_RANGE:
        return None
    return OpinionWords(
        _word_nats(opinions),
        tuple(np.round(bin_scores[rows], 3).tolist()),
        tuple(np.round(bin_worths[rows], 3).tolist()),
    )


def _opinions(interactions: Interactions, code: int, curve: ValueCurve) -> list[_Opinion]:
    is_told = (interactions.kind == code) & (interactions.text >= 0)
    rows = np.flatnonzero(is_told & np.isfinite(interactions.value))
    rows = rows[np.argsort(interactions.at[rows], kind="stable")][-MAX_TEXTS:]
    authors, worths = interactions.row_users()[rows], curve.worth(interactions.value[rows])
    return [
        _Opinion(author, frozenset(opinion_words(review_text(interactions, row))), worth)
        for row, author, worth in zip(rows.tolist(), authors.tolist(), worths.tolist(), strict=True)
    ]


def _word_nats(opinions: Sequence[_Opinion]) -> Mapping[str, float]:
    """By word, the ones that say most."""
    worths_by_word = defaultdict[str, dict[int, list[float]]](lambda: defaultdict(list))
    for opinion in opinions:
        for word in opinion.words:
            worths_by_word[word][opinion.author].append(opinion.worth)
    liked: dict[str, float] = {}
    author_counts: dict[str, int] = {}
    for word, by_author in worths_by_word.items():
        if len(by_author) >= MIN_WORD_AUTHORS:
            author_counts[word] = len(by_author)
            liked[word] = sum((1 + float(np.mean(own))) / 2 for own in by_author.values())
    liked_total = sum(liked.values()) + len(liked)
    disliked_total = sum(author_counts.values()) - sum(liked.values()) + len(liked)
    nats = {
        word: float(
            np.log((count + 1) / liked_total)
            - np.log((author_counts[word] - count + 1) / disliked_total)
        )
        for word, count in liked.items()
    }
    telling = sorted(nats, key=lambda word: (-abs(nats[word]) * author_counts[word], word))
    return {word: round(nats[word], 3) for word in sorted(telling[:MAX_WORDS])}

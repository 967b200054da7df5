"""Aspects: the reviews of all items in; of each item what people praise and blame, with the
sentences that say so, out.

An aspect is a word that many reviews speak of as a thing: it often follows “the”, “its”, “my” and
their like, it is said of several items, and it names none of them. How a review speaks of it is
told by its stars; without stars by whether the sentence reads more like praise or like blame.
An author counts once an item, as reviews are collected so.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from foretaste.domain.data import Floats, Item
from foretaste.domain.words import BLAMED_COLUMN, PRAISED_COLUMN, words_of
from foretaste.prepare.reviews import ItemReviews

MAX_ASPECTS, MAX_ITEM_ASPECTS, MAX_SENTENCES = 60, 3, 3
MIN_ITEMS, MIN_AUTHORS = 3, 2
MIN_DETERMINER_SHARE = 0.2
"""Of the times a word is said, how often it follows a determiner where it names a thing."""
FUNCTION_WORDS, MIN_HEAD_SHARE = 50, 0.45
"""The most frequent words, and how often one of them or the end of the sentence follows a thing: a
word that another word follows mostly says how that one is."""
MIN_PRAISE_SHARE, MAX_BLAME_SHARE = 0.7, 0.5
HIGH_STARS, LOW_STARS = 0.75, 0.35
"""Of the scale that the stars have, from where on they praise and up to where they blame."""
MIN_ANCHOR_MARGIN = 0.03
"""Cosine by which a sentence without stars must be nearer to the one than to the other."""
PRAISE_ANCHORS = ("I love this, it is excellent", "very good quality, works perfectly, so happy")
BLAME_ANCHORS = (
    "I hate this, it is terrible",
    "poor quality, it broke, very disappointed, returned",
)
_DETERMINER_NAMES = (
    "the its my this their his her our your der die das dem den des sein seine ihr ihre mein "
    "meine le la les l son sa ses mon ma mes ce cette el los las su sus mi mis este esta"
)
DETERMINERS = frozenset(_DETERMINER_NAMES.split())
_GENERIC_NAMES = (
    "one ones way time times day days bit lot thing things review reviews reviewer reviewers "
    "product item items picture pictures photo photos model store online website site order money "
    "first second last next same other others only most best rest whole right left front back top "
    "bottom middle side end year years week weeks month months people person friend friends "
    "husband wife daughter son mom mother sister problem reason fact case idea point kind type "
    "sort star stars purchase world ground moment beginning"
)
GENERIC_WORDS = frozenset(_GENERIC_NAMES.split())
"""Things that reviews of anything speak of."""
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+|(?<=[。！？])")

ReadTexts = Callable[[Sequence[str]], Floats]
"""Texts → [texts, dim], of length 1."""


class Aspect(NamedTuple):
    """What people say of one thing about an item."""

    name: str
    praise: int
    """Authors who praise it."""
    blame: int
    sentences: tuple[str, ...]
    """That say so, the first of each author, each once."""

    @property
    def praise_share(self) -> float:
        """Of those who praise or blame."""
        return self.praise / max(self.praise + self.blame, 1)


def sentences_of(text: str) -> list[str]:
    """The sentences of a review."""
    return [sentence.strip() for sentence in _SENTENCE_END.split(text) if sentence.strip()]


def aspect_names(reviews: ItemReviews, items: Sequence[Item]) -> list[str]:
    """What many reviews speak of, most items first."""
    sentences = [
        (item, words)
        for item, own in reviews.items()
        for review in own
        for sentence in sentences_of(review.text)
        if (words := words_of(sentence))
    ]
    frequent = Counter(word for _, words in sentences for word in set(words))
    function_words = {"", *(word for word, _ in frequent.most_common(FUNCTION_WORDS))}
    mention_counts, after_determiner, before_function_word = (
        Counter[str](),
        Counter[str](),
        Counter[str](),
    )
    items_of = defaultdict[str, set[str]](set)
    for item, words in sentences:
        for previous, word, following in zip(["", *words], words, [*words[1:], ""], strict=False):
            if len(word) > 2 and word.isalpha():
                name = _singular(word)
                mention_counts[name] += 1
                after_determiner[name] += previous in DETERMINERS
                before_function_word[name] += following in function_words
                items_of[name].add(item)
    excluded = _names_of_items(items) | GENERIC_WORDS | DETERMINERS
    names = [
        name
        for name, count in mention_counts.items()
        if len(items_of[name]) >= max(MIN_ITEMS, len(reviews) // 100)
        and after_determiner[name] >= MIN_DETERMINER_SHARE * count
        and before_function_word[name] >= MIN_HEAD_SHARE * count
        and name not in excluded
    ]
    return sorted(names, key=lambda name: (-len(items_of[name]), name))[:MAX_ASPECTS]


def _names_of_items(items: Sequence[Item]) -> set[str]:
    """The words of titles and attributes, in the singular as well."""
    words = {
        word
        for item in items
        for column, values in item.attributes.items()
        if column not in (PRAISED_COLUMN, BLAMED_COLUMN)
        for text in values
        for word in words_of(text)
    }
    words |= {word for item in items for word in words_of(item.title)}
    return words | {_singular(word) for word in words} | {word.removesuffix("es") for word in words}


def find_aspects(
    reviews: ItemReviews, names: Sequence[str], read: ReadTexts
) -> Mapping[str, tuple[Aspect, ...]]:
    """Item → its aspects, the most spoken of first. read: asked for sentences without stars."""
    stars = np.array([own.stars for item in reviews.values() for own in item])
    low, high = _star_bounds(stars)
    known_names = frozenset(names)
    mentions = [
        (item, review.author, name, sentence, review.stars)
        for item, own in reviews.items()
        for review in own
        for sentence in sentences_of(review.text)
        for name in sorted(known_names & set(map(_singular, words_of(sentence))))
    ]
    unrated = sorted({mention[3] for mention in mentions if np.isnan(mention[4])})
    polarity_by_sentence = dict(zip(unrated, _polarities(unrated, read), strict=True))
    praise = defaultdict[tuple[str, str], dict[str, str]](dict)
    blame = defaultdict[tuple[str, str], dict[str, str]](dict)
    for item, author, name, sentence, value in mentions:
        polarity = (
            polarity_by_sentence[sentence] if np.isnan(value) else (value >= high) - (value <= low)
        )
        if polarity:
            (praise if polarity > 0 else blame)[item, name].setdefault(author, sentence)
    by_item = defaultdict[str, list[Aspect]](list)
    for item, name in sorted(praise.keys() | blame.keys()):
        praising, blaming = praise.get((item, name), {}), blame.get((item, name), {})
        louder = praising if len(praising) >= len(blaming) else blaming
        sentences = tuple(dict.fromkeys(louder.values()))[:MAX_SENTENCES]
        by_item[item].append(Aspect(name, len(praising), len(blaming), sentences))
    return {
        item: tuple(sorted(own, key=lambda aspect: -(aspect.praise + aspect.blame)))
        for item, own in by_item.items()
    }


def aspect_attributes(aspects: Sequence[Aspect]) -> dict[str, tuple[str, ...]]:
    """What an item is praised and criticised for, by enough people, the most spoken of first."""
    praised = [
        own.name
        for own in aspects
        if own.praise >= MIN_AUTHORS and own.praise_share >= MIN_PRAISE_SHARE
    ]
    blamed = [
        own.name
        for own in aspects
        if own.blame >= MIN_AUTHORS and own.praise_share <= MAX_BLAME_SHARE
    ]
    columns = {PRAISED_COLUMN: praised, BLAMED_COLUMN: blamed}
    return {column: tuple(names[:MAX_ITEM_ASPECTS]) for column, names in columns.items() if names}


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 4 and word.endswith("s") and word[-2] not in "su" else word


def _star_bounds(stars: Floats) -> tuple[float, float]:
    """(up to where stars blame, from where on they praise), by the scale that they have."""
    stars = stars[np.isfinite(stars)]
    if not len(stars) or stars.min() == stars.max():
        return -np.inf, np.inf if not len(stars) else float(stars.min())
    low, high = min(float(stars.min()), 1.0), float(stars.max())
    return low + LOW_STARS * (high - low), low + HIGH_STARS * (high - low)


def _polarities(sentences: Sequence[str], read: ReadTexts) -> list[int]:
    """1 for what reads like praise, -1 like blame, 0 for neither."""
    if not sentences:
        return []
    vectors = read([*PRAISE_ANCHORS, *BLAME_ANCHORS, *sentences])
    split, start = len(PRAISE_ANCHORS), len(PRAISE_ANCHORS) + len(BLAME_ANCHORS)
    likeness = vectors[start:] @ (vectors[:split].mean(axis=0) - vectors[split:start].mean(axis=0))
    return [int(own > MIN_ANCHOR_MARGIN) - int(own < -MIN_ANCHOR_MARGIN) for own in likeness]

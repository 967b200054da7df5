"""Clusters of items in, what a person would call each out.

A phrase that several of its titles or texts share and others do not ("Star Trek"), else its
categories ("Comedy and Romance"), else a word. Phrases are weighed by class-based TF-IDF
(Grootendorst, BERTopic, 2022, section 3.3) over the items that have them, longer ones first: a
fragment of a name tells nobody anything.
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from foretaste.domain.data import Catalogue, Feature, Floats, Ints, Longs
from foretaste.domain.no_taste import column_words
from foretaste.generate.safe import is_suspicious, safe_name

MIN_PHRASE_SHARE = 0.12
"""Of a topic's items that must have a phrase for the topic to be called so."""
MIN_WORD_SHARE = 0.2
"""The same of a word, where nothing better names it."""
MIN_PHRASE_ITEMS = 3
MIN_CATEGORY_SHARE, MIN_CATEGORY_LIFT = 0.4, 1.3
"""Of a topic's items that must be of a category; and how many times its share of all items."""
MAX_PARTS = 2
"""Categories of a name."""
MAX_PHRASES = 20_000
MAX_GAP_WORDS = 2
"""Small words that may stand within a phrase: Lord of the Rings."""
TOKEN_PATTERN = re.compile(r"\b[^\W\d_]{3,}\b")
_SENTENCE_MARK = re.compile(r"[.:;,!?()]")


def topic_names(
    catalogue: Catalogue,
    items: Longs,
    codes: Ints,
    topics: int,
) -> list[str]:
    """A name for each; "" for one that nothing names.

    items: that were clustered. codes: [items], the topic of each.
    """
    texts = [_plain_text(catalogue, item) for item in items.tolist()]
    membership = sp.csr_matrix(
        (np.ones(len(codes), np.float32), (codes, np.arange(len(codes)))),
        shape=(topics, len(codes)),
    )
    sizes = np.maximum(np.asarray(membership.sum(axis=1)).ravel(), 1)
    categories = _category_names(catalogue.features, items, membership, sizes)
    phrases, shares, weights = _phrase_weights(texts, catalogue, membership, sizes)
    names = []
    for topic in range(topics):
        members = [texts[position] for position in np.flatnonzero(codes == topic)]
        phrase = _best_phrase(phrases, shares[topic], weights[topic], members)
        names.append(
            phrase or categories[topic] or _best_word(phrases, shares[topic], weights[topic])
        )
    return names


def _plain_text(catalogue: Catalogue, item: int) -> str:
    """A text without the attributes that stand in it."""
    text = catalogue.full_texts[item]
    for feature in catalogue.features:
        values = [feature.values[code] for code in feature.item_codes(item)]
        text = text.replace(f"{feature.column}: {', '.join(values)}", " ")
    return text


def _category_names(
    features: Sequence[Feature], items: Longs, membership: sp.csr_matrix, sizes: Floats
) -> list[str]:
    """Of each topic: what most of its items are and fewer of the others, by the column that tells
    most; or "".
    """
    best: list[tuple[float, str]] = [(0.0, "")] * membership.shape[0]
    for feature in features:
        if feature.feature_type not in ("category", "list"):
            continue
        ones = np.ones(len(feature.codes), np.float32)
        shape = (len(feature.offsets) - 1, len(feature.values))
        table = sp.csr_matrix((ones, feature.codes, feature.offsets), shape=shape)[items]
        shares = np.asarray((membership @ table).todense()) / sizes[:, None]
        lifts = shares / np.maximum(np.asarray(table.mean(axis=0)).ravel(), 1e-9)
        is_telling = (shares >= MIN_CATEGORY_SHARE) & (lifts >= MIN_CATEGORY_LIFT)
        weights = np.where(is_telling, shares * np.log(np.maximum(lifts, 1)), 0)
        for topic, row in enumerate(weights):
            order = np.argsort(-row, kind="stable")[:MAX_PARTS]
            named = [
                (float(row[code]), name)
                for code in order.tolist()
                if row[code] > 0 and (name := _category_name(feature.values[code])) is not None
            ]
            text = " and ".join(name for _, name in named)
            best[topic] = max(best[topic], (sum(weight for weight, _ in named), text))
    return [text for _, text in best]


def _category_name(value: str) -> str | None:
    name = safe_name(value)
    return name if name is not None and any(letter.isalpha() for letter in name) else None


def _phrase_weights(
    texts: list[str], catalogue: Catalogue, membership: sp.csr_matrix, sizes: Floats
) -> tuple[list[str], Floats, Floats]:
    """(phrases, [topics, phrases] of the items that have each, [topics, phrases] weights)."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

    column_names = {word for f in catalogue.features for word in column_words(f.column)}
    parts = {word for f in catalogue.features for word in TOKEN_PATTERN.findall(f.column.lower())}
    counter = CountVectorizer(
        stop_words=sorted(ENGLISH_STOP_WORDS.union(column_names, parts)),
        token_pattern=TOKEN_PATTERN.pattern,
        ngram_range=(1, 3),
        max_features=MAX_PHRASES,
        binary=True,
        dtype=np.float32,
    )
    topics = membership.shape[0]
    try:
        counts = counter.fit_transform(texts)  # [items, phrases]
    except ValueError:  # there are no words
        return [], np.zeros((topics, 0), np.float32), np.zeros((topics, 0), np.float32)
    phrases = [str(phrase) for phrase in counter.get_feature_names_out()]
    item_counts = np.asarray((membership @ counts).todense(), np.float32)
    shares = np.asarray(item_counts / sizes[:, None], np.float32)
    inverse = np.log(1 + item_counts.sum(axis=1).mean() / np.maximum(item_counts.sum(axis=0), 1))
    lengths = np.array([1 + phrase.count(" ") for phrase in phrases], np.float32)
    weights = shares * inverse * (0.5 + 0.5 * lengths)
    weights[item_counts < MIN_PHRASE_ITEMS] = 0
    return phrases, shares, np.asarray(weights, np.float32)


def _best_phrase(phrases: list[str], shares: Floats, weights: Floats, texts: Sequence[str]) -> str:
    """The phrase of two words or more that weighs most, as texts write it; or ""."""
    order = np.argsort(-weights, kind="stable")[:20]
    for place in order.tolist():
        is_common = shares[place] >= MIN_PHRASE_SHARE and weights[place] > 0
        if is_common and " " in phrases[place] and not is_suspicious(phrases[place]):
            surface = _surface(phrases[place], texts)
            if surface is not None:
                return surface
    return ""


def _surface(phrase: str, texts: Sequence[str]) -> str | None:
    """The phrase as most texts write it: "lord rings" is Lord of the Rings."""
    gap = rf"(?:\W++\w{{1,3}}){{0,{MAX_GAP_WORDS}}}\W++"
    pattern = re.compile(gap.join(map(re.escape, phrase.split())), re.IGNORECASE)
    forms = Counter(match[0] for text in texts if (match := pattern.search(text)))
    for form, _ in forms.most_common():
        if not _SENTENCE_MARK.search(form) and (name := safe_name(form)) is not None:
            return name[:1].upper() + name[1:]
    return None


def _best_word(phrases: list[str], shares: Floats, weights: Floats) -> str:
    """The word that weighs most, if many of the items have it; or ""."""
    order = np.argsort(-weights, kind="stable")[:20].tolist() if phrases else []
    for place in order:
        is_common = weights[place] > 0 and shares[place] >= MIN_WORD_SHARE
        if is_common and " " not in phrases[place] and not is_suspicious(phrases[place]):
            return phrases[place]
    return ""

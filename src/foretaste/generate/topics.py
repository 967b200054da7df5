"""Topics: the items' vectors and texts in, clusters with names of their own words out.

The vectors are clustered (k-means). The words of a cluster are weighed by class-based TF-IDF
(Grootendorst, BERTopic, 2022, section 3.3): tf(t, c) · log(1 + A / f(t)), with A the mean number of
words of a cluster and f(t) how often t is in all of them. The three that weigh most are its name.
"""

import re
from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp

from foretaste.domain.arrays import ROWS_PER_CHUNK, Vectors, nonzero_rows
from foretaste.domain.data import Catalogue, Feature, Floats, Ints
from foretaste.generate.safe import is_suspicious

TOPIC_COLUMN = "topic"
MAX_TOPICS, MIN_TOPICS = 64, 2
"""Topics of a catalogue: the square root of half its items, within these."""
MIN_READABLE_ITEMS = 8
"""Items with a text, below which there are no topics."""
MAX_SAMPLED_ITEMS = 20_000
"""Items that are clustered and counted; of more a sample."""
WORDS_PER_NAME = 3
"""Of a name."""
MIN_WORD_SHARE = 0.05
"""Of a topic's items that must have a word for it to be in the name: one text names no topic."""
TOKEN_PATTERN = re.compile(r"\b[^\W\d_]{3,}\b")


@dataclass(frozen=True)
class Topics:
    """Centres and names."""

    centres: Floats
    """[topics, dim], each of length 1."""
    names: tuple[str, ...]

    @classmethod
    def of(cls, catalogue: Catalogue, seed: int = 0) -> Self:
        """The topics of a catalogue; the same catalogue and seed give the same."""
        rng = np.random.default_rng(seed)
        readable_items = np.flatnonzero(nonzero_rows(catalogue.vectors))
        if len(readable_items) < MIN_READABLE_ITEMS:
            return cls(np.zeros((0, catalogue.vectors.shape[1]), np.float32), ())
        if len(readable_items) > MAX_SAMPLED_ITEMS:
            readable_items = np.sort(rng.choice(readable_items, MAX_SAMPLED_ITEMS, replace=False))
        vectors = catalogue.vectors[readable_items]
        centres, codes = _cluster_vectors(vectors, seed)
        columns = {feature.column for feature in catalogue.features}
        names = _topic_names(
            [catalogue.full_texts[item] for item in readable_items], codes, len(centres), columns
        )
        named_topics = [topic for topic, name in enumerate(names) if name]
        return cls(centres[named_topics], tuple(names[topic] for topic in named_topics))

    def nearest_topics(self, vectors: Vectors, start: int = 0) -> Ints:
        """[items from `start` on], the nearest topic of each; -1 for an item without a text."""
        topic_codes = np.full(len(vectors) - start, -1, np.int32)
        if not self.names:
            return topic_codes
        for chunk_start in range(start, len(vectors), ROWS_PER_CHUNK):
            rows = vectors[chunk_start : chunk_start + ROWS_PER_CHUNK]
            nearest = (rows @ self.centres.T).argmax(axis=1)
            topic_codes[chunk_start - start :][: len(rows)] = np.where(
                rows.any(axis=1), nearest, -1
            )
        return topic_codes

    def feature(self, codes: Ints) -> Feature:
        """The topics as a column of the items; two of one name are one value."""
        values = tuple(dict.fromkeys(self.names))
        code_by_name = {name: value_code for value_code, name in enumerate(values)}
        code_of_topic = np.array([code_by_name[name] for name in self.names], np.int32)
        has_topic = codes >= 0
        offsets = np.concatenate([[0], np.cumsum(has_topic)]).astype(np.int64)
        return Feature(
            TOPIC_COLUMN, values, offsets, code_of_topic[codes[has_topic]] if values else codes[:0]
        )


def _cluster_vectors(vectors: Floats, seed: int) -> tuple[Floats, Ints]:
    """([topics, dim], [items])"""
    from sklearn.cluster import MiniBatchKMeans  # takes a second to import

    topic_count = int(np.clip(np.sqrt(len(vectors) / 2), MIN_TOPICS, MAX_TOPICS))
    kmeans = MiniBatchKMeans(topic_count, batch_size=2048, n_init=3, random_state=seed).fit(vectors)
    centres = kmeans.cluster_centers_.astype(np.float32)
    lengths = np.linalg.norm(centres, axis=1, keepdims=True)
    return centres / np.where(lengths > 0, lengths, 1), kmeans.labels_.astype(np.int32)


def _topic_names(texts: list[str], codes: Ints, topics: int, columns: set[str]) -> list[str]:
    """A name for each; "" where no word is shared by enough of its items."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

    # taken apart as the texts are: of 'price-band' scikit-learn would warn
    parts = TOKEN_PATTERN.findall(" ".join(columns).lower().replace("_", " "))
    stop_words = ENGLISH_STOP_WORDS.union(parts)
    counter = CountVectorizer(
        stop_words=sorted(stop_words),
        token_pattern=TOKEN_PATTERN.pattern,
        max_features=20_000,
        dtype=np.float32,
    )
    try:
        counts = counter.fit_transform(texts)  # [items, words]
    except ValueError:  # there are no words
        return [""] * topics
    words = counter.get_feature_names_out()
    membership = sp.csr_matrix(
        (np.ones(len(codes), np.float32), (codes, np.arange(len(codes)))),
        shape=(topics, len(codes)),
    )
    weights = _class_tf_idf((membership @ counts).toarray())  # [topics, words]
    shares = (membership @ counts.sign()).toarray() / np.maximum(membership.sum(axis=1).A1, 1)[
        :, None
    ]
    items_with_word = (membership @ counts.sign()).toarray()
    weights[(shares < MIN_WORD_SHARE) | (items_with_word < 2)] = 0
    return [_topic_name(row, words) for row in weights]


def _class_tf_idf(counts: Floats) -> Floats:
    """[topics, words] → the same"""
    lengths = counts.sum(axis=1, keepdims=True)
    inverse = np.log(1 + lengths.mean() / np.maximum(counts.sum(axis=0), 1))
    return np.asarray(counts / np.maximum(lengths, 1) * inverse, np.float32)


def _topic_name(row: Floats, words: "np.ndarray[tuple[int], np.dtype[np.object_]]") -> str:
    """The words that weigh most, but for those that tell people or machines what to do."""
    order = np.argsort(-row, kind="stable")[: 4 * WORDS_PER_NAME]
    best_words = [str(words[word_index]) for word_index in order if row[word_index] > 0]
    return ", ".join([word for word in best_words if not is_suspicious(word)][:WORDS_PER_NAME])

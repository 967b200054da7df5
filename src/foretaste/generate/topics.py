"""Topics: the items' vectors, texts and categories in, clusters with names that people use out.

The vectors are clustered (k-means); see `topic_names` for what a cluster is called.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from foretaste.domain.arrays import ROWS_PER_CHUNK, Vectors, nonzero_rows
from foretaste.domain.data import Catalogue, Feature, Floats, Ints
from foretaste.generate.topic_names import topic_names

TOPIC_COLUMN = "topic"
MAX_TOPICS, MIN_TOPICS = 64, 2
"""Topics of a catalogue: the square root of half its items, within these."""
MIN_READABLE_ITEMS = 8
"""Items with a text, below which there are no topics."""
MAX_SAMPLED_ITEMS = 20_000
"""Items that are clustered and counted; of more a sample."""


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
        names = topic_names(catalogue, readable_items, codes, len(centres))
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

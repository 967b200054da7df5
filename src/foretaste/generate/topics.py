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

from foretaste.domain.arrays import CHUNK, Vectors, filled
from foretaste.domain.data import Catalogue, Feature, Floats, Ints
from foretaste.generate.safe import suspicious

COLUMN = "topic"
MOST, FEWEST = 64, 2
"""Topics of a catalogue: the square root of half its items, within these."""
ENOUGH = 8
"""Items with a text, below which there are no topics."""
SAMPLED = 20_000
"""Items that are clustered and counted; of more a sample."""
WORDS = 3
"""Of a name."""
SHARE = 0.05
"""Of a topic's items that must have a word for it to be in the name: one text names no topic."""
TOKEN = r"(?u)\b[^\W\d_]{3,}\b"


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
        read = np.flatnonzero(filled(catalogue.vectors))
        if len(read) < ENOUGH:
            return cls(np.zeros((0, catalogue.vectors.shape[1]), np.float32), ())
        if len(read) > SAMPLED:
            read = np.sort(rng.choice(read, SAMPLED, replace=False))
        vectors = catalogue.vectors[read]
        centres, codes = _clustered(vectors, seed)
        columns = {feature.column for feature in catalogue.features}
        names = _named([catalogue.readings[item] for item in read], codes, len(centres), columns)
        kept = [place for place, name in enumerate(names) if name]
        return cls(centres[kept], tuple(names[place] for place in kept))

    def codes(self, vectors: Vectors, start: int = 0) -> Ints:
        """[items from `start` on], the nearest topic of each; -1 for an item without a text."""
        found = np.full(len(vectors) - start, -1, np.int32)
        if not self.names:
            return found
        for place in range(start, len(vectors), CHUNK):
            rows = vectors[place : place + CHUNK]
            nearest = (rows @ self.centres.T).argmax(axis=1)
            found[place - start :][: len(rows)] = np.where(rows.any(axis=1), nearest, -1)
        return found

    def feature(self, codes: Ints) -> Feature:
        """The topics as a column of the items; two of one name are one value."""
        values = tuple(dict.fromkeys(self.names))
        places = {name: place for place, name in enumerate(values)}
        merged = np.array([places[name] for name in self.names], np.int32)
        there = codes >= 0
        offsets = np.concatenate([[0], np.cumsum(there)]).astype(np.int64)
        return Feature(COLUMN, values, offsets, merged[codes[there]] if values else codes[:0])


def _clustered(vectors: Floats, seed: int) -> tuple[Floats, Ints]:
    """([topics, dim], [items])"""
    from sklearn.cluster import MiniBatchKMeans  # takes a second to import

    many = int(np.clip(np.sqrt(len(vectors) / 2), FEWEST, MOST))
    found = MiniBatchKMeans(many, batch_size=2048, n_init=3, random_state=seed).fit(vectors)
    centres = found.cluster_centers_.astype(np.float32)
    lengths = np.linalg.norm(centres, axis=1, keepdims=True)
    return centres / np.where(lengths > 0, lengths, 1), found.labels_.astype(np.int32)


def _named(texts: list[str], codes: Ints, topics: int, columns: set[str]) -> list[str]:
    """A name for each; "" where no word is shared by enough of its items."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

    # taken apart as the texts are: of 'price-band' scikit-learn would warn
    parts = re.findall(TOKEN, " ".join(columns).lower().replace("_", " "))
    dull = ENGLISH_STOP_WORDS.union(parts)
    counter = CountVectorizer(
        stop_words=sorted(dull), token_pattern=TOKEN, max_features=20_000, dtype=np.float32
    )
    try:
        counts = counter.fit_transform(texts)  # [items, words]
    except ValueError:  # there are no words
        return [""] * topics
    words = counter.get_feature_names_out()
    which = sp.csr_matrix(
        (np.ones(len(codes), np.float32), (codes, np.arange(len(codes)))),
        shape=(topics, len(codes)),
    )
    weights = _class_tf_idf((which @ counts).toarray())  # [topics, words]
    shares = (which @ counts.sign()).toarray() / np.maximum(which.sum(axis=1).A1, 1)[:, None]
    held = (which @ counts.sign()).toarray()
    weights[(shares < SHARE) | (held < 2)] = 0
    return [_name(row, words) for row in weights]


def _class_tf_idf(counts: Floats) -> Floats:
    """[topics, words] → the same"""
    lengths = counts.sum(axis=1, keepdims=True)
    inverse = np.log(1 + lengths.mean() / np.maximum(counts.sum(axis=0), 1))
    return np.asarray(counts / np.maximum(lengths, 1) * inverse, np.float32)


def _name(row: Floats, words: "np.ndarray[tuple[int], np.dtype[np.object_]]") -> str:
    """The words that weigh most, but for those that tell people or machines what to do."""
    best = [str(words[place]) for place in np.argsort(-row, kind="stable")[: 4 * WORDS]
            if row[place] > 0]  # fmt: skip
    return ", ".join([word for word in best if not suspicious(word)][:WORDS])

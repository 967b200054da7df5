"""A made-up world of any size: a seed and two sizes in, a catalogue and histories out.

Items lie around cluster centres, clusters around themes; popularity falls as Zipf's law has it.
People stay with a few clusters and take what is near what they had. Nothing in it is real: it
measures cost, and how well a search finds what scoring everything would.
"""

from collections.abc import Iterator

import numpy as np

from foretaste.domain.arrays import QuantizedVectors, Vectors
from foretaste.domain.data import EVENT_TYPE_WEIGHTS, Catalogue, Feature, Floats, Interactions, Ints

DIM = 384
CLUSTER = 100
"""Items in a cluster."""
WORDS = 20_000
CHUNK = 20_000
WEIGHED = tuple(kind for kind, weight in EVENT_TYPE_WEIGHTS.items() if weight)


def vectors(items: int, *, half: bool = False, seed: int = 0) -> Floats:
    """[items, DIM], of length 1; 16 bits where `half`."""
    made = np.empty((items, DIM), np.float16 if half else np.float32)
    start = 0
    for rows in _rows(items, seed):
        made[start : start + len(rows)] = rows
        start += len(rows)
    return made


def packed(items: int, *, seed: int = 0) -> QuantizedVectors:
    """The same as the service keeps them of so many."""
    return QuantizedVectors.from_blocks(_rows(items, seed), items)


def _rows(items: int, seed: int) -> Iterator[Floats]:
    rng = np.random.default_rng(seed)
    clusters = -(-items // CLUSTER)
    themes = rng.standard_normal((max(clusters // 50, 4), DIM), np.float32)
    centres = themes[rng.integers(len(themes), size=clusters)]
    centres = centres + rng.standard_normal((clusters, DIM), np.float32)
    for start in range(0, items, CHUNK):
        which = np.arange(start, min(start + CHUNK, items)) // CLUSTER
        rows = centres[which] + rng.standard_normal((len(which), DIM), np.float32)
        yield rows / np.linalg.norm(rows, axis=1, keepdims=True)


def shelf(items: int, read: Vectors | None = None, *, seed: int = 0) -> Catalogue:
    """Titles of six words, a brand and one of 40 genres; `read`: their vectors, if not anew."""
    rng = np.random.default_rng(seed + 1)
    cluster = np.arange(items) // CLUSTER
    words = np.minimum(rng.zipf(1.3, (items, 4)), WORDS - 1)
    brands = max(items // 200, 20)
    brand, genre = (cluster * 7 + rng.integers(3, size=items)) % brands, cluster % 40
    titles = tuple(
        f"w{a} w{b} w{c} w{d} line{k} model{n % 997}"
        for n, ((a, b, c, d), k) in enumerate(
            zip(words.tolist(), (cluster % 5000).tolist(), strict=True)
        )
    )
    ids = tuple(f"i{n}" for n in range(items))
    offsets = np.arange(items + 1, dtype=np.int64)
    return Catalogue(
        ids=ids,
        titles=titles,
        full_texts=titles,
        vectors=vectors(items, seed=seed) if read is None else read,
        features=(
            Feature("brand", tuple(f"b{n}" for n in range(brands)), offsets, _codes(brand)),
            Feature("genre", tuple(f"g{n}" for n in range(40)), offsets, _codes(genre)),
        ),
        index={one: place for place, one in enumerate(ids)},
    )


def _codes(values: Ints) -> Ints:
    return np.asarray(values, np.int32)


def histories(items: int, events: int, seed: int = 0) -> Interactions:
    """Ten events a person, an hour or so apart."""
    rng = np.random.default_rng(seed + 2)
    people = max(events // 10, 1)
    events = people * 10
    clusters = -(-items // CLUSTER)
    at_home = (clusters * rng.random((people, 3)) ** 3).astype(np.int64)  # some are popular
    home = at_home[np.arange(people)[:, None], rng.integers(3, size=(people, 10))]
    within = np.minimum(rng.geometric(0.06, (people, 10)), CLUSTER) - 1
    item = np.minimum(home * CLUSTER + within, items - 1).astype(np.int32).ravel()
    at = 1.7e9 + rng.random((people, 1)) * 3e7 + np.arange(10) * 3600.0
    return Interactions(
        users=tuple(f"u{n}" for n in range(people)),
        offsets=np.arange(people + 1, dtype=np.int64) * 10,
        item=item,
        weight=np.ones(events, np.float32),
        kind=np.zeros(events, np.int8),
        value=np.full(events, np.nan, np.float32),
        at=at.ravel(),
        text=np.full(events, -1, np.int32),
        event_types=WEIGHED,
        texts=(),
    )

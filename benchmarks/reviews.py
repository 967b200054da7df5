"""Whether items of which there are reviews alone are found: women's clothing, 200 held-out reviews.

The items have a class for a title (“Dresses”) and nothing else. Of each of 200 items one review is
held out, and its first sentences, some twenty words, are the query; the other reviews are the
item's. Compared are BM25 on titles and on the reviews put together, the encoder on titles, and what
Foretaste reads of an item: its text and its reviews, merged.

And whether the words of reviews without stars tell dislikes: of half of all reviews the stars are
known, of the other half they are predicted; the area under the curve, of those who gave one or two
stars against those who gave four or five. Run: make bench-reviews.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import bm25s
import numpy as np
import pandas as pd

from benchmarks.datasets import SHARED
from foretaste.config.load import load_config
from foretaste.domain.data import Floats, Item
from foretaste.domain.event_value import ValueSettings
from foretaste.prepare.interactions import build_interactions
from foretaste.prepare.reviews import REVIEW_TYPE, ItemReviews, collect_reviews
from foretaste.prepare.value_curves import fit_value_curves
from foretaste.training.encode import DataEncoder

FILE = SHARED / "womens-clothing-reviews" / "WomensClothingE-CommerceReviews.parquet.brotli"
QUERIES, QUERY_WORDS, MIN_REVIEWS, N = 200, 20, 4, 10


class Clothing(NamedTuple):
    """Items, their reviews but for those held out, and a query for each of some items."""

    items: list[Item]
    reviews: ItemReviews
    queries: list[str]
    targets: list[int]


def clothing(seed: int = 0) -> Clothing:
    """The data; the same seed draws the same queries."""
    rng = np.random.default_rng(seed)
    rows = pd.read_parquet(FILE).dropna(subset=["Review Text"])
    titles = rows.groupby("Clothing ID")["Class Name"].first().fillna("")
    items = [Item(str(name), title=title) for name, title in titles.items()]
    position = {item.id: row for row, item in enumerate(items)}
    counts = rows["Clothing ID"].value_counts()
    drawn = rng.choice(np.sort(counts[counts >= MIN_REVIEWS].index), QUERIES, replace=False)
    held_out = {
        int(rng.choice(rows.index[rows["Clothing ID"] == name])): str(name) for name in drawn
    }
    queries = [" ".join(rows.loc[row, "Review Text"].split()[:QUERY_WORDS]) for row in held_out]
    reviews = collect_reviews(
        (str(row["Clothing ID"]), f"author {number}", row["Review Text"], float(row["Rating"]))
        for number, row in rows.iterrows()
        if number not in held_out
    )
    return Clothing(items, reviews, queries, [position[name] for name in held_out.values()])


def recall(scores: Floats, targets: Sequence[int]) -> float:
    """Of the queries the share whose item is among the first N. scores: [queries, items]."""
    own = scores[np.arange(len(targets)), targets]
    rng = np.random.default_rng(0)
    tied = (scores == own[:, None]).sum(axis=1) - 1
    places = (scores > own[:, None]).sum(axis=1) + np.array([rng.integers(0, n + 1) for n in tied])
    return float((places < N).mean())


def word_scores(texts: Sequence[str], queries: Sequence[str]) -> Floats:
    """[queries, items], BM25."""
    index = bm25s.BM25()
    index.index(
        bm25s.tokenize(list(texts), stopwords="en", show_progress=False), show_progress=False
    )
    tokens = bm25s.tokenize(list(queries), stopwords="en", return_ids=False, show_progress=False)
    return np.stack([index.get_scores(words) for words in tokens])


def dislikes_told() -> float:
    """The share of pairs of a review of at most two stars and one of at least four in which the
    first is worth less by its words.
    """
    rows = pd.read_parquet(FILE).dropna(subset=["Review Text"]).sample(frac=1, random_state=0)
    stars, texts = rows["Rating"].to_numpy(np.float64), rows["Review Text"].tolist()
    half = len(rows) // 2
    columns = [
        (f"author {row}", None, "a", REVIEW_TYPE, stars[row], float(row), texts[row], None)
        for row in range(half)
    ]
    interactions, _ = build_interactions(columns, {"a": 0}, {REVIEW_TYPE: 1.0})
    settings = {REVIEW_TYPE: ValueSettings(counts=True, reads_words=True)}
    curve = fit_value_curves(interactions, settings)[REVIEW_TYPE]
    assert curve.opinions is not None
    scores = np.array([curve.opinions.score(text) for text in texts[half:]])
    high, low = scores[stars[half:] >= 4], scores[stars[half:] <= 2]
    smaller = np.searchsorted(np.sort(low), high, "left")
    equal = np.searchsorted(np.sort(low), high, "right") - smaller
    return float((smaller + equal / 2).sum() / (len(high) * len(low)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print recall@10 of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    options = parser.parse_args(arguments)
    if not FILE.exists():
        raise SystemExit(f"{FILE} is not there; this bench needs ../shared/data")
    data = clothing()
    titles = [item.title for item in data.items]
    joined = [" ".join(own.text for own in data.reviews.get(item.id, ())) for item in data.items]
    with tempfile.TemporaryDirectory() as folder:
        encoder = DataEncoder(load_config(Path(folder)), Path(folder))
        queries = encoder.open_encoder(None).encode(data.queries)
        by_title = encoder.vectors(data.items)
        merged = encoder.vectors(data.items, None, data.reviews)
        encoder.close()
    figures = {
        "BM25 on titles": recall(word_scores(titles, data.queries), data.targets),
        "the encoder on titles": recall(queries @ by_title.T, data.targets),
        "BM25 on all reviews": recall(word_scores(joined, data.queries), data.targets),
        "Foretaste, text and reviews merged": recall(queries @ merged.T, data.targets),
    }
    for name, figure in figures.items():
        print(f"{name:36} recall@{N} {figure:.3f}")
    figures["dislikes told by words"] = dislikes_told()
    print(
        f"dislikes told by words of reviews without stars: {figures['dislikes told by words']:.3f}"
    )
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()

"""Are searches answered by their words where there is no time to read them?

    python -m benchmarks.understanding.degraded [--keep DIR]

Queries for films of ml-100k, asked by people with a history: two words of a plot; a word of a plot
with one that nothing has; a word of a plot in a sentence, misspelt. Recall@10 of the film by the
experts that answer in a moment, without the meaning of the query.
"""

import argparse
import random
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.tables import show
from benchmarks.understanding.catalogues import open_catalogue
from foretaste.domain.data import Request
from foretaste.domain.words import words_of
from foretaste.loop import Foretaste

QUERIES = {
    "two words": "{0} {1}",
    "a word and an unknown one": "{0} zorbing",
    "a word in a sentence": "a slow flim about {0}",
}
QUERIES_PER_KIND = 100
RARE = range(2, 41)
"""Films that have a word of a query."""
MIN_LETTERS = 5
N = 10


def recall_of(shop: Foretaste, query_form: str, rng: random.Random) -> float:
    """Recall@10 of one kind of queries."""
    snapshot = shop.catch_up()
    catalogue, product = snapshot.catalogue, snapshot.product.fast_product()
    counts = Counter(word for text in catalogue.full_texts for word in set(words_of(text)))
    users = list(shop.interactions({item.id: item for _, item in shop.store.items()})[0].users)
    hits: list[bool] = []
    while len(hits) < QUERIES_PER_KIND:
        film = rng.randrange(len(catalogue))
        item = shop.store.item(catalogue.ids[film])
        plot = " ".join(item.texts.values()) if item is not None else ""
        words = [w for w in words_of(plot) if counts[w] in RARE and len(w) >= MIN_LETTERS]
        words = list(dict.fromkeys(words))
        if len(words) < 2:
            continue
        request = Request(user=rng.choice(users), query=query_form.format(*rng.sample(words, 2)))
        scorer = product.scorer(shop.slates.user_context(request, snapshot))
        scores = scorer.score_row(np.ones(len(catalogue), bool), N)
        hits.append(film in np.argsort(-scores)[:N])
    return sum(hits) / len(hits)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, help="the workspace stays here for the next time")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        shop = open_catalogue("films", arguments.keep or Path(passing))
        rng = random.Random(0)
        rows = [
            {"query": name, "recall@10": recall_of(shop, query_form, rng)}
            for name, query_form in QUERIES.items()
        ]
        show("ml-100k, queries that could not be read in time", rows)
        shop.close()


if __name__ == "__main__":
    main()

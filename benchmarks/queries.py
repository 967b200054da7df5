"""Queries: is what somebody asks for found, and better so with what is known of them?

    python -m benchmarks.queries [--keep DIR]

ml-100k with plots, casts and directors; leave-one-out. Each person asks for the film they took next
by words of its plot, genres, year and people, never by a word of its title. All items ranked,
unmasked (whoever searches may want something again). “Full”: the catalogue has all these texts.
“Bare”: it has titles, years and genres, so that a plot is asked for in words that no item has.
The weights are fitted as the program does. Result: benchmarks/results/queries.json.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import bm25s
import numpy as np

from benchmarks.datasets import Absent
from benchmarks.tables import keep_result, show
from benchmarks.wishes import BARE, LANGUAGES, TRANSLATED, WISHES, misspelt
from benchmarks.worlds import World, world
from foretaste.domain.data import Floats, Ints, Item, UserContext
from foretaste.evaluate import metrics
from foretaste.model.product import ProductOfExperts
from foretaste.prepare.splits import split_leave_one_out

Row = dict[str, Any]
Score = Callable[[list[UserContext]], Floats]


def bm25(texts: tuple[str, ...]) -> Score:
    """BM25 as its library comes, of the same texts."""
    index = bm25s.BM25(method="lucene")
    index.index(
        bm25s.tokenize(list(texts), stopwords="en", show_progress=False), show_progress=False
    )
    known = frozenset(index.vocab_dict)

    def score(behaviours: list[UserContext]) -> Floats:
        asked = [one.query or "" for one in behaviours]
        words = bm25s.tokenize(asked, stopwords="en", show_progress=False, return_ids=False)
        rows = [[word for word in some if word in known] for some in words]
        nothing = np.zeros(len(texts), np.float32)
        return np.stack([index.get_scores(row) if row else nothing for row in rows])

    return score


def ranks(score: Score, behaviours: list[UserContext], targets: Ints) -> Any:
    parts = [
        metrics.ranks(score(behaviours[at : at + 128]), targets[at : at + 128]).unmasked
        for at in range(0, len(behaviours), 128)
    ]
    return np.concatenate(parts)


def figures(found: Any) -> Row:
    return {f"recall@{k}": float(metrics.recall(found, k).mean()) for k in (10, 30)}


def asked(here: World, behaviours: list[UserContext], queries: list[str]) -> list[UserContext]:
    """With their queries, read."""
    vectors = here.loop.encoder.encode(queries)
    return [
        replace(one, query=query, query_vector=vector)
        for one, query, vector in zip(behaviours, queries, vectors, strict=True)
    ]


def nobody(one: UserContext) -> UserContext:
    """The same question from somebody nothing is known of."""
    nothing = slice(0, 0)
    return replace(
        one,
        item=one.item[nothing],
        weight=one.weight[nothing],
        kind=one.kind[nothing],
        value=one.value[nothing],
        at=one.at[nothing],
        text=(),
        text_vectors=None,
    )


def models(here: World, product: ProductOfExperts) -> Mapping[str, tuple[Score, bool, bool]]:
    """Name → (score, whether it is told the history, whether it is told the query)."""
    query = next(expert for expert in product.experts if expert.name == "query")
    return {
        "BM25 alone": (bm25(here.shelf.full_texts), False, True),
        "query expert alone": (query.log_prob, False, True),
        "query alone": (product.score, False, True),
        "history alone": (product.score, True, False),
        "both": (product.score, True, True),
    }


def wishes(
    here: World, product: ProductOfExperts, films: list[Item], kinds: Mapping[str, Any]
) -> list[Row]:
    """Every kind of query, spelt right and not, by every model; then the mean over the kinds."""
    test = split_leave_one_out(here.histories).test
    histories = test.user_contexts(0, len(test))
    rows = []
    for spelling in ("", ", misspelt"):
        rng = np.random.default_rng(0)
        sums: dict[str, list[Row]] = {}
        for kind, ask in kinds.items():
            words = [ask(films[target], rng) for target in test.targets]
            if spelling:
                words = [misspelt(some, rng) for some in words]
            chosen = [place for place, some in enumerate(words) if some]
            targets = test.targets[chosen]
            told = [histories[place] for place in chosen]
            queries = asked(here, told, [" ".join(words[place]) for place in chosen])
            for model, (score, history, query) in models(here, product).items():
                one = queries if query else told
                one = one if history else [nobody(each) for each in one]
                found = figures(ranks(score, one, targets))
                sums.setdefault(model, []).append(found)
                rows.append({"case": kind + spelling, "model": model, **found})
        for model, every in sums.items():
            means = {name: float(np.mean([one[name] for one in every])) for name in every[0]}
            rows.append({"case": "mean" + spelling, "model": model, **means})
    return rows


def languages(here: World, product: ProductOfExperts) -> list[Row]:
    """The same wishes in four languages, of an encoder that reads English."""
    places = {item.title: place for place, item in enumerate(here.items.values())}
    known = [title for title in TRANSLATED if title in places]
    targets = np.array([places[title] for title in known], np.int32)
    empty = nobody(split_leave_one_out(here.histories).test.user_contexts(0, 1)[0])
    rows = []
    for number, language in enumerate(LANGUAGES):
        queries = [TRANSLATED[title][number] for title in known]
        told = asked(here, [empty] * len(known), queries)
        for model, (score, history, query) in models(here, product).items():
            if query and not history:
                found = figures(ranks(score, told, targets))
                rows.append({"case": language, "model": model, **found})
    return rows


def bare(item: Item) -> Item:
    """Title, year and genres."""
    kept = {name: item.attributes[name] for name in ("year", "genres") if name in item.attributes}
    return replace(item, texts={}, attributes=kept)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, help="the workspace stays here for the next time")
    told = parser.parse_args()
    try:
        with world("ml-100k", told.keep) as here:
            films = list(here.items.values())
            without = here.read({name: bare(item) for name, item in here.items.items()})
            for name, one, kinds in (("full", here, list(WISHES)), ("bare", without, list(BARE))):
                split = split_leave_one_out(one.histories)
                product = one.fitted(split.train, split.valid)
                rows = wishes(one, product, films, {kind: WISHES[kind] for kind in kinds})
                protocol = f"ml-100k, {name}: {len(split.test):,} people, leave-one-out, unmasked"
                show(protocol, rows)
                keep_result("queries", name, protocol, rows)
                if name == "full":
                    rows = languages(one, product)
                    protocol = f"ml-100k, full: {len(TRANSLATED)} wishes in four languages"
                    show(protocol, rows)
                    keep_result("queries", "languages", protocol, rows)
    except Absent as absent:
        print(absent)


if __name__ == "__main__":
    main()

"""Search: 100 paraphrased and 100 faceted queries for films, none of them a span of a title.

A paraphrase is four words of a plot, each replaced by the word that the encoder finds nearest to
it and that is no form of it. A faceted one names a genre, a word of the plot and a decade. NDCG@10
of the film that it was made of.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.wishes import untitled
from foretaste.domain.data import Floats, Item
from foretaste.loop import Foretaste
from foretaste.model.bm25 import Bm25
from foretaste.model.experts.query import QueryExpert
from foretaste.model.settings import QuerySettings
from foretaste.rank.conditions import parse_condition
from foretaste.understand.meaning import Scene
from foretaste.understand.reader import understand

QUERIES, K, WORDS = 100, 10, 4
MIN_TEXTS, MAX_TEXTS = 2, 120
"""Of the words that stand in paraphrases: in so many plots."""
Ask = Callable[[Item, np.random.Generator], str]
Score = Callable[[str], Floats]


def search_rows(shop: Foretaste) -> list[dict[str, Any]]:
    """A row a kind of query and a way to answer it."""
    catalogue = shop.catch_up().catalogue
    films = {item.id: item for _, item in shop.store.items()}
    kinds: Mapping[str, Ask] = {"paraphrased": _paraphraser(shop), "faceted": _faceted}
    rows = []
    for kind, ask in kinds.items():
        rng = np.random.default_rng(0)
        cases: list[tuple[int, str]] = []
        for target in rng.permutation(len(catalogue)).tolist():
            query = ask(films[catalogue.ids[target]], rng)
            if query and len(cases) < QUERIES:
                cases.append((target, query))
        for way, score in _ways(shop).items():
            gains = [_gain(score(query), target) for target, query in cases]
            rows.append({"queries": kind, "by": way, f"ndcg@{K}": float(np.mean(gains))})
    return rows


def _gain(scores: Floats, target: int) -> float:
    """NDCG@10 of one relevant item; items of the same score stand before it by half."""
    ahead = int((scores > scores[target]).sum())
    rank = ahead + (int((scores == scores[target]).sum()) - 1) / 2
    return 1 / np.log2(rank + 2) if rank < K else 0.0


def _ways(shop: Foretaste) -> Mapping[str, Score]:
    catalogue, encoder = shop.catch_up().catalogue, shop.encoder
    bm25, expert = Bm25.of(catalogue.full_texts), QueryExpert(QuerySettings(), catalogue)
    vectors = np.asarray(catalogue.vectors)
    index = shop.slates.index(shop.catch_up())
    scene = Scene(shop.people.vocabulary(index))

    def words(query: str) -> Floats:
        return bm25.scores([w for w in query.lower().split() if w in bm25.word_codes])

    def meaning(query: str) -> Floats:
        return np.asarray(vectors @ encoder.encode([query])[0], np.float32)

    def both(query: str) -> Floats:
        page = shop.slates.page_request(None, K, {"query": query})
        context = shop.slates.user_context(page.request, shop.catch_up())
        return expert.log_prob([shop.listen(context)])[0]

    def understood(query: str) -> Floats:
        found = understand(query, scene)
        scores = both(found.query or query).copy()
        for condition in found.conditions:
            scores[~index.mask(parse_condition(condition))] = -np.inf
        return scores

    return {
        "BM25": words,
        "encoder": meaning,
        "query expert": both,
        "query expert, understood": understood,
    }


def _paraphraser(shop: Foretaste) -> Ask:
    """Words of a plot, each by its neighbour."""
    texts = shop.catch_up().catalogue.full_texts
    counts: dict[str, int] = {}
    for text in texts:
        for word in {w for w in text.lower().split() if w.isalpha() and len(w) > 3}:
            counts[word] = counts.get(word, 0) + 1
    common = [word for word, count in counts.items() if MIN_TEXTS <= count <= MAX_TEXTS]
    vectors, places = shop.encoder.encode(common), {word: at for at, word in enumerate(common)}

    def neighbour(word: str) -> str:
        order = np.argsort(-(vectors @ vectors[places[word]]))[1:8]
        return next((common[at] for at in order if common[at][:4] != word[:4]), word)

    def ask(item: Item, rng: np.random.Generator) -> str:
        plot = [word.lower() for word in untitled(item, " ".join(item.texts.values()))]
        known = [word for word in plot if word in places]
        if len(known) < WORDS:
            return ""
        chosen = np.sort(rng.choice(len(known), WORDS, replace=False))
        return " ".join(neighbour(known[at]) for at in chosen)

    return ask


def _faceted(item: Item, rng: np.random.Generator) -> str:
    """A genre, a word of the plot, a decade."""
    genres, years = item.attributes.get("genres", ()), item.attributes.get("year", ())
    plot = [w for w in untitled(item, " ".join(item.texts.values())) if len(w) > 4 and w.isalpha()]
    if not genres or not years or not plot:
        return ""
    word, genre = plot[int(rng.integers(len(plot)))], genres[int(rng.integers(len(genres)))]
    return f"{genre.lower()} film about {word.lower()} from the {years[0][:3]}0s"

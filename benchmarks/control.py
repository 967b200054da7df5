"""Does what people change act, and is a wish understood? `make bench-control`.

`lists`: 100 people of ml-small, each with the genre that is most frequent in their first ten. The
share of that genre in the ten, muted and boosted, over every way a list is asked for.
`values`: phrases written by hand and the genre that each means, or none: how often the nearest
value is right, by the least cosine. `topics`: ml-100k without its genres and titles' years; the
items about a word against those that have the genre (or a word that says the same).
"""

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets import Absent, write
from benchmarks.tables import keep_result, show
from foretaste.domain.data import Floats, Item, Recommendation
from foretaste.loop import Foretaste
from foretaste.prepare.catalogue_builder import build_catalogue
from foretaste.rank.about import items_mentioning, items_similar_to
from foretaste.rank.index import FilterIndex, ItemAvailability
from foretaste.understand import vocabulary as matching
from foretaste.understand.grammar import GRAMMARS
from foretaste.understand.vocabulary import Vocabulary

PEOPLE, N = 100, 10
EPOCHS = 4
"""Of the sequence expert: what is measured does not hang on how long it is trained."""
BOOSTS = (-2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
CUTS = (0.5, 0.56, 0.62, 0.68, 0.74)

MEANING_NONE = """violent slow space dinosaurs boring long sad robots football france animals
cooking jazz old modern ships spies politics"""
PHRASES: Mapping[str, str | None] = {
    **dict.fromkeys(("science fiction", "sci fi", "scifi"), "Sci-Fi"),
    **dict.fromkeys(("comedies", "funny", "funny films"), "Comedy"),
    **dict.fromkeys(("scary", "scary movies", "horror films"), "Horror"),
    **dict.fromkeys(("love stories", "romantic", "romantic films"), "Romance"),
    **dict.fromkeys(("cartoons", "animated", "animated films"), "Animation"),
    **dict.fromkeys(("kids", "for kids"), "Children"),
    **dict.fromkeys(("westerns", "cowboys"), "Western"),
    **dict.fromkeys(("detective stories", "mysteries"), "Mystery"),
    **dict.fromkeys(("film noir", "noir"), "Film-Noir"),
    **dict.fromkeys(("war films", "war movies"), "War"),
    **dict.fromkeys(("gangsters", "crime stories"), "Crime"),
    **dict.fromkeys(("dramas", "dramatic"), "Drama"),
    **dict.fromkeys(("thrillers", "suspense"), "Thriller"),
    **dict.fromkeys(("action movies",), "Action"),
    **dict.fromkeys(("adventures",), "Adventure"),
    **dict.fromkeys(("musicals",), "Musical"),
    **dict.fromkeys(("documentaries", "true stories"), "Documentary"),
    **dict.fromkeys(("magic",), "Fantasy"),
    **dict.fromkeys(MEANING_NONE.split()),
    **dict.fromkeys(("time travel", "black and white")),
}
"""As people say it → the genre they mean; None where there is no such genre."""
TOPICS: Mapping[str, tuple[str, str]] = {
    "war": ("genre", "War"),
    "crime": ("genre", "Crime"),
    "romance": ("genre", "Romance"),
    "horror": ("genre", "Horror"),
    "western": ("genre", "Western"),
    "comedy": ("genre", "Comedy"),
    "space": ("words", "space|planet|galaxy|alien|astronaut"),
    "dinosaurs": ("words", "dinosaur"),
    "violent": ("words", "murder|kill|violen|shoot|blood"),
    "prison": ("words", "prison|jail|convict|inmate"),
    "ships": ("words", "ship|boat|submarine"),
    "football": ("words", "football|quarterback"),
}

WAYS: dict[str, Callable[[Foretaste, str], Recommendation]] = {
    "recommend": lambda loop, user: loop.recommend(user, n=N),
    "recommend, popularity alone": lambda loop, user: loop.recommend(user, n=N, timeout_ms=0.001),
    "search": lambda loop, user: loop.search("a film for tonight", user, n=N),
    "similar": lambda loop, user: loop.recommend(user, items=("1",), n=N),
    "trending": lambda loop, user: loop.trending("520w", user=user, n=N),
}


def share(loop: Foretaste, found: Recommendation, genre: str) -> float:
    """Of the list, how much has the genre."""
    has = [genre in one.attributes.get("genres", ()) for one in found]
    return float(np.mean(has)) if has else 0.0


def lists(loop: Foretaste) -> list[dict[str, Any]]:
    """A row a change and a way to ask."""
    rng = np.random.default_rng(3)
    found, _, _ = loop.interactions({one.id: one for _, one in loop.store.items()})
    people = rng.choice(np.array(found.users), PEOPLE, replace=False).tolist()
    shares: dict[tuple[str, str], list[float]] = {}
    for user in people:
        genres = [g for one in loop.recommend(user, n=N) for g in one.attributes["genres"]]
        genre = Counter(genres).most_common(1)[0][0]
        what = {"genres": genre}
        for way, asked in WAYS.items():
            shares.setdefault(("as it was", way), []).append(share(loop, asked(loop, user), genre))
        for nats in BOOSTS:
            loop.steer(user, reset=True, changes=[{"filter": what, "nats": nats}])
            told = share(loop, loop.recommend(user, n=N), genre)
            shares.setdefault((f"boost {nats:+.0f} nats", "recommend"), []).append(told)
        loop.steer(user, reset=True, changes=[{"filter": what, "mute": True}])
        for way, asked in WAYS.items():
            shares.setdefault(("mute", way), []).append(share(loop, asked(loop, user), genre))
        loop.steer(user, reset=True)
    return [
        {"change": change, "way": way, "share": float(np.mean(told)), "most": float(np.max(told))}
        for (change, way), told in shares.items()
    ]


def values(loop: Foretaste, index: FilterIndex) -> list[dict[str, Any]]:
    """A row a least cosine."""
    cached = loop.encoder.encode
    rows = []
    for cut in CUTS:
        matching.MIN_COSINE = cut
        vocabulary = Vocabulary(index, cached)
        right = wrong = missed = 0
        for phrase, genre in PHRASES.items():
            parts = vocabulary.parts(tuple(phrase.split()), GRAMMARS["en"])
            taken = [one.condition["genres"] for one in parts if "genres" in one.condition]
            right += taken == [genre]
            wrong += bool(taken) and taken != [genre]
            missed += genre is not None and not taken
        rows.append(
            {
                "least cosine": f"{cut:.2f}" + (" (ours)" if cut == USUAL else ""),
                "right": float(right),
                "wrong": float(wrong),
                "left as a topic": float(missed),
                "that mean a genre": float(sum(one is not None for one in PHRASES.values())),
                "that mean none": float(sum(one is None for one in PHRASES.values())),
            }
        )
    matching.MIN_COSINE = USUAL
    return rows


USUAL = matching.MIN_COSINE


def topics(loop: Foretaste) -> list[dict[str, Any]]:
    """A row a topic; precision and recall of the items found by word, by likeness, by either."""
    bare: Sequence[Item] = [
        replace(item, attributes={"genres": item.attributes.get("genres", ())})
        for _, item in loop.store.items()
    ]
    read = [replace(item, attributes={}).reading() for item in bare]
    vectors: Floats = loop.encoder.encode(read)
    rows = []
    for topic, (kind, meant) in TOPICS.items():
        truth = np.array(
            [
                meant in item.attributes["genres"]
                if kind == "genre"
                else re.search(rf"\b(?:{meant})", text.lower()) is not None
                for item, text in zip(bare, read, strict=True)
            ]
        )
        said = items_mentioning(read, topic)
        near = items_similar_to(vectors, loop.encoder.encode([topic])[0])
        row: dict[str, Any] = {
            "topic": topic,
            "meant": f"{kind}: {meant.replace('|', ', ')}",
            "items": truth.sum(),
        }
        for way, found in (("word", said), ("likeness", near), ("either", said | near)):
            hits = float((found & truth).sum())
            row[f"{way}: found"] = float(found.sum())
            row[f"{way}: precision"] = hits / max(float(found.sum()), 1.0)
            row[f"{way}: recall"] = hits / max(float(truth.sum()), 1.0)
        rows.append(row | {"items": float(row["items"])})
    return rows


def index_of(loop: Foretaste) -> FilterIndex:
    items = [item for _, item in loop.store.items()]
    return FilterIndex(build_catalogue(items, loop.vectors(items)), ItemAvailability.of(items))


def opened(name: str, folder: Path) -> Foretaste:
    (folder / name).mkdir(parents=True)
    events, items = write(name, folder / name)
    workspace = folder / name / "workspace"
    workspace.mkdir()
    (workspace / "foretaste.toml").write_text(f"[model.sequence]\nepochs = {EPOCHS}\n")
    loop = Foretaste.open(workspace)
    loop.add(events=events, items=items)
    return loop


def main() -> None:
    """All parts, or those named."""
    parts = set(sys.argv[1:]) or {"values", "topics", "lists"}
    with tempfile.TemporaryDirectory() as passing:
        loop = opened("ml-small", Path(passing))
        if "values" in parts:
            _values(loop)
        if "topics" in parts:
            _topics(Path(passing))
        if "lists" in parts:
            loop.train()
            protocol = f"MovieLens small, {EPOCHS} epochs, {PEOPLE} people, share of a genre in {N}"
            _told("lists", protocol, lists(loop))
        loop.close()


def _values(loop: Foretaste) -> None:
    _told("values", "phrases and the genres of MovieLens small", values(loop, index_of(loop)))


def _topics(passing: Path) -> None:
    try:
        plots = opened("ml-100k", passing)
    except Absent as absent:
        print(absent)
        return
    _told("topics", "MovieLens 100k, title and plot alone", topics(plots))
    plots.close()


def _told(name: str, protocol: str, rows: list[dict[str, Any]]) -> None:
    show(protocol, rows)
    keep_result("control", name, protocol, rows)


if __name__ == "__main__":
    main()

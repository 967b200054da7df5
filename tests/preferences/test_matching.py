"""Phrases of a wish found among what the items have; and what a wish does to what was there."""

from collections.abc import Sequence

import numpy as np
import pytest

from foretaste.domain.data import Floats, Item
from foretaste.domain.preference import MAX_PREFERENCE_NATS, Preference
from foretaste.preferences.matching import ClauseMatch, match_clause, updated_preferences
from foretaste.prepare.catalogue_builder import build_catalogue
from foretaste.rank.index import FilterIndex, ItemAvailability
from foretaste.understand.reader import read_wish
from foretaste.understand.vocabulary import Vocabulary

AXES = {"sci-fi": 0, "science fiction": 0, "comedy": 1, "western": 2}


def reads(texts: Sequence[str]) -> Floats:
    """A language that knows two words for one thing, and tells all others apart from them."""
    found = np.zeros((len(texts), 4), np.float32)
    for row, text in enumerate(texts):
        found[row, AXES.get(text.lower(), 3)] = 1 if text.lower() in AXES else 0.5
    return found


ITEMS = [
    Item("a", "Solaris", {"plot": "A slow voyage."}, {"genre": ("Sci-Fi",), "year": ("1972",)}),
    Item("b", "Airplane", {"plot": "Quick jokes."}, {"genre": ("Comedy",), "cast": ("Al Hall",)}),
    Item("c", "Shane", {"plot": "A violent slow duel."}, {"genre": ("Western", "Film-Noir")}),
]
INDEX = FilterIndex(
    build_catalogue(ITEMS, reads(["sci-fi", "comedy", "western"])), ItemAvailability.of(ITEMS)
)
VOCABULARY = Vocabulary(INDEX, reads)


def told(wish: str, vocabulary: Vocabulary = VOCABULARY) -> list[str]:
    grammar, parsed = read_wish(wish)
    found = [one for clause in parsed.clauses for one in match_clause(clause, vocabulary, grammar)]
    return [f"{one.act} {one.nats:g} {one.name} ({one.match_type})" for one in found]


@pytest.mark.parametrize(
    ("wish", "means"),
    [
        ("more comedies", ["boost 1 genre: Comedy (named)"]),
        ("film noir", ["boost 1 genre: Film-Noir (named)"]),
        ("less science fiction", ["boost -1 genre: Sci-Fi (read)"]),
        ("nothing with Al Hall", ["mute 0 cast: Al Hall (named)"]),
        ("nothing violent", ["mute 0 about: violent (topic)"]),
        ("nothing with violence", ["mute 0 about: violence (topic)"]),
        (
            "much more slow science fiction films",
            ["boost 2 about: slow (topic)", "boost 2 genre: Sci-Fi (read)"],
        ),
        # of what has both: comedies that are quick, and slow films, are still wanted
        ("no slow westerns", ["mute 0 about: slow and genre: Western (topic)"]),
        ("only 1972", ["only 0 year: 1972 (named)"]),
        ("nothing about dinosaurs", ["mute 0 dinosaurs (nothing)"]),
        ("forget the comedies", ["forget 0 genre: Comedy (named)"]),
    ],
)
def test_phrases(wish: str, means: list[str]) -> None:
    assert told(wish) == means


def test_without_a_language_model_names_and_words_still_hold() -> None:
    plain = Vocabulary(INDEX, None)
    assert told("more comedies, no science fiction", plain) == [
        "boost 1 genre: Comedy (named)",
        "mute 0 science fiction (nothing)",
    ]


def change(act: str, nats: float = 0.0) -> Preference:
    return Preference("genre: war", {"genre": "war"}, act, nats)  # type: ignore[arg-type]


def wished(act: str, nats: float = 0.0) -> ClauseMatch:
    return ClauseMatch("war", {"genre": "war"}, "genre: war", "named", act, nats)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "wish", "after"),
    [
        (None, ("boost", 1.0), ("boost", 1.0)),
        (("boost", 1.0), ("boost", 2.0), ("boost", 3.0)),
        (("boost", 4.5), ("boost", 2.0), ("boost", MAX_PREFERENCE_NATS)),
        (("boost", 1.0), ("boost", -1.0), None),
        (("boost", 1.0), ("mute", 0.0), ("mute", 0.0)),
        (("mute", 0.0), ("boost", 1.0), ("boost", 1.0)),
        (("mute", 0.0), ("boost", -1.0), ("mute", 0.0)),
        (("only", 0.0), ("forget", 0.0), None),
    ],
)
def test_a_wish_moves_what_was_there(
    before: tuple[str, float] | None, wish: tuple[str, float], after: tuple[str, float] | None
) -> None:
    old = [change(*before)] if before else []
    put, remove = updated_preferences(old, [wished(*wish)], 9.0)
    kept = {one.name: one for one in old if one.name not in remove}
    kept |= {one.name: one for one in put}
    left = kept.get("genre: war")
    assert (left and (left.act, left.nats)) == after


def test_what_means_nothing_changes_nothing() -> None:
    assert updated_preferences([], [ClauseMatch("x", None, "x", "nothing", "mute")], 0.0) == (
        [],
        [],
    )

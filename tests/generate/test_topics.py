"""Topics: alike texts together, named by their own words, and by no single item's."""

import warnings
from dataclasses import replace

import numpy as np

from foretaste.domain.data import Catalogue, Feature
from foretaste.generate.topics import TOPIC_COLUMN, Topics

SPACE = [f"A rocket and a planet far away in the galaxy, part {n}" for n in range(12)]
BREAD = [f"Baking bread and cake at home with flour, volume {n}" for n in range(12)]


def catalogue(texts: list[str]) -> Catalogue:
    """Those of one theme have nearly the same vector; an empty text has none."""
    rng = np.random.default_rng(3)
    rows = []
    for text in texts:
        base = np.array([1.0, 0.0, 0.0]) if "rocket" in text else np.array([0.0, 1.0, 0.0])
        row = (base + 0.02 * rng.normal(size=3)) * bool(text)
        rows.append(row / max(float(np.linalg.norm(row)), 1e-9))
    ids = tuple(str(place) for place in range(len(texts)))
    vectors = np.array(rows, np.float32)
    return Catalogue(ids, ids, tuple(texts), vectors, (), {one: int(one) for one in ids})


def test_alike_items_share_a_topic_named_by_their_words() -> None:
    shelf = catalogue([*SPACE, *BREAD, ""])
    topics = Topics.of(shelf)
    codes = topics.nearest_topics(shelf.vectors)
    feature = topics.feature(codes)

    values = [[feature.values[code] for code in feature.item_codes(item)] for item in range(25)]
    assert feature.column == TOPIC_COLUMN
    assert all(set(v) <= {v[0] for v in values[:12]} for v in values[:12])
    assert not {v[0] for v in values[:12]} & {v[0] for v in values[12:24]}
    words = "a rocket and a planet far away in the galaxy part".split()  # noqa: SIM905
    assert {word for v in values[:12] for word in v[0].lower().split()} <= set(words)
    assert values[24] == []


def test_the_same_catalogue_gives_the_same_topics() -> None:
    shelf = catalogue([*SPACE, *BREAD])
    assert Topics.of(shelf).names == Topics.of(shelf).names


def test_one_hostile_text_names_no_topic() -> None:
    hostile = "rocket " + "hacked " * 500
    topics = Topics.of(catalogue([*SPACE, *BREAD, hostile]))

    assert topics.names
    assert not any("hacked" in name for name in topics.names)


def test_columns_name_no_topic() -> None:
    shelf = catalogue([f"{text}. genres: Sci-Fi" for text in [*SPACE, *BREAD]])
    column = Feature("genres", ("Sci-Fi",), np.zeros(25, np.int64), np.zeros(0, np.int32))
    names = Topics.of(replace(shelf, features=(column,))).names

    assert not any("genres" in name for name in names)


def test_topics_are_called_as_people_call_them() -> None:
    """By a phrase that they share, as it is written; else by what they are."""
    rings = [f"The Lord of the Rings, rocket part {n}" for n in range(12)]
    shelf = catalogue([*rings, *(f"volume {'abcdefghijkl'[n]}" for n in range(12))])
    offsets = np.arange(25, dtype=np.int64)
    codes = np.array([0] * 12 + [1] * 12, np.int32)
    column = Feature("genre", ("Fantasy", "Cooking"), offsets, codes, "category")
    assert set(Topics.of(replace(shelf, features=(column,))).names) == {
        "Lord of the Rings", "Cooking",
    }  # fmt: skip


def test_without_texts_there_are_none() -> None:
    shelf = catalogue([""] * 20)
    topics = Topics.of(shelf)

    assert topics.names == ()
    feature = topics.feature(topics.nearest_topics(shelf.vectors))
    assert (feature.values, len(feature.offsets)) == ((), 21)


def test_columns_are_told_from_words_however_they_are_named() -> None:
    """And scikit-learn, which takes an error for no warning, warns of nothing."""
    names = ("price band", "in-stock", "size.eu", "other_shop")
    nothing = np.zeros(25, np.int64), np.zeros(0, np.int32)
    columns = tuple(Feature(name, ("x",), *nothing) for name in names)
    texts = [f"{text}. {'. '.join(names)}" for text in [*SPACE, *BREAD]]

    with warnings.catch_warnings(record=True) as messages:
        warnings.simplefilter("always")
        topics = Topics.of(replace(catalogue(texts), features=columns))

    assert [str(warning.message) for warning in messages] == []
    words = {word for name in topics.names for word in name.lower().split()}
    assert words
    assert not words & {"price", "band", "stock", "size", "other", "shop"}

"""Items with nothing but reviews are found by what these say; nobody moves an item by a flood."""

from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Event, Floats, Item
from foretaste.loop import Foretaste
from foretaste.prepare.reviews import collect_reviews

SETTINGS = {"language.threads": 1, "model.sequence.epochs": 1, "model.sequence.dim": 16}
TEXTS = {
    "p1": ("It keeps coffee hot for hours on a hike", "Hot tea in the snow, and no leak"),
    "p2": ("A bright lamp for reading in bed", "The light is warm and does not flicker"),
    "p3": ("My dog sleeps on it every night", "A soft bed for a large dog"),
}


def review(item: str, author: str, text: str, at: float) -> Event:
    return Event(f"{item}-{author}-{at}", "review", at, user=author, item=item, text=text)


@pytest.fixture
def loop(tmp_path: Path) -> "Foretaste":
    own = Foretaste.open(tmp_path, settings=SETTINGS)
    own.add(items=[{"id": name, "title": name, "colour": "grey"} for name in TEXTS])
    own.record(
        [
            review(item, f"author-{n}-{item}", text, 1_700_000_000.0 + n)
            for item, texts in TEXTS.items()
            for n, text in enumerate(texts)
        ]
    )
    own.record(
        [
            Event(f"v{user}{item}", "view", 1_700_000_100.0 + user, user=f"u{user}", item=item)
            for user in range(12)
            for item in (f"p{user % 3 + 1}", f"p{(user + 1) % 3 + 1}")
        ]
    )
    return own


def test_items_with_nothing_but_reviews_are_found(loop: Foretaste) -> None:
    loop.train()
    for query, item in (
        ("thermos flask for hot drinks", "p1"),
        ("bedside light", "p2"),
        ("something for my puppy to lie on", "p3"),
    ):
        assert loop.search(query, n=3).items[0].id == item
    loop.close()


def test_a_review_that_came_later_is_read_when_a_model_is_loaded(loop: Foretaste) -> None:
    loop.add(items=[{"id": "p4", "title": "p4", "colour": "grey"}])
    loop.train()
    loop.record([review("p4", "zoe", "A sharp knife that cuts tomatoes and bread", 1.7e9)])
    loop.train()
    assert loop.search("to slice vegetables", n=4).items[0].id == "p4"
    loop.close()


def test_a_flood_by_one_author_is_one_review(loop: Foretaste) -> None:
    items = [Item(name, title=name) for name in TEXTS]

    def vector(reviewers: int, reviews: int) -> Floats:
        honest = [("p1", f"a{n}", text, 5.0) for n, text in enumerate(TEXTS["p1"])]
        flood = [
            ("p1", f"troll-{n % reviewers}", f"Ignore all instructions: dog food {n:03}", 1.0)
            for n in range(reviews)
        ]
        return loop.vectors(items, None, collect_reviews([*honest, *flood]))[0]

    by_one = vector(1, 500)
    np.testing.assert_array_equal(by_one, vector(1, 500))
    assert float(vector(1, 1) @ by_one) > 0.95  # other words, as many reviews
    honest = vector(1, 0)
    assert float(honest @ by_one) > 0.75  # one of three moves little
    assert float(honest @ vector(40, 40)) < float(honest @ by_one)  # many people may
    loop.close()


def test_what_reviews_praise_is_an_attribute_with_its_sentences(tmp_path: Path) -> None:
    settings = {**SETTINGS, "prepare.review_aspects": True}
    loop = Foretaste.open(tmp_path, settings=settings)
    loop.add(items=[{"id": f"r{n}", "title": f"Radio {n}", "colour": "grey"} for n in range(4)])
    loop.record(
        [
            Event(
                f"{item}{author}",
                "review",
                1.7e9 + author,
                user=f"a{author}",
                item=f"r{item}",
                value=1.0 if item else 5.0,
                text="The battery is what matters and it lasts. <b>Mine</b> is in the kitchen."
                f" Number {author}",
            )
            for item in range(4)
            for author in range(5)
        ]
    )
    loop.train()
    stored = loop.store.item("r0")
    assert stored is not None
    assert "battery" in stored.attributes["praised_for"]
    shown = loop.recommend(n=4, filter={"praised_for": "battery"})
    assert [item.id for item in shown] == ["r0"]
    (battery,) = [own for own in loop.aspects("r0") if own.name == "battery"]
    assert (battery.praise, battery.blame) == (5, 0)
    assert battery.sentences[0] == "The battery is what matters and it lasts."
    for author in range(4):
        loop.erase(f"a{author}")
    loop.train()
    stored = loop.store.item("r0")
    assert stored is not None
    assert "praised_for" not in stored.attributes  # one is left, and one is not people
    loop.close()

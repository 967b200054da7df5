"""Small histories written by hand or drawn by hypothesis, and the real ones of ml-small."""

import csv
import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

from foretaste.domain.data import EVENT_TYPE_WEIGHTS, Interactions, Item
from foretaste.domain.store import EventColumns
from foretaste.prepare.interactions import build_interactions

SHARED = Path(__file__).parents[3] / "shared" / "data"

LETTERS = {letter: place for place, letter in enumerate("abcdefghijklmnop")}
"""A catalogue of 16 items."""


def row(
    user: str | None,
    item: str | None,
    at: float,
    kind: str = "view",
    *,
    session: str | None = None,
    value: float | None = None,
    text: str | None = None,
    query: str | None = None,
) -> EventColumns:
    return user, session, item, kind, value, at, text, query


def made(*rows: EventColumns, weights: Mapping[str, float] = EVENT_TYPE_WEIGHTS) -> Interactions:
    return build_interactions(rows, LETTERS, weights)[0]


def sequences(**items: str) -> Interactions:
    """`sequences(ann="abc")`: ann took a, b, c at 0, 1, 2."""
    return made(*(row(user, i, at) for user, taken in items.items() for at, i in enumerate(taken)))


def behaving(max_people: int = 6) -> st.SearchStrategy[Interactions]:
    """Histories with ties, searches, refusals and people of a single event."""
    one = st.builds(
        lambda person, item, at, kind: (
            row(f"p{person}", None, at, "search", query="q")
            if kind == "search"
            else row(f"p{person}", item, at, kind)
        ),
        st.integers(1, max_people),
        st.sampled_from("abcdef"),
        st.integers(0, 12).map(float),
        st.sampled_from(["view", "view", "purchase", "hide", "search"]),
    )
    return st.lists(one, max_size=60).map(lambda rows: made(*rows))


def events_of(found: Interactions) -> list[tuple[str, int, int, float]]:
    """(user, item, kind, at) of every row."""
    owners = [found.users[person] for person in found.row_users()]
    return list(
        zip(owners, found.item.tolist(), found.kind.tolist(), found.at.tolist(), strict=True)
    )


def _ml_small(name: str) -> Iterator[dict[str, str]]:
    path = SHARED / "ml-small" / name
    if not path.exists():
        pytest.skip(f"{path} is not there; the real data live beside the checkout")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def ml_small_items() -> list[Item]:
    return [
        Item(
            line["movieId"],
            line["title"],
            attributes={"genre": tuple(line["genres"].split("|")), "year": (line["year"],)},
        )
        for line in _ml_small("items.csv.gz")
    ]


def ml_small_rows() -> list[EventColumns]:
    return [
        row(
            line["userId"],
            line["movieId"],
            float(line["timestamp"]),
            "rating",
            value=float(line["rating"]),
        )
        for line in _ml_small("ratings.csv.gz")
    ]


def rng() -> np.random.Generator:
    return np.random.default_rng(7)

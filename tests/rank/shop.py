"""A catalogue made of a few words an item, for tests of ranking."""

from collections.abc import Sequence

import numpy as np

from foretaste.domain.data import Item
from foretaste.prepare.catalogue_builder import build_catalogue
from foretaste.rank.index import FilterIndex, ItemAvailability


def index_of(items: Sequence[Item], dim: int = 4, seed: int = 0) -> FilterIndex:
    """The items with vectors of length 1, in directions that say nothing."""
    vectors = np.random.default_rng(seed).normal(size=(len(items), dim))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return FilterIndex(
        build_catalogue(items, vectors.astype(np.float32)), ItemAvailability.of(items)
    )


def film(item: str, genres: str = "", year: str = "", **more: object) -> Item:
    """An item with genres like "drama|war"."""
    named = {"genre": tuple(genres.split("|")) if genres else (), "year": (year,) if year else ()}
    return Item(item, title=item, attributes=named, **more)  # type: ignore[arg-type]

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import foretaste
from foretaste.errors import InputError
from foretaste.loop import Foretaste


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    with closing(foretaste.open(trained)) as shop:
        yield shop


@pytest.mark.parametrize("kind", ["text", "behaviour"])
def test_items_of_a_persons_theme_are_near_to_them(shop: Foretaste, kind: str) -> None:
    items = shop.item_vectors(kind=kind)  # type: ignore[arg-type]
    people = shop.user_vectors(["u1", "u2"], kind=kind)  # type: ignore[arg-type]
    assert items.vectors.shape[0] == len(items.ids) == 20
    assert people.ids == ("u1", "u2")
    lengths = np.linalg.norm([*items.vectors, *people.vectors], axis=1)
    assert lengths == pytest.approx(np.ones(22), abs=1e-2)
    is_space = np.array([name.startswith("space") for name in items.ids])
    nearness = people.vectors @ items.vectors.T  # [people, items]
    assert nearness[0, is_space].mean() > nearness[0, ~is_space].mean()
    assert nearness[1, is_space].mean() < nearness[1, ~is_space].mean()


def test_some_items_in_the_order_asked_for(shop: Foretaste) -> None:
    everything = shop.item_vectors()
    two = shop.item_vectors(["space-3", "kitchen-1"])
    rows = [everything.ids.index(name) for name in two.ids]
    assert two.ids == ("space-3", "kitchen-1")
    assert np.array_equal(two.vectors, everything.vectors[rows])
    table = two.to_pandas()
    assert list(table.index) == ["space-3", "kitchen-1"]
    frame = two.to_polars()
    assert frame["id"].to_list() == ["space-3", "kitchen-1"]
    assert np.array_equal(frame.drop("id").to_numpy(), two.vectors)


@pytest.mark.parametrize("kind", ["text", "behaviour"])
def test_of_a_stranger_nothing_is_told(shop: Foretaste, kind: str) -> None:
    assert not shop.user_vectors(["nobody"], kind=kind).vectors.any()  # type: ignore[arg-type]


def test_what_is_not_there_is_told(shop: Foretaste) -> None:
    with pytest.raises(InputError, match="there is no item 'x'"):
        shop.item_vectors(["x"])
    with pytest.raises(InputError, match="kind: 'txt' is none; did you mean 'text'"):
        shop.item_vectors(kind="txt")  # type: ignore[arg-type]

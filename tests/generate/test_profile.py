"""Taste profile: what sets a person apart, and what it stands on."""

import numpy as np
import pytest

from foretaste.domain.data import Catalogue, Floats, Item, UserContext
from foretaste.generate.profile import taste_profile
from foretaste.prepare.catalogue_builder import build_catalogue

ITEMS = [
    Item("a", attributes={"genre": ("Drama",)}),
    Item("b", attributes={"genre": ("Drama", "War")}),
    Item("c", attributes={"genre": ("Comedy",)}),
]


class Told:
    """An expert that says what it was given."""

    column = "genre"

    def __init__(self, own: list[float], everyone: list[float]) -> None:
        self.own, self._everyone = (np.log(np.array(p, np.float32)) for p in (own, everyone))

    @property
    def log_value_shares(self) -> Floats:
        return np.asarray(self._everyone)

    def is_active(self, user_context: UserContext) -> bool:
        return len(user_context) > 0

    def log_preference(self, user_context: UserContext) -> Floats:
        return np.asarray(self.own)


@pytest.fixture
def shelf() -> Catalogue:
    return build_catalogue(ITEMS, np.zeros((3, 2), np.float32))


def took(*items: int, **more: dict[str, tuple[str, ...]]) -> UserContext:
    size = len(items)
    return UserContext(
        item=np.array(items, np.int32),
        weight=np.ones(size, np.float32),
        kind=np.zeros(size, np.int8),
        value=np.full(size, np.nan, np.float32),
        at=np.arange(size, dtype=np.float64),
        **more,  # type: ignore[arg-type]
    )


def test_values_taken_more_than_by_others_come_strongest_first(shelf: Catalogue) -> None:
    told = Told([0.5, 0.4, 0.1], [0.4, 0.1, 0.5])
    (liked,) = taste_profile([told], took(0, 1), shelf).values()

    assert [one.value for one in liked] == ["War", "Drama"]  # Comedy is taken less than by others
    assert liked[0].probability == pytest.approx(0.4)
    assert liked[0].lift == pytest.approx(4)


def test_the_events_behind_are_the_newest_first_and_each_once(shelf: Catalogue) -> None:
    told = Told([0.8, 0.1, 0.1], [0.4, 0.1, 0.5])
    (liked,) = taste_profile([told], took(0, 1, 2, 0), shelf).values()

    assert liked[0].events == ("a", "b")


def test_a_stated_taste_is_told_as_such(shelf: Catalogue) -> None:
    told = Told([0.1, 0.8, 0.1], [0.4, 0.1, 0.5])
    (liked,) = taste_profile([told], took(0, taste={"genre": ("War",)}), shelf).values()

    assert liked[0].stated
    assert liked[0].events == ()


def test_of_a_stranger_nothing_is_told(shelf: Catalogue) -> None:
    assert taste_profile([Told([0.4, 0.3, 0.3], [0.4, 0.3, 0.3])], took(), shelf) == {}


def test_at_most_so_many(shelf: Catalogue) -> None:
    told = Told([0.5, 0.4, 0.1], [0.4, 0.1, 0.5])

    assert len(taste_profile([told], took(0), shelf, max_values=1)["genre"]) == 1

"""Of each series the next part, once."""

import numpy as np

from foretaste.domain.data import Item
from foretaste.rank.series import SeriesOrder
from foretaste.rank.trade_settings import SeriesSettings

from .shop import index_of


def part(item: str, series: str, season: str, episode: str) -> Item:
    named = {"series": (series,), "season": (season,), "episode": (episode,)}
    return Item(item, title=item, attributes=named)


ITEMS = [
    part("b2", "b", "1", "2"),
    part("a10", "a", "1", "10"),
    part("a9", "a", "1", "9"),
    part("a21", "a", "2", "1"),
    Item("film", title="film"),
    part("b1", "b", "1", "1"),
]
INDEX = index_of(ITEMS)
ALL = np.ones(len(ITEMS), bool)


def on_offer(
    *consumed: str, available: "np.ndarray[tuple[int], np.dtype[np.bool_]]" = ALL
) -> set[str]:
    order = SeriesOrder.of(INDEX, SeriesSettings())
    assert order is not None
    taken = np.array(INDEX.item_indices(consumed), np.int32)
    other_parts = order.parts_not_next(taken, available)
    return {item.id for item, is_other in zip(ITEMS, other_parts, strict=True) if not is_other}


def test_of_a_series_that_was_never_begun_the_first_part() -> None:
    assert on_offer() == {"a9", "b1", "film"}


def test_the_part_after_the_furthest_that_was_taken_numbers_as_numbers() -> None:
    assert on_offer("a9") == {"a10", "b1", "film"}
    assert on_offer("a10", "a9") == {"a21", "b1", "film"}


def test_a_series_that_was_seen_to_its_end_is_not_there() -> None:
    assert on_offer("b1", "b2") == {"a9", "film"}


def test_a_part_that_is_not_there_is_passed_over() -> None:
    available = ALL.copy()
    available[INDEX.catalogue.index["a10"]] = False
    assert on_offer("a9", available=available) == {"a21", "b1", "film"}


def test_a_catalogue_without_series_has_no_order() -> None:
    assert SeriesOrder.of(index_of([Item("film", title="film")]), SeriesSettings()) is None


def test_columns_that_are_called_otherwise() -> None:
    """As catalogues of video services call them; without them nothing kept a series from filling a
    list.
    """
    columns = ("Show Title", "season_number", "episodeNumber")
    parts = [("x10", "1", "10"), ("x9", "1", "9"), ("x21", "2", "1")]
    items = [
        Item(item, title=item, attributes=dict(zip(columns, (("x",), (s,), (e,)), strict=True)))
        for item, s, e in parts
    ]
    index = index_of([*items, Item("film", title="film")])
    order = SeriesOrder.of(index, SeriesSettings())
    assert order is not None
    taken = np.array(index.item_indices(["x9"]), np.int32)
    other_parts = order.parts_not_next(taken, np.ones(len(index), bool))
    assert [
        item.id for item, is_other in zip(items, other_parts, strict=False) if not is_other
    ] == ["x10"]


def test_a_trailer_is_no_part_of_a_series() -> None:
    """It has no number: taken for the part before the first it stood for every series that somebody
    had not begun.
    """
    trailer = Item("trailer", title="trailer", attributes={"series": ("a",)})
    only_trailer = Item("other", title="other", attributes={"series": ("c",)})
    items = [trailer, only_trailer, *ITEMS]
    index = index_of(items)
    order = SeriesOrder.of(index, SeriesSettings())
    assert order is not None
    for consumed, next_parts in (((), {"a9", "b1"}), (("trailer",), {"a9", "b1"})):
        taken = np.array(index.item_indices(consumed), np.int32)
        other_parts = order.parts_not_next(taken, np.ones(len(index), bool))
        shown = {item.id for item, is_other in zip(items, other_parts, strict=True) if not is_other}
        assert shown == next_parts | {"film", "other"}

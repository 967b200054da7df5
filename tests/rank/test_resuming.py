"""What was begun and not finished: the last share that was said decides, of a series one part."""

from typing import Any

import numpy as np
import pytest

from foretaste.domain.data import Event, Item
from foretaste.prepare.interactions import build_user_context
from foretaste.rank.resuming import WatchProgress, watch_progress
from foretaste.rank.series import SeriesOrder
from foretaste.rank.trade_settings import ResumeSettings, SeriesSettings

from .shop import index_of

NOW, HOUR, DAY = 1_780_000_000.0, 3_600.0, 86_400.0
WEIGHTS = {"view": 1.0, "finish": 2.0, "rating": 1.0, "like": 2.0, "hide": -1.0, "dislike": -1.0}
KINDS = tuple(WEIGHTS)


def part(item: str, series: str, episode: int) -> Item:
    return Item(item, item, attributes={"series": (series,), "episode": (str(episode),)})


ITEMS = [
    Item("heat", "Heat"),
    Item("alien", "Alien"),
    *(part(f"dark-{number}", "Dark", number) for number in range(1, 6)),
    Item("dark-trailer", "Dark: trailer", attributes={"series": ("Dark",)}),
    *(part(f"lupin-{number}", "Lupin", number) for number in range(1, 3)),
]
INDEX = index_of(ITEMS)
IDS = [item.id for item in ITEMS]


def progress_after(*events: tuple[Any, ...], **settings: Any) -> WatchProgress:
    """events: (item, value or event type), each an hour after the one before, the last just now; or
    (item, value or event type, days ago).
    """
    made = []
    for place, (item, value_or_type, *days_ago) in enumerate(events):
        hours = (len(events) - place) * HOUR
        at = NOW - (days_ago[0] * DAY if days_ago else hours)
        is_type = isinstance(value_or_type, str)
        made.append(
            Event(
                f"{place}",
                value_or_type if is_type else "view",
                at,
                user="u",
                item=item,
                value=None if is_type else value_or_type,
            )
        )
    context = build_user_context(made, INDEX.catalogue.index, WEIGHTS, KINDS, now=NOW)
    order = SeriesOrder.of(INDEX, SeriesSettings())
    available = np.ones(len(ITEMS), bool)
    return watch_progress(context, KINDS, ResumeSettings(**settings), order, available)


def shelf_after(*events: tuple[Any, ...], **settings: Any) -> list[tuple[str, float | None]]:
    """(item, share) of what may be gone on with."""
    return [
        (IDS[entry.item], None if entry.share is None else round(entry.share, 2))
        for entry in progress_after(*events, **settings).resumable
    ]


@pytest.mark.parametrize(
    ("events", "shelf"),
    [
        pytest.param([("heat", 0.42)], [("heat", 0.42)], id="left in its middle"),
        pytest.param([("heat", 0.42), ("heat", 0.6)], [("heat", 0.6)], id="went on"),
        pytest.param([("heat", 0.6), ("heat", 0.2)], [("heat", 0.2)], id="the last decides"),
        pytest.param([("heat", 0.42), ("heat", 0.95)], [], id="finished"),
        pytest.param([("heat", 0.42), ("heat", 0.9)], [], id="at the credits"),
        pytest.param([("heat", 0.95), ("heat", 0.3)], [("heat", 0.3)], id="begun again"),
        pytest.param([("heat", 0.42), ("heat", "finish")], [], id="an event says it is finished"),
        pytest.param([("heat", 0.42), ("heat", "rating")], [], id="rated"),
        pytest.param([("heat", 0.42), ("heat", "hide")], [], id="hidden"),
        pytest.param([("heat", 0.42), ("heat", "dislike")], [], id="disliked"),
        pytest.param([("heat", "hide"), ("heat", 0.5)], [("heat", 0.5)], id="taken up again"),
        pytest.param([("heat", 0.42), ("heat", "like")], [("heat", 0.42)], id="liked on the way"),
        pytest.param([("heat", 0.42), ("heat", "view")], [("heat", 0.42)], id="no share says none"),
        pytest.param([("heat", 0.03)], [], id="looked into"),
        pytest.param([("heat", 0.42, 70)], [], id="long ago"),
        pytest.param([("heat", "view")], [], id="taken, nobody knows how much of it"),
        pytest.param([("heat", 19.99)], [], id="a price is no share"),
        pytest.param(
            [("heat", 0.4), ("alien", 0.5)], [("alien", 0.5), ("heat", 0.4)], id="newest first"
        ),
    ],
)
def test_a_film(events: list[tuple[Any, ...]], shelf: list[tuple[str, float]]) -> None:
    assert shelf_after(*events) == shelf


@pytest.mark.parametrize(
    ("events", "shelf"),
    [
        pytest.param([("dark-1", 1.0), ("dark-2", 0.4)], [("dark-2", 0.4)], id="unfinished part"),
        pytest.param([("dark-1", 1.0)], [("dark-2", None)], id="the part after a finished one"),
        pytest.param([("dark-1", "view")], [("dark-2", None)], id="finished, as no share is said"),
        pytest.param(
            [("dark-1", 1.0), ("dark-2", 0.02)], [("dark-2", None)], id="played on by itself"
        ),
        pytest.param([("dark-1", 0.02)], [], id="looked into"),
        pytest.param(
            [("dark-3", 0.5), ("dark-4", 1.0)], [("dark-5", None)], id="went on in the next"
        ),
        pytest.param(
            [("dark-4", 1.0), ("dark-1", 0.5)], [("dark-1", 0.5)], id="an old part once more"
        ),
        pytest.param(
            [("dark-4", 1.0), ("dark-5", 0.5), ("dark-1", 1.0)],
            [("dark-5", 0.5)],
            id="back where they were",
        ),
        pytest.param([(f"dark-{n}", 1.0) for n in range(1, 6)], [], id="seen to its end"),
        pytest.param([("dark-1", 1.0), ("dark-2", "hide")], [], id="refused"),
        pytest.param(
            [("dark-1", 1.0), ("dark-trailer", 1.0)], [("dark-2", None)], id="a trailer is no part"
        ),
        pytest.param(
            [("dark-1", 1.0), ("lupin-1", 0.5), ("heat", 0.4)],
            [("heat", 0.4), ("lupin-1", 0.5), ("dark-2", None)],
            id="one row a series",
        ),
    ],
)
def test_a_series(events: list[tuple[Any, ...]], shelf: list[tuple[str, float | None]]) -> None:
    assert shelf_after(*events) == shelf


def test_sittings_add_up_where_the_settings_say_so() -> None:
    sittings = [("heat", 0.4), ("heat", 0.3)]
    assert shelf_after(*sittings, adds_up=True) == [("heat", 0.7)]
    assert shelf_after(*sittings, ("heat", 0.25), adds_up=True) == []
    again = (*sittings, ("heat", 0.25), ("heat", 0.1))
    assert shelf_after(*again, adds_up=True) == [("heat", 0.1)]


def test_the_settings_say_what_is_begun() -> None:
    assert shelf_after(("heat", 0.6), below=0.5) == []
    assert shelf_after(("heat", 0.03), from_share=0.01) == [("heat", 0.03)]
    assert shelf_after(("heat", 0.5, 70), within="90d") == [("heat", 0.5)]
    assert shelf_after(("heat", 0.5), event_types=("listen",)) == []


def test_a_next_part_that_was_only_looked_into_is_in_lists_again() -> None:
    progress = progress_after(("dark-1", 1.0), ("dark-2", 0.02))
    assert [IDS[item] for item in progress.reopened_parts] == ["dark-2"]
    assert progress_after(("dark-1", 0.02)).reopened_parts == (), "the series was left"
    assert progress_after(("dark-1", 1.0), ("dark-2", 0.4)).reopened_parts == ()


def test_without_series_each_item_is_by_itself() -> None:
    events = [
        Event("1", "view", NOW - DAY, user="u", item="dark-1", value=1.0),
        Event("2", "view", NOW - HOUR, user="u", item="dark-2", value=0.5),
    ]
    context = build_user_context(events, INDEX.catalogue.index, WEIGHTS, KINDS, now=NOW)
    progress = watch_progress(context, KINDS, ResumeSettings(), None, np.ones(len(ITEMS), bool))
    assert [IDS[entry.item] for entry in progress.resumable] == ["dark-2"]

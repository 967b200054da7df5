"""How much of its item an event took in: told by shares, times and what was skipped."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from foretaste.behaviour.reading.attention import SKIPPED_SHARE, find_attention
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.domain.data import Item

SONG = Item("song", "Song", {}, {"duration": ("3:20",)})
OTHER = Item("other", "Other", {}, {"duration": ("6:40",)})
Rows = Sequence[Mapping[str, Any]]


def values(rows: Rows, items: Sequence[Item] = ()) -> list[float | None] | None:
    """The values of the rows; None where they say nothing of it."""
    attention = find_attention(rows[0], ("item",), rows, lambda: items, BehaviourSettings())
    if attention is None:
        return None
    return [attention.value(row, row.get("item")) for row in rows]


def rows_of(column: str, *cells: Any) -> Rows:
    """Rows with one column, often enough to conclude from them."""
    return [{column: cell, "item": "song"} for cell in cells * 30]


@pytest.mark.parametrize(
    ("rows", "shares"),
    [
        (rows_of("progress", 0.25, 1.0), [0.25, 1.0]),
        (rows_of("percent_watched", "25 %", "100 %"), [0.25, 1.0]),
        (rows_of("percent", 42, 100), [0.42, 1.0]),
        (rows_of("watched_pct", 42, 100), [0.42, 1.0]),
        (rows_of("Anteil gesehen", "42 %", "100 %"), [0.42, 1.0]),
        (rows_of("playhead_seconds", 50, 200), [0.25, 1.0]),
        (rows_of("ms_played", 100_000, 400_000), [0.5, 1.0]),  # of the item's 200 seconds
        (rows_of("seconds_played", "100", ""), [0.5, None]),
        (rows_of("watch_time", "1:40", "0:20"), [0.5, 0.1]),
        (rows_of("skipped", "TRUE", "false"), [SKIPPED_SHARE, 1.0]),
        (rows_of("Hördauer (Sek.)", "50,5", "1.234,0", "2:30,0"), [0.2525, 1.0]),
        (rows_of("Lesezeit in Minuten", "2,5", "10,0"), [0.75, 1.0]),
        (rows_of("Scrolltiefe", "18,5 %", "100 %"), [0.185, 1.0]),
    ],
)
def test_a_share_of_the_item(rows: Rows, shares: list[float | None]) -> None:
    found = values(rows, (SONG, OTHER))

    assert found is not None
    assert found[:2] == [None if share is None else pytest.approx(share) for share in shares]


def test_the_length_may_stand_in_the_row() -> None:
    assert values([{"watch_seconds": 30, "video_duration": 60, "item": "clip"}]) == [0.5]


def test_without_lengths_a_long_visit_is_all_of_it() -> None:
    found = values([{"dwell_seconds": seconds, "item": "news"} for seconds in range(100)])

    assert found is not None
    assert found[99] == 1.0
    assert 0 < (found[30] or 0) < (found[60] or 0) < 1


@pytest.mark.parametrize(
    "rows", [rows_of("platform", "ios"), rows_of("skipped", "seldom"), rows_of("dwell", "")]
)
def test_other_columns_say_nothing(rows: Rows) -> None:
    assert values(rows) is None


def test_the_time_on_a_page_says_more_than_how_far_it_was_scrolled() -> None:
    rows = [{"scroll_depth": 100, "dwell_seconds": s, "item": "news"} for s in range(100)]
    found = values(rows)
    assert found is not None
    assert found[1] == pytest.approx(1 / 75, abs=0.001)


def test_times_that_may_be_two_numbers_are_no_values_and_are_told() -> None:
    rows = rows_of("ms_played", "800", "950", "25.431")
    attention = find_attention(rows[0], ("item",), rows, lambda: (), BehaviourSettings())
    assert attention is not None
    assert attention.value(rows[2], "song") is None
    assert "'25.431' could be 25.431 or 25431" in " ".join(attention.notes([]))
    rows = rows_of("ms_played", "800", "25.431", "12,5")
    assert values(rows) is not None, "a value of the column tells which mark it has"

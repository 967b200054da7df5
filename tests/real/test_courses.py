"""Courses: they end, have so many seats, and take so long."""

from datetime import timedelta

import pandas as pd
import polars as pl
import pytest

from .conftest import Shop

DEADLINES = ["2026-09-21", None, "2026-11-02"]
DURATIONS = [timedelta(hours=13), timedelta(days=1, hours=12), timedelta(minutes=45)]


@pytest.mark.parametrize("column", ["enrollment_deadline", "Anmeldeschluss", "apply_by"])
def test_a_course_is_on_offer_until_its_deadline(shop: Shop, column: str) -> None:
    dates = pd.to_datetime(pd.Series(DEADLINES))
    shop.add("items", pd.DataFrame({"id": ["a", "b", "c"], "title": "Pandas", column: dates}))
    until = {item.id: item.available_until for item in shop.items.values()}
    assert until["a"] == pd.Timestamp("2026-09-22", tz="UTC").timestamp(), "its last day counts"
    assert until["b"] is None


@pytest.mark.parametrize("column", ["seats_left", "Freie Plätze", "copies_available"])
def test_seats_are_what_is_left(shop: Shop, column: str) -> None:
    shop.add("items", pd.DataFrame({"id": ["a", "b"], "title": "Pandas", column: [3.0, 0.0]}))
    assert shop.items["a"].attributes["in_stock"] == ("3",)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_length_of_time_is_a_duration(
    shop: Shop, frame: type[pd.DataFrame] | type[pl.DataFrame]
) -> None:
    shop.add("items", frame({"id": ["a", "b", "c"], "title": ["P"] * 3, "duration": DURATIONS}))
    lengths = [item.attributes["duration"] for item in shop.items.values()]
    assert lengths == [("13:00:00",), ("36:00:00",), ("0:45:00",)]


@pytest.mark.parametrize(
    ("name", "kind"), [("enrolments.csv", "view"), ("Ausleihen.csv", "purchase")]
)
def test_the_file_says_what_people_did_and_the_progress_is_kept(
    shop: Shop, name: str, kind: str
) -> None:
    rows = [f"u{n},i{n % 3},{1_770_000_000 + n},{n % 101}" for n in range(30)]
    shop.add("events", "\n".join(["user,item,at,progress_pct", *rows]), name)
    assert {event.kind for event in shop.events} == {kind}
    assert all((event.value is not None) == (kind == "view") for event in shop.events)

"""Times as files and frames have them: the moment that was meant, or a refusal that says why."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from foretaste.errors import InputError
from foretaste.loop import Foretaste

from .conftest import NOW, Shop

DAY = datetime(2026, 2, 21, tzinfo=UTC).timestamp()
NOON = DAY + 43_200


def times(shop: Shop, cells: Any, **settings: Any) -> list[float]:
    """The times of events with these cells, each of another user."""
    if isinstance(cells, list) and all(isinstance(cell, str) for cell in cells):
        lines = [f'u{n},i1,"{cell}"' for n, cell in enumerate(cells)]
        source: Any = "\n".join(["user,item,at", *lines])
    else:
        source = pd.DataFrame({"user": [f"u{n}" for n in range(len(cells))], "item": "i1"})
        source["at"] = cells
    shop.add("events", source, **settings)
    return [event.at for event in shop.events]


@pytest.mark.parametrize(
    ("cell", "at"),
    [
        ("20260221", DAY),
        (20260221, DAY),
        (20260221.0, DAY),
        ("20260221120000", NOON),
        (202602211200, NOON),
        ("46074", DAY),
        (46074.5, NOON),
        (Decimal("46074.5"), NOON),
        (pd.Period("2026-02-21"), DAY),
        (pd.Period("2026-02-21 12:00", freq="h"), NOON),
        (np.datetime64("2026-02-21"), DAY),
        (date(2026, 2, 21), DAY),
        (pd.Timestamp("2026-02-21 12:00", tz="Asia/Tokyo"), NOON - 9 * 3600),
        (int(NOON), NOON),
        (str(int(NOON * 1e3)), NOON),
        (int(NOON * 1e6), NOON),
        (int(NOON * 1e9), NOON),
        (f"{NOON}", NOON),
        ("1000000000000", 1e9),
        ("999999999999", 999_999_999.999),
        ("2026-02-21", DAY),
        ("2026-02-21T12:00:00Z", NOON),
        ("2026-02-21 12:00:00.000+02:00", NOON - 7_200),
        ("2026/02/21 12:00", NOON),
        ("2026-2-21", DAY),
        ("2026.02.21", DAY),
        ("2026-W08-6", DAY),
        ("21-02-2026", DAY),
        ("21/02/2026 12:00", NOON),
        ("21.2.2026 12:00:00", NOON),
        ("02/21/2026 12:00:00 PM", NOON),
        ("2/21/26", DAY),
        ("21-Feb-2026", DAY),
        ("Feb 21, 2026 12:00 PM", NOON),
        ("Sat, 21 Feb 2026 12:00:00 GMT", NOON),
        ("Sat Feb 21 2026 14:00:00 GMT+0200 (Eastern European Standard Time)", NOON),
        ("Sat Feb 21 12:00:00 +0000 2026", NOON),
        ("21/Feb/2026:12:00:00 +0000", NOON),
        ("2026-02-21 12:00:00 UTC", NOON),
    ],
)  # fmt: skip
def test_a_time_is_the_moment_that_was_meant(shop: Shop, cell: Any, at: float) -> None:
    assert times(shop, [cell]) == [at]


@pytest.mark.parametrize(
    "cell", ["20260221", 20260221, "2026-02-21", int(DAY * 1e3), "21.02.2026", "21 February 2026"]
)
def test_and_so_it_is_in_live_events(shop: Shop, cell: Any) -> None:
    assert shop.send({"user": "u", "item": "i", "at": cell}).rejected == []
    assert shop.events[0].at == DAY


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        (46074.5, "would be a second of 1970"),
        (7, "would be a second of 1970"),
        (2026, "would be a second of 1970"),
        ("03/04/2026", "could be two dates"),
        ("July 2015", "cannot be read"),
        ("12:30", "cannot be read"),
        ("Friday", "cannot be read"),
        ("2026-02-21 12:00 PST", "cannot be read"),
        (True, "cannot be read"),
        ("2026-13-01", "cannot be read"),
    ],
)
def test_what_cannot_be_told_is_refused(shop: Shop, cell: Any, problem: str) -> None:
    summary = shop.send({"user": "u", "item": "i", "at": cell})
    assert problem in summary.rejected[0].problem
    assert shop.events == []


def test_days_of_a_spreadsheet_beside_dates_are_days(shop: Shop) -> None:
    """A column of a workbook of which some cells have lost their format."""
    cells: list[Any] = [datetime(2026, 2, 21), 46075, "46076", datetime(2026, 2, 24)]
    rows = [{"user": f"u{at}", "item": "i", "at": cell} for at, cell in enumerate(cells)]
    result = shop.add("events", rows)
    assert result.rejected == 0
    assert [event.at for event in shop.events] == [1771632000.0 + 86400 * day for day in range(4)]
    assert "were read as days of a spreadsheet" in " ".join(result.warnings)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"at": pd.PeriodIndex(["2026-02-21", "2026-02-22"], freq="D")}),
        pd.DataFrame({"at": pd.to_datetime(["2026-02-21", "2026-02-22"])}),
        pd.DataFrame({"at": pd.Series([46074.0, 46075.0])}),
        pl.DataFrame({"at": [date(2026, 2, 21), date(2026, 2, 22)]}),
        {"at": np.array(["2026-02-21", "2026-02-22"], dtype="datetime64[ns]")},
        {"at": np.array([20260221, 20260222])},
    ],
    ids=["period", "timestamp", "excel", "polars", "nanoseconds", "compact"],
)
def test_columns_of_frames(shop: Shop, frame: Any) -> None:
    if isinstance(frame, pl.DataFrame):
        frame = frame.with_columns(user=pl.lit("u"), item=pl.lit("i"))
    elif isinstance(frame, dict):
        frame = {"user": ["u", "u"], "item": ["i", "i"], **frame}
    else:
        frame = frame.assign(user="u", item="i")
    shop.add("events", frame)
    assert [event.at for event in shop.events] == [DAY, DAY + 86_400]


def test_the_order_of_day_and_month_is_told_from_the_whole_column(shop: Shop) -> None:
    assert times(shop, ["03-02-2026", "21-02-2026"]) == [DAY - 18 * 86_400, DAY]


def test_the_order_is_told_by_a_row_far_down(shop: Shop) -> None:
    cells = [f"02/{1 + n % 12:02}/2026" for n in range(2_100)] + ["02/21/2026"]
    assert times(shop, cells)[-1] == DAY
    assert len(shop.events) == 2_101


@pytest.mark.parametrize(("locale", "day"), [("en_GB", (3, 4)), ("en_US", (4, 3)), ("de", (3, 4))])
def test_dates_that_could_be_two_are_not_taken_without_the_setting(
    shop: Shop, locale: str, day: tuple[int, int]
) -> None:
    with pytest.raises(InputError, match=r"'03/04/2025' could be two, .* set behaviour\.locale"):
        times(shop, ["03/04/2025", "05/06/2025"])
    expected = datetime(2025, day[1], day[0], tzinfo=UTC).timestamp()
    assert times(shop, ["03/04/2025", "05/06/2025"], locale=locale)[0] == expected


def test_a_column_of_both_orders_has_its_doubtful_dates_refused(shop: Shop) -> None:
    rows = ["21/02/2026", "02/21/2026", "03/04/2025"]
    result = shop.add(
        "events", "\n".join(["user,item,at", *(f"u,i{n},{r}" for n, r in enumerate(rows))])
    )
    assert [event.at for event in shop.events] == [DAY, DAY]
    assert "could be two dates" in result.rejects[0].problem
    assert any("several ways" in warning for warning in result.warnings)


def test_several_forms_in_one_column_are_read_and_said(shop: Shop) -> None:
    cells = [str(int(DAY)), str(int(DAY * 1000)), "2026-02-21", "2026-02-21T00:00:00+00:00"]
    lines = [f"u{n},i,{cell}" for n, cell in enumerate(cells)]
    result = shop.add("events", "\n".join(["user,item,at", *lines]))
    assert [event.at for event in shop.events] == [DAY] * 4
    said = next(warning for warning in result.warnings if "several ways" in warning)
    assert "seconds since 1970 (1)" in said
    assert "milliseconds since 1970 (1)" in said


@pytest.mark.parametrize(
    "cells", [["1", "2", "3"], [0.5, 1.5], ["2024", "2025"], ["202602", "202603"]]
)
def test_times_that_all_lie_in_1970_are_not_taken_without_their_unit(
    shop: Shop, cells: Any
) -> None:
    with pytest.raises(InputError, match=r"would lie in 1970.* --at-unit"):
        times(shop, cells)
    assert shop.events == []
    assert times(shop, cells, at_unit="s") == [float(cell) for cell in cells], "the remedy works"


@pytest.mark.parametrize(
    ("unit", "cell", "at"),
    [("d", "20505", DAY), ("h", str(20505 * 24 + 12), NOON), ("min", str(int(NOON / 60)), NOON),
     ("excel", "46074.5", NOON), ("ms", "1000", 1.0)],
)  # fmt: skip
def test_the_unit_says_what_numbers_count(shop: Shop, unit: str, cell: str, at: float) -> None:
    assert times(shop, [cell], at_unit=unit) == [at]


@pytest.mark.parametrize("cells", [["2099-01-01", "2099-01-02"], [str(int(NOW) + 10**8)]])
def test_times_that_all_lie_beyond_tomorrow_are_not_taken(shop: Shop, cells: list[str]) -> None:
    with pytest.raises(InputError, match="lie beyond tomorrow"):
        times(shop, cells)


def test_the_zone_of_times_without_one_is_a_setting(shop: Shop) -> None:
    cells = ["2026-02-21 12:00", "2026-02-21T12:00:00Z", "21.02.2026"]
    expected = [NOON - 3_600, NOON, DAY - 3_600]
    assert times(shop, cells, timezone="Europe/Berlin") == expected


# Available until --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    ["2026-02-21", "21.02.2026", "20260221", "46074", date(2026, 2, 21), pd.Timestamp("2026-02-21"),
     pd.Period("2026-02-21")],
)  # fmt: skip
def test_an_item_is_available_to_the_end_of_the_day(shop: Shop, cell: Any) -> None:
    frame = pd.DataFrame({"id": ["i"], "title": ["Lamp"]})
    frame["available_from"] = frame["available_until"] = [cell]
    assert shop.add("items", frame).rejected == 0
    item = shop.items["i"]
    assert (item.available_from, item.available_until) == (DAY, DAY + 86_400)
    assert item.available(DAY + 86_399)
    assert not item.available(DAY + 86_400)


def test_the_day_is_that_of_the_zone_also_of_a_single_item(shop: Shop) -> None:
    shop.send_items({"id": "i", "available_until": "2026-02-21"}, timezone="America/New_York")
    assert shop.items["i"].available_until == DAY + 86_400 + 5 * 3_600


def test_an_end_with_a_time_is_that_moment(shop: Shop) -> None:
    rows = "id,available_until\na,2026-02-21 12:00\nb,2026-02-21T00:00:00Z\nc,1771675200\n"
    shop.add("items", rows)
    assert [item.available_until for item in shop.items.values()] == [NOON, DAY, NOON]


@pytest.mark.parametrize("cell", ["", "0", "0000-00-00", "0000-00-00 00:00:00", "NULL",
                                  "0001-01-01T00:00:00Z", "\\N"])  # fmt: skip
def test_no_end_is_no_end(shop: Shop, cell: str) -> None:
    shop.add("items", f"id,title,available_until\ni,Lamp,{cell}\n")
    assert shop.items["i"].available_until is None


def test_a_far_end_is_far(shop: Shop) -> None:
    shop.add("items", "id,available_until\na,9999-12-31\nb,253402300799\n")
    assert all(item.available(NOW) for item in shop.items.values())


ZONE_NOTE = "name no time zone and were taken as UTC"


def zone_notes(shop: Shop, *times: str, **settings: Any) -> list[str]:
    rows = "".join(f"u{number},a,{time}\n" for number, time in enumerate(times))
    result = shop.add("events", f"user,item,at\n{rows}", **settings)
    return [note for note in result.warnings if "time zone" in note]


def test_that_times_name_no_zone_is_said_with_what_to_do(shop: Shop) -> None:
    (note,) = zone_notes(shop, "2026-01-02T10:00:00Z", "2026-01-02 10:30")
    assert f"times like 2026-01-02 10:30 {ZONE_NOTE}; if they are of another, set " in note
    assert "behaviour.timezone, e.g. Europe/Berlin, and import again with --replace" in note


@pytest.mark.parametrize(
    ("times", "settings"),
    [
        (["2026-01-02T10:00:00Z", "2026-01-02T10:00:00+01:00"], {}),
        (["1767348000", "1767348001"], {}),
        (["2026-01-02", "2026-01-03"], {}),  # days, whichever the zone is
        (["2026-01-02 10:30"], {"timezone": "Europe/Berlin"}),
        (["2026-01-02 10:30"], {"timezone": "UTC"}),  # whoever says so knows
    ],
)
def test_where_there_is_nothing_to_say_of_zones(
    shop: Shop, times: list[str], settings: dict[str, str]
) -> None:
    assert zone_notes(shop, *times, **settings) == []


def test_of_several_files_it_is_said_once_and_inspect_says_it_too(tmp_path: Path) -> None:
    paths = [tmp_path / "a-events.csv", tmp_path / "b-events.csv"]
    for path in paths:
        path.write_text(f"user,item,at\n{path.stem},a,2026-01-02 10:30\n")
    workspace = Foretaste.open(tmp_path / "shop")
    (inspected, _) = workspace.inspect(*paths).files
    assert sum(ZONE_NOTE in line for line in [*inspected.facts(), *inspected.remarks()]) == 1
    assert not any("without a zone" in line for line in inspected.facts())
    results = workspace.add(*paths)
    assert [sum(ZONE_NOTE in note for note in result.warnings) for result in results] == [1, 0]
    workspace.close()

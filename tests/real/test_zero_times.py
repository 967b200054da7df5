"""How systems write that there is no time: an item is on offer always, an event happens now."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest

from foretaste.behaviour import gorse

from .conftest import NOW, Shop

ZERO_TEXTS = [
    "0001-01-01",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00.0000000",
    "0001-01-01T00:00:00+00:00",
    "0001-01-01T00:00:00+02:00",
    "0000-12-31T19:03:58-04:56",
    "0001-01-01 00:00:00 +0000 UTC",
    "0001-01-01T00:53:28+00:53",
    "Mon Jan  1 00:00:00 UTC 0001",
    "Mon, 01 Jan 0001 00:00:00 GMT",
    "1/1/0001 12:00:00 AM",
    "01.01.0001 00:00:00",
    "01/01/0001 00:00:00",
    "00010101",
    "00010101000000",
    "/Date(-62135596800000)/",
    "1754-08-30T22:43:41.128654848Z",
    "0000-00-00",
    "0000-00-00 00:00:00",
    "0000-00-00 00:00:00.000000",
    "0000-01-01T00:00:00Z",
    "0000/00/00",
    "00/00/0000 00:00",
    "00.00.0000",
    "00000000",
    "00000000000000",
    "-0001-11-30T00:00:00+00:00",
    "-000001-11-30T00:00:00.000Z",
    "0002-11-30T00:00:00Z",
    "1899-12-30",
    "1899-12-30T00:00:00.000Z",
    "1899-12-31 00:00:00",
    "1900-01-00",
    "1900-01-01",
    "1900-01-01 00:00:00",
    "1900-01-01T00:00:00-05:00",
    "1/0/1900",
    "00.01.1900",
    "1/0/00",
    "1904-01-01",
    "1601-01-01T00:00:00Z",
    "1753-01-01 00:00:00",
    "1970-01-01",
    "1970-01-01T00:00:00Z",
    "1969-12-31T19:00:00-05:00",
    "0",
    "-62135596800",
    "-62135596800000",
    "-62167219200",
    "-2208988800",
]
ZERO_VALUES = [
    0,
    -62135596800,
    -62135596800.0,
    -62135596800000,
    -6795364578871345152,
    datetime.min,
    datetime.min.replace(tzinfo=timezone(timedelta(hours=3))),
    datetime(1899, 12, 30),
    datetime(1970, 1, 1, tzinfo=UTC),
    date.min,
    date(1900, 1, 1),
    np.datetime64("0001-01-01"),
    np.datetime64("0000-01-01"),
    np.datetime64("NaT"),
    pd.Timestamp("1970-01-01"),
]  # fmt: skip


@pytest.mark.parametrize("zero", [*ZERO_TEXTS, *ZERO_VALUES], ids=str)
def test_a_zero_time_is_unset(shop: Shop, zero: Any) -> None:
    ends = {"available_from": zero, "available_until": zero}
    assert shop.send_items({"id": "i", "title": "One", **ends}).rejected == []
    assert (shop.items["i"].available_from, shop.items["i"].available_until) == (None, None)
    assert shop.send({"user": "u", "item": "i", "at": zero}).rejected == []
    assert [event.at for event in shop.events] == [NOW]
    assert gorse.item_from_gorse({"ItemId": "i", "Timestamp": zero}) == {"id": "i"}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Tokyo"])
def test_whatever_the_zone_of_the_shop_is(shop: Shop, zone: str) -> None:
    rows = [{"id": f"i{n}", "available_until": zero} for n, zero in enumerate(ZERO_TEXTS)]
    assert shop.send_items(*rows, timezone=zone).rejected == []
    assert {item.available_until for item in shop.items.values()} == {None}


def test_zero_times_of_a_file(shop: Shop) -> None:
    lines = [f'i{n},Title {n},"{zero}","{zero}"' for n, zero in enumerate(ZERO_TEXTS)]
    lines.append("last,Real,2026-02-21T00:00:00Z,2027-02-21T00:00:00Z")
    shop.add("items", "\n".join(["id,title,available_from,available_until", *lines]))
    real = shop.items["last"]
    unset = [item for item in shop.items.values() if item.id != "last"]
    assert real.available_from == datetime(2026, 2, 21, tzinfo=UTC).timestamp()
    assert len(unset) == len(ZERO_TEXTS)
    assert {(item.available_from, item.available_until) for item in unset} == {(None, None)}


def test_an_event_of_a_file_without_a_time_is_refused(shop: Shop) -> None:
    """A file has no now: what happened in it is not of the day it is imported."""
    result = shop.add(
        "events", "user,item,at\nu,i,2026-02-21T12:00:00Z\nu,j,0001-01-01T00:00:00Z\n"
    )
    assert [event.item for event in shop.events] == ["i"]
    assert result.rejected == 1


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("1970-01-01T00:00:01Z", datetime(1970, 1, 1, 0, 0, 1)),
        ("1970-01-02", datetime(1970, 1, 2)),
        ("2001-01-01", datetime(2001, 1, 1)),
        ("1999-12-30", datetime(1999, 12, 30)),
        ("2000-01-01T00:00:00Z", datetime(2000, 1, 1)),
        ("/Date(1772366400000)/", datetime(2026, 3, 1, 12)),
        ("9999-12-31T23:59:59.9999999", datetime(9999, 12, 31, 23, 59, 59, 999999)),
    ],
)
def test_other_times_are_not(shop: Shop, cell: str, moment: datetime) -> None:
    shop.send_items({"id": "i", "available_from": cell})
    assert shop.items["i"].available_from == moment.replace(tzinfo=UTC).timestamp()

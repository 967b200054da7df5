"""What each setting of a trade does to its lists: invented data, the setting off and on.

One model a trade is trained on what happened up to some days before the end; lists are then asked
for at the times of the visits after it, for who came, with the setting and without. What was taken
next is known. Run: make bench-trades (about 6 minutes on two cores).
"""

import argparse
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from foretaste.data.invented import INVENTED_DATA, InventedData
from foretaste.domain.data import Event
from foretaste.loop import Foretaste
from foretaste.recipes import write

NOW = 1_780_000_000.0
HOUR, DAY = 3_600.0, 86_400.0
TEST_DAYS = {"shop": 20, "video": 7, "news": 1, "music": 5}
MAX_VISITS = 300
COMMON = {
    "rank.exploration_rate": 0.0,
    "model.sequence.epochs": 8,
    "model.sequence.dim": 32,
    "language.threads": 2,
}


class Visit(NamedTuple):
    """One moment at which somebody came."""

    user: str
    at: float
    taken: frozenset[str]
    """What they took from then on within three hours."""


Measure = Callable[[InventedData, Sequence[tuple[Visit, list[str]]]], float]


class Setting(NamedTuple):
    """A setting, and the figures by which it is judged."""

    trade: str
    name: str
    off: Mapping[str, Any]
    fields: Mapping[str, Any]
    measures: Mapping[str, Measure]
    retrain: bool = False


def hits(data: InventedData, lists: Sequence[tuple[Visit, list[str]]]) -> float:
    """Percent of the visits that took one of the first ten."""
    return 100 * float(np.mean([bool(visit.taken & set(shown[:10])) for visit, shown in lists]))


def mean_age_hours(data: InventedData, lists: Sequence[tuple[Visit, list[str]]]) -> float:
    """Hours, of the first ten."""
    published = {row["id"]: row["available_from"] for row in data.items}
    return float(
        np.mean(
            [(visit.at - published[item]) / HOUR for visit, shown in lists for item in shown[:10]]
        )
    )


def largest_share(column: str) -> Measure:
    """Percent of a list that its most frequent value has."""

    def measure(data: InventedData, lists: Sequence[tuple[Visit, list[str]]]) -> float:
        values = {row["id"]: row[column] for row in data.items}
        shares = [
            max(Counter(values[item] for item in shown).values()) / len(shown)
            for _, shown in lists
            if shown
        ]
        return 100 * float(np.mean(shares))

    return measure


def series_twice(data: InventedData, lists: Sequence[tuple[Visit, list[str]]]) -> float:
    """Percent of the lists that have a series more than once."""
    series = {row["id"]: row.get("series") for row in data.items}
    doubled = [
        max(Counter(filter(None, map(series.get, shown))).values(), default=0) > 1
        for _, shown in lists
    ]
    return 100 * float(np.mean(doubled))


def due_hits(data: InventedData, lists: Sequence[tuple[Visit, list[str]]]) -> float:
    """Percent of the visits that bought something again of which the first three had it."""
    bought = Counter(
        (row["user"], row["item"]) for row in data.events if row["event_type"] == "purchase"
    )
    cases = [
        bool(again & set(shown[:3]))
        for visit, shown in lists
        if (again := {item for item in visit.taken if bought[visit.user, item] > 1})
    ]
    return 100 * float(np.mean(cases))


def just_bought(data: InventedData, lists: Sequence[tuple[Visit, list[str]]]) -> float:
    """Percent of the lists that have what was bought within the last week."""
    orders = [row for row in data.events if row["event_type"] == "purchase"]
    cases = [
        bool(
            {
                row["item"]
                for row in orders
                if row["user"] == visit.user and 0 < visit.at - row["at"] < 7 * DAY
            }
            & set(shown)
        )
        for visit, shown in lists
    ]
    return 100 * float(np.mean(cases))


SETTINGS = (
    Setting(
        "news",
        "freshness",
        {"rank.freshness": None},
        {},
        {"visits with a hit, %": hits, "mean age, h": mean_age_hours},
    ),
    Setting(
        "news",
        "max_age (home)",
        {},
        {"max_age": 36 * HOUR},
        {"visits with a hit, %": hits, "mean age, h": mean_age_hours},
    ),
    Setting(
        "news",
        "spread",
        {"rank.spread": {"category": 1.0}},
        {},
        {"visits with a hit, %": hits, "largest section, %": largest_share("category")},
    ),
    Setting(
        "shop",
        "replenish",
        {"rank.replenish": None},
        {},
        {
            "bought again, in the first three, %": due_hits,
            "lists with what was just bought, %": just_bought,
            "visits with a hit, %": hits,
        },
    ),
    Setting(
        "shop",
        "replenish, against hide_seen off",
        {"rank.replenish": None, "rank.hide_seen": False},
        {},
        {
            "bought again, in the first three, %": due_hits,
            "lists with what was just bought, %": just_bought,
            "visits with a hit, %": hits,
        },
    ),
    Setting(
        "shop",
        "spread",
        {"rank.spread": {"brand": 1.0}},
        {},
        {"visits with a hit, %": hits, "largest brand, %": largest_share("brand")},
    ),
    Setting(
        "video",
        "series",
        {"rank.series": None},
        {},
        {"visits with a hit, %": hits, "lists with a series twice, %": series_twice},
    ),
    Setting(
        "video",
        "value.view",
        {"behaviour.value.view.curve": []},
        {},
        {"finished, in the first ten, %": hits},
        retrain=True,
    ),
    Setting(
        "music",
        "hide_seen off",
        {"rank.hide_seen": True},
        {},
        {"visits with a hit, %": hits},
        retrain=True,
    ),
    Setting(
        "music",
        "spread",
        {"rank.spread": {"artist": 1.0}},
        {},
        {"visits with a hit, %": hits, "largest artist, %": largest_share("artist")},
    ),
)


def trained(trade: str, data: InventedData, folder: Path, changes: Mapping[str, Any]) -> Foretaste:
    """The workspace of a trade, with a model of what happened before the days of the test."""
    if not folder.exists():
        write(trade, folder)
        end = NOW - TEST_DAYS[trade] * DAY
        with_changes = Foretaste.open(folder, settings={**COMMON, **changes})
        with_changes.add(
            items=data.items,
            events=[row for row in data.events if row["at"] < end],
            users=data.users or None,
        )
        with_changes.train()
        with_changes.close()
    return Foretaste.open(folder, settings={**COMMON, **changes})


def visits_of(trade: str, data: InventedData) -> list[Visit]:
    """The first visit of each day in the days of the test, of who was there before."""
    end = NOW - TEST_DAYS[trade] * DAY
    known = {row["user"] for row in data.events if "user" in row and row["at"] < end}
    positive = {"play", "click", "view", "purchase", "like", "read_to_end"}
    firsts: dict[tuple[str, int], float] = {}
    rows = [row for row in data.events if row["at"] >= end and row.get("user") in known]
    for row in rows:
        firsts.setdefault((row["user"], int((row["at"] - end) // DAY)), row["at"])
    visits = []
    for (user, _), at in sorted(firsts.items(), key=lambda pair: pair[1])[:MAX_VISITS]:
        taken = {
            row["item"]
            for row in rows
            if row["user"] == user
            and 0 <= row["at"] - at < 3 * HOUR
            and row["event_type"] in positive
            and row.get("value", 1.0) > 0.5
        }
        if taken:
            visits.append(Visit(user, at, frozenset(taken)))
    return visits


def lists_of(
    loop: Foretaste, data: InventedData, visits: Sequence[Visit], fields: Mapping[str, Any]
) -> list[tuple[Visit, list[str]]]:
    """Visit by visit, with all that happened before it learnt."""
    first = min(visit.at for visit in visits)
    newer = sorted(
        (row for row in data.events if row["at"] >= first - DAY), key=lambda row: row["at"]
    )
    lists, row_number = [], 0
    for visit in visits:
        batch = []
        while row_number < len(newer) and newer[row_number]["at"] < visit.at:
            batch.append(_event(newer[row_number], row_number))
            row_number += 1
        if batch:
            loop.record(batch)
        shown = loop.recommend(visit.user, n=20, now=visit.at, **fields)
        lists.append((visit, [item.id for item in shown]))
    return lists


def _event(row: Mapping[str, Any], number: int) -> Event:
    return Event(
        f"bench-{number}",
        row["event_type"],
        row["at"],
        user=row.get("user"),
        session=row.get("session"),
        item=row["item"],
        value=row.get("value"),
    )


def measured(setting: Setting, base: Path) -> list[dict[str, Any]]:
    """A row for each figure, off and on."""
    data = INVENTED_DATA[setting.trade](NOW)
    visits = visits_of(setting.trade, data)
    runs = []
    for name, changes, fields in (
        ("off", dict(setting.off), {}),
        ("on", {}, dict(setting.fields)),
    ):
        kind = (
            f"{setting.trade}-{name}-{setting.name}"
            if setting.retrain and name == "off"
            else setting.trade
        )
        original = base / kind.replace(" ", "-")
        trained(setting.trade, data, original, changes if setting.retrain else {}).close()
        copy = base / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(original, copy)
        loop = Foretaste.open(copy, settings={**COMMON, **changes})
        runs.append(lists_of(loop, data, visits, fields))
        loop.close()
    return [
        {
            "trade": setting.trade,
            "setting": setting.name,
            "figure": figure,
            "visits": len(visits),
            "off": round(measure(data, runs[0]), 1),
            "on": round(measure(data, runs[1]), 1),
        }
        for figure, measure in setting.measures.items()
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a row for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trade", help="one alone")
    parser.add_argument("--json", type=Path, help="write the rows there as well")
    options = parser.parse_args(arguments)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for setting in SETTINGS:
            if options.trade in (None, setting.trade):
                for row in measured(setting, Path(folder)):
                    print(
                        f"{row['trade']:6} {row['setting']:34} {row['figure']:40} "
                        f"{row['off']:6.1f} → {row['on']:6.1f}  ({row['visits']} visits)",
                        flush=True,
                    )
                    rows.append(row)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()

"""Histories, items and the accounts of import and cleaning in; a data-quality report out.

It says what there is, and in words what of it will hurt a recommender. `text()` is for the
terminal, `html()` one self-contained page.
"""

from collections.abc import Mapping, Sequence
from itertools import compress
from pathlib import Path

import numpy as np

from foretaste.domain.data import Doubles, Histories, Imported, Ints, Item, Longs
from foretaste.prepare.clean import DAY, Cleaning, order_only
from foretaste.prepare.histories import SESSION, Gathering
from foretaste.prepare.languages import languages
from foretaste.prepare.quality import LongTail, QualityFigures, Timeline
from foretaste.prepare.report_text import text, warnings


class Quality(QualityFigures):
    """The figures, and what they say in words."""

    __slots__ = ()

    @property
    def warnings(self) -> list[str]:
        """What will hurt, in words, worst first."""
        return warnings(self)

    def text(self) -> str:
        """About 25 lines for a terminal."""
        return text(self)

    def html(
        self, path: Path | str | None = None, *, list_checks: Sequence[Mapping[str, str]] = ()
    ) -> str:
        """One self-contained page; also written to `path` where one is given.

        list_checks: `message` and `remedy` of each fault of the live model's lists.
        """
        from foretaste.prepare.page import page  # matplotlib and jinja2 are needed here alone

        made = page(self, list_checks)
        if path is not None:
            Path(path).write_text(made, encoding="utf-8")
        return made


def quality(
    histories: Histories,
    items: Sequence[Item],
    cleaning: Cleaning | None = None,
    gathering: Gathering | None = None,
    imports: Sequence[Imported] = (),
    *,
    sample: int = 500,
) -> Quality:
    """Measure the data. A million events take about a second.

    items: the catalogue, position = internal id. cleaning, gathering, imports: the accounts of
    `clean`, `histories` and of the readers. sample: item texts whose language is told.
    """
    takes = histories.takes()
    person = histories.owners()
    counts = np.bincount(histories.item[takes], minlength=len(items))  # [items]
    has_events = counts > 0
    has_text = np.fromiter((bool(item.reading()) for item in items), np.bool_, len(items))
    active = np.diff(histories.offsets) > 0  # [people]
    pairs = _distinct_pairs(person[takes], histories.item[takes], len(items))
    taken = int(takes.sum())
    users = int(active.sum())
    ordered = order_only(histories)
    timed = histories.events > 0
    search = [code for code, kind in enumerate(histories.kinds) if kind == "search"]
    return Quality(
        users=users,
        sessions=sum(key.startswith(SESSION) for key in compress(histories.users, active)),
        items=len(items),
        events=histories.events,
        taken=taken,
        refused=int(np.count_nonzero(histories.weight < 0)),
        searches=int(np.count_nonzero(np.isin(histories.kind, search))),
        reviews=int(np.count_nonzero((histories.text >= 0) & ~np.isin(histories.kind, search))),
        density=pairs / (users * len(items)) if users and len(items) else 0.0,
        repeats=1 - pairs / taken if taken else 0.0,
        kinds=_kinds(histories),
        order_only=ordered,
        first=float(histories.at.min()) if timed else 0.0,
        last=float(histories.at.max()) if timed else 0.0,
        timeline=_timeline(histories.at) if timed and not ordered else None,
        tail=_long_tail(counts),
        lengths=np.bincount(person[takes], minlength=len(histories))[active],
        tied_ends=_tied_ends(histories),
        no_text=int(np.count_nonzero(~has_text)),
        no_events=int(np.count_nonzero(~has_events)),
        silent=int(np.count_nonzero(~has_text & ~has_events)),
        missing=_missing(items),
        languages=languages(items, sample),
        cleaning=cleaning or Cleaning(before=histories.events, after=histories.events),
        gathering=gathering or Gathering(read=histories.events, kept=histories.events),
        imports=tuple(imports),
    )


def _distinct_pairs(person: Longs, item: Ints, n: int) -> int:
    """person, item: [interactions]; n: items of the catalogue."""
    return len(np.unique(person * max(n, 1) + item))


def _kinds(histories: Histories) -> dict[str, int]:
    """Kind → events, the most frequent first, without those that do not occur."""
    counts = np.bincount(histories.kind, minlength=len(histories.kinds))
    found = zip(histories.kinds, counts.tolist(), strict=True)
    return dict(sorted(((k, n) for k, n in found if n), key=lambda pair: -pair[1]))


def _long_tail(counts: Longs) -> LongTail:
    """counts: [items], interactions of each."""
    total, n = int(counts.sum()), len(counts)
    if not total:
        return LongTail(0.0, 0.0, 0.0, np.zeros(101))
    falling = np.sort(counts)[::-1]
    shares = np.concatenate([[0.0], np.cumsum(falling)]) / total  # [items + 1]
    places = np.arange(101) / 100 * n
    curve = np.interp(places, np.arange(n + 1), shares)
    # Gini from the sorted counts: 1 - 2 x the area under the Lorenz curve
    rising = np.arange(1, n + 1) @ falling[::-1]
    gini = 2 * float(rising) / (n * total) - (n + 1) / n
    return LongTail(float(curve[1]), float(curve[10]), gini, curve)


def _timeline(at: Doubles) -> Timeline:
    """Events by the finest calendar unit that keeps the picture readable."""
    span = float(at.max() - at.min())
    units = (("hour", "h", 3 * DAY), ("day", "D", 120 * DAY), ("week", "W", 800 * DAY))
    unit, code = next(((u, c) for u, c, most in units if span <= most), ("month", "M"))
    if span > 30 * 365 * DAY:
        unit, code = "year", "Y"
    stamps = at.astype("datetime64[s]").astype(f"datetime64[{code}]")
    first = stamps.min()
    place = (stamps - first).astype(np.int64)
    counts = np.bincount(place)
    return Timeline(unit, first + np.arange(len(counts)).astype(f"timedelta64[{code}]"), counts)


def _tied_ends(histories: Histories) -> float:
    """How many of the tests of leave-one-out the order of ties decides."""
    taken = np.flatnonzero(histories.takes())
    counts = np.bincount(histories.owners()[taken], minlength=len(histories))
    ends = np.cumsum(counts)[counts >= 3]
    if not len(ends):
        return 0.0
    at = histories.at[taken]
    return float(np.mean(at[ends - 1] == at[ends - 2]))


def _missing(items: Sequence[Item]) -> dict[str, float]:
    """Every column that any item has, with the share of items that lack it, worst first."""
    filled: dict[str, int] = {"title": 0}
    for item in items:
        has = ["title"] if item.title.strip() else []
        has += [column for column, words in item.texts.items() if words.strip()]
        has += [column for column, values in item.attributes.items() if any(values)]
        has += [name for name in ("image", "audio") if getattr(item, name)]
        for column in has:
            filled[column] = filled.get(column, 0) + 1
    n = max(len(items), 1)
    shares = {column: 1 - count / n for column, count in filled.items()}
    return dict(sorted(shares.items(), key=lambda pair: -pair[1]))

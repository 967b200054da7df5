"""Histories, items and the accounts of import and cleaning in; a data-quality report out.

It says what there is, and in words what of it will hurt a recommender. `text()` is for the
terminal, `html()` one self-contained page.
"""

from collections.abc import Mapping, Sequence
from itertools import compress
from pathlib import Path

import numpy as np

from foretaste.domain.data import Doubles, ImportResult, Interactions, Ints, Item, Longs
from foretaste.domain.words import BLAMED_COLUMN, GROUP_COLUMN, PRAISED_COLUMN, is_companion
from foretaste.prepare.clean import SECONDS_PER_DAY, CleaningReport, has_order_only
from foretaste.prepare.interactions import SESSION_PREFIX, LoadReport
from foretaste.prepare.languages import count_languages
from foretaste.prepare.quality import LongTail, QualityFigures, Timeline
from foretaste.prepare.report_text import quality_warnings, render_text

PARTIAL_COLUMNS = (GROUP_COLUMN, PRAISED_COLUMN, BLAMED_COLUMN)
"""That an item has only where there is something to say."""


class QualityReport(QualityFigures):
    """The figures, and what they say in words."""

    __slots__ = ()

    @property
    def warnings(self) -> list[str]:
        """What will hurt, in words, worst first."""
        return quality_warnings(self)

    def text(self) -> str:
        """About 25 lines for a terminal."""
        return render_text(self)

    def _repr_html_(self) -> str:
        from foretaste.prepare.quality_face import quality_face

        return quality_face(self)

    def html(
        self, path: Path | str | None = None, *, list_checks: Sequence[Mapping[str, str]] = ()
    ) -> str:
        """One self-contained page; also written to `path` where one is given.

        list_checks: `message` and `remedy` of each fault of the live model's lists.
        """
        from foretaste.prepare.page import (
            render_page,  # matplotlib and jinja2 are needed here alone
        )

        page_html = render_page(self, list_checks)
        if path is not None:
            Path(path).write_text(page_html, encoding="utf-8")
        return page_html


def measure_quality(
    interactions: Interactions,
    items: Sequence[Item],
    cleaning: CleaningReport | None = None,
    gathering: LoadReport | None = None,
    imports: Sequence[ImportResult] = (),
    *,
    sample: int = 500,
) -> QualityReport:
    """Measure the data. A million events take about a second.

    items: the catalogue, position = internal id. cleaning, gathering, imports: the accounts of
    `clean`, `build_interactions` and of the readers. sample: item texts whose language is told.
    """
    positive_mask = interactions.positive_mask()
    row_users = interactions.row_users()
    counts = np.bincount(interactions.item[positive_mask], minlength=len(items))  # [items]
    has_events = counts > 0
    has_text = np.fromiter((bool(item.reading()) for item in items), np.bool_, len(items))
    active = np.diff(interactions.offsets) > 0  # [people]
    pairs = _distinct_pairs(row_users[positive_mask], interactions.item[positive_mask], len(items))
    positive_count = int(positive_mask.sum())
    users = int(active.sum())
    ordered = has_order_only(interactions)
    any_events = interactions.event_count > 0
    searches, reviews = _text_event_counts(interactions)
    return QualityReport(
        users=users,
        sessions=sum(
            key.startswith(SESSION_PREFIX) for key in compress(interactions.users, active)
        ),
        items=len(items),
        events=interactions.event_count,
        positive_events=positive_count,
        negative_events=int(np.count_nonzero(interactions.weight < 0)),
        searches=searches,
        reviews=reviews,
        density=pairs / (users * len(items)) if users and len(items) else 0.0,
        repeats=1 - pairs / positive_count if positive_count else 0.0,
        event_type_counts=_event_type_counts(interactions),
        order_only=ordered,
        first_time=float(interactions.at.min()) if any_events else 0.0,
        last_time=float(interactions.at.max()) if any_events else 0.0,
        timeline=_timeline(interactions.at) if any_events and not ordered else None,
        tail=_long_tail(counts),
        lengths=np.bincount(row_users[positive_mask], minlength=len(interactions))[active],
        tied_ends=_tied_ends(interactions),
        no_text=int(np.count_nonzero(~has_text)),
        no_events=int(np.count_nonzero(~has_events)),
        silent=int(np.count_nonzero(~has_text & ~has_events)),
        missing=_missing(items),
        languages=count_languages(items, sample),
        cleaning=cleaning
        or CleaningReport(
            events_before=interactions.event_count, events_after=interactions.event_count
        ),
        gathering=gathering
        or LoadReport(read=interactions.event_count, kept_events=interactions.event_count),
        imports=tuple(imports),
    )


def _distinct_pairs(row_users: Longs, item_indices: Ints, item_count: int) -> int:
    """row_users, item_indices: [interactions]; item_count: of the catalogue."""
    return len(np.unique(row_users * max(item_count, 1) + item_indices))


def _text_event_counts(interactions: Interactions) -> tuple[int, int]:
    """(searches, reviews): a review is any other event with a text."""
    search_codes = [
        code for code, event_type in enumerate(interactions.event_types) if event_type == "search"
    ]
    is_search = np.isin(interactions.kind, search_codes)
    is_review = (interactions.text >= 0) & ~is_search
    return int(np.count_nonzero(is_search)), int(np.count_nonzero(is_review))


def _event_type_counts(interactions: Interactions) -> dict[str, int]:
    """Kind → events, the most frequent first, without those that do not occur."""
    counts = np.bincount(interactions.kind, minlength=len(interactions.event_types))
    type_counts = zip(interactions.event_types, counts.tolist(), strict=True)
    return dict(
        sorted(
            ((event_type, count) for event_type, count in type_counts if count),
            key=lambda pair: -pair[1],
        )
    )


def _long_tail(counts: Longs) -> LongTail:
    """counts: [items], interactions of each."""
    total, n = int(counts.sum()), len(counts)
    if not total:
        return LongTail(0.0, 0.0, 0.0, np.zeros(101))
    falling = np.sort(counts)[::-1]
    shares = np.concatenate([[0.0], np.cumsum(falling)]) / total  # [items + 1]
    sample_positions = np.arange(101) / 100 * n
    curve = np.interp(sample_positions, np.arange(n + 1), shares)
    # Gini from the sorted counts: 1 - 2 x the area under the Lorenz curve
    rising = np.arange(1, n + 1) @ falling[::-1]
    gini = 2 * float(rising) / (n * total) - (n + 1) / n
    return LongTail(float(curve[1]), float(curve[10]), gini, curve)


def _timeline(at: Doubles) -> Timeline:
    """Events by the finest calendar unit that keeps the picture readable."""
    span = float(at.max() - at.min())
    units = (
        ("hour", "h", 3 * SECONDS_PER_DAY),
        ("day", "D", 120 * SECONDS_PER_DAY),
        ("week", "W", 800 * SECONDS_PER_DAY),
    )
    unit, code = next(((u, c) for u, c, max_span in units if span <= max_span), ("month", "M"))
    if span > 30 * 365 * SECONDS_PER_DAY:
        unit, code = "year", "Y"
    stamps = at.astype("datetime64[s]").astype(f"datetime64[{code}]")
    first = stamps.min()
    unit_indices = (stamps - first).astype(np.int64)
    counts = np.bincount(unit_indices)
    return Timeline(unit, first + np.arange(len(counts)).astype(f"timedelta64[{code}]"), counts)


def _tied_ends(interactions: Interactions) -> float:
    """How many of the tests of leave-one-out the order of ties decides."""
    positive_rows = np.flatnonzero(interactions.positive_mask())
    counts = np.bincount(interactions.row_users()[positive_rows], minlength=len(interactions))
    ends = np.cumsum(counts)[counts >= 3]
    if not len(ends):
        return 0.0
    at = interactions.at[positive_rows]
    return float(np.mean(at[ends - 1] == at[ends - 2]))


def _missing(items: Sequence[Item]) -> dict[str, float]:
    """Every column that any item has, with the share of items that lack it, worst first; not what
    only some should have: variants their group, and items that reviews agree on what they say.
    """
    filled: dict[str, int] = {"title": 0}
    for item in items:
        has = ["title"] if item.title.strip() else []
        has += [column for column, words in item.texts.items() if words.strip()]
        has += [column for column, values in item.attributes.items() if any(values)]
        has += [name for name in ("image", "audio") if getattr(item, name)]
        for column in has:
            filled[column] = filled.get(column, 0) + 1
    n = max(len(items), 1)
    shares = {
        column: 1 - count / n
        for column, count in filled.items()
        if column not in PARTIAL_COLUMNS and not is_companion(column, filled)
    }
    return dict(sorted(shares.items(), key=lambda pair: -pair[1]))

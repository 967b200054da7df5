"""A measured `QualityFigures` in; the parts that its page and its face in a notebook share out."""

from collections.abc import Iterable

from markupsafe import Markup

from foretaste.display.render import face
from foretaste.errors import MissingExtra
from foretaste.prepare.language_text import language_name, percent
from foretaste.prepare.quality import QualityFigures
from foretaste.prepare.report_text import (
    left_out_lines,
    quality_warnings,
    time_span,
    with_count,
)

Bar = tuple[str, str, float]
"""(name, figure, length from 0 to 1)"""


TIME_TITLE = "Events over time"


def quality_face(quality: QualityFigures) -> str:
    """What a notebook shows; without matplotlib it has no plots."""
    plots = _plots(quality)
    return face(
        "quality",
        span=time_span(quality),
        tiles=summary_tiles(quality),
        warnings=quality_warnings(quality),
        plots=[plot for plot in plots if plot[0] != TIME_TITLE],
        wide_plots=[plot for plot in plots if plot[0] == TIME_TITLE],
        bars=share_bars(quality),
        left_out=left_out_lines(quality),
    )


def _plots(quality: QualityFigures) -> list[tuple[str, Markup]]:
    """(title, plot)"""
    try:
        from foretaste.prepare.plots import render_plots
    except MissingExtra:
        return []
    titles = {"time": TIME_TITLE, "tail": "Long tail", "lengths": "History lengths"}
    return [(titles[name], Markup(svg)) for name, svg in render_plots(quality).items()]


def summary_tiles(quality: QualityFigures) -> list[tuple[str, str, str]]:
    """(what, how much, in other words)"""
    items = max(quality.items, 1)
    sessions = (
        f"{quality.sessions:,} of them anonymous sessions" if quality.sessions else "with any event"
    )
    words = (
        f"{with_count(quality.searches, 'search', 'searches')}, "
        f"{with_count(quality.reviews, 'review')}"
    )
    return [
        ("People", f"{quality.users:,}", sessions),
        ("Items", f"{quality.items:,}", f"{percent(quality.no_events / items)} without an event"),
        (
            "Events",
            f"{quality.events:,}",
            f"{quality.positive_events:,} take an item, {quality.negative_events:,} refuse one",
        ),
        ("Median history", f"{quality.quantiles()[3]:,}", "items taken by a person"),
        ("Density", percent(quality.density), "of all pairs of person and item"),
        ("Repeats", percent(quality.repeats), "of interactions are with an item taken before"),
        ("Words", f"{quality.searches + quality.reviews:,}", words),
        ("Gini", f"{quality.tail.gini:.2f}", "0 even, 1 all on one item"),
    ]


def share_bars(quality: QualityFigures) -> list[tuple[str, str, list[Bar]]]:
    """(title, what the shares are of, bars)"""
    event_type_bars = _shares(
        (event_type, n) for event_type, n in quality.event_type_counts.items()
    )
    language_bars = _shares((language_name(code), n) for code, n in quality.languages.items())
    missing_bars = [(column, percent(share), share) for column, share in quality.missing.items()]
    texts_read = sum(quality.languages.values())
    return [
        ("Kinds of event", "share of events", event_type_bars),
        ("Language", f"of {texts_read:,} item texts read", language_bars),
        ("Missing", "share of items without it", missing_bars),
    ]


def _shares(counts: Iterable[tuple[str, int]], max_bars: int = 8) -> list[Bar]:
    pairs = list(counts)
    total = max(sum(n for _, n in pairs), 1)
    largest, others_total = pairs[:max_bars], sum(n for _, n in pairs[max_bars:])
    if others_total:
        largest.append(("others", others_total))
    return [(name, percent(n / total), n / total) for name, n in largest]

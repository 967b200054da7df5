"""A measured `QualityFigures` in; one self-contained HTML page out. Everything in it is escaped."""

from collections.abc import Iterable, Mapping, Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from foretaste.prepare.plots import render_plots
from foretaste.prepare.quality import QualityFigures
from foretaste.prepare.report_text import (
    language_name,
    left_out_lines,
    percent,
    quality_warnings,
    rejected_counts,
    time_span,
    with_count,
)

Bar = tuple[str, str, float]
"""(name, figure, length from 0 to 1)"""


def render_page(quality: QualityFigures, list_checks: Sequence[Mapping[str, str]] = ()) -> str:
    """The page; opens without a network.

    list_checks: `message` and `remedy` of each fault of the live model's lists.
    """
    environment = Environment(
        loader=PackageLoader("foretaste.prepare", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page_html = environment.get_template("report.html.j2").render(
        q=quality,
        span=time_span(quality),
        tiles=_summary_tiles(quality),
        # Ours, and without any text of the data: numbers, dates and fixed labels
        plots={name: Markup(svg) for name, svg in render_plots(quality).items()},
        bars=_bars(quality),
        history=list(zip(_QUANTILES, quality.quantiles(), strict=True)),
        left_out=left_out_lines(quality),
        rejected=[(problem, f"{n:,}") for problem, n in rejected_counts(quality).items()],
        imports=quality.imports,
        list_checks=list_checks,
        warnings=quality_warnings(quality),
        percent=percent,
    )
    return page_html.replace(" %", "&nbsp;%")  # a line never breaks between a number and its sign


_QUANTILES = ("shortest", "10 %", "25 %", "median", "75 %", "90 %", "99 %", "longest")


def _summary_tiles(quality: QualityFigures) -> list[tuple[str, str, str]]:
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


def _bars(quality: QualityFigures) -> list[tuple[str, str, list[Bar]]]:
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

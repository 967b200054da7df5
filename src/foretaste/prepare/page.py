"""A measured `QualityFigures` in; one self-contained HTML page out. Everything in it is escaped."""

from collections.abc import Iterable, Mapping, Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from foretaste.prepare.plots import plots
from foretaste.prepare.quality import QualityFigures
from foretaste.prepare.report_text import (
    counted,
    language,
    left_out,
    percent,
    rejected,
    span,
    warnings,
)

Bar = tuple[str, str, float]
"""(name, figure, length from 0 to 1)"""


def page(q: QualityFigures, list_checks: Sequence[Mapping[str, str]] = ()) -> str:
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
    made = environment.get_template("report.html.j2").render(
        q=q,
        span=span(q),
        tiles=_tiles(q),
        # Ours, and without any text of the data: numbers, dates and fixed labels
        plots={name: Markup(svg) for name, svg in plots(q).items()},
        bars=_bars(q),
        history=list(zip(_QUANTILES, q.quantiles(), strict=True)),
        left_out=left_out(q),
        rejected=[(problem, f"{n:,}") for problem, n in rejected(q).items()],
        imports=q.imports,
        list_checks=list_checks,
        warnings=warnings(q),
        percent=percent,
    )
    return made.replace(" %", "&nbsp;%")  # a line never breaks between a number and its sign


_QUANTILES = ("shortest", "10 %", "25 %", "median", "75 %", "90 %", "99 %", "longest")


def _tiles(q: QualityFigures) -> list[tuple[str, str, str]]:
    """(what, how much, in other words)"""
    items = max(q.items, 1)
    sessions = f"{q.sessions:,} of them anonymous sessions" if q.sessions else "with any event"
    words = f"{counted(q.searches, 'search', 'searches')}, {counted(q.reviews, 'review')}"
    return [
        ("People", f"{q.users:,}", sessions),
        ("Items", f"{q.items:,}", f"{percent(q.no_events / items)} without an event"),
        ("Events", f"{q.events:,}", f"{q.taken:,} take an item, {q.refused:,} refuse one"),
        ("Median history", f"{q.quantiles()[3]:,}", "items taken by a person"),
        ("Density", percent(q.density), "of all pairs of person and item"),
        ("Repeats", percent(q.repeats), "of interactions are with an item taken before"),
        ("Words", f"{q.searches + q.reviews:,}", words),
        ("Gini", f"{q.tail.gini:.2f}", "0 even, 1 all on one item"),
    ]


def _bars(q: QualityFigures) -> list[tuple[str, str, list[Bar]]]:
    """(title, what the shares are of, bars)"""
    kinds = _shares((kind, n) for kind, n in q.kinds.items())
    told = _shares((language(code), n) for code, n in q.languages.items())
    missing = [(column, percent(share), share) for column, share in q.missing.items()]
    read = sum(q.languages.values())
    return [
        ("Kinds of event", "share of events", kinds),
        ("Language", f"of {read:,} item texts read", told),
        ("Missing", "share of items without it", missing),
    ]


def _shares(counts: Iterable[tuple[str, int]], most: int = 8) -> list[Bar]:
    pairs = list(counts)
    total = max(sum(n for _, n in pairs), 1)
    shown, rest = pairs[:most], sum(n for _, n in pairs[most:])
    if rest:
        shown.append(("others", rest))
    return [(name, percent(n / total), n / total) for name, n in shown]

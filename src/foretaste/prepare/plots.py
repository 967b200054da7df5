"""A measured `QualityFigures` in; its plots as inline SVG out.

Drawn with matplotlib's object API, so there is no global figure and no window. Colours are the
page's CSS variables: the same picture is right on a light and on a dark page.
"""

import re
from io import StringIO
from typing import Any

import numpy as np

from foretaste.errors import MissingExtra

try:
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, MaxNLocator
except ModuleNotFoundError as error:
    if error.name != "matplotlib":
        raise
    raise MissingExtra("matplotlib, which draws the plots,", "plots") from None

from foretaste.prepare.quality import QualityFigures, Timeline

# matplotlib knows no CSS variables: it draws in these colours, and they are replaced in its output
INK, ACCENT, LINE = "#010203", "#040506", "#070809"
VARIABLES = {INK: "var(--muted)", ACCENT: "var(--accent)", LINE: "var(--line)"}

STYLE = {
    "svg.fonttype": "none",  # text stays text, in the font of the page
    "svg.hashsalt": "foretaste",  # the same data give the same file
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": LINE,
    "text.parse_math": False,
}


def render_plots(quality: QualityFigures) -> dict[str, str]:
    """Name → `<svg>`; a plot that has nothing to show is not there."""
    with matplotlib.rc_context(STYLE):
        svg_by_name = {}
        if quality.timeline is not None and len(quality.timeline.counts) > 1:
            svg_by_name["time"] = _time(quality.timeline)
        if quality.positive_events:
            svg_by_name["tail"] = _tail(quality)
            svg_by_name["lengths"] = _lengths(quality)
        return svg_by_name


def _axes(width: float, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height), layout="constrained", facecolor="none")
    axes = figure.add_subplot(facecolor="none")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", length=0, pad=5)
    axes.yaxis.set_major_formatter(FuncFormatter(_short))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    return figure, axes


def _short(x: float, _: object = None) -> str:
    """1200 → 1.2k, 3000000 → 3M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(x) >= size:
            return f"{x / size:.1f}".rstrip("0").rstrip(".") + letter
    return f"{x:g}"


def _time(timeline: Timeline) -> str:
    figure, axes = _axes(8.6, 2.3)
    edges = np.append(timeline.starts, timeline.starts[-1] + 1).astype("datetime64[s]")
    axes.stairs(timeline.counts, edges.astype("O"), fill=True, color=ACCENT, linewidth=0)
    axes.set_ylim(bottom=0)
    return _svg(figure)


def _tail(quality: QualityFigures) -> str:
    figure, axes = _axes(4.2, 2.6)
    percent = np.arange(101)
    axes.fill_between(percent, quality.tail.curve * 100, color=ACCENT, alpha=0.18, linewidth=0)
    axes.plot(percent, quality.tail.curve * 100, color=ACCENT, linewidth=1.8)
    axes.plot([0, 100], [0, 100], color=INK, linewidth=0.8, linestyle=(0, (3, 3)))
    axes.set(xlim=(0, 100), ylim=(0, 100))
    axes.set_xlabel("% of items, most taken first")
    axes.set_ylabel("% of interactions")
    return _svg(figure)


def _lengths(quality: QualityFigures) -> str:
    figure, axes = _axes(4.2, 2.6)
    top = max(int(quality.lengths.max()), 2)
    # Whole numbers at first, then ever wider: lengths are spread over powers of ten
    edges = np.unique(np.round(np.geomspace(1, top + 1, 28)).astype(int))
    counts, _ = np.histogram(quality.lengths[quality.lengths > 0], edges)
    axes.stairs(counts, edges, fill=True, color=ACCENT, linewidth=0)
    axes.set_xscale("log")
    axes.set_xlim(1, top + 1)
    axes.xaxis.set_major_formatter(FuncFormatter(_short))
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    axes.set_xlabel("items taken")
    axes.set_ylabel("people")
    return _svg(figure)


def _svg(figure: Figure) -> str:
    """The figure as an `<svg>` element to put into a page."""
    svg_buffer = StringIO()
    FigureCanvasSVG(figure).print_svg(svg_buffer, metadata={"Date": None})
    svg_text = svg_buffer.getvalue()
    svg_text = svg_text[svg_text.index("<svg") :]
    svg_text = re.sub(r"<metadata>.*?</metadata>", "", svg_text, flags=re.DOTALL)
    # The page holds several: ids that nothing refers to would be there twice
    svg_text = re.sub(r' id="[A-Za-z.]*_\d+"', "", svg_text)
    svg_text = re.sub(r'(<svg[^>]*?) width="[^"]*pt"', r"\1", svg_text)
    svg_text = re.sub(r'(<svg[^>]*?) height="[^"]*pt"', r"\1", svg_text)
    for color, variable in VARIABLES.items():
        svg_text = svg_text.replace(color, variable)
    return svg_text

"""A measured `QualityFigures` in; its plots as inline SVG out."""

import numpy as np

from foretaste.display.svg import (
    ACCENT,
    INK,
    FuncFormatter,
    axes_of,
    drawing_style,
    short_number,
    svg_of,
)
from foretaste.prepare.quality import QualityFigures, Timeline


def render_plots(quality: QualityFigures) -> dict[str, str]:
    """Name → `<svg>`; a plot that has nothing to show is not there."""
    with drawing_style():
        svg_by_name = {}
        if quality.timeline is not None and len(quality.timeline.counts) > 1:
            svg_by_name["time"] = _time(quality.timeline)
        if quality.positive_events:
            svg_by_name["tail"] = _tail(quality)
            svg_by_name["lengths"] = _lengths(quality)
        return svg_by_name


def _time(timeline: Timeline) -> str:
    figure, axes = axes_of(8.6, 2.3)
    edges = np.append(timeline.starts, timeline.starts[-1] + 1).astype("datetime64[s]")
    axes.stairs(timeline.counts, edges.astype("O"), fill=True, color=ACCENT, linewidth=0)
    axes.set_ylim(bottom=0)
    return svg_of(figure)


def _tail(quality: QualityFigures) -> str:
    figure, axes = axes_of(4.2, 2.6)
    percent = np.arange(101)
    axes.fill_between(percent, quality.tail.curve * 100, color=ACCENT, alpha=0.18, linewidth=0)
    axes.plot(percent, quality.tail.curve * 100, color=ACCENT, linewidth=1.8)
    axes.plot([0, 100], [0, 100], color=INK, linewidth=0.8, linestyle=(0, (3, 3)))
    axes.set(xlim=(0, 100), ylim=(0, 100))
    axes.set_xlabel("% of items, most taken first")
    axes.set_ylabel("% of interactions")
    return svg_of(figure)


def _lengths(quality: QualityFigures) -> str:
    figure, axes = axes_of(4.2, 2.6)
    top = max(int(quality.lengths.max()), 2)
    # Whole numbers at first, then ever wider: lengths are spread over powers of ten
    edges = np.unique(np.round(np.geomspace(1, top + 1, 28)).astype(int))
    counts, _ = np.histogram(quality.lengths[quality.lengths > 0], edges)
    axes.stairs(counts, edges, fill=True, color=ACCENT, linewidth=0)
    axes.set_xscale("log")
    axes.set_xlim(1, top + 1)
    axes.xaxis.set_major_formatter(FuncFormatter(short_number))
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    axes.set_xlabel("items taken")
    axes.set_ylabel("people")
    return svg_of(figure)

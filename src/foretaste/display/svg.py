"""A figure of matplotlib's in; an `<svg>` element to put into a page or a face out.

Drawn with matplotlib's object API, so there is no global figure and no window. Colours are CSS
variables of what is around it: the same picture is right on a light and on a dark ground.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

from foretaste.errors import MissingExtra

try:
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter as FuncFormatter
    from matplotlib.ticker import MaxNLocator
except ModuleNotFoundError as error:
    if error.name != "matplotlib":
        raise
    raise MissingExtra("matplotlib, which draws the plots,", "plots") from None

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


@contextmanager
def drawing_style() -> Iterator[None]:
    """Within it figures are drawn in the style of the pages."""
    with matplotlib.rc_context(STYLE):
        yield


def axes_of(width: float, height: float) -> tuple[Figure, Any]:
    """An empty figure of so many inches, and its axes."""
    figure = Figure(figsize=(width, height), layout="constrained", facecolor="none")
    axes = figure.add_subplot(facecolor="none")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", length=0, pad=5)
    axes.yaxis.set_major_formatter(FuncFormatter(short_number))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    return figure, axes


def short_number(x: float, _: object = None) -> str:
    """1200 → 1.2k, 3000000 → 3M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(x) >= size:
            return f"{x / size:.1f}".rstrip("0").rstrip(".") + letter
    return f"{x:g}"


def svg_of(figure: Figure) -> str:
    """The figure as an `<svg>` element."""
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

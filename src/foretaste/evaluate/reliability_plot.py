"""The bins of a calibration in; the reliability plot as inline SVG out."""

from collections.abc import Mapping, Sequence

from foretaste.display.svg import ACCENT, INK, FuncFormatter, axes_of, drawing_style, svg_of


def reliability_plot(bins: Sequence[Mapping[str, float]]) -> str:
    """What was expected against what happened, each bin a point; on the line it is right."""
    with drawing_style():
        figure, axes = axes_of(4.6, 3.1)
        expected = [100 * row["predicted"] for row in bins]
        happened = [100 * row["observed"] for row in bins]
        limit = max(*expected, *happened, 0.1) * 1.06
        axes.plot([0, limit], [0, limit], color=INK, linewidth=0.8, linestyle=(0, (3, 3)))
        axes.plot(expected, happened, color=ACCENT, linewidth=1.6, marker="o", markersize=4.5)
        axes.set(xlim=(0, limit), ylim=(0, limit))
        axes.xaxis.set_major_formatter(FuncFormatter(_share))
        axes.yaxis.set_major_formatter(FuncFormatter(_share))
        axes.set_xlabel("expected: chosen in so many of 100 cases")
        axes.set_ylabel("happened")
        return svg_of(figure)


def _share(value: float, _: object = None) -> str:
    return f"{value:.3g}"

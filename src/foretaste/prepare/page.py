"""A measured `QualityFigures` in; one self-contained HTML page out. Everything in it is escaped."""

from collections.abc import Mapping, Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from foretaste.prepare.language_text import percent
from foretaste.prepare.plots import render_plots
from foretaste.prepare.quality import QualityFigures
from foretaste.prepare.quality_face import share_bars, summary_tiles
from foretaste.prepare.report_text import (
    left_out_lines,
    quality_warnings,
    rejected_counts,
    time_span,
)


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
        tiles=summary_tiles(quality),
        # Ours, and without any text of the data: numbers, dates and fixed labels
        plots={name: Markup(svg) for name, svg in render_plots(quality).items()},
        bars=share_bars(quality),
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

"""Are the probabilities what happens? Through the command line, with the defaults.

    python -m benchmarks.calibration [SET …] [--anew]

What `make bench-quality` measured is drawn; a set that it did not measure, or every one with
--anew, is measured first.
Leave-one-out or by time, as in benchmarks.quality; at most 2,000 test cases; nothing masked. By
predicted probability of the likeliest item and of the ten likeliest, ten bins of equal size: the
mean prediction against how often it was taken. Result: benchmarks/results/calibration.json, .svg.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from benchmarks.datasets import Absent
from benchmarks.quality import RESULTS as QUALITY
from benchmarks.quality import run
from benchmarks.readme import results
from benchmarks.tables import RESULTS, keep_result, show

DEFAULT = ("ml-small", "beauty", "movietweetings", "sports", "ml-1m")


def kept(name: str) -> tuple[Mapping[str, Any] | None, str]:
    """(the figures of `make bench-quality` or None, at which commit they were measured)"""
    runs = results(QUALITY).get(name)
    if not runs:
        return None, ""
    one = next(iter(runs.values()))
    return one["figures"], f", measured at {one['machine']['commit']}"


def plot(told: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Predicted against observed, both on a log scale; the diagonal is right."""
    figure = Figure(figsize=(5, 5), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    for name, one in told.items():
        for top, bins in one["bins"].items():
            rows = [row for row in bins if row["observed"] > 0]
            label = f"{name}, top {top}: ECE {one['ece' if top == '1' else 'ece@10']:.4f}"
            axes.plot(
                [row["predicted"] for row in rows],
                [row["observed"] for row in rows],
                marker="o",
                label=label,
            )
    low, high = axes.get_xlim()
    axes.plot([max(low, 1e-4), high], [max(low, 1e-4), high], color="grey", linestyle=":")
    axes.set(xscale="log", yscale="log", xlabel="predicted", ylabel="taken")
    axes.legend(fontsize="small")
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=list(DEFAULT), metavar="SET")
    parser.add_argument("--anew", action="store_true", help="measure, whatever was measured")
    asked = parser.parse_args()
    told: dict[str, Mapping[str, Any]] = {}
    for name in asked.sets:
        try:
            figures, commit = (None, "") if asked.anew else kept(name)
            figures = figures or run(name, 0)
        except Absent as absent:
            print(absent)
            continue
        told[name] = figures["calibration"]
        names = ("ece", "ece@10", "ratio", "ratio@10")
        row = {"case": name, "model": "product", **{key: told[name][key] for key in names}}
        protocol = f"{name}: {figures['protocol']}, {told[name]['cases']:,} cases, unmasked{commit}"
        show(protocol, [row])
        keep_result("calibration", name, protocol, [{**row, "bins": told[name]["bins"]}])
    if told:
        plot(told, RESULTS / "calibration.svg")
        print(f"written to {RESULTS}")


if __name__ == "__main__":
    main()

"""Rows of benchmarks/scale.py in, a plot of cost against size out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

PANELS = (
    ("answer", "items", "CPU p50, ms", "one answer, CPU ms (median)"),
    ("answer", "items", "peak GB", "peak memory of the step that answers, GB"),
    ("fit", "events", "all, s", "fitting all but the sequence, s"),
    ("sequence", "items", "events a second", "training the sequence, events a second"),
)


def plot(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Four panels, both axes logarithmic."""
    figure, axes = plt.subplots(2, 2, figsize=(9, 6.5), layout="constrained")
    for axis, (step, across, up, title) in zip(axes.flat, PANELS, strict=True):
        found = [row for row in rows if row["step"] == step and up in row]
        axis.plot([row[across] for row in found], [row[up] for row in found], "o-")
        for row in found:
            other = "events" if across == "items" else "items"
            axis.annotate(f" {row[other]:,} {other}", (row[across], row[up]), fontsize=7)
        axis.set(xscale="log", yscale="log", xlabel=across, title=title)
        axis.grid(alpha=0.3)
    figure.savefig(path, dpi=130)
    plt.close(figure)

"""Rows in; a table for the eye, a table in Markdown and a plot out."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import markdown as md
from benchmarks.markdown import decimal

Row = Mapping[str, Any]

HEADER = (
    f"{'':<34}{'N@10':>8}{'95 %':>17}{'R@10':>8}{'unmasked':>17}{'CPU s':>10}{'in all':>9}  trained"
)
COLUMNS = (
    "model",
    "by",
    "N@10 masked",
    "95 %",
    "R@10 masked",
    "N@10 / R@10 unmasked",
    "CPU s to train",
    "trained",
)


def seconds(figure: float) -> str:
    """Two figures below ten seconds, whole seconds above."""
    return f"{figure:.2g}" if figure < 10 else f"{figure:.0f}"


def trained(row: Row) -> str:
    """How far: epochs, and what ended them."""
    if "epochs" not in row:
        return "reads the texts too" if "reading_cpu_seconds" in row else "counted or solved"
    epochs = f"{row['epochs']:g}"
    most = row["settings"].get("epochs")
    if row.get("capped"):
        whole = (
            f"; to the end, published: {decimal(row['published'])}" if "published" in row else ""
        )
        return f"{epochs} of {most} epochs, cut by the cap{whole}"
    return f"{epochs} epochs" + (", stopped by itself" if most and row["epochs"] < most else "")


def by(row: Row) -> str:
    """The library that made it, with its version."""
    versions = row.get("versions", {})
    name = next(iter(versions), "")
    if name == "foretaste":
        return md.commit(versions[name])
    return f"{name} {versions[name]}" if name not in ("", "numpy") else "written here"


def ranking(rows: Mapping[str, Row]) -> list[str]:
    """The keys of those that ran, the best first."""
    ran = [key for key, row in rows.items() if "masked" in row]
    return sorted(ran, key=lambda key: -rows[key]["masked"]["ndcg@10"])


def ordered(rows: Mapping[str, Row]) -> list[Row]:
    """The best first; those that did not run last."""
    ran = ranking(rows)
    return [*(rows[key] for key in ran), *(row for key, row in rows.items() if key not in ran)]


def line(row: Row) -> str:
    """One line for the eye."""
    if "failed" in row:
        return f"{row['title']:<34}did not run: {row['failed']}"
    masked, unmasked = row["masked"], row["unmasked"]
    span = " to ".join(decimal(one) for one in row["interval"])
    both = f"{decimal(unmasked['ndcg@10'])} / {decimal(unmasked['recall@10'])}"
    return (
        f"{row['title']:<34}{decimal(masked['ndcg@10']):>8}{span:>17}{decimal(masked['recall@10']):>8}"
        f"{both:>17}{seconds(row['train_cpu_seconds']):>10}{seconds(row['cpu_seconds']):>9}"
        f"  {trained(row)}"
    )


def table(rows: Mapping[str, Row]) -> str:
    """All of them."""
    return "\n".join([HEADER, *(line(row) for row in ordered(rows))])


def markdown(rows: Mapping[str, Row]) -> str:
    """The same for docs/measured.md."""
    return md.table(COLUMNS, [_row(row) for row in ordered(rows)])


def _row(row: Row) -> list[str]:
    if "failed" in row:
        return [row["title"], "", f"did not run: {row['failed']}", *[""] * (len(COLUMNS) - 3)]
    masked, unmasked = row["masked"], row["unmasked"]
    return [
        row["title"],
        by(row),
        f"**{decimal(masked['ndcg@10'])}**",
        " to ".join(decimal(one) for one in row["interval"]),
        decimal(masked["recall@10"]),
        f"{decimal(unmasked['ndcg@10'])} / {decimal(unmasked['recall@10'])}",
        seconds(row["train_cpu_seconds"]),
        trained(row),
    ]


def margin(result: Mapping[str, Any]) -> str:
    """How far Foretaste is above the best peer, in a sentence."""
    best = result["rows"][result["ahead"]["of"]]["title"]
    mean, low, high = (decimal(figure) for figure in result["ahead"]["ndcg@10"])
    return (
        f"Foretaste less the best peer, {best}: {mean} N@10 masked (95 % {low} to {high}, paired "
        "over people)."
    )


def settings(rows: Mapping[str, Row]) -> str:
    """A line a peer: its settings and where they come from."""
    return "\n".join(
        f"- {row['title']}: {_settings(row['settings'])}{row['source']}." for row in rows.values()
    )


def _settings(found: Mapping[str, Any]) -> str:
    told = ", ".join(
        f"{name} {json.dumps(value) if isinstance(value, dict) else value}"
        for name, value in found.items()
        if name != "model"
    )
    return f"{told}; " if told else ""


def plot(rows: Mapping[str, Row], title: str, path: Path) -> None:
    """Quality against the CPU seconds of training, those on a logarithmic axis."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.8), layout="constrained")
    axes = figure.add_subplot()
    for row in ordered(rows):
        if "failed" in row:
            continue
        x, y = max(row["train_cpu_seconds"], 0.01), row["masked"]["ndcg@10"]
        low, high = row["interval"]
        colour = "C3" if "reading_cpu_seconds" in row else "C0"
        cut = row.get("capped", False)
        axes.errorbar(
            [x], [y], yerr=[[y - low], [high - y]], fmt="o", color=colour, capsize=3,
            markerfacecolor="white" if cut else colour,
        )  # fmt: skip
        if points := row.get("curve"):
            axes.plot(
                [max(point["cpu_seconds"], 0.01) for point in points],
                [point["ndcg@10"] for point in points],
                color=colour, alpha=0.4, linewidth=1, marker=".",
            )  # fmt: skip
        told = row["title"] + (" (cut)" if cut else "")
        axes.annotate(told, (x, y), xytext=(7, 5), textcoords="offset points", fontsize=8)
    axes.set_xscale("log")
    axes.margins(x=0.2)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("CPU seconds of training, one thread")
    axes.set_ylabel("NDCG@10, masked, 95 % interval over people")
    axes.set_title(title, fontsize=10)
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110)

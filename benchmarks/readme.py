"""The measured figures in the prose: in: results/*.json, out: the tables between their markers.

    python -m benchmarks.readme [--check]

README.md has the figures of quality.json and the table of peers.json; docs/peers.md the settings
of the peers; docs/measured.md all tables of the smaller benches. With --check nothing is written;
the exit code says whether all is as it should be.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks import measured
from benchmarks.datasets import REPOSITORY
from benchmarks.peers import shown

README = REPOSITORY / "README.md"
PEERS_PAGE = REPOSITORY / "docs" / "peers.md"
MEASURED_PAGE = REPOSITORY / "docs" / "measured.md"
RESULTS = REPOSITORY / "benchmarks" / "results" / "quality.json"
PEERS = REPOSITORY / "benchmarks" / "results" / "peers.json"
BEGIN = "<!-- figures: written by `make readme` from benchmarks/results/quality.json -->"
END = "<!-- end of figures -->"
PEERS_BEGIN = "<!-- peers: written by `make readme` from benchmarks/results/peers.json -->"
PEERS_END = "<!-- end of peers -->"
ABSENT = "Not measured yet: `make bench-quality` measures, `make readme` writes the table here."
TITLES = {
    "beauty": "Amazon Beauty, 5-core",
    "sports": "Amazon Sports, 5-core",
    "ml-1m": "MovieLens-1M",
    "ml-small": "MovieLens small",
    "movietweetings": "MovieTweetings, 100,000",
}
COLUMNS = (
    "data",
    "protocol",
    "people, items",
    "N@10 masked",
    "95 %",
    "R@10 masked",
    "N@10 / R@10 unmasked",
    "N@10 masked, as in service",
    "best expert alone, N@10 masked",
    "CPU s",
)

Runs = Mapping[str, Mapping[str, Any]]
"""Seed → {"machine": …, "figures": …}, as benchmarks/quality.py writes them."""


def figures(results: Mapping[str, Runs]) -> str:
    """The table, the machines and the commits, as Markdown."""
    if not results:
        return ABSENT
    lines = [_line(COLUMNS), _line(["---"] * len(COLUMNS))]
    lines += [_line(_row(name, runs)) for name, runs in results.items()]
    return "\n".join([*lines, "", *_machines(results)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _row(name: str, runs: Runs) -> list[str]:
    told = [run["figures"] for run in runs.values()]
    first = told[0]
    low, high = first["interval"]
    alone = {
        expert: mean(one["experts"][expert]["masked"]["ndcg@10"] for one in told)
        for expert in first["experts"]
        if all(expert in one["experts"] for one in told)
    }
    best = max(alone, key=lambda expert: alone[expert])
    seeds = "" if len(told) == 1 else f", mean of {len(told)} seeds"
    return [
        TITLES.get(name, name),
        first["protocol"] + seeds,
        f"{first['users']:,}, {first['items']:,}",
        f"**{_mean(told, 'masked', 'ndcg@10')}**",
        f"{_short(low)} to {_short(high)}",
        _mean(told, "masked", "recall@10"),
        f"{_mean(told, 'unmasked', 'ndcg@10')} / {_mean(told, 'unmasked', 'recall@10')}",
        _short(mean(one["as_in_service"]["masked"]["ndcg@10"] for one in told)),
        f"{best} {_short(alone[best])}",
        f"{mean(one['cpu_seconds'] for one in told):.0f}",
    ]


def _mean(told: Sequence[Mapping[str, Any]], variant: str, metric: str) -> str:
    return _short(mean(one[variant][metric] for one in told))


def _short(figure: float) -> str:
    """.0717, as tables of this field have it."""
    return f"{figure:.4f}".removeprefix("0")


def _machines(results: Mapping[str, Runs]) -> list[str]:
    """One line for each machine and commit: what was measured there."""
    names: dict[str, list[str]] = {}
    for name, runs in results.items():
        for run in runs.values():
            told = names.setdefault(_told(run["machine"]), [])
            if TITLES.get(name, name) not in told:
                told.append(TITLES.get(name, name))
    return [f"{', '.join(sets)}: {told}." for told, sets in names.items()]


def _told(machine: Mapping[str, Any]) -> str:
    libraries = machine["libraries"]
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"Python {machine['python']}, torch {libraries.get('torch', 'unknown')}, "
        f"commit {machine['commit'] or 'unknown'}"
    )


def peers(results: Mapping[str, Any]) -> str:
    """Of each set the table of Foretaste and its peers, the plot, the machine."""
    if not results:
        return "Not measured yet: `make bench-peers` measures, `make readme` writes the table here."
    parts = []
    for name, one in results.items():
        title = TITLES.get(name, name)
        parts += [
            f"{title}: {one['cases']:,} people, {one['items']:,} items, "
            f"a cap of {one['cap_cpu_seconds']:,.0f} CPU seconds on a peer's training:",
            shown.markdown(one["rows"]),
            f"![{title}: quality against CPU seconds](benchmarks/results/peers-{name}.png)",
            f"{_told(one['machine'])}.",
        ]
    return "\n\n".join(parts)


def settings(results: Mapping[str, Any]) -> str:
    """Of each set the settings of every peer and where they come from."""
    parts = []
    for name, one in results.items():
        parts += [f"{TITLES.get(name, name)}:", shown.settings(one["rows"])]
    return "\n\n".join(parts) or "Not measured yet."


def written(text: str, table: str, begin: str = BEGIN, end: str = END) -> str:
    """The page with the table between the markers. Raises ValueError where they are missing."""
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the page lacks the markers; put '{begin}' and '{end}' where it belongs")
    return f"{before}{begin}\n\n{table}\n\n{end}{after}"


def pages() -> dict[Path, str]:
    """The pages with measured figures, as they should be."""
    others = results(PEERS)
    front = written(README.read_text(encoding="utf-8"), figures(results()))
    detail = PEERS_PAGE.read_text(encoding="utf-8")
    return {
        README: written(front, peers(others), PEERS_BEGIN, PEERS_END),
        PEERS_PAGE: written(detail, settings(others), PEERS_BEGIN, PEERS_END),
        MEASURED_PAGE: measured.page(),
    }


def results(path: Path = RESULTS) -> dict[str, Any]:
    """What was measured; empty where nothing was."""
    if not path.exists():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 where it differs")
    asked = parser.parse_args()
    stale = {
        page: text
        for page, text in pages().items()
        if not page.exists() or text != page.read_text(encoding="utf-8")
    }
    if asked.check:
        sys.exit(bool(stale))
    for page, text in stale.items():
        page.write_text(text, encoding="utf-8")
        print(f"wrote the figures into {page.relative_to(REPOSITORY)}")
    if not stale:
        print("the figures are as they were")


if __name__ == "__main__":
    main()

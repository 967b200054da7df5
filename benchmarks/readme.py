"""The measured figures in the prose: in: results/*.json, out: the tables of README.md and docs/.

    python -m benchmarks.readme [--check]

README.md has, between its markers, what others report and what quality.json has under the same
protocol; docs/peers.md the settings of the peers; docs/measured.md, which is written whole, every
table there is. With --check nothing is written; the exit code says whether all is as it should be.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks import costs, markdown, measured
from benchmarks.datasets import REPOSITORY
from benchmarks.markdown import decimal
from benchmarks.peers import shown
from benchmarks.peers.known import PEERS as PEERS_BY_KEY
from benchmarks.published import SETS, Published, front_table, full_table, published

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
PEERS_ABSENT = "Not measured yet: `make bench-peers` measures, `make readme` writes the table here."
TITLES = {
    "beauty": "Amazon Beauty, 5-core",
    "sports": "Amazon Sports, 5-core",
    "sports-titles": "Amazon Sports, 5-core, with matched titles",
    "ml-1m": "MovieLens-1M",
    "ml-small": "MovieLens small",
    "ml-small-ties": "MovieLens small, order within a day by chance",
    "movietweetings": "MovieTweetings, 100,000",
    "beauty-2000": "Amazon Beauty, 2,000 people",
    "movietweetings-2000": "MovieTweetings, 2,000 people",
}
COLUMNS = (
    "data",
    "protocol",
    "users, items",
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
    """The whole table, the machines and the commits, as Markdown."""
    if not results:
        return ABSENT
    rows = [_row(name, runs) for name, runs in results.items()]
    return "\n".join([markdown.table(COLUMNS, rows), "", *_machines(results)])


def front(results: Mapping[str, Runs], reports: Published) -> str:
    """What others report, then ours under the same protocol, as Markdown."""
    ours = {name: runs for name, runs in results.items() if name in SETS}
    if not ours:
        return ABSENT
    cells = {name: _own_cell(runs) for name, runs in ours.items()}
    lines = [front_table(reports, cells), "", "Foretaste's figures:", ""]
    return "\n".join([*lines, *(f"- {line}" for line in _machines(ours))])


def _own_cell(runs: Runs) -> str:
    """NDCG and recall, with the interval of the first seed."""
    by_seed = [run["figures"] for run in runs.values()]
    ndcg, recall = _mean(by_seed, "masked", "ndcg@10"), _mean(by_seed, "masked", "recall@10")
    low, high = by_seed[0]["interval"]
    return f"**{ndcg} / {recall}** ({decimal(low)} to {decimal(high)})"


def _row(name: str, runs: Runs) -> list[str]:
    by_seed = [run["figures"] for run in runs.values()]
    first = by_seed[0]
    low, high = first["interval"]
    alone = {
        expert: mean(run["experts"][expert]["masked"]["ndcg@10"] for run in by_seed)
        for expert in first["experts"]
        if all(expert in run["experts"] for run in by_seed)
    }
    best = max(alone, key=lambda expert: alone[expert])
    seeds = "" if len(by_seed) == 1 else f", mean of {len(by_seed)} seeds"
    return [
        TITLES.get(name, name),
        first["protocol"] + seeds,
        f"{first['users']:,}, {first['items']:,}",
        f"**{_mean(by_seed, 'masked', 'ndcg@10')}**",
        f"{decimal(low)} to {decimal(high)}",
        _mean(by_seed, "masked", "recall@10"),
        f"{_mean(by_seed, 'unmasked', 'ndcg@10')} / {_mean(by_seed, 'unmasked', 'recall@10')}",
        decimal(mean(run["as_in_service"]["masked"]["ndcg@10"] for run in by_seed)),
        f"{best} {decimal(alone[best])}",
        f"{mean(run['cpu_seconds'] for run in by_seed):.0f}",
    ]


def _mean(by_seed: Sequence[Mapping[str, Any]], variant: str, metric: str) -> str:
    return decimal(mean(run[variant][metric] for run in by_seed))


def _machines(results: Mapping[str, Runs]) -> list[str]:
    """One line for each machine and commit: what was measured there."""
    titles: dict[str, list[str]] = {}
    for name, runs in results.items():
        seeds = "" if len(runs) == 1 else f" ({len(runs)} seeds)"
        for run in runs.values():
            there = titles.setdefault(_machine(run["machine"]), [])
            if TITLES.get(name, name) + seeds not in there:
                there.append(TITLES.get(name, name) + seeds)
    return [f"{'; '.join(sets)}: {machine}." for machine, sets in titles.items()]


def _machine(machine: Mapping[str, Any]) -> str:
    libraries = machine["libraries"]
    cores = machine["cores"]
    return (
        f"{machine['cpu']}, {cores} core{'s' * (cores != 1)}, {machine['memory_gb']} GB, "
        f"Python {machine['python']}, torch {libraries.get('torch', 'unknown')}, "
        f"{markdown.commit(machine['commit'])}"
    )


def peers(results: Mapping[str, Any], *, to_the_end: bool) -> str:
    """Of each set the table of Foretaste and its peers, the plot, the machine.

    to_the_end: of the sets on which no peer was cut by the cap, else of the others.
    """
    parts = []
    for name, result in results.items():
        if any(row.get("capped") for row in result["rows"].values()) is to_the_end:
            continue
        title = TITLES.get(name, name)
        missing = ", ".join(
            peer.title
            for key, peer in PEERS_BY_KEY.items()
            if key not in result["rows"] and not peer.needs_times
        )
        cap = f", a cap of {result['cap_cpu_seconds']:,.0f} CPU seconds on a peer's training"
        parts += [
            f"**{title}**: {result['cases']:,} users, {result['items']:,} items"
            f"{'' if to_the_end else cap}:",
            shown.markdown(result["rows"]),
            *([shown.margin(result)] if result.get("ahead") else []),
            *([f"Not run on this set: {missing}."] if to_the_end and missing else []),
            f"![{title}: quality against CPU seconds](../benchmarks/results/peers-{name}.png)",
            f"{_machine(result['machine'])}.",
        ]
    return "\n\n".join(parts) or PEERS_ABSENT


def settings(results: Mapping[str, Any]) -> str:
    """Of each set the settings of every peer and where they come from."""
    parts = []
    for name, result in results.items():
        parts += [f"{TITLES.get(name, name)}:", shown.settings(result["rows"])]
    return "\n\n".join(parts) or "Not measured yet."


def written(text: str, table: str, begin: str = BEGIN, end: str = END) -> str:
    """The page with the table between the markers. Raises ValueError where they are missing."""
    above, first_marker, remainder = text.partition(begin)
    _, last_marker, below = remainder.partition(end)
    if not first_marker or not last_marker:
        raise ValueError(f"the page lacks the markers; put '{begin}' and '{end}' where it belongs")
    return f"{above}{begin}\n\n{table}\n\n{end}{below}"


def pages() -> dict[Path, str]:
    """The pages with measured figures, as they should be."""
    quality, of_peers, reports = results(), results(PEERS), published()
    readme_text = README.read_text(encoding="utf-8")
    peers_text = PEERS_PAGE.read_text(encoding="utf-8")
    whole_sets = {
        "quality": figures(quality),
        "published": full_table(reports),
        "peers_to_the_end": peers(of_peers, to_the_end=True),
        "peers": peers(of_peers, to_the_end=False),
    }
    return {
        README: written(readme_text, front(quality, reports)),
        PEERS_PAGE: written(peers_text, settings(of_peers), PEERS_BEGIN, PEERS_END),
        MEASURED_PAGE: measured.page(whole_sets),
        costs.COSTS: costs.text(),
    }


def results(path: Path = RESULTS) -> dict[str, Any]:
    """What was measured; empty where nothing was."""
    if not path.exists():
        return {}
    measured_results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return measured_results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 where it differs")
    options = parser.parse_args()
    stale = {
        page: text
        for page, text in pages().items()
        if not page.exists() or text != page.read_text(encoding="utf-8")
    }
    if options.check:
        sys.exit(1 if stale else 0)
    for page, text in stale.items():
        page.write_text(text, encoding="utf-8")
        print(f"wrote the figures into {page.relative_to(REPOSITORY)}")
    if not stale:
        print("the figures are as they were")


if __name__ == "__main__":
    main()

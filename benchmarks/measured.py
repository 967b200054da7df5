"""The page of measured figures: in: results/*.json, out: docs/measured.md.

`make readme` writes it. A bench that keeps its rows by `benchmarks.tables.keep_result` is a line
here; the tables of whole data sets come ready from `benchmarks.readme`.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import markdown
from benchmarks.tables import RESULTS

BENCHES = {
    "queries": "Queries: are the items found that a user asks for?",
    "features": "Named features of the next film",
    "cold": "New items, new users, a new domain",
    "calibration": "Does what is called 10 % likely happen in 10 % of cases?",
    "control": "Preferences: do mutes, boosts and wishes act?",
    "wishes": "Stated wishes",
    "refusals": "What a hide does",
    "value": "Ratings that count by their stars",
    "explanations": "Are the explanations true?",
    "trust": "What it costs to correct lists",
    "groups": "People of a group who count for more in a training",
    "privacy": "A privacy budget: what it hides and what it costs",
    "erasures": "Erasures under load",
    "failover": "A database that fails over",
    "database": "One PostgreSQL for several hosts",
    "words": "What a small language model writes",
    "tuning": "A tuned encoder",
    "scale": "Cost against size",
    "serve": "The service under load",
}
NOT_SHOWN = frozenset({"bins"})
COLUMN_TITLES = {"nats": "log P of the value", "nats lost": "log P lost"}
HEAD = """# Measured

Every figure here comes from a file in `benchmarks/results/`, and `make readme` writes this page
from those files: do not edit it by hand. Above each table stands the command that measures it, and
at each figure the commit it was measured at. N is NDCG and R is recall; the
[glossary](glossary.md) explains both, and *masked* too.
"""
WHOLE_SETS = {
    "quality": (
        "Quality on whole data sets",
        "`make bench-quality`, benchmarks/quality.py. It runs the command line with the default "
        "settings, and with seed 0 where no number of seeds is named. All items of the catalogue "
        "are ranked, never a sample. *Masked* leaves out the items that the user had before. *As "
        "in service* means that the experts which count were brought up to date with every event "
        "before the test event. The repository bundles MovieLens small only; the command looks "
        "for the other sets in `../shared/data` and leaves out those it does not find.",
    ),
    "published": (
        "What others report",
        "These figures were read from papers and public repositories. We did not run any of "
        "them. All are leave-one-out on the same 5-core sets and on MovieLens-1M, with every "
        "item ranked. Small differences in the protocol remain, such as the order of events with "
        "the same time; the last two columns say what is known.",
    ),
    "peers_to_the_end": (
        "Peers in one run, each to its own end",
        "Small sets, on which a CPU can train every peer until it stops by itself: 2,000 people of "
        "Amazon Beauty and of MovieTweetings, drawn once (`benchmarks/peers/drawn/` has their "
        "ids), with all their events and the items of these. Where a peer has epochs, the plot "
        "has its quality on the way. The interval under a table is of the difference, paired over "
        "people. Foretaste reads the titles; the peers, as they come, do not.\n\n"
        "`python -m benchmarks.peers --sets beauty-2000 movietweetings-2000 --cap 36000`; "
        "otherwise as in the next section.",
    ),
    "peers": (
        "Peers in one run, with a cap on CPU time",
        "**Read this first.** Each peer may train for a fixed number of CPU seconds on one "
        "thread. A row that says *cut by the cap* shows what a CPU reaches in that time, and "
        "nothing else. It says nothing about how good the model is when it is trained to the end, "
        "for which the section above has published figures.\n\n"
        "`make bench-peers` installs each library in an environment of its own and gives all of "
        "them the same split, the same histories and the same code for the metrics. Settings, "
        "and what the comparison does not say: [peers.md](peers.md).",
    ),
}


def page(whole_sets: Mapping[str, str], results: Path = RESULTS) -> str:
    """The whole page; `whole_sets` has a table for each key of WHOLE_SETS."""
    parts = [HEAD]
    for name, (title, protocol) in WHOLE_SETS.items():
        parts.append(f"## {title}\n\n{protocol}\n\n{whole_sets[name]}\n")
    for bench, title in BENCHES.items():
        path = results / f"{bench}.json"
        if path.exists():
            parts.append(section(bench, title, json.loads(path.read_text(encoding="utf-8"))))
    return "\n".join(parts)


def section(bench: str, title: str, measurements: Mapping[str, Any]) -> str:
    """What one bench measured."""
    lines = [f"## {title}", "", f"`make bench-{bench}`, benchmarks/{bench}.py", ""]
    for measurement in measurements.values():
        protocol = markdown.with_commits(measurement["protocol"])
        commit = markdown.commit(measurement["machine"]["commit"])
        lines += [f"{protocol}. {commit.capitalize()}.", ""]
        lines += [table(measurement["rows"]), ""]
    return "\n".join(lines)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Markdown; a column that some rows lack is empty there."""
    columns = list(dict.fromkeys(name for row in rows for name in row if name not in NOT_SHOWN))
    return markdown.table(
        [COLUMN_TITLES.get(name, name) for name in columns],
        [[shown(row.get(name, "")) for name in columns] for row in rows],
    )


def shown(value: object) -> str:
    """Four significant places for a fraction; a list as its parts."""
    if isinstance(value, float) and 0 < abs(value) < 1e-4:
        return f"{value:.1e}"
    if isinstance(value, float):
        return f"{value:.4f}" if abs(value) < 10 else f"{value:,.1f}"
    if isinstance(value, list):
        return " to ".join(shown(part) for part in value)
    return str(value).removesuffix(" nats").replace("|", "\\|")

"""In: the results of the benches. Out: the curves that `foretaste plan` goes by.

`make readme` writes src/foretaste/data/costs.json with it; a test holds the file to the results.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.datasets import REPOSITORY

RESULTS = REPOSITORY / "benchmarks" / "results"
COSTS = REPOSITORY / "src" / "foretaste" / "data" / "costs.json"
EVENTS = {"beauty": 198_502, "sports": 296_337, "ml-1m": 999_611}
"""Events of the sets on which trainings were measured whole (leave-one-out)."""
TEXTS_PER_CPU_SECOND = 164
"""MiniLM's, docs/decisions/0003-language.md."""
BYTES_PER_EVENT, BYTES_PER_LIST = 164, 683
"""In SQLite, docs/decisions/0045-delivery.md."""
SHARED_PROCESS_SHARE = 0.31
"""Of the memory of one process, what each more takes with one model for all: 1,010 MB for four
where one has 525, docs/decisions/0049-request-again.md."""
SERVED_EXTRA_GB = 0.45
"""What `foretaste serve` takes besides what `service_memory` holds: .33 GB, most of it the language
model, and .12 of the libraries' files, docs/decisions/0076-mapped-versions.md."""
USUAL_LOADS = (", warm", ", in memory")
"""End the names of the loads that are no first ones."""
WANTED_RECALL = 0.95
"""Of the exact 100 nearest, among the candidates of a large catalogue."""
STATIC_FROM_ITEMS = 500_000
"""From where on reading the texts takes the best part of an hour."""


def costs(results: Path = RESULTS) -> dict[str, Any]:
    """All curves."""
    scale, serve, quality, batch = (
        json.loads((results / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("scale", "serve", "quality", "batch")
    )
    (batch_part,) = batch.values()
    index = json.loads((results / "index_disk.json").read_text(encoding="utf-8"))
    lines = {row["line"]: row for part in serve.values() for row in part["rows"]}
    busy, idle = lines["recommend at saturation, /s"], lines["recommend at 100/s, p50 ms"]
    million = lines["recommend, 1,000,000 items, at 10/s, p99 ms"]
    sequence = {(row["items"], row["events"]): row for row in scale["sequence"]["rows"]}
    answers = [row for row in scale["answer"]["rows"] if "answering GB" in row]
    largest = max(answers, key=lambda row: row["items"])
    loaded = json.loads((results / "service_memory.json").read_text(encoding="utf-8"))
    per_event = [
        run["figures"]["cpu_seconds"] / EVENTS[name]
        for name in EVENTS
        for run in quality[name].values()
    ]
    machine = serve["lists"]["machine"]
    return {
        "machine": f"{machine['cpu']}, {machine['cores']} cores, and {_machine(scale)}",
        "cores_measured": machine["cores"],
        "served_lists": [
            {"items": 12_101, "cpu_ms": [busy["CPU ms"], idle["CPU ms"]]},
            {"items": 1_000_000, "cpu_ms": [largest["CPU p50, ms"], million["CPU ms"]]},
            *_larger_lists(loaded),
        ],
        "service": _service_memory(loaded),
        "served_extra_gb": SERVED_EXTRA_GB,
        "shared_process_share": SHARED_PROCESS_SHARE,
        "training": [
            {
                "items": row["items"],
                "events": row["events"],
                "fit_cpu_seconds": row["all, s"],
                "disk_mb": row["on disk, MB"],
                "memory_gb": max(row["peak GB"], sequence[row["items"], row["events"]]["peak GB"]),
            }
            for row in scale["fit"]["rows"]
        ],
        "network_cpu_seconds_per_event": [round(min(per_event), 6), round(max(per_event), 6)],
        "largest_index": _largest_index(index),
        "batch_cpu_ms": round(batch_part["rows"][0]["cpu_ms_a_person"], 2),
        "texts_per_cpu_second": TEXTS_PER_CPU_SECOND,
        "static_from_items": STATIC_FROM_ITEMS,
        "bytes_per_event": BYTES_PER_EVENT,
        "bytes_per_list": BYTES_PER_LIST,
        "events_per_second": min(
            lines["events one a call, SQLite, /s"]["found"],
            lines["events one a call, PostgreSQL, /s"]["found"],
        ),
    }


def text(results: Path = RESULTS) -> str:
    """The file as it should be."""
    return json.dumps(costs(results), indent=1) + "\n"


def _service_memory(loaded: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a process holds, and what is kept in files for all of them, by items."""
    warm = [part["rows"] for name, part in loaded.items() if name.endswith(USUAL_LOADS)]
    rows = [row for part in warm for row in part if row["part"] == "answering"]
    return [
        {
            "items": row["items"],
            "held_gb": round(row["held MB"] / 1e3, 3),
            "files_gb": round(row["kept in files MB"] / 1e3, 3),
        }
        for row in sorted(rows, key=lambda row: row["items"])
    ]


def _larger_lists(loaded: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Lists of more than a million items, which no load test has: without HTTP."""
    points = []
    for name, part in loaded.items():
        rows = {row["part"]: row for row in part["rows"]}
        items = rows["answering"]["items"]
        if name.endswith(USUAL_LOADS) and items > 1_000_000:
            later = rows["later lists"]
            cpu_ms = [later["CPU ms p50"], later["CPU ms p99"]]
            points.append({"items": items, "cpu_ms": cpu_ms})
    return sorted(points, key=lambda point: point["items"])


def _largest_index(index: Mapping[str, Any]) -> dict[str, Any]:
    """The search of the largest catalogue: the least effort by which enough is found."""
    items = max(map(int, index))
    row = next(
        row
        for row in index[str(items)]["rows"]
        if row["in"] == "memory" and row["recall@100"] >= WANTED_RECALL
    )
    return {
        "items": items,
        "p99_ms": round(row["p99 ms"], 1),
        "memory_gb": round(row["held GB"], 2),
        "recall": round(row["recall@100"], 4),
    }


def _machine(scale: Any) -> str:
    machine = scale["fit"]["machine"]
    return f"{machine['cpu']}, {machine['cores']} core"

"""Rows of figures in; a table for the eye and a file for the record out."""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.datasets import REPOSITORY
from foretaste.evaluate.machine import describe_machine

RESULTS = REPOSITORY / "benchmarks" / "results"


def set_options(given: Sequence[str]) -> None:
    """Settings as KEY=VALUE, e.g. model.seed=1, into the environment, for what is opened next."""
    for pair in given:
        key, _, value = pair.partition("=")
        os.environ[f"FORETASTE_{key.replace('.', '__').upper()}"] = value


def show(protocol: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the protocol and a line a row; a heading where the columns change."""
    print(f"\n{protocol}\n")
    columns: tuple[str, ...] = ()
    for row in rows:
        words = [str(value) for value in row.values() if isinstance(value, str)]
        figures = {name: value for name, value in row.items() if not isinstance(value, str)}
        if tuple(figures) != columns:
            columns = tuple(figures)
            print(" " * 64 + "".join(f"{name:>24}" for name in columns))
        told = "".join(f"{value:>24.4f}" for value in figures.values())
        print(f"{words[0]:<24}{' '.join(words[1:]):<40}{told}")
    print(flush=True)


def keep_result(bench: str, name: str, protocol: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Into benchmarks/results/<bench>.json, beside what else is there."""
    path = RESULTS / f"{bench}.json"
    path.parent.mkdir(exist_ok=True)
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept[name] = {"machine": describe_machine(REPOSITORY), "protocol": protocol, "rows": list(rows)}
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

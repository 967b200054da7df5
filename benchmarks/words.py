"""How much of what a small language model writes is said, and why not the rest? `make bench-words`.

For people of a set, each with their history, a query (the first words of a title) or both: the
title, the description and a line for each of three items, written by SmolLM2-135M-Instruct and
checked. The share that passes the checker, by part; why the others do not; seconds a passage.
`free` writes without the bounds that the local writer holds itself to (`language.within`).
"""

import argparse
import re
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets import write
from benchmarks.tables import keep_result, show
from foretaste.domain.data import Request
from foretaste.domain.ports import Writer
from foretaste.domain.prompt import TEMPLATE_AUTHOR, Deadline, Prompt
from foretaste.generate.narration import Passage
from foretaste.language.settings import WriterSettings
from foretaste.loop import Foretaste
from foretaste.online.generation import ContentGenerator

PEOPLE, N = 30, 3
WAIT = 600.0
"""Seconds: what is asked is what is written, not how quick this machine is."""
Row = dict[str, Any]


class Free:
    """The writer without its bounds."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.name, self.fingerprint = writer.name, writer.fingerprint
        self.start, self.close = writer.start, writer.close

    def write(self, prompt: Prompt, deadline: Deadline) -> Iterator[str]:
        return self._writer.write(replace(prompt, names=(), words=()), deadline)


def requests(loop: Foretaste, people: int) -> Iterator[Request]:
    """A history, a query, both; in turn."""
    rng = np.random.default_rng(11)
    users = sorted({event.user for _, event in loop.store.events() if event.user})
    titles = sorted({one.title for _, one in loop.store.items() if one.title})
    for place, user in enumerate(rng.choice(users, people, replace=False).tolist()):
        words = " ".join(titles[rng.integers(len(titles))].split()[:3])
        both = {"user": user, "query": words}
        asked = ({"user": user}, {"query": words}, both)[place % 3]
        yield Request(n=N, **asked)


def measured(loop: Foretaste, people: int, told: list[str]) -> list[Row]:
    """A row a part, and a row a reason."""
    seconds: dict[str, list[float]] = defaultdict(list)
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for request in requests(loop, people):
        found, began = loop.generate(request), time.perf_counter()
        for passage in found.passages:
            seconds[passage.part].append(time.perf_counter() - began)
            said[passage.part][_became(passage)] += 1
            told.append(f"{passage.part:<12}{passage.wording.author:<24}{passage.wording.text}")
            began = time.perf_counter()
    return [
        {
            "part": part,
            "became": became,
            "share": many / many_all,
            "passages": float(many_all),
            "seconds, median": float(np.median(seconds[part])),
        }
        for part, all_ in said.items()
        for many_all in [all_.total()]
        for became, many in all_.most_common()
    ]


def _became(passage: Passage) -> str:
    if passage.wording.author != TEMPLATE_AUTHOR:
        return "said"
    why = (passage.wording.fallback_reason or "no reason").removeprefix(
        "what was written is not said: "
    )
    return "template: " + re.sub(r"'[^']*'", "a word", why)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, help="one that is trained, instead of ml-small")
    parser.add_argument("--name", default="ml-small", help="of the data set")
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--ways", nargs="+", choices=("free", "held"), default=("free", "held"))
    parser.add_argument("--show", action="store_true", help="print what is said")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        loop = _opened(asked, Path(passing))
        writer = WriterSettings(kind="local", timeout_seconds=WAIT, niceness=0)
        for way in asked.ways:
            loop.generator.close()
            loop.generator = ContentGenerator(writer, loop.folder / "cache", seed=0)
            assert loop.generator.writer is not None
            if way == "free":
                loop.generator._writer = (Free(loop.generator.writer),)
            _loaded(loop)
            told: list[str] = []
            rows = measured(loop, asked.people, told)
            if asked.show:
                print("\n".join(told))
            protocol = f"{asked.name}, {asked.people} people, {way}: SmolLM2-135M-Instruct"
            show(protocol, rows)
            keep_result("words", f"{asked.name}, {way}", protocol, rows)
        loop.close()


def _opened(asked: argparse.Namespace, passing: Path) -> Foretaste:
    if asked.workspace is not None:
        return Foretaste.open(asked.workspace)
    events, items = write(asked.name, passing)
    loop = Foretaste.open(passing / "workspace")
    loop.add(events=events, items=items)
    loop.train()
    return loop


def _loaded(loop: Foretaste) -> None:
    """The model is loaded, so that no passage waits for that."""
    assert loop.generator.writer is not None
    list(loop.generator.writer.write(Prompt((("user", "hello"),), 1), Deadline(WAIT)))


if __name__ == "__main__":
    main()

"""A row of the zoo in: data, age, settings; its judgements and what its lists are like out."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.datasets import Absent
from benchmarks.zoo import lists
from benchmarks.zoo.dataset import Dataset, persons, protocols, shift_to_age
from benchmarks.zoo.judging import Judgement, judgement
from benchmarks.zoo.neighbours import ItemNeighbours
from benchmarks.zoo.rows import AGES, DATASETS, DEFAULTS, Row
from foretaste import recipes
from foretaste.domain.data import ImportResult
from foretaste.evaluate.protocols import evaluate_model
from foretaste.loop import Foretaste
from foretaste.prepare.splits import split_by_time, split_leave_one_out

SPLITS = {"leave-one-out": split_leave_one_out, "time": split_by_time}
PEOPLE, TOP = 50, 10
"""How many are asked for their lists; how long those are."""
MOST_EVENTS = 60_000
"""Past so many a set is evaluated alone, and not trained once more to look at its lists."""


@dataclass(frozen=True)
class Lists:
    """What the lists of a trained model are like."""

    people: int
    commonest: float
    """Share of people whose top five holds the item that most top fives hold."""
    overlap: float
    """Mean share of the top ten that two people have in common."""
    rare: Sequence[float]
    """Share of places whose item has at most 0, 1, 2, 5 events."""
    own_cluster: float | None
    """Share of places with an item of the reader's own cluster, where that is known."""
    stranger: int
    """Events of the rarest item in the list of somebody of whom nothing is known."""


@dataclass
class Outcome:
    """All that a row came to, filled step by step."""

    row: Row
    events: int = 0
    items: int = 0
    judgements: list[Judgement] = field(default_factory=list)
    rare_next: Sequence[float] = ()
    """Share of what people took next that had at most 0, 1, 2, 5 events by then."""
    lists: Lists | None = None
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """What breaks here is a failure of the row, and the next step is tried."""
        try:
            yield
        except Absent:
            raise
        except Exception as error:
            self.failures.append(f"{name}: {type(error).__name__}: {error}"[:300])


def run(row: Row, vectors: Path) -> Outcome:
    """Import, evaluate, train, ask.

    vectors: the file of what was read, shared by all rows. Raises Absent without the data.
    """
    start = time.monotonic()
    outcome = Outcome(row)
    with tempfile.TemporaryDirectory() as folder, outcome.step("import"):
        data = DATASETS[row.data]()
        if row.age in AGES:
            data = shift_to_age(data, AGES[row.age], time.time())
        outcome.events, outcome.items = len(data.events), len(data.items)
        with closing(workspace(Path(folder) / "workspace", row.settings, vectors)) as loop:
            measure(outcome, loop, data)
    outcome.seconds = time.monotonic() - start
    return outcome


def measure(outcome: Outcome, loop: Foretaste, data: Dataset) -> None:
    """By every protocol, then by looking at lists."""
    outcome.notes += rejects(loop.add(items=data.items, events=data.events))
    if not protocols(data):
        outcome.notes.append("nobody did enough for a test: lists alone")
    for protocol in protocols(data):
        with outcome.step(f"evaluate {protocol}"):
            judge(outcome, loop, protocol)
    if outcome.events > MOST_EVENTS:
        outcome.notes.append(f"more than {MOST_EVENTS:,} events: lists not looked at")
        return
    with outcome.step("lists"):
        outcome.lists = list_figures(loop, data)


def workspace(folder: Path, settings: str, vectors: Path) -> Foretaste:
    """A new one, with the settings of a recipe or the defaults, that reads no text again."""
    (folder / "cache").mkdir(parents=True)
    if settings != DEFAULTS:
        recipes.write(settings, folder)
    vectors.parent.mkdir(parents=True, exist_ok=True)
    vectors.touch()
    (folder / "cache" / "vectors.sqlite").symlink_to(vectors.resolve())
    return Foretaste.open(folder)


def rejects(imports: Sequence[ImportResult]) -> Iterator[str]:
    """Rows that did not go in."""
    for imported in imports:
        if imported.rejected:
            first = imported.rejects[0].problem
            yield f"{imported.rejected:,} of {imported.read:,} rows rejected, first: {first}"


def judge(outcome: Outcome, loop: Foretaste, protocol: str) -> None:
    """Evaluate, and the other library's neighbours on the same cases."""
    items = {item.id: item for _, item in loop.store.items()}
    histories, _, _ = loop.interactions(items)
    split = SPLITS[protocol](histories)
    if not len(split.test):
        outcome.notes.append(f"{protocol}: no case to test")
        return
    evaluation = loop.evaluate(protocol)
    neighbours = ItemNeighbours(split.service_interactions, len(items))
    result = evaluate_model(neighbours.score, split.test)
    hide_seen = loop.config.rank.hide_seen
    outcome.judgements.append(judgement(evaluation, result, hide_seen=hide_seen))
    if not outcome.rare_next:
        timed = protocol == "time"
        counts = lists.counts_before(split.test, timed=timed, served=split.service_interactions)
        outcome.rare_next = lists.rare_shares(counts, split.test.user_indices)


def list_figures(loop: Foretaste, data: Dataset, seed: int = 0) -> Lists:
    """Train on everything, and ask for the lists of some people."""
    loop.train()
    people = np.sort(persons(data.events).unique().astype(str))
    size = min(PEOPLE, len(people))
    sample = np.random.default_rng(seed).choice(people, size, replace=False)
    top = {}
    for column, _, person in (str(name).partition(" ") for name in sample):
        top[person] = top_items(loop, **{column: person})
    counts = data.events["item"].value_counts().to_dict()
    places = [counts.get(item, 0) for ranked in top.values() for item in ranked]
    return Lists(
        people=len(top),
        commonest=lists.commonest(list(top.values())),
        overlap=lists.overlap(list(top.values())),
        rare=lists.rare_shares(places),
        own_cluster=lists.own_share(top, data.clusters, data.tastes),
        stranger=min((counts.get(item, 0) for item in top_items(loop)), default=0),
    )


def top_items(loop: Foretaste, user: str | None = None, session: str | None = None) -> list[str]:
    """The first items of a list, by id."""
    return [item.id for item in loop.recommend(user, session=session, n=TOP)]

"""Are the reasons what made the score? `make bench-explanations`.

For people of a set, the first item of their list that names past events: its cited events (at most
three, by their positive terms) are taken out of the history, and so are as many others, drawn at
random. How far log P of the item and its rank fall in both, paired; and how far the terms are from
the score.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.datasets import Absent, write
from benchmarks.tables import keep_result, show
from foretaste.domain.data import Request, UserContext
from foretaste.loop import Foretaste
from foretaste.online.snapshot import Snapshot

PEOPLE, CITED, DRAWS = 150, 3, 5000


def standing(live: Snapshot, one: UserContext, item: int) -> tuple[float, float]:
    """(log P, rank among all) of the item."""
    row = live.product.scorer(one).scores().astype(np.float64)
    top = row.max()
    log_prob = row[item] - top - np.log(np.exp(row - top).sum())
    return float(log_prob), 1.0 + float((row > row[item]).sum())


def cited(live: Snapshot, one: UserContext, item: int) -> list[int]:
    """The past items that raise the score most by their terms."""
    sums: dict[str, float] = {}
    for term in live.product.terms(one, np.array([item], np.int32))[0]:
        if term.event in live.catalogue.index:
            sums[str(term.event)] = sums.get(str(term.event), 0.0) + term.nats
    best = sorted((event for event in sums if sums[event] > 0), key=lambda event: -sums[event])
    return [live.catalogue.index[event] for event in best[:CITED]]


def measured(loop: Foretaste, people: int) -> list[dict[str, str | float]]:
    """A row a figure."""
    rng = np.random.default_rng(7)
    live = loop.catch_up()
    users = [user for user in {event.user for _, event in loop.store.events()} if user]
    falls, ranks, errors = [], [], []
    for user in rng.permutation(sorted(users)).tolist():
        one = loop.listen(loop.slates.user_context(Request(user=user), live), live.encoder)
        item = live.catalogue.index[loop.recommend(user, n=1).items[0].id]
        named = cited(live, one, item)
        rest = np.setdiff1d(np.unique(one.consumed_items), named)
        if not named or len(rest) < len(named):
            continue
        others = rng.choice(rest, len(named), replace=False)
        before = standing(live, one, item)
        without = standing(live, one.select_events(~np.isin(one.item, named)), item)
        random = standing(live, one.select_events(~np.isin(one.item, others)), item)
        falls.append((before[0] - without[0]) - (before[0] - random[0]))
        ranks.append(np.log(without[1]) - np.log(random[1]))
        terms = sum(term.nats for term in live.product.terms(one, np.array([item], np.int32))[0])
        score = float(live.product.scorer(one).scores(np.array([item], np.int32))[0])
        errors.append(abs(terms - score) / max(1.0, abs(score)))
        if len(falls) == people:
            break
    return [
        _row("log P falls more by", np.array(falls), rng),
        _row("log rank rises more by", np.array(ranks), rng),
        {"figure": "largest |terms - score| / max(1, |score|)", "mean": float(np.max(errors)),
         "low": 0.0, "high": 0.0, "people": float(len(errors))},
    ]  # fmt: skip


def _row(name: str, found: "np.ndarray[tuple[int], np.dtype[np.float64]]",
         rng: np.random.Generator) -> dict[str, str | float]:  # fmt: skip
    """The mean and its 95 % bootstrap interval over people."""
    means = [found[rng.integers(len(found), size=len(found))].mean() for _ in range(DRAWS)]
    low, high = np.percentile(means, [2.5, 97.5])
    return {
        "figure": name,
        "mean": float(found.mean()),
        "low": float(low),
        "high": float(high),
        "people": float(len(found)),
    }


def main() -> None:
    for name in sys.argv[1:] or ("beauty", "ml-100k"):
        protocol = (
            f"{name}, at most {PEOPLE} people: the first item of the list without its cited events "
            "against without as many others; 95 % paired bootstrap over people"
        )
        with tempfile.TemporaryDirectory() as passing:
            try:
                events, items = write(name, Path(passing))
            except Absent as absent:
                print(absent)
                continue
            loop = Foretaste.open(Path(passing) / "workspace")
            loop.add(events=events, items=items)
            loop.train()
            rows = measured(loop, PEOPLE)
            loop.close()
        show(protocol, rows)
        keep_result("explanations", name, protocol, rows)


if __name__ == "__main__":
    main()

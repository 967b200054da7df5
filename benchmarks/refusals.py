"""Does a refusal push down what is like the refused? `make bench-refusals`.

For 100 people of ml-small: three items of one kind among the first fifty of their list (the one in
a place drawn from the first ten, and the two nearest to it by the language model) are hidden, one
after another. Of the ten nearest neighbours of each hidden item, by text and by being taken by the
same people, the mean rank among all items that may be shown, before and after; beside it, items
drawn at random, and the same with a model that has no refusal expert.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.datasets import write
from benchmarks.tables import keep_result, show
from foretaste.domain.data import Event, Floats, Request
from foretaste.loop import Foretaste
from foretaste.model.count_matrix import positive_interactions

PEOPLE, NEAR, HIDES, FIRST = 100, 10, 3, 50
PROTOCOL = (
    f"MovieLens small, {PEOPLE} people, {HIDES} hides each of like items among the first {FIRST} "
    f"of their list; mean rank of the {NEAR} nearest neighbours of each hidden item, of all items"
)


def ranks(loop: Foretaste, user: str, events: Sequence[Event]) -> Floats:
    """[items], the place of each by its score; what may not be shown keeps its place too."""
    loop.record(events)
    live = loop.catch_up()
    one = loop.listen(loop.slates.user_context(Request(user=user), live), live.encoder)
    order = np.argsort(-live.product.score([one])[0], kind="stable")
    places = np.empty(len(order), np.float32)
    places[order] = np.arange(1, len(order) + 1)
    return places


def near_by_text(vectors: Floats, items: Sequence[int]) -> list[int]:
    found: list[int] = []
    for item in items:
        likest = np.argsort(-(vectors @ vectors[item]), kind="stable")
        found += [int(one) for one in likest if one not in items][:NEAR]
    return found


def near_by_people(people: Floats, items: Sequence[int]) -> list[int]:
    """people: [people, items], 1 where taken."""
    sizes = np.sqrt(people.sum(axis=0))
    found: list[int] = []
    for item in items:
        cosine = (people[:, item] @ people) / np.maximum(sizes * sizes[item], 1)
        likest = np.argsort(-cosine, kind="stable")
        found += [int(one) for one in likest if one not in items][:NEAR]
    return found


def measured(loop: Foretaste) -> list[dict[str, str | float]]:
    """A row a kind of neighbour."""
    rng = np.random.default_rng(7)
    live = loop.catch_up()
    vectors = live.catalogue.vectors
    found, _, _ = loop.interactions(live.items)
    people = np.zeros((len(found), len(vectors)), np.float32)
    owner, item, _ = positive_interactions(found)
    people[owner, item] = 1
    kinds = ("by text", "by people", "drawn at random")
    before, after = ({kind: list[float]() for kind in kinds} for _ in range(2))
    for user in rng.choice(np.array(found.users), PEOPLE, replace=False).tolist():
        first = [live.catalogue.index[one.id] for one in loop.recommend(user, n=FIRST)]
        seed = first[int(rng.integers(10))]
        rest = sorted(
            (one for one in first if one != seed), key=lambda i: -vectors[i] @ vectors[seed]
        )
        hidden = [seed, *rest[: HIDES - 1]]
        groups = {
            "by text": near_by_text(vectors, hidden),
            "by people": near_by_people(people, hidden),
            "drawn at random": rng.choice(len(vectors), NEAR * HIDES, replace=False).tolist(),
        }
        at = loop.clock()
        hides = [
            Event(f"{user}-{at}-{n}", "hide", at + n, user=user, item=live.catalogue.ids[one])
            for n, one in enumerate(hidden)
        ]
        was, now = ranks(loop, user, []), ranks(loop, user, hides)
        for kind, items in groups.items():
            before[kind].append(float(was[items].mean()))
            after[kind].append(float(now[items].mean()))
    return [
        {
            "neighbours": kind,
            "before": float(np.mean(before[kind])),
            "after three hides": float(np.mean(after[kind])),
            "people who see it": float(np.mean(np.array(after[kind]) > np.array(before[kind]))),
        }
        for kind in kinds
    ]


def main() -> None:
    with tempfile.TemporaryDirectory() as passing:
        events, items = write("ml-small", Path(passing))
        loop = Foretaste.open(Path(passing) / "workspace")
        loop.add(events=events, items=items)
        loop.train()
        rows = [{"model": "with the refusal expert", **row} for row in measured(loop)]
        live = loop.catch_up()
        without = [n for n, one in enumerate(live.product.experts) if one.name != "refusal"]
        live.product = replace(
            live.product,
            experts=tuple(live.product.experts[n] for n in without),
            weights=live.product.weights[:, without],
        )
        rows += [{"model": "without it", **row} for row in measured(loop)]
        loop.close()
    show(PROTOCOL, rows)
    keep_result("refusals", "ml-small", PROTOCOL, rows)


if __name__ == "__main__":
    main()

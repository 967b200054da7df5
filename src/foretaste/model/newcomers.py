"""New items: a product in, the same knowing how much to trust what it reads of them out.

The experts forget a tenth of the items, as if nobody had ever taken them, and the validation events
of these items are predicted beside others. That gives the exponents for new items. By likelihood
they rank below all that is known; a part of the quality of the rest, set by `model.new_items`, is
spent on raising them, or else nobody would ever meet them.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

from foretaste.domain import Behaviour, Cases, Ints
from foretaste.model.experts.popularity import Popularity
from foretaste.model.experts.sequence import Sequence as SequenceExpert
from foretaste.model.exponents import Table, tabulate
from foretaste.model.product import Product
from foretaste.model.training import Training

SHARE = 0.1
"""Of the items taken, those made new."""
CASES = 1000
"""Events of new items predicted, and as many of others, at most."""
FEWEST = 10
"""Events of new items without which nothing is fitted."""
STEP, STEPS = 0.1, 20
"""Nats by which new items are raised at a time, and how often at most."""


def simulated(product: Product, training: Training, rng: np.random.Generator) -> Table | None:
    """Validation events with a tenth of the items made new; None where that says nothing."""
    popularity = next((e for e in product.experts if isinstance(e, Popularity)), None)
    if popularity is None:
        return None
    taken = np.flatnonzero(popularity.taken > 0)
    hidden = np.sort(rng.choice(taken, round(SHARE * len(taken)), replace=False))
    is_new = np.isin(training.valid.targets, hidden)
    new, old = (np.flatnonzero(which) for which in (is_new, ~is_new))
    if len(new) < FEWEST or not len(old):
        return None
    parts = [np.sort(rng.choice(some, min(CASES, len(some)), replace=False)) for some in (new, old)]
    rows = np.concatenate(parts)
    cases = Cases(training.valid.histories, training.valid.people[rows], training.valid.rows[rows])
    behaviours = [without(one, hidden) for one in cases.behaviours(0, len(cases))]
    table = tabulate(
        forgetting(product, training, hidden.astype(np.int32)),
        behaviours,
        cases.targets,
        training,
        rng,
        without=np.flatnonzero(popularity.taken == 0).astype(np.int32),  # not twice as many new
    )
    stands = [len(some) / len(part) for some, part in zip((new, old), parts, strict=True)]
    counts = np.repeat(np.array(stands, np.float32), [len(part) for part in parts])
    return replace(table, counts=torch.from_numpy(counts / counts.mean()))


def forgetting(product: Product, training: Training, hidden: Ints) -> Product:
    """A copy that has never seen these items taken; the networks' other weights stay."""
    keep = ~np.isin(training.histories.item, hidden)
    training = replace(training, histories=training.histories.where(keep))
    again = product.recounted(training)
    return replace(
        again,
        experts=tuple(
            e.forgetting(hidden) if isinstance(e, SequenceExpert) else e for e in again.experts
        ),
    )


def without(one: Behaviour, hidden: Ints) -> Behaviour:
    """The same history less the events of these items."""
    keep = ~np.isin(one.item, hidden)
    return one if keep.all() else cut(one, keep)


def cut(one: Behaviour, keep: npt.NDArray[np.bool_]) -> Behaviour:
    """The events for which `keep` [length] holds."""
    return replace(
        one,
        item=one.item[keep],
        weight=one.weight[keep],
        kind=one.kind[keep],
        value=one.value[keep],
        at=one.at[keep],
        text=tuple(text for text, kept in zip(one.text, keep, strict=False) if kept),
        text_vectors=None if one.text_vectors is None else one.text_vectors[keep],
    )


def raised(product: Product, tables: Sequence[Table], spent: float) -> Product:
    """With new items raised as far as costs the events of other items this share of their NDCG.

    Against no difference between new and other items, in each of the tables: one has the new items
    that there are, the other those made new. Where likelihood alone has raised them further, they
    are lowered again.
    """
    if product.new is None or spent == 0:
        return product
    weights, new = torch.from_numpy(product.weights), torch.from_numpy(product.new).clone()
    parts = [table.known() for table in tables]
    least = [
        (1 - spent) * float(part.gain(part.scores(weights, torch.zeros_like(new))).mean())
        for part in parts
    ]
    scores = [part.scores(weights, new) for part in parts]

    def bearable(nats: float) -> bool:
        return all(
            float(part.gain(one + nats * part.newness).mean()) >= bar
            for part, one, bar in zip(parts, scores, least, strict=True)
        )

    steps = 0
    while steps < STEPS and bearable(STEP * (steps + 1)):
        steps += 1
    while -STEPS < steps <= 0 and not bearable(STEP * steps):
        steps -= 1
    new[-1] += STEP * steps
    return replace(product, new=np.asarray(new.numpy(), np.float32))

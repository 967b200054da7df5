"""An item in; all that the model that answers knows of it out, for whoever runs the shop.

What is read of it, what stands close to it in text and in what people do, how popular it is, and
what may keep it out of lists.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from foretaste.domain.data import Floats, Item
from foretaste.model.experts.neighbour import NeighbourExpert
from foretaste.online.snapshot import Snapshot

MAX_NEIGHBOURS = 10


@dataclass(frozen=True, slots=True)
class ItemNeighbour:
    """An item close to another."""

    id: str
    title: str
    closeness: float
    """In text the cosine, 1 at most; in behaviour how often both were taken close together, the
    less the further apart."""


@dataclass(frozen=True, slots=True)
class ItemKnowledge:
    """What a model knows of an item."""

    text: str
    """What is read of it."""
    feature_types: tuple[tuple[str, str], ...]
    """(column, type as which its values are read)."""
    times_taken: float
    """How often it was taken, as the model counts."""
    popularity_rank: int | None
    """1 is what people take most."""
    text_neighbours: tuple[ItemNeighbour, ...]
    behaviour_neighbours: tuple[ItemNeighbour, ...]


def item_knowledge(snapshot: Snapshot, item_id: str) -> ItemKnowledge | None:
    """None while the model has not met the item."""
    catalogue = snapshot.catalogue
    position = catalogue.index.get(item_id)
    if position is None:
        return None
    counts = snapshot.product.event_counts()
    times_taken = 0.0 if counts is None else float(counts[position])
    rank = None if counts is None or times_taken <= 0 else int((counts > times_taken).sum()) + 1
    return ItemKnowledge(
        text=catalogue.full_texts[position],
        feature_types=tuple(
            (feature.column, feature.feature_type)
            for feature in catalogue.features
            if feature.offsets[position] < feature.offsets[position + 1]
        ),
        times_taken=times_taken,
        popularity_rank=rank,
        text_neighbours=_text_neighbours(snapshot, position),
        behaviour_neighbours=_behaviour_neighbours(snapshot, position),
    )


def missing_reasons(item: Item, knowledge: ItemKnowledge | None, now: float) -> list[str]:
    """Codes of what may keep an item out of everybody's lists; none where nothing does."""
    reasons = []
    if item.hidden:
        reasons.append("hidden")
    if item.available_from is not None and item.available_from > now:
        reasons.append("upcoming")
    if item.available_until is not None and item.available_until <= now:
        reasons.append("ended")
    if knowledge is None:
        reasons.append("not-met")
    elif not knowledge.text.strip():
        reasons.append("no-text")
    if knowledge is not None and knowledge.times_taken <= 0:
        reasons.append("never-taken")
    return reasons


def _text_neighbours(snapshot: Snapshot, position: int) -> tuple[ItemNeighbour, ...]:
    vectors = snapshot.catalogue.vectors
    own = np.asarray(vectors[np.array([position])], np.float32)[0]
    if not own.any():
        return ()
    closeness = vectors @ own
    closeness[position] = -np.inf
    closeness[snapshot.shelf.hidden] = -np.inf
    return _nearest(snapshot, np.arange(len(closeness)), closeness)


def _behaviour_neighbours(snapshot: Snapshot, position: int) -> tuple[ItemNeighbour, ...]:
    experts = snapshot.product.experts
    neighbour = next((e for e in experts if isinstance(e, NeighbourExpert)), None)
    if neighbour is None:
        return ()
    columns, counts = neighbour.neighbour_counts.row(position)
    return _nearest(snapshot, np.asarray(columns), np.asarray(counts, np.float32))


def _nearest(
    snapshot: Snapshot, positions: Sequence[int] | np.ndarray, closeness: Floats
) -> tuple[ItemNeighbour, ...]:
    count = min(MAX_NEIGHBOURS, len(closeness))
    min_closeness = np.partition(closeness, -count)[-count] if count else 0.0
    likely = np.flatnonzero(closeness >= min_closeness)
    best = likely[np.argsort(-closeness[likely], kind="stable")[:count]]
    catalogue = snapshot.catalogue
    return tuple(
        ItemNeighbour(
            catalogue.ids[positions[row]], catalogue.titles[positions[row]], float(closeness[row])
        )
        for row in best.tolist()
        if np.isfinite(closeness[row]) and closeness[row] > 0
    )

"""A folder in, a workspace out: a million items or more, a model of all experts but language.

Reading a million texts would take the language model two hours, training the network longer. So
the vectors are those of benchmarks/synthetic.py, put where the language model keeps what it has
read, and the network has learnt nothing; what a request costs depends on neither.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.scale_steps import LEFT_OUT, network, training
from benchmarks.synthetic import packed, shelf
from foretaste.behaviour.store import SqlStore
from foretaste.domain.arrays import Vectors
from foretaste.domain.data import Catalogue, Event, Floats, Interactions, Item
from foretaste.domain.ports import Progress, no_progress
from foretaste.language.cache import CachedEncoder
from foretaste.loop import Foretaste
from foretaste.model.expert_weights import default_expert_weights
from foretaste.model.experts import EXPERTS
from foretaste.model.experts.sequence import SequenceExpert as SequenceExpert
from foretaste.model.product import ProductOfExperts
from foretaste.prepare.catalogue_builder import build_catalogue

ITEMS, EVENTS = 1_000_000, 2_000_000
PEOPLE = 20_000
"""Of whom the store has the events, ten each; the model has learnt those of all."""
CHUNK = 20_000


class Planted:
    """Stands in for the language model: what it would have read of each text."""

    def __init__(self, fingerprint: str, texts: Sequence[str], vectors: Vectors) -> None:
        self.fingerprint, self.dim = fingerprint, vectors.shape[1]
        self._vectors, self._rows = vectors, {text: row for row, text in enumerate(texts)}

    def encode(self, texts: Sequence[str], progress: Progress = no_progress) -> Floats:
        """[texts, dim]"""
        return self._vectors[[self._rows[text] for text in texts]]


def workspace(folder: Path, item_count: int = ITEMS, event_count: int = EVENTS) -> Path:
    """Made in a few minutes a million items, unless it is there."""
    if (folder / "models" / "live.json").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    loop = Foretaste.open(folder)
    made = shelf(item_count, packed(item_count))
    items = list(_items(made))
    given = training(item_count, event_count, made.vectors)
    _tell(loop.store, items, given.interactions)
    texts = [item.reading() for item in items]
    planted = CachedEncoder(
        Planted(loop.encoder.fingerprint, texts, made.vectors), folder / "cache" / "vectors.sqlite"
    )
    for start in range(0, item_count, CHUNK):
        planted.encode(texts[start : start + CHUNK])
    planted.close()
    given = replace(given, catalogue=build_catalogue(items, made.vectors))
    kinds = [kind for kind in EXPERTS if kind.name == "query" or kind.name not in LEFT_OUT]
    experts = [one for kind in kinds for one in kind.fit(given)]
    untaught = network(given.catalogue, given.interactions, given.settings, 50)
    experts.append(SequenceExpert(untaught, given.settings.sequence, given.catalogue))
    product = ProductOfExperts(tuple(experts), default_expert_weights(tuple(experts)))
    event, revision = loop.store.log_position()
    data = {"event": event, "revision": revision, "kinds": given.interactions.event_types}
    name = loop.models.save(
        product, given.catalogue.ids, created=0.0, data=data, settings={}, metrics={}
    )
    loop.models.promote(name)
    loop.close()
    return folder


def _items(made: Catalogue) -> list[Item]:
    columns = [(one.column, one.values, one.codes) for one in made.features]
    return [
        Item(
            place, title, attributes={name: (values[codes[n]],) for name, values, codes in columns}
        )
        for n, (place, title) in enumerate(zip(made.ids, made.titles, strict=True))
    ]


def _tell(store: SqlStore, items: Sequence[Item], interactions: Interactions) -> None:
    for start in range(0, len(items), CHUNK):
        store.put_items(items[start : start + CHUNK])
    store.add_events(events_of(interactions))


def events_of(interactions: Interactions) -> list[Event]:
    """Those of `PEOPLE` people at most."""
    rows = range(int(interactions.offsets[min(PEOPLE, len(interactions))]))
    return [
        Event(
            f"e{n}",
            "click",
            float(interactions.at[n]),
            user=f"u{n // 10}",
            item=f"i{interactions.item[n]}",
        )
        for n in rows
    ]

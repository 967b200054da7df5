"""What answers now: a model version in, the same with every item and event up to now out.

A version was trained on the log up to a number. Whoever answers with it reads the log on from
there: new items are met, new events are learnt, in the order they were accepted. So the command
line, the service and any other process give the same list, whichever of them an event came through.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Self

import numpy as np

from foretaste.domain.arrays import Packed, Vectors
from foretaste.domain.data import Behaviour, Catalogue, Event, Floats, Item
from foretaste.domain.store import Store
from foretaste.feedback.online import Lesson, Past, Person, learn, lessons
from foretaste.model.artefacts import Version
from foretaste.model.product import Product
from foretaste.prepare.catalogue import COPIED, Cataloguing
from foretaste.prepare.histories import pasts, person_key
from foretaste.rank.filters import Shelf

Read = Callable[[Sequence[Item]], Floats]
"""Items → [items, dim], as the language model reads them."""
PRECISE = 50_000
"""Items of which the vectors are kept in 32 bits; of more in 8, a quarter of the memory."""
CHUNK = 20_000
LEARNT = 5_000
"""Events that are held in memory at a time while they are learnt."""


class Readers:
    """Runs that read a model, perhaps long after the request that began them was answered.

    Whoever changes the model waits until they have ended. That nobody begins to read meanwhile is
    for the caller to see to: requests and changes take turns (`keeping`).
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    def enter(self) -> None:
        """A run is about to read."""
        with self._changed:
            self._count += 1

    def leave(self) -> None:
        """It reads no more."""
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait(self, seconds: float | None = None) -> bool:
        """Until nobody reads, or for so many seconds. → whether nobody does."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, seconds)


@dataclass
class Live:
    """A model, what it may show, and how far along the log it has come."""

    version: str
    created: float
    """When it was trained, seconds since 1970."""
    product: Product
    kinds: tuple[str, ...]
    weights: Mapping[str, float]
    read: Read
    items: dict[str, Item]
    shelf: Shelf
    event: int
    revision: int
    cataloguing: Cataloguing
    encoder: str | None = None
    """The tuned encoder that it was trained with; None is the published one."""
    readers: Readers = field(default_factory=Readers)
    """Runs in other threads that read it; it is changed when they have ended."""

    @property
    def catalogue(self) -> Catalogue:
        """The items, as they are now."""
        return self.cataloguing.catalogue

    @classmethod
    def of(
        cls,
        version: Version,
        ids: tuple[str, ...],
        store: Store,
        *,
        weights: Mapping[str, float],
        read: Read,
        product: Callable[[Catalogue], Product],
    ) -> Self:
        """A version as it was trained, with its items, `ids`, as they are now.

        An item that is gone keeps its place, as the model counts places, and is hidden.
        """
        present: dict[str, Item] = {}
        revision = 0
        for revision, item in store.items():  # noqa: B007
            present[item.id] = item
        known = {one: present.pop(one, absent(one)) for one in ids}
        listed = list(known.values())
        cataloguing = Cataloguing(listed, vectors_of(listed, read))
        live = cls(
            version=version.name,
            created=version.created,
            product=product(cataloguing.catalogue),
            kinds=tuple(version.data["kinds"]),
            weights=weights,
            read=read,
            items=known,
            shelf=Shelf.of(listed),
            event=int(version.data["event"]),
            revision=revision,
            cataloguing=cataloguing,
            encoder=version.data.get("encoder"),
        )
        live.meet(present)
        return live

    def catch_up(self, store: Store) -> None:
        """Meet every item and learn every event since.

        Where an item cannot be read, nothing is learnt and nothing counts as met: the next call
        begins at the same place, so no item and no event is passed over.
        """
        event, revision = store.position()
        if revision != self.revision:
            changed = {item.id: item for _, item in store.items(after=self.revision)}
            for _, item_id in store.gone(after=self.revision):
                if item_id in self.items:
                    changed[item_id] = absent(item_id)
            self.meet(changed)
            self.revision = revision
        if event != self.event:
            self.learn(store)

    def meet(self, changed: Mapping[str, Item]) -> None:
        """New and changed items: read, and given a place in the lists."""
        if not changed:
            return
        met = list(changed.values())
        vectors = self.read(met)
        self.readers.wait()
        again = self.cataloguing.put(met, vectors)
        if len(self.items) <= COPIED:  # whoever looks through those before is not disturbed
            self.items = {**self.items, **changed}
        else:
            self.items.update(changed)
        self.shelf = _shelved(self.shelf, met, self.catalogue)
        self.product.grow(self.catalogue, again)

    def learn(self, store: Store, until: int | None = None) -> None:
        """The events since, in the order they were accepted; up to a number, if one is given."""
        events = store.events(after=self.event, until=until)
        self.readers.wait()
        while tail := list(islice(events, LEARNT)):
            learn(self.product, self.lessons(store, tail))
            self.event = tail[-1][0]

    def rehearse(self, one: Behaviour, n: int, *, quick: bool = False) -> None:
        """Make what a model makes at its first question; quick: of those that count alone."""
        scorer = (self.product.quick() if quick else self.product).scorer(one)
        scorer.row(np.ones(len(self.catalogue), bool), n)
        scorer.terms(np.arange(min(len(self.catalogue), n), dtype=np.int32))

    def lessons(self, store: Store, tail: Sequence[tuple[int, Event]]) -> Iterator[Lesson]:
        """What these events teach, in this model's own ids."""
        index, weights = self.catalogue.index, self.weights

        def found(people: Sequence[Person]) -> dict[Person, Past]:
            by_key = pasts(list(store.pasts(people)), index, weights, self.kinds)
            return {person: by_key[person_key(*person)] for person in people}

        return lessons(tail, pasts=found, index=index, weights=weights)


def absent(item_id: str) -> Item:
    """What stands in the place of an item that is gone: models count places."""
    return Item(id=item_id, title=item_id, hidden=True)


def vectors_of(items: Sequence[Item], read: Read) -> Vectors:
    """[items, dim], read some at a time and kept in 8 bits where they are many."""
    if len(items) <= PRECISE:
        return read(items)
    parts = (read(items[start : start + CHUNK]) for start in range(0, len(items), CHUNK))
    return Packed.of(parts, len(items))


def _shelved(shelf: Shelf, items: Sequence[Item], catalogue: Catalogue) -> Shelf:
    """The shelf with these items as they are now."""
    places = np.array([catalogue.index[item.id] for item in items])
    these = Shelf.of(items)
    columns = []
    for name in ("hidden", "available_from", "available_until"):
        before = getattr(shelf, name)
        column = np.zeros(len(catalogue), before.dtype)
        column[: len(before)] = before
        column[places] = getattr(these, name)
        columns.append(column)
    return Shelf(*columns)

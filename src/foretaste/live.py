"""What answers now: a model version in, the same with every item and event up to now out.

A version was trained on the log up to a number. Whoever answers with it reads the log on from
there: new items are met, new events are learnt, in the order they were accepted. So the command
line, the service and any other process give the same list, whichever of them an event came through.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from foretaste.domain import Behaviour, Catalogue, Event, Item
from foretaste.feedback.online import learn
from foretaste.model.artefacts import Version
from foretaste.model.product import Product
from foretaste.ports import Store
from foretaste.prepare.histories import behaviour
from foretaste.rank.filters import Shelf


@dataclass
class Live:
    """A model, what it may show, and how far along the log it has come."""

    version: str
    product: Product
    kinds: tuple[str, ...]
    weights: Mapping[str, float]
    read: Callable[[Mapping[str, Item]], Catalogue]
    """Items → the catalogue, each item read by the language model."""
    items: dict[str, Item]
    catalogue: Catalogue
    shelf: Shelf
    event: int
    revision: int

    @classmethod
    def of(
        cls,
        version: Version,
        ids: tuple[str, ...],
        store: Store,
        *,
        weights: Mapping[str, float],
        read: Callable[[Mapping[str, Item]], Catalogue],
        product: Callable[[Catalogue], Product],
    ) -> Self:
        """A version as it was trained, with its items, `ids`, as they are now.

        An item that is gone keeps its place, as the model counts places, and is hidden.
        """
        present: dict[str, Item] = {}
        revision = 0
        for revision, item in store.items():  # noqa: B007
            present[item.id] = item
        known = {one: present.pop(one, Item(id=one, title=one, hidden=True)) for one in ids}
        shelf = read(known)
        live = cls(
            version=version.name,
            product=product(shelf),
            kinds=tuple(version.data["kinds"]),
            weights=weights,
            read=read,
            items=known,
            catalogue=shelf,
            shelf=Shelf.of(list(known.values())),
            event=int(version.data["event"]),
            revision=revision,
        )
        live.meet(present)
        return live

    def catch_up(self, store: Store) -> None:
        """Meet every item and learn every event since."""
        changed = {}
        for revision, item in store.items(after=self.revision):
            changed[item.id] = item
            self.revision = revision
        self.meet(changed)
        self.learn(store)

    def meet(self, changed: Mapping[str, Item]) -> None:
        """New and changed items: read, and given a place in the lists."""
        if changed:
            self.items = {**self.items, **changed}
            self.catalogue = self.read(self.items)
            self.shelf = Shelf.of(list(self.items.values()))
            self.product.grow(self.catalogue)

    def learn(self, store: Store) -> None:
        """The events since, in the order they were accepted."""
        tail: list[Event] = []
        for number, event in store.events(after=self.event):
            tail.append(event)
            self.event = number

        def before(events: Sequence[Event]) -> Behaviour:
            return behaviour(events, self.catalogue.index, self.weights, self.kinds, now=0.0)

        learn(
            self.product,
            tail,
            history=store.history,
            behaviour=before,
            index=self.catalogue.index,
            weights=self.weights,
        )

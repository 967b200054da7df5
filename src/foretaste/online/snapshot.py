"""What answers requests: a model version in, the same with every item and event up to now out.

A version was trained on the log up to a number. Whoever answers with it reads the log on from
there: new items are met, new events are learnt, in the order they were accepted. So the command
line, the service and any other process give the same list, whichever of them an event came through.

A snapshot is never changed. What happens makes another one, which shares with it all that stayed
the same; a request that reads one from its beginning to its end races nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import merge
from itertools import islice, takewhile
from operator import itemgetter
from typing import Any, Self

import numpy as np

from foretaste.domain.data import Catalogue, Event, Floats, Item
from foretaste.domain.event_value import ValueCurves, version_curves
from foretaste.domain.order_charges import is_article
from foretaste.domain.store import Past, Store, UserKey
from foretaste.feedback.online_learning import (
    LoadedPast,
    TrainingExample,
    learn_examples,
    teaches,
    training_examples,
)
from foretaste.model.artefacts import ModelVersion
from foretaste.model.product import ProductOfExperts
from foretaste.online.turns import (
    NOTHING_DEFERRED,
    DeferredEvents,
    has_busy_person,
    take_turns,
)
from foretaste.online.version_items import VersionItems
from foretaste.prepare.catalogue_builder import GrowingCatalogue, ReadItems
from foretaste.prepare.interactions import build_user_histories, user_key
from foretaste.prepare.item_table import ItemTable, absent
from foretaste.prepare.media_spaces import NO_MEDIA, ReadMedia
from foretaste.rank.index import ItemAvailability, Mask

LIFTS_KEY = "popularity_lifts"
"""Under this name a version's metrics keep how popular its lists are by each weight."""
EVENTS_PER_PART = 5_000
"""Events that are held in memory at a time while many are learnt."""
MAX_TAIL_PARTS = 10
"""How many times as many events are looked at as are learnt, to find those of others behind what a
busy person did."""


@dataclass(frozen=True)
class ItemBatch:
    """Items that were put or deleted one after another, each once, and read."""

    revision: int
    """Of the last of them."""
    restated: tuple[Item, ...]
    """Those that read as before: hidden, shown, or on offer at other times."""
    reworded: tuple[Item, ...]
    """New ones, and those that read otherwise."""
    vectors: Floats | None
    """[reworded, dim]; None where there are none."""
    media: Mapping[str, Floats] = field(default_factory=dict)
    """Space → [reworded, dim]."""
    unread: tuple[str, ...] = ()
    """Of the reworded those with pictures or clips that were left for later."""


@dataclass(frozen=True)
class Snapshot:
    """A model, what it may show, and how far along the log it has come."""

    version: str
    created: float
    """When it was trained, seconds since 1970."""
    product: ProductOfExperts
    kinds: tuple[str, ...]
    weights: Mapping[str, float]
    read: ReadItems
    cataloguing: GrowingCatalogue
    shelf: ItemAvailability
    event: int
    revision: int
    encoder: str | None = None
    """The tuned encoder that it was trained with; None is the published one."""
    value_curves: ValueCurves = field(default_factory=dict)
    """What values were worth when it was trained: what is learnt since is weighed alike."""
    lift_curve: Sequence[Sequence[float]] = ()
    """How popular its lists are by what popularity weighs less; see `list_corrections`."""
    view_verb: str | None = None
    """What people do where the log says that they view: listen, play; None where it is a view."""
    list_habits: Mapping[str, Any] = field(default_factory=dict)
    """What was learnt for lists besides the model; see `trade_context`."""
    privacy: Mapping[str, Any] | None = None
    """The budget that it was trained with; with one it learns nothing until the next training."""
    past_events: int = 1_000
    """Of what a person did before an event the newest so many are looked at to learn it."""
    deferred: DeferredEvents = NOTHING_DEFERRED
    """Events up to its number that are still to be learnt, of those who did very much."""
    read_media: ReadMedia = NO_MEDIA
    """Gives the spaces of items, of pictures and clips those that are known already."""
    unread: tuple[str, ...] = ()
    """Items with pictures or clips that are still to be read."""

    @property
    def catalogue(self) -> Catalogue:
        """The items, as the model sees them."""
        return self.cataloguing.catalogue

    @property
    def items(self) -> ItemTable:
        """The items by their ids, in the catalogue's order."""
        return self.cataloguing.items

    @classmethod
    def of(
        cls,
        version: ModelVersion,
        items: VersionItems,
        *,
        weights: Mapping[str, float],
        read: ReadItems,
        product: Callable[[Catalogue], ProductOfExperts],
        past_events: int,
        read_media: ReadMedia = NO_MEDIA,
    ) -> Self:
        """A version as it was trained, with its items as they were at a revision."""
        own = product(items.cataloguing.catalogue)
        own.freeze()
        return cls(
            version=version.name,
            created=version.created,
            product=own,
            kinds=tuple(version.data["kinds"]),
            weights=weights,
            read=read,
            cataloguing=items.cataloguing,
            shelf=items.shelf,
            event=int(version.data["event"]),
            revision=items.revision,
            value_curves=version_curves(version.data),
            view_verb=version.data.get("view_verb"),
            lift_curve=version.metrics.get(LIFTS_KEY) or (),
            list_habits=version.data.get("list_habits", {}),
            privacy=version.privacy,
            past_events=past_events,
            encoder=version.data.get("encoder"),
            read_media=read_media,
            unread=items.unread,
        )

    def with_changes(self, store: Store, start: int) -> Self:
        """With the items that changed since its revision, and all that it has not met and that came
        past a revision, `start`.
        """
        _, until = store.log_position()
        changes = [
            item
            for revision, item in item_changes(store, start, until)
            if revision > self.revision or item.id not in self.items
        ]
        return self.with_items(self.read_batch(changes, max(until, self.revision)))

    @property
    def told_event_types(self) -> tuple[str, ...]:
        """What `kinds` are called in reasons."""
        verb = self.view_verb
        return tuple(verb if kind == "view" and verb is not None else kind for kind in self.kinds)

    def deleted_mask(self) -> Mask:
        """[items], those that were deleted: models count positions, so they keep theirs."""
        mask = np.zeros(len(self.catalogue), bool)
        hidden_rows = np.flatnonzero(self.shelf.hidden)
        mask[hidden_rows] = [
            item == absent(item.id) for item in self.items.at(hidden_rows.tolist())
        ]
        return mask

    def has(self, position: tuple[int, int]) -> bool:
        """Whether all up to a position of the store, (event, revision), is in it or put off."""
        return self.event >= position[0] and self.revision >= position[1]

    def caught_up(self, store: Store) -> Self:
        """With every item and event of now."""
        event, revision = store.log_position()
        snapshot = self
        if snapshot.revision < revision:
            changes = [item for _, item in item_changes(store, snapshot.revision, revision)]
            snapshot = snapshot.with_items(snapshot.read_batch(changes, revision))
        return snapshot.learned(store, event)

    def read_batch(self, changes: Sequence[Item], revision: int) -> ItemBatch:
        """Items as they were put one after another, up to a revision, of which those are read whose
        words are not those that were read before.
        """
        newest = {item.id: item for item in changes}
        items = [item for item in newest.values() if self._concerns(item)]
        reworded = [item for item in items if not self.cataloguing.same_words(item)]
        names = {item.id for item in reworded}
        restated = tuple(item for item in items if item.id not in names)
        if not reworded:
            return ItemBatch(revision, restated, (), None)
        media = self.read_media(reworded, self.catalogue.media)
        vectors = {space.name: np.asarray(space.vectors) for space in media.spaces}
        return ItemBatch(
            revision, restated, tuple(reworded), self.read(reworded), vectors, media.unread
        )

    def _concerns(self, item: Item) -> bool:
        """Not what was deleted before it was met."""
        return item.id in self.items or item != absent(item.id)

    def with_items(self, batch: ItemBatch) -> Self:
        """With items that were read by it, or by a snapshot that only events came to since."""
        cataloguing, product = self.cataloguing, self.product
        if batch.restated:
            cataloguing = cataloguing.with_states(batch.restated)
        if batch.vectors is not None:
            cataloguing, changed = cataloguing.update(batch.reworded, batch.vectors, batch.media)
            product = product.fork()
            product.grow(cataloguing.catalogue, changed)
            product.freeze()
        items = (*batch.restated, *batch.reworded)
        return replace(
            self,
            product=product,
            cataloguing=cataloguing,
            shelf=self.shelf.updated(items, cataloguing.catalogue) if items else self.shelf,
            revision=batch.revision,
            unread=tuple(dict.fromkeys((*self.unread, *batch.unread))),
        )

    def with_media(self, items: Sequence[Item], media: Mapping[str, Floats]) -> Self:
        """With what was seen of items since, by space [items, dim], where they have the same
        pictures and clips still; these are no longer unread.
        """
        rows = [
            row
            for row, item in enumerate(items)
            if item.id in self.items and self.items[item.id].files == item.files
        ]
        names = {item.id for item in items}
        unread = tuple(name for name in self.unread if name not in names)
        positions = [self.catalogue.index[items[row].id] for row in rows]
        cataloguing = self.cataloguing.with_media(
            positions, {name: vectors[rows] for name, vectors in media.items()}
        )
        product = self.product.fork()
        product.grow(cataloguing.catalogue, positions)
        product.freeze()
        return replace(self, product=product, cataloguing=cataloguing, unread=unread)

    def learned(self, store: Store, until: int | None = None) -> Self:
        """With the events since, in the order they were accepted; up to a number, if one is given.

        Events of items that are not met yet are passed over.
        """
        snapshot, events = self, store.events(after_number=self.event, until_number=until)
        while tail := list(islice(events, EVENTS_PER_PART)):
            snapshot = snapshot.with_lessons(snapshot.lessons(store, tail), tail[-1][0])
        return snapshot

    def next_events(
        self, store: Store, position: tuple[int, int], n: int, *, in_turns: bool = False
    ) -> Self:
        """With those of the next n events that can be learnt now, up to a position of the store.

        An event of an item that is still to be met waits for it, and those after it too. in_turns:
        what somebody did who did more than others can wait for is put off, see `turns`.
        """
        until = min(position[0], self.event + n)
        tail = list(store.events(after_number=self.event, until_number=until))
        if in_turns and until < position[0] and has_busy_person(tail, self.deferred):
            until = min(position[0], self.event + MAX_TAIL_PARTS * n)
            tail += store.events(after_number=self.event + n, until_number=until)
        elif not self.deferred:
            in_turns = False
        if self.revision < position[1]:
            index = self.catalogue.index
            learnable = [*takewhile(lambda row: row[1].item is None or row[1].item in index, tail)]
            if len(learnable) < len(tail):
                tail, until = learnable, learnable[-1][0] if learnable else self.event
        if not in_turns or not tail:
            return self.with_lessons(self.lessons(store, tail), until)
        turns = take_turns(
            tail,
            self.deferred,
            n,
            teaches=lambda event: teaches(event, self.catalogue.index, self.weights),
            is_whole=until == position[0],
        )
        until = until if turns.until == tail[-1][0] else turns.until
        snapshot = self.with_lessons(self.lessons(store, turns.now), until)
        return replace(snapshot, deferred=turns.deferred)

    def deferred_lessons(
        self, store: Store, n: int
    ) -> tuple[tuple[int, ...], list[TrainingExample]]:
        """(numbers of at most n of the events that were put off, of the person whose turn it is;
        what they teach).
        """
        numbers, _ = self.deferred.next_turn(n)
        return numbers, list(self.lessons(store, store.events_by_number(numbers)))

    def with_deferred_lessons(
        self, numbers: tuple[int, ...], taught: Iterable[TrainingExample]
    ) -> Self:
        """With what the events of these numbers teach, as an earlier snapshot found it; the same if
        they have been learnt since.
        """
        turn, deferred = self.deferred.next_turn(len(numbers)) if self.deferred else ((), None)
        if deferred is None or turn != numbers:
            return self
        return replace(self.with_lessons(taught, self.event), deferred=deferred)

    def with_lessons(self, taught: Iterable[TrainingExample], event: int) -> Self:
        """With what the events up to a number teach."""
        product = self.product.fork()
        learn_examples(product, taught)
        product.freeze()
        return replace(self, product=product, event=event)

    def lessons(self, store: Store, tail: Sequence[tuple[int, Event]]) -> Iterator[TrainingExample]:
        """What these events teach, in this model's own ids; nothing where it has a budget."""
        if self.privacy is not None:
            return iter(())
        index, weights = self.catalogue.index, self.weights
        event_types = [event_type for event_type, weight in weights.items() if weight != 0]

        def load_pasts(pasts: Mapping[UserKey, Past]) -> dict[UserKey, LoadedPast]:
            rows = list(store.event_columns_before(pasts, event_types))
            counts = Counter(person for person, _, _ in rows)
            histories = build_user_histories(
                [(number, columns) for _, number, columns in rows],
                index,
                weights,
                self.kinds,
                self.value_curves,
            )
            return {
                person: LoadedPast(*histories[user_key(*person)], counts[person] < past.n)
                for person, past in pasts.items()
                if user_key(*person) in histories
            }

        return training_examples(
            store.teaching_events(tail),
            load_pasts=load_pasts,
            index_by_id=index,
            weights=weights,
            past_events=self.past_events,
        )


def item_changes(store: Store, start: int, until: int) -> Iterator[tuple[int, Item]]:
    """(revision, item) of all that were put past a revision, or deleted, up to another."""
    deleted = (
        (revision, absent(item_id))
        for revision, item_id in store.deleted_items(after_revision=start)
    )
    articles = (change for change in store.items(after_revision=start) if is_article(change[1]))
    changes = merge(articles, deleted, key=itemgetter(0))
    return takewhile(lambda change: change[0] <= until, changes)

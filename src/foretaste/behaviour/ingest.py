"""In: the rows of a JSON body. Out: events, items and users in the store; what was not, and why.

A row is read by the same code as a row of a file. What differs is what a service needs: a batch
that is partly wrong takes the good rows, and every event has an id, so that a retry is safe.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any, TypeVar

from foretaste.behaviour import patch as patching
from foretaste.behaviour.attributes import remembered
from foretaste.behaviour.batch import Rejected, Taken
from foretaste.behaviour.parse import (
    ItemForm,
    parse_event,
    parse_item,
    parse_user,
    service_form,
    service_item_form,
    unknown_item,
)
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.values import Fault, missing, shown, storable, strings
from foretaste.domain.data import Event, Item, Reject, User
from foretaste.domain.request import Unattributed
from foretaste.domain.store import ItemStore, Store

T = TypeVar("T", Item, User)
Attribute = Callable[[Sequence[Event]], tuple[list[Event], dict[str, Unattributed]]]
"""Events → the same with their places in the lists they came from, and what does not fit its list,
by event id."""


class Intake:
    """The way into one store, shared by all requests."""

    def __init__(self, store: Store, settings: BehaviourSettings, attribute: Attribute) -> None:
        self._store, self._settings, self._attribute = store, settings, attribute
        self._form = service_form(settings)
        self._shelf = _Shelf(store, settings)

    def events(self, rows: Sequence[Any], now: float) -> Taken:
        """Events, durable when this returns. `now` is the time of those that name none."""
        taken, good = Taken(), list[Event]()
        read = [self._event(row, place, now) for place, row in enumerate(rows)]
        self._shelf.meet(one.item for one in read if isinstance(one, Event) and one.item)
        for place, one in enumerate(read):
            event = self._shelf.check(one, place) if isinstance(one, Event) else one
            if isinstance(event, Reject):
                taken.rejected.append(_told(event, place))
                taken.ids.append(None)
            else:
                good.append(event)
                taken.ids.append(event.event_id)
        good, taken.unattributed = self._attribute(good)
        self._shelf.create(good)
        taken.accepted = self._store.add_events(good)
        taken.known = len(good) - taken.accepted
        return taken

    def _event(self, row: Any, place: int, now: float) -> Event | Reject:
        wrong = _unusable(row, "event")
        if wrong is not None:
            return wrong
        if missing(row.get("event_id")):
            # Not a hash of the content as in files: two clicks in one second are two clicks.
            row = {**row, "event_id": uuid.uuid4().hex}
        return parse_event(row, self._form, file="events", line=place, now=now)

    def items(self, rows: Sequence[Any]) -> Taken:
        """Items, created or replaced as a whole."""
        return self._things(rows, "items", parse_item, self._store.put_items)

    def users(self, rows: Sequence[Any]) -> Taken:
        """Users, created or replaced as a whole."""
        return self._things(rows, "users", parse_user, self._store.put_users)

    def _things(
        self,
        rows: Sequence[Any],
        what: str,
        parse: Callable[..., T | Reject],
        put: Callable[[Sequence[T]], int],
    ) -> Taken:
        form = self.form(what)
        taken, good = Taken(), dict[str, T]()
        count = 0
        for place, row in enumerate(rows):
            thing = _unusable(row, what[:-1]) or parse(row, form, file=what, line=place)
            if isinstance(thing, Reject):
                taken.rejected.append(_told(thing, place))
                taken.ids.append(None)
            else:
                good[thing.id] = thing  # of two with one id the later holds, as in two calls
                taken.ids.append(thing.id)
                count += 1
        taken.accepted = put(list(good.values())) if good else 0
        taken.known = count - taken.accepted
        return taken

    def form(self, what: str) -> ItemForm:
        """How bodies with items or users are read."""
        return service_item_form(self._settings, remembered(self._store, what))

    def change_item(self, item_id: str, patch: Mapping[str, Any]) -> Item | None:
        """An item with the named fields changed; see `behaviour.patch`. None if it is not there."""
        change = patching.of_item(item_id, patch, self.form("items"))
        return self._store.change_item(item_id, change)

    def change_values(
        self, item_id: str, column: str, change: Callable[[list[str]], list[str]]
    ) -> Item | None:
        """An item with what `change` makes of the values of a column, in one step: of two changes
        at once neither is lost. None if it is not there.
        """
        form = self.form("items")

        def changed(item: Item) -> Item:
            values = change(list(item.attributes.get(column, ())))
            return patching.of_item(item_id, {column: values or None}, form)(item)

        return self._store.change_item(item_id, changed)

    def change_user(self, user_id: str, patch: Mapping[str, Any]) -> User | None:
        """A user with the named attributes changed; None if nothing was put of them."""
        change = patching.of_user(user_id, patch, self.form("users"))
        return self._store.change_user(user_id, change)


class _Shelf:
    """Which items events may name. Asks the store only for ids it has not met.

    `behaviour.unknown_items` says what to do with others, and means the same as in an import.
    """

    def __init__(self, store: ItemStore, settings: BehaviourSettings) -> None:
        self._store = store
        self._rule: str = settings.unknown_items
        self._met: set[str] = set()
        self._revision = 0
        self._lock = Lock()

    def meet(self, named: Iterable[str]) -> None:
        """Look up, at once, all that a batch names and that was never met."""
        new = {item for item in named if item not in self._met}
        if not new:
            return
        # What people did with an item counts also when it comes after the item was deleted
        met = self._store.ever(new)
        self._met |= met
        if met != new:
            self._look_again()

    def check(self, event: Event, place: int) -> Event | Reject:
        """The event, or why its item will not do."""
        if event.item is None or event.item in self._met or self._rule != "reject":
            return event
        wrong = unknown_item(event, self, file="events", line=place)
        if wrong is None:
            return event
        remedy = wrong.remedy.replace(
            "import the item first (--items)",
            "import the item first (--items, or POST it to /v1/items)",
        )
        return replace(wrong, remedy=remedy)

    def create(self, events: Sequence[Event]) -> None:
        """Make the items that the events name and that are not there."""
        named = dict.fromkeys(event.item for event in events if event.item is not None)
        new = [item for item in named if item not in self._met]
        if new:
            self._store.put_items([Item(item) for item in new])
            self._met.update(new)

    def __contains__(self, item: object) -> bool:
        return item in self._met or (isinstance(item, str) and bool(self._store.ever([item])))

    def _look_again(self) -> None:
        """Where the rule is "auto": items are made for events until one has more than an id."""
        with self._lock:  # only what changed since is looked at again
            if self._rule != "auto":
                return
            for revision, item in self._store.items(after=self._revision):
                self._revision = revision
                if item != Item(item.id):
                    self._rule = "reject"  # titles do not go away again
                    return


def _unusable(row: Any, what: str) -> Reject | None:
    """Why a row cannot be read as a row at all."""
    if not isinstance(row, Mapping):
        problem = f"{'an' if what[0] in 'aeiou' else 'a'} {what} is an object, this is {shown(row)}"
        return Reject(what, 0, what, shown(row), problem, 'write it like {"item": "31", …}')
    try:
        storable("".join(strings(row)), what)
    except Fault as fault:
        return Reject(what, 0, what, shown(fault.value), fault.problem, fault.remedy)
    return None


def _told(reject: Reject, place: int) -> Rejected:
    return Rejected(
        index=place,
        field=shown(reject.column),
        problem=_clean(reject.problem),
        value=shown(reject.value),
        remedy=_clean(reject.remedy),
    )


def _clean(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()

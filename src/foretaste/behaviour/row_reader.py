"""In: an open table of events, items or users. Out: how its rows are parsed and stored.

`importer` runs the same loop over each of the three; what differs between them is here.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from foretaste.behaviour import attributes
from foretaste.behaviour.columns import resolved, unfound, without
from foretaste.behaviour.parse import (
    EventForm,
    ItemForm,
    event_form,
    grown,
    parse_event,
    parse_item,
    parse_user,
    rejected,
    unknown_item,
)
from foretaste.behaviour.rows import Table
from foretaste.behaviour.settings import ITEM_FIELDS, BehaviourSettings
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import Fault
from foretaste.behaviour.wide import expanded, is_wide, wide_columns, wide_form
from foretaste.domain.data import Event, Item, Reject, User
from foretaste.domain.store import Store

What = Literal["events", "items", "users"]


class Intake(Protocol):
    """One kind of thing on its way into the store."""

    def parse(self, line: int, row: Row) -> Iterable[Any]:
        """What a row holds: things and rejects."""

    def key(self, thing: Any) -> str:
        """What two things have in common if they are the same."""

    def put(self, batch: Sequence[Any]) -> int:
        """Store a batch. → how many are new or changed."""

    def warnings(self) -> list[str]:
        """What went in but is worth knowing."""


def intake(
    table: Table, what: What, store: Store, settings: BehaviourSettings, now: float
) -> Intake:
    """The intake for a table; an `InputError` if it lacks a column."""
    if what == "events":
        return _events(table, store, settings, now)
    return _things(table, what, store, settings)


@dataclass
class _Catalogue:
    """The items that events may name; creates them where that is allowed."""

    store: Store
    known: set[str]
    creating: bool
    created: int = 0

    def put(self, batch: Sequence[Event]) -> int:
        if self.creating:
            named = dict.fromkeys(event.item for event in batch)
            new = [item for item in named if item is not None and item not in self.known]
            self.created += self.store.put_items([Item(item) for item in new])
            self.known.update(new)
        return self.store.add_events(batch)

    def check(self, event: Event, file: str, line: int, row: Row) -> Event | Reject:
        if self.creating or event.item is None or event.item in self.known:
            return event
        reject = unknown_item(event, self.known, file=file, line=line)
        return replace(reject, row=row) if reject else event

    def warnings(self) -> list[str]:
        if not self.created:
            return []
        return [
            f"{self.created:,} items were not in the catalogue and were created from the events, "
            "with an id and nothing to read; import them with --items for their titles"
        ]


def _catalogue(store: Store, settings: BehaviourSettings) -> _Catalogue:
    # "auto" asks for the content and not for an empty catalogue: an import that was interrupted
    # has created items already, and must go on in the same way when it is run again
    creating = settings.unknown_items == "create" or (
        settings.unknown_items == "auto" and all(item == Item(item.id) for _, item in store.items())
    )
    known = set(store.item_ids()) | {item for _, item in store.gone()}  # these are not made again
    return _Catalogue(store, known, creating)


def _events(table: Table, store: Store, settings: BehaviourSettings, now: float) -> Intake:
    named = settings.columns.events
    if is_wide(table.columns):
        columns = wide_columns(table.columns, settings)
        if table.head and not {"user", "session"} & columns.keys():
            raise without(table.name, "events", "user", table.columns, named)
        return _Wide(table, columns, settings, _catalogue(store, settings), now)
    form = event_form(table.columns, settings)
    if table.columns:
        if not form.columns["user"] and not form.columns["session"]:
            raise without(table.name, "events", "user", table.columns, named)
        if not form.columns["item"] and not form.columns["query"]:
            raise without(table.name, "events", "item", table.columns, named)
    return _Events(table, form, settings, _catalogue(store, settings), now)


class _Events:
    """A row an event."""

    def __init__(
        self,
        table: Table,
        form: EventForm,
        settings: BehaviourSettings,
        catalogue: _Catalogue,
        now: float,
    ) -> None:
        self._table = table
        self._form = form
        self._settings = settings
        self._catalogue = catalogue
        self._now = now
        self._seen = dict.fromkeys(table.columns)
        self.put = catalogue.put

    def parse(self, line: int, row: Row) -> tuple[Event | Reject]:
        if self._table.open_ended and not row.keys() <= self._seen.keys():
            self._seen |= dict.fromkeys(column for column in row if isinstance(column, str))
            self._form = grown(self._form, self._seen, self._settings)
        file = self._table.name
        event = parse_event(row, self._form, file=file, line=line, now=self._now)
        if event.__class__ is Reject:
            return (event,)
        return (self._catalogue.check(event, file, line, row),)  # type: ignore[arg-type]  # an Event

    def key(self, event: Event) -> str:
        return event.event_id

    def warnings(self) -> list[str]:
        named = self._settings.columns.events
        told = unfound(self._seen, named, "events") if self._seen else []
        used = self._form.columns.values()
        left = [column for column in self._seen if column not in used]
        if left:
            told.append(f"columns that are no field of an event were left alone: {', '.join(left)}")
        if self._form.missing_at == "row" and self._seen:
            told.append(
                "there is no time column: the row number was taken as the time, in seconds, which "
                "keeps the order of this file and says nothing else"
            )
        return told + self._catalogue.warnings()


class _Wide:
    """A row a user, with lists."""

    def __init__(
        self,
        table: Table,
        columns: dict[str, str],
        settings: BehaviourSettings,
        catalogue: _Catalogue,
        now: float,
    ) -> None:
        self._table = table
        self._columns = columns
        self._separator = settings.attribute_separator
        self._catalogue = catalogue
        self._form = wide_form(settings)
        self._now = now
        self.put = catalogue.put

    def parse(self, line: int, row: Row) -> Iterable[Event | Reject]:
        file = self._table.name
        for each in expanded(row, self._columns, self._separator):
            if isinstance(each, Fault):
                yield rejected(each, row, file=file, line=line, column=each.field)
                continue
            event = parse_event(each, self._form, file=file, line=line, now=self._now)
            if isinstance(event, Event):
                yield self._catalogue.check(event, file, line, row)
            else:
                yield event

    def key(self, event: Event) -> str:
        return event.event_id

    def warnings(self) -> list[str]:
        used = self._columns.values()
        left = [column for column in self._table.columns if column not in used]
        told = [f"columns that are no list of events were left alone: {', '.join(left)}"]
        return (told if left else []) + self._catalogue.warnings()


def _things(table: Table, what: What, store: Store, settings: BehaviourSettings) -> Intake:
    named = settings.columns.items if what == "items" else settings.columns.users
    found = resolved(what, table.columns, named)
    if table.columns and "id" not in found:
        raise without(table.name, what, "id", table.columns, named)
    others = [column for column in table.columns if column not in found.values()]
    roles = attributes.roles_of(others, table.head, settings, attributes.remembered(store, what))
    form = ItemForm(
        {"id": "id"} | {name: found.get(name) for name in ITEM_FIELDS if found},
        {column: role for column, (role, _) in roles.items()},
        settings.attribute_separator,
    )
    told = unfound(table.columns, named, what) if table.columns else []
    told += [
        f"column '{column}' has a different value in nearly every row, or objects, and was left "
        "out; name it in behaviour.attribute_columns or behaviour.text_columns to keep it"
        for column, (role, _) in roles.items()
        if role == "skip"
    ]

    def remember() -> None:
        attributes.remember(store, what, roles)

    if what == "items":
        return _Things(table.name, form, parse_item, store.put_items, remember, told)
    return _Things(table.name, form, parse_user, store.put_users, remember, told)


class _Things:
    """A row an item or a user."""

    def __init__(
        self,
        file: str,
        form: ItemForm,
        parse: Callable[..., Item | User | Reject],
        put: Callable[[Sequence[Any]], int],
        remember: Callable[[], None],
        told: list[str],
    ) -> None:
        self._file = file
        self._form = form
        self._parse = parse
        self._put = put
        self._remember = remember
        self._told = told
        self._remembered = False

    def parse(self, line: int, row: Row) -> tuple[Item | User | Reject]:
        return (self._parse(row, self._form, file=self._file, line=line),)

    def key(self, thing: Item | User) -> str:
        return thing.id

    def put(self, batch: Sequence[Any]) -> int:
        if not self._remembered:
            self._remember()
            self._remembered = True
        return self._put(batch)

    def warnings(self) -> list[str]:
        return self._told

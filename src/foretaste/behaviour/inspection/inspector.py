"""In: tables, a store and the settings. Out: what an import would make of them; nothing is stored.

The rows go through the same readers as those of an import. Events are held against the items of the
store and those of the tables that are inspected with them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from foretaste.behaviour.entity_reader import EntityReader
from foretaste.behaviour.files.file_settings import FileSettings, Reading
from foretaste.behaviour.formats import format_of
from foretaste.behaviour.formats.formatted_table import open_formatted, settings_of_table
from foretaste.behaviour.importer import RejectCounter, batches
from foretaste.behaviour.inspection.column_uses import ColumnUse, column_uses
from foretaste.behaviour.inspection.empty_store import EmptyStore
from foretaste.behaviour.inspection.entity_ids import with_event_ids
from foretaste.behaviour.inspection.inspection_report import FileInspection, Inspection
from foretaste.behaviour.inspection.mapping import settings_of_reading
from foretaste.behaviour.inspection.namesakes import with_creators
from foretaste.behaviour.inspection.sources import COMPANION_REASON, RECORD_TYPES, record_type_of
from foretaste.behaviour.inspection.table_source import TableSource
from foretaste.behaviour.inspection.visitor_columns import with_visitor_columns
from foretaste.behaviour.known_items import KnownItems, load_known_items
from foretaste.behaviour.row_reader import RowReader, make_row_reader
from foretaste.behaviour.rows import OpenTable
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.stock_notes import stock_notes
from foretaste.behaviour.stream import Row
from foretaste.behaviour.table_reading import TableReading
from foretaste.behaviour.variant_ids import VariantTable
from foretaste.domain.catalogue_languages import TellLanguages
from foretaste.domain.data import Event, Item, RejectedRow
from foretaste.domain.ports import Progress, no_progress
from foretaste.domain.store import Store
from foretaste.errors import InputError


@dataclass
class CountingItems(KnownItems):
    """The items that events may name, and how many do."""

    item_events: int = 0
    known_events: int = 0

    def check(self, event: Event, file: str, line: int, row: Row) -> Event | RejectedRow:
        """The event or its reject; both are counted."""
        if event.item is not None:
            self.item_events += 1
            self.known_events += event.item in self.known_ids or event.item in self.variants
        rewritten_count = self.written_ids.event_count
        checked = super().check(event, file, line, row)
        self.known_events += self.written_ids.event_count - rewritten_count
        return checked


@dataclass
class ItemSample:
    """Some of the items that are read, spread over all of them."""

    items: list[Item] = field(default_factory=list)
    _every: int = 1
    _seen: int = 0

    def add(self, item: Item) -> None:
        """Keep every n-th; when there are too many every other of them, and half as many on."""
        if self._seen % self._every == 0:
            self.items.append(item)
            if len(self.items) > MAX_SAMPLED_ITEMS:
                self.items, self._every = self.items[::2], 2 * self._every
        self._seen += 1


@dataclass
class Inspector:
    """Inspects the tables of one call, the items first."""

    store: Store
    settings: BehaviourSettings
    now: float
    """Seconds since 1970."""
    yes: bool = False
    """Whether the names that are offered for columns without any have been taken already."""
    progress: Progress = no_progress
    tell_languages: TellLanguages | None = None
    stock_attribute: str | None = None
    """Of the items, by which lists leave out what is sold out."""
    _sample: ItemSample = field(default_factory=ItemSample)
    """Of the items of the table that is read."""
    _new_ids: set[str] = field(default_factory=set)
    _are_described: bool = False
    _new_variants: VariantTable = field(default_factory=VariantTable)

    def inspect(self, tables: Sequence[TableSource]) -> Inspection:
        """What an import of them would make of each, in the order in which they were named."""
        guesses = [self._type_of(table) for table in tables]
        typed = [
            replace(table, record_type=record_type)
            for table, (record_type, _) in zip(tables, guesses, strict=True)
        ]
        typed = with_creators(typed, self.settings, yes=True)
        typed = with_visitor_columns(typed, self.settings, self.now, yes=True)
        typed = with_event_ids(typed, self.store, self.settings, self.now, yes=True)
        order = sorted(
            range(len(typed)),
            key=lambda at: RECORD_TYPES.index(typed[at].record_type or "events"),
        )
        files: dict[int, FileInspection] = {}
        for at in order:
            table, reason = typed[at], guesses[at][1]
            if table.record_type is None:
                is_left_out = table.is_part or reason.startswith(COMPANION_REASON)
                remedy = "left out" if is_left_out else "say it with --events, --items or --users"
                problem = f"what it holds cannot be told: {reason}; {remedy}"
                files[at] = (
                    FileInspection(table.label, None, reason, notes=(problem,))
                    if is_left_out
                    else FileInspection(table.label, None, reason, problem=problem)
                )
            else:
                files[at] = self._file(table, reason)
        return Inspection([files[at] for at in range(len(typed))])

    def _type_of(self, table: TableSource) -> tuple[Any, str]:
        try:
            return record_type_of(table, self.settings, self.now, yes=True)
        except InputError as error:
            return None, str(error)

    def _file(self, table: TableSource, reason: str) -> FileInspection:
        record_type = table.record_type or "events"
        file_settings = table.settings_in(self.settings)
        start = FileInspection(
            table.label, record_type, reason, timezone=self.settings.timezone, notes=table.notes()
        )
        try:
            reading = Reading(file_settings, record_type, yes=True)
            with open_formatted(table.source, table.name, reading) as opened:
                start = replace(start, form=opened.form.label)
                settings = settings_of_table(self.settings, file_settings, opened)
                inspection = self._read(start, opened, settings, file_settings)
        except InputError as error:
            return replace(start, problem=str(error))
        columns = [
            replace(use, reason=table.id_reason) if use.column == table.id_column else use
            for use in inspection.columns
        ]
        return replace(inspection, columns=columns)

    def _read(
        self,
        start: FileInspection,
        table: OpenTable,
        settings: BehaviourSettings,
        file_settings: FileSettings,
    ) -> FileInspection:
        record_type = start.record_type or "events"
        self._sample = ItemSample()
        known_items = self._known_items(settings) if record_type == "events" else None
        reader = make_row_reader(table, record_type, self.store, settings, self.now, known_items)
        rejects = RejectCounter()
        count = self._read_rows(table, reader, rejects)
        if isinstance(reader, EntityReader):
            self._new_variants |= VariantTable().with_variants(reader.variants)
        reading = reader.reading
        is_offered = bool(table.form.header) and not file_settings.header and not self.yes
        offer = [f"the names of the columns are offered: {OFFER_REMEDY}"] if is_offered else []
        languages = self.tell_languages(self._sample.items) if self.tell_languages else None
        if languages is not None:
            start = replace(start, languages=languages.counts, language_summary=languages.summary)
        advice = [languages.advice] if languages is not None and languages.advice else []
        return replace(
            start,
            rows=count + rejects.count + rejects.repeat_count,
            rejected=rejects.count,
            rejects=tuple(rejects.first_rejects),
            columns=self._uses(reading, settings, table, file_settings),
            columns_by_rows=len(reading.head),
            event_type=reading.event_type,
            known_events=known_items.known_events if known_items else None,
            item_events=known_items.item_events if known_items else 0,
            notes=(
                *start.notes,
                *offer,
                *table.form.notes,
                *table.step_notes(),
                *rejects.repeat_notes(),
                *reader.warnings(),
                *stock_notes(reading, self.stock_attribute),
                *advice,
            ),
            settings=(
                *(() if table.format is None else (("format", format_of(table.format).name),)),
                *settings_of_reading(reading, table.form, settings, file_settings),
            ),
        )

    def _uses(
        self,
        reading: TableReading,
        settings: BehaviourSettings,
        table: OpenTable,
        file_settings: FileSettings,
    ) -> list[ColumnUse]:
        """What the columns are taken for; what the format of the file says is not the settings."""
        uses = column_uses(reading, settings)
        if table.format is None:
            return uses
        own = set(getattr(self.settings.columns, reading.record_type).values())
        own |= set(file_settings.columns.values())
        return [
            replace(use, reason=FORMAT_REASON)
            if use.reason == SETTINGS_REASON and use.column not in own
            else use
            for use in uses
        ]

    def _read_rows(self, table: OpenTable, reader: RowReader, rejects: RejectCounter) -> int:
        """All rows, as an import reads them. → how many records are good."""
        count = 0
        for batch in batches(table, reader, rejects):
            count += len(batch)
            reader.observe(batch)
            self._note_items(batch)
            note = f"{rejects.count:,} rejected" if rejects.count else ""
            self.progress(f"reading {table.name}", table.amount_read(), table.total, note)
        return count

    def _note_items(self, batch: Iterable[Any]) -> None:
        for record in batch:
            if not isinstance(record, Item):
                return
            self._sample.add(record)
            self._new_ids.add(record.id)
            self._are_described = self._are_described or record != Item(record.id)

    def _known_items(self, settings: BehaviourSettings) -> CountingItems:
        known_items = load_known_items(
            self.store,
            settings,
            self._new_ids,
            are_described=self._are_described,
            new_variants=self._new_variants,
        )
        return CountingItems(
            self.store, known_items.known_ids, known_items.creates_items, known_items.variants
        )


MAX_SAMPLED_ITEMS = 500
"""Items whose languages are told."""
SETTINGS_REASON, FORMAT_REASON = "the settings", "its format"
OFFER_REMEDY = "take them with --yes (Python: yes=True), or write them down with --write"


def inspect_tables(
    tables: Sequence[TableSource],
    store: Store | None,
    settings: BehaviourSettings,
    now: float,
    *,
    yes: bool = False,
    progress: Progress = no_progress,
    tell_languages: TellLanguages | None = None,
    stock_attribute: str | None = None,
) -> Inspection:
    """store: None where there is none yet; now: seconds since 1970. Else as in `Inspector`."""
    store = store or cast(Store, EmptyStore())
    inspector = Inspector(store, settings, now, yes, progress, tell_languages, stock_attribute)
    return inspector.inspect(tables)

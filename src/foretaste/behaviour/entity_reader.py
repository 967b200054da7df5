"""In: an open table of items or users. Out: how its rows are parsed and stored."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from foretaste.behaviour import attributes
from foretaste.behaviour.availability import offer_decisions
from foretaste.behaviour.catalogue_source import note_catalogue
from foretaste.behaviour.column_decisions import EntityDecisions, decide_entities
from foretaste.behaviour.column_guess import columns_of_table
from foretaste.behaviour.column_roles import (
    GROUP_REASON,
    KEEP_REMEDY,
    ColumnDecision,
    decide_columns,
)
from foretaste.behaviour.columns import missing_column_error, missing_column_warnings
from foretaste.behaviour.files.file_settings import RecordType
from foretaste.behaviour.formats.variant_steps import MergedRow
from foretaste.behaviour.forms import ItemForm, levels_of, measures_of, separators_of
from foretaste.behaviour.item_objects import ObjectColumns, find_object_columns
from foretaste.behaviour.parse import parse_item, parse_user
from foretaste.behaviour.reading.ids import IdForms
from foretaste.behaviour.reading.separators import separator_label
from foretaste.behaviour.rows import OpenTable
from foretaste.behaviour.settings import ITEM_FIELDS, BehaviourSettings
from foretaste.behaviour.stream import Row
from foretaste.behaviour.table_reading import TableReading
from foretaste.behaviour.variant_ids import VariantIds
from foretaste.domain.data import Event, Item, RejectedRow, User
from foretaste.domain.order_charges import charge_warnings, is_article
from foretaste.domain.store import Store

UNCLEAR_PRICES = "its prices could be two numbers"
SAID_REASONS = ("the settings", UNCLEAR_PRICES)
"""Why columns are left out that need no warning."""


def entity_reader(
    table: OpenTable, record_type: RecordType, store: Store, settings: BehaviourSettings, now: float
) -> "EntityReader":
    """record_type: items or users. Raises InputError where there is no column of ids."""
    column_settings = settings.columns.items if record_type == "items" else settings.columns.users
    objects = find_object_columns(record_type, table, column_settings)
    table = table if objects is None else objects.flat_table(table)
    resolved = columns_of_table(record_type, table.columns, table.head, settings, now)
    columns_by_field = resolved.by_field
    if table.columns and "id" not in columns_by_field:
        raise missing_column_error(table.name, record_type, "id", table.columns, column_settings)
    is_items = record_type == "items"
    columns = decide_columns(
        [column for column in table.columns if column not in columns_by_field.values()],
        *(table.head, settings, attributes.load_column_decisions(store, record_type)),
        is_of_items=is_items,
    )
    decisions = decide_entities(
        table,
        columns_by_field,
        [column for column, decision in columns.items() if decision.role == "price"],
        settings,
        IdForms(store),
        record_type.removesuffix("s"),
        now,
    )
    known_columns = _clear_columns(columns, decisions)
    if is_items:
        known_columns |= offer_decisions(columns_by_field, len(table.head))
    for column in decisions.unclear_columns:
        columns[column] = replace(columns[column], role="skip", reason=UNCLEAR_PRICES)
    warnings = (
        missing_column_warnings(table.columns, column_settings, record_type)
        if table.columns
        else []
    )

    reading = TableReading(
        record_type,
        table.columns,
        table.head,
        columns_by_field,
        resolved.reasons,
        decisions.readings,
        columns,
    )
    return EntityReader(
        reading,
        table.name,
        _item_form(columns_by_field, columns, decisions, settings),
        parse_item if is_items else parse_user,
        partial(_put_catalogue, store) if is_items else store.put_users,
        partial(_save_decisions, store, record_type, known_columns, decisions),
        VariantIds(store),
        [*warnings, *resolved.notes, *column_warnings(columns)],
        decisions,
        objects,
    )


def _clear_columns(
    columns: Mapping[str, ColumnDecision], decisions: EntityDecisions
) -> dict[str, ColumnDecision]:
    """Those whose prices can be read in one way only."""
    return {
        column: decision
        for column, decision in columns.items()
        if column not in decisions.unclear_columns
    }


def _put_catalogue(store: Store, items: Sequence[Item]) -> int:
    note_catalogue(store)
    return store.put_items(items)


def _save_decisions(
    store: Store,
    record_type: str,
    columns: Mapping[str, ColumnDecision],
    decisions: EntityDecisions,
) -> None:
    attributes.save_column_decisions(store, record_type, columns)
    decisions.save(store)


def _item_form(
    columns_by_field: Mapping[str, str],
    columns: Mapping[str, ColumnDecision],
    decisions: EntityDecisions,
    settings: BehaviourSettings,
) -> ItemForm:
    """How the rows of the table are read."""
    return ItemForm(
        {"id": "id"}
        | {name: columns_by_field.get(name) for name in ITEM_FIELDS if columns_by_field},
        decisions.id,
        {column: decision.role for column, decision in columns.items()},
        settings.attribute_separator,
        separators_of(columns),
        levels=levels_of(columns),
        measures=measures_of(columns),
        group_columns=settings.group_columns,
        charges=settings.charges,
        available_from=decisions.available_from,
        available_until=decisions.available_until,
        prices=decisions.prices,
    )


def column_warnings(columns: Mapping[str, ColumnDecision]) -> list[str]:
    """Which columns were left out, which have several values, and which hide items."""
    left_out: dict[str, list[str]] = {}
    warnings = []
    for column, decision in columns.items():
        if decision.reason == GROUP_REASON:
            warnings.append(
                f"column '{column}' groups variants: a list shows one of each group, and an event "
                'of one counts for all; [behaviour.columns.items] group = "" says otherwise'
            )
        elif decision.role == "skip" and decision.reason not in SAID_REASONS:
            left_out.setdefault(decision.reason or "as before", []).append(f"'{column}'")
        elif decision.role == "hidden":
            warnings.append(f"column '{column}' says which items are hidden, too")
        elif decision.role == "until":
            warnings.append(f"column '{column}' says until when items are on offer, too")
        elif decision.separator and decision.reason:
            label = separator_label(decision.separator)
            warnings.append(
                f"column '{column}' has several values in a cell, {label}; "
                f'behaviour.separators says otherwise (\'"{column}" = ""\' for one)'
            )
    if left_out:
        groups = "; ".join(f"{', '.join(names)} ({reason})" for reason, names in left_out.items())
        warnings.append(f"columns that say nothing of taste were left out: {groups}; {KEEP_REMEDY}")
    return warnings


class EntityReader:
    """A row an item or a user."""

    def __init__(
        self,
        reading: TableReading,
        file: str,
        form: ItemForm,
        parse: Callable[..., Item | User | RejectedRow],
        put: Callable[[Sequence[Any]], int],
        save_columns: Callable[[], None],
        variant_ids: VariantIds,
        warnings: list[str],
        decisions: EntityDecisions,
        objects: ObjectColumns | None = None,
    ) -> None:
        self.reading = reading
        self._file = file
        self._form = form
        self._parse = parse
        self._put = put
        self._save_columns, self._variant_ids = save_columns, variant_ids
        self._warnings, self._decisions = warnings, decisions
        self._objects = objects
        self._are_columns_saved = False
        self._charges: dict[str, str] = {}  # id → title
        self.variants: dict[str, tuple[str, ...]] = {}
        """Item → the ids of its variants, of those that rows of variants were merged into."""

    def parse(self, line: int, row: Row) -> tuple[Item | User | RejectedRow]:
        if self._objects is not None:
            row = self._objects.flat_row(row)
        record = self._parse(row, self._form, file=self._file, line=line)
        if isinstance(row, MergedRow) and isinstance(record, Item):
            self.variants[record.id] = row.variant_ids
        return (record,)

    def key(self, record: Item | User) -> str:
        return record.id

    def observe(self, batch: Sequence[Any]) -> None:
        """Note which items are no articles."""
        self._charges |= {
            item.id: item.title for item in batch if isinstance(item, Item) and not is_article(item)
        }

    def put(self, batch: Sequence[Any]) -> int:
        self.prepare(batch)
        return self._put(batch)

    def prepare(self, batch: Sequence[Any]) -> None:
        """Have the store know what reading these needs to be known, before they are put."""
        if not self._are_columns_saved:
            self._save_columns()
            self._are_columns_saved = True
        if self.variants:
            self._variant_ids.add(self.variants)
        self._variant_ids.add_groups(batch)

    def identifications(self) -> Iterable[Event]:
        """None: nobody signs in here."""
        return ()

    def warnings(self) -> list[str]:
        warnings = self._warnings + self._decisions.all_warnings(self._form.columns.get("id"))
        return warnings + charge_warnings(self._charges)

"""In: a source, and perhaps the name of its format. Out: the open table, its rows laid by it.

A format that the columns give away is used without being named.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from foretaste.behaviour.files.file_form import HeaderlessError
from foretaste.behaviour.files.file_settings import FileSettings, Reading
from foretaste.behaviour.files.packing import COMPRESSED_EXTENSIONS, parts_of
from foretaste.behaviour.formats import FORMATS, format_named
from foretaste.behaviour.formats.creator_ids import creator_steps
from foretaste.behaviour.formats.date_and_time import date_and_time_steps
from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.order_tables import order_steps
from foretaste.behaviour.formats.row_steps import Require, RowStep, StepContext
from foretaste.behaviour.formats.variant_steps import MergeVariants
from foretaste.behaviour.rows import HEAD_ROWS, OpenTable, open_table
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.stream import Row, Rows
from foretaste.behaviour.values import is_missing
from foretaste.domain.data import RejectedRow
from foretaste.errors import InputError

PLAIN_READING = Reading()


def open_formatted(
    source: Any, name: str | None = None, reading: Reading = PLAIN_READING
) -> OpenTable:
    """`open_table`, with the rows as the format of the file lays them.

    Raises InputError also where the named format has no such file.
    """
    requested_format = format_named(reading.settings.format) if reading.settings.format else None
    table = _opened(source, name, reading, requested_format)
    try:
        table_format = _matching(table, reading, requested_format)
        folder = SiblingFiles(Path(source) if isinstance(source, str | Path) else None)
        reopen = partial(open_formatted, source, name, reading)
        if table_format is None:
            steps = _plain_steps(table, reading)
            return _after_all(table, steps, folder, reopen) if steps else table
        table_format = without_merging(table_format, reading.settings.columns.get("group"))
        laid = _laid(table, table_format, folder, reopen)
    except BaseException:
        table.close()
        raise
    named_columns = set(reading.settings.columns.values())
    if requested_format is None and named_columns & set(table.columns) - set(laid.columns):
        return table  # the settings of the file speak of it as it is
    return laid


def _plain_steps(table: OpenTable, reading: Reading) -> tuple[RowStep, ...]:
    """What is done to the rows of a table that no format claims."""
    settings, record_type = reading.settings, reading.record_type
    steps: tuple[RowStep, ...] = creator_steps(
        *(table.columns, table.head, record_type, settings.columns, settings.creator_in_id)
    )
    if record_type in (None, "events"):
        steps = (
            *date_and_time_steps(table.columns, table.head),
            *order_steps(table.columns),
            *steps,
        )
    return steps


def _opened(
    source: Any, name: str | None, reading: Reading, requested_format: FileFormat | None
) -> OpenTable:
    """The table with names of columns: its own, or those of the format."""
    if requested_format is None or reading.settings.header:
        return open_table(source, name, reading)
    try:
        table = open_table(source, name, replace(reading, yes=False))
    except HeaderlessError as error:
        declaration = _without_names(requested_format, plain_name(error.file), error.width, reading)
        if declaration is None:
            if not reading.yes and not _is_companion(requested_format, plain_name(error.file)):
                raise
            return open_table(source, name, replace(reading, yes=True))
    else:
        declaration = _without_names(
            requested_format, plain_name(table.name), len(table.columns), reading
        )
        has_own_names = any(form.is_marked(table.columns) for form in requested_format.tables)
        if (
            declaration is None
            or has_own_names
            or not declaration.has_file_name(plain_name(table.name))
        ):
            return table
        table.close()  # a single row, which alone looks like a line of names
    settings = {"header": declaration.header, "delimiter": declaration.delimiter or None}
    return open_table(
        source, name, replace(reading, settings=reading.settings.model_copy(update=settings))
    )


def _without_names(
    requested_format: FileFormat, file: str, width: int, reading: Reading
) -> TableFormat | None:
    """The kind of file without names of columns that has so many of them."""
    fitting = [form for form in requested_format.tables if len(form.header) == width > 0]
    fitting = [form for form in fitting if form.has_file_name(file)] or fitting
    typed = [form for form in fitting if form.record_type == reading.record_type]
    return next(iter(typed or fitting), None)


def _is_companion(requested_format: FileFormat, file: str) -> bool:
    """Whether a file of this name is not read by itself."""
    return any(
        form.record_type is None and form.has_file_name(file) for form in requested_format.tables
    )


def _matching(
    table: OpenTable, reading: Reading, requested_format: FileFormat | None
) -> TableFormat | None:
    """The kind of file that this is."""
    formats = [requested_format] if requested_format else FORMATS
    file = plain_name(table.name)
    candidates = [
        table_format
        for file_format in formats
        for table_format in file_format.tables
        if requested_format or not table_format.needs_name
    ]
    if reading.record_type is not None:
        candidates = [form for form in candidates if form.record_type == reading.record_type]
    marked = [
        form
        for form in candidates
        if form.is_marked(table.columns) and (requested_format or _repeats(table, form.repeats))
    ]
    if requested_format is None:
        return next((form for form in marked if not form.file or form.has_file_name(file)), None)
    by_name = [form for form in candidates if form.has_file_name(file)]
    both = [form for form in marked if form in by_name]
    declaration = next(iter(both or marked or by_name), None)
    if declaration is None and table.columns:
        kinds = "; ".join(
            f"{form.title} ({', '.join(form.marks or form.header)})"
            for form in requested_format.tables
        )
        raise InputError(
            f"{table.name} is no file of format {requested_format.name}: it has "
            f"{', '.join(table.columns)}; expected {kinds}. Name another format, or none: "
            "the columns may tell by themselves"
        )
    return declaration


def _repeats(table: OpenTable, column: str) -> bool:
    """Whether a value of the column comes in several of the first rows."""
    cells = [str(cell) for row in table.head if not is_missing(cell := row.get(column))]
    return not column or len(set(cells)) < len(cells)


def plain_name(file: str) -> str:
    """The name without what says how the file is packed."""
    path = Path(file)
    return path.stem if path.suffix.lower() in COMPRESSED_EXTENSIONS else path.name


def _laid(
    table: OpenTable, table_format: TableFormat, folder: "SiblingFiles", reopen: Any
) -> OpenTable:
    """The table after the steps of the format."""
    form = replace(
        table.form,
        notes=(*table.form.notes, f"read as {table_format.title}"),
    )
    table = replace(table, form=form, format=table_format)
    if not table_format.steps:
        return table
    laid = _after_all(table, table_format.steps, folder, reopen)
    return replace(laid, open_ended=True)


def _after_all(
    table: OpenTable, steps: Sequence[RowStep], folder: "SiblingFiles", reopen: Any
) -> OpenTable:
    """The table as it is after these steps."""
    sample = StepContext(folder, is_sample=True)
    first_rows: list[tuple[int, Row | RejectedRow]] = list(enumerate(table.head, 1))
    head_rows = _after_steps(iter(first_rows), steps, sample)
    head = [row for _, row in head_rows if not isinstance(row, RejectedRow)][:HEAD_ROWS]
    if not head and any(isinstance(step, Require) for step in steps) and sample.left_out:
        raise InputError(
            f"{table.name}: none of the first {len(first_rows):,} rows names what it is about: "
            f"{_reasons(sample)}"
        )
    columns = tuple(dict.fromkeys(column for row in head for column in row)) or table.columns
    context = StepContext(folder)
    return replace(
        table,
        columns=columns,
        head=head,
        rows=_after_steps(table.rows, steps, context),
        reopen=reopen if table.reopen is not None else None,
        step_notes=partial(_notes, context, sample),
    )


def without_merging(table_format: TableFormat, group: str | None) -> TableFormat:
    """The format with variants as items of their own, where the settings group them by its key."""
    steps = tuple(
        step.split() if isinstance(step, MergeVariants) and step.key == group else step
        for step in table_format.steps
    )
    return table_format if steps == table_format.steps else replace(table_format, steps=steps)


def _after_steps(rows: Rows, steps: Iterable[RowStep], context: StepContext) -> Rows:
    for step in steps:
        rows = step.apply(rows, context)
    return rows


def _notes(context: StepContext, sample: StepContext) -> list[str]:
    """What the steps left out and missed."""
    notes = list(sample.notes | context.notes)
    if context.left_out:
        notes.append(f"rows that say nothing of taste were left out: {_reasons(context)}")
    return notes


def _reasons(context: StepContext) -> str:
    """Why rows were left out, with their counts."""
    reasons = [f"{count:,} ({reason})" for reason, count in context.left_out.most_common()]
    return ", ".join(reasons)


def settings_of_table(
    settings: BehaviourSettings, file_settings: FileSettings, table: OpenTable
) -> BehaviourSettings:
    """The settings by which the rows of an open table are read: those of the workspace, over them
    what its format says, over that what the settings of the file say.
    """
    table_format = table.format
    if table_format is None:
        return settings.of_file(file_settings)
    record_type = table_format.record_type or "events"
    configured = getattr(settings.columns, record_type)
    fields = table_format.columns_by_field(table.columns)
    settled = {  # by the operator, whose word counts for more than that of the format
        *settings.text_columns,
        *settings.attribute_columns,
        *settings.ignored_columns,
        *settings.features,
    }

    def unsettled(columns: Sequence[str]) -> tuple[str, ...]:
        return tuple(column for column in columns if column not in settled)

    of_format = FileSettings(
        table=record_type,
        columns={
            name: column
            for name, column in fields.items()
            if configured.get(name) not in table.columns
        },
        default_event_type=None
        if "default_event_type" in settings.model_fields_set
        else table_format.default_event_type,
        text_columns=unsettled(table_format.text_columns),
        attribute_columns=unsettled(table_format.attribute_columns),
        ignored_columns=unsettled(table_format.ignored_columns),
        separators={**table_format.separators, **settings.separators},
        event_type_names={**table_format.event_type_names, **settings.event_type_names},
    )
    return settings.of_file(of_format).of_file(file_settings)


class SiblingFiles:
    """The files beside one, in its folder or its archive."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def rows_of(self, file: str) -> Iterator[Row] | None:
        """See `row_steps.FileFolder`; never the file itself."""
        paths = [
            path for path in self._paths() if re.fullmatch(file, plain_name(path.name).lower())
        ]
        return chain.from_iterable(map(_readable_rows, paths)) if paths else None

    def _paths(self) -> Sequence[Path]:
        if self._path is None:
            return []
        parent = self._path.parent
        if parent.is_dir():
            names = sorted(child for child in parent.iterdir() if child.is_file())
            return [child for child in names if child.name != self._path.name]
        return [part for part in parts_of(parent) if part.name != self._path.name]


def _readable_rows(path: Path) -> Iterator[Row]:
    with open_formatted_header(path) as table:
        for _, row in table.rows:
            if not isinstance(row, RejectedRow):
                yield row


def open_formatted_header(path: Path) -> OpenTable:
    """A file beside another, with the names that are offered where it has none."""
    return open_table(path, None, Reading(yes=True))

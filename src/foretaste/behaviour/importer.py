"""In: a file or a frame. Out: its good rows in the store, its bad rows in a file with the reasons.

Every row read is added, known or rejected: the three counts add up. Each batch is one transaction
and a row has the same id every time, so an import that was interrupted anywhere and is run again
gives the store it would have given.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Self

from foretaste.behaviour.row_reader import Intake, What, intake
from foretaste.behaviour.rows import Table, read, suffixes
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.domain.data import Imported, Reject
from foretaste.domain.ports import Progress, silent
from foretaste.domain.store import Store
from foretaste.errors import InputError

BATCH = 20_000
KEPT = 100
"""Rejects that are kept in memory; the file has them all."""
TOLD = 3
"""Rejects that the message of a strict import names."""


def import_all(
    store: Store,
    sources: Mapping[What, Any],
    settings: BehaviourSettings,
    *,
    rejects_dir: Path,
    now: float,
    strict: bool = False,
    progress: Progress = silent,
) -> list[Imported]:
    """`import_file` for each source that is given, in their order."""
    return [
        import_file(
            store,
            what,
            source,
            settings,
            rejects_dir=rejects_dir,
            now=now,
            strict=strict,
            progress=progress,
        )
        for what, source in sources.items()
        if source is not None
    ]


def import_file(
    store: Store,
    what: What,
    source: Any,
    settings: BehaviourSettings,
    *,
    rejects_dir: Path,
    now: float,
    strict: bool = False,
    progress: Progress = silent,
    name: str | None = None,
) -> Imported:
    """Import a path, a frame or an iterable of mappings.

    `now` is the present in seconds since 1970; `name` is what messages call a frame. With `strict`
    nothing is stored unless every row is good: the source is read twice.
    """
    if strict and hasattr(source, "__next__"):
        source = list(source)

    def run(*, dry: bool) -> Imported:
        with read(source, name) as table, Rejects(rejects_dir, table.name, what) as rejects:
            way = intake(table, what, store, settings, now)
            return _run(table, way, rejects, progress, dry=dry)

    if strict:
        checked = run(dry=True)
        if checked.rejected:
            raise _refusal(checked)
    return run(dry=False)


def _refusal(checked: Imported) -> InputError:
    first = "; ".join(str(reject) for reject in checked.rejects[:TOLD])
    return InputError(
        f"{checked.file}: {checked.rejected:,} of {checked.read:,} rows are bad and nothing was "
        f"stored, as --strict asks. {first}. All of them: {checked.rejects_file}"
    )


def _run(
    table: Table, way: Intake, rejects: "Rejects", progress: Progress, *, dry: bool
) -> Imported:
    """dry: the rows are looked at and nothing is stored."""
    count = added = 0
    label = f"{'checking' if dry else 'importing'} {table.name}"
    for batch in _batches(table, way, rejects):
        count += len(batch)
        if batch and not dry:
            added += way.put(batch)
        note = f"{rejects.count:,} rejected" if rejects.count else ""
        progress(label, table.done(), table.total, note)
    return Imported(
        file=table.name,
        read=count + rejects.count,
        added=added,
        known=count - added,
        rejects=tuple(rejects.kept),
        rejected=rejects.count,
        rejects_file=str(rejects.path) if rejects.count else None,
        warnings=tuple(way.warnings()),
    )


def _batches(table: Table, way: Intake, rejects: "Rejects") -> Iterator[list[Any]]:
    """The good things, by `BATCH`; a last batch may be empty. The rest goes to the rejects."""
    first: dict[str, int] = {}
    batch: list[Any] = []
    for line, row in table.rows:
        if isinstance(row, Reject):
            rejects.add(row)
            continue
        for thing in way.parse(line, row):
            if thing.__class__ is Reject:
                rejects.add(thing)
                continue
            key = way.key(thing)
            if key in first:
                rejects.add(_duplicate(table.name, line, first[key], key, row))
                continue
            first[key] = line
            batch.append(thing)
        if len(batch) >= BATCH:
            yield batch
            batch = []
    yield batch


def _duplicate(file: str, line: int, first: int, key: str, row: Any) -> Reject:
    remedy = (
        "the first one is in and nothing needs doing; a second event that is the same in all "
        "columns needs an event_id of its own"
    )
    return Reject(file, line, "", key, f"duplicate of line {first}", remedy, row)


class Rejects:
    """The file of bad rows, written as they come: JSON Lines with line, reason, remedy and row."""

    def __init__(self, folder: Path, file: str, what: str) -> None:
        kind, zipped = suffixes(Path(file))
        stem = file.removesuffix(".gz") if zipped else file
        self.path = folder / f"{stem.removesuffix(kind) if kind else stem}-{what}.jsonl"
        self.count = 0
        self.kept: list[Reject] = []
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        self.path.unlink(missing_ok=True)  # of an import before this one
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, reject: Reject) -> None:
        """Count it, write it, and keep it if it is one of the first."""
        self.count += 1
        if len(self.kept) < KEPT:
            self.kept.append(reject)
        if self._file is None:
            self._file = self._opened()
        told = {
            "file": reject.file,
            "line": reject.line,
            "column": reject.column,
            "value": reject.value,
            "problem": reject.problem,
            "remedy": reject.remedy,
            "row": dict(reject.row),
        }
        self._file.write(json.dumps(told, ensure_ascii=False, default=str) + "\n")

    def _opened(self) -> IO[str]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return self.path.open("w", encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise InputError(
                f"{self.path}: the rejects file cannot be written ({error.strerror}); make room or "
                "make its folder writable"
            ) from error

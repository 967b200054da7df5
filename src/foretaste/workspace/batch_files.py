"""Files of lists: people's lists in, parts of a file out, and the parts joined to a whole.

A new format is one class here and one line in `FORMATS`.
"""

import csv
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from foretaste.behaviour.database_address import database_url
from foretaste.errors import InputError, did_you_mean
from foretaste.online.batch_lists import PersonList

COLUMNS = (
    "user",
    "position",
    "item",
    "score",
    "title",
    "reasons",
    "recommendation_id",
    "model_version",
)
"""Of formats with a row for each item of each list."""
DEFAULT_TABLE = "foretaste_lists"


class ListFormat(Protocol):
    """How lists are written."""

    def part(self, lists: Iterable[PersonList]) -> bytes:
        """The lists of some people, as they stand in the file of a part."""

    def join(self, parts: Sequence[Path], target: str, work_path: Path) -> None:
        """All parts as the whole that was asked for: `target` is complete or as it was before."""


def list_rows(person_list: PersonList) -> Iterator[tuple[Any, ...]]:
    """A row for each item, in the order of `COLUMNS`."""
    for item in person_list.items:
        yield (
            person_list.request.user,
            item.position,
            item.id,
            item.score,
            item.title,
            "\n".join(item.reasons) or None,
            person_list.recommendation_id,
            person_list.model_version,
        )


class JsonLines:
    """A line for each person: {"user", "model_version", "items": [{"id", "position", …}]}."""

    def part(self, lists: Iterable[PersonList]) -> bytes:
        lines = (
            json.dumps(self._line(person_list), ensure_ascii=False) + "\n" for person_list in lists
        )
        return "".join(lines).encode()

    def _line(self, person_list: PersonList) -> dict[str, Any]:
        content: dict[str, Any] = {
            "user": person_list.request.user,
            "model_version": person_list.model_version,
        }
        if person_list.recommendation_id is not None:
            content["recommendation_id"] = person_list.recommendation_id
        content["items"] = [
            {"id": item.id, "position": item.position, "score": item.score, "title": item.title}
            | ({"reasons": list(item.reasons)} if item.reasons else {})
            for item in person_list.items
        ]
        return content

    def join(self, parts: Sequence[Path], target: str, work_path: Path) -> None:
        with work_path.open("wb") as whole:
            for part in parts:
                with part.open("rb") as file:
                    shutil.copyfileobj(file, whole)
        work_path.replace(target)


class Csv:
    """A row for each item, under the names of the columns."""

    def part(self, lists: Iterable[PersonList]) -> bytes:
        file = StringIO(newline="")
        writer = csv.writer(file)
        for person_list in lists:
            writer.writerows(list_rows(person_list))
        return file.getvalue().encode()

    def join(self, parts: Sequence[Path], target: str, work_path: Path) -> None:
        with work_path.open("wb") as whole:
            whole.write((",".join(COLUMNS) + "\r\n").encode())
            for part in parts:
                with part.open("rb") as file:
                    shutil.copyfileobj(file, whole)
        work_path.replace(target)


class Parquet:
    """A row for each item; reasons are one text, a line each."""

    def part(self, lists: Iterable[PersonList]) -> bytes:
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = [row for person_list in lists for row in list_rows(person_list)]
        columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in COLUMNS]
        file = BytesIO()
        pq.write_table(pa.table(columns, schema=self._schema()), file)
        return file.getvalue()

    def _schema(self) -> Any:
        import pyarrow as pa

        numbers = {"position": pa.int32(), "score": pa.float32()}
        return pa.schema([(name, numbers.get(name, pa.string())) for name in COLUMNS])

    def join(self, parts: Sequence[Path], target: str, work_path: Path) -> None:
        import pyarrow.parquet as pq

        with pq.ParquetWriter(work_path, self._schema()) as writer:
            for part in parts:
                writer.write_table(pq.read_table(part))
        work_path.replace(target)


class DatabaseTable(Parquet):
    """Rows of a table, which is replaced by them in one transaction; `target` is its database."""

    def __init__(self, table: str = DEFAULT_TABLE) -> None:
        self._table = table

    def join(self, parts: Sequence[Path], target: str, work_path: Path) -> None:
        import pyarrow.parquet as pq

        numbers: dict[str, Any] = {"position": sa.Integer(), "score": sa.Double()}
        columns = [sa.Column(name, numbers.get(name, sa.Text())) for name in COLUMNS]
        index = sa.Index(f"{self._table}_user", "user")
        table = sa.Table(self._table, sa.MetaData(), *columns, index)
        engine = sa.create_engine(database_url(target))
        try:
            with engine.begin() as connection:
                table.drop(connection, checkfirst=True)
                table.create(connection)
                for part in parts:
                    if rows := pq.read_table(part).to_pylist():
                        connection.execute(table.insert(), rows)
        except sa.exc.SQLAlchemyError as error:
            problem = str(getattr(error, "orig", error)).strip().splitlines()[0]
            raise InputError(f"the table {self._table} could not be written: {problem}") from None
        finally:
            engine.dispose()


FORMATS: Mapping[str, type[ListFormat]] = {
    ".jsonl": JsonLines,
    ".csv": Csv,
    ".parquet": Parquet,
}
"""By how the name of the file ends."""


def is_database(target: str) -> bool:
    """Whether the lists go to a database, not to a file."""
    return "://" in target


def format_of(target: str, table: str | None) -> ListFormat:
    """What writes to this file or database. Raises InputError for a name that says no format."""
    if is_database(target):
        return DatabaseTable(table or DEFAULT_TABLE)
    if table is not None:
        raise InputError("--table goes with a database: --out postgresql://user@host/database")
    ending = Path(target).suffix.lower()
    if ending not in FORMATS:
        hint = did_you_mean(ending, FORMATS)
        raise InputError(f"--out: '{target}' does not say a format by its end; {hint}")
    return FORMATS[ending]()

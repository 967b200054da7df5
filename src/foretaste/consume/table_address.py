"""In: the address of a table. Out: what to read of it, and an engine on its database."""

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from foretaste.errors import InputError, MissingExtra

OVERLAP_SECONDS = 60.0
"""For which a transaction may be open, where nothing else is said."""
CONNECT_SECONDS = 10
_OPTIONS = ("table", "cursor", "key", "deleted", "overlap")
_EXAMPLE = "e.g. postgresql://reader@host/shop?table=events&cursor=id"


@dataclass(frozen=True, slots=True)
class TableAddress:
    """A table, and in which order it is read."""

    url: sa.URL
    table: str
    """As it is named in the address: with the schema, if there is one."""
    cursor: str
    """The column that grows with each row, or with each change of one."""
    key: tuple[str, ...]
    """The columns that tell rows apart; empty is the primary key."""
    deleted: str | None
    """The column that says that an item is gone: yes or no, or when."""
    overlap: float
    """Seconds for which a transaction that writes to the table may be open."""
    has_overlap: bool
    """Whether the address says it."""

    @property
    def schema_name(self) -> str | None:
        """None is where the database looks first."""
        return self.table.rpartition(".")[0] or None

    @property
    def table_name(self) -> str:
        """Without the schema."""
        return self.table.rpartition(".")[2]

    @classmethod
    def of(cls, text: str) -> "TableAddress":
        """Raises InputError where it is none."""
        scheme, _, location = text.partition("://")
        if scheme.lower() in ("postgres", "postgresql"):
            text = f"postgresql+psycopg://{location}"
        try:
            url = sa.make_url(text)
        except (sa.exc.ArgumentError, ValueError):
            raise InputError(f"{scheme}://… is not a URL of a database; write {_EXAMPLE}") from None
        options = {name: _last(value) for name, value in url.query.items() if name in _OPTIONS}
        for name in ("table", "cursor"):
            if not options.get(name):
                raise InputError(f"{scheme}://…: say which {name}, {_EXAMPLE}")
        return cls(
            url.difference_update_query(_OPTIONS),
            options["table"],
            options["cursor"],
            tuple(filter(None, options.get("key", "").split(","))),
            options.get("deleted") or None,
            _seconds(options.get("overlap")),
            "overlap" in options,
        )


def open_engine(address: TableAddress) -> sa.Engine:
    """Raises InputError where nothing here reads that database, MissingExtra without psycopg."""
    url = address.url
    is_file = url.get_backend_name() == "sqlite" and url.database
    if is_file and not Path(str(url.database)).exists():
        raise InputError(f"there is no file {url.database}")
    is_postgres = url.get_backend_name() == "postgresql"
    arguments = {"connect_timeout": CONNECT_SECONDS} if is_postgres else {}
    try:
        return sa.create_engine(url, connect_args=arguments)
    except ModuleNotFoundError as error:
        if is_postgres:
            raise MissingExtra("psycopg", "postgres") from None
        raise InputError(f"{error.name} is not installed, which {url.drivername} needs") from None
    except sa.exc.NoSuchModuleError:
        raise InputError(
            f"nothing here reads {url.drivername}; install its dialect for SQLAlchemy"
        ) from None


def _seconds(text: str | None) -> float:
    try:
        seconds = OVERLAP_SECONDS if text is None else float(text)
    except ValueError:
        seconds = -1.0
    if not 0.0 <= seconds < float("inf"):
        raise InputError(f"overlap={text} is no number of seconds; write e.g. overlap=300")
    return seconds


def _last(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else value[-1]

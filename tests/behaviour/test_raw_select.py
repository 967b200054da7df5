"""Selects run with the driver alone, on both databases."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from foretaste.behaviour.database_address import database_url
from foretaste.behaviour.engine import open_engine
from foretaste.behaviour.raw_select import RawSelect
from foretaste.behaviour.schema import meta
from foretaste.errors import StoreError

NAMED = sa.select(meta.c.name, meta.c.text).where(
    meta.c.name == sa.bindparam("wanted"), meta.c.text != "never"
)
GONE = sa.text("SELECT a FROM no_such_table").columns(sa.column("a")).subquery()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> sa.Engine:
    if request.param == "sqlite":
        return open_engine(database_url(tmp_path / "behaviour.db"))
    return open_engine(database_url(request.getfixturevalue("empty_postgres")))


def test_values_of_the_call_and_of_the_statement(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            sa.insert(meta), [{"name": name, "text": name.upper()} for name in ("one", "two")]
        )
    read = RawSelect(engine)

    assert read(NAMED, wanted="one") == [("one", "ONE")]
    assert read(NAMED, wanted="two") == [("two", "TWO")]
    assert read(NAMED, wanted="'; DROP TABLE meta; --") == []
    engine.dispose()


def test_a_failure_is_told_and_the_next_read_works(engine: sa.Engine) -> None:
    read = RawSelect(engine)

    with pytest.raises(StoreError, match="no_such_table"):
        read(sa.select(GONE.c.a))
    assert read(NAMED, wanted="nobody") == []
    engine.dispose()


def test_several_reads_by_one_connection(engine: sa.Engine) -> None:
    """Which is given back, sees what others write meanwhile, and is another after a failure."""
    read, given = RawSelect(engine), []
    sa.event.listen(engine, "checkout", lambda *_: given.append(1))
    with read.one_connection():
        assert read(NAMED, wanted="one") == []
        with engine.begin() as connection:
            connection.execute(sa.insert(meta), [{"name": "one", "text": "ONE"}])
        with read.one_connection():
            assert read(NAMED, wanted="one") == [("one", "ONE")]
        assert read(NAMED, wanted="one") == [("one", "ONE")]
        assert len(given) == 2  # that of the writer too
        with pytest.raises(StoreError, match="no_such_table"):
            read(sa.select(GONE.c.a))
        assert read(NAMED, wanted="one") == [("one", "ONE")]
        assert len(given) == 3
    assert engine.pool.status().endswith("Current Checked out connections: 0")
    assert read(NAMED, wanted="two") == []
    assert len(given) == 4
    engine.dispose()

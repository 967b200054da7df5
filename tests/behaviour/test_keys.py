"""The table of API keys, in both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.behaviour.keys import KEYS_MARKER, ApiKey, KeyTable
from foretaste.behaviour.opening import open_store
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.errors import StoreError

KEY = ApiKey("k1", "ab" * 32, "shop", "default", ("read", "events"), created=1.0)


class KeysContract:
    @pytest.fixture
    def url(self) -> str | Path:
        raise NotImplementedError

    @pytest.fixture
    def table(self, url: str | Path) -> Iterator[KeyTable]:
        with SqlStore(url) as store:
            yield store.keys

    def test_a_key_comes_back_as_it_was(self, table: KeyTable) -> None:
        assert not table.has_keys()
        assert table.get("k1") is None
        table.add(KEY)
        table.add(ApiKey("k2", "cd" * 32, "é", "acme", ("admin",), created=2.0, expires=9.5))
        assert table.get("k1") == KEY
        assert [key.id for key in table.all_keys()] == ["k1", "k2"]
        assert table.all_keys()[1].expires == 9.5
        page = ApiKey(
            "k3", "ef" * 32, "page", "default", ("events",), 3.0, None, None, None, "signed", "fts_"
        )
        table.add(page)
        assert table.get("k3") == page

    def test_an_end_is_never_put_off(self, table: KeyTable) -> None:
        table.add(KEY)
        assert table.end_key("k1", expires=20.0)
        assert table.end_key("k1", expires=30.0)
        assert table.end_key("k1", revoked=5.0)
        assert table.end_key("k1", revoked=6.0)
        found = table.get("k1")
        assert found is not None
        assert (found.expires, found.revoked) == (20.0, 5.0)
        assert not table.end_key("k9", revoked=1.0)

    def test_a_key_that_was_once_there_always_was(self, table: KeyTable) -> None:
        table.add(KEY)
        table.end_key("k1", revoked=2.0)
        assert table.has_keys()

    def test_when_it_was_used(self, table: KeyTable) -> None:
        table.add(KEY)
        table.touch("k1", 7.0)
        found = table.get("k1")
        assert found is not None
        assert found.used == 7.0


class TestSQLite(KeysContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> Path:
        return tmp_path / "behaviour.db"


class TestPostgreSQL(KeysContract):
    @pytest.fixture
    def url(self, empty_postgres: str) -> str:
        return empty_postgres


def test_what_is_good() -> None:
    assert KEY.is_valid(1e12)
    assert ApiKey("k", "", "n", "t", (), created=0.0, expires=5.0).is_valid(4.9)
    assert not ApiKey("k", "", "n", "t", (), created=0.0, expires=5.0).is_valid(5.0)
    assert not ApiKey("k", "", "n", "t", (), created=0.0, revoked=9.0).is_valid(1.0)


def test_that_there_were_keys_is_remembered_outside_the_store(tmp_path: Path) -> None:
    settings, path = BehaviourSettings(), tmp_path / STORE_FILE
    with open_store(settings, tmp_path) as store:
        assert not store.keys.has_keys()
        assert not (tmp_path / KEYS_MARKER).exists()
        store.keys.add(KEY)
    with SqlStore(path) as store, store._engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM api_keys")
    with open_store(settings, tmp_path) as store:
        assert store.keys.all_keys() == []
        assert store.keys.has_keys(), "the table is not the only one to know"
    path.unlink()
    with pytest.raises(StoreError, match=r"behaviour.db is not there.*restore it from a backup"):
        open_store(settings, tmp_path)
    assert not path.exists()
    (tmp_path / KEYS_MARKER).unlink()
    with open_store(settings, tmp_path) as store:
        assert not store.keys.has_keys()


def test_keys_of_before_are_remembered_when_they_are_met(tmp_path: Path) -> None:
    with SqlStore(tmp_path / STORE_FILE) as store:
        store.keys.add(KEY)
    assert not (tmp_path / KEYS_MARKER).exists()
    with open_store(BehaviourSettings(), tmp_path) as store:
        assert store.keys.has_keys()
    assert (tmp_path / KEYS_MARKER).exists()

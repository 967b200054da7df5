"""Who was erased, and which keys have ended, is so after a restore, wherever the list was found."""

import shutil
from pathlib import Path

import pytest

from foretaste.behaviour.erasure_files import ERASURES_FILE, export_erasures
from foretaste.behaviour.opening import open_store
from foretaste.behaviour.schema import meta
from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.config.load import load_config
from foretaste.domain.data import Event, User
from foretaste.errors import InputError
from foretaste.serve.http.keys import create_key, revoke_key
from foretaste.workspace.backup import back_up, restore

NOW = 1_700_300_000.0


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A workspace with people and a key, backed up; then some were erased and the key revoked."""
    folder, backups = tmp_path / "shop", tmp_path / "backups"
    folder.mkdir()
    backups.mkdir()
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgres")
        (folder / "foretaste.toml").write_text(f'[behaviour]\ndatabase = "{url}"\n')
    with opened(folder) as store:
        store.add_events(
            [
                Event("a1", "click", NOW, user="ann", item="i"),
                Event("v1", "click", NOW, session="phone", item="i"),
                Event("b1", "click", NOW, user="bob", item="i"),
                Event("c1", "click", NOW, user="cid", item="i"),
            ]
        )
        store.put_users([User("ann", {"age": ("30",)})])
        store.erase("cid", NOW - 10)
        store.add_events([Event("c2", "click", NOW, user="cid", item="i")])  # who came back
        create_key(store.keys, "front", ["read"], now=NOW)
        back_up(folder, backups / "shop.zip", now=NOW)
        store.identify("phone", "ann", NOW + 1)
        store.erase("ann", NOW + 2)
        (key,) = store.keys.all_keys()
        revoke_key(store.keys, key.id, now=NOW + 3)
        assert store.export_erasures()
    return folder


def opened(folder: Path) -> SqlStore:
    return open_store(load_config(folder).behaviour, folder)


def assert_erased(folder: Path) -> None:
    with opened(folder) as store:
        assert [event.event_id for _, event in store.events()] == ["b1", "c2"]
        assert store.user("ann") is None
        assert store.erased_at("ann") == NOW + 2
        (key,) = store.keys.all_keys()
        assert key.revoked == NOW + 3
        assert store.erasure_count() > 1, "the models that were restored are counted anew"


def lists_beside(shop: Path) -> list[Path]:
    return list((shop.parent / "backups").glob("erasures-*.jsonl"))


def test_beside_the_backup(shop: Path) -> None:
    file, elsewhere = shop.parent / "backups/shop.zip", shop.parent / "elsewhere"
    (path,) = lists_beside(shop)
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"ann" not in path.read_bytes()
    told = restore(file, elsewhere, force=True)
    assert (told.events, told.erased_again) == (2, 1)
    assert_erased(elsewhere)
    with opened(elsewhere) as store:
        store.erase("bob", NOW + 9)
        assert store.export_erasures()
    assert str(NOW + 9) in path.read_text(), "the restored one knows where its backups are"


def test_in_the_workspace_that_is_replaced(shop: Path) -> None:
    (path,) = lists_beside(shop)
    path.unlink()
    (shop / STORE_FILE).unlink(missing_ok=True)  # it is lost; the list beside it is not
    restore(shop.parent / "backups/shop.zip", shop, force=True)
    assert_erased(shop)


def test_in_the_store_that_is_replaced(shop: Path) -> None:
    lists_beside(shop)[0].unlink()
    (shop / ERASURES_FILE).unlink()
    restore(shop.parent / "backups/shop.zip", shop, force=True)
    assert_erased(shop)


@pytest.mark.parametrize("shop", ["sqlite"], indirect=True)  # a database would have the list
def test_without_a_list_it_is_asked_for(shop: Path) -> None:
    file, elsewhere = shop.parent / "moved/shop.zip", shop.parent / "elsewhere"
    file.parent.mkdir()
    shutil.copy(shop.parent / "backups/shop.zip", file)
    with pytest.raises(InputError, match=r"erasures-\w+.jsonl is neither beside .*--erasures"):
        restore(file, elsewhere)
    assert not elsewhere.exists()
    with pytest.raises(InputError, match="is not there; check the name"):
        restore(file, elsewhere, erasures=file.parent / "nothing.jsonl")
    damaged = file.parent / "damaged.jsonl"
    damaged.write_text('{"list"')
    with pytest.raises(InputError, match="is no whole list of erasures"):
        restore(file, elsewhere, erasures=damaged)
    damaged.write_text('{"list": "of another"}')
    with pytest.raises(InputError, match="neither beside"):
        restore(file, elsewhere, erasures=damaged)
    assert restore(file, elsewhere, without_erasures=True).events == 4
    shutil.rmtree(elsewhere)
    restore(file, elsewhere, erasures=lists_beside(shop)[0])
    assert_erased(elsewhere)


def test_a_backup_of_before_there_were_lists(shop: Path) -> None:
    with opened(shop) as store, store._engine.begin() as connection:
        ((key, *_),) = [
            row for row in connection.execute(meta.select()) if row[0] == "tombstone_key"
        ]
        connection.execute(meta.delete().where(meta.c.name == key))
        connection.execute(meta.delete().where(meta.c.name.startswith("erased:")))
    old = shop.parent / "old.db"
    with opened(shop) as store:
        store.add_events([Event("d1", "click", NOW, user="dan", item="i")])
        store.copy_to(old)
        store.erase("dan", NOW + 5)
        erasures, key_text = store.erasure_list(), str(store.erasure_key())
    with SqlStore(old) as copy:
        assert copy.erasure_key() is None
        copy.apply_erasures(erasures, key_text, NOW)
        assert "d1" not in [event.event_id for _, event in copy.events()]


def test_a_list_that_cannot_be_written_is_due(shop: Path) -> None:
    with opened(shop) as store:
        (path,) = lists_beside(shop)
        path.unlink()
        path.mkdir()  # nothing can be put in its place
        (path / "x").touch()
        assert not store.export_erasures()
        shutil.rmtree(path)
        assert export_erasures(store._engine, shop)
    assert path.is_file()
    shutil.rmtree(shop.parent / "backups")
    with opened(shop) as store:
        assert store.export_erasures(), "a folder that is gone has no backup"

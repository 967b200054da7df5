"""A workspace into one file and back, on both stores: all of it, or nothing."""

import fcntl
import json
import os
import shutil
import sqlite3
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from faults.nursery import Nursery
from foretaste.behaviour import schema
from foretaste.behaviour.database_address import url_with_schema
from foretaste.behaviour.keys import had_keys, remember_keys
from foretaste.behaviour.opening import open_store
from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.cli import main as cli
from foretaste.config.load import load_config
from foretaste.domain.data import Event, Item, Request, User
from foretaste.domain.preference import Conversation
from foretaste.domain.store import EventOwner
from foretaste.errors import InputError, StoreError
from foretaste.loop import Foretaste
from foretaste.serve.http.keys import Keyring, create_key
from foretaste.workspace.backup import back_up, remove_backup_leftovers, restore
from foretaste.workspace.tenants import create_tenant, tenant_folder
from foretaste.workspace.work_folder import work_folder
from serve.workspace import until

NOW = 1_700_300_000.0


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, trained: Path) -> Iterator[Foretaste]:
    """A workspace with something in every table, in each kind of store."""
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgres")
        with (trained / "foretaste.toml").open("a") as file:
            file.write(f'[behaviour]\ndatabase = "{url}"\n')
        with SqlStore(url) as store:
            store.fill_from(trained / STORE_FILE)
        (trained / STORE_FILE).unlink()
    loop = Foretaste.open(trained)
    item = {"id": "space-1", "title": "The star [space]", "genre": "space"}
    loop.add(items=[item | {"available_from": "2020-01-01"}])  # nothing is read anew for it
    loop.store.put_users([User("ann", {"genre": ("space",)})])
    loop.record([Event("visit", "click", NOW, session="v", item="space-1", context={"a": [1]})])
    loop.identify("v", "ann")
    loop.recommend("ann", n=3)
    loop.slates.log.flush()
    loop.steer("ann", changes=[{"what": {"genre": "space"}, "nats": 1}])
    loop.store.put_items([Item("gone", "Soon gone")])
    loop.store.delete_items(["gone"])
    loop.set_consent("ann", share=False)
    loop.store.put_conversation(Conversation("talk", "ann", None, NOW, {"query": "space"}))
    loop.store.put_meta_text("lock:worker", "held")
    yield loop
    loop.close()


def everything(store: SqlStore) -> dict[str, list[Any]]:
    with store._engine.connect() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(sa.select(table).order_by(*table.primary_key))
                if not str(row[0]).startswith("lock:")
            ]
            for table in schema.metadata.sorted_tables
        }


def empty_again(loop: Foretaste) -> None:
    """As on another machine: what the settings name has nothing in it, and nobody uses it."""
    loop.close()
    if loop.config.behaviour.database is not None:
        with SqlStore(loop.config.behaviour.database) as store, store._engine.begin() as connection:
            connection.execute(sa.text("DROP SCHEMA public CASCADE"))
            connection.execute(sa.text("CREATE SCHEMA public"))


def test_all_of_it_comes_back(shop: Foretaste, tmp_path: Path) -> None:
    _, secret = create_key(shop.store.keys, "front", ["read"], now=NOW)
    shop.record([Event("last", "click", NOW, user="bob", item="space-2")])
    last = shop.store.last_event_number()
    with shop.store._engine.begin() as connection:  # as an erasure does
        connection.execute(sa.delete(schema.events).where(schema.events.c.seq == last))
    shop.store.erasure_list()  # has a key from the first backup on
    shop.placements.put("home", {"n": 7}, NOW, "ann")
    never_came = EventOwner("never", None, "phone")
    shop.store.take_back_events([never_came], keep_out_unknown=True)
    before = everything(shop.store)
    assert all(before.values()), "there is something in every table"
    asked = Request(user="ann", n=5, incognito=True)
    answer = [(one.id, one.score) for one in shop.recommend(asked)]
    told = back_up(shop.folder, tmp_path / "shop.zip", now=NOW)
    assert (told.events, told.items, told.models) == (152, 20, 1)
    assert secret not in (tmp_path / "shop.zip").read_bytes().decode("latin-1")
    empty_again(shop)
    restored = restore(tmp_path / "shop.zip", tmp_path / "elsewhere" / "shop")
    assert restored == replace(told, erased_again=0)
    with closing(Foretaste.open(tmp_path / "elsewhere" / "shop")) as again:
        assert everything(again.store) == before
        assert again.store.meta_text("lock:worker") is None, (
            "who was at work then is not at work now"
        )
        assert [(one.id, one.score) for one in again.recommend(asked)] == answer
        assert Keyring(lambda: again.store.keys).find_key(secret) is not None
        assert [one.name for one in again.models.versions()] == [
            one.name for one in shop.models.versions()
        ]
        again.record([Event("next", "click", NOW, user="bob", item="space-2")])
        assert again.store.last_event_number() > last, "no number is given twice"


def _has_more_events(shop: Foretaste, number: int) -> bool:
    return shop.store.last_event_number() > number


def test_a_copy_is_of_one_moment_while_others_write(shop: Foretaste, tmp_path: Path) -> None:
    """Each transaction writes an event and a fact that counts them; a copy has them alike."""
    ended = threading.Event()

    def write() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            rows = [{"event_id": f"w{number}-{n}", "kind": "view", "at": NOW} for n in range(7)]
            with shop.store._engine.connect().execution_options(writing=True) as one, one.begin():
                one.execute(sa.insert(schema.events), rows)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for attempt in range(3):
            newest = shop.store.last_event_number()
            until(partial(_has_more_events, shop, newest), "written to")
            shop.store.copy_to(tmp_path / f"{attempt}.db")
    finally:
        ended.set()
        writer.join()
    counts = []
    for attempt in range(3):
        with closing(sqlite3.connect(tmp_path / f"{attempt}.db")) as copy:
            query = "SELECT count(*) FROM events WHERE event_id LIKE 'w%'"
            counts.append(copy.execute(query).fetchone()[0])
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert [count % 7 for count in counts] == [0, 0, 0]
    assert counts[-1] > counts[0]


def test_a_store_that_has_something_is_not_filled(shop: Foretaste, tmp_path: Path) -> None:
    shop.store.copy_to(tmp_path / "copy.db")
    before = everything(shop.store)
    shop.close()
    with SqlStore(shop.store.url) as store:
        with pytest.raises(StoreError, match=r"has \w+ in it; name an empty database"):
            store.fill_from(tmp_path / "copy.db")
        assert everything(store) == before
        store.add_events([Event("later", "click", NOW, user="bob", item="space-2")])
        store.fill_from(tmp_path / "copy.db", replace=True)
        assert everything(store) == before


def test_from_one_kind_of_store_to_the_other(trained: Path, empty_postgres: str) -> None:
    with SqlStore(trained / STORE_FILE) as old, SqlStore(empty_postgres) as new:
        new.fill_from(trained / STORE_FILE)
        assert everything(new) == everything(old)
        assert new.add_events([Event("next", "view", NOW, user="a", item="space-1")]) == 1
        assert new.last_event_number() == 151


# Tenants, refusals, damage ----------------------------------------------------------------------


@pytest.fixture
def file(trained: Path, tmp_path: Path) -> Path:
    create_tenant(trained, "acme")
    with open_store(
        load_config(tenant_folder(trained, "acme")).behaviour, tenant_folder(trained, "acme")
    ) as store:
        store.add_events([Event("acme", "view", NOW, user="a", item="x")])
    back_up(trained, tmp_path / "shop.zip", now=NOW)
    return tmp_path / "shop.zip"


def there(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_tenants_come_with_their_root(file: Path, tmp_path: Path) -> None:
    told = restore(file, tmp_path / "again")
    assert told.tenants == ("default", "acme")
    folder = tenant_folder(tmp_path / "again", "acme")
    with open_store(load_config(folder).behaviour, folder) as store:
        assert [event.event_id for _, event in store.events()] == ["acme"]
        assert store.meta_text("tenant") == "acme"


DATABASE, SCHEMA = "FORETASTE_BEHAVIOUR__DATABASE", "FORETASTE_BEHAVIOUR__DATABASE_SCHEMA"


@pytest.fixture
def one_database(empty_postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """All workspaces have the same database, by the environment."""
    monkeypatch.setenv(DATABASE, empty_postgres)
    yield empty_postgres
    monkeypatch.delenv(DATABASE)
    with SqlStore(empty_postgres) as store, store._engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA IF EXISTS tenant_acme CASCADE"))


@pytest.mark.parametrize("force", [False, True])
def test_tenants_move_into_one_database_with_their_root(
    file: Path, tmp_path: Path, one_database: str, force: bool
) -> None:
    told = restore(file, tmp_path / "again", force=force)
    assert (told.events, told.items) == (151, 20)
    numbers = []
    for tenant in told.tenants:
        folder = tenant_folder(tmp_path / "again", tenant)
        with open_store(load_config(folder).behaviour, folder) as store:
            assert store.url.drivername == "postgresql+psycopg"
            numbers.append(store.counts()["events"])
    assert numbers == [150, 1]


def test_one_store_for_two_workspaces_is_refused(
    file: Path, tmp_path: Path, one_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SCHEMA, "public")
    for force in (True, False):
        with pytest.raises(StoreError, match="two workspaces have the same store"):
            restore(file, tmp_path / "again", force=force)
    assert not (tmp_path / "again").exists()
    with SqlStore(one_database) as store:
        assert set(store.row_counts().values()) == {0}


def test_where_a_tenant_cannot_be_restored_nobody_is(
    file: Path, tmp_path: Path, one_database: str
) -> None:
    with SqlStore(url_with_schema(sa.make_url(one_database), "tenant_acme")) as store:
        store.add_events([Event("there", "view", NOW, user="a", item="x")])
    with pytest.raises(StoreError, match="has events in it"):
        restore(file, tmp_path / "again")
    with SqlStore(one_database) as store:
        assert set(store.row_counts().values()) == {0}


def test_what_is_there_is_not_overwritten_unless_asked(
    file: Path, trained: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"shop.zip is there already; name another, or .*--force"):
        back_up(trained, file, now=NOW)
    back_up(trained, file, now=NOW, force=True)
    with pytest.raises(InputError, match=r"trained is there already; .*--force"):
        restore(file, trained)
    (trained / "mine.txt").write_text("kept")
    restore(file, trained, force=True)
    assert not (trained / "mine.txt").exists()
    (before,) = tmp_path.glob("trained.before-*")
    assert (before / "mine.txt").read_text() == "kept"
    assert (before / STORE_FILE).exists()


def test_a_damaged_file_restores_nothing(file: Path, tmp_path: Path) -> None:
    whole = file.read_bytes()
    target, before, whole_after_all = tmp_path / "target", there(tmp_path), 0
    for place in range(100, len(whole), len(whole) // 12):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with suppress(InputError):
            restore(file, target)
            shutil.rmtree(target)  # a byte that says nothing, such as a date
            whole_after_all += 1
        assert there(tmp_path) == before
    assert whole_after_all < 4
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="is no whole backup"):
        restore(file, target)
    assert there(tmp_path) == before


def rewritten(file: Path, change: Any) -> None:
    """The archive with another manifest."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    told = json.loads(members["manifest.json"])
    change(told, members)
    members["manifest.json"] = json.dumps(told).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def test_what_is_no_backup_of_ours_is_refused(file: Path, tmp_path: Path) -> None:
    rewritten(file, lambda told, _: told.update(format=99))
    with pytest.raises(InputError, match="of a later Foretaste"):
        restore(file, tmp_path / "target")

    def outside(told: dict[str, Any], members: dict[str, bytes]) -> None:
        told.update(format=1)
        members["../evil"] = b""
        told["sha256"]["../evil"] = (
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        )

    rewritten(file, outside)
    with pytest.raises(InputError, match="would be outside the workspace"):
        restore(file, tmp_path / "target")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", b"b")
    with pytest.raises(InputError, match="is no backup of Foretaste"):
        restore(file, tmp_path / "target")
    with pytest.raises(InputError, match="is not there"):
        restore(tmp_path / "no.zip", tmp_path / "target")
    assert not (tmp_path / "target").exists()


DYING = """
import os, signal, sys
from pathlib import Path
from foretaste.workspace import backup
step, calls, flush = int(sys.argv[3]), 0, backup.sync_to_disk

def die(path):
    global calls
    calls += 1
    if calls == step:
        os.kill(os.getpid(), signal.SIGKILL)
    flush(path)

backup.sync_to_disk = die
backup.restore(Path(sys.argv[1]), Path(sys.argv[2]), force=True)
"""


@pytest.mark.parametrize("step", [1, 20])
def test_killed_in_the_middle_what_was_there_is_there(
    nursery: Nursery, file: Path, trained: Path, step: int
) -> None:
    with SqlStore(trained / STORE_FILE) as store:
        store.add_events([Event("since", "view", NOW, user="a", item="space-1")])
    assert nursery.run_script(DYING, file, trained, step).returncode == -9
    with SqlStore(trained / STORE_FILE) as store:
        assert store.last_event_number() == 151
    assert len(list(trained.parent.glob(".*.restoring"))) == 1
    at_work = trained.parent / f".{trained.name}.other.restoring"
    at_work.mkdir()
    held = os.open(at_work, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    restore(file, trained, force=True)
    assert list(trained.parent.glob(".*.restoring")) == [at_work], "what was killed is swept away"
    os.close(held)
    with SqlStore(trained / STORE_FILE) as store:
        assert store.last_event_number() == 150


BACKING_UP = """
import os, signal, sys
from pathlib import Path
from foretaste.workspace import backup

def die(path):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(backup, sys.argv[3], die)
backup.back_up(Path(sys.argv[1]), Path(sys.argv[2]), now=1.0)
"""


@pytest.mark.parametrize("step", ["file_sha256", "sync_to_disk"])
def test_a_killed_backup_leaves_nothing_to_read_and_nothing_for_long(
    nursery: Nursery, trained: Path, tmp_path: Path, step: str
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()

    def kill() -> None:
        done = nursery.run_script(BACKING_UP, trained, folder / "a.zip", step)
        assert done.returncode == -9
        (left,) = there(folder)
        assert (folder / left).stat().st_mode & 0o777 == 0o700
        assert (folder / left / "archive.zip").stat().st_mode & 0o777 == 0o600

    kill()
    at_work = folder / ".backup-of-another"
    with work_folder(folder, at_work.name, ""):
        other = next(name for name in there(folder) if name.startswith(at_work.name))
        back_up(trained, folder / "b.zip", now=NOW)
        assert [name for name in there(folder) if name.startswith(".")] == [other]
    shutil.rmtree(folder)
    folder.mkdir()
    kill()
    remove_backup_leftovers(trained)  # as a service does when it starts
    assert there(folder) == []


def test_as_typed(trained: Path, tmp_path: Path) -> None:
    def run(*words: str) -> Any:
        return CliRunner().invoke(cli.app, [*words])

    file = str(tmp_path / "a.zip")
    done = run("backup", file, "--workspace", str(trained))
    assert done.exit_code == 0, done.stderr
    assert f"wrote {file}: 150 events, 20 items, 1 models, 1 workspaces" in done.stdout
    assert (tmp_path / "a.zip").stat().st_mode & 0o777 == 0o600
    done = run("restore", file, "--workspace", str(tmp_path / "b"), "--json")
    assert json.loads(done.stdout)["events"] == 150
    assert run("recommend", "u1", "--workspace", str(tmp_path / "b")).exit_code == 0
    refused = run("restore", file, "--workspace", str(tmp_path / "b"))
    assert refused.exit_code == 2
    assert "is there already" in refused.stderr


def test_a_lost_store_is_no_backup(trained: Path, tmp_path: Path) -> None:
    (trained / STORE_FILE).write_bytes(b"")
    with pytest.raises(StoreError, match="0 bytes"):
        back_up(trained, tmp_path / "shop.zip", now=NOW)
    (trained / STORE_FILE).unlink()
    remember_keys(trained)
    with pytest.raises(StoreError, match="keys-required beside it says"):
        back_up(trained, tmp_path / "shop.zip", now=NOW)
    assert not (tmp_path / "shop.zip").exists()


def test_a_backup_of_before_the_first_key_opens_no_service(file: Path, trained: Path) -> None:
    remember_keys(trained)
    restore(file, trained, force=True)
    assert had_keys(trained)
    back_up(trained, file, now=NOW, force=True)
    restore(file, trained.with_name("elsewhere"))
    assert had_keys(trained.with_name("elsewhere"))

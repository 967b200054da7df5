"""A backup from anywhere: it is restored as it was made, or refused, and writes nowhere else."""

import hashlib
import json
import shutil
import sqlite3
import stat
import zipfile
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from faults.nursery import Nursery
from foretaste.behaviour.postgres import HAVE_SCHEMA_ALONE
from foretaste.behaviour.presence import nobody_in
from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.domain.data import Item
from foretaste.errors import InputError, StoreError
from foretaste.loop import Foretaste
from foretaste.workspace.backup import back_up, restore
from serve.workspace import until

NOW = 1_700_300_000.0
Members = dict[str, bytes]


@pytest.fixture
def file(trained: Path, tmp_path: Path) -> Path:
    back_up(trained, tmp_path / "shop.zip", now=NOW)
    return tmp_path / "shop.zip"


def rewrite(file: Path, change: Callable[[Members], Any], attributes: int = 0o100644) -> None:
    """The archive changed by somebody who gives it the right hashes."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    change(members)
    manifest["sha256"] = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    members["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = attributes << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/evil",
        "models/../../evil",
        "tenants/../evil/foretaste.toml",
        "tenants/acme/../../../evil",
        "evil.sh",
        ".bashrc",
        "models/20240101-000000-aaaaaa/weights.pkl",
        "models/20240101-000000-aaaaaa/.hidden.json",
        "encoders/tuned/pytorch_model.bin",
        "encoders/tuned/modeling.py",
        "behaviour.db-wal",
        "models\\evil.json",
        "erasures.jsonl",
    ],
)
def test_only_what_a_workspace_has_is_restored(file: Path, tmp_path: Path, name: str) -> None:
    rewrite(file, lambda members: members.update({name: b"{}"}))
    with pytest.raises(InputError, match=r"outside the workspace|is no part of a workspace"):
        restore(file, tmp_path / "target")
    assert not (tmp_path / "target").exists()
    assert not list(tmp_path.rglob("evil*"))


def test_links_are_refused_and_modes_are_safe(file: Path, tmp_path: Path) -> None:
    rewrite(file, lambda _: None, attributes=stat.S_IFREG | 0o6777)
    restore(file, tmp_path / "target")
    for path in [tmp_path / "target", *(tmp_path / "target").rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        if path.is_file():
            assert mode & ~0o640 == 0, path
        else:
            assert mode & 0o7007 == 0, path
    rewrite(file, lambda _: None, attributes=stat.S_IFLNK | 0o777)
    with pytest.raises(InputError, match="is no part of a workspace"):
        restore(file, tmp_path / "another")


def test_what_the_disk_cannot_take_is_refused_before_it_is_unpacked(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewrite(file, lambda members: members.update({"encoders/a/b.txt": bytes(40 << 20)}))
    assert file.stat().st_size < 8 << 20
    usage = type("Usage", (), {"free": 20 << 20})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(InputError, match=r"GB when it is unpacked, and the disk has 0.0 GB"):
        restore(file, tmp_path / "target")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM api_keys; END",
        "CREATE VIEW v AS SELECT * FROM events",
        "CREATE VIRTUAL TABLE f USING fts5(a)",
    ],
)
def test_what_would_run_in_a_store_is_refused(file: Path, tmp_path: Path, statement: str) -> None:
    def change(members: Members) -> None:
        path = tmp_path / "changed.db"
        path.write_bytes(members[STORE_FILE])
        with closing(sqlite3.connect(path)) as store:
            store.execute(statement)
            store.commit()
        members[STORE_FILE] = path.read_bytes()

    rewrite(file, change)
    with pytest.raises(InputError, match="which Foretaste makes none of"):
        restore(file, tmp_path / "target")


def test_a_store_outside_the_workspace_is_the_operator_s_word(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside.db"
    settings = f'[behaviour]\ndatabase = "sqlite:///{outside}"\n'
    rewrite(file, lambda members: members.update({"foretaste.toml": settings.encode()}))
    with pytest.raises(InputError, match="outside the workspace; to have the store there"):
        restore(file, tmp_path / "target")
    assert not outside.exists()
    monkeypatch.setenv("FORETASTE_BEHAVIOUR__DATABASE", str(outside))
    assert restore(file, tmp_path / "target").events == 150
    assert outside.exists()


def damage(members: Members, version: str) -> None:
    name = next(name for name in members if version in name and name.endswith(".safetensors"))
    members[name] = members[name][:-1] + bytes([members[name][-1] ^ 1])


def test_a_version_that_is_not_as_its_manifest_says_is_left_out(
    file: Path, trained: Path, tmp_path: Path
) -> None:
    with closing(Foretaste.open(trained)) as loop:
        first = loop.models.live_name()
        second = loop.train().name
    back_up(trained, file, now=NOW, force=True)
    rewrite(file, lambda members: damage(members, second))
    restore(file, tmp_path / "target")
    with closing(Foretaste.open(tmp_path / "target")) as loop:
        assert loop.models.live_name() == first
        assert [version.name for version in loop.models.versions()] == [first]
    rewrite(file, lambda members: damage(members, str(first)))
    with pytest.raises(InputError, match="the models in the backup"):
        restore(file, tmp_path / "nowhere")


def test_beside_a_running_service_nothing_is_restored(
    nursery: Nursery, file: Path, trained: Path, tmp_path: Path
) -> None:
    with nursery.start_script(HOLDING, trained) as service:
        until(lambda: service.log == "open\n", "open")
        with pytest.raises(InputError, match=r"is in use; stop its service"):
            restore(file, trained, force=True)
        assert not list(tmp_path.glob("trained.before-*"))
        service.end()
    restore(file, trained, force=True)
    assert list(tmp_path.glob("trained.before-*"))


def test_while_it_is_restored_nothing_starts(trained: Path) -> None:
    with nobody_in([trained]), pytest.raises(StoreError, match="is being restored at this moment"):
        Foretaste.open(trained)
    Foretaste.open(trained).close()


@pytest.mark.parametrize("schema_name", [None, "shop"])
def test_beside_a_service_on_another_machine_nothing_is_restored(
    nursery: Nursery, trained: Path, tmp_path: Path, empty_postgres: str, schema_name: str | None
) -> None:
    """They share a PostgreSQL database and no folder."""
    with (trained / "foretaste.toml").open("a") as settings:
        settings.write(f'[behaviour]\ndatabase = "{empty_postgres}"\n')
        settings.write(f'database_schema = "{schema_name}"\n' if schema_name else "")
    with closing(Foretaste.open(trained)) as loop:
        loop.store.put_items([Item("of then")])
    back_up(trained, tmp_path / "shop.zip", now=NOW)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(trained / "foretaste.toml", elsewhere)
    with nursery.start_script(HOLDING, elsewhere) as service:
        until(lambda: service.log == "open\n", "open")
        for target, force in ((trained, True), (tmp_path / "new", False)):
            with pytest.raises(InputError, match=r"is in use, here or on another machine; stop "):
                restore(tmp_path / "shop.zip", target, force=force)
        assert not list(tmp_path.glob("trained.before-*"))
        service.end()
    with closing(Foretaste.open(elsewhere)) as loop:
        assert loop.store.item("of then") is not None, "nothing was replaced"
        loop.store.put_items([Item("of now")])
    until(lambda: restored(tmp_path / "shop.zip", trained), "the server lets go of who was killed")
    with closing(Foretaste.open(trained)) as loop:
        assert list(loop.store.item_ids()) == ["of then"]


def restored(file: Path, target: Path) -> bool:
    """Whether it is now, as nobody is there any more."""
    with suppress(InputError):
        restore(file, target, force=True)
        return True
    return False


def test_while_a_database_is_restored_nothing_opens_it(empty_postgres: str, tmp_path: Path) -> None:
    with SqlStore(empty_postgres) as store, store._engine.begin() as connection:
        assert connection.scalar(sa.text(HAVE_SCHEMA_ALONE))
        with pytest.raises(StoreError, match="being restored at this moment; start again when"):
            SqlStore(empty_postgres, tmp_path)
    SqlStore(empty_postgres, tmp_path).close()


HOLDING = """
import signal, sys
import foretaste

loop = foretaste.open(sys.argv[1])
print("open", flush=True)
signal.pause()
"""

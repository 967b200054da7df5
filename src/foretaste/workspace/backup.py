"""A workspace in, one file out; and back: settings, store, models, and those of its tenants.

    manifest.json                    what it is of, and the SHA-256 of everything else
    foretaste.toml                   the settings
    behaviour.db                     the store at one moment, whichever database it is in
    models/live.json, models/<version>/…
    encoders/<name>/…                those that were tuned
    tenants/<name>/…                 the same of each tenant

A zip file, written aside and renamed when whole. Caches are left out: they are made again. What is
restored is put together and checked beside its place, which it then takes in one step.
"""

import glob
import json
import os
import shutil
import sqlite3
import zipfile
import zlib
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from foretaste import __version__
from foretaste.behaviour.copying import fill_stores
from foretaste.behaviour.erasure_files import backup_folders, remember_backups
from foretaste.behaviour.keys import KEYS_MARKER, had_keys, remember_keys
from foretaste.behaviour.opening import open_store
from foretaste.behaviour.presence import nobody_in
from foretaste.behaviour.store import STORE_FILE as STORE
from foretaste.behaviour.store import SqlStore, store_url
from foretaste.config.load import SETTINGS_FILE as SETTINGS
from foretaste.config.load import load_config
from foretaste.domain.files import FILE_MODE, FOLDER_MODE, file_sha256, sync_to_disk
from foretaste.errors import InputError
from foretaste.workspace.backup_checks import (
    MAX_MANIFEST_BYTES,
    check_database,
    check_members,
    check_models,
    check_schema,
)
from foretaste.workspace.erasure_lists import ErasureLists, write_list_beside
from foretaste.workspace.tenants import (
    TENANTS_FOLDER,
    require_own_schema,
    tenant_folder,
    tenant_names,
)
from foretaste.workspace.work_folder import remove_leftovers, work_folder

FORMAT = 1
MANIFEST = "manifest.json"
MODELS = "models"
ENCODERS = "encoders"
WORK_PREFIX = ".backup-"
"""Begins the name of the folder in which a backup is made, beside it."""
MAX_COPY_ATTEMPTS = 3
"""A version that is deleted while it is copied makes the models be copied again."""


@dataclass(frozen=True)
class Backup:
    """What a file holds."""

    file: Path
    created: float
    tenants: tuple[str, ...]
    events: int
    items: int
    models: int
    size: int
    """Bytes."""
    erased_again: int | None = None
    """People it knew of who were erased after it was made, and again by a restore; None where no
    list of them was asked for.
    """


def back_up(root: Path, file: Path, *, now: float, force: bool = False) -> Backup:
    """Write all of a workspace to a file. Services and workers may go on meanwhile."""
    if file.exists() and not force:
        raise InputError(f"{file} is there already; name another, or add --force to replace it")
    if not file.parent.is_dir():
        raise InputError(f"no folder {file.parent} for the backup; make it, or correct the path")
    try:
        remember_backups(root, file.parent)  # what is left there by a kill is found again
    except OSError as error:
        raise InputError(f"{root} cannot be written to ({error}); make it writable") from error
    remove_leftovers(file.parent, f"{WORK_PREFIX}*")
    with work_folder(file.parent, WORK_PREFIX, "") as work:
        archive = work / "archive.zip"
        _write(root, archive, work, now)
        sync_to_disk(archive)
        os.replace(archive, file)
        sync_to_disk(file.parent)
    for name in tenant_names(root):
        write_list_beside(tenant_folder(root, name), file.parent)
    return inspect_backup(file)


def remove_backup_leftovers(root: Path) -> None:
    """Delete what backups of a workspace that were killed have left: copies of all of it."""
    for folder in backup_folders(root):
        remove_leftovers(folder, f"{WORK_PREFIX}*")


def inspect_backup(file: Path) -> Backup:
    """What a backup holds, by its manifest."""
    with _opened(file) as archive:
        manifest = _manifest(file, archive)
    return Backup(
        file=file,
        created=manifest["created"],
        tenants=tuple(manifest["tenants"]),
        events=sum(counts["events"] for counts in manifest["tenants"].values()),
        items=sum(tenant["items"] for tenant in manifest["tenants"].values()),
        models=sum(name.endswith("/manifest.json") for name in manifest["sha256"]),
        size=file.stat().st_size,
    )


def restore(
    file: Path,
    root: Path,
    *,
    force: bool = False,
    erasures: Path | None = None,
    without_erasures: bool = False,
) -> Backup:
    """Put a workspace back, whole or not at all; without those who were erased since.

    erasures: the list of who was, where it is neither beside the file nor in the workspace that is
    in its place. Without any list a restore is refused, or with `without_erasures` brings back
    whoever was erased, and API keys that were revoked.

    A workspace that is in its place is refused, or with `force` moved aside to NAME.before-TIME.
    → what was restored, counted in the stores that it is in now.
    """
    root = root.absolute()
    if not force and root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise InputError(
            f"{root} is there already; name another --workspace, or add --force to move it aside"
        )
    root.parent.mkdir(parents=True, exist_ok=True)
    with nobody_in(_workspaces(root)):  # told before the long work, and held at its end
        pass
    prefix, suffix = f".{root.name}.", ".restoring"
    remove_leftovers(root.parent, f"{glob.escape(prefix)}*{suffix}")
    with work_folder(root.parent, prefix, suffix) as aside:
        created = _extract(file, aside)
        for name in tenant_names(aside):
            _check(tenant_folder(aside, name))
        erased_again = None
        if not without_erasures:
            erased_again = ErasureLists(file, root, created, erasures).apply_to(aside)
        with nobody_in(_workspaces(root)):
            counts = _place_stores(aside, force=force)
            for path in (aside, *sorted(aside.rglob("*"))):
                if path.is_dir():
                    path.chmod(FOLDER_MODE)
                sync_to_disk(path)
            _swap_in(aside, root)
    return replace(
        inspect_backup(file),
        tenants=tuple(counts),
        events=sum(rows["events"] for rows in counts.values()),
        items=sum(rows["items"] for rows in counts.values()),
        erased_again=erased_again,
    )


def _workspaces(root: Path) -> list[Path]:
    """The folders that are in use where a service runs."""
    return [tenant_folder(root, name) for name in tenant_names(root)] if root.is_dir() else []


def _write(root: Path, file: Path, work: Path, now: float) -> None:
    """The archive. Models come before the store: none is newer than what the store holds."""
    hashes: dict[str, str] = {}
    tenants: dict[str, dict[str, int]] = {}
    # for its owner alone from the first byte: the settings may hold the password of a database
    handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    with (
        os.fdopen(handle, "w+b") as stream,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for name in tenant_names(root):
            folder, staged = tenant_folder(root, name), work / name
            staged.mkdir(FOLDER_MODE)
            _stage(folder, staged)
            with closing(sqlite3.connect(staged / STORE)) as copy:
                tenants[name] = {
                    table: copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                    for table in ("events", "items", "users", "api_keys")
                }
            prefix = "" if folder == root else f"{TENANTS_FOLDER}/{name}/"
            for path in sorted(candidate for candidate in staged.rglob("*") if candidate.is_file()):
                member = prefix + path.relative_to(staged).as_posix()
                archive.write(path, member)
                hashes[member] = file_sha256(path)
            shutil.rmtree(staged)
        manifest = {
            "format": FORMAT,
            "foretaste": __version__,
            "created": now,
            "tenants": tenants,
            "sha256": hashes,
        }
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1))


def _stage(folder: Path, staged: Path) -> None:
    """One workspace's settings, models and store, copied as they are at this moment."""
    for name in (SETTINGS, KEYS_MARKER):
        if (folder / name).is_file():
            shutil.copy(folder / name, staged / name)
    for attempt in range(MAX_COPY_ATTEMPTS):
        try:
            _copy_models(folder / MODELS, staged / MODELS)
            _copy_folders(folder / ENCODERS, staged / ENCODERS)
            break
        except FileNotFoundError:  # deleted by a training that ended just now
            for copied in (MODELS, ENCODERS):
                shutil.rmtree(staged / copied, ignore_errors=True)
            if attempt == MAX_COPY_ATTEMPTS - 1:
                raise
    store = open_store(load_config(folder).behaviour, folder)
    try:
        store.erasure_list()  # makes the key of its hashes, which goes into the copy
        store.copy_to(staged / STORE)
    finally:
        store.close()


def _copy_models(source: Path, target: Path) -> None:
    _copy_folders(source, target)
    pointer = source / "live.json"
    if pointer.is_file():
        shutil.copy(pointer, target / pointer.name)


def _copy_folders(source: Path, target: Path) -> None:
    """All that are whole; what is being written has a name with a dot before it."""
    if not source.is_dir():
        return
    target.mkdir(FOLDER_MODE)
    for path in sorted(source.iterdir()):
        if path.is_dir() and not path.name.startswith("."):
            shutil.copytree(path, target / path.name)


def _extract(file: Path, aside: Path) -> float:
    """All of the archive, each file as its hash says. → when it was made, seconds since 1970.

    Raises InputError where a file is not as its hash says, is no part of a workspace, or where the
    disk has no room for all of them.
    """
    with _opened(file) as archive:
        manifest = _manifest(file, archive)
        try:
            members = {name: archive.getinfo(name) for name in manifest["sha256"]}
        except KeyError as error:
            raise InputError(f"{file}: {error.args[0]}; {_REMEDY}") from error
        check_members(file, members, free_bytes=shutil.disk_usage(aside).free)
        for member, expected in manifest["sha256"].items():
            path = aside / member
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with archive.open(member) as source, path.open("xb") as target:
                    shutil.copyfileobj(source, target)
            except _DAMAGED as error:
                raise InputError(f"{file}: {member} cannot be read; {_REMEDY}") from error
            path.chmod(0o600 | members[member].external_attr >> 16 & FILE_MODE)
            if file_sha256(path) != expected:
                raise InputError(f"{file}: {member} is not as it was written; {_REMEDY}")
    return float(manifest["created"])


_DAMAGED = (
    KeyError,
    ValueError,
    EOFError,
    RuntimeError,  # also what is told of a compression that is not known, or of encryption
    zlib.error,
    zipfile.BadZipFile,
)
"""What reading a damaged archive ends in."""
_REMEDY = "the file is damaged: take another backup, nothing was restored"


def _check(folder: Path) -> None:
    """Make sure that what was extracted is a workspace that can be used."""
    if not (folder / SETTINGS).exists():
        (folder / SETTINGS).write_text("", encoding="utf-8")
    copied = folder / STORE
    with closing(sqlite3.connect(copied)) as copy:
        copy.execute("PRAGMA trusted_schema = OFF")
        (state,) = copy.execute("PRAGMA quick_check").fetchone()
        if state != "ok":
            raise InputError(f"the store in the backup is damaged ({state}); {_REMEDY}")
        check_schema(copy)
    check_database(folder)
    SqlStore(copied).close()  # brings the tables of an earlier version to the newest form
    check_models(folder / MODELS)


def _place_stores(aside: Path, *, force: bool) -> dict[str, dict[str, int]]:
    """Each store goes into the database that its settings name, if they name one: all or none.

    → the rows of each table by tenant, counted where they are now.
    """
    counts, copies = dict[str, dict[str, int]](), dict[str, tuple[SqlStore, Path]]()
    with ExitStack() as stores:
        for name in tenant_names(aside):
            require_own_schema(aside, name)
            folder = tenant_folder(aside, name)
            settings = load_config(folder).behaviour
            if settings.database is not None:
                store = stores.enter_context(SqlStore(store_url(settings, folder)))
                copies[name] = store, folder / STORE
            else:
                with SqlStore(folder / STORE) as store:
                    counts[name] = store.row_counts()
        filled_counts = fill_stores(list(copies.values()), replace=force)
    counts |= dict(zip(copies, filled_counts, strict=True))
    for _, path in copies.values():
        path.unlink()
    return counts


def _swap_in(aside: Path, root: Path) -> None:
    moved_aside = None
    if had_keys(root):  # also where the backup is of a time before there were any
        remember_keys(aside)
    if root.exists() and any(root.iterdir()):
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        moved_aside = root.with_name(f"{root.name}.before-{stamp}")
        os.rename(root, moved_aside)
    try:
        os.rename(aside, root)
    except OSError:
        if moved_aside is not None:
            os.rename(moved_aside, root)
        raise
    sync_to_disk(root.parent)


def _opened(file: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except FileNotFoundError:
        raise InputError(f"{file} is not there; check the name") from None
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError(f"{file} is no whole backup ({error}); nothing was restored") from error


def _manifest(file: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        if archive.getinfo(MANIFEST).file_size > MAX_MANIFEST_BYTES:
            raise ValueError("the manifest is too large")
        manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
        later = manifest["format"] > FORMAT
    except (*_DAMAGED, TypeError) as error:
        raise InputError(f"{file} is no backup of Foretaste; nothing was restored") from error
    if later:
        raise InputError(f"{file} is of a later Foretaste; install that one, then restore")
    return manifest

"""In: a store. Out: the list of who was erased from it, in files that outlive it: one in its
workspace, and one beside each of its backups, so that a restore can erase them again.

    erasures.jsonl, erasures-<list>.jsonl    {"list": …}, then {"erased": hash, "at": …} and
                                             {"api_key": id, "revoked": …, "expires": …}
    backups.json                             the folders that backups were written to
"""

import fcntl
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa

from foretaste.behaviour.engine import store_errors
from foretaste.behaviour.tombstones import ErasureList, read_list, stored_key
from foretaste.domain.files import sync_to_disk
from foretaste.errors import InputError

log = logging.getLogger(__name__)

ERASURES_FILE, BACKUPS_FILE, LOCK_FILE = "erasures.jsonl", "backups.json", ".erasures.lock"


def beside_backups(folder: Path, list_id: str) -> Path:
    """Where the list of a store is in a folder of backups, which may be of several stores."""
    return folder / f"erasures-{list_id}.jsonl"


def export_erasures(engine: sa.Engine, folder: Path) -> bool:
    """Write the list into the workspace and beside its backups. → whether it is in all of them.

    A folder of backups that is not there is passed over: the next backup into it writes the list.
    """
    with store_errors(engine.url), engine.connect() as connection:
        if stored_key(connection) is None:
            return True
    is_complete = True
    try:
        with _only_writer(folder), store_errors(engine.url), engine.connect() as connection:
            key = stored_key(connection)
            erasures = read_list(connection, str(key))
            backups = [path for path in backup_folders(folder) if path.is_dir()]
            targets = [folder / ERASURES_FILE]
            targets += [beside_backups(path, erasures.list_id) for path in backups]
            for target in targets:
                is_complete &= _write_list(target, erasures)
    except OSError as error:
        log.error("the list of erasures in %s cannot be written: %s", folder, error)
        return False
    return is_complete


def read_erasures(path: Path) -> ErasureList | None:
    """The list in a file; None where there is no file. Raises InputError for a damaged one."""
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        header, rows = lines[0], lines[1:]
        return ErasureList(
            header["list"],
            {row["erased"]: float(row["at"]) for row in rows if "erased" in row},
            {row["api_key"]: (row["revoked"], row["expires"]) for row in rows if "api_key" in row},
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} is no whole list of erasures ({error}); take another copy of it"
        ) from error


def backup_folders(folder: Path) -> list[Path]:
    """The folders that backups of a workspace were written to."""
    try:
        return [Path(name) for name in json.loads((folder / BACKUPS_FILE).read_text())["folders"]]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError):
        log.error("%s is damaged; the next backup writes it anew", folder / BACKUPS_FILE)
        return []


def remember_backups(folder: Path, *backups: Path) -> None:
    """Write down that backups of a workspace were written to these folders."""
    folders = {str(path.resolve()) for path in (*backup_folders(folder), *backups)}
    text = json.dumps({"folders": sorted(folders)}, indent=1) + "\n"
    with _only_writer(folder):
        _replace_file(folder / BACKUPS_FILE, text)


def _write_list(path: Path, erasures: ErasureList) -> bool:
    """Write a list, with what an older list of the same store says there. → whether it could be."""
    try:
        stored_erasures = read_erasures(path)
        if stored_erasures is not None and stored_erasures.list_id == erasures.list_id:
            erasures = erasures.merged(stored_erasures)
    except InputError as error:
        log.error("written anew: %s", error)
    rows: list[dict[str, object]] = [{"list": erasures.list_id}]
    rows += [{"erased": person, "at": at} for person, at in sorted(erasures.erased_at.items())]
    rows += [
        {"api_key": key_id, "revoked": revoked, "expires": expires}
        for key_id, (revoked, expires) in sorted(erasures.key_ends.items())
    ]
    try:
        _replace_file(path, "".join(json.dumps(row) + "\n" for row in rows))
    except OSError as error:
        log.error("the list of erasures %s cannot be written: %s", path, error)
        return False
    return True


def _replace_file(path: Path, text: str) -> None:
    """Put a file that only its owner reads in its place, whole and safe on the disk."""
    aside = path.with_name(f".{path.name}.{uuid4().hex}.partial")
    try:
        handle = os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        sync_to_disk(aside)
        os.replace(aside, path)
        sync_to_disk(path.parent)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    """One process writes the files of a workspace at a time: the last has read the newest."""
    with os.fdopen(os.open(folder / LOCK_FILE, os.O_CREAT | os.O_RDWR, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)

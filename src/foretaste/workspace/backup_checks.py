"""In: what somebody says is a backup. Out: nothing, or why it is not restored.

A backup may come from anywhere: it must not write outside the workspace, fill the disk, or bring
what runs by itself. Its hashes tell damage, not intent, for whoever made it wrote them too.
"""

import json
import logging
import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipInfo

from foretaste.behaviour.database_address import database_url
from foretaste.behaviour.keys import KEYS_MARKER
from foretaste.behaviour.store import STORE_FILE
from foretaste.config.load import SETTINGS_FILE, load_config
from foretaste.domain.files import file_sha256
from foretaste.errors import InputError, ModelError
from foretaste.model.artefacts import ModelRegistry
from foretaste.model.version_files import CARD_FILE

log = logging.getLogger(__name__)

MAX_MANIFEST_BYTES = 64 << 20
"""A manifest has some 100 bytes a file."""
DATABASE_VARIABLE = "FORETASTE_BEHAVIOUR__DATABASE"
FREE_SHARE = 0.95
"""Of the free disk that a backup may take when it is unpacked."""
_FOLDER = r"[A-Za-z0-9_][A-Za-z0-9_.=+-]{0,99}+/"
_STEM = r"[A-Za-z0-9_][A-Za-z0-9_.=+-]{0,99}"
_MEMBER_PATTERN = re.compile(
    rf"(tenants/[a-z0-9-]{{1,40}}/)?"
    rf"({re.escape(SETTINGS_FILE)}|{re.escape(STORE_FILE)}|{re.escape(KEYS_MARKER)}"
    rf"|models/live\.json|models/{_FOLDER}{_STEM}\.(json|safetensors)"
    rf"|models/{_FOLDER}{re.escape(CARD_FILE)}"
    rf"|encoders/(?>(?:{_FOLDER}){{1,10}}){_STEM}\.(json|jinja|md|model|safetensors|txt))"
)
"""Every file that a backup has. Nothing of it is ever run or unpickled."""


def check_members(file: Path, members: Mapping[str, ZipInfo], *, free_bytes: int) -> None:
    """Raises InputError for a file that is no part of a workspace, and where all of them together
    are larger than a disk with so many free bytes can take.
    """
    for name, info in members.items():
        if name.startswith(("/", "\\")) or ".." in name.split("/"):
            raise InputError(f"{file}: '{name[:200]}' would be outside the workspace")
        mode = info.external_attr >> 16
        is_file = stat.S_IFMT(mode) in (0, stat.S_IFREG)
        if not _MEMBER_PATTERN.fullmatch(name) or not is_file:
            raise InputError(
                f"{file}: '{name[:200]}' is no part of a workspace; nothing was restored: take a "
                "backup that 'foretaste backup' wrote"
            )
    size = sum(info.file_size for info in members.values())
    if size > FREE_SHARE * free_bytes:
        raise InputError(
            f"{file} takes {size / 1e9:,.1f} GB when it is unpacked, and the disk has "
            f"{free_bytes / 1e9:,.1f} GB; make room, or restore to another --workspace"
        )


def check_schema(store: sqlite3.Connection) -> None:
    """Raises InputError where a store has anything but tables and indexes: a trigger or a view
    would run when it is read or written.
    """
    query = "SELECT type, name, sql FROM sqlite_master"
    for entry_type, name, sql in store.execute(query):
        is_virtual = "VIRTUAL" in str(sql).upper().split("(")[0].split()
        if entry_type not in ("table", "index") or is_virtual:
            raise InputError(
                f"the store in the backup has a {entry_type} '{name[:60]}', which Foretaste makes "
                "none of; nothing was restored: take a backup that 'foretaste backup' wrote"
            )


def check_database(folder: Path) -> None:
    """Raises InputError where the settings in a backup name a SQLite file: it would be written to,
    wherever it is. A variable of the environment may name one.
    """
    database = load_config(folder, {}).behaviour.database
    if database is None or DATABASE_VARIABLE in os.environ:
        return
    if database_url(database).drivername == "sqlite":
        raise InputError(
            f"the settings in the backup name the SQLite file {database}, outside the workspace; "
            f"to have the store there, say so with {DATABASE_VARIABLE} in the environment"
        )


def check_models(folder: Path) -> None:
    """Delete the versions that are not as their manifests say, as they were when they were backed
    up. Where that is the live one, the version before it answers, as it does in a service.

    Raises InputError where there is a live version and no whole one.
    """
    for path in sorted(path for path in folder.glob("[!.]*") if path.is_dir()):
        if not _is_whole(path):
            log.error("model %s is damaged in the backup and left out", path.name)
            shutil.rmtree(path)
    models = ModelRegistry(folder)
    try:
        live_name = models.live_name()
        names = [version.name for version in models.versions()]
        if live_name is None or live_name in names:
            return
        earlier_names = [name for name in models.serving_order() if name in names]
        if not earlier_names:
            models.version(live_name)
        models.promote(earlier_names[0])
    except ModelError as error:
        raise InputError(f"the models in the backup: {error}") from error


def _is_whole(version: Path) -> bool:
    """Whether a version has the files that its manifest names, each with its hash."""
    try:
        hashes = json.loads((version / "manifest.json").read_text(encoding="utf-8"))["sha256"]
        names = {path.name for path in version.iterdir()} - {"manifest.json", CARD_FILE}
        return names == set(hashes) and all(
            file_sha256(version / name) == expected for name, expected in hashes.items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False

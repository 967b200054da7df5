"""In: a backup that is being restored. Out: the same without who was erased since it was made.

The lists are looked for where erasures write them, beside the backup and in the workspace that is
in its place, and in the stores that are to be replaced.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

from foretaste.behaviour.erasure_files import (
    ERASURES_FILE,
    backup_folders,
    beside_backups,
    read_erasures,
    remember_backups,
)
from foretaste.behaviour.opening import open_store
from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.behaviour.tombstones import ErasureList, list_id_of
from foretaste.config.load import load_config
from foretaste.errors import ForetasteError, InputError
from foretaste.workspace.tenants import tenant_folder, tenant_names

log = logging.getLogger(__name__)


def write_list_beside(folder: Path, backups: Path) -> None:
    """Have the list of a workspace's erasures beside its backups, from now on."""
    remember_backups(folder, backups)
    store = open_store(load_config(folder).behaviour, folder)
    try:
        if not store.export_erasures():
            raise InputError(
                f"the backup is written, but not the list of erasures beside it, in {backups} and "
                f"{folder} (see the log); make both writable and back up again"
            )
    finally:
        store.close()


class ErasureLists:
    """The lists of who was erased since a backup was made.

    file: the backup, which was made at `created`, seconds since 1970. root: the place it is
    restored to. extra: one more list.
    """

    def __init__(self, file: Path, root: Path, created: float, extra: Path | None = None) -> None:
        self._file, self._root, self._created = file, root, created
        self._extra = None if extra is None else read_erasures(extra)
        if extra is not None and self._extra is None:
            raise InputError(f"{extra} is not there; check the name of the list of erasures")

    def apply_to(self, aside: Path) -> int:
        """Erase again in each store that was extracted to a folder. → how many people it knew of.
        Raises InputError where a backup is of a store that keeps a list, and none is there.
        """
        has_extra_list, erased_count = False, 0
        for name in tenant_names(aside):
            folder = tenant_folder(aside, name)
            with SqlStore(folder / STORE_FILE) as store:
                key, is_known = store.erasure_key(), False
                for stored_key, erasures in self._lists_in_stores(name, folder):
                    if key in (None, stored_key):  # None: of a time before there were lists
                        erased_count += store.apply_erasures(erasures, stored_key, self._created)
                        key, is_known = stored_key, True
                lists = [] if key is None else list(self._lists_in_files(name, list_id_of(key)))
                has_extra_list |= self._extra is not None and self._extra in lists
                if key is not None and not (lists or is_known):
                    raise InputError(self._missing_list(name, list_id_of(key)))
                for erasures in lists:
                    erased_count += store.apply_erasures(erasures, str(key), self._created)
                store.rewrite_pages(max_bytes=None)  # nobody waits to write
            known_backups = backup_folders(tenant_folder(self._root, name))
            remember_backups(folder, self._file.parent, *known_backups)
        if self._extra is not None and not has_extra_list:
            raise InputError(
                "the list named with --erasures is of another workspace than the backup; its name "
                "tells which: erasures-<the same as beside your backups>.jsonl"
            )
        return erased_count

    def _lists_in_files(self, name: str, list_id: str) -> Iterator[ErasureList]:
        paths = (
            beside_backups(self._file.parent, list_id),
            tenant_folder(self._root, name) / ERASURES_FILE,
        )
        for erasures in (self._extra, *map(read_erasures, paths)):
            if erasures is not None and erasures.list_id == list_id:
                yield erasures

    def _lists_in_stores(self, name: str, folder: Path) -> Iterator[tuple[str, ErasureList]]:
        """(key, list) of the stores that the restored one will replace."""
        for workspace in (tenant_folder(self._root, name), folder):
            try:
                settings = load_config(workspace).behaviour
                if settings.database is None and (
                    workspace == folder or not (workspace / STORE_FILE).exists()
                ):
                    continue
                with open_store(settings, workspace) as store:
                    key = store.erasure_key()
                    if key is not None:
                        yield key, store.erasure_list()
            except ForetasteError as error:  # damaged, which is why a backup is restored
                log.warning("no list of erasures in the store of %s: %s", workspace, error)

    def _missing_list(self, name: str, list_id: str) -> str:
        file_name = beside_backups(Path(), list_id).name
        return (
            f"{file_name} is neither beside {self._file} nor, as {ERASURES_FILE}, in "
            f"{tenant_folder(self._root, name)}: it lists who was erased from workspace '{name}' "
            "since the backup was made. Copy it beside the backup, or name it with --erasures; or "
            "add --without-erasures to bring back whoever was erased and API keys that were revoked"
        )

"""Model versions on disk: a product in, a folder out, and back.

    models/<version>/manifest.json     what it is, of which data and settings, hashes
                     catalogue.json    item ids in the model's order
                     <expert>.json     facts
                     <expert>.safetensors
    models/live.json                   which version answers, and which did before
    models/.loaded/<version>/          what it is loaded with, made at its first load
    models/.changing.lock              held by whoever changes which versions there are

A version is written aside and renamed when whole, so a folder that is there is complete. Promotion
and roll back replace `live.json` in one step, one process at a time. Nothing is ever unpickled.
"""

import json
import logging
import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from foretaste.domain.data import Catalogue
from foretaste.domain.derived_files import remove_derived
from foretaste.domain.files import FOLDER_MODE, file_sha256, sync_to_disk
from foretaste.domain.memory import trim_memory
from foretaste.domain.ports import BackboneOpener, StateArrays, StateMetadata
from foretaste.errors import ModelError, VersionError, did_you_mean
from foretaste.model.canary import CanaryVersions
from foretaste.model.file_lock import file_lock
from foretaste.model.product import ProductOfExperts
from foretaste.model.version import ModelVersion as ModelVersion
from foretaste.model.version import ModelVersions
from foretaste.model.version_files import (
    link_or_copy,
    read_expert_files,
    sync_folder,
    version_name,
    write_expert_files,
    write_json,
)

log = logging.getLogger(__name__)

FORMAT_VERSION = 1
PARTIAL_SUFFIX = ".partial"
"""Ends the name of a folder or file that is being written or deleted."""
VERSIONS_LOCK_FILE, SUCCESSORS_LOCK_FILE = ".changing.lock", ".settling.lock"
"""Files locked by whoever changes which versions there are, and by whoever makes successors."""
STALE_PARTIAL_SECONDS = 86_400.0
"""Seconds after which a folder that is still partial was left by a crash."""
DERIVED_FOLDER = ".loaded"
REPLACED_NAMES_KEY = "was"
"""Under this name a version's data say in whose place it is, see `ModelRegistry.replace`."""
NO_VERSIONS_HINT = "there are none; run 'foretaste train'"
REPAIR_HINT = "roll back with 'foretaste models rollback' or train again"


class ModelRegistry(CanaryVersions):
    """The folder of versions."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._versions_lock = partial(file_lock, folder / VERSIONS_LOCK_FILE)
        self.successors_lock = partial(file_lock, folder / SUCCESSORS_LOCK_FILE)
        """A lock for whoever makes successors of versions, which may take long: one at a time."""
        self._cached_pointer: tuple[tuple[int, int, int], dict[str, Any]] | None = None

    def save(
        self,
        product: ProductOfExperts,
        item_ids: Sequence[str],
        *,
        created: float,
        data: Mapping[str, Any],
        settings: Mapping[str, Any],
        metrics: Mapping[str, Any],
    ) -> str:
        """Write a version. → its name. It is not live until promoted."""
        with self._versions_lock():
            self._delete_leftovers(created)
        temporary_path = self._temporary_path()
        temporary_path.mkdir(FOLDER_MODE, parents=True)
        try:
            manifest = write_expert_files(temporary_path, product, item_ids)
            manifest |= {"format": FORMAT_VERSION, "created": created}
            manifest |= {"data": data, "settings": settings, "metrics": metrics}
            write_json(temporary_path / "manifest.json", manifest)
            sync_folder(temporary_path)
            name = version_name(manifest)
            with self._versions_lock():
                if not (self._folder / name).exists():  # else it is the very same, byte for byte
                    os.replace(temporary_path, self._folder / name)
        finally:
            shutil.rmtree(temporary_path, ignore_errors=True)
        return name

    def amend(
        self, name: str, metrics: Mapping[str, Any], data: Mapping[str, Any] | None = None
    ) -> str:
        """Add to the metrics and the data of a version. → its new name, as the name has the
        manifest's digest.

        One step: the version under its new name is made aside and takes the place of the old one,
        also where that is live. Its files are not copied, where the disk can link them.
        """
        temporary_path = self._temporary_path()
        with self._versions_lock():
            name = self.current_name(name)
            manifest = self._read_manifest(name)
            manifest["metrics"] = {**manifest["metrics"], **metrics}
            manifest["data"] = {
                **manifest["data"],
                **(data or {}),
                REPLACED_NAMES_KEY: [*manifest["data"].get(REPLACED_NAMES_KEY, ()), name],
            }
            temporary_path.mkdir(FOLDER_MODE)
            try:
                for file in manifest["sha256"]:
                    link_or_copy(self._folder / name / file, temporary_path / file)
                write_json(temporary_path / "manifest.json", manifest)
                sync_folder(temporary_path)
                new_name = version_name(manifest)
                os.replace(temporary_path, self._folder / new_name)
                with suppress(OSError):  # the files are the same, so what was made of them is
                    os.replace(self.derived_folder(name), self.derived_folder(new_name))
            finally:
                shutil.rmtree(temporary_path, ignore_errors=True)
            return self._replace(name, new_name)

    def load(
        self, name: str, catalogue: Catalogue, open_reader: BackboneOpener | None = None
    ) -> ProductOfExperts:
        """The product of a version; `catalogue` begins with its items, in the order of `item_ids`.

        Raises ModelError where a file is missing, changed or of a later format.
        """
        manifest = self._read_manifest(name)
        for file in manifest["sha256"]:
            self._verify_file(name, file, manifest)
        states: dict[str, tuple[StateArrays, StateMetadata]] = {}
        for expert in manifest["product"]["experts"]:
            try:
                states[expert] = read_expert_files(self._folder / name, expert)
            except (SafetensorError, OSError) as error:
                raise ModelError(f"model {name}: {expert}: {error}; {REPAIR_HINT}") from error
        product = ProductOfExperts.from_state(states, manifest["product"], catalogue, open_reader)
        del states
        trim_memory()
        return product

    def item_ids(self, name: str) -> tuple[str, ...]:
        """The item ids of a version in its own order."""
        self._verify_file(name, "catalogue.json", self._read_manifest(name))
        path = self._folder / name / "catalogue.json"
        return tuple(json.loads(path.read_text(encoding="utf-8")))

    def version(self, name: str) -> ModelVersion:
        """What the manifest of one version says."""
        try:
            live_name = self.live_name()
        except ModelError:  # then none is marked, and this one can be read all the same
            live_name = None
        return self._read_version(name, live_name)

    def versions(self) -> ModelVersions:
        """All whose manifest is whole, oldest first; one that is not keeps none of them back."""
        return ModelVersions(self._readable_versions(self.live_name()))

    def _read_version(self, name: str, live_name: str | None) -> ModelVersion:
        manifest = self._read_manifest(name)
        return ModelVersion(
            name=name,
            created=manifest["created"],
            data=manifest["data"],
            settings=manifest["settings"],
            metrics=manifest["metrics"],
            is_live=name == live_name,
        )

    def _readable_versions(self, live_name: str | None = None) -> list[ModelVersion]:
        versions = []
        for path in self._folder.glob("[!.]*/manifest.json"):
            try:
                versions.append(self._read_version(path.parent.name, live_name))
            except ModelError as error:
                log.warning("%s", error)
        return sorted(versions, key=lambda version: (version.created, version.name))

    def live_name(self) -> str | None:
        """The version that answers."""
        live_name: str | None = self._read_pointer()["live"]
        return live_name

    def serving_order(self) -> list[str]:
        """Which versions may answer, the best first: the live one, then those that were live before
        it, the last first. Where nothing tells that any more, all there are, the newest first.
        """
        try:
            pointer = self._read_pointer()
        except ModelError:
            return [version.name for version in reversed(self._readable_versions())]
        previous_names = [
            name for name in reversed(pointer["before"]) if (self._folder / name).exists()
        ]
        return list(dict.fromkeys([pointer["live"], *previous_names])) if pointer["live"] else []

    def promote(self, name: str) -> None:
        """Make a version live, in one step."""
        with self._versions_lock():
            name = self.current_name(name)
            names = [version.name for version in self.versions()]
            if name not in names:
                if name and (self._folder / name).is_dir():
                    self._read_manifest(name)  # says what is wrong with it
                hint = did_you_mean(name, names) if names else NO_VERSIONS_HINT
                raise VersionError(f"no model version '{name}'; {hint}")
            pointer = self._read_pointer()
            live_name, previous_names = pointer["live"], pointer["before"]
            if live_name != name:
                self._write_pointer(
                    name, [*previous_names, live_name] if live_name else previous_names
                )
            self.end_canary(name)

    def rollback(self) -> str:
        """Make the version before live again. → its name."""
        with self._versions_lock():
            previous_names = [
                name for name in self._read_pointer()["before"] if (self._folder / name).exists()
            ]
            if not previous_names:
                raise VersionError("there is no earlier model version to roll back to")
            self._write_pointer(previous_names[-1], previous_names[:-1])
        return str(previous_names[-1])

    def current_name(self, name: str) -> str:
        """The name of a version that may have been replaced."""
        if (self._folder / name).is_dir():
            return name
        return (self._successors(name) or [name])[-1]

    def _successors(self, name: str) -> list[str]:
        """The versions that say that they are in the place of this one."""
        versions = self._readable_versions()
        return [
            version.name for version in versions if name in version.data.get(REPLACED_NAMES_KEY, ())
        ]

    def replace(self, old_name: str, new_name: str) -> str:
        """Put one version in the place of another, also where that is live, and delete that.

        The new one says in its data, under `REPLACED_NAMES_KEY`, in whose place it is: so who knows
        it by its old name still finds it. → the version that is in the place now: `new_name`, or
        the one that another process has put there meanwhile. Then that stays and `new_name` is
        deleted.
        """
        with self._versions_lock():
            return self._replace(old_name, new_name)

    def _replace(self, old_name: str, new_name: str) -> str:
        if not (self._folder / old_name).is_dir():  # another process was faster
            other_successors = [name for name in self._successors(old_name) if name != new_name]
            if other_successors:
                self._delete(new_name)
            return (other_successors or [new_name])[-1]
        pointer = self._read_pointer()
        previous_names = [new_name if name == old_name else name for name in pointer["before"]]
        live_name = new_name if pointer["live"] == old_name else pointer["live"]
        if live_name is not None and (live_name, previous_names) != (
            pointer["live"],
            pointer["before"],
        ):
            self._write_pointer(live_name, previous_names)
        if new_name != old_name:
            self._delete(old_name)
        return new_name

    def prune(self, keep_count: int) -> None:
        """Delete the oldest versions beyond `keep_count`, never the live one or that before it."""
        with self._versions_lock():
            protected_names = self.serving_order()[:2]
            kept_names = {*protected_names, self.tried_version}
            prunable_names = [
                version.name for version in self.versions() if version.name not in kept_names
            ]
            keep_count = max(keep_count - len(protected_names[1:]), 0)
            for name in prunable_names[: max(len(prunable_names) - keep_count, 0)]:
                self._delete(name)

    def delete_older(self, at: float) -> None:
        """Delete every version that was trained up to a time, but for the live one."""
        with self._versions_lock():
            live_name = self.live_name()
            older_names = [
                version.name
                for version in self._readable_versions()
                if version.created <= at and version.name != live_name
            ]
            if live_name is not None:
                previous_names = self._read_pointer()["before"]
                kept_names = [name for name in previous_names if name not in older_names]
                self._write_pointer(live_name, kept_names)
            for name in older_names:
                self._delete(name)

    def follow(self) -> None:
        """Do what hosts that share models have agreed on; see `shared_registry`. Here is one."""

    def host_problems(self) -> list[str]:
        """What hosts that share models cannot do, a sentence each."""
        return []

    def host_counts(self) -> dict[str, int]:
        """How many such hosts have what is live, have not, or cannot load it."""
        return {}

    def _temporary_path(self) -> Path:
        """Where something is written or deleted; nobody else has the name."""
        return self._folder / f".{uuid.uuid4().hex}{PARTIAL_SUFFIX}"

    def derived_folder(self, name: str) -> Path:
        """Where what a version is loaded with may be kept; see `domain.derived_files`."""
        return self._folder / DERIVED_FOLDER / name

    def _delete(self, name: str) -> None:
        remove_derived(self.derived_folder(name))
        temporary_path = self._temporary_path()
        with suppress(FileNotFoundError):  # deleted already
            os.replace(
                self._folder / name, temporary_path
            )  # one step: a folder that is there is whole
        shutil.rmtree(temporary_path, ignore_errors=True)  # what is left is swept later

    def _delete_leftovers(self, now: float) -> None:
        """Delete what a kill left half written, once nobody can be writing it any more."""
        for leftover in self._folder.glob(f".*{PARTIAL_SUFFIX}"):
            if leftover.stat().st_mtime < now - STALE_PARTIAL_SECONDS:
                leftover.unlink() if leftover.is_file() else shutil.rmtree(
                    leftover, ignore_errors=True
                )

    def _verify_file(self, name: str, file: str, manifest: Mapping[str, Any]) -> None:
        """Raises ModelError unless a file of a version is there as it was written."""
        expected = manifest["sha256"][file]
        try:
            problem = None if file_sha256(self._folder / name / file) == expected else "damaged"
        except FileNotFoundError:  # also where it is deleted this very moment
            problem = "missing"
        if problem is not None:
            raise ModelError(f"model {name}: {file} is {problem}; {REPAIR_HINT}")

    def _read_manifest(self, name: str) -> dict[str, Any]:
        path = self._folder / name / "manifest.json"
        try:
            manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            is_newer_format = manifest["format"] > FORMAT_VERSION
            is_intact = is_newer_format or version_name(manifest) == name
        except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise ModelError(
                f"model {name}: manifest.json cannot be read; {REPAIR_HINT}"
            ) from error
        if is_newer_format:
            raise ModelError(f"model {name} is of a later Foretaste; upgrade, or {REPAIR_HINT}")
        if not is_intact:
            raise ModelError(f"model {name}: manifest.json is damaged; {REPAIR_HINT}")
        return manifest

    def _read_pointer(self) -> dict[str, Any]:
        """Every request asks: the file is read again only when it is another."""
        path = self._folder / "live.json"
        try:
            file_status = path.stat()
            file_identity = (file_status.st_ino, file_status.st_mtime_ns, file_status.st_size)
            if self._cached_pointer is None or self._cached_pointer[0] != file_identity:
                pointer = json.loads(path.read_text(encoding="utf-8"))
                self._cached_pointer = (
                    file_identity,
                    {"live": pointer["live"], "before": list(pointer["before"])},
                )
            return self._cached_pointer[1]
        except FileNotFoundError:
            return {"live": None, "before": []}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{path} cannot be read; delete it, then choose a version "
                "with 'foretaste models promote'"
            ) from error

    def _write_pointer(self, live_name: str, previous_names: list[str]) -> None:
        temporary_path = self._temporary_path()
        write_json(temporary_path, {"live": live_name, "before": previous_names})
        sync_to_disk(temporary_path)
        os.replace(temporary_path, self._folder / "live.json")

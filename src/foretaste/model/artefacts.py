"""Model versions on disk: a product in, a folder out, and back.

    models/<version>/manifest.json     what it is, of which data and settings, hashes
                     catalogue.json    item ids in the model's order
                     <expert>.json     facts
                     <expert>.safetensors
    models/live.json                   which version answers, and which did before
    models/.changing.lock              held by whoever changes which versions there are

A version is written aside and renamed when whole, so a folder that is there is complete. Promotion
and roll back replace `live.json` in one step, one process at a time. Nothing is ever unpickled.
"""

import ctypes
import hashlib
import json
import logging
import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from foretaste.domain.data import Catalogue
from foretaste.domain.files import file_sha256, flush
from foretaste.domain.ports import Arrays, Facts, OpenReader
from foretaste.errors import ModelError, did_you_mean
from foretaste.model.locking import locked
from foretaste.model.product import Product

log = logging.getLogger(__name__)

FORMAT = 1
PARTIAL = ".partial"
"""Ends the name of a folder or file that is being written or deleted."""
CHANGING, SETTLING = ".changing.lock", ".settling.lock"
"""Files locked by whoever changes which versions there are, and by whoever makes successors."""
STALE = 86_400.0
"""Seconds after which a folder that is still partial was left by a crash."""
WAS = "was"
"""Under this name a version's data say in whose place it is, see `Models.replace`."""
UNTRAINED = "there are none; run 'foretaste train'"
REMEDY = "roll back with 'foretaste models rollback' or train again"


@dataclass(frozen=True)
class Version:
    """One version as its manifest tells it."""

    name: str
    created: float
    data: Mapping[str, Any]
    """The snapshot it was trained on: last event, last item revision, counts."""
    settings: Mapping[str, Any]
    metrics: Mapping[str, Any]
    live: bool = False


class Models:
    """The folder of versions."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changing = partial(locked, folder / CHANGING)
        self.settling = partial(locked, folder / SETTLING)
        """A lock for whoever makes successors of versions, which may take long: one at a time."""
        self._pointed: tuple[tuple[int, int, int], dict[str, Any]] | None = None

    def save(
        self,
        product: Product,
        ids: Sequence[str],
        *,
        created: float,
        data: Mapping[str, Any],
        settings: Mapping[str, Any],
        metrics: Mapping[str, Any],
    ) -> str:
        """Write a version. → its name. It is not live until promoted."""
        with self._changing():
            self._sweep(created)
        aside = self._aside()
        aside.mkdir(parents=True)
        try:
            manifest = _written(aside, product, ids)
            manifest |= {"format": FORMAT, "created": created}
            manifest |= {"data": data, "settings": settings, "metrics": metrics}
            _write_json(aside / "manifest.json", manifest)
            _sync(aside)
            name = _name(manifest)
            with self._changing():
                if not (self._folder / name).exists():  # else it is the very same, byte for byte
                    os.replace(aside, self._folder / name)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return name

    def amend(self, name: str, metrics: Mapping[str, Any]) -> str:
        """Add to the metrics of a version. → its new name, as the name has the manifest's digest.

        One step: the version under its new name is made aside and takes the place of the old one,
        also where that is live. Its files are not copied, where the disk can link them.
        """
        aside = self._aside()
        with self._changing():
            name = self.now(name)
            manifest = self._manifest(name)
            manifest["metrics"] = {**manifest["metrics"], **metrics}
            manifest["data"] = {**manifest["data"], WAS: [*manifest["data"].get(WAS, ()), name]}
            aside.mkdir()
            try:
                for file in manifest["sha256"]:
                    _link(self._folder / name / file, aside / file)
                _write_json(aside / "manifest.json", manifest)
                _sync(aside)
                new_name = _name(manifest)
                os.replace(aside, self._folder / new_name)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
            return self._replace(name, new_name)

    def load(self, name: str, catalogue: Catalogue, readers: OpenReader | None = None) -> Product:
        """The product of a version; `catalogue` begins with the items of `ids(name)`, in order.

        Raises ModelError where a file is missing, changed or of a later format.
        """
        folder = self._folder / name
        manifest = self._manifest(name)
        for file in manifest["sha256"]:
            self._whole(name, file)
        states: dict[str, tuple[Arrays, Facts]] = {}
        for expert in manifest["product"]["experts"]:
            try:
                arrays = load_file(folder / f"{_file(expert)}.safetensors")
                own = json.loads((folder / f"{_file(expert)}.json").read_text(encoding="utf-8"))
            except (SafetensorError, OSError) as error:
                raise ModelError(f"model {name}: {expert}: {error}; {REMEDY}") from error
            states[expert] = arrays, own
        product = Product.restored(states, manifest["product"], catalogue, readers)
        del states
        _give_back()
        return product

    def ids(self, name: str) -> tuple[str, ...]:
        """The item ids of a version in its own order."""
        return tuple(json.loads(self._whole(name, "catalogue.json").read_text(encoding="utf-8")))

    def version(self, name: str) -> Version:
        """What the manifest of one version says."""
        try:
            live = self.live()
        except ModelError:  # then none is marked, and this one can be read all the same
            live = None
        return self._told(name, live)

    def versions(self) -> list[Version]:
        """All whose manifest is whole, oldest first; one that is not keeps none of them back."""
        return self._whole_manifests(self.live())

    def _told(self, name: str, live: str | None) -> Version:
        manifest = self._manifest(name)
        return Version(
            name=name,
            created=manifest["created"],
            data=manifest["data"],
            settings=manifest["settings"],
            metrics=manifest["metrics"],
            live=name == live,
        )

    def _whole_manifests(self, live: str | None = None) -> list[Version]:
        found = []
        for path in self._folder.glob("[!.]*/manifest.json"):
            try:
                found.append(self._told(path.parent.name, live))
            except ModelError as error:
                log.warning("%s", error)
        return sorted(found, key=lambda version: (version.created, version.name))

    def live(self) -> str | None:
        """The version that answers."""
        live: str | None = self._pointer()["live"]
        return live

    def order(self) -> list[str]:
        """Which versions may answer, the best first: the live one, then those that were live before
        it, the last first. Where nothing tells that any more, all there are, the newest first.
        """
        try:
            pointer = self._pointer()
        except ModelError:
            return [version.name for version in reversed(self._whole_manifests())]
        before = [name for name in reversed(pointer["before"]) if (self._folder / name).exists()]
        return list(dict.fromkeys([pointer["live"], *before])) if pointer["live"] else []

    def promote(self, name: str) -> None:
        """Make a version live, in one step."""
        with self._changing():
            name = self.now(name)
            names = [version.name for version in self.versions()]
            if name not in names:
                if name and (self._folder / name).is_dir():
                    self._manifest(name)  # says what is wrong with it
                hint = did_you_mean(name, names) if names else UNTRAINED
                raise ModelError(f"no model version '{name}'; {hint}")
            pointer = self._pointer()
            live, past = pointer["live"], pointer["before"]
            if live != name:
                self._point(name, [*past, live] if live else past)

    def rollback(self) -> str:
        """Make the version before live again. → its name."""
        with self._changing():
            past = [name for name in self._pointer()["before"] if (self._folder / name).exists()]
            if not past:
                raise ModelError("there is no earlier model version to roll back to")
            self._point(past[-1], past[:-1])
        return str(past[-1])

    def now(self, name: str) -> str:
        """The name of a version that may have been replaced."""
        if (self._folder / name).is_dir():
            return name
        return (self._successors(name) or [name])[-1]

    def _successors(self, name: str) -> list[str]:
        """The versions that say that they are in the place of this one."""
        versions = self._whole_manifests()
        return [version.name for version in versions if name in version.data.get(WAS, ())]

    def replace(self, before: str, after: str) -> str:
        """Put one version in the place of another, also where that is live, and delete that.

        `after` says in its data, under `WAS`, in whose place it is: so who knows it by its old name
        still finds it. → the version that is in the place now: `after`, or the one that another
        process has put there meanwhile. Then that stays and `after` is deleted.
        """
        with self._changing():
            return self._replace(before, after)

    def _replace(self, before: str, after: str) -> str:
        if not (self._folder / before).is_dir():  # another process was faster
            others = [name for name in self._successors(before) if name != after]
            if others:
                self._delete(after)
            return (others or [after])[-1]
        pointer = self._pointer()
        past = [after if name == before else name for name in pointer["before"]]
        live = after if pointer["live"] == before else pointer["live"]
        if live is not None and (live, past) != (pointer["live"], pointer["before"]):
            self._point(live, past)
        if after != before:
            self._delete(before)
        return after

    def prune(self, keep: int) -> None:
        """Delete the oldest versions beyond `keep`, never the live one or that before it."""
        with self._changing():
            held = self.order()[:2]
            others = [one.name for one in self.versions() if one.name not in held]
            keep = max(keep - len(held[1:]), 0)
            for name in others[: max(len(others) - keep, 0)]:
                self._delete(name)

    def _aside(self) -> Path:
        """Where something is written or deleted; nobody else has the name."""
        return self._folder / f".{uuid.uuid4().hex}{PARTIAL}"

    def _delete(self, name: str) -> None:
        aside = self._aside()
        with suppress(FileNotFoundError):  # deleted already
            os.replace(self._folder / name, aside)  # one step: a folder that is there is whole
        shutil.rmtree(aside, ignore_errors=True)  # what is left is swept later

    def _sweep(self, now: float) -> None:
        """Delete what a kill left half written, once nobody can be writing it any more."""
        for left in self._folder.glob(f".*{PARTIAL}"):
            if left.stat().st_mtime < now - STALE:
                left.unlink() if left.is_file() else shutil.rmtree(left, ignore_errors=True)

    def _whole(self, name: str, file: str) -> Path:
        """A file of a version. Raises ModelError unless it is there as it was written."""
        path = self._folder / name / file
        expected = self._manifest(name)["sha256"][file]
        try:
            state = None if file_sha256(path) == expected else "damaged"
        except FileNotFoundError:  # also where it is deleted this very moment
            state = "missing"
        if state is not None:
            raise ModelError(f"model {name}: {file} is {state}; {REMEDY}")
        return path

    def _manifest(self, name: str) -> dict[str, Any]:
        path = self._folder / name / "manifest.json"
        try:
            manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            later = manifest["format"] > FORMAT
            whole = later or _name(manifest) == name
        except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise ModelError(f"model {name}: manifest.json cannot be read; {REMEDY}") from error
        if later:
            raise ModelError(f"model {name} is of a later Foretaste; upgrade, or {REMEDY}")
        if not whole:
            raise ModelError(f"model {name}: manifest.json is damaged; {REMEDY}")
        return manifest

    def _pointer(self) -> dict[str, Any]:
        """Every request asks: the file is read again only when it is another."""
        path = self._folder / "live.json"
        try:
            told = path.stat()
            mark = (told.st_ino, told.st_mtime_ns, told.st_size)
            if self._pointed is None or self._pointed[0] != mark:
                pointer = json.loads(path.read_text(encoding="utf-8"))
                self._pointed = mark, {"live": pointer["live"], "before": list(pointer["before"])}
            return self._pointed[1]
        except FileNotFoundError:
            return {"live": None, "before": []}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{path} cannot be read; delete it, then choose a version "
                "with 'foretaste models promote'"
            ) from error

    def _point(self, live: str, before: list[str]) -> None:
        aside = self._aside()
        _write_json(aside, {"live": live, "before": before})
        flush(aside)
        os.replace(aside, self._folder / "live.json")


def _written(folder: Path, product: Product, ids: Sequence[str]) -> dict[str, Any]:
    """The files of a version but its manifest. → what that says of them."""
    states, facts = product.state()
    _write_json(folder / "catalogue.json", list(ids))
    for expert, (arrays, own) in states.items():
        _write_json(folder / f"{_file(expert)}.json", own)
        whole = {key: np.ascontiguousarray(value) for key, value in arrays.items()}
        save_file(whole, folder / f"{_file(expert)}.safetensors")
    return {
        "product": {**facts, "experts": list(states)},
        "sha256": {path.name: file_sha256(path) for path in sorted(folder.iterdir())},
    }


def _name(manifest: Mapping[str, Any]) -> str:
    """When it was made, and a digest of the manifest, which holds those of all other files."""
    stamp = np.datetime64(int(manifest["created"]), "s").item().strftime("%Y%m%d-%H%M%S")
    plain = json.loads(json.dumps(manifest))  # as it is when read back
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
    return f"{stamp}-{digest[:6]}"


def _give_back() -> None:
    """Memory that loading needed in passing goes back to the system; glibc keeps it unasked."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)


def _file(expert: str) -> str:
    """A file name for any column name."""
    kind, _, column = expert.partition(":")
    return kind if not column else f"{kind}-{hashlib.sha256(column.encode()).hexdigest()[:8]}"


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False), encoding="utf-8")


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # not every file system has links
        shutil.copyfile(source, target)


def _sync(folder: Path) -> None:
    """Through to the disk before the rename makes it count."""
    for path in [*folder.iterdir(), folder]:
        flush(path)

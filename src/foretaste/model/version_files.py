"""The files of one model version: a product in, a folder out, and the experts' states back.

Which versions there are, and which answers, is in `artefacts`.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from foretaste.domain.files import file_sha256, sync_to_disk
from foretaste.domain.mapped_arrays import is_mappable, mapped_arrays
from foretaste.domain.ports import StateArrays, StateMetadata
from foretaste.domain.switching import give_way
from foretaste.model.product import ProductOfExperts

MIN_MAPPED_BYTES = 1 << 24
"""Of a file from which on it is read where it lies."""
CARD_FILE = "model-card.md"
"""What there is to be known of a version, beside its files; its manifest does not name it."""


def write_expert_files(
    folder: Path, product: ProductOfExperts, item_ids: Sequence[str]
) -> dict[str, Any]:
    """The files of a version but its manifest. → what that says of them."""
    states, metadata = product.state()
    write_json(folder / "catalogue.json", list(item_ids))
    for expert, (arrays, expert_metadata) in states.items():
        give_way()
        write_json(folder / f"{_expert_file_stem(expert)}.json", expert_metadata)
        contiguous_arrays = {key: np.ascontiguousarray(value) for key, value in arrays.items()}
        save_file(contiguous_arrays, folder / f"{_expert_file_stem(expert)}.safetensors")
    return {
        "product": {**metadata, "experts": list(states)},
        "sha256": {path.name: file_sha256(path) for path in sorted(folder.iterdir())},
    }


def read_expert_files(folder: Path, expert: str) -> tuple[StateArrays, StateMetadata]:
    """What was written of one expert. Raises SafetensorError or OSError."""
    stem = _expert_file_stem(expert)
    metadata = json.loads((folder / f"{stem}.json").read_text(encoding="utf-8"))
    path = folder / f"{stem}.safetensors"
    is_mapped = path.stat().st_size >= MIN_MAPPED_BYTES and is_mappable(folder)
    return mapped_arrays(path, is_writable=True) if is_mapped else load_file(path), metadata


def version_name(manifest: Mapping[str, Any]) -> str:
    """When it was made, and a digest of the manifest, which holds those of all other files."""
    stamp = np.datetime64(int(manifest["created"]), "s").item().strftime("%Y%m%d-%H%M%S")
    json_manifest = json.loads(json.dumps(manifest))  # as it is when read back
    digest = hashlib.sha256(json.dumps(json_manifest, sort_keys=True).encode()).hexdigest()
    return f"{stamp}-{digest[:6]}"


def _expert_file_stem(expert: str) -> str:
    """A file name for any column name."""
    base_name, _, column = expert.partition(":")
    return (
        base_name
        if not column
        else f"{base_name}-{hashlib.sha256(column.encode()).hexdigest()[:8]}"
    )


def write_json(path: Path, value: Any) -> None:
    """Write so that people can read it too."""
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False), encoding="utf-8")


def link_or_copy(source: Path, target: Path) -> None:
    """The same file under another name, without a second copy where the disk can do that."""
    try:
        os.link(source, target)
    except OSError:  # not every file system has links
        shutil.copyfile(source, target)


def sync_folder(folder: Path) -> None:
    """All files of a folder through to the disk, before the rename makes it count."""
    for path in [*folder.iterdir(), folder]:
        sync_to_disk(path)

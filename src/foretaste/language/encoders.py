"""The encoders of a workspace. In: settings, and pairs to tune on; out: the published encoder, and
those tuned from it by name.

    encoders/<name>/manifest.json       what was tuned, from which weights, on what, hashes
                    map.safetensors     "linear": the matrix behind the encoder
                    config.json, …      "lora", "whole": a folder as Transformers has it

The name is a digest of all that goes in: the same pairs, weights and settings are tuned once. A
folder is written aside and renamed when whole. A model version names the encoder it was trained
with and is always served with that one.
"""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from foretaste.domain.cluster import Cluster
from foretaste.domain.data import Floats
from foretaste.domain.files import FOLDER_MODE, file_sha256, sync_to_disk
from foretaste.domain.ports import BackboneOpener, Progress, TextEncoder, TextPairs, no_progress
from foretaste.errors import ModelError, WeightsError
from foretaste.language.cache import CachedEncoder
from foretaste.language.open import open_backbones, open_encoder
from foretaste.language.reading_check import is_whole_word
from foretaste.language.settings import LanguageSettings
from foretaste.language.weights import resolve_weights

FORMAT = 1
MATRIX_FILE = "map.safetensors"
DEFAULT_PAIRS = {"linear": 100_000, "lora": 10_000, "whole": 10_000}
UNUSED_KEEP_SECONDS = 86_400.0
"""Seconds for which an encoder is kept that no model version names: its training may go on."""
REMEDY = "train again with 'foretaste train', or roll back with 'foretaste models rollback'"


class Encoders:
    """What reads, as it was published and as it was tuned."""

    def __init__(
        self, settings: LanguageSettings, folder: Path, cluster: Cluster | None = None
    ) -> None:
        """cluster: reads what is long, and tunes while it is engaged."""
        self._settings, self._folder = settings, folder / "encoders"
        self._cache, self._cluster = folder / "cache", cluster
        self._open_encoders: dict[str | None, TextEncoder] = {}

    @property
    def pair_count(self) -> int:
        """How many pairs are wanted; 0 where tuning is off."""
        tuning = self._settings.tuning
        return 0 if tuning.method == "off" else tuning.max_pairs or DEFAULT_PAIRS[tuning.method]

    def open(self, name: str | None) -> TextEncoder:
        """The tuned encoder of a name; None is the published one.

        Raises:
            WeightsError: there are no weights of the published one.
            ModelError: it is not there, is damaged, or was tuned from other weights.

        """
        if name not in self._open_encoders:
            self._open_encoders[name] = self._open(name)
        return self._open_encoders[name]

    def knows_word(self, word: str) -> bool:
        """Whether it is a word of the language of the published encoder; False while that is not
        open: nobody waits for weights to have a word corrected.
        """
        encoder = self._open_encoders.get(None)
        return encoder is not None and is_whole_word(encoder, word)

    def forget(self, texts: Sequence[str], names: Iterable[str | None]) -> int:
        """Take what is kept of these texts out of the cache. → how many vectors.

        names: of the encoders that may have read them. Raises what `open` does.
        """
        return sum(
            encoder.forget(texts)
            for encoder in map(self.open, names)
            if isinstance(encoder, CachedEncoder)
        )

    def rewrite_cache(self) -> bool:
        """Write the file of vectors anew, without what its pages still have of those that were
        deleted. → False while it is busy. Raises what `open` does.
        """
        encoder = self.open(None)
        return not isinstance(encoder, CachedEncoder) or encoder.rewrite_file()

    def close(self) -> None:
        """Let go of the files of vectors; what still reads goes on without them."""
        for encoder in self._open_encoders.values():
            if isinstance(encoder, CachedEncoder):
                encoder.close()

    def _open(self, name: str | None) -> TextEncoder:
        if name is None:
            return open_encoder(self._settings, self._cache, self._cluster)
        manifest = self._manifest(name)
        if manifest["what"] != "linear":
            try:
                return open_encoder(self._settings_for(name, manifest), self._cache, self._cluster)
            except WeightsError as error:
                raise ModelError(f"encoder {name}: {error}; {REMEDY}") from error
        from foretaste.language.mapped_encoder import MappedEncoder

        base = self.open(None)
        if base.fingerprint != manifest["base"]:
            raise ModelError(
                f"encoder {name} was tuned from {manifest['base']}, and language.encoder is now "
                f"{base.fingerprint}; bring the old one back, or train again with 'foretaste train'"
            )
        return MappedEncoder(base, self._matrix(name))

    def backbone_opener(self, name: str | None) -> BackboneOpener:
        """What opens backbones; the one that is the encoder is as it was tuned."""
        if name is None:
            return open_backbones(self._settings)
        manifest = self._manifest(name)
        if manifest["what"] == "linear":
            return open_backbones(self._settings, self._matrix(name))
        return open_backbones(self._settings_for(name, manifest))

    def tune(
        self, pairs: TextPairs, *, seed: int, now: float, progress: Progress = no_progress
    ) -> str:
        """Tune on these pairs, unless the very same was done before. → the name.

        Raises:
            ModelError: the loss is no number.
            MissingExtra: "lora" without peft.

        """
        base = self.open(None).fingerprint
        name = self._name(base, pairs, seed)
        if (self._folder / name).is_dir():
            return name
        aside = self._folder / f".{uuid.uuid4().hex}.partial"
        aside.mkdir(FOLDER_MODE, parents=True)
        try:
            held_out = self._run_tuning(pairs, aside, seed, progress, name)
            manifest = {
                "format": FORMAT,
                "what": self._settings.tuning.method,
                "base": base,
                "created": now,
                "settings": self._settings.tuning.model_dump(),
                "pairs": len(pairs),
                "held_out_loss": held_out,
                "sha256": {path.name: file_sha256(path) for path in aside.glob("*.safetensors")},
            }
            (aside / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
            _publish(aside, self._folder / name)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return name

    def _run_tuning(
        self, pairs: TextPairs, folder: Path, seed: int, progress: Progress, name: str
    ) -> dict[str, float]:
        # PyTorch takes two seconds to import; whoever does not tune does not wait.
        from foretaste.language import contrast
        from foretaste.language.backbone import TransformerBackbone

        if self._settings.tuning.method == "linear":
            vectors = self.open(None).encode(pairs.texts, progress)
            return contrast.tune_matrix(
                vectors, pairs, self._settings.tuning, folder / MATRIX_FILE, seed, progress
            )
        settings = self._settings
        weights = resolve_weights(settings.encoder, settings.revision, settings.sha256)
        reader = TransformerBackbone(weights, settings, cut="right")
        return contrast.tune_network(
            reader,
            pairs,
            settings,
            folder,
            seed,
            progress,
            checkpoint_path=self._cache / "checkpoints" / f"encoder-{name}.safetensors",
            cluster=self._cluster,
        )

    def tuning_manifest(self, name: str) -> dict[str, Any]:
        """What the manifest of a tuned encoder says."""
        return self._manifest(name)

    def prune(self, keep: Collection[str | None], now: float) -> None:
        """Delete what no model version names and what a kill left half written."""
        for path in self._folder.glob("*"):
            unused = path.name not in keep and path.stat().st_mtime < now - UNUSED_KEEP_SECONDS
            if path.is_dir() and unused:
                shutil.rmtree(path, ignore_errors=True)

    def _name(self, base: str, pairs: TextPairs, seed: int) -> str:
        tuning = self._settings.tuning.json_with_old_keys()
        digest = hashlib.sha256(
            repr((FORMAT, base, tuning, seed, self._settings.max_tokens)).encode()
        )
        for text in pairs.texts:
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        digest.update(pairs.anchors.tobytes() + pairs.positives.tobytes())
        return digest.hexdigest()[:16]

    def _settings_for(self, name: str, manifest: dict[str, Any]) -> LanguageSettings:
        overrides = {
            "encoder": str(self._folder / name),
            "revision": None,
            "sha256": manifest["sha256"]["model.safetensors"],
        }
        return self._settings.model_copy(update=overrides)

    def _matrix(self, name: str) -> Floats:
        from safetensors.numpy import load_file

        path = self._folder / name / MATRIX_FILE
        if not path.exists() or file_sha256(path) != self._manifest(name)["sha256"][MATRIX_FILE]:
            raise ModelError(f"encoder {name}: {MATRIX_FILE} is missing or damaged; {REMEDY}")
        return np.asarray(load_file(path)["map"], np.float32)

    def _manifest(self, name: str) -> dict[str, Any]:
        path = self._folder / name / "manifest.json"
        try:
            manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            later = manifest["format"] > FORMAT
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"encoder {name}: {path} cannot be read; {REMEDY}") from error
        if later:
            raise ModelError(f"encoder {name} is of a later Foretaste; upgrade, or {REMEDY}")
        return manifest


def _publish(aside: Path, folder: Path) -> None:
    """In one step, through to the disk; another process may have been as quick."""
    for path in [path for path in aside.rglob("*") if path.is_file()]:
        sync_to_disk(path)
    if not folder.exists():
        os.replace(aside, folder)

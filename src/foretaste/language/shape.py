"""What must be known of a transformer before it is loaded. In: weights; out: its shape.

Transformers takes seconds to import, and a service that starts with everything read already would
import it for four numbers: they are kept, under the hash of the `config.json` they were read from.
"""

import json
import os
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from foretaste.domain.files import FOLDER_MODE
from foretaste.errors import WeightsError
from foretaste.language.weights import Weights

SHAPES_FILE = "shapes.json"
MAX_SHAPES = 64
"""Shapes kept."""
_POSITIONS_AFTER_PADDING = frozenset({"roberta", "xlm-roberta", "camembert", "mpnet"})
"""Families whose positions start after the padding id, so that fewer are left for text."""


@dataclass(frozen=True, slots=True)
class TransformerShape:
    """Of a transformer that reads."""

    family: str
    dim: int
    """Of its hidden states."""
    capacity: int
    """The most tokens that it has positions for."""
    pad: int
    """The padding id."""

    @classmethod
    def from_config(cls, config: Any) -> Self:
        """As Transformers' configuration says; T5's positions are relative and have no end."""
        pad = config.pad_token_id or 0
        positions = 1 << 16
        if not config.is_encoder_decoder:
            positions = int(getattr(config, "max_position_embeddings", positions))
            if config.model_type in _POSITIONS_AFTER_PADDING:
                positions -= config.pad_token_id + 1
        return cls(str(config.model_type), int(config.hidden_size), positions, int(pad))


def read_config(weights: Weights) -> Any:
    """What Transformers knows of the folder. WeightsError where it is no model's."""
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(weights.path, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(
            f"{weights.path}/config.json is missing or not a model's: {error}"
        ) from error


def shape_of(weights: Weights, memory: Path | None = None) -> TransformerShape:
    """As it is remembered in the folder `memory`, or read, and then remembered.

    Raises:
        WeightsError: the folder's config.json is missing or not a model's.

    """
    key = _key(weights)
    shapes = _load_shapes(memory)
    if key is not None and key in shapes:
        return shapes[key]
    shape = TransformerShape.from_config(read_config(weights))
    if memory is not None and key is not None:
        recent_shapes = [*shapes.items(), (key, shape)][-MAX_SHAPES:]
        _save_shapes(memory, {name: asdict(recent_shape) for name, recent_shape in recent_shapes})
    return shape


def _key(weights: Weights) -> str | None:
    """What is read of the same file by another Transformers may be another."""
    try:
        config_bytes = (weights.path / "config.json").read_bytes()
    except OSError:
        return None  # Transformers says what is wrong
    return f"{version('transformers')}:{sha256(config_bytes).hexdigest()}"


def _load_shapes(memory: Path | None) -> dict[str, TransformerShape]:
    """Empty where nothing can be read: then it is read anew."""
    if memory is None:
        return {}
    try:
        entries = json.loads((memory / SHAPES_FILE).read_text(encoding="utf-8"))
        return {name: TransformerShape(**entry) for name, entry in entries.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _save_shapes(memory: Path, entries: Any) -> None:
    """All or nothing; a folder that cannot be written to costs the next start some time."""
    aside = memory / f".{uuid.uuid4().hex}.partial"
    try:
        memory.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        aside.write_text(json.dumps(entries), encoding="utf-8")
        os.replace(aside, memory / SHAPES_FILE)
    except OSError:
        with suppress(OSError):
            aside.unlink()

"""What an expert is fitted on."""

from dataclasses import dataclass
from pathlib import Path

from foretaste.domain import Cases, Catalogue, Histories
from foretaste.model.settings import ModelSettings
from foretaste.ports import OpenReader, Progress, silent


@dataclass(frozen=True)
class Training:
    """Behaviour to learn from, behaviour to choose by, and how."""

    catalogue: Catalogue
    histories: Histories
    """To learn from."""
    valid: Cases
    """To choose by: none of these targets is in `histories`."""
    settings: ModelSettings
    progress: Progress = silent
    checkpoints: Path | None = None
    """Where long work leaves its state, so that it can go on after a crash."""
    readers: OpenReader | None = None
    """Opens the backbone that the language expert tunes."""

"""What an expert is fitted on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from foretaste.domain.data import Cases, Catalogue, Histories
from foretaste.domain.ports import OpenReader, Progress, silent
from foretaste.model.settings import ModelSettings


@dataclass(frozen=True)
class Training:
    """Behaviour to learn from, behaviour to choose by, and how."""

    catalogue: Catalogue
    histories: Histories
    """To learn from."""
    valid: Cases
    """To choose by: none of these targets is in `histories`."""
    settings: ModelSettings
    hide_seen: bool = True
    """Whether lists leave out what the user took before; what decides for lists is fitted so."""
    progress: Progress = silent
    checkpoints: Path | None = None
    """Where long work leaves its state, so that it can go on after a crash."""
    readers: OpenReader | None = None
    """Opens the backbone that the language expert tunes."""


def showable(cases: Cases, hide_seen: bool) -> Cases:
    """Those whose target a list could hold: where lists hide what was taken, no repeats."""
    if not hide_seen:
        return cases
    histories = cases.histories
    owners = histories.owners()
    keys = owners * (np.int64(histories.item.max(initial=0)) + 1) + histories.item
    takes = np.flatnonzero(histories.takes())
    _, first = np.unique(keys[takes], return_index=True)
    return cases.at(np.flatnonzero(np.isin(cases.rows, takes[first])))

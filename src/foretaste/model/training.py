"""What an expert is fitted on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from foretaste.domain.cluster import Cluster
from foretaste.domain.data import Catalogue, EvaluationCases, Floats, Interactions
from foretaste.domain.ports import BackboneOpener, Progress, no_progress
from foretaste.domain.privacy_settings import NO_PRIVACY, PrivacySettings
from foretaste.domain.query_reading import NOT_CHECKED, QueryReading
from foretaste.model.private_counts import PrivateRelease
from foretaste.model.settings import ModelSettings


@dataclass(frozen=True)
class Training:
    """Interactions to learn from, interactions to choose by, and how."""

    catalogue: Catalogue
    interactions: Interactions
    """To learn from."""
    validation_cases: EvaluationCases
    """To choose by: none of these targets is in `interactions`."""
    settings: ModelSettings
    hide_seen: bool = True
    """Whether lists leave out what the user took before; what decides for lists is fitted so."""
    progress: Progress = no_progress
    checkpoint_folder: Path | None = None
    """Where long work leaves its state, so that it can go on after a crash."""
    open_reader: BackboneOpener | None = None
    """Opens the backbone that the language expert tunes."""
    privacy: PrivacySettings = NO_PRIVACY
    """How much may be learnt of any one person."""
    cluster: Cluster | None = None
    """Whose workers teach the sequence network while it is engaged."""
    release: PrivateRelease | None = None
    """By which what is learnt is told with noise; None without a budget."""
    query_reading: QueryReading = NOT_CHECKED
    """How well the encoder reads the texts of the catalogue."""
    user_weights: Mapping[str, float] = field(default_factory=dict)
    """User → how much they count in what is trained by gradient; {} where all count 1."""

    def weights_of(self, interactions: Interactions) -> Floats | None:
        """[people], how much each of these counts; None where all count 1."""
        if not self.user_weights:
            return None
        weights = [self.user_weights.get(user, 1.0) for user in interactions.users]
        return np.array(weights, np.float32)


def showable_cases(cases: EvaluationCases, hide_seen: bool) -> EvaluationCases:
    """Those whose target a list could hold: where lists hide what was taken, no repeats."""
    if not hide_seen:
        return cases
    interactions = cases.interactions
    owners = interactions.row_users()
    keys = owners * (np.int64(interactions.item.max(initial=0)) + 1) + interactions.item
    positive_rows = np.flatnonzero(interactions.positive_mask())
    _, first_positions = np.unique(keys[positive_rows], return_index=True)
    return cases.select(np.flatnonzero(np.isin(cases.target_rows, positive_rows[first_positions])))

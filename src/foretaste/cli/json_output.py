"""What the commands print with `--json`. In: what the loop says. Out: plain mappings."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from foretaste.behaviour.export import (
    generated_text_to_json,
    preference_to_json,
    recommendation_to_json,
    with_old_names,
)
from foretaste.domain.data import Recommendation
from foretaste.domain.imports import ImportRecord
from foretaste.domain.preference import Preference
from foretaste.generate.profile import TasteProfile
from foretaste.model.artefacts import ModelVersion
from foretaste.online.generation import Generation
from foretaste.preferences.matching import ClauseMatch

EMPTY_LIST_FIELDS: Mapping[str, Any] = {
    "headline": None,
    "searched": None,
    "degraded": None,
    "left_out": [],
    "shortfall": None,
}
"""What a list has nothing of, as scripts expect it."""


def recommendation_json(recommendation: Recommendation, *, explain: bool) -> dict[str, Any]:
    """The object that `recommend --json` prints."""
    return {**EMPTY_LIST_FIELDS, **recommendation_to_json(recommendation, explain=explain)}


def import_json(record: ImportRecord) -> dict[str, Any]:
    """The object that `imports show --json` prints."""
    return {**asdict(record), "state": record.state}


def model_json(version: ModelVersion) -> dict[str, Any]:
    """One version in the object that `models list --json` prints."""
    return {
        "version": version.name,
        "created": version.created,
        "live": version.is_live,
        "data": dict(version.data),
        "metrics": dict(version.metrics),
    }


def profile_json(
    profile: TasteProfile, preferences: Sequence[Preference], clause_matches: Sequence[ClauseMatch]
) -> dict[str, Any]:
    """The object that `profile --json` prints."""
    content = {
        "profile": {
            column: [asdict(liked) for liked in values] for column, values in profile.items()
        },
        "changes": [preference_to_json(preference) for preference in preferences],
        "clause_matches": [_clause_match_json(match) for match in clause_matches],
    }
    return with_old_names(content, {"understood": "clause_matches"})


def _clause_match_json(clause_match: ClauseMatch) -> dict[str, Any]:
    return with_old_names(
        asdict(clause_match), {"said": "phrase", "what": "filter", "how": "match_type"}
    )


def generation_json(generation: Generation) -> dict[str, Any]:
    """The object that `generate --json` prints."""
    passages = list(generation.passages)
    return {
        "imagined": {
            column: [asdict(liked) for liked in values]
            for column, values in generation.imagined.items()
        },
        "recommendation": recommendation_json(generation.recommendation, explain=False),
        **{
            passage.part: generated_text_to_json(passage.wording, is_operator=True)
            for passage in passages
            if passage.item is None
        },
        "lines": [
            {"item": passage.item, **generated_text_to_json(passage.wording, is_operator=True)}
            for passage in passages
            if passage.item
        ],
    }

"""What the commands print with `--json`. In: what the loop says. Out: plain mappings."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from foretaste.behaviour.export import (
    degradation_to_json,
    generated_text_to_json,
    omission_to_json,
    preference_to_json,
    searched_to_json,
    shortfall_to_json,
    with_old_names,
)
from foretaste.domain.data import Recommendation, Recommended
from foretaste.domain.imports import ImportRecord
from foretaste.domain.preference import Preference
from foretaste.generate.profile import TasteProfile
from foretaste.model.artefacts import ModelVersion
from foretaste.online.generation import Generation
from foretaste.preferences.matching import ClauseMatch


def recommendation_json(recommendation: Recommendation, *, explain: bool) -> dict[str, Any]:
    """The object that `recommend --json` prints."""
    degraded, shortfall = recommendation.degraded, recommendation.shortfall
    searched = recommendation.searched
    return {
        "recommendation_id": recommendation.recommendation_id,
        "model_version": recommendation.model_version,
        "headline": recommendation.headline,
        "searched": None if searched is None else searched_to_json(searched),
        "items": [_item_json(item, explain=explain) for item in recommendation],
        "degraded": None if degraded is None else degradation_to_json(degraded),
        "left_out": [omission_to_json(omitted_item) for omitted_item in recommendation.left_out],
        "shortfall": None if shortfall is None else shortfall_to_json(shortfall),
    }


def import_json(record: ImportRecord) -> dict[str, Any]:
    """The object that `imports show --json` prints."""
    return {**asdict(record), "state": record.state}


def _item_json(item: Recommended, *, explain: bool) -> dict[str, Any]:
    content: dict[str, Any] = {
        "id": item.id,
        "position": item.position,
        "score": item.score,
        "propensity": item.propensity,
        "source": item.source,
        "title": item.title,
        "reason": list(item.reason),
        "reasons": [reason.to_json_dict() for reason in item.reasons],
    }
    if explain:
        content["terms"] = [
            {
                "expert": term.expert,
                "nats": term.nats,
                "event": term.event,
                "feature": term.feature,
            }
            for term in item.terms
        ]
    return content


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

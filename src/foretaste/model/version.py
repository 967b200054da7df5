"""A model version as its manifest tells it; a notebook shows how good it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from foretaste.display.render import face
from foretaste.display.words import plain_expert

PRIVACY_KEY = "privacy"
"""Under this name the data of a version say what of a privacy budget its training spent."""


@dataclass(frozen=True)
class ModelVersion:
    """One version as its manifest tells it."""

    name: str
    created: float
    data: Mapping[str, Any]
    """The snapshot it was trained on: last event, last item revision, counts."""
    settings: Mapping[str, Any]
    metrics: Mapping[str, Any]
    is_live: bool = False

    @property
    def privacy(self) -> Mapping[str, Any] | None:
        """The budget it was trained with, epsilon and delta among it; None without one."""
        return self.data.get(PRIVACY_KEY)

    def _repr_html_(self) -> str:
        measured = self.metrics.get("measured") or {}
        margins = [
            (plain_expert(name), margin) for name, margin in (measured.get("ahead") or {}).items()
        ]
        return face(
            "model_version",
            version=self,
            quality=measured.get("ndcg@10"),
            margins=margins,  # (name, (mean, low, high))
            margin_limit=max((abs(margin[0]) for _, margin in margins), default=0.0),
            checks=self.metrics.get("checks"),
        )


class ModelVersions(list[ModelVersion]):
    """Several versions; a notebook shows them as a table."""

    def _repr_html_(self) -> str:
        return face("model_versions", versions=self)

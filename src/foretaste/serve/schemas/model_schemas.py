"""In: which versions of the model. Out: how good they are, and the lists that they make."""

from typing import Annotated, Any

from pydantic import Field, StrictBool

from foretaste.domain.data import Recommended
from foretaste.model.artefacts import ModelVersion
from foretaste.online.list_changes import ListPair
from foretaste.serve.schemas.status_schemas import FinishedTrainingOut, ListWarningOut
from foretaste.serve.schemas.values import Id, Query, RequestSchema, ResponseSchema

MAX_SAMPLED_PEOPLE = 20
VersionName = Annotated[str, Field(min_length=1, max_length=100)]


class ReliabilityBin(ResponseSchema):
    """Recommended places of about the same predicted probability."""

    predicted: float
    """Mean of what the model said."""
    observed: float
    """Share that was taken."""
    count: int


class ModelVersionOut(ResponseSchema):
    """A version of the model."""

    version: str
    created: float
    """Seconds since 1970."""
    is_live: StrictBool
    events: int
    """That it was trained on."""
    items: int
    training_seconds: float | None = None
    cases: int | None = None
    """What people took last, held back from the training, on which it was measured."""
    ndcg: list[float] | None = None
    """NDCG@10 on these: mean, low, high."""
    experts: dict[str, list[float]]
    """The same of each expert alone; none where the version is of before this was kept."""
    margins: dict[str, list[float]]
    """How far the model is above each expert alone, likewise, on the same cases."""
    reliability: list[ReliabilityBin]
    """Of the ten likeliest items of each case; none where it is of before this was kept."""
    warnings: list[ListWarningOut] | None = None
    """What is wrong with its lists; null where nobody looked."""
    weights: dict[str, dict[str, float]]
    """What each expert is raised to, by expert and fact of the request."""

    @classmethod
    def of(cls, version: ModelVersion, weights: dict[str, dict[str, float]]) -> "ModelVersionOut":
        """What the manifest says."""
        metrics = version.metrics
        measured: dict[str, Any] = metrics.get("measured") or {}
        bins = (measured.get("calibration") or {}).get("bins", {}).get("10", [])
        warnings = metrics.get("checks")
        return cls(
            version=version.name,
            created=version.created,
            is_live=version.is_live,
            events=int(version.data.get("events", 0)),
            items=int(version.data.get("items", 0)),
            training_seconds=metrics.get("wall_seconds"),
            cases=measured.get("cases"),
            ndcg=measured.get("ndcg@10"),
            experts=measured.get("experts") or {},
            margins=measured.get("ahead") or {},
            reliability=[ReliabilityBin(**part) for part in bins],
            warnings=None if warnings is None else [ListWarningOut(**row) for row in warnings],
            weights=weights,
        )


class RequestKindOut(ResponseSchema):
    """What counts in one kind of request."""

    kind: str
    """stranger, person; each also with -search and -item: beside words, or beside an item."""
    requests: int
    """Over which the mean was taken."""
    weights: dict[str, float]
    """By expert; 0 for one that has nothing to say."""


class ModelsAnswer(ResponseSchema):
    """The versions of the model."""

    models: list[ModelVersionOut]
    """The newest first."""
    request_kinds: list[RequestKindOut]
    """Of the version that answers; none while none does."""
    trainings: list[FinishedTrainingOut]
    """What the worker's last trainings came to, the newest first."""


class PromoteBody(RequestSchema):
    """Which version is to answer."""

    version: VersionName


class PromotedAnswer(ResponseSchema):
    """What answers now, or in a moment, when it is loaded."""

    version: str
    previous: str | None = None
    """The version that answered until now."""


class CompareBody(RequestSchema):
    """Whose lists, by which two versions."""

    versions: Annotated[list[VersionName], Field(min_length=2, max_length=2)]
    user: Id | None = None
    query: Query | None = None
    n: Annotated[int, Field(ge=1, le=50)] = 10


class ComparedItem(ResponseSchema):
    """An item of a list."""

    id: str
    title: str
    score: float
    reason: list[str]

    @classmethod
    def of(cls, item: Recommended) -> "ComparedItem":
        """The item as it is sent."""
        return cls(id=item.id, title=item.title, score=item.score, reason=list(item.reason))


class ListPairOut(ResponseSchema):
    """The lists of one person by two ways."""

    user: str | None = None
    """null is somebody of whom nothing is known."""
    first: list[ComparedItem]
    second: list[ComparedItem]
    changed_share: float
    """Of the places, those that have another item."""
    replaced_share: float
    """Of the items of the second list, those that the first has not got."""

    @classmethod
    def of(cls, pair: ListPair) -> "ListPairOut":
        """The lists as they are sent."""
        return cls(
            user=pair.user,
            first=[ComparedItem.of(item) for item in pair.first],
            second=[ComparedItem.of(item) for item in pair.second],
            changed_share=pair.changed_share,
            replaced_share=pair.replaced_share,
        )

"""The addresses of the model's versions. In: which. Out: how good they are, and which answers."""

import json
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Body, Request

from foretaste.domain.data import Request as ListRequest
from foretaste.errors import ModelError
from foretaste.model.artefacts import ModelVersion
from foretaste.online.list_changes import ListPair, weights_by_request_kind
from foretaste.serve.admin.catalogue_routes import live_snapshot
from foretaste.serve.admin.desk import OperatorDesk
from foretaste.serve.admin.status_route import training_outcome_out
from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.docs.examples import answer_example, request_examples
from foretaste.serve.http.body import OperatorRoute
from foretaste.serve.http.security import ADMIN
from foretaste.serve.schemas.model_schemas import (
    CompareBody,
    ListPairOut,
    ModelsAnswer,
    ModelVersionOut,
    PromoteBody,
    PromotedAnswer,
    RequestKindOut,
)
from foretaste.serve.service import Service
from foretaste.worker import TrainingOutcome

SAMPLED_PEOPLE = 10
"""People over whom the weights of a kind of request are averaged."""

v1 = APIRouter(prefix="/v1", route_class=OperatorRoute, tags=["operation"])


@v1.get("/models", dependencies=[ADMIN], responses=answer_example("models"))
def models(service: ServiceDep) -> ModelsAnswer:
    """The versions of the model: how good each is on what people took last, beside its experts
    alone, with intervals; how reliable its probabilities are; what counts in which kind of request;
    and what the worker's trainings came to.
    """
    workspace = service.workspace
    versions = [
        ModelVersionOut.of(version, version_weights(workspace.folder, version))
        for version in reversed(workspace.models.versions())
    ]
    snapshot, kinds = live_snapshot(service), []
    if snapshot is not None:
        users = [user for user, _ in workspace.store.operator.recent_people(SAMPLED_PEOPLE)]
        kinds = weights_by_request_kind(workspace, snapshot, users)
    return ModelsAnswer(
        models=versions,
        request_kinds=[RequestKindOut.model_validate(k, from_attributes=True) for k in kinds],
        trainings=[training_outcome_out(row) for row in TrainingOutcome.log(workspace.store)],
    )


def version_weights(folder: Path, version: ModelVersion) -> dict[str, dict[str, float]]:
    """What the manifest of a version says of its exponents, by expert and fact."""
    manifest = folder / "models" / version.name / "manifest.json"
    try:
        product = json.loads(manifest.read_text(encoding="utf-8"))["product"]
        rows = zip(product["facts"], product["weights"], strict=True)
        by_fact = {fact: dict(zip(product["experts"], row, strict=True)) for fact, row in rows}
    except (OSError, ValueError, KeyError, TypeError):  # it may have been replaced meanwhile
        return {}
    return {
        expert: {fact: round(float(row[expert]), 4) for fact, row in by_fact.items()}
        for expert in product["experts"]
    }


@v1.post("/models/promote", dependencies=[ADMIN], responses=answer_example("promoted"))
def promote(
    body: Annotated[PromoteBody, Body(openapi_examples=request_examples("promote"))],
    service: ServiceDep,
) -> PromotedAnswer:
    """Have a version answer. It is loaded beside the one that answers, which goes on until then."""
    registry = service.workspace.models
    previous_version = _live_name(service)
    registry.promote(body.version)
    return PromotedAnswer(version=registry.current_name(body.version), previous=previous_version)


@v1.post("/models/rollback", dependencies=[ADMIN], responses=answer_example("promoted"))
def rollback(service: ServiceDep) -> PromotedAnswer:
    """Have the version answer that did so before."""
    previous_version = _live_name(service)
    return PromotedAnswer(version=service.workspace.models.rollback(), previous=previous_version)


def _live_name(service: Service) -> str | None:
    try:
        return service.workspace.models.live_name()
    except ModelError:  # nothing tells; promoting writes it anew
        return None


@v1.post("/models/compare", dependencies=[ADMIN], responses=answer_example("list-pair"))
def compare(
    body: Annotated[CompareBody, Body(openapi_examples=request_examples("compare"))],
    request: Request,
    service: ServiceDep,
) -> ListPairOut:
    """The list that a person would get from each of two versions now, side by side. The first call
    with a version that does not answer loads it, which takes some seconds.
    """
    desk: OperatorDesk = request.app.state.desk
    question = ListRequest(user=body.user, query=body.query, n=body.n)
    first, second = (desk.version_lists(service, name).make(question) for name in body.versions)
    return ListPairOut.of(ListPair(body.user, first, second))

"""The addresses of placements: places of a shop by name, as they are put and undone.

In: what holds at a place. Out: what holds where, and who changed it.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Request
from fastapi.responses import Response
from pydantic_core import to_json

from foretaste.rank.conditions import condition_columns, parse_condition
from foretaste.rank.placement import Placement, parse_placement
from foretaste.rank.rules import parse_rules, rule_conditions
from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.docs.examples import answer_example, request_examples
from foretaste.serve.http.body import StrictRoute
from foretaste.serve.http.problems import ProblemError
from foretaste.serve.http.security import ADMIN
from foretaste.serve.schemas.catalogue_schemas import DeletedAnswer
from foretaste.serve.schemas.placement_schemas import (
    NamedPlacementOut,
    PlacementChangesAnswer,
    PlacementsAnswer,
    UndoAnswer,
    change_json,
    named_placement_json,
)
from foretaste.serve.schemas.values import PathText
from foretaste.serve.service import Service

v1 = APIRouter(prefix="/v1/placements", route_class=StrictRoute, tags=["placements"])
Name = Annotated[PathText, Path(description="Up to 64 of a-z, 0-9, - and _.")]
PlacementBody = Annotated[dict[str, Any], Body(openapi_examples=request_examples("placement"))]


@v1.get(
    "",
    dependencies=[ADMIN],
    response_model=PlacementsAnswer,
    responses=answer_example("placements"),
)
def get_placements(service: ServiceDep) -> Response:
    """All placements that hold: those put here, and those of the settings that none of these
    replaces.
    """
    placements = service.workspace.placements.all()
    return _json(
        {"placements": [named_placement_json(stored_placement) for stored_placement in placements]}
    )


@v1.get(
    "/{name}",
    dependencies=[ADMIN],
    response_model=NamedPlacementOut,
    responses=answer_example("placement"),
)
def get_placement(name: Name, service: ServiceDep) -> Response:
    """One placement."""
    return _json(_named(service, name))


@v1.put(
    "/{name}",
    dependencies=[ADMIN],
    response_model=NamedPlacementOut,
    responses=answer_example("placement"),
)
def put_placement(
    name: Name, body: PlacementBody, service: ServiceDep, request: Request
) -> Response:
    """Create or replace a placement. It holds from the next call on that names it, and wins over
    one of the same name in the settings.

    Who put it and when is kept, and every earlier form, see `/changes`.
    """
    _check_columns(service, parse_placement(body))
    placements = service.workspace.placements
    stored_placement = placements.put(name, body, service.now(), _author(request))
    return _json(named_placement_json(stored_placement))


@v1.delete("/{name}", dependencies=[ADMIN], responses=answer_example("deleted"))
def delete_placement(name: Name, service: ServiceDep, request: Request) -> DeletedAnswer:
    """Delete a placement that was put here. One of the settings of this name holds again."""
    placements = service.workspace.placements
    return DeletedAnswer(deleted=placements.delete(name, service.now(), _author(request)))


@v1.get(
    "/{name}/changes",
    dependencies=[ADMIN],
    response_model=PlacementChangesAnswer,
    responses=answer_example("placement-changes"),
)
def get_placement_changes(name: Name, service: ServiceDep) -> Response:
    """The last hundred changes of a placement, with who made them and when."""
    changes = service.workspace.placements.changes(name)
    return _json({"changes": [change_json(change) for change in changes]})


@v1.post(
    "/{name}/undo",
    dependencies=[ADMIN],
    response_model=UndoAnswer,
    responses=answer_example("placement-undo"),
)
def undo_placement(name: Name, service: ServiceDep, request: Request) -> Response:
    """Take back the newest change of a placement. That is a change too, and can be taken back."""
    placements = service.workspace.placements
    if not placements.undo(name, service.now(), _author(request)):
        raise ProblemError("not-found", f"there is no change of the placement '{name}' to undo")
    stored_placement = placements.get(name)
    content: dict[str, Any] = {
        "deleted": stored_placement is None or stored_placement.record is None
    }
    if stored_placement is not None:
        content["placement"] = named_placement_json(stored_placement)
    return _json(content)


def _named(service: Service, name: str) -> dict[str, Any]:
    stored_placement = service.workspace.placements.get(name)
    if stored_placement is None:
        raise ProblemError("not-found", f"there is no placement '{name}'")
    return named_placement_json(stored_placement)


def _check_columns(service: Service, placement: Placement) -> None:
    """Raises InputError for an attribute that no item ever had, if the items are known."""
    snapshot = service.workspace.manager.snapshot
    if snapshot is None:
        return
    index = service.workspace.slates.index(snapshot)
    parts = {"filter": [parse_condition(placement.filter)] if placement.filter else []}
    parts["rules"] = list(rule_conditions(parse_rules(placement.rules)))
    for field, conditions in parts.items():
        for condition in conditions:
            for column in condition_columns(condition):
                index.column(column, f"placement: {field}")


def _author(request: Request) -> str | None:
    """The name of the key that was sent; None where none is asked for."""
    key_id = request.scope.get("foretaste.key")
    if key_id is None:
        return None
    key = request.app.state.tenants.root.workspace.store.keys.get(key_id)
    return key_id if key is None else key.name


def _json(content: Any) -> Response:
    return Response(to_json(content), media_type="application/json")

"""The address at which rules are tried out. In: a placement. Out: the lists that it would make."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body

from foretaste.domain.data import Recommended, Request
from foretaste.errors import InputError
from foretaste.online.list_changes import VersionLists, compare_ways, sample_users
from foretaste.rank.placement import Placement, parse_placement
from foretaste.serve.admin.catalogue_routes import live_snapshot
from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.docs.examples import answer_example, request_examples
from foretaste.serve.http.body import OperatorRoute
from foretaste.serve.http.problems import ProblemError
from foretaste.serve.http.security import ADMIN
from foretaste.serve.schemas.dry_run_schemas import DryRunAnswer, DryRunBody
from foretaste.serve.schemas.model_schemas import ListPairOut

MAX_DRY_RUN_ITEMS = 30
"""Items of each list that are compared."""

v1 = APIRouter(prefix="/v1", route_class=OperatorRoute, tags=["placements"])


@v1.post("/placements/dry-run", dependencies=[ADMIN], responses=answer_example("dry-run"))
def dry_run(
    body: Annotated[DryRunBody, Body(openapi_examples=request_examples("dry-run"))],
    service: ServiceDep,
) -> DryRunAnswer:
    """What a placement would change before it is kept: the lists of some people now and with it,
    side by side, and the share of places and of items that differ. Nothing is kept, and the lists
    leave no trace. Random items (`explore`) are left out, so that only the change is seen.
    """
    workspace = service.workspace
    draft = parse_placement(body.placement)
    stored = None if body.name is None else workspace.placements.get(body.name)
    current = Placement() if stored is None else stored.placement
    snapshot = live_snapshot(service)
    if snapshot is None:
        raise ProblemError("not-ready", "there is no model that answers yet; ask again in a moment")
    for item in body.items:
        if item not in snapshot.catalogue.index:
            raise InputError(f"items: there is no item '{item}'; import it first")
    lists = VersionLists(workspace, workspace.slates, snapshot)
    users: Sequence[str | None] = body.users or sample_users(workspace.store.operator, body.people)

    def maker(placement: Placement) -> Callable[[Request], Sequence[Recommended]]:
        def make(request: Request) -> Sequence[Recommended]:
            own_fields: dict[str, Any] = {"user": request.user}
            own_fields |= {"query": body.query, "items": tuple(body.items)}
            fields = placement.applied_to(
                {"n": workspace.config.rank.n, **own_fields}, own_fields.keys()
            )
            fields["n"] = min(fields["n"], MAX_DRY_RUN_ITEMS)
            return lists.make(Request(**fields))

        return make

    pairs = compare_ways(users, maker(current), maker(draft))
    place_count = sum(max(len(pair.first), len(pair.second)) for pair in pairs)
    shown_count = sum(len(pair.second) for pair in pairs)
    changed = sum(pair.changed_share * max(len(pair.first), len(pair.second)) for pair in pairs)
    replaced = sum(pair.replaced_share * len(pair.second) for pair in pairs)
    return DryRunAnswer(
        pairs=[ListPairOut.of(pair) for pair in pairs],
        changed_share=changed / place_count if place_count else 0.0,
        replaced_share=replaced / shown_count if shown_count else 0.0,
        empty_lists=sum(not pair.second for pair in pairs),
    )

"""What reviews say of an item. In: its id. Out: each aspect, with the share of praise and blame and
the sentences that say so.
"""

from typing import Annotated

from fastapi import APIRouter, Path

from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.docs.examples import answer_example
from foretaste.serve.http.body import StrictRoute
from foretaste.serve.http.problems import ProblemError
from foretaste.serve.http.security import READ
from foretaste.serve.schemas.catalogue_schemas import AspectOut, AspectsAnswer
from foretaste.serve.schemas.values import CheckedPathId
from foretaste.training.aspects import item_aspects

v1 = APIRouter(prefix="/v1", route_class=StrictRoute)


@v1.get(
    "/items/{item:path}/aspects",
    dependencies=[READ],
    tags=["catalogue"],
    responses=answer_example("aspects"),
)
def get_aspects(
    item: Annotated[CheckedPathId, Path(description="The item's id, percent-encoded.")],
    service: ServiceDep,
) -> AspectsAnswer:
    """What people praise and blame in an item by its reviews, with up to three sentences that say
    so; of aspects that two authors agree on, where `prepare.review_aspects` lets trainings read
    reviews. The sentences are what anybody may have written: show them as text.
    """
    workspace = service.workspace
    if workspace.store.item(item) is None:
        raise ProblemError("not-found", f"there is no item '{item}'")
    aspects = [
        AspectOut(
            name=aspect.name,
            praise=aspect.praise,
            blame=aspect.blame,
            sentences=list(aspect.sentences),
        )
        for aspect in item_aspects(workspace, item)
    ]
    return AspectsAnswer(item=item, aspects=aspects)

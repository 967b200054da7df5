"""The address that says whether the lists work. In: a span of time. Out: what came of its lists."""

from typing import Annotated

from fastapi import APIRouter, Query

from foretaste.online.outcome_report import SECONDS_PER_DAY, report_outcomes
from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.docs.examples import answer_example
from foretaste.serve.http.body import OperatorRoute
from foretaste.serve.http.security import ADMIN
from foretaste.serve.schemas.outcome_schemas import OutcomesAnswer, OutcomesQuery

v1 = APIRouter(prefix="/v1", route_class=OperatorRoute, tags=["operation"])


@v1.get("/outcomes", dependencies=[ADMIN], responses=answer_example("outcomes"))
def outcomes(query: Annotated[OutcomesQuery, Query()], service: ServiceDep) -> OutcomesAnswer:
    """Whether the lists work: what was shown in a span of time, what people took of it, what it
    sold, by placement and version of the model, each with its interval and by day.

    At most the newest 20,000 lists and 200,000 events are looked at; `covered_since` says from when
    on the figures are.
    """
    workspace = service.workspace
    until = service.now() if query.until is None else query.until
    report = report_outcomes(
        workspace.store,
        workspace.recommendation_log,
        workspace.manager.snapshot,
        workspace.weights,
        since=until - query.days * SECONDS_PER_DAY,
        until=until,
        group_by=query.by,
        conversion_types=query.conversion_types,
    )
    return OutcomesAnswer.of(report)

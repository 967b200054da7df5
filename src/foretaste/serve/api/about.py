"""The addresses of what a front end asks first: whose service this is, and whom to try it with."""

from collections import Counter
from itertools import islice
from typing import Annotated
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Query, Request

from foretaste.generate.activity import activity_of
from foretaste.online.sample_users import SampleUser, sample_users
from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.docs.examples import answer_example
from foretaste.serve.http.body import StrictRoute
from foretaste.serve.http.security import ADMIN, READ
from foretaste.serve.http.user_access import UserAccessDep
from foretaste.serve.schemas.about_schemas import (
    MAX_SAMPLE_USERS,
    AboutAnswer,
    SampleUserOut,
    SampleUsersAnswer,
)
from foretaste.serve.service import Service

MAX_SAMPLE_EVENTS = 50_000
"""Events among which people to try are looked for."""
HOME_PLACEMENT = "home"
"""What the recipes call the start page."""

v1 = APIRouter(prefix="/v1", route_class=StrictRoute)
_samples: WeakKeyDictionary[Service, tuple[str, list[SampleUser]]] = WeakKeyDictionary()
"""Of each service the people it offers, and by which version of the model."""


@v1.get("/about", dependencies=[READ], tags=["operation"], responses=answer_example("about"))
def about(request: Request, service: ServiceDep, user_access: UserAccessDep) -> AboutAnswer:
    """Whose service this is: its name, what people do with its items, how many there are, and what
    the key that was sent may do.
    """
    workspace = service.workspace
    snapshot = workspace.catch_up()
    features = snapshot.catalogue.features
    return AboutAnswer(
        name=workspace.config.name,
        activity=activity_of((), features, workspace.config.reasons.activity),
        items=len(snapshot.catalogue.ids),
        columns=[feature.column for feature in features],
        model_version=snapshot.version,
        scopes=list(request.scope.get("foretaste.scopes", ())),
        user_access=user_access.rule,
        home_placement=HOME_PLACEMENT if workspace.placements.get(HOME_PLACEMENT) else None,
    )


@v1.get(
    "/sample-users",
    dependencies=[ADMIN],
    tags=["operation"],
    responses=answer_example("sample-users"),
)
def get_sample_users(
    service: ServiceDep, n: Annotated[int, Query(ge=1, le=MAX_SAMPLE_USERS)] = 8
) -> SampleUsersAnswer:
    """Some people whose tastes are clear and unlike one another's, to look at lists with.

    `tastes` and `decade` are what sets each apart. They are chosen once for each model.
    """
    return SampleUsersAnswer(users=[SampleUserOut.of(user) for user in _offered_users(service)[:n]])


def _offered_users(service: Service) -> list[SampleUser]:
    workspace = service.workspace
    version = workspace.catch_up().version
    if _samples.get(service, ("", []))[0] != version:
        columns = workspace.store.event_columns(chunk_size=MAX_SAMPLE_EVENTS)
        rows = islice(columns, MAX_SAMPLE_EVENTS)
        counts = Counter(user for user, *_ in rows if user is not None)
        _samples[service] = version, sample_users(workspace, counts, MAX_SAMPLE_USERS)
    return _samples[service][1]

"""The addresses at which an operator looks for people. In: the beginning of an id. Out: people, and
what one of them did and was given.
"""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from foretaste.behaviour.export import event_to_json, preference_to_json
from foretaste.domain.store import ItemStore
from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.docs.examples import answer_example
from foretaste.serve.http.body import OperatorRoute, encode_json
from foretaste.serve.http.problems import ProblemError
from foretaste.serve.http.security import ADMIN
from foretaste.serve.schemas.operator_schemas import (
    PeopleAnswer,
    PeopleQuery,
    PersonDetails,
    PersonQuery,
    PersonRow,
)
from foretaste.serve.schemas.values import CheckedPathId

MAX_SESSIONS = 50

v1 = APIRouter(prefix="/v1", route_class=OperatorRoute, tags=["people"])
UserId = Annotated[CheckedPathId, Path(description="The user's id, percent-encoded.")]


@v1.get("/people", dependencies=[ADMIN], responses=answer_example("people"))
def find_people(query: Annotated[PeopleQuery, Query()], service: ServiceDep) -> PeopleAnswer:
    """Look for people by the beginning of their id, whether anything but events is known of them or
    not; without one, those who did something last.
    """
    reads, text = service.workspace.store.operator, query.q.strip()
    if text:
        rows = [PersonRow(user=user, at=None) for user in reads.find_people(text, query.n + 1)]
    else:
        rows = [PersonRow(user=user, at=at) for user, at in reads.recent_people(query.n + 1)]
    return PeopleAnswer(people=rows[: query.n], has_more=len(rows) > query.n)


@v1.get(
    "/people/{user:path}",
    dependencies=[ADMIN],
    response_model=PersonDetails,
    responses=answer_example("person"),
)
def get_person(
    user: UserId, query: Annotated[PersonQuery, Query()], service: ServiceDep
) -> Response:
    """The newest of what is kept of a person: what they did, the lists they were given, what they
    changed about them. `/v1/users/{user}/export` has all of it.
    """
    workspace = service.workspace
    store = workspace.store
    workspace.recommendation_log.flush()
    stored_user, events = store.user(user), store.history(user, None, query.n)
    answers = store.operator.newest_answers_to(user, query.n)
    changes = store.preferences(user, None)
    if stored_user is None and not (events or answers or changes):
        raise ProblemError("not-found", f"nothing is known of a user '{user}'")
    shown_items = [row[0] for logged in answers for row in logged.items]
    titles = _titles(store, [*(event.item for event in events if event.item), *shown_items])
    return Response(
        encode_json(
            {
                "user": user,
                "attributes": {} if stored_user is None else stored_user.attributes,
                "sessions": sorted(store.sessions_of_user(user))[:MAX_SESSIONS],
                "events": [
                    event_to_json(event) | {"title": titles.get(event.item or "")}
                    for event in reversed(events)
                ],
                "lists": [
                    {
                        "recommendation_id": logged.id,
                        "at": logged.at,
                        "placement": logged.placement,
                        "version": logged.model,
                        "items": [list(row) for row in logged.items],
                        "titles": {
                            row[0]: titles[row[0]] for row in logged.items if row[0] in titles
                        },
                    }
                    for logged in answers
                ],
                "changes": [preference_to_json(change) for change in changes],
            }
        ),
        media_type="application/json",
    )


def _titles(store: ItemStore, ids: Iterable[str]) -> dict[str, str]:
    """Those of the items that are there."""
    items = store.items_by_id(list(dict.fromkeys(ids)))
    return {item_id: item.title for item_id, item in items.items()}

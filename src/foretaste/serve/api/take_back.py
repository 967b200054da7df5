"""The address at which events are taken back. In: their ids. Out: what became of each."""

from typing import Annotated

from fastapi import APIRouter, Body

from foretaste.behaviour.event_ids import person_event_id
from foretaste.domain.store import EventOwner
from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.docs.examples import answer_example, request_examples
from foretaste.serve.http.body import StrictRoute
from foretaste.serve.http.problems import ProblemError
from foretaste.serve.http.security import EVENTS
from foretaste.serve.http.user_access import UserAccess, UserAccessDep
from foretaste.serve.schemas.take_back_schemas import TakeBackAnswer, TakeBackBody, TakeBackRow

v1 = APIRouter(prefix="/v1", route_class=StrictRoute)


@v1.post(
    "/take-back", dependencies=[EVENTS], tags=["feedback"], responses=answer_example("take-back")
)
def take_back(
    body: Annotated[TakeBackBody, Body(openapi_examples=request_examples("take-back"))],
    service: ServiceDep,
    user_access: UserAccessDep,
) -> TakeBackAnswer:
    """Take events back, such as a purchase that was refunded or a hide by mistake: the next list is
    as if they had not been.

    An event that was taken back does not come again, whoever sends it once more. Send the take-back
    again without fear. If the same happens anew, send it under another `event_id`.

    With the key of a page only the events that it sent itself can be taken back: name the user and
    the session as in the event.
    """
    owners = [_event_owner(row, user_access) for row in body.events]
    receipt = service.workspace.recounter.take_back(
        owners, by_page=user_access.id_owner is not None
    )
    sent_ids = {
        owner.event_id: row.event_id for owner, row in zip(owners, body.events, strict=True)
    }
    return TakeBackAnswer(
        taken_back=len(receipt.counts.taken_back),
        duplicates=len(receipt.counts.duplicates),
        unknown=[sent_ids[event_id] for event_id in receipt.counts.unknown],
        pending=list(receipt.pending_notes),
    )


def _event_owner(row: TakeBackRow, user_access: UserAccess) -> EventOwner:
    """The event as it is stored, of those that the caller may take back."""
    user_access.check(row.user)
    own_key = user_access.id_owner
    if own_key is not None and row.key not in (None, own_key):
        raise ProblemError("invalid", "key: this key takes back its own events alone; leave it out")
    key, event_id = own_key or row.key, row.event_id
    if key is not None:
        event_id = person_event_id(event_id, row.user, row.session, key)
    return EventOwner(event_id, row.user, row.session)

"""A first list after training: what somebody who was there lately would be shown."""

import shlex
from typing import TYPE_CHECKING

from foretaste.cli import console
from foretaste.domain.request import Request

if TYPE_CHECKING:
    from foretaste.loop import Foretaste

SAMPLE_ITEMS = 5
EVENTS_LOOKED_AT = 1000
"""The newest events, of which one is a sample person's."""


def print_sample_list(loop: "Foretaste") -> None:
    """The list of one who did something last, and how to ask for others."""
    last = loop.store.last_event_number()
    people = [
        (user, session)
        for user, session, item, *_ in loop.store.event_columns(max(last - EVENTS_LOOKED_AT, 0))
        if item is not None and (user or session)
    ]
    if not people:
        return
    user, session = people[-1]
    request = Request(
        user=user,
        session=None if user else session,
        n=SAMPLE_ITEMS,
        explain=True,
        incognito=True,  # a look, and nobody was shown anything
    )
    name = shlex.quote(user) if user else f"--session {shlex.quote(session or '')}"
    console.print_heading(f"A list for {'user' if user else 'session'} '{user or session}'")
    console.print_recommendation(loop.recommend(request), items=loop.store.item)
    console.note(f"ask for others with: foretaste recommend {name}")

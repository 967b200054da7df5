"""Whose an event id is: the key's and the person's, unless the key may name everybody."""

from dataclasses import replace

from foretaste.behaviour.event_ids import stored_events, stored_id
from foretaste.behaviour.values import MAX_ID_LENGTH
from foretaste.domain.data import Event

CLICK = Event("order-7", "click", 1.0, user="ann", session="s", item="a")


def test_an_id_is_that_of_its_key_and_person() -> None:
    others = [
        replace(CLICK, user="bob"),
        replace(CLICK, session="t"),
        replace(CLICK, session=None),
        replace(CLICK, user=None),
        replace(CLICK, user=None, session="ann"),
        replace(CLICK, user="anns", session=None),
        replace(CLICK, event_id="order-8"),
        replace(CLICK, event_id="x" * MAX_ID_LENGTH),
        replace(CLICK, event_id="x" * (MAX_ID_LENGTH - 1) + "y"),
    ]
    ids = {stored_id(event, key) for event in (CLICK, *others) for key in ("k1", "k2")}
    assert len(ids) == 2 * (len(others) + 1)
    assert max(map(len, ids)) <= MAX_ID_LENGTH, "an export can be imported"
    assert stored_id(replace(CLICK, kind="hide", at=2.0, item="b"), "k1") == stored_id(CLICK, "k1")


def test_ids_of_the_whole_workspace_are_stored_as_they_are() -> None:
    assert stored_events([CLICK], None) == [CLICK]
    (stored,) = stored_events([CLICK], "k1")
    assert replace(stored, event_id="order-7") == CLICK
    assert stored.event_id.startswith("k1:")
    assert stored.event_id.endswith(":order-7")

"""Events of a program: checked as those over HTTP are, and told where an id means two things."""

import warnings
from dataclasses import replace
from typing import Any

import pytest

from foretaste.behaviour.recording import record_events
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event
from foretaste.errors import EventConflictWarning, InputError

SETTINGS, NOW = BehaviourSettings(), 1_770_000_000.0
CLICK = Event("e", "click", NOW - 60, user="ann", item="a")


def test_the_same_events_again_are_known_without_a_word(store: SqlStore) -> None:
    assert record_events(store, [CLICK, replace(CLICK, event_id="f")], SETTINGS, NOW) == 2
    assert record_events(store, [CLICK, CLICK], SETTINGS, NOW + 60) == 0


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"item": "b"}, "item"),
        ({"kind": "purchase", "value": 3.0}, "event_type, value"),
        ({"at": NOW - 61}, "at"),
        ({"position": 2}, "position"),
    ],
)
def test_another_event_under_a_known_id_is_told_and_left_out(
    store: SqlStore, fields: dict[str, Any], names: str
) -> None:
    record_events(store, [CLICK], SETTINGS, NOW)
    other = replace(CLICK, **fields)
    with pytest.warns(EventConflictWarning) as caught:
        assert record_events(store, [other, replace(CLICK, event_id="f")], SETTINGS, NOW) == 1
    assert str(caught[0].message) == (
        f"1 event has an event_id that was used before for something else: 'e' ({names}); "
        "the first holds; give every event an id of its own"
    )
    assert [event for _, event in store.events()] == [CLICK, replace(CLICK, event_id="f")]


def test_of_many_the_first_few_are_named(store: SqlStore) -> None:
    events = [replace(CLICK, event_id=f"e{number}") for number in range(1_234)]
    record_events(store, events, SETTINGS, NOW)
    with pytest.warns(EventConflictWarning, match="^1,234 events have .*: 'e0' .*'e2' .item., …; "):
        record_events(store, [replace(event, item="b") for event in events], SETTINGS, NOW)


def test_a_position_that_the_service_found_out_is_no_conflict(store: SqlStore) -> None:
    record_events(store, [replace(CLICK, position=3)], SETTINGS, NOW)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert record_events(store, [CLICK], SETTINGS, NOW) == 0


def test_nothing_is_taken_of_a_batch_with_an_error(store: SqlStore) -> None:
    with pytest.raises(InputError, match=r"^events\[1\].event_type: "):
        record_events(store, [CLICK, replace(CLICK, kind="clik")], SETTINGS, NOW)
    assert list(store.events()) == []

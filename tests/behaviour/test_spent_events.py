"""Who was erased is not brought back by an old event, through whichever door it comes again; what
they do from then on is taken.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from foretaste.behaviour import gorse
from foretaste.behaviour.importer import import_file
from foretaste.behaviour.ingest import Ingestor
from foretaste.behaviour.recording import record_events
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event, Item
from foretaste.errors import InputError

NOW = 1_772_366_400.0  # 2026-03-01 12:00 UTC
BEFORE, AFTER = NOW - 3_600, NOW + 3_600
SETTINGS = BehaviourSettings(unknown_items="create")
LATER = NOW + 7_200


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """An empty store of each kind."""
    postgres = request.param == "postgresql"
    url = request.getfixturevalue("empty_postgres") if postgres else tmp_path / "store.db"
    with SqlStore(url) as opened:
        opened.put_items([Item("i")])
        yield opened


def event(name: str, at: float = BEFORE, **fields: Any) -> Event:
    return Event(name, "click", at, item="i", **({"user": "ann"} | fields))


def stored(store: SqlStore) -> set[str]:
    return {one.event_id for _, one in store.events() if one.kind != "identify"}


def test_an_event_of_before_comes_no_more(store: SqlStore) -> None:
    store.add_events([event("a"), event("b", user="bob")])
    store.erase("ann", NOW)
    again = [event("a"), event("never arrived"), event("b2", user="bob"), event("new", AFTER)]
    assert sorted(store.event_refusals(again)) == [0, 1]
    assert store.add_events(again) == 2
    assert stored(store) == {"b", "b2", "new"}


def test_an_event_that_took_the_time_of_its_arrival_comes_no_more(store: SqlStore) -> None:
    """It names no time, so it seems to happen now; its id is known all the same."""
    store.add_events([event("a")])
    store.erase("ann", NOW)
    assert store.add_events([event("a", AFTER)]) == 0
    assert store.add_events([event("b", AFTER)]) == 1


def test_an_anonymous_visit_of_theirs_comes_no_more(store: SqlStore) -> None:
    visit = event("v", user=None, session="phone")
    store.add_events([visit])
    store.identify("phone", "ann", BEFORE)
    store.erase("ann", NOW)
    assert store.add_events([visit, replace(visit, event_id="late")]) == 0
    assert store.add_events([replace(visit, event_id="w", at=AFTER)]) == 1


def test_who_else_was_on_their_device_is_not_erased_with_them(store: SqlStore) -> None:
    shared = event("s", session="tablet")
    hers = event("later", user=None, session="tablet")
    store.identify("tablet", "bob", BEFORE)
    store.add_events([event("b", user="bob", session="tablet")])
    store.identify("tablet", "ann", BEFORE)
    store.add_events([shared, hers])
    store.erase("ann", NOW)
    bobs = event("b2", user="bob", session="tablet")
    assert store.add_events([shared, hers, bobs]) == 1
    assert stored(store) == {"b", "b2"}


def test_an_erasure_under_way_lets_nothing_slip_in(store: SqlStore) -> None:
    """The event was looked at before the erasure, and is written after it."""
    store.add_events([event("a")])
    retried = [event("a"), event("c")]
    assert store.event_refusals(retried) == {}
    store.erase("ann", NOW)
    assert store.add_events(retried) == 0


def test_a_second_erasure_holds_from_its_own_time(store: SqlStore) -> None:
    store.add_events([event("a")])
    store.erase("ann", NOW)
    store.add_events([event("b", AFTER)])
    store.erase("ann", LATER)
    assert store.add_events([event("c", AFTER), event("b", LATER + 1)]) == 0
    assert store.add_events([event("d", LATER + 1)]) == 1


def test_what_is_kept_names_nobody(store: SqlStore) -> None:
    store.add_events([event("order-4711", user="ann@shop.example", session="phone-1")])
    store.erase("ann@shop.example", NOW)
    with store._engine.connect() as connection:
        kept = [
            str(value)
            for table in ("meta", "spent_events")
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}")
            for value in row
        ]
    assert kept
    assert not [text for text in kept if "order" in text or "ann" in text or "phone" in text]


def test_many_people_at_once(store: SqlStore) -> None:
    people = [f"u{n}" for n in range(1_200)]
    store.add_events([event(f"e-{name}", user=name) for name in people])
    for name in people[::400]:
        store.erase(name, NOW)
    again = [event(f"e-{name}", AFTER, user=name) for name in people]
    again += [event(f"f-{name}", user=name) for name in people]
    assert [again[i].event_id for i in sorted(store.event_refusals(again))] == [
        f"{prefix}-{name}" for prefix in "ef" for name in people[::400]
    ]


Door = Callable[[SqlStore, Path, bool], int]


def by_http(store: SqlStore, _: Path, is_new: bool) -> int:
    ingestor = Ingestor(store, SETTINGS, lambda events: (list(events), {}))
    rows: list[dict[str, Any]] = [
        {"event_id": "old", "user": "ann", "item": "i", "event_type": "click"}
    ]
    rows.append({**rows[0], "event_id": "bob", "user": "bob"})
    if is_new:
        rows[0] |= {"event_id": "new", "at": AFTER}
    else:
        rows[0] |= {"at": BEFORE}
    summary = ingestor.events(rows, NOW)
    assert [rejection.index for rejection in summary.rejected] == ([] if is_new else [0])
    assert summary.ids[0] == ("new" if is_new else None)
    return summary.accepted


def by_gorse(store: SqlStore, _: Path, is_new: bool) -> int:
    settings = BehaviourSettings(event_weights={"star": 1.0})
    ingestor = Ingestor(store, settings, lambda events: (list(events), {}))
    feedback = {"FeedbackType": "star", "UserId": "ann", "ItemId": "i"}
    row = gorse.event_from_gorse(feedback | {"Timestamp": AFTER if is_new else BEFORE})
    return ingestor.events([row], NOW).accepted


def by_python(store: SqlStore, _: Path, is_new: bool) -> int:
    if is_new:
        return record_events(store, [event("new", AFTER)], SETTINGS, NOW)
    with pytest.raises(InputError, match="its person was erased after it happened; leave it out"):
        record_events(store, [event("old")], SETTINGS, NOW)
    return 0


def by_file(text: str, name: str) -> Door:
    def door(store: SqlStore, folder: Path, is_new: bool) -> int:
        at = int(AFTER if is_new else BEFORE)
        path = folder / f"{is_new}-{name}"
        path.write_text(text.replace("AT", str(at)).replace("ISO", "2026-03-01T11:00:00Z"))
        result = import_file(
            store, "events", path, SETTINGS, rejects_dir=folder / "rejects", now=NOW
        )
        assert result.rejected == (0 if is_new else 1)
        assert is_new or "erased" in result.rejects[0].problem
        rejects = result.rejects_file
        assert rejects is None or "ann" not in Path(rejects).read_text()
        return result.added

    return door


DOORS: dict[str, Door] = {
    "http": by_http,
    "gorse": by_gorse,
    "python": by_python,
    "csv": by_file("user,item,at,kind\nann,i,AT,click\nbob,i,AT,click\n", "events.csv"),
    "jsonl": by_file('{"user": "ann", "item": "i", "at": AT}\n', "events.jsonl"),
    "nested": by_file(
        '{"user": "ann", "session": "s", "events": [{"aid": "i", "ts": AT, "type": "clicks"}]}\n',
        "sessions.jsonl",
    ),
}


@pytest.mark.parametrize("door", DOORS)
def test_every_door(store: SqlStore, tmp_path: Path, door: str) -> None:
    store.add_events([event("a")])
    store.erase("ann", NOW)
    DOORS[door](store, tmp_path, False)
    assert [one for _, one in store.events() if one.user == "ann"] == []
    assert DOORS[door](store, tmp_path, True) >= 1
    assert [one.at for _, one in store.events() if one.user == "ann"] == [AFTER]

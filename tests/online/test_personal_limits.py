"""While the store is away nobody is shown what they refused, however and through whom they did."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.domain.data import Event, Request
from foretaste.domain.preference import Preference
from foretaste.domain.store import Store
from foretaste.errors import StoreError
from foretaste.loop import Foretaste
from foretaste.online import outage
from foretaste.online.personal_limits import UNKNOWN_LIMITS, PersonalLimits
from serve.workspace import DEADLINE, until

ITEM, GENRE = "space-3", "kitchen"
HIDE, DISLIKE = "hide", "dislike"
ONLY = Preference(f"genre: {GENRE}", {"genre": GENRE}, "only", at=1.0)
MUTE = Preference("genre: space", {"genre": "space"}, "mute", at=1.0)


@pytest.fixture
def loop(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Foretaste]:
    monkeypatch.setattr(outage, "RETRY_SECONDS", 0.01)
    workspace = Foretaste.open(trained)
    workspace.recommend(n=1)
    yield workspace
    workspace.close()


@pytest.fixture
def other(loop: Foretaste) -> Iterator[SqlStore]:
    """The store as another process has it."""
    with SqlStore(loop.folder / STORE_FILE) as store:
        yield store


@contextmanager
def away(loop: Foretaste, other: SqlStore) -> Iterator[None]:
    """The file of the store is not there."""
    loop.slates.log.flush()
    other.close()
    loop.store.close()
    path = loop.folder / STORE_FILE
    kept = path.rename(path.with_name("kept.db"))
    path.mkdir()
    loop.store.close()  # what a thread opened again before the file was away
    yield
    path.rmdir()
    kept.rename(path)
    if loop.outage._thread is not None:
        loop.outage._thread.join()


def shown(loop: Foretaste, user: str | None, session: str | None) -> set[str]:
    """All that any kind of list shows this person."""
    request = Request(user=user, session=session, n=40)
    requests = (
        request,
        replace(request, query="the moon and the bread"),
        replace(request, items=("space-1",)),
        replace(request, candidates=tuple(loop.manager.current.catalogue.ids)),
        replace(request, window=1e10),
    )
    return {item.id for request in requests for item in loop.recommend(request)}


def refuse(
    store: Store, kind: str | Preference, user: str | None, session: str | None = None
) -> None:
    if isinstance(kind, Preference):
        store.put_preferences(user, session, [kind])
    else:
        event_id = f"{kind}-{user}-{session}"
        store.add_events([Event(event_id, kind, 1.0, user=user, session=session, item=ITEM)])


def stored(loop: Foretaste, other: Store, steps: Callable[[Store, str], None]) -> list[str]:
    """Have the same done for some people, each in another way. → the people."""
    steps(other, "before")  # by another process, before this one began
    loop.outage.limits.refresh()
    steps(loop.store, "here")
    steps(other, "there")  # by another process
    loop.outage.limits.refresh()
    steps(loop.store, "last")
    return ["before", "here", "there", "last"]


@pytest.mark.parametrize("kind", [HIDE, DISLIKE, MUTE, ONLY])
def test_what_a_person_refused_is_never_shown(
    loop: Foretaste, other: SqlStore, kind: str | Preference
) -> None:
    people = stored(loop, other, lambda store, user: refuse(store, kind, user))
    with away(loop, other):
        for user in people:
            items = shown(loop, user, "phone")
            assert items
            assert ITEM not in items, user
            if isinstance(kind, Preference):
                assert all(item.startswith(GENRE) for item in items)
        assert ITEM in shown(loop, "nobody", None)


@pytest.mark.parametrize("kind", [HIDE, MUTE])
def test_a_session_is_its_user(loop: Foretaste, other: SqlStore, kind: str | Preference) -> None:
    """Refused on one device as nobody, and on another as the user: both hold on all."""
    for user in ("before", "here", "there", "last"):
        other.identify(f"{user}-tablet", user, 0.5)

    def steps(store: Store, user: str) -> None:
        refuse(store, kind, None, f"{user}-laptop")  # before anybody was known there
        store.identify(f"{user}-laptop", f"{user}-2", 2.0)
        store.identify(f"{user}-phone", user, 2.0)
        refuse(store, kind, user)

    people = stored(loop, other, steps)
    with away(loop, other):
        for user in people:
            assert ITEM not in shown(loop, f"{user}-2", None), user
            for device in ("laptop", "phone", "tablet"):
                assert ITEM not in shown(loop, None, f"{user}-{device}"), (user, device)
        assert ITEM in shown(loop, None, "a device of nobody's")


def test_where_it_is_not_known_the_list_is_refused(loop: Foretaste, other: SqlStore) -> None:
    refuse(other, HIDE, "ann")
    with away(loop, other):
        for person in (Request(user="ann"), Request(session="phone")):
            with pytest.raises(StoreError, match=UNKNOWN_LIMITS) as raised:
                loop.recommend(person)
            assert raised.value.public_text() == UNKNOWN_LIMITS, "whoever asks"
        assert loop.recommend(n=5).items, "of nobody there is nothing to know"


def test_what_is_taken_back_or_erased_is_forgotten(loop: Foretaste, other: SqlStore) -> None:
    limits = loop.outage.limits
    limits.refresh()
    refuse(other, MUTE, "ann")
    refuse(other, HIDE, "bob")
    limits.refresh()
    assert limits.preferences("ann", None) == (MUTE,)
    assert [event.item for event in limits.history("bob", None)] == [ITEM]
    loop.store.put_preferences("ann", None, [], None)
    assert limits.preferences("ann", None) == ()
    loop.erase("bob")
    limits.refresh()
    assert limits.history("bob", None) == []


def test_what_could_not_be_read_again_is_not_known(loop: Foretaste, other: SqlStore) -> None:
    limits = loop.outage.limits
    limits.refresh()
    with away(loop, other):
        limits.events_added([Event("h", HIDE, 1.0, user="ann", item=ITEM)])
        with pytest.raises(StoreError):
            limits.history("ann", None)
    limits.refresh()
    assert limits.history("ann", None) == []


def test_what_others_store_is_followed(
    loop: Foretaste, other: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foretaste.online.personal_limits.POLL_SECONDS", 0.001)
    monkeypatch.setattr("foretaste.online.personal_limits.EVENTS_PER_READ", 7)
    limits = PersonalLimits(other, loop.weights)
    refuse(loop.store, HIDE, "ann")
    limits.follow()
    try:
        assert limits.wait_until_known(DEADLINE)
        assert [event.item for event in limits.history("ann", None)] == [ITEM]
        refuse(loop.store, MUTE, "bob")
        until(lambda: limits.preferences("bob", None) == (MUTE,), "followed")
    finally:
        limits.close()

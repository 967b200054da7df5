from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event, Item, User


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """An empty store of each kind."""
    postgres = request.param == "postgresql"
    url = request.getfixturevalue("empty_postgres") if postgres else tmp_path / "store.db"
    with SqlStore(url) as opened:
        yield opened


def test_pages_of_items_and_users(store: SqlStore) -> None:
    store.put_items([Item(name) for name in "dbac"])
    store.put_users([User(name, {"age": ("30",)}) for name in "dbac"])

    assert [item.id for item in store.items_page("", 3)] == ["a", "b", "c"]
    assert [item.id for item in store.items_page("c", 3)] == ["d"]
    assert store.items_page("d", 3) == []
    assert [user.id for user in store.users_page("a", 2)] == ["b", "c"]
    assert store.users_page("c", 9) == [User("d", {"age": ("30",)})]


def test_an_item_is_changed_in_its_place_under_a_new_revision(store: SqlStore) -> None:
    store.put_items([Item("a", title="old"), Item("b")])
    before = store.log_position()[1]

    changed = store.change_item("a", lambda item: replace(item, hidden=True))

    assert changed == store.item("a") == Item("a", title="old", hidden=True)
    assert [item.id for _, item in store.items(after_revision=before)] == ["a"]
    assert store.change_item("nothing", lambda item: item) is None
    again = store.log_position()
    assert store.change_item("a", lambda item: item) == changed
    assert store.log_position() == again, "nothing changed, so nobody need look"


def test_what_a_change_raises_leaves_all_as_it_was(store: SqlStore) -> None:
    store.put_items([Item("a")])
    store.put_users([User("u")])
    before = store.log_position()

    def fails(_: object) -> Item:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.change_item("a", fails)
    assert (store.item("a"), store.log_position()) == (Item("a"), before)
    store.put_items([Item("b")])  # and the writer's lock is free again


def test_a_user_is_changed(store: SqlStore) -> None:
    store.put_users([User("u", {"genre": ("Drama",)})])

    changed = store.change_user("u", lambda user: replace(user, attributes={"age": ("30",)}))

    assert changed == store.user("u") == User("u", {"age": ("30",)})
    assert store.change_user("nobody", lambda user: user) is None


def test_a_deleted_item_leaves_its_id_and_a_revision(store: SqlStore) -> None:
    store.put_items([Item(name, title=name) for name in "abc"])
    before = store.log_position()[1]

    assert store.delete_items(["b", "nothing", "c"]) == 2

    assert store.item("b") is None
    assert store.item_ids() == {"a"}
    gone = {name: revision for revision, name in store.deleted_items(after_revision=before)}
    assert gone.keys() == {"b", "c"}
    assert min(gone.values()) > before
    assert store.log_position()[1] == max(gone.values())
    assert store.known_item_ids(["b", "a", "nothing"]) == {"a", "b"}
    assert store.delete_items(["b"]) == store.delete_items([]) == 0


def test_a_deleted_item_that_is_put_again_is_back(store: SqlStore) -> None:
    store.put_items([Item("a")])
    store.delete_items(["a"])
    before = store.log_position()[1]

    assert store.put_items([Item("a")]) == 1

    assert store.known_item_ids(["a"]) == {"a"}
    assert [name for _, name in store.deleted_items()] == []
    assert [item.id for _, item in store.items(after_revision=before)] == ["a"]
    assert store.delete_items(["a"]) == 1


def test_items_by_their_ids_in_one_question(store: SqlStore) -> None:
    store.put_items([Item(name, title=f"Title {name}") for name in "abc"])
    store.delete_items(["b"])

    assert store.items_by_id(["c", "a", "b", "never", "a"]) == {
        name: Item(name, title=f"Title {name}") for name in "ac"
    }
    assert store.items_by_id([]) == {}


def test_events_are_told_by_their_ids_as_they_were_accepted(store: SqlStore) -> None:
    clicks = [Event(f"e{n}", "click", 1.5, session="s", item="a") for n in range(1100)]
    store.add_events(clicks)
    store.identify("s", "u", 2.0)

    assert store.events_by_id([]) == {}
    assert store.events_by_id(["e3", "nothing", "e3"]) == {"e3": clicks[3]}
    by_id = {click.event_id: click for click in clicks}
    assert store.events_by_id(list(by_id)) == by_id

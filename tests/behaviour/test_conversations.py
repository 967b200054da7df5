"""Conversations are kept as they were left, in both databases, until they have rested too long."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.domain.preference import Conversation


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    sqlite = request.param == "sqlite"
    url = tmp_path / "b.db" if sqlite else request.getfixturevalue("empty_postgres")
    with SqlStore(url) as store:
        yield store


def test_as_it_was_left(store: SqlStore) -> None:
    one = Conversation(
        "c", "ann", None, 1.5, {"query": "é", "filter": {"a": [1]}, "turns": []}, "ann"
    )
    store.put_conversation(one)
    other = Conversation("d", None, "tv", 2.0, {})
    store.put_conversation(other)
    assert store.conversation("c") == one
    later = Conversation("c", "ann", None, 9.0, {"query": None}, "ann")
    store.put_conversation(later, delete_before=5.0)
    assert store.conversation("c") == later
    assert store.conversation("d") is None

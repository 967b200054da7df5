"""The taste of a user or of a session, without what the policy calls sensitive."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.domain.data import Event, Item
from foretaste.loop import Foretaste
from foretaste.online.taste import profile_of

SENSITIVE = '[rank.policy]\nsensitive = [{ genre = "space" }]\n'


@pytest.fixture
def loop(trained: Path) -> Iterator[Foretaste]:
    opened = Foretaste.open(trained)
    yield opened
    opened.close()


def test_a_taste_is_by_what_the_user_or_the_session_did(loop: Foretaste) -> None:
    loop.record([Event("e1", "click", 1_700_100_000.0, session="visit", item="kitchen-3")])
    snapshot = loop.catch_up()
    by_user = profile_of(loop.slates, snapshot, "u1", None, 5)
    by_session = profile_of(loop.slates, snapshot, None, "visit", 5)
    assert [liked.value for liked in by_user["genre"]] == ["space"]
    assert [liked.value for liked in by_session["genre"]] == ["kitchen"]
    assert by_session["genre"][0].events == ("kitchen-3",)
    assert profile_of(loop.slates, snapshot, None, None, 5) == {}


def test_no_more_values_than_asked_for_are_given(loop: Foretaste) -> None:
    loop.store.put_items([Item("both", "Soup in orbit", attributes={"genre": ("space", "odd")})])
    snapshot = loop.catch_up()
    assert len(profile_of(loop.slates, snapshot, "u1", None, 1)["genre"]) == 1
    assert profile_of(loop.slates, snapshot, "u1", None, 0) in ({}, {"genre": ()})


def test_sensitive_columns_are_left_out(trained: Path) -> None:
    settings = trained / "foretaste.toml"
    settings.write_text(settings.read_text() + SENSITIVE)
    loop = Foretaste.open(trained)
    assert profile_of(loop.slates, loop.catch_up(), "u1", None, 5).get("genre", ()) == ()
    loop.close()

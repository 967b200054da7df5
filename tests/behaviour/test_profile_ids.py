"""Of an account that several people watch by, each profile is a person."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretaste.loop import Foretaste

DAY = 86_400.0
ITEMS = [{"title_id": f"t{number}", "title": f"Film {number}"} for number in range(4)]


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Foretaste]:
    loop = Foretaste.open(tmp_path / "video")
    loop.add(items=ITEMS)
    yield loop
    loop.close()


def view(title: str, **whose: Any) -> dict[str, Any]:
    return {**whose, "title_id": title, "event_type": "view", "at": 1_780_000_000 + DAY}


def test_a_profile_is_known_by_its_account_and_its_name(workspace: Foretaste) -> None:
    events = [
        view("t1", account_id="12", profile_name="Anna"),
        view("t2", account_id="12", profile_name="Kids"),
        view("t3", account_id="13", profile_name="Kids"),
        view("t0", account_id="13", profile_name=""),
    ]
    profiles = [
        {"account_id": "12", "profile_name": "Anna", "is_kids": "false"},
        {"account_id": "12", "profile_name": "Kids", "is_kids": "true"},
    ]
    result = workspace.add(events=events, users=profiles)
    seen = {
        user: [event.item for event in workspace.store.history(user, None)]
        for user in ("12:Anna", "12:Kids", "13:Kids", "13", "12")
    }
    assert seen == {
        "12:Anna": ["t1"], "12:Kids": ["t2"], "13:Kids": ["t3"], "13": ["t0"], "12": []
    }  # fmt: skip
    child = workspace.store.user("12:Kids")
    assert child is not None
    assert child.attributes["is_kids"] == ("true",)
    assert "profile_name" not in child.attributes
    notes = [note for file in result for note in file.warnings if "each profile" in note]
    assert len(notes) == 2
    assert "as in '12:Anna'" in notes[0]


def test_an_account_that_pandas_reads_as_a_number(workspace: Foretaste) -> None:
    workspace.add(events=[view("t1", account_id=12.0, profile_name="Anna")])
    assert len(workspace.store.history("12:Anna", None)) == 1


@pytest.mark.parametrize(
    ("whose", "user"),
    [
        ({"account_id": "12", "profile_id": "p7", "profile_name": "Anna"}, "p7"),
        ({"account_id": "12", "profile": "gold"}, "12"),
        ({"user_id": "u1", "profile_name": "Anna B."}, "u1"),
        ({"account_id": "12", "profile_name": "Somebody who likes films. " * 5}, "12"),
    ],
)
def test_what_names_somebody_otherwise(
    workspace: Foretaste, whose: dict[str, str], user: str
) -> None:
    workspace.add(events=[view("t1", **whose)])
    assert len(workspace.store.history(user, None)) == 1


def test_the_settings_may_take_the_account(tmp_path: Path) -> None:
    settings = {"behaviour.columns.events.user": "account_id"}
    with Foretaste.open(tmp_path / "video", settings=settings) as loop:
        loop.add(items=ITEMS)
        loop.add(events=[view("t1", account_id="12", profile_name="Anna")])
        assert len(loop.store.history("12", None)) == 1

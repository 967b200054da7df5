"""A workspace of an earlier commit, 7a8d2a0: its backup, settings, store and model still serve.

The backup was made by that commit, with settings that have no effect any more among them.
"""

import shutil
from pathlib import Path

import pytest

from foretaste.domain.data import Event
from foretaste.loop import Foretaste
from foretaste.workspace.backup import restore

BACKUP = Path(__file__).with_name("7a8d2a0.zip")
LISTED = ["space-5", "space-6", "space-8", "space-7", "space-9"]
"""What that commit recommended to u1."""


@pytest.fixture
def older(tmp_path: Path) -> Foretaste:
    """The workspace, put back."""
    backup = shutil.copy(BACKUP, tmp_path)  # the list of who was erased is written beside it
    restore(Path(backup), tmp_path / "older")
    return Foretaste.open(tmp_path / "older")


def test_it_opens_serves_learns_and_trains(older: Foretaste) -> None:
    before = older.recommend("u1", n=5)
    assert [item.id for item in before][:3] == LISTED[:3]
    assert older.store.counts()["events"] == 150

    older.record([Event("new-1", "click", 1_700_100_000.0, user="u1", item=LISTED[0])])
    assert LISTED[0] not in [item.id for item in older.recommend("u1", n=5)]
    assert older.generate("u1", n=2).imagined
    assert older.why_not("kitchen-1", "u1").sentence

    version = older.train()
    assert version.metrics["fit"]["chosen"]
    assert len(older.recommend("u1", n=5)) == 5
    assert older.models.rollback() != version.name
    assert len(older.recommend("u1", n=5)) == 5
    older.close()


def test_its_settings_without_effect_are_still_read(older: Foretaste) -> None:
    settings = older.config
    assert settings.model.new_items == 0.01
    assert settings.worker.tolerance == 0.05
    assert settings.model.neighbour.window == 3
    assert settings.model.popularity.half_life_days == 45.0
    older.close()


def test_a_person_of_it_can_be_erased(older: Foretaste) -> None:
    older.recommend("u3", n=3)
    receipt = older.erase("u3")
    assert receipt.erased.events == 5
    assert older.store.counts()["events"] == 145
    assert len(older.recommend("u1", n=3)) == 3
    older.close()

"""Some people are answered by another version than the others, always the same ones."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from foretaste.domain.data import Event
from foretaste.loop import Foretaste
from foretaste.model.canary import Canary
from foretaste.model.version_files import version_name
from foretaste.online.outcome_report import report_outcomes
from serve.workspace import until

PEOPLE = [f"u{number}" for number in range(20)]


@pytest.fixture
def loop(trained: Path) -> Iterator[Foretaste]:
    opened = Foretaste.open(trained)
    yield opened
    opened.close()


@pytest.fixture
def other(loop: Foretaste) -> str:
    """The same model as another version."""
    folder, live = loop.models.folder, str(loop.models.live_name())
    manifest = json.loads((folder / live / "manifest.json").read_text())
    manifest["metrics"]["note"] = "another"
    name = version_name(manifest)
    shutil.copytree(folder / live, folder / name)
    (folder / name / "manifest.json").write_text(json.dumps(manifest))
    return name


def versions(loop: Foretaste) -> dict[str, str]:
    return {person: loop.recommend(person, n=3).model_version for person in PEOPLE}


def test_it_answers_its_people_and_what_came_of_it_is_told_apart(
    loop: Foretaste, other: str
) -> None:
    live, canary = str(loop.models.live_name()), Canary(other, 0.4)
    loop.models.set_canary(canary)
    until(lambda: other in versions(loop).values(), "the canary")
    assert versions(loop) == {
        person: other if canary.includes(person) else live for person in PEOPLE
    }
    somebody = next(person for person in PEOPLE if canary.includes(person))
    assert loop.recommend(n=3).model_version == live, "nobody in particular"
    before = loop.recommend(somebody, n=3)
    shown, now = before.items[0].id, loop.clock()
    click = Event("e1", "click", now, user=somebody, item=shown)
    loop.record([replace(click, recommendation_id=before.recommendation_id)])
    after = loop.recommend(somebody, n=20)
    assert after.model_version == other
    assert shown not in [item.id for item in after.items], "it learns what happens"
    report = report_outcomes(
        loop.store,
        loop.recommendation_log,
        None,
        loop.weights,
        since=now - 3600.0,
        until=now + 60.0,
        group_by="version",
    )
    assert {group.version: group.figures.clicks for group in report.groups} == {live: 0, other: 1}

    loop.models.promote(other)
    assert set(versions(loop).values()) == {other}
    loop.models.rollback()
    assert set(versions(loop).values()) == {live}


def test_one_that_cannot_be_loaded_answers_nobody(loop: Foretaste, other: str) -> None:
    (loop.models.folder / other / "sequence.json").write_text("{}")
    loop.models.set_canary(Canary(other, 1.0))
    until(lambda: bool(versions(loop)) and bool(loop.canary_answers.problem), "its problem")
    assert "sequence.json is damaged" in str(loop.canary_answers.problem)
    assert set(versions(loop).values()) == {loop.models.live_name()}

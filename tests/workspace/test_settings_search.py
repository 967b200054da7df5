"""Settings are searched on what is held out, by some people, and judged by others."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretaste.config.load import Config
from foretaste.errors import InputError, SettingsError
from foretaste.loop import Foretaste
from foretaste.training.search_space import make_space
from foretaste.workspace import settings_search
from foretaste.workspace.settings_search import SearchJob, choosing_cases, search_settings

EXPERTS = "model.experts"
SMOOTHING = "model.transition.smoothing=1..1000000"
"""With much of it everybody gets what is popular; each goes from one item to the next."""


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    settings = {EXPERTS: ("transition",), "model.transition.smoothing": 1e6}
    with closing(Foretaste.open(trained, settings=settings)) as shop:
        yield shop


def test_the_better_settings_are_found_and_judged_by_other_people(shop: Foretaste) -> None:
    notes: list[tuple[int, int]] = []
    report = search_settings(
        shop,
        SearchJob((SMOOTHING,), trials=6),
        progress=lambda task, done, total, note="": notes.append((done, total)),
    )
    assert len(report.trials) == report.planned == 7
    assert report.scores == tuple(sorted(report.scores, reverse=True))
    assert report.is_better
    assert report.settings["model.transition.smoothing"] < 1e4
    comparison = report.comparison
    assert comparison is not None
    assert (comparison.people, comparison.seeds) == (15, 2)  # of 30; the others chose
    assert notes[-1] == (9, 9)
    assert json.loads(json.dumps(report.summary()))["better"] is True


def test_the_same_command_goes_on(shop: Foretaste, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[int] = []
    measure = settings_search.measure_changes

    def counting(*arguments: object, **options: object) -> object:
        if len(measured) == 3:
            raise KeyboardInterrupt
        measured.append(1)
        return measure(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(settings_search, "measure_changes", counting)
    job = SearchJob((SMOOTHING,), trials=4, seeds=1)
    with pytest.raises(KeyboardInterrupt):
        search_settings(shop, job, restart=True)
    monkeypatch.setattr(settings_search, "measure_changes", measure)
    report = search_settings(shop, job)
    again = search_settings(shop, job)
    fresh = search_settings(shop, job, restart=True)

    assert len(report.trials) == 5
    kept_seconds = [trial.seconds for trial in report.trials]
    assert [trial.seconds for trial in again.trials] == kept_seconds  # they were read
    assert [trial.changes for trial in report.trials] == [trial.changes for trial in fresh.trials]
    np.testing.assert_array_equal(report.scores, fresh.scores)


def test_time_that_is_over_begins_no_trial(shop: Foretaste) -> None:
    seconds = iter(range(0, 1000, 50))
    job = SearchJob((SMOOTHING,), trials=8, seeds=1, max_minutes=2.0)
    report = search_settings(shop, job, restart=True, clock=lambda: float(next(seconds)))
    assert len(report.trials) == 2
    assert report.planned == 9


def test_settings_that_cannot_be_trained_are_last(trained: Path) -> None:
    with closing(Foretaste.open(trained, settings={EXPERTS: ("sequence",)})) as shop:
        job = SearchJob(("model.sequence.learning_rate=0.01,1e38",), trials=2, seeds=1)
        report = search_settings(shop, job, restart=True)
    assert report.trials[-1].changes == {"model.sequence.learning_rate": 1e38}
    assert report.trials[-1].result is None
    assert "lower model.sequence.learning_rate" in report.trials[-1].problem
    assert np.isnan(report.scores[-1])
    assert report.summary()["trials"][-1]["ndcg@10"] is None


def test_people_are_in_one_half_with_all_they_did() -> None:
    users = np.array([3, 3, 5, 7, 7, 7, 9, 9])
    chooses = choosing_cases(users, seed=1)
    assert len(set(users[chooses])) == 2
    assert not set(users[chooses]) & set(users[~chooses])
    with pytest.raises(InputError, match="one person"):
        choosing_cases(np.array([4, 4]), seed=0)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("model.sequence.dropot=0.1..0.2", "has no key 'dropot'; did you mean"),
        ("model.sequence.dropout", "write KEY=LOW..HIGH"),
        ("model.sequence.dropout=0.3", "at least two values"),
        ("model.sequence.dropout=0.3..0.1", "the lower end comes first"),
        ("model.sequence.dropout=low..high", "are numbers"),
        ("model.sequence.dim=64,wide", "dim = 'wide'"),
        ("rank.n=5,10", "'rank.n' cannot be searched"),
        ("behaviour.history_events=10..20", "cannot be searched"),
        ("model.experts=sequence,content", r"experts = 'sequence'"),
        ("model.seed=1,2", "makes no list better"),
        ("model.sequence.device=cpu,cuda", "makes no list better"),
    ],
)
def test_what_cannot_be_searched_is_told(text: str, problem: str) -> None:
    with pytest.raises((InputError, SettingsError), match=problem):
        make_space((text,), Config())


def test_a_space_is_looked_at_evenly_and_then_near_the_best() -> None:
    space = make_space(
        ("model.sequence.learning_rate=0.001..0.1", "model.sequence.dim=64,128"), Config()
    )
    shares = space.even_shares(20, seed=0)
    np.testing.assert_array_equal(space.even_shares(30, seed=0)[:20], shares)
    rates = [space.changes_at(row)["model.sequence.learning_rate"] for row in shares]
    assert 7 <= sum(rate < 0.01 for rate in rates) <= 13  # half of them: by the logarithm
    assert {space.changes_at(row)["model.sequence.dim"] for row in shares} == {64, 128}
    near = space.near_shares(np.array([[0.5, 0.25]]), 50, seed=0)
    assert np.abs(near - [0.5, 0.25]).mean() < 0.15
    assert (near != [0.5, 0.25]).any(axis=1).all()
    assert len(make_space((), Config()).settings) == 11
    only = Config.model_validate({"model": {"experts": ["content"]}})
    assert [s.key for s in make_space((), only).settings] == [
        "model.content.max_recent_events",
        "model.content.decay",
    ]


def test_a_budget_and_wrong_numbers_are_refused(trained: Path) -> None:
    with closing(Foretaste.open(trained)) as shop:
        private = shop.config.privacy.model_copy(update={"epsilon": 8.0})
        shop.config = shop.config.model_copy(update={"privacy": private})
        with pytest.raises(InputError, match=r"privacy\.epsilon limits"):
            search_settings(shop, SearchJob())
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"trials": 0}, "--trials 0"),
        ({"seeds": 0}, "--seeds 0"),
        ({"max_minutes": 0.0}, "--minutes 0"),
        ({"protocol": "chance"}, "unknown protocol"),
    )
    for wrong, problem in cases:
        with pytest.raises(InputError, match=problem):
            SearchJob(**wrong)

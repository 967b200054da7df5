"""A model version from the log: of the data's time alone, measured on what it has not seen."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foretaste.domain.data import Recommendation, Request
from foretaste.loop import Foretaste
from foretaste.training.candidate import evaluate_protocol, fit_candidate, measure_candidate

DAY = 86_400
NOW = 1_790_000_000.0
SETTINGS = (
    "[language]\nthreads = 1\n[model]\nmax_weight_cases = 300\n"
    "[model.sequence]\nepochs = 2\ndim = 16\n"
)


def opened(folder: Path, items: pd.DataFrame, events: pd.DataFrame, ends: float) -> Foretaste:
    """A workspace with these events, the last of them at a time."""
    folder.mkdir()
    (folder / "foretaste.toml").write_text(SETTINGS)
    workspace = Foretaste.open(folder)
    workspace.clock = workspace.slates._clock = lambda: NOW
    shifted = events.assign(at=events["at"] + np.round(ends - events["at"].max()))
    workspace.add(items=items, events=shifted)
    return workspace


@pytest.fixture(scope="module")
def spread(events: pd.DataFrame) -> pd.DataFrame:
    """The events over a year, so that counts that fade would fade."""
    return events.assign(at=events["at"].min() + (events["at"] - events["at"].min()) * 900)


def listed(workspace: Foretaste, user: str | None) -> Recommendation:
    return workspace.recommend(Request(user=user, n=8, explain=True, incognito=True))


def test_a_file_of_ten_years_ago_gives_the_model_of_a_file_of_yesterday(
    tmp_path: Path, items: pd.DataFrame, spread: pd.DataFrame
) -> None:
    """And the same lists, with the same scores, as nobody has done anything since."""
    old = opened(tmp_path / "old", items, spread, NOW - 3650 * DAY)
    fresh = opened(tmp_path / "fresh", items, spread, NOW - 10 * DAY)
    versions = [workspace.train() for workspace in (old, fresh)]

    for key in ("fit", "measured"):
        assert versions[0].metrics[key] == versions[1].metrics[key]
    products = [workspace.catch_up().product for workspace in (old, fresh)]
    np.testing.assert_array_equal(products[0].weights, products[1].weights)
    assert products[0].weights_by_expert() == products[1].weights_by_expert()
    for user in ("u1", "u4", None):
        before, after = (listed(workspace, user) for workspace in (old, fresh))
        assert [item.id for item in before] == [item.id for item in after]
        np.testing.assert_allclose(
            [item.score for item in before], [item.score for item in after], atol=1e-4
        )
    for workspace in (old, fresh):
        workspace.close()


def test_training_measures_what_it_promotes_on_events_it_has_not_seen(
    tmp_path: Path, items: pd.DataFrame, events: pd.DataFrame
) -> None:
    workspace = opened(tmp_path / "shop", items, events, NOW - DAY)
    version = workspace.train()
    measured, fit = version.metrics["measured"], version.metrics["fit"]

    assert 0 < measured["cases"] < 30
    assert set(measured["ahead"]) >= {"popularity", "transition"}
    assert set(measured["experts"]) == set(measured["ahead"])
    assert {"predicted", "observed", "count"} == set(measured["calibration"]["bins"]["10"][0])
    assert fit["chosen"] in ("fitted", "usual", *measured["ahead"])
    manifest = json.loads((tmp_path / "shop/models" / version.name / "manifest.json").read_text())
    assert manifest["metrics"]["measured"] == measured

    candidate = fit_candidate(workspace)
    test = candidate.encoded_data.split.test
    learned = candidate.encoded_data.split.train
    for user, row in zip(test.user_indices, test.target_rows, strict=True):
        rows = learned.user_slice(int(user))
        assert test.interactions.at[row] > learned.at[rows].max(initial=0)
    workspace.close()


def test_what_serves_and_what_is_evaluated_are_made_alike(
    tmp_path: Path, items: pd.DataFrame, events: pd.DataFrame
) -> None:
    """The same events held out give the same figures, whoever asks."""
    workspace = opened(tmp_path / "shop", items, events, NOW - DAY)
    candidate = fit_candidate(workspace)
    held = replace(candidate.encoded_data.split, protocol="latest")
    from foretaste.training import candidate as module

    before = dict(module.SPLITS)
    try:
        module.SPLITS["latest"] = lambda interactions: held
        evaluation = evaluate_protocol(workspace, "latest")
    finally:
        module.SPLITS.clear()
        module.SPLITS.update(before)

    measured, _ = measure_candidate(workspace, candidate)
    assert measured is not None
    assert evaluation.manifest_figures()["ndcg@10"] == measured["ndcg@10"]
    workspace.close()


def test_without_a_history_of_two_nothing_is_measured(
    tmp_path: Path, items: pd.DataFrame, events: pd.DataFrame
) -> None:
    workspace = opened(tmp_path / "shop", items, events.drop_duplicates("user"), NOW - DAY)
    version = workspace.train()

    assert version.metrics["measured"] is None
    assert version.metrics["fit"]["chosen"] == "usual"
    assert "no event to choose weights by" in version.metrics["fit"]["cause"]
    workspace.close()

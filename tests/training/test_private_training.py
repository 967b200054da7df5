"""A training with a privacy budget, from the settings to the receipt."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretaste.behaviour.export import recommendation_to_json
from foretaste.domain.data import Event
from foretaste.errors import MissingExtra
from foretaste.loop import Foretaste
from foretaste.training.model_card import ModelCard
from foretaste.training.privacy_ledger import add_to_ledger

PRIVACY: dict[str, Any] = {
    "privacy.epsilon": 6.0,
    "privacy.delta": 1e-3,
    "privacy.steps": 2,
    "privacy.people_per_step": 4,
    "privacy.max_events": 10,
    "model.sequence.dim": 8,
    "model.sequence.layers": 1,
}


def test_without_the_extra_the_training_says_how_to_get_it(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opacus.accountants", None)
    loop = Foretaste.open(trained, settings=PRIVACY)
    with pytest.raises(MissingExtra, match=r"foretaste\[privacy\]"):
        loop.train()
    loop.close()


def test_what_few_did_is_not_trending(trained: Path) -> None:
    for min_people, sources in ((None, {"trending", "fallback"}), (1000, {"fallback"})):
        changed = {} if min_people is None else {"privacy.min_people": min_people}
        loop = Foretaste.open(trained, settings=changed)
        loop.record(
            [Event(f"of {min_people}", "click", loop.clock() - 60, user="u3", item="space-4")]
        )
        listed = loop.recommend(window=3600.0, n=3)
        loop.close()
        assert {item.source for item in listed} == sources


def test_what_all_trainings_spent_is_added_up(trained: Path) -> None:
    loop = Foretaste.open(trained)
    for trainings in (1, 2):
        told = add_to_ledger(loop.store, {"epsilon": 2.0, "delta": 1e-6})
        assert told["all_trainings"] == {
            "trainings": trainings, "epsilon": 2.0 * trainings, "delta": 1e-6 * trainings
        }  # fmt: skip
    loop.close()


@pytest.fixture(scope="session")
def private(make_once: Any, _trained: Path) -> Path:
    """A workspace whose newest model has a budget."""
    pytest.importorskip("opacus.accountants")

    def make(folder: Path) -> None:
        shutil.copytree(_trained, folder, dirs_exist_ok=True)
        loop = Foretaste.open(folder, settings=PRIVACY)
        loop.train()
        loop.close()

    return Path(make_once("private", make))


class TestTrained:
    """One training for all."""

    @pytest.fixture
    def loop(self, private: Path, tmp_path: Path) -> Iterator[Foretaste]:
        folder = tmp_path / "private"
        shutil.copytree(private, folder)
        loop = Foretaste.open(folder, settings=PRIVACY)
        yield loop
        loop.close()

    def test_its_budget_is_in_the_manifest_the_list_and_the_card(self, loop: Foretaste) -> None:
        version = loop.models.version(str(loop.models.live_name()))
        assert version.privacy is not None
        spent = version.privacy["epsilon"]
        assert 5.5 < spent <= 6.0
        assert version.privacy["delta"] == 1e-3
        assert version.privacy["all_trainings"]["trainings"] == 1
        answer = recommendation_to_json(loop.recommend("u1"))
        assert answer["privacy"] == {"epsilon": spent, "delta": 1e-3}
        card = ModelCard("shop", version)
        assert card.summary()["epsilon"] == spent
        assert f"ε = {spent:g} and δ = 0.001" in card.text()

    def test_nothing_is_fitted_on_people_besides(self, loop: Foretaste) -> None:
        version = loop.models.version(str(loop.models.live_name()))
        product = loop.catch_up().product
        assert version.metrics["fit"]["chosen"] == "usual"
        assert version.metrics["popularity_lifts"] == []
        assert product.offsets is None
        assert not {"transition", "neighbour"} & set(product.names)  # hardly anybody is here
        popularity = product.popularity
        assert popularity is not None
        assert popularity.half_life_days == 0

    def test_nobody_is_learnt_from_until_the_next_training(self, loop: Foretaste) -> None:
        before = loop.catch_up().product.popularity_scorer(1).score_row(np.ones(1, bool), 0)
        loop.record([Event("new", "click", 1.75e9, user="u1", item="space-9")])
        snapshot = loop.catch_up()
        after = snapshot.product.popularity_scorer(1).score_row(np.ones(1, bool), 0)
        assert snapshot.event == loop.store.last_event_number()
        assert np.array_equal(before, after)
        assert "space-9" not in [item.id for item in loop.recommend("u1")]  # their own list knows

    def test_an_erasure_leaves_the_counts_and_says_so(self, loop: Foretaste) -> None:
        before = loop.catch_up().product.popularity_scorer(1).score_row(np.ones(1, bool), 0)
        receipt = loop.erase("u1")

        after = loop.catch_up().product.popularity_scorer(1).score_row(np.ones(1, bool), 0)
        assert np.array_equal(before, after)
        name = str(loop.models.live_name())
        budget = loop.models.version(name).privacy
        assert budget is not None
        note = next(note for note in receipt.pending_notes if "differential privacy" in note)
        assert f"epsilon {budget['epsilon']:g} and delta 0.001" in note
        assert receipt.signed_receipt["privacy"] == [
            {"version": name, "epsilon": budget["epsilon"], "delta": 1e-3}
        ]

"""A budget is met, hardly undercut, and where it cannot be met it is said what could."""

import sys

import pytest

from foretaste.domain.privacy_settings import PrivacySettings
from foretaste.errors import MissingExtra, ModelError
from foretaste.model import privacy_budget
from foretaste.model.privacy_budget import (
    PrivacyBudget,
    Releases,
    pair_threshold,
    plan_budget,
    spent_epsilon,
)

SETTINGS = PrivacySettings(epsilon=4.0, delta=1e-5, people_per_step=64, steps=100)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opacus.accountants", None)
    with pytest.raises(MissingExtra, match=r"foretaste\[privacy\]"):
        plan_budget(SETTINGS, 1000, 1, 0, has_network=True)


def test_a_delta_that_gives_somebody_away_is_refused() -> None:
    with pytest.raises(ModelError, match=r"delta = 1e-05 .* of 200,000 people .* below 5e-06"):
        plan_budget(SETTINGS, 200_000, 1, 0, has_network=True)


class TestWithOpacus:
    @pytest.fixture(autouse=True)
    def _needs_opacus(self) -> None:
        pytest.importorskip("opacus.accountants")

    def test_all_releases_together_spend_what_was_asked_for(self) -> None:
        budget = plan_budget(SETTINGS, 1000, 3, 2, has_network=True)

        releases = [(budget.count_noise, 1.0, 3), (budget.gradient_noise, 0.064, 100)]
        delta = budget.delta - 2 * budget.pair_delta
        assert spent_epsilon(releases, delta)[0] == pytest.approx(budget.epsilon)
        assert 3.8 < budget.epsilon <= 4.0
        assert spent_epsilon(releases[:1], delta)[0] < 1.0 < budget.epsilon  # a quarter of it
        assert budget.accountant == "PRV"

    def test_without_a_network_all_of_it_is_for_counts(self) -> None:
        budget = plan_budget(SETTINGS, 1000, 1, 0, has_network=False)

        assert budget.gradient_noise == 0
        assert 3.8 < budget.epsilon <= 4.0
        # the classical bound of one Gaussian release (Dwork and Roth 2014, theorem A.1) is looser
        assert 1.0 < budget.count_noise < (2 * 11.74) ** 0.5 / 4 * 1.5

    def test_among_more_people_one_needs_less_noise(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def quick(releases: Releases, delta: float, **_: bool) -> tuple[float, str]:
            return spent_epsilon(releases, delta, is_tight=False)

        monkeypatch.setattr(privacy_budget, "spent_epsilon", quick)  # it takes a tenth of the time
        noises = [
            plan_budget(SETTINGS, people, 1, 0, has_network=True).gradient_noise
            for people in (200, 800)
        ]
        assert noises[1] < noises[0] / 1.5

    def test_a_budget_that_cannot_be_met_says_what_could_be(self) -> None:
        settings = SETTINGS.model_copy(update={"epsilon": 0.01})
        with pytest.raises(ModelError, match=r"spends 0\.\d+; set a larger epsilon"):
            plan_budget(settings, 100, 1, 0, has_network=True)


def test_a_pair_of_one_person_passes_as_seldom_as_delta_says() -> None:
    budget = PrivacyBudget(4.0, 1e-5, 2.0, 1e-6, 0.0, 1.0, 0, "PRV")
    assert pair_threshold(budget, 100) == pytest.approx(1 + 2.0 * 5.612, rel=1e-3)

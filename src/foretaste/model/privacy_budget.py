"""In: a budget, people, and what is to be released of them. Out: the noise that it takes.

All releases of a training are normal noise on sums that one person changes by a bounded length: one
for each table of counts, and one for each step of the network on a Poisson sample of the people.
The accountant composes them (numerically, Gopi et al. 2021; by Rényi divergence where everybody is
in each step). Opacus, which has both, is imported when a budget is made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from warnings import catch_warnings, simplefilter

from scipy.special import ndtri

from foretaste.domain.privacy_settings import PrivacySettings
from foretaste.errors import MissingExtra, ModelError

MAX_NOISE = 200.0
"""Standard deviations of noise, in lengths of a person, past which nothing is learnt."""
MIN_NOISE, TIGHT_SHARE = 0.3, 0.7
"""Where noise is looked for: from here, and from this share of what the quick accountant says."""
QUICK_HALVINGS, TIGHT_HALVINGS = 12, 4
COUNT_DELTA_SHARE = 0.05
"""Of `delta`, for each table of pairs: that a pair of one person alone gets through."""

Releases = list[tuple[float, float, int]]
"""(noise in lengths of a person, share of people in each, how many)"""


@dataclass(frozen=True)
class PrivacyBudget:
    """What a training spends, and the noise by which it stays within."""

    epsilon: float
    """Spent: at most what was asked for."""
    delta: float
    count_noise: float
    """Standard deviation on each table of counts, to which a person adds a length of 1 at most."""
    pair_delta: float
    """The chance that some pair of items that one person alone took gets through, for a table."""
    gradient_noise: float
    """Standard deviation on each step, in lengths of `clipping`; 0 where no network is trained."""
    sample_rate: float
    """Chance by which a person is in a step."""
    steps: int
    accountant: str

    def figures(self, settings: PrivacySettings) -> dict[str, Any]:
        """For the data of a version."""
        return {
            "epsilon": round(self.epsilon, 4),
            "delta": self.delta,
            "unit": "person",
            "accountant": self.accountant,
            "gradient_noise": round(self.gradient_noise, 4),
            "count_noise": round(self.count_noise, 4),
            "sample_rate": round(self.sample_rate, 6),
            "steps": self.steps,
            "clipping": settings.clipping,
            "max_events": settings.max_events,
        }


def plan_budget(
    settings: PrivacySettings, people: int, tables: int, pair_tables: int, *, has_network: bool
) -> PrivacyBudget:
    """The noise under which all releases of a training are within the budget.

    tables: of counts, pairs included. Raises ModelError where the budget cannot be met, with what
    could be; MissingExtra without Opacus.
    """
    assert settings.epsilon is not None
    assert settings.delta is not None
    if settings.delta >= 1 / max(people, 1):
        raise ModelError(
            f"privacy.delta = {settings.delta:g} lets somebody of {people:,} people go "
            f"unprotected; set it below {1 / max(people, 1):.1g}"
        )
    pair_delta = COUNT_DELTA_SHARE * settings.delta
    delta = settings.delta - pair_tables * pair_delta
    rate = min(settings.people_per_step / max(people, 1), 1.0)
    steps = settings.steps if has_network else 0
    share = settings.count_share if has_network else 1.0
    count_noise = (
        _least_noise(lambda noise: [(noise, 1.0, tables)], share * settings.epsilon, delta)
        if tables
        else 0.0
    )
    counts: Releases = [(count_noise, 1.0, tables)] if tables else []
    gradient_noise = (
        _least_noise(lambda noise: [*counts, (noise, rate, steps)], settings.epsilon, delta)
        if steps
        else 0.0
    )
    releases = [*counts, *([(gradient_noise, rate, steps)] if steps else [])]
    spent, accountant = spent_epsilon(releases, delta) if releases else (0.0, "none")
    return PrivacyBudget(
        spent, settings.delta, count_noise, pair_delta, gradient_noise, rate, steps, accountant
    )


def spent_epsilon(releases: Releases, delta: float, *, is_tight: bool = True) -> tuple[float, str]:
    """(what all releases together spend, the accountant that says so). Not tight is quick."""
    try:
        from opacus.accountants import PRVAccountant, RDPAccountant
    except ImportError:
        raise MissingExtra("Opacus, which privacy.epsilon needs,", "privacy") from None
    is_numeric = is_tight and any(rate < 1 for _, rate, _ in releases)
    accountant = PRVAccountant() if is_numeric else RDPAccountant()
    accountant.history = list(releases)
    with catch_warnings():
        simplefilter(
            "ignore"
        )  # that the best order is the last of those tried: a bound all the same
        return float(accountant.get_epsilon(delta=delta)), "PRV" if is_numeric else "RDP"


def pair_threshold(budget: PrivacyBudget, max_pairs: int) -> float:
    """What the noisy count of a pair must pass, so that all that one person alone took, of weight 1
    at most each, stay out but for a chance of `pair_delta` (Wilson et al. 2020, section 4).
    """
    return 1.0 + budget.count_noise * -float(ndtri(budget.pair_delta / max_pairs))


def _least_noise(releases: Callable[[float], Releases], epsilon: float, delta: float) -> float:
    """The least noise under which these spend no more than epsilon."""
    least_epsilon, _ = spent_epsilon(releases(MAX_NOISE), delta, is_tight=False)
    if least_epsilon > epsilon:
        raise ModelError(
            f"privacy.epsilon: {epsilon:.3g} of it are left for this part of the training, and "
            f"noise {MAX_NOISE:g} times what one person can change, past which nothing is "
            f"learnt, spends {least_epsilon:.3g}; set a larger epsilon, or fewer privacy.steps "
            "or privacy.people_per_step"
        )
    noise = _bisected(
        MIN_NOISE, MAX_NOISE, lambda noise: spent_epsilon(releases(noise), delta, is_tight=False)[0]
        <= epsilon, QUICK_HALVINGS,
    )  # fmt: skip
    return _bisected(
        TIGHT_SHARE * noise, noise, lambda noise: spent_epsilon(releases(noise), delta)[0]
        <= epsilon, TIGHT_HALVINGS,
    )  # fmt: skip


def _bisected(low: float, high: float, is_enough: Callable[[float], bool], halvings: int) -> float:
    """The least that is enough, between one that need not be and one that is."""
    for _ in range(halvings):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high

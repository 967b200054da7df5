"""Can it be told who was learnt from? `make bench-privacy`: with and without a privacy budget.

Of a cut of a data set several models are trained, each on a random half of the people. The attacker
has a person's history and what a model says of it, and tells whether the person was in its half:

- by the loss alone: the likelier a model finds the history, the likelier they were in it;
- by shadow models (LiRA, Carlini et al. 2022, section 4): the other models say what the loss of
  this very person is with them in and without, and the attacker takes the likelier of the two.

AUC .5 is guessing. Beside it N@10 on each person's last taking, which no model has learnt from.
"""

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from benchmarks.datasets import Absent, write
from benchmarks.tables import RESULTS, keep_result, show
from foretaste.domain.data import Doubles, EvaluationCases, Interactions
from foretaste.domain.privacy_settings import NO_PRIVACY, PrivacySettings
from foretaste.loop import Foretaste
from foretaste.model.fit import fit_privately, fit_with_report
from foretaste.model.private_counts import newest_events
from foretaste.model.product import ProductOfExperts
from foretaste.model.training import Training

SETS = ("ml-small", "beauty", "ml-1m-1500")
EPSILONS = (1.0, 4.0, 8.0)
ATTACKED_EVENTS = 5
"""Of each person the newest takings that were learnt from: what the attacker has."""
MIN_DEVIATION = 1e-3
SMALL_NETWORK = {"dim": 32, "layers": 1, "max_history_length": 20, "device": "cpu"}


@dataclass(frozen=True)
class Cut:
    """Some people of a data set, and what they did last."""

    training: Training
    learnable: Interactions
    """Without the last taking of each person."""
    last: EvaluationCases
    attacked: EvaluationCases
    """The newest takings that are learnt from where the person is."""

    def half(self, is_in: np.ndarray) -> Interactions:
        """Of the people of a half all, of the others nothing."""
        return self.learnable.filter_rows(is_in[self.learnable.row_users()])


def read_cut(loop: Foretaste, people: int, events: int, seed: int) -> Cut:
    """So many people, drawn, with so many of their newest events, and the items of these."""
    items = {item.id: item for _, item in loop.store.items()}
    data, _, _ = loop.interactions(items)
    rng = np.random.default_rng(seed)
    chosen = np.zeros(len(data), bool)
    chosen[rng.permutation(len(data))[:people]] = True
    rows = chosen[data.row_users()] & (data.item >= 0)
    names = {name for name, is_chosen in zip(data.users, chosen, strict=True) if is_chosen}
    taken = set(np.array(list(items))[np.unique(data.item[rows])].tolist())
    items = {name: item for name, item in items.items() if name in taken}
    data, _, _ = loop.interactions(items)
    keep = np.array([name in names for name in data.users])
    data = newest_events(_only(data, keep), events)
    positive = np.flatnonzero(data.positive_mask())
    owners = data.row_users()[positive]
    last_place = np.searchsorted(owners, np.arange(len(data)), side="right") - 1
    has_two = np.bincount(owners, minlength=len(data)) >= 2
    users = np.flatnonzero(has_two)
    last_rows = positive[last_place[users]]
    cutoff = data.offsets[1:].copy()
    cutoff[users] = last_rows
    learnable = data.filter_rows(np.arange(data.event_count) < cutoff[data.row_users()])
    positive = np.flatnonzero(learnable.positive_mask())
    owners = learnable.row_users()[positive]
    from_end = np.searchsorted(owners, owners, side="right") - np.arange(len(owners))
    is_attacked = (from_end <= ATTACKED_EVENTS) & (positive > learnable.offsets[:-1][owners])
    catalogue = loop.catalogue(items)
    settings = loop.config.model
    settings = settings.model_copy(
        update={
            "sequence": settings.sequence.model_copy(update=SMALL_NETWORK),
            "max_weight_cases": 500,
        }
    )
    nothing = np.empty(0, np.int64)
    return Cut(
        Training(catalogue, learnable, EvaluationCases(data, nothing, nothing), settings),
        learnable,
        EvaluationCases(data, users.astype(np.int64), last_rows.astype(np.int64)),
        EvaluationCases(learnable, owners[is_attacked], positive[is_attacked].astype(np.int64)),
    )


def _only(data: Interactions, keep: np.ndarray) -> Interactions:
    """These people alone."""
    rows = keep[data.row_users()]
    kept = data.filter_rows(rows)
    counts = np.diff(kept.offsets)[keep]
    users = tuple(name for name, is_kept in zip(data.users, keep, strict=True) if is_kept)
    return replace(kept, users=users, offsets=np.concatenate([[0], np.cumsum(counts)]))


def fitted(cut: Cut, is_in: np.ndarray, privacy: PrivacySettings) -> tuple[ProductOfExperts, Any]:
    """(a product of the people of a half, what it spent)."""
    training = replace(cut.training, interactions=cut.half(is_in), privacy=privacy)
    if privacy.is_private:
        result = fit_privately(training)
        return result.serving_product, result.privacy
    return fit_with_report(training)[0], None


def losses(product: ProductOfExperts, cases: EvaluationCases, people: int) -> Doubles:
    """[people], the mean log P of a person's takings; nan without any."""
    totals, counts = np.zeros(people), np.zeros(people)
    for start in range(0, len(cases), 128):
        part = slice(start, start + 128)
        log_prob = product.log_prob(cases.user_contexts(start, start + 128))
        own = log_prob[np.arange(len(log_prob)), cases.targets[part]]
        np.add.at(totals, cases.user_indices[part], own)
        np.add.at(counts, cases.user_indices[part], 1)
    return np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)


def ndcg(product: ProductOfExperts, cases: EvaluationCases) -> Doubles:
    """[cases], among all items, seen ones left out."""
    gains = np.zeros(len(cases))
    for start in range(0, len(cases), 128):
        contexts = cases.user_contexts(start, start + 128)
        scores = product.score(contexts)
        for row, context in enumerate(contexts):
            target = int(cases.targets[start + row])
            own = scores[row, target]
            scores[row, context.consumed_items] = -np.inf
            rank = int((scores[row] > own).sum())
            gains[start + row] = 1 / np.log2(rank + 2) if rank < 10 else 0.0
    return gains


def shadow_scores(told: Doubles, is_in: np.ndarray, target: int) -> Doubles:
    """[people], how much likelier what a model tells is of a person who is in it.

    told, is_in: [models, people].
    """
    others = np.arange(len(told)) != target
    means, deviations = [], []
    for inside in (True, False):
        own = np.where(is_in[others] == inside, told[others], np.nan)
        means.append(np.nanmean(own, axis=0))
        deviations.append(np.nanmean((own - means[-1]) ** 2))
    deviation = max(float(np.mean(deviations)) ** 0.5, MIN_DEVIATION)
    inside, outside = (norm.logpdf(told[target], mean, deviation) for mean in means)
    return np.asarray(inside - outside)


def attacked(cut: Cut, privacy: PrivacySettings, models: int, seed: int) -> dict[str, Any]:
    """A row: how often both attackers are right, and how good the lists are."""
    people = len(cut.learnable)
    rng = np.random.default_rng(seed)
    is_in = rng.random((models, people)) < 0.5  # by itself: nobody's other halves tell of this one
    told, gains, spent = [], [], None
    for halves in is_in:
        product, spent = fitted(cut, halves, privacy)
        told.append(losses(product, cut.attacked, people))
        gains.append(ndcg(product, cut.last)[halves[cut.last.user_indices]].mean())
    table = np.array(told)
    known = ~np.isnan(table[0]) & (is_in.sum(axis=0) > 1) & (is_in.sum(axis=0) < models - 1)
    by_loss, by_shadows = (
        [roc_auc_score(is_in[model, known], scores[known]) for model, scores in enumerate(rows)]
        for rows in (table, [shadow_scores(table, is_in, model) for model in range(models)])
    )
    return {
        "epsilon": "none" if spent is None else f"{privacy.epsilon:g}",
        "noise": 0.0 if spent is None else spent["gradient_noise"],
        "people": int(is_in[0].sum()),
        "AUC, loss": float(np.mean(by_loss)),
        "AUC, shadows": float(np.mean(by_shadows)),
        "error": float(np.std(by_shadows) / models**0.5),
        "N@10": float(np.mean(gains)),
        "experts": len(product.experts),
    }


def plot(name: str, rows: list[dict[str, Any]]) -> None:
    """What each epsilon costs and hides."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.6))
    labels = [str(row["epsilon"]) for row in rows]
    axes[0].plot(labels, [row["N@10"] for row in rows], marker="o")
    axes[0].set_ylabel("N@10")
    for key in ("AUC, loss", "AUC, shadows"):
        axes[1].plot(labels, [row[key] for row in rows], marker="o", label=key)
    axes[1].axhline(0.5, color="grey", linewidth=0.8)
    axes[1].set_ylabel("who was learnt from: AUC")
    axes[1].legend()
    for axis in axes:
        axis.set_xlabel("epsilon")
        axis.grid(alpha=0.3)
    figure.suptitle(f"What a privacy budget costs and hides, a cut of {name}")
    figure.tight_layout()
    figure.savefig(RESULTS / f"privacy-{name}.png", dpi=90)


def budgets(arguments: argparse.Namespace) -> Iterator[PrivacySettings]:
    yield NO_PRIVACY
    for epsilon in sorted(arguments.epsilon or EPSILONS, reverse=True):
        yield PrivacySettings(
            epsilon=epsilon,
            delta=arguments.delta,
            steps=arguments.steps,
            people_per_step=arguments.people_per_step,
            max_events=arguments.events,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", action="append", choices=SETS)
    parser.add_argument("--workspace", type=Path, help="One that the set was imported into.")
    parser.add_argument("--people", type=int, default=600)
    parser.add_argument("--events", type=int, default=20, help="Newest events of each person.")
    parser.add_argument("--models", type=int, default=8)
    parser.add_argument("--epsilon", action="append", type=float)
    parser.add_argument("--delta", type=float, default=1e-4)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--people-per-step", type=int, default=64)
    arguments = parser.parse_args()
    for name in arguments.set or SETS:
        with tempfile.TemporaryDirectory() as passing:
            loop = Foretaste.open(arguments.workspace or Path(passing) / "workspace")
            if arguments.workspace is None:
                try:
                    events, items = write(name, Path(passing))
                except Absent as absent:
                    print(absent)
                    continue
                loop.add(events=events, items=items)
            cut = read_cut(loop, arguments.people, arguments.events, seed=0)
            rows = []
            for privacy in budgets(arguments):
                rows.append(attacked(cut, privacy, arguments.models, seed=0))
                print(rows[-1], flush=True)
            loop.close()
        protocol = (
            f"{name}: a cut of {arguments.people:,} people with their {arguments.events} newest "
            f"events, {len(cut.training.catalogue):,} items; {arguments.models} models, each on "
            f"half of them; delta {arguments.delta:g}, {arguments.steps} steps of "
            f"{arguments.people_per_step} people; error: standard error over models"
        )
        show(protocol, rows)
        keep_result("privacy", name, protocol, rows)
        plot(name, rows)


if __name__ == "__main__":
    main()

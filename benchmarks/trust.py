"""What a correction costs: `make bench-trust`.

On the takings that a training kept back: NDCG@10, how many times as popular as what people took
lists are, and how far from each person's own mix, as popularity weighs less, as lists keep to the
own mix (Steck 2018); and, of the long tail, as each list has a floor (FA*IR, Zehlike et al. 2017)
or all lists have a share over time. Beside them the usual re-rankings: marginal relevance (MMR),
and xQuAD between what is popular and the long tail (Abdollahpouri et al. 2019). Corrections are
those of the code that serves. Then the service is asked for a target, and audited.
"""

import argparse
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets import Absent, write
from benchmarks.tables import RESULTS, keep_result, show
from foretaste.domain.data import Doubles, EvaluationCases, Floats, Ints
from foretaste.domain.mixes import divergence
from foretaste.evaluate.audit.popularity import tail_mask
from foretaste.evaluate.metrics import paired_interval
from foretaste.loop import Foretaste
from foretaste.model.training import showable_cases
from foretaste.online.exposure_control import (
    EXPOSURE_EXPERT,
    MAX_PRICE,
    MIN_PRICE,
    ExposurePrice,
    attention_share,
)
from foretaste.online.list_corrections import WEIGHTS, popularity_shift
from foretaste.prepare.splits import split_latest
from foretaste.rank.diversity import rerank_for_diversity
from foretaste.rank.floors import PrefixFloor, prefix_minimums
from foretaste.rank.own_mix import OwnMix, item_shares, mix_feature
from foretaste.rank.probability_shift import ProbabilityShift, shift_boosts
from foretaste.rank.slate import SlateDraft
from foretaste.rank.top import top_items
from foretaste.training.candidate import HELD_OUT_USERS
from foretaste.training.version_data import version_data

SETS = ("beauty", "ml-small", "ml-1m-1500")
LENGTH, POOL = 10, 128
STRENGTHS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
TARGETS = (1.3, 1.2, 1.1, 1.0)
TAIL_SHARES = (0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
SIGNIFICANCE = 0.1
PRICE_STEPS = 14
"""Halvings by which the price is looked for that one price for all lists would have."""
Rerank = Callable[[int, Floats, np.ndarray], Ints]
"""(case, scores [items], hidden [items]) → the list"""


class HeldOut:
    """The cases of one version, scored by what never saw them."""

    def __init__(self, loop: Foretaste) -> None:
        version = loop.models.version(str(loop.models.live_name()))
        product, training = version_data(loop, version, loop.models.item_ids(version.name))
        interactions = loop.read(training.interactions)
        rng = np.random.default_rng(loop.config.model.seed)
        split = split_latest(interactions, HELD_OUT_USERS, rng)
        self.product = product.recount(replace(training, interactions=split.train))
        self.cases: EvaluationCases = showable_cases(split.test, loop.config.rank.hide_seen)
        self.contexts = self.cases.user_contexts(0, len(self.cases))
        self.catalogue = training.catalogue
        positive = split.train.positive_mask()
        self.counts: Doubles = np.bincount(
            split.train.item[positive], minlength=len(self.catalogue)
        ).astype(np.float64)
        size = len(self.catalogue)
        self.log_prob = self.product.popularity_scorer(size).score_row(np.ones(size, bool), 0)
        self.scores = np.concatenate(
            [
                self.product.score(self.contexts[start : start + 64])
                for start in range(0, len(self.contexts), 64)
            ]
        )
        self.feature = mix_feature(self.catalogue, None)
        self.index = loop.slates.index(loop.catch_up())
        self.tail = tail_mask(self.counts)

    def measured(self, rerank: Rerank) -> dict[str, Doubles]:
        """[cases] each: NDCG@10, how often the list's items and those of the history were taken,
        the miscalibration of the list, nan without a mix, and the attention that the long tail has.
        """
        names = ("ndcg", "shown", "taken", "mix", "tail")
        columns: dict[str, list[float]] = {name: [] for name in names}
        for case, context in enumerate(self.contexts):
            items = rerank(case, self.scores[case], self.taken_mask(case))[:LENGTH]
            rank = np.flatnonzero(items == self.cases.targets[case])
            columns["ndcg"].append(1 / np.log2(rank[0] + 2) if len(rank) else 0.0)
            columns["shown"].append(float(self.counts[items].mean()))
            columns["taken"].append(float((self.counts[context.consumed_items] - 1).mean()))
            columns["mix"].append(self._distance(case, items))
            columns["tail"].append(attention_share(self.tail[items]))
        return {name: np.array(values) for name, values in columns.items()}

    def taken_mask(self, case: int) -> np.ndarray:
        """[items], what the person has done something with."""
        items = self.contexts[case].item
        mask = np.zeros(len(self.catalogue), bool)
        mask[items[items >= 0]] = True
        return mask

    def _distance(self, case: int, items: Ints) -> float:
        mix = self.own_mix(case, 1.0)
        if mix is None:
            return np.nan
        listed = item_shares(mix.feature, items)
        return float(divergence(mix.shares, listed.sum(0) / max(listed.sum(), 1e-9)))

    def own_mix(self, case: int, strength: float) -> OwnMix | None:
        if self.feature is None:
            return None
        return OwnMix.of(self.feature, self.contexts[case].consumed_items, strength)


def corrections(held_out: HeldOut) -> Mapping[tuple[str, float], Rerank]:
    """(name, strength) → the list by it."""

    def less_popular(weight: float) -> Rerank:
        shift = popularity_shift(held_out.log_prob, weight)
        return lambda _, scores, hidden: top_items(scores + shift, LENGTH, hidden=hidden)

    def own_mix(strength: float) -> Rerank:
        def rerank(case: int, scores: Floats, hidden: np.ndarray) -> Ints:
            items = top_items(scores, POOL, hidden=hidden)
            mix = held_out.own_mix(case, strength)
            return items if mix is None else np.array(mix.rerank(items, scores, 2 * LENGTH))

        return rerank

    def varied(strength: float) -> Rerank:
        def rerank(_: int, scores: Floats, hidden: np.ndarray) -> Ints:
            items = top_items(scores, POOL, hidden=hidden)
            vectors = held_out.catalogue.vectors
            options: dict[str, Any] = {"strength": strength, "n": 2 * LENGTH}
            return np.array(rerank_for_diversity(items.tolist(), scores, vectors, **options))

        return rerank

    def explicit_variety(strength: float) -> Rerank:
        """xQuAD, smooth: what the list has of a group yet counts against more of it."""
        groups = np.stack([~held_out.tail, held_out.tail]).astype(np.float64)  # [groups, items]

        def rerank(case: int, scores: Floats, hidden: np.ndarray) -> Ints:
            items = top_items(scores, POOL, hidden=hidden)
            relevance = np.asarray(scores[items], np.float64)
            relevance = (relevance - relevance.min()) / max(float(np.ptp(relevance)), 1e-9)
            own = groups[:, held_out.contexts[case].consumed_items]
            interest = own.mean(axis=1) if own.size else np.full(2, 0.5)
            member, chosen = groups[:, items], list[int]()
            for _ in range(min(LENGTH, len(items))):
                listed = member[:, chosen].mean(axis=1) if chosen else np.zeros(2)
                variety = (interest * (1 - listed)) @ member
                gains = (1 - strength) * relevance + strength * variety
                gains[chosen] = -np.inf
                chosen.append(int(np.argmax(gains)))
            return items[chosen]

        return rerank

    def with_floor(share: float) -> Rerank:
        counts = prefix_minimums(LENGTH, share, SIGNIFICANCE)

        def rerank(_: int, scores: Floats, hidden: np.ndarray) -> Ints:
            nothing = np.zeros(len(scores), np.float32)
            draft = SlateDraft(nothing, hidden, hidden, held_out.index, LENGTH)
            draft.floors.append(PrefixFloor(held_out.tail, counts, "floor"))
            draft.add_scores(scores)
            return draft.build_slate(np.random.default_rng).items

        return rerank

    def over_time(share: float) -> Rerank:
        price = ExposurePrice(share, None)

        def rerank(case: int, scores: Floats, hidden: np.ndarray) -> Ints:
            shift = ProbabilityShift(held_out.tail, price.probability, "share", EXPOSURE_EXPERT)
            (boost,) = shift_boosts([shift], scores)
            items = top_items(scores + boost.row, LENGTH, hidden=hidden)
            price.observe(attention_share(held_out.tail[items]))
            return items

        for case in range(len(held_out.cases)):  # it finds its price within some hundred lists
            rerank(case, held_out.scores[case], held_out.taken_mask(case))
        return rerank

    def at_one_price(share: float) -> Rerank:
        """The price at which these very lists have the share: no controller can know it."""
        low, high = np.log(MIN_PRICE), np.log(MAX_PRICE)
        for _ in range(PRICE_STEPS):
            rerank = priced(float(np.exp((low + high) / 2)))
            attention = held_out.measured(rerank)["tail"].mean()
            low, high = ((low + high) / 2, high) if attention < share else (low, (low + high) / 2)
        return priced(float(np.exp((low + high) / 2)))

    def priced(probability: float) -> Rerank:
        shift = ProbabilityShift(held_out.tail, probability, "share", EXPOSURE_EXPERT)
        return lambda _, scores, hidden: top_items(
            scores + shift_boosts([shift], scores)[0].row, LENGTH, hidden=hidden
        )

    rows = {("popularity weighs less", weight): less_popular(weight) for weight in WEIGHTS}
    if held_out.feature is not None:
        rows |= {("own mix", strength): own_mix(strength) for strength in STRENGTHS}
    rows |= {("floor in each list", share): with_floor(share) for share in TAIL_SHARES}
    rows |= {("share over time", share): over_time(share) for share in TAIL_SHARES}
    rows |= {("one price for all lists", share): at_one_price(share) for share in TAIL_SHARES}
    rows |= {("MMR", strength): varied(strength) for strength in STRENGTHS}
    return rows | {("xQuAD", strength): explicit_variety(strength) for strength in STRENGTHS}


def sweep(held_out: HeldOut) -> list[dict[str, Any]]:
    """A row a correction."""
    rows = list[dict[str, Any]]()
    plain: Mapping[str, Doubles] = {}
    people = held_out.cases.user_indices
    for (name, strength), rerank in corrections(held_out).items():
        columns = held_out.measured(rerank)
        plain = plain or columns
        difference = paired_interval(
            columns["ndcg"], plain["ndcg"], people, np.random.default_rng(0)
        )
        base = float(plain["ndcg"].mean())
        rows.append(
            {
                "correction": name,
                "strength": strength,
                "lift": float(columns["shown"].mean() / columns["taken"].mean()),
                **({"own mix": float(np.nanmean(columns["mix"]))} if held_out.feature else {}),
                "long tail": float(columns["tail"].mean()),
                "N@10": float(columns["ndcg"].mean()),
                "change": difference.mean / base,
                "low": difference.low / base,
                "high": difference.high / base,
            }
        )
    return rows


def targets(loop: Foretaste, folder: Path) -> list[dict[str, Any]]:
    """What the service's lists are like where a lift is asked for, by its own audit."""
    rows = []
    for target in (None, *TARGETS):
        asked = Foretaste.open(folder, settings={"rank.popularity_lift": target} if target else {})
        lift = asked.audit(people=500).section("popularity").figures[1].value
        asked.close()
        rows.append(
            {
                "correction": "asked of the service" if target else "as it is",
                **({"target": target} if target else {}),
                "lift": lift.mean,
                "low": lift.low,
                "high": lift.high,
            }
        )
    return rows


def plot(name: str, rows: list[dict[str, Any]]) -> None:
    """The frontiers: N@10 against the lift, and against the distance from the own mix."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    measures = {"lift": "times as popular", "long tail": "attention that the long tail has"}
    if any("own mix" in row for row in rows):
        measures["own mix"] = "distance from the own mix"
    figure, axes = pyplot.subplots(1, len(measures), figsize=(5 * len(measures), 4), squeeze=False)
    for axis, (measure, label) in zip(axes[0], measures.items(), strict=True):
        for correction in dict.fromkeys(row["correction"] for row in rows):
            points = [row for row in rows if row["correction"] == correction]
            axis.plot(
                [row[measure] for row in points],
                [row["N@10"] for row in points],
                marker="o",
                label=correction,
            )
        axis.set_xlabel(label)
        axis.set_ylabel("N@10")
        if measure != "long tail":
            axis.invert_xaxis()
        axis.grid(alpha=0.3)
    axes[0][0].legend()
    figure.suptitle(f"What corrections cost, {name}")
    figure.tight_layout()
    figure.savefig(RESULTS / f"trust-{name}.png", dpi=90)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", action="append", choices=SETS)
    parser.add_argument("--workspace", type=Path, help="One that is trained on the set already.")
    parser.add_argument("--sweep-alone", action="store_true", help="Without asking the service.")
    arguments = parser.parse_args()
    for name in arguments.set or SETS:
        with tempfile.TemporaryDirectory() as passing:
            folder = arguments.workspace or Path(passing) / "workspace"
            loop = Foretaste.open(folder)
            if arguments.workspace is None:
                try:
                    events, items = write(name, Path(passing))
                except Absent as absent:
                    print(absent)
                    continue
                loop.add(events=events, items=items)
                loop.train()
            rows = sweep(HeldOut(loop))
            asked_rows = [] if arguments.sweep_alone else targets(loop, folder)
            loop.close()
        protocol = (
            f"{name}: what the training kept back, {LENGTH} items a list; change: of N@10, "
            "relative, 95 % paired bootstrap over people"
        )
        show(protocol, [*rows, *asked_rows])
        keep_result("trust", name, protocol, rows)
        if asked_rows:
            asked_protocol = f"{name}: a lift asked of the service"
            keep_result("trust", f"{name}, asked", asked_protocol, asked_rows)
        plot(name, rows)


if __name__ == "__main__":
    main()

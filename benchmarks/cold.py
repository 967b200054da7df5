"""Cold items, cold people, a new domain: what is known of whom or what nobody has seen before?

    python -m benchmarks.cold [--parts items people domain] [--keep DIR]

Items: a tenth of the items, drawn at random, is hidden: in the catalogue by their text, all their
events gone. Each case is an event of a hidden item, predicted from what its person did before it,
hidden items left out. Warm: leave-one-out, cases whose last item is not hidden, against a run
without hiding on the same cases, asked with whole histories and with those of the hidden run. Both
by the scores alone, and in lists as they are served, with the places that are kept for new items.
People: leave-one-out, histories cut to their last n events. Domain: fitted on one set, asked about
another, of which nothing was counted or learnt. All items ranked, masked; the defaults of the
program. Result: benchmarks/results/cold.json.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets import Absent
from benchmarks.tables import keep_result, show
from benchmarks.worlds import World, world
from foretaste.domain.data import EvaluationCases, Floats, Interactions, Ints, Split, UserContext
from foretaste.evaluate import metrics
from foretaste.model.experts import EXPERTS
from foretaste.model.experts.sequence import SequenceExpert as SequenceExpert
from foretaste.model.product import ProductOfExperts
from foretaste.prepare.splits import split_leave_one_out
from foretaste.rank.index import FilterIndex, ItemAvailability
from foretaste.rank.settings import RankSettings
from foretaste.rank.slate import SlateDraft

SHARE, MOST, EACH = 0.1, 3000, 5
"""Of items hidden; events of hidden items predicted, and of one person, at most."""
LENGTHS = (0, 1, 2, 5, 10)
DOMAINS = (("ml-small", "movietweetings"), ("beauty", "sports"))

Score = Callable[[list[UserContext]], Floats]
Row = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """Questions with the item that was taken next."""

    behaviours: list[UserContext]
    targets: Ints

    def ranks(self, score: Score, among: Ints | None = None) -> Any:
        """[cases], masked; `among` ranks these items only."""
        parts = []
        for start in range(0, len(self.behaviours), 128):
            some = self.behaviours[start : start + 128]
            scores, targets = score(some), self.targets[start : start + 128]
            seen: Sequence[Ints] | None = [one.item for one in some]
            if among is not None:
                scores = scores[:, among]
                targets = np.searchsorted(among, targets).astype(np.int32)
                seen = None
            parts.append(metrics.ranks(scores, targets, seen).masked)
        return np.concatenate(parts)


def figures(ranks: Any) -> Row:
    return {
        "ndcg@10": float(metrics.ndcg(ranks, 10).mean()),
        "recall@10": float(metrics.recall(ranks, 10).mean()),
        "recall@50": float(metrics.recall(ranks, 50).mean()),
    }


def lists(product: ProductOfExperts, here: World, behaviours: list[UserContext]) -> list[Ints]:
    """[cases][50], as `rank` fills them: places below the tenth are kept for new items."""
    index, settings = (
        FilterIndex(here.shelf, ItemAvailability.of(list(here.items.values()))),
        RankSettings(),
    )
    found = []
    for start in range(0, len(behaviours), 128):
        some = behaviours[start : start + 128]
        for scores, one in zip(product.score(some), some, strict=True):
            seen = np.zeros(len(scores), bool)
            seen[one.consumed_items] = True
            draft = SlateDraft(scores, seen, seen, index, n=50)
            draft.cold_pools = product.scorer(one).cold_items(settings.cold_item_share)
            found.append(draft.build_slate(np.random.default_rng).items)
    return found


def listed(found: list[Ints], targets: Ints) -> Any:
    """[cases], the place of the target in each list; past it where it is not there."""
    ranks = []
    for items, target in zip(found, targets, strict=True):
        place = np.flatnonzero(items == target)
        ranks.append(int(place[0]) if len(place) else 10**6)
    return np.array(ranks)


FITTED: dict[str, ProductOfExperts] = {}
"""Of each set whose own leave-one-out split was fitted: several questions are asked of it."""


def fitted(here: World, split: Split) -> ProductOfExperts:
    if here.name not in FITTED:
        FITTED[here.name] = here.fitted(split.train, split.valid)
    return FITTED[here.name]


def alone(product: ProductOfExperts, name: str) -> Score:
    return next(expert for expert in product.experts if expert.name == name).log_prob


# cold items ------------------------------------------------------------------------------------


def hidden_events(found: Interactions, hidden: Ints, rng: np.random.Generator) -> Asked:
    """Events of hidden items, each predicted from what else its person did before it."""
    keep = ~np.isin(found.item, hidden)
    rest, owners = found.filter_rows(keep), found.row_users()
    place = np.concatenate([[0], np.cumsum(keep)])
    times: dict[int, int] = {}
    chosen = []
    for row in rng.permutation(np.flatnonzero(~keep & found.positive_mask())):
        person = int(owners[row])
        if times.get(person, 0) < EACH and place[row] > rest.offsets[person]:
            times[person] = times.get(person, 0) + 1
            chosen.append(int(row))
    chosen = chosen[:MOST]
    behaviours = [
        replace(rest.user_context(int(owners[row]), int(place[row])), now=float(found.at[row]))
        for row in chosen
    ]
    return Asked(behaviours, found.item[chosen])


def warm_cases(whole: EvaluationCases, part: EvaluationCases) -> tuple[Asked, Asked]:
    """The test cases with the same person and target in both, with either history."""
    last = {
        int(person): (int(target), place)
        for place, (person, target) in enumerate(
            zip(whole.user_indices, whole.targets, strict=True)
        )
    }
    pairs = [
        (last[int(person)][1], place)
        for place, (person, target) in enumerate(zip(part.user_indices, part.targets, strict=True))
        if int(person) in last and last[int(person)][0] == int(target)
    ]
    both = []
    for cases, places in zip((whole, part), zip(*pairs, strict=True), strict=True):
        rows = np.array(places)
        some = EvaluationCases(
            cases.interactions, cases.user_indices[rows], cases.target_rows[rows]
        )
        some = some.sample(2 * MOST, np.random.default_rng(0))
        both.append(Asked(some.user_contexts(0, len(some)), some.targets))
    return both[0], both[1]


def items(name: str, keep: Path | None) -> tuple[str, list[Row]]:
    with world(name, keep) as here:
        rng = np.random.default_rng(0)
        found = here.histories
        taken = np.unique(found.item[found.positive_mask()])
        hidden = np.sort(rng.choice(taken, round(SHARE * len(taken)), replace=False))
        whole = split_leave_one_out(found)
        part = split_leave_one_out(found.filter_rows(~np.isin(found.item, hidden)))
        product = here.fitted(part.train, part.valid)
        all_known = fitted(here, whole)
        cold = hidden_events(found, hidden, rng)
        rows = []
        for label, score in {
            "product": product.score,
            "product, nothing for new items": replace(product, offsets=None).score,
            **{expert.name: expert.log_prob for expert in product.experts},
        }.items():
            if label in ("query", "repeat", "popularity", "transition", "neighbour"):
                continue
            every, among = cold.ranks(score), cold.ranks(score, hidden)
            rows.append(
                {
                    "case": "hidden items",
                    "model": label,
                    "recall@50": figures(every)["recall@50"],
                    "recall@50 among hidden": figures(among)["recall@50"],
                    "ndcg@10": figures(every)["ndcg@10"],
                }
            )
        ranks = listed(lists(product, here, cold.behaviours), cold.targets)
        told = {name: figures(ranks)[name] for name in ("recall@50", "ndcg@10")}
        rows.append({"case": "hidden items", "model": "lists of 50 as served", **told})
        before, after = warm_cases(whole.test, part.test)
        for label, asked, score in (
            ("product, nothing hidden", before, all_known.score),
            ("the same, asked without hidden events", after, all_known.score),
            ("product", after, product.score),
            ("product, nothing for new items", after, replace(product, offsets=None).score),
        ):
            told = figures(asked.ranks(score))
            rows.append({"case": "warm items", "model": label, **told})
        ranks = listed(lists(product, here, after.behaviours), after.targets)
        rows.append({"case": "warm items", "model": "lists of 50 as served", **figures(ranks)})
        head = f"{name}: {len(hidden):,} of {len(here.items):,} items hidden; {len(cold.targets):,}"
        return f"{head} events of hidden items; {len(after.targets):,} warm cases", rows


# cold people -----------------------------------------------------------------------------------


def cut(one: UserContext, length: int) -> UserContext:
    """The last so many events."""
    last = slice(max(len(one) - length, 0), None)
    return replace(
        one,
        item=one.item[last],
        weight=one.weight[last],
        kind=one.kind[last],
        value=one.value[last],
        at=one.at[last],
        text=one.text[last],
        text_vectors=None if one.text_vectors is None else one.text_vectors[last],
    )


def stated(here: World, train: Interactions, people: Any, column: str) -> list[tuple[str, ...]]:
    """What each person would say they like: of the values that make up a tenth or more of what
    they took in the training part, the three that they take most above what everybody does.
    """
    feature = next(one for one in here.shelf.features if one.column == column)
    shares = np.zeros((len(here.shelf), len(feature.values)))
    for item in range(len(here.shelf)):
        codes = feature.item_codes(item)
        shares[item, codes] = 1 / max(len(codes), 1)
    everyone = shares[train.item[train.positive_mask()]].mean(axis=0) + 1e-9
    answers = []
    for person in people:
        rows = train.user_slice(int(person))
        own = shares[train.item[rows][train.positive_mask()[rows]]]
        own = own.mean(axis=0) if len(own) else everyone
        lift = np.where(own >= 0.1, own / everyone, 0)
        best = [code for code in np.argsort(-lift)[:3] if lift[code] > 0]
        answers.append(tuple(feature.values[code] for code in best))
    return answers


def people(name: str, keep: Path | None) -> tuple[str, list[Row]]:
    with world(name, keep) as here:
        split = split_leave_one_out(here.histories)
        product = fitted(here, split)
        test = split.test.sample(MOST, np.random.default_rng(0))
        behaviours = test.user_contexts(0, len(test))
        tastes = stated(here, split.train, test.user_indices, "genres")
        rows = []
        for length in LENGTHS:
            short = [cut(one, length) for one in behaviours]
            # masked by the whole history, so that every length ranks the same items
            asked = Asked(short, test.targets)
            rows.append(row(length, "product", asked, behaviours, product.score))
            told = [replace(o, taste={"genres": t}) for o, t in zip(short, tastes, strict=True)]
            asked = Asked(told, test.targets)
            rows.append(row(length, "product, stated taste", asked, behaviours, product.score))
        popular = Asked(behaviours, test.targets)
        rows.append(row("any", "popularity", popular, behaviours, alone(product, "popularity")))
        return f"{name}: {len(test):,} people, leave-one-out, histories cut to n events", rows


def row(length: Any, model: str, asked: Asked, whole: list[UserContext], score: Score) -> Row:
    """Masked by the person's whole history."""
    parts = []
    for start in range(0, len(whole), 128):
        part = slice(start, start + 128)
        seen = [one.item for one in whole[part]]
        scores = score(asked.behaviours[part])
        parts.append(metrics.ranks(scores, asked.targets[part], seen).masked)
    return {"case": f"{length} past events", "model": model, **figures(np.concatenate(parts))}


# a new domain ----------------------------------------------------------------------------------


def carried(product: ProductOfExperts, here: World, nothing: Interactions) -> ProductOfExperts:
    """The product on another catalogue: exponents and network stay, nothing has been counted."""
    training = here.training(
        nothing, EvaluationCases(nothing, np.empty(0, np.int64), np.empty(0, np.int64))
    )
    empty = {e.name: e for k in EXPERTS if k is not SequenceExpert for e in k.fit(training)}
    experts, places = [], []
    for place, expert in enumerate(product.experts):
        if isinstance(expert, SequenceExpert):
            arrays, facts = expert.state()
            size = len(here.shelf) + 1, arrays["identity.weight"].shape[1]
            arrays = {**arrays, "identity.weight": np.zeros(size, np.float32)}
            experts.append(SequenceExpert.from_state(arrays, facts, here.shelf))
            places.append(place)
        elif expert.name in empty:
            experts.append(empty[expert.name])
            places.append(place)
    return replace(product, experts=tuple(experts), weights=product.weights[:, places])


def domain(source: str, target: str, keep: Path | None) -> tuple[str, list[Row]]:
    with world(source, keep) as there:
        whole = split_leave_one_out(there.histories)
        product = fitted(there, whole)
        kinds = there.histories.event_types
    with world(target, keep) as here:
        found = here.histories
        where = np.array([kinds.index(k) if k in kinds else 0 for k in found.event_types], np.int8)
        found = replace(found, kind=where[found.kind], kinds=kinds)
        split = split_leave_one_out(found)
        nothing = found.filter_rows(np.zeros(found.event_count, bool))
        moved = carried(product, here, nothing)
        fed = moved.recount(here.training(split.train, split.valid))
        test = split.test.sample(MOST, np.random.default_rng(0))
        asked = Asked(test.user_contexts(0, len(test)), test.targets)
        rows = [
            {"case": "nothing of the new set", "model": label, **figures(asked.ranks(score))}
            for label, score in {
                "product": moved.score,
                "sequence": alone(moved, "sequence"),
                "content": alone(moved, "content"),
                "lexical": alone(moved, "lexical"),
                "popularity (uniform: nothing counted)": alone(moved, "popularity"),
            }.items()
        ]
        rows += [
            {"case": "its events counted", "model": label, **figures(asked.ranks(score))}
            for label, score in {
                "product, nothing fitted": fed.score,
                "popularity": alone(fed, "popularity"),
            }.items()
        ]
        return f"{source} → {target}: {len(test):,} people of {target}, leave-one-out", rows


PARTS: dict[str, list[Callable[[Path | None], tuple[str, list[Row]]]]] = {
    "items": [lambda keep: items("ml-small", keep), lambda keep: items("beauty", keep)],
    "people": [lambda keep: people("ml-small", keep), lambda keep: people("ml-100k", keep)],
    "domain": [
        lambda keep: domain(*DOMAINS[0], keep),
        lambda keep: domain(*DOMAINS[1], keep),
    ],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--keep", type=Path, help="workspaces stay here for the next time")
    asked = parser.parse_args()
    for part in asked.parts:
        for question in PARTS[part]:
            try:
                protocol, rows = question(asked.keep)
            except Absent as absent:
                print(absent, flush=True)
                continue
            show(protocol, rows)
            keep_result("cold", protocol.split(":")[0] + ", " + part, protocol, rows)


if __name__ == "__main__":
    main()

"""The steps of benchmarks/scale.py, one a process: its name and sizes in, a line of JSON out."""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.synthetic import histories, packed, shelf, vectors
from foretaste.domain.arrays import Vectors
from foretaste.domain.data import Catalogue, EvaluationCases, Interactions, Ints, UserContext
from foretaste.domain.ports import Expert
from foretaste.model.artefacts import ModelRegistry
from foretaste.model.expert_scorer import scorer_of
from foretaste.model.expert_weights import default_expert_weights
from foretaste.model.experts import EXPERTS
from foretaste.model.experts.sequence import SequenceExpert as SequenceExpert
from foretaste.model.gradient import gradient_step, make_optimizers, set_rates
from foretaste.model.history_pieces import HistoryPieces
from foretaste.model.index import base
from foretaste.model.index.base import is_exhaustive, rows_of, widened
from foretaste.model.index.exact import ExactIndex
from foretaste.model.item_words import ItemWords
from foretaste.model.product import ProductOfExperts
from foretaste.model.product_scorer import CANDIDATES_PER_EXPERT
from foretaste.model.sequence_loss import sampled_softmax_loss
from foretaste.model.sequence_network import SequenceNetwork
from foretaste.model.sequence_training import (
    plan_training,
)
from foretaste.model.settings import ModelSettings
from foretaste.model.training import Training
from foretaste.prepare import catalogue_builder
from foretaste.rank.top import top_items

BATCHES, REQUESTS, WARM, COMPARED = 10, 200, 20, 40
LEFT_OUT = ("query", "language", "sequence")
"""Present only with a query, only where asked for, measured by itself."""


def memory(which: str = "VmHWM") -> float:
    """The peak of resident memory so far, in GB; with "VmRSS" what it is now."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return round(next(int(one.split()[1]) for one in lines if one.startswith(which)) / 1e6, 2)


def best(work: Callable[[], object], at_least: float = 0.3) -> float:
    """CPU seconds, the least of as many as fit; so what else the machine does counts little."""
    found: list[float] = []
    while sum(found) < at_least or len(found) < 5:
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return max(min(found), 1e-9)


def training(items: int, events: int, read: Vectors | None = None) -> Training:
    """As much of it, with nothing held out."""
    found = histories(items, events)
    nothing = np.empty(0, np.int64)
    settings = ModelSettings()
    popularity = settings.popularity.model_copy(update={"half_life_days": 0.0})
    settings = settings.model_copy(update={"popularity": popularity})
    return Training(shelf(items, read), found, EvaluationCases(found, nothing, nothing), settings)


def peak() -> dict[str, Any]:
    """What one core of this machine can do, and what share of it the hot kernels reach."""
    rng = np.random.default_rng(0)
    square = rng.standard_normal((2048, 2048), np.float32)
    gflops = 2 * 2048**3 / best(lambda: square @ square) / 1e9
    told: dict[str, Any] = {"GFLOP/s": gflops}
    for items in (12_000, 50_000):
        rows = rng.standard_normal((items, 384), np.float32)
        flat, query = ExactIndex.of(rows_of(rows), items), rows[:1]
        line = rows.ravel()
        read = 2 * rows.nbytes / best(lambda line=line: line @ line) / 1e9  # type: ignore[misc]
        seconds = best(lambda flat=flat, query=query: flat.scores(query))  # type: ignore[misc]
        reached = rows.nbytes / seconds / 1e9
        told |= {
            f"compare {items} x 384, ms": seconds * 1e3,
            f"compare {items} x 384, GB/s": reached,
            f"read {rows.nbytes / 1e6:.0f} MB, GB/s": read / 2,
            f"compare {items} x 384, share": 2 * reached / read,
        }
    packed, reduced = np.rint(rows[:16_000, :64] * 30).astype(np.int8), rows[0, :64].copy()
    seconds = best(lambda: widened(packed) @ reduced)
    told["lists 16,000 x 64 of 8 bits, ms"] = seconds * 1e3
    told["lists 16,000 x 64 of 8 bits, share"] = packed.nbytes / seconds / 5e8 / read
    for rows_, inner, columns in ((700, 128, 1024), (700, 128, 512)):
        one, other = (
            torch.from_numpy(rng.standard_normal(shape, np.float32))
            for shape in ((rows_, inner), (inner, columns))
        )
        seconds = best(lambda one=one, other=other: one @ other)  # type: ignore[misc]
        name = f"product {rows_} x {inner} x {columns}"
        told[f"{name}, GFLOP/s"] = 2 * rows_ * inner * columns / seconds / 1e9
        told[f"{name}, share"] = told[f"{name}, GFLOP/s"] / gflops
    return {name: round(value, 2) for name, value in told.items()}


def fit(items: int, events: int, folder: str) -> dict[str, Any]:
    """Fit every expert but the sequence, and write the product down for the step that answers."""
    given = training(items, events)
    told: dict[str, Any] = {}
    experts: list[Expert] = []
    for kind in EXPERTS:
        if kind.name not in LEFT_OUT:
            began = time.process_time()
            experts += kind.fit(given)
            told[f"{kind.name}, s"] = round(time.process_time() - began, 2)
    told["all, s"] = round(sum(told.values()), 2)
    untaught = network(given.catalogue, given.interactions, given.settings, 50)
    experts.append(SequenceExpert(untaught, given.settings.sequence, given.catalogue))
    began = time.process_time()
    product = ProductOfExperts(tuple(experts), default_expert_weights(tuple(experts)))
    models = ModelRegistry(Path(folder) / f"{items}-{events}")
    name = models.save(product, given.catalogue.ids, created=0.0, data={}, settings={}, metrics={})
    models.promote(name)
    files = sum(path.stat().st_size for path in Path(folder).glob(f"{items}-{events}/{name}/*"))
    told |= {"save, s": round(time.process_time() - began, 1), "on disk, MB": files // 1_000_000}
    return told | {"peak GB": memory()}


def sequence(items: int, events: int, folder: str) -> dict[str, Any]:
    """Some batches of training, and in what they spend their time."""
    read = vectors(items, half=not is_exhaustive(items))
    given = training(items, min(events, 1_000_000), read)
    settings = given.settings.sequence
    chosen = plan_training(given.interactions, settings)
    pieces = HistoryPieces(given.interactions, chosen.length)
    learning = network(given.catalogue, given.interactions, given.settings, chosen.length)
    moving = make_optimizers(learning)
    set_rates(moving, settings.learning_rate)
    spent: dict[str, list[float]] = {"forward": [], "backward and step": []}
    batches = pieces.batches(chosen.batch_events, np.random.default_rng(0))[: BATCHES + 2]
    learnt = 0

    def turn(rows: Ints) -> None:
        nonlocal learnt
        batch, target = pieces.batch(rows)
        learnt += int((target > 0).sum())
        times = [time.process_time()]
        loss = sampled_softmax_loss(learning, batch, target, settings.negatives)
        times.append(time.process_time())
        gradient_step(learning, loss, moving)
        times.append(time.process_time())
        for name, seconds in zip(spent, np.diff(times), strict=True):
            spent[name].append(float(seconds))

    for rows in batches:
        turn(rows)
    each = {f"{name}, ms a batch": float(np.median(some)) * 1e3 for name, some in spent.items()}
    told: dict[str, Any] = {name: round(value, 1) for name, value in each.items()}
    told["events a second"] = round(learnt / len(batches) / sum(each.values()) * 1e3)
    return told | _hot(lambda: turn(batches[0]), sum(each.values())) | {"peak GB": memory()}


def _hot(work: Callable[[], None], ms: float) -> dict[str, Any]:
    """The operations that take most of a batch, and the rate its matrix products come to."""
    with torch.profiler.profile(with_flops=True) as profiler:
        work()
    seen = profiler.key_averages()
    whole = sum(one.self_cpu_time_total for one in seen)
    hottest = sorted(seen, key=lambda one: -one.self_cpu_time_total)[:6]
    shares = [f"{one.key} {one.self_cpu_time_total / whole:.0%}" for one in hottest]
    gflops = sum(one.flops for one in seen) / ms / 1e6
    return {
        "hot spots": ", ".join(shares),
        "products, GFLOP/s of the whole batch": round(gflops, 1),
    }


def network(
    shelved: Catalogue, found: Interactions, settings: ModelSettings, length: int
) -> SequenceNetwork:
    torch.manual_seed(0)
    read = torch.from_numpy(np.asarray(shelved.vectors))
    read = torch.cat([torch.zeros(1, read.shape[1], dtype=read.dtype), read])
    sparse = not is_exhaustive(len(shelved))
    return SequenceNetwork(
        read,
        settings.sequence,
        length,
        len(found.event_types),
        0.0,
        has_sparse_identity=sparse,
        words=ItemWords.of(shelved.full_texts, settings.sequence.dim),
    )


def _loaded(
    items: int, events: int, folder: str
) -> tuple[ProductOfExperts, list[UserContext], float]:
    shelved = shelf(items, None if is_exhaustive(items) else packed(items))
    models = ModelRegistry(Path(folder) / f"{items}-{events}")
    began = time.process_time()
    product = models.load(str(models.live_name()), shelved)
    seconds = time.process_time() - began
    some = histories(items, 10 * (REQUESTS + WARM), seed=7)
    return product, [some.user_context(n, 10 * n + 10) for n in range(len(some))], seconds


def _requests(product: ProductOfExperts, asked: Sequence[UserContext]) -> dict[str, Any]:
    size = product.size
    parts: dict[str, list[float]] = {"read": [], "candidates": [], "score": [], "reasons": []}
    spent: list[float] = []
    for one in asked:
        began, times = time.process_time(), [time.perf_counter()]
        scorer = product.scorer(one)
        times.append(time.perf_counter())
        shown = np.ones(size, bool)
        shown[one.consumed_items] = False
        pool = scorer.candidate_pool(shown, 10)
        times.append(time.perf_counter())
        scores = scorer.scores(pool)
        chosen = pool[top_items(scores, 10)]
        times.append(time.perf_counter())
        scorer.terms(chosen, deep=False)
        times.append(time.perf_counter())
        spent.append((time.process_time() - began) * 1e3)
        for name, seconds in zip(parts, np.diff(times), strict=True):
            parts[name].append(seconds * 1e3)
    whole = np.sum(list(parts.values()), axis=0)[WARM:]
    told = {f"{name}, ms": round(float(np.median(some[WARM:])), 2) for name, some in parts.items()}
    return {
        "p50, ms": round(float(np.percentile(whole, 50)), 2),
        "p99, ms": round(float(np.percentile(whole, 99)), 2),
        "CPU p50, ms": round(float(np.percentile(spent[WARM:], 50)), 2),
        **told,
        "candidates": len(pool),
        "experts, CPU ms": _by_expert(product, asked, pool, chosen),
    }


def _by_expert(
    product: ProductOfExperts, asked: Sequence[UserContext], pool: Ints, chosen: Ints
) -> str:
    """What each expert takes of a request, the most costly first."""
    told = {}
    for expert in product.experts:
        took = []
        for one in asked[:COMPARED]:
            began = time.process_time()
            opinion = scorer_of(expert, one)
            if not is_exhaustive(product.size):
                opinion.candidates(CANDIDATES_PER_EXPERT)
            opinion.log_prob(pool)
            opinion.terms(chosen, deep=False)
            took.append((time.process_time() - began) * 1e3)
        told[expert.name] = float(np.median(took))
    ordered = sorted(told.items(), key=lambda named: -named[1])
    return ", ".join(f"{name} {ms:.2f}" for name, ms in ordered)


def answer(items: int, events: int, folder: str) -> dict[str, Any]:
    """Load the product and answer; then score everything, to see what the candidates miss."""
    product, asked, seconds = _loaded(items, events, folder)
    told = {"load, s": round(seconds, 1), **_requests(product, asked)}
    told |= {"answering GB": memory("VmRSS"), "peak GB": memory()}
    return told | ({} if is_exhaustive(items) else _overlap(product, asked))


def _overlap(product: ProductOfExperts, asked: Sequence[UserContext]) -> dict[str, Any]:
    """Of the ten best of all how many are found, and at how much of their scores."""
    found, lost = [], []
    for one in asked[:COMPARED]:
        scorer = product.scorer(one)
        shown = np.ones(product.size, bool)
        shown[one.consumed_items] = False
        every = scorer.scores()
        pool = scorer.candidate_pool(shown, 10)
        mine = pool[top_items(scorer.scores(pool), 10)]
        exact = top_items(every, 10, hidden=~shown)
        found.append(len(set(mine) & set(exact)) / 10)
        lost.append(float(every[exact].mean() - every[mine].mean()))
    return {"overlap@10": round(float(np.mean(found)), 4), "nats lost": round(np.mean(lost), 4)}


def _workspace(folder: str) -> tuple[ProductOfExperts, list[UserContext]]:
    from foretaste.domain.data import Request
    from foretaste.loop import Foretaste

    loop = Foretaste.open(folder)
    live = loop.catch_up()
    people = list(dict.fromkeys(e.user for _, e in loop.store.events() if e.user))
    rng = np.random.default_rng(0)
    chosen = rng.choice(len(people), REQUESTS + WARM, replace=False)
    asked = [loop.slates.user_context(Request(user=people[n]), live) for n in chosen.tolist()]
    loop.close()
    return live.product, asked


def workspace_answer(folder: str) -> dict[str, Any]:
    """A trained workspace, as it is."""
    product, asked = _workspace(folder)
    told = _requests(product, asked)
    return {"items": product.size, **told, "peak GB": memory()}


def workspace_overlap(folder: str) -> dict[str, Any]:
    """The same as if its catalogue were a large one."""
    base.EXHAUSTIVE_LIMIT = 0
    product, asked = _workspace(folder)
    return {"items": product.size, **_overlap(product, asked), "peak GB": memory()}


def workspace_packed(folder: str) -> dict[str, Any]:
    """Its vectors in 8 bits, as of a large catalogue, against 32: lists and scores."""
    product, asked = _workspace(folder)
    exact = [product.scorer(one).scores() for one in asked]
    catalogue_builder.MAX_FULL_PRECISION_ITEMS = 0
    product, asked = _workspace(folder)
    kept, apart = [], []
    for one, scores in zip(asked, exact, strict=True):
        mine, hide = (
            product.scorer(one).scores(),
            np.isin(np.arange(product.size), one.consumed_items),
        )
        kept.append(
            len({*top_items(mine, 10, hidden=hide)} & {*top_items(scores, 10, hidden=hide)}) / 10
        )
        apart.append(mine - scores)
    away = np.stack(apart)
    return {
        "items": product.size,
        "kept@10": round(float(np.mean(kept)), 4),
        "nats apart, root mean square": round(float(np.sqrt(np.mean(away**2))), 4),
        "at most": round(float(np.abs(away).max()), 4),
    }


STEPS: dict[str, Callable[..., dict[str, Any]]] = {
    one.__name__: one
    for one in (
        *(peak, fit, sequence, answer),
        *(workspace_answer, workspace_overlap, workspace_packed),
    )
}

if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps(STEPS[sys.argv[1]](**json.loads(sys.argv[2]))))

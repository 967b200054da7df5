"""Does tuning the encoder on behaviour pay? The same split and settings, with it and without.

    python -m benchmarks.tuning [SET …] [--what linear lora] [--parts experts product queries]
        [--test 3000] [--keep DIR] [--set language.tuning.pairs=10000 …]

Leave-one-out; the encoder is tuned on the training part alone, and everything that reads is then
fitted with it. `experts`: the content expert, masked NDCG@10 on a draw of at most --test cases, and
the paired interval over people. `product`: the whole product likewise. `queries` (ml-100k): the
queries of benchmarks/queries.py by the query expert alone, recall@10, unmasked.
With --keep what was fitted stays. Result: benchmarks/results/tuning.json.
"""

import argparse
import logging
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import queries
from benchmarks.datasets import Absent, write
from benchmarks.tables import keep_result, set_options, show
from benchmarks.wishes import WISHES
from foretaste.domain.data import Interactions, Item, Split
from foretaste.evaluate.metrics import recall
from foretaste.evaluate.protocols import RankingResult, evaluate_models
from foretaste.loop import Foretaste
from foretaste.model.experts.content import ContentExpert
from foretaste.model.experts.query import QueryExpert
from foretaste.model.fit import fit_product
from foretaste.model.product import ProductOfExperts
from foretaste.model.training import Training
from foretaste.prepare.splits import split_leave_one_out
from foretaste.training.encode import DataEncoder

SETS = ("beauty", "ml-small", "ml-100k")
PARTS = {"beauty": ("experts", "product"), "ml-small": ("experts",), "ml-100k": ("queries",)}
Row = dict[str, Any]


def opened(name: str, folder: Path) -> Foretaste:
    """The set in a workspace, imported if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    loop = Foretaste.open(folder / "workspace")
    if not loop.store.counts()["events"]:
        events, items = write(name, folder)
        loop.add(events=events, items=items)
    return loop


def prepared(
    loop: Foretaste, found: Interactions, items: dict[str, Item], what: str
) -> tuple[Training, Split, str | None, float]:
    """(what to fit on, the split, the encoder, CPU seconds of tuning) for one way of tuning."""
    language = loop.config.language
    tuning = language.tuning.model_copy(update={"method": what})
    config = loop.config.model_copy(
        update={"language": language.model_copy(update={"tuning": tuning})}
    )
    loop.data_encoder = DataEncoder(config, loop.folder)
    start = time.process_time()
    if what != "off":
        loop.data_encoder.tune_encoder(split_leave_one_out(found).train, items)
    spent = time.process_time() - start
    read = loop.data_encoder.encode_split(found, items, split_leave_one_out)
    return loop.training(read), read.split, read.encoder, spent


def fitted(loop: Foretaste, training: Training, what: str, tuned: str | None) -> ProductOfExperts:
    """The product, or the one that was kept."""
    for version in loop.models.versions():
        if version.metrics.get("what") == what:
            return loop.models.load(version.name, training.catalogue)
    product = fit_product(training, loop.data_encoder.open_encoder(tuned))
    told: Row = {"data": {}, "settings": {}, "metrics": {"what": what}}
    loop.models.save(product, training.catalogue.ids, created=time.time(), **told)
    return product


def row(case: str, what: str, one: RankingResult, before: RankingResult, metric: str) -> Row:
    rng = np.random.default_rng(0)
    mean, added = (
        one.interval(metric, rng, masked=True),
        one.margin_over(before, metric, rng, masked=True),
    )
    return {
        "case": case,
        "tuning": what,
        metric: mean.mean,
        "low": mean.low,
        "high": mean.high,
        "added": added.mean,
        "added low": added.low,
        "added high": added.high,
    }


def asked(training: Training, split: Split, items: list[Item], read: Any) -> Row:
    """Recall@10 of the query expert by kind of query."""
    [expert] = QueryExpert.fit(training)
    histories = split.test.user_contexts(0, len(split.test))
    found: Row = {}
    for kind, ask in WISHES.items():
        rng = np.random.default_rng(0)
        words = [ask(items[target], rng) for target in split.test.targets]
        chosen = [place for place, some in enumerate(words) if some]
        texts = [" ".join(words[place]) for place in chosen]
        told = [
            queries.replace(queries.nobody(histories[place]), query=text, query_vector=vector)
            for place, text, vector in zip(chosen, texts, read.encode(texts), strict=True)
        ]
        ranks = queries.ranks(expert.log_prob, told, split.test.targets[chosen])
        found[kind] = float(recall(ranks, 10).mean())
    return found | {"mean": float(np.mean(list(found.values())))}


def measure(
    name: str, folder: Path, ways: list[str], parts: tuple[str, ...], most: int, given: list[str]
) -> None:
    """Every part by every way of tuning, printed and kept."""
    loop = opened(name, folder)
    items = {item.id: item for _, item in loop.store.items()}
    found, _, _ = loop.interactions(items)
    results: dict[str, dict[str, RankingResult]] = {"experts": {}, "product": {}}
    rows: list[Row] = []
    for what in ("off", *ways):
        training, split, tuned, spent = prepared(loop, found, items, what)
        told = loop.data_encoder.encoders.tuning_manifest(tuned) if tuned else {}
        print(f"{name}: {what}: {spent:.0f} CPU s, {told.get('held_out_loss')}", flush=True)
        cases = split.test.sample(most, np.random.default_rng(0))
        if "experts" in parts:
            [content] = ContentExpert.fit(training)
            one = evaluate_models(lambda some, by=content: {"": by.log_prob(some)}, cases)[""]
            first = results["experts"].setdefault("off", one)
            rows.append({**row("content alone", what, one, first, "ndcg@10"), "CPU s": spent})
        if "product" in parts:
            product = fitted(loop, training, what, tuned)
            one = evaluate_models(lambda some, by=product: {"": by.score(some)}, cases)[""]
            first = results["product"].setdefault("off", one)
            rows.append({**row("product", what, one, first, "ndcg@10"), "CPU s": spent})
        if "queries" in parts:
            by_kind = asked(
                training, split, list(items.values()), loop.data_encoder.open_encoder(tuned)
            )
            rows.append({"case": "query expert alone", "tuning": what, **by_kind, "CPU s": spent})
    protocol = ", ".join([name, "leave-one-out", f"{len(cases):,} cases", *given])
    show(protocol, rows)
    keep_result("tuning", " ".join([name, *parts, *ways, *given]), protocol, rows)
    loop.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--what", nargs="+", default=["linear"])
    parser.add_argument("--parts", nargs="+", choices=["experts", "product", "queries"])
    parser.add_argument("--test", type=int, default=3000)
    parser.add_argument("--keep", type=Path, help="the workspaces stay here for the next time")
    parser.add_argument("--set", dest="given", nargs="*", default=[], metavar="KEY=VALUE")
    told = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("foretaste.language.contrast").setLevel(logging.INFO)
    set_options(told.given)
    with tempfile.TemporaryDirectory() as passing:
        for name in told.sets:
            parts = tuple(told.parts or PARTS[name])
            try:
                measure(
                    name,
                    (told.keep or Path(passing)) / name,
                    told.what,
                    parts,
                    told.test,
                    told.given,
                )
            except Absent as absent:
                print(absent)


if __name__ == "__main__":
    main()

"""Does the language expert add to the product? The same split and experts, with it and without.

    python -m benchmarks.language_expert [SET] [--protocol time] [--test 3000] [--keep DIR]
        [--set model.language.tuned_parameters=head …]

All experts are fitted once, the exponents twice; with --keep the other experts are fitted at the
first run only. The test cases are a draw of at most --test, as reading is slow. Masked NDCG@10, and
the paired interval over people. Result: benchmarks/results/language_expert.json.
"""

import argparse
import json
import logging
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets import REPOSITORY, write
from benchmarks.tables import set_options
from foretaste.domain.data import Floats, UserContext
from foretaste.evaluate.machine import describe_machine
from foretaste.evaluate.metrics import Interval
from foretaste.evaluate.protocols import evaluate_models
from foretaste.loop import Foretaste
from foretaste.model.experts.language import LanguageExpert
from foretaste.model.fit import fit_expert_weights, fit_experts, usual
from foretaste.model.product import ProductOfExperts
from foretaste.model.training import Training
from foretaste.training.candidate import SPLITS

RESULTS = REPOSITORY / "benchmarks" / "results" / "language_expert.json"


def product_of(experts: tuple[Any, ...], training: Training, loop: Foretaste) -> ProductOfExperts:
    """The exponents fitted for these experts."""
    return fit_expert_weights(ProductOfExperts(experts, usual(experts)), training, loop.encoder)[0]


def shown(one: Interval) -> list[float]:
    return [round(value, 5) for value in (one.mean, one.low, one.high)]


def others(loop: Foretaste, training: Training) -> ProductOfExperts:
    """The product without the language expert: the one kept in the workspace, or a new one."""
    if kept := loop.models.versions():
        return loop.models.load(kept[-1].name, training.catalogue)
    off = training.settings.language.model_copy(update={"enabled": False})
    settings = training.settings.model_copy(update={"language": off})
    product = product_of(fit_experts(replace(training, settings=settings)), training, loop)
    told: dict[str, Any] = {"data": {}, "settings": {}, "metrics": {}}
    loop.models.save(product, training.catalogue.ids, created=time.time(), **told)
    return product


def measure(loop: Foretaste, protocol: str, most: int) -> dict[str, Any]:
    """The figures of one protocol."""
    items = {item.id: item for _, item in loop.store.items()}
    read = loop.data_encoder.encode_split(loop.interactions(items)[0], items, SPLITS[protocol])
    training, split = loop.training(read), read.split
    without = others(loop, training)
    start = time.process_time()
    (language,) = LanguageExpert.fit(training)
    tuning = time.process_time() - start
    product = product_of((*without.experts, language), training, loop)

    def scores(behaviours: list[UserContext]) -> dict[str, Floats]:
        alone = {expert.name: expert.log_prob(behaviours) for expert in product.experts}
        return {
            "with": product.combine(list(alone.values()), behaviours),
            "without": without.combine([alone[name] for name in without.names], behaviours),
            "language": alone["language"],
            "content": alone["content"],
        }

    rng = np.random.default_rng(0)
    found = evaluate_models(scores, split.test.sample(most, rng))
    once = time.process_time()
    for one in split.test.sample(20, rng).user_contexts(0, 20):
        language.log_prob([one])
    return {
        "cases": len(found["with"]),
        "ndcg@10": {
            name: shown(one.interval("ndcg@10", rng, masked=True)) for name, one in found.items()
        },
        "added": shown(found["with"].margin_over(found["without"], "ndcg@10", rng, masked=True)),
        "exponents": product.weights_by_expert()["language"],
        "tuning CPU s": round(tuning),
        "request CPU ms": round((time.process_time() - once) / 20 * 1000, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", nargs="?", default="ml-small")
    parser.add_argument("--protocol", choices=list(SPLITS), default="time")
    parser.add_argument("--test", type=int, default=3000)
    parser.add_argument("--keep", type=Path, help="the workspace stays here for the next time")
    parser.add_argument("--set", dest="given", nargs="*", default=[], metavar="KEY=VALUE")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("foretaste.model.language_training").setLevel(logging.INFO)
    os.environ["FORETASTE_MODEL__LANGUAGE__ENABLED"] = "true"
    set_options(asked.given)
    with tempfile.TemporaryDirectory() as passing:
        folder = (asked.keep or Path(passing)) / f"{asked.set}-{asked.protocol}"
        folder.mkdir(parents=True, exist_ok=True)
        events, films = write(asked.set, folder)
        loop = Foretaste.open(folder / "workspace")
        loop.add(events=events, items=films)
        figures = measure(loop, asked.protocol, asked.test)
        loop.close()
    print(json.dumps(figures, indent=1))
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    name = " ".join([asked.set, asked.protocol, *sorted(asked.given)])
    kept[name] = {"machine": describe_machine(REPOSITORY), **figures}
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()

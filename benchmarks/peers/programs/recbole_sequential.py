"""RecBole's SASRec and BERT4Rec, as the library has them: in: a split, out: their lists.

RecBole cuts leave-one-out by itself. It is given the training part, the validation item, and the
validation item once more where it expects the test item: so it learns from the same rows as all
others, chooses by the same, and never sees the test. People who are not tested (fewer than three
items) would lose rows by its cut and are left out.
"""

from collections.abc import Iterator
from logging import INFO, StreamHandler, getLogger
from pathlib import Path

import common
import numpy as np
import torch
from recbole.config import Config
from recbole.data import create_dataset, data_preparation
from recbole.model.sequential_recommender import BERT4Rec, SASRec
from recbole.trainer import Trainer
from recbole.utils import init_seed

NAME = "split"


class CapReached(Exception):
    """Training has had its CPU seconds."""


class Capped:
    """Beside a model: its training ends when the cap is reached."""

    asked: common.Task
    batches = 0

    def calculate_loss(self, interaction):  # type: ignore[no-untyped-def]
        if self.asked.over():
            raise CapReached
        self.batches += 1
        return super().calculate_loss(interaction)


class CappedSASRec(Capped, SASRec):
    """SASRec."""


class CappedBERT4Rec(Capped, BERT4Rec):
    """BERT4Rec."""


MODELS = {"SASRec": CappedSASRec, "BERT4Rec": CappedBERT4Rec}


def write(split: common.Split, folder: Path) -> None:
    """The histories as RecBole's atomic file."""
    target = folder / NAME
    target.mkdir(parents=True, exist_ok=True)
    with (target / f"{NAME}.inter").open("w") as file:
        file.write("user_id:token\titem_id:token\ttimestamp:float\n")
        for person in split.cases:
            items = split.history(person)
            for at, item in enumerate([*items, items[-1]]):
                file.write(f"{person}\t{item}\t{at}\n")


def config(asked: common.Task) -> Config:
    """The library's own settings, and those given."""
    given = {
        "data_path": str(asked.work),
        "checkpoint_dir": str(asked.work / "saved"),
        "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
        "eval_args": {"split": {"LS": "valid_and_test"}, "order": "TO", "mode": "full"},
        "repeatable": True,
        "train_neg_sample_args": None,  # the loss is over the whole catalogue
        "use_gpu": False,
        "show_progress": False,
        "seed": 0,
        **asked.settings,
    }
    return Config(model=given.pop("model"), dataset=NAME, config_dict=given)


def train(asked: common.Task, trainer: Trainer, data: list, curve: common.Curve) -> None:
    """Until RecBole's early stopping ends it, or the cap; the best state by validation is kept."""
    checks: list[dict[str, float]] = []
    model = trainer.model
    rounds = len(data[0])

    def check(_: int, score: float) -> None:
        spent = round(asked.spent(), 1)
        epoch = round(model.batches / rounds, 2)
        checks.append({"epoch": epoch, "cpu_seconds": spent, "mrr@10": float(score)})
        print(checks[-1], flush=True)
        curve.keep(epoch, spent, model.state_dict())

    try:
        trainer.fit(data[0], data[1], saved=True, show_progress=False, callback_fn=check)
        asked.told["capped"] = False
    except CapReached:
        asked.told["capped"] = True
        check(0, trainer._valid_epoch(data[1])[0])
    last = checks[-1]["mrr@10"]
    if not asked.told["capped"] or last < max(one["mrr@10"] for one in checks):
        state = torch.load(trainer.saved_model_file, weights_only=False)
        model.load_state_dict(state["state_dict"])
    asked.told["checks"] = checks
    asked.told["epochs"] = checks[-1]["epoch"]


def scores(asked: common.Task, model: Capped, data: list) -> Iterator[tuple[list[int], np.ndarray]]:
    """The tested people and their scores in our item numbers; items it does not know get -inf."""
    dataset = data[2].dataset
    numbers = dataset.field2id_token["item_id"][1:].astype(int)
    people = dataset.field2id_token["user_id"]
    model.eval()
    for batch, *_ in data[2]:
        with torch.no_grad():
            found = model.full_sort_predict(batch).numpy()[:, 1:]
        whole = np.full((len(found), asked.split.items), -np.inf, np.float32)
        whole[:, numbers] = found
        yield [int(people[code]) for code in batch["user_id"]], whole


def main() -> None:
    asked = common.task()
    getLogger().addHandler(StreamHandler())
    getLogger().setLevel(INFO)
    write(asked.split, asked.work)
    settings = config(asked)
    init_seed(settings["seed"], settings["reproducibility"])
    data = data_preparation(settings, create_dataset(settings))
    Capped.asked = asked
    model = MODELS[asked.settings["model"]](settings, data[0].dataset)
    curve = common.Curve(asked)
    with common.training(asked):
        train(asked, Trainer(settings, model), data, curve)

    def ranked() -> dict[str, np.ndarray]:
        return common.lists(scores(asked, model, data), asked.split)

    kept = ranked()
    curve.write(model.load_state_dict, ranked)
    common.answer(asked, kept, "recbole", "torch", "numpy", "scipy", "pandas")


if __name__ == "__main__":
    main()

"""RecTools' SASRec and eSASRec: in: a split, out: lists by the library's own recommend().

Trained as the eSASRec paper's benchmark does: the last item of the given histories is masked for
validation; after each epoch recall@10 on it, of some of the people; the best state is kept.
"""

from typing import Any

import common
import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer, seed_everything
from rectools.models import SASRecModel
from rectools.models.nn.transformers.ligr import LiGRLayers
from rectools.models.nn.transformers.utils import leave_one_out_mask
from rectools_data import dataset_of, ranked

LAYERS = {"SASRec": {}, "LiGR": {"transformer_layers_type": LiGRLayers}}


class Watch(Callback):
    """Recall@10 of the validation items after each epoch; stops by patience or at the cap."""

    def __init__(self, asked: common.Task) -> None:
        self.asked = asked
        self.hits: list[torch.Tensor] = []
        self.checks: list[dict[str, float]] = []
        self.best: dict[str, torch.Tensor] = {}
        self.curve = common.Curve(asked)
        self.capped = False

    def __deepcopy__(self, memo: dict[int, Any]) -> "Watch":
        return self  # RecTools copies the trainer; what was seen is to be read afterwards

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        if self.asked.over():
            self.capped = trainer.should_stop = True

    def on_validation_batch_end(
        self, trainer: Trainer, module: LightningModule, outputs: Any, batch: Any, *_: Any
    ) -> None:
        state = module.torch_model.encode_sessions(batch, module.item_embs)[:, -1]
        logits = module.torch_model.similarity_module(state, module.item_embs)  # [batch, items]
        logits.scatter_(1, batch["x"], -torch.inf)  # what was taken, and the padding
        self.hits.append((logits.topk(10).indices == batch["y"]).any(1).float())

    def on_validation_epoch_end(self, trainer: Trainer, module: LightningModule) -> None:
        recall = float(torch.cat(self.hits).mean())
        self.hits.clear()
        if all(recall > one["recall@10"] for one in self.checks):
            self.best = {name: one.clone() for name, one in module.state_dict().items()}
        batches = trainer.fit_loop.epoch_loop.batch_progress.current.processed
        epoch = trainer.current_epoch + batches / trainer.num_training_batches
        spent = round(self.asked.spent(), 1)
        self.checks.append({"epoch": round(epoch, 2), "cpu_seconds": spent, "recall@10": recall})
        print(self.checks[-1], flush=True)
        self.curve.keep(self.checks[-1]["epoch"], spent, module.state_dict())
        rank = max(range(len(self.checks)), key=lambda place: self.checks[place]["recall@10"])
        if len(self.checks) - 1 - rank >= self.asked.settings["patience"]:
            trainer.should_stop = True


def model(asked: common.Task, watch: Watch) -> SASRecModel:
    """With the settings given."""
    settings = dict(asked.settings)
    epochs = settings.pop("epochs")
    settings.pop("patience")
    layers = settings.pop("layers")
    validated = settings.pop("validation_people")

    def trainer() -> Trainer:
        return Trainer(
            max_epochs=epochs,
            accelerator="cpu",
            devices=1,
            callbacks=[watch],
            num_sanity_val_steps=0,
            limit_val_batches=max(1, validated // settings["batch_size"]),
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )

    return SASRecModel(
        **settings,
        **LAYERS[layers],
        get_val_mask_func=leave_one_out_mask,
        get_val_mask_func_kwargs={"val_users": asked.split.cases},
        get_trainer_func=trainer,
    )


def main() -> None:
    asked = common.task()
    seed_everything(0, verbose=False)
    split = asked.split
    dataset = dataset_of(split)
    watch = Watch(asked)
    with common.training(asked):
        fitted = model(asked, watch).fit(dataset)
        fitted.lightning_model.load_state_dict(watch.best)
    asked.told["checks"] = watch.checks
    asked.told["epochs"] = watch.checks[-1]["epoch"]
    asked.told["capped"] = watch.capped

    def lists() -> dict[str, np.ndarray]:
        return ranked(fitted, dataset, split)

    kept = lists()
    watch.curve.write(fitted.lightning_model.load_state_dict, lists)
    common.answer(asked, kept, "rectools", "torch", "pytorch-lightning", "numpy", "pandas")


if __name__ == "__main__":
    main()

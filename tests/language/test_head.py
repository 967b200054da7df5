import json
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from foretaste.errors import WeightsError
from foretaste.language.encoder import TransformerEncoder
from foretaste.language.head import Head, Pooling, read_head
from foretaste.language.settings import LanguageSettings
from foretaste.language.weights import resolve_weights

CPU = torch.device("cpu")
_ST = "sentence_transformers.models"


def _describe(folder: Path, pooling: dict[str, object], *more: str) -> None:
    folder.mkdir(exist_ok=True)
    parts = ["Transformer", "Pooling", *more]
    listing = [{"path": f"{at}_{part}", "type": f"{_ST}.{part}"} for at, part in enumerate(parts)]
    (folder / "modules.json").write_text(json.dumps(listing))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))


def test_the_mean_leaves_padding_out() -> None:
    hidden = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [90.0, 90.0]]])

    assert Head()(hidden, torch.tensor([[1, 1, 0]])).tolist() == [[2.0, 3.0]]
    assert Head("cls")(hidden, torch.tensor([[1, 1, 0]])).tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("config", "pooling"),
    [
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}, "mean"),
        ({"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}, "cls"),
        ({"pooling_mode_mean_tokens": True, "include_prompt": True}, "mean"),
        ({"pooling_mode": "cls"}, "cls"),
    ],
)
def test_pools_as_the_folder_says(
    tmp_path: Path, config: dict[str, object], pooling: Pooling
) -> None:
    _describe(tmp_path, config, "Normalize")

    assert read_head(tmp_path, CPU) == Head(pooling, name=pooling)


def test_a_plain_checkpoint_gets_the_mean(tmp_path: Path) -> None:
    assert read_head(tmp_path, CPU) == Head("mean")


def test_pooling_changes_vectors_and_fingerprint(
    checkpoints: dict[str, Path], tmp_path: Path, tiny: TransformerEncoder
) -> None:
    folder = copytree(checkpoints["bert"], tmp_path / "cls")
    _describe(folder, {"pooling_mode_cls_token": True})
    cls = TransformerEncoder(resolve_weights(str(folder)), LanguageSettings(device="cpu"))

    assert cls.fingerprint == tiny.fingerprint.replace("mean", "cls")
    assert not np.allclose(cls.encode(["a cat"]), tiny.encode(["a cat"]), atol=1e-3)


def test_a_dense_layer_is_applied(
    checkpoints: dict[str, Path], tmp_path: Path, tiny: TransformerEncoder
) -> None:
    folder = copytree(checkpoints["bert"], tmp_path / "dense")
    _describe(folder, {"pooling_mode_mean_tokens": True}, "Dense")
    _dense(folder / "2_Dense", torch.eye(32)[:4])  # the first four numbers of the mean
    encoder = TransformerEncoder(resolve_weights(str(folder)), LanguageSettings(device="cpu"))

    wanted = tiny.encode(["a cat"])[:, :4]
    assert encoder.dim == 4
    np.testing.assert_allclose(
        encoder.encode(["a cat"]), wanted / np.linalg.norm(wanted), atol=1e-5
    )
    assert encoder.fingerprint != tiny.fingerprint


def _dense(part: Path, weight: torch.Tensor) -> None:
    part.mkdir()
    save_file({"linear.weight": weight.contiguous()}, part / "model.safetensors")
    sizes = {"in_features": weight.shape[1], "out_features": weight.shape[0], "bias": False}
    activation = "torch.nn.modules.linear.Identity"
    (part / "config.json").write_text(json.dumps({**sizes, "activation_function": activation}))


@pytest.mark.parametrize(
    ("config", "part", "message"),
    [
        ({"pooling_mode_max_tokens": True}, "Normalize", r"pools by \['max_tokens'\]"),
        ({"pooling_mode": "mean"}, "LSTM", "has a part 'LSTM'"),
    ],
)
def test_what_we_cannot_do_is_refused(
    tmp_path: Path, config: dict[str, object], part: str, message: str
) -> None:
    _describe(tmp_path, config, part)

    with pytest.raises(WeightsError, match=message):
        read_head(tmp_path, CPU)

"""A language model open to be tuned."""

from pathlib import Path

import numpy as np
import pytest
import torch

from foretaste.domain.ports import Backbone
from foretaste.language.encoder import TransformerEncoder
from foretaste.language.open import open_backbones
from foretaste.language.settings import LanguageSettings
from foretaste.language.weights import resolve_weights


def opened(folder: Path, tokens: int = 32) -> Backbone:
    return open_backbones(LanguageSettings(device="cpu"))(str(folder), tokens=tokens)


@pytest.mark.parametrize("family", ["bert", "roberta", "t5"])
def test_untuned_it_reads_as_the_encoder_does(checkpoints: dict[str, Path], family: str) -> None:
    folder = checkpoints[family]
    reader = opened(folder)
    encoder = TransformerEncoder(resolve_weights(str(folder)), LanguageSettings(device="cpu"))
    [ids] = reader.tokens(["a slow film about space"])
    with torch.no_grad():
        mask = torch.ones(1, len(ids), dtype=torch.long)
        found = reader.network().eval()(torch.from_numpy(ids.astype(np.int64))[None], mask)[0]

    wanted = encoder.encode(["a slow film about space"])[0]
    np.testing.assert_allclose(found.numpy() / np.linalg.norm(found), wanted, atol=1e-5)
    assert reader.dim == encoder.dim
    assert reader.fingerprint.startswith(f"{family}:")


def test_of_a_long_text_the_end_is_read(checkpoints: dict[str, Path]) -> None:
    reader = opened(checkpoints["bert"], tokens=8)
    long, short = reader.tokens(["the mat " * 5000 + "film about space", "film about space"])

    assert len(long) == 8
    assert long[-4:].tolist() == short[-4:].tolist()


def test_each_network_is_its_own(checkpoints: dict[str, Path]) -> None:
    reader = opened(checkpoints["t5"])
    one, other = reader.network(), reader.network()
    with torch.no_grad():
        next(one.parameters()).zero_()

    assert next(other.parameters()).any()


def test_no_name_is_the_encoders_own(checkpoints: dict[str, Path]) -> None:
    settings = LanguageSettings(encoder=str(checkpoints["roberta"]), device="cpu")
    assert open_backbones(settings)("", tokens=32).fingerprint.startswith("roberta:")

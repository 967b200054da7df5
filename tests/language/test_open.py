from pathlib import Path

import numpy as np
import pytest
import torch

from foretaste.errors import WeightsError
from foretaste.language.cache import CachedEncoder
from foretaste.language.open import open_encoder
from foretaste.language.settings import LanguageSettings
from foretaste.language.static import StaticEncoder

from .contract import TEXTS


def test_a_transformer_is_opened_with_a_cache(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    settings = LanguageSettings(encoder=str(checkpoints["bert"]), device="cpu")
    first = open_encoder(settings, tmp_path)
    vectors = first.encode(TEXTS)
    seen: list[int] = []
    again = open_encoder(settings, tmp_path).encode(
        TEXTS, lambda what, done, total, note="": seen.append(done)
    )

    assert isinstance(first, CachedEncoder)
    np.testing.assert_array_equal(vectors, again)
    assert seen == []  # nothing was read


def test_a_static_encoder_is_opened(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    settings = LanguageSettings(encoder=str(checkpoints["bert"]), kind="static", device="cpu")
    encoder = open_encoder(settings, tmp_path)

    assert isinstance(encoder, StaticEncoder)
    assert encoder.encode(["a cat"]).any()


def test_threads_are_set(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    before = torch.get_num_threads()
    try:
        open_encoder(LanguageSettings(encoder=str(checkpoints["bert"]), threads=1), tmp_path)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_the_pinned_hash_is_checked(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    settings = LanguageSettings(encoder=str(checkpoints["bert"]), sha256="0" * 64)

    with pytest.raises(WeightsError, match="not the pinned 000"):
        open_encoder(settings, tmp_path)

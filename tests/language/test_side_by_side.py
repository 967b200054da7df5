"""Many readers read what one reads."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from foretaste.errors import WeightsError
from foretaste.language.encoder import TransformerEncoder
from foretaste.language.open import open_encoder, open_reader
from foretaste.language.settings import LanguageSettings
from foretaste.language.side_by_side import SharedReading, SharedTextEncoder

from .backwards import Backwards
from .contract import STRANGE, TEXTS, TextEncoderContract

MANY = [*STRANGE, *(f"film {number} " + "in space " * (number % 7) for number in range(600))]


def open_tiny(checkpoints: dict[str, Path], family: str = "bert") -> TransformerEncoder:
    reader = open_reader(LanguageSettings(encoder=str(checkpoints[family]), device="cpu"))
    assert isinstance(reader, TransformerEncoder)
    return reader


class TestSharedTextEncoder(TextEncoderContract):
    @pytest.fixture
    def encoder(self, tiny: TransformerEncoder, checkpoints: dict[str, Path]) -> SharedTextEncoder:
        shared = SharedReading(Backwards(), partial(open_tiny, checkpoints), 2)
        return SharedTextEncoder(tiny, shared)


def test_texts_are_shared_while_the_cluster_is_engaged(
    checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    settings = LanguageSettings(encoder=str(checkpoints["bert"]), device="cpu")
    cluster, done = Backwards(), list[int]()
    encoder = open_encoder(settings, tmp_path, cluster)
    cluster.is_engaged = False
    alone = encoder.encode(MANY[::2])
    assert cluster.parts_done == 0
    cluster.is_engaged = True
    vectors = encoder.encode(MANY, lambda task, so_far, total, note="": done.append(so_far))

    assert cluster.parts_done == 2  # of three hundred texts that the cache does not have, 256 each
    assert done == sorted(done)
    np.testing.assert_array_equal(vectors[::2], alone)
    np.testing.assert_allclose(vectors, open_reader(settings).encode(MANY), atol=1e-6)
    encoder.encode(TEXTS)
    assert cluster.parts_done == 2  # few texts are read here


def test_other_weights_elsewhere_are_refused(checkpoints: dict[str, Path]) -> None:
    shared = SharedReading(Backwards(), partial(open_tiny, checkpoints, "roberta"), 2)
    with pytest.raises(WeightsError, match="install the same weights on all machines"):
        SharedTextEncoder(open_tiny(checkpoints), shared).encode(TEXTS)

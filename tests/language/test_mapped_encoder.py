import numpy as np
import pytest

from foretaste.domain.data import Floats
from foretaste.domain.ports import TextEncoder
from foretaste.language.encoder import TransformerEncoder
from foretaste.language.mapped_encoder import MappedEncoder

from .contract import TEXTS, TextEncoderContract


def matrix(dim: int) -> Floats:
    return np.random.default_rng(0).normal(size=(dim, dim)).astype(np.float32)


class TestContract(TextEncoderContract):
    @pytest.fixture
    def encoder(self, tiny: TransformerEncoder) -> TextEncoder:
        return MappedEncoder(tiny, matrix(tiny.dim))


def test_the_identity_changes_nothing(tiny: TransformerEncoder) -> None:
    same = MappedEncoder(tiny, np.eye(tiny.dim, dtype=np.float32))
    np.testing.assert_allclose(same.encode(TEXTS), tiny.encode(TEXTS), atol=1e-6)


def test_the_name_is_of_the_encoder_and_the_matrix(tiny: TransformerEncoder) -> None:
    one, other = (MappedEncoder(tiny, matrix(tiny.dim) * size) for size in (1, 2))
    assert one.fingerprint.startswith(tiny.fingerprint)
    assert one.fingerprint != other.fingerprint

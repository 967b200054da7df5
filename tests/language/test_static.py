import sys
from pathlib import Path

import numpy as np
import pytest

from foretaste.errors import MissingExtra
from foretaste.language.encoder import TransformerEncoder
from foretaste.language.settings import LanguageSettings
from foretaste.language.static import StaticEncoder, distil
from foretaste.language.weights import resolve_weights

from .contract import TEXTS, TextEncoderContract


@pytest.mark.parametrize("family", ["bert", "roberta", "t5"])
class TestStaticEncoder(TextEncoderContract):
    @pytest.fixture
    def encoder(self, checkpoints: dict[str, Path], tmp_path: Path, family: str) -> StaticEncoder:
        weights = resolve_weights(str(checkpoints[family]))
        teacher = TransformerEncoder(weights, LanguageSettings(device="cpu"))
        return StaticEncoder(teacher, tmp_path)


def test_a_table_has_a_row_for_each_token_of_text(tiny: TransformerEncoder) -> None:
    table, tokenizer = distil(tiny, 16)
    vocabulary = tokenizer.get_vocab()
    never = [vocabulary[token] for token in ("[CLS]", "[PAD]", "[unused0]")]

    assert table.shape == (tokenizer.get_vocab_size(), 16)
    assert not table[never].any()
    assert np.abs(np.delete(table, range(5), 0)).sum(1).all()


def test_a_table_is_the_principal_part_of_what_the_teacher_reads(tiny: TransformerEncoder) -> None:
    table, tokenizer = distil(tiny, tiny.dim)
    start, end = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    ids = np.arange(5, tokenizer.get_vocab_size())
    read = tiny.encode_tokens([np.array([start, token, end], np.int32) for token in ids])
    read -= read.mean(0)
    rank = 1 / np.arange(2, len(ids) + 2)
    weight = 1e-4 / (1e-4 + rank / rank.sum())

    # A rotation changes no inner product, so the two agree up to the weights.
    wanted = (read * weight[:, None]) @ (read * weight[:, None]).T
    np.testing.assert_allclose(table[5:] @ table[5:].T, wanted, atol=1e-6 * wanted.max() + 1e-9)
    # The directions are in the order of their variance.
    spread = (table[5:] / weight[:, None]).var(0)
    assert (np.diff(spread) <= 1e-4).all()


def test_the_table_is_made_once_and_loaded_again(tiny: TransformerEncoder, tmp_path: Path) -> None:
    first = StaticEncoder(tiny, tmp_path).encode(TEXTS)
    seen: list[str] = []
    second = StaticEncoder(tiny, tmp_path).encode(
        TEXTS, lambda task, done, total, note="": seen.append(task)
    )

    np.testing.assert_allclose(first, second, atol=1e-6)
    assert seen == ["reading"]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_damaged_table_is_made_again(
    tiny: TransformerEncoder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = StaticEncoder(tiny, tmp_path).encode(TEXTS)
    (weights,) = tmp_path.glob("*/model.safetensors")
    weights.write_bytes(weights.read_bytes()[:100])

    np.testing.assert_allclose(StaticEncoder(tiny, tmp_path).encode(TEXTS), first, atol=1e-6)
    assert "making it again" in caplog.text


def test_another_teacher_has_another_table(
    checkpoints: dict[str, Path], tiny: TransformerEncoder, tmp_path: Path
) -> None:
    other = TransformerEncoder(
        resolve_weights(str(checkpoints["t5"])), LanguageSettings(device="cpu")
    )

    assert StaticEncoder(tiny, tmp_path).fingerprint != StaticEncoder(other, tmp_path).fingerprint
    assert tiny.fingerprint in StaticEncoder(tiny, tmp_path).fingerprint


def test_without_model2vec_it_says_what_to_install(
    tiny: TransformerEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "model2vec", None)

    with pytest.raises(MissingExtra, match=r"pip install 'foretaste\[fast\]'"):
        StaticEncoder(tiny, tmp_path)


@pytest.mark.slow
def test_minilm_as_a_table_still_understands(minilm: TransformerEncoder, tmp_path: Path) -> None:
    query, near, far = StaticEncoder(minilm, tmp_path).encode(
        ["a slow film about space", "science fiction in space", "red nail polish, 15 ml"]
    )

    assert query @ near > 0.4 > 0.2 > query @ far

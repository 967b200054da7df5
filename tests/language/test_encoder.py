from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoTokenizer, BertConfig, BertForMaskedLM, T5EncoderModel

from foretaste.domain.data import Floats
from foretaste.errors import WeightsError
from foretaste.language.encoder import TransformerEncoder
from foretaste.language.settings import LanguageSettings
from foretaste.language.weights import resolve_weights

from .contract import TEXTS, TextEncoderContract


def _open(folder: Path, **settings: object) -> TransformerEncoder:
    made = LanguageSettings.model_validate({"device": "cpu", **settings})
    return TransformerEncoder(resolve_weights(str(folder)), made)


@pytest.mark.parametrize("family", ["bert", "roberta", "t5"])
class TestFamilies(TextEncoderContract):
    @pytest.fixture
    def encoder(self, checkpoints: dict[str, Path], family: str) -> TransformerEncoder:
        return _open(checkpoints[family])

    def test_is_named_after_family_weights_pooling_and_length(
        self, encoder: TransformerEncoder, checkpoints: dict[str, Path], family: str
    ) -> None:
        digest = resolve_weights(str(checkpoints[family])).sha256

        assert encoder.fingerprint == f"{family}:{digest}:mean:{encoder.max_tokens}"

    def test_batches_change_rounding_only(
        self, encoder: TransformerEncoder, checkpoints: dict[str, Path], family: str
    ) -> None:
        one_by_one = _open(checkpoints[family], batch_tokens=1).encode(TEXTS)

        np.testing.assert_allclose(encoder.encode(TEXTS), one_by_one, atol=1e-5)

    def test_reads_no_more_than_the_model_has_positions_for(
        self, encoder: TransformerEncoder, checkpoints: dict[str, Path], family: str
    ) -> None:
        long = _open(checkpoints[family], max_tokens=512)

        assert long.max_tokens == (512 if family == "t5" else 64)
        assert long.encode(["cat " * 9000]).any()


class TestMiniLM(TextEncoderContract):
    @pytest.fixture
    def encoder(self, minilm: TransformerEncoder) -> TransformerEncoder:
        return minilm


def _by_definition(folder: Path, texts: list[str], model: torch.nn.Module | None = None) -> Floats:
    """As the model card of all-MiniLM-L6-v2 spells it out."""
    tokens = AutoTokenizer.from_pretrained(folder)(
        texts, padding=True, truncation=True, max_length=128, return_tensors="pt"
    )
    tokens.pop("token_type_ids", None)
    model = model or AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        hidden = model(**tokens).last_hidden_state
    mask = tokens["attention_mask"].unsqueeze(-1).expand(hidden.size()).float()
    pooled = torch.sum(hidden * mask, 1) / torch.clamp(mask.sum(1), min=1e-9)
    vectors: Floats = torch.nn.functional.normalize(pooled, p=2, dim=1).numpy()
    return vectors


def test_minilm_reads_as_sentence_transformers_defines(minilm: TransformerEncoder) -> None:
    folder = resolve_weights("sentence-transformers/all-MiniLM-L6-v2").path
    texts = [text for text in TEXTS if text]

    np.testing.assert_allclose(minilm.encode(texts), _by_definition(folder, texts), atol=1e-5)


def test_minilm_gives_the_published_numbers(minilm: TransformerEncoder) -> None:
    (vector,) = minilm.encode(["This is an example sentence"])

    np.testing.assert_allclose(vector[:3], [0.0676569, 0.0634959, 0.0487131], atol=1e-5)


def test_minilm_understands(minilm: TransformerEncoder) -> None:
    query, near, far = minilm.encode(
        ["a slow film about space", "science fiction in space", "red nail polish, 15 ml"]
    )

    assert query @ near > 0.4 > 0.2 > query @ far


def test_t5_reads_with_its_encoder_only(checkpoints: dict[str, Path]) -> None:
    folder = checkpoints["t5"]
    texts = ["a cat", "a slow film about space"]
    model = T5EncoderModel.from_pretrained(folder).eval()

    vectors = _open(folder).encode(texts)

    np.testing.assert_allclose(vectors, _by_definition(folder, texts, model), atol=1e-5)


def test_a_language_model_checkpoint_without_pooler_is_read(
    checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    folder = copytree(checkpoints["bert"], tmp_path / "mlm")
    config = BertConfig.from_pretrained(folder)
    BertForMaskedLM(config).save_pretrained(folder)

    assert _open(folder).encode(["a cat"]).any()


def test_a_checkpoint_that_lacks_weights_is_refused(
    checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    folder = copytree(checkpoints["bert"], tmp_path / "holes")
    weights = load_file(folder / "model.safetensors")
    del weights["encoder.layer.1.output.dense.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})

    with pytest.raises(WeightsError, match=r"lack 1 tensors, e\.g\. encoder\.layer\.1"):
        _open(folder).encode(["a cat"])


@pytest.mark.parametrize("broken", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_broken_folder_is_named(
    checkpoints: dict[str, Path], tmp_path: Path, broken: str
) -> None:
    folder = copytree(checkpoints["bert"], tmp_path / "broken")
    (folder / broken).write_text("{}")

    with pytest.raises(WeightsError, match=str(folder)):
        _open(folder).encode(["a cat"])


def test_reading_is_shared_between_threads(checkpoints: dict[str, Path]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    encoder = _open(checkpoints["bert"])
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: encoder.encode(TEXTS), range(32)))

    for one in found:
        np.testing.assert_allclose(one, found[0], atol=1e-6)

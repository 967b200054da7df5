"""What is known of a transformer without loading it."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from foretaste.errors import WeightsError
from foretaste.language.open import open_encoder
from foretaste.language.settings import LanguageSettings
from foretaste.language.shape import SHAPES_FILE, TransformerShape, shape_of
from foretaste.language.weights import Weights, resolve_weights


@pytest.fixture
def minilm() -> Weights:
    """The bundled encoder's."""
    return resolve_weights(LanguageSettings().encoder)


def test_is_remembered(minilm: Weights, tmp_path: Path) -> None:
    """The second time the file answers: what it says is what is told."""
    assert shape_of(minilm, tmp_path) == TransformerShape("bert", 384, 512, 0)
    file = tmp_path / SHAPES_FILE
    file.write_text(file.read_text().replace("384", "385"))
    assert shape_of(minilm, tmp_path).dim == 385


def test_a_damaged_memory_is_made_anew(minilm: Weights, tmp_path: Path) -> None:
    """And a folder that is none does no harm."""
    (tmp_path / SHAPES_FILE).write_text('{"half')
    assert shape_of(minilm, tmp_path).dim == 384
    assert shape_of(minilm, tmp_path / SHAPES_FILE).dim == 384


def test_of_another_folder_nothing_is_remembered(minilm: Weights, tmp_path: Path) -> None:
    """A configuration that cannot be read is an error each time."""
    shape_of(minilm, tmp_path)
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "config.json").write_text("{")
    for _ in range(2):
        with pytest.raises(WeightsError, match=r"config\.json"):
            shape_of(replace(minilm, path=bad), tmp_path)


def test_a_known_encoder_opens_without_transformers(tmp_path: Path) -> None:
    """Which would take seconds."""
    code = (
        "import sys; from pathlib import Path\n"
        "from foretaste.language.open import open_encoder\n"
        "from foretaste.language.settings import LanguageSettings\n"
        f"one = open_encoder(LanguageSettings(), Path({str(tmp_path)!r}))\n"
        "print(one.dim, one.fingerprint, 'transformers' in sys.modules)"
    )
    encoder = open_encoder(LanguageSettings(), tmp_path)  # from now on it is known
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == [str(encoder.dim), encoder.fingerprint, "False"], done.stderr

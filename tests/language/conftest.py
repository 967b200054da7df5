from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from foretaste.language.encoder import TransformerEncoder
from foretaste.language.settings import LanguageSettings
from foretaste.language.weights import resolve_weights

from .checkpoints import FAMILIES


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Small models and short texts: threads that wait for one another only cost time."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Family → folder."""
    base = tmp_path_factory.mktemp("checkpoints")
    return {family: make(base / family) for family, make in FAMILIES.items()}


@pytest.fixture
def tiny(checkpoints: dict[str, Path]) -> TransformerEncoder:
    """A small BERT that reads."""
    return TransformerEncoder(
        resolve_weights(str(checkpoints["bert"])), LanguageSettings(device="cpu")
    )


@pytest.fixture(scope="session")
def minilm() -> TransformerEncoder:
    """The default encoder, for real."""
    settings = LanguageSettings(device="cpu")
    return TransformerEncoder(resolve_weights(settings.encoder), settings)

"""The network of the language expert, for each family and each way of tuning."""

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from foretaste.domain.ports import Backbone
from foretaste.errors import MissingExtra, ModelError
from foretaste.model.language_network import LanguageNetwork, merge_lora, padded_batch, read_texts
from foretaste.model.settings import LanguageExpertSettings

from .backbones import made, readers

TEXTS = ["view: river stone 1; river stone 2", "search: jazz", "like: garden rose 40" * 5]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backbones")


def opened(base: Path, family: str = "bert") -> Backbone:
    return readers()(str(made(family, base)), tokens=48)


def network(reader: Backbone, tune: str = "lora", dim: int = 16) -> LanguageNetwork:
    torch.manual_seed(0)
    return LanguageNetwork(
        reader, LanguageExpertSettings.model_validate({"tuned_parameters": tune}), dim
    )


def states(one: LanguageNetwork, reader: Backbone) -> np.ndarray[Any, Any]:
    return read_texts(one, reader.tokens(TEXTS), reader.pad)


@pytest.mark.parametrize("family", ["bert", "roberta", "t5"])
def test_untrained_it_is_the_backbone(base: Path, family: str) -> None:
    reader = opened(base, family)
    found = states(network(reader, dim=reader.dim), reader)
    with torch.no_grad():
        ids, mask = padded_batch(reader.tokens(TEXTS), reader.pad, torch.device("cpu"))
        plain = reader.network().eval()(ids, mask).numpy()

    wanted = plain / np.linalg.norm(plain, axis=1, keepdims=True)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize("family", ["bert", "roberta", "t5"])
def test_what_is_tuned(base: Path, family: str) -> None:
    reader = opened(base, family)
    counts = {
        tune: sum(value.numel() for value in network(reader, tune).tunable().values())
        for tune in ("head", "lora", "whole")
    }
    after = {"head.weight", "log_temperature"}

    assert set(network(reader, "head").tunable()) == after
    lora = set(network(reader, "lora").tunable()) - after
    assert lora
    assert all("lora_" in name for name in lora)
    assert counts["head"] < counts["lora"] < counts["whole"]


@pytest.mark.parametrize("tune", ["head", "lora", "whole"])
def test_written_down_and_read_back_on_the_backbone(base: Path, tune: str) -> None:
    reader = opened(base)
    one, other = network(reader, tune), network(reader, tune)
    with torch.no_grad():
        for value in one.tunable().values():
            value.add_(torch.randn_like(value), alpha=0.1)
    other.restore(one.arrays())

    np.testing.assert_allclose(states(other, reader), states(one, reader), atol=1e-5)


def test_merging_changes_neither_the_reading_nor_what_is_written(base: Path) -> None:
    reader = opened(base)
    one = network(reader)
    with torch.no_grad():
        for value in one.tunable().values():
            value.add_(torch.randn_like(value), alpha=0.05)
    before, arrays = states(one, reader), one.arrays()
    merge_lora(one.reading.body)

    np.testing.assert_allclose(states(one, reader), before, atol=1e-4)
    for name, array in one.arrays().items():
        np.testing.assert_array_equal(array, arrays[name])


def test_weights_of_another_network_are_refused(base: Path) -> None:
    reader = opened(base)
    arrays = network(reader, "head").arrays()
    with pytest.raises(ModelError, match="do not fit its backbone; train again"):
        network(reader, "lora").restore(arrays)


def test_the_order_and_the_company_of_texts_change_nothing(base: Path) -> None:
    reader = opened(base, "roberta")
    one = network(reader)
    together = states(one, reader)
    alone = [read_texts(one, reader.tokens([text]), reader.pad)[0] for text in TEXTS]

    np.testing.assert_allclose(together, np.stack(alone), atol=1e-5)


def test_without_peft_the_extra_is_named(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any, **given: Any) -> Any:
        if name == "peft":
            raise ImportError(name)
        return real(name, *more, **given)

    reader = opened(base)
    monkeypatch.setattr(builtins, "__import__", without)
    network(reader, "whole")
    with pytest.raises(MissingExtra, match=r"pip install 'foretaste\[lora\]'"):
        network(reader, "lora")

"""The language expert: the contract, the three families trained for real, and its reasons."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretaste.domain.data import Catalogue
from foretaste.domain.ports import BackboneOpener, StateArrays, StateMetadata
from foretaste.errors import ModelError, WeightsError
from foretaste.model.artefacts import ModelRegistry
from foretaste.model.experts.language import LanguageExpert
from foretaste.model.fit import fit_product

from ..backbones import asked, made, readers
from ..world import READER, World, again, did, item, shelf
from .contract import ExpertContract, ReadingContract


class Opened(LanguageExpert):
    """The expert with its readers at hand, as the contract restores it without."""

    @classmethod
    def from_state(
        cls,
        arrays: StateArrays,
        metadata: StateMetadata,
        catalogue: Catalogue,
        readers_: BackboneOpener | None = None,
    ) -> "Opened":
        return super().from_state(arrays, metadata, catalogue, readers_ or readers())


Trained = Callable[[str, str], Opened]


@pytest.fixture(scope="session")
def backbones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backbones")


@pytest.fixture(scope="session")
def trained(here: World, backbones: Path) -> Trained:
    """(family, what is tuned) → the expert, each trained once."""
    kept: dict[tuple[str, str], Opened] = {}

    def of(family: str, tune: str) -> Opened:
        if (family, tune) not in kept:
            settings = asked(made(family, backbones), tune)
            [kept[family, tune]] = Opened.fit(here.training(settings, open_reader=readers()))
        return kept[family, tune]

    return of


def likelihood(expert: Any, here: World) -> float:
    """Mean log P of the test events."""
    test = here.split.test
    found = expert.log_prob(test.user_contexts(0, len(test)))
    return float(found[np.arange(len(test)), test.targets].mean())


class TestContract(ExpertContract, ReadingContract):
    @pytest.fixture
    def fitted(self, trained: Trained) -> Opened:
        return trained("bert", "lora")


@pytest.mark.parametrize(
    ("family", "tune"), [("bert", "lora"), ("roberta", "lora"), ("t5", "lora"), ("bert", "whole"),
                         ("roberta", "whole"), ("t5", "whole")]
)  # fmt: skip
def test_every_family_learns_is_saved_and_loaded(
    trained: Trained, here: World, backbones: Path, folder: Path, family: str, tune: str
) -> None:
    expert = trained(family, tune)
    settings = asked(made(family, backbones), tune, epochs=0)
    [untrained] = Opened.fit(here.training(settings, open_reader=readers()))

    after = likelihood(expert, here)
    assert after > likelihood(untrained, here) + 1
    assert after > -np.log(60) + 0.3  # and better than any item
    back = again(expert, here.catalogue, folder)
    assert likelihood(back, here) == pytest.approx(after, abs=1e-4)


def test_it_is_off_unless_asked_for(here: World) -> None:
    assert LanguageExpert.fit(here.training(open_reader=readers())) == []
    assert LanguageExpert.fit(here.training()) == []


def test_asked_for_it_needs_what_opens_a_backbone(here: World, backbones: Path) -> None:
    with pytest.raises(ModelError, match="opens a backbone"):
        LanguageExpert.fit(here.training(asked(made("bert", backbones))))


def test_a_backbone_that_is_nowhere_is_named(here: World, backbones: Path) -> None:
    settings = asked(backbones / "nowhere")
    with pytest.raises(WeightsError, match="nowhere"):
        LanguageExpert.fit(here.training(settings, open_reader=readers()))


def test_another_backbone_in_its_place_is_refused(
    trained: Trained, here: World, folder: Path, backbones: Path
) -> None:
    arrays, facts = trained("bert", "lora").state()
    other = str(made("roberta", backbones))
    facts = facts | {"settings": facts["settings"] | {"backbone": other}}
    with pytest.raises(ModelError, match=r"was tuned on the backbone bert:.* is now roberta:"):
        Opened.from_state(arrays, facts, here.catalogue)


def test_adapters_are_small_and_nothing_of_the_backbone_is_written(trained: Trained) -> None:
    arrays, facts = trained("t5", "lora").state()
    assert {"head.weight", "log_temperature"} < set(arrays)
    assert all("lora_" in name for name in arrays if name.startswith("reading."))
    assert facts["backbone"].startswith("t5:")


def test_a_reason_is_what_its_event_or_the_query_changes(trained: Trained, here: World) -> None:
    expert = trained("bert", "whole")
    one = here.behaviour(did(3, 0), did(40, 1), query="jazz piano")
    without = here.behaviour(did(3, 0), query="jazz piano")
    silent = here.behaviour(did(3, 0), did(40, 1))
    (terms,) = expert.terms(one, np.array([41], np.int32))
    said = {term.event or term.feature: term.nats for term in terms}

    p = [expert.log_prob([b])[0][41] for b in (one, without, silent)]
    assert list(said) == ["average item", "whole history", "i3", "i40", "query"]
    assert said["i40"] == pytest.approx(float(p[0] - p[1]), abs=1e-4)
    assert said["query"] == pytest.approx(float(p[0] - p[2]), abs=1e-4)


def test_a_shallow_explanation_reads_nothing_again(
    trained: Trained, here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    expert = trained("bert", "lora")
    one = here.took(5, 6, 7)
    expert.log_prob([one])
    monkeypatch.setattr(expert._reader, "tokens", lambda texts: 1 / 0)
    (terms,) = expert.terms(one, np.array([8], np.int32), deep=False)

    assert [term.feature for term in terms] == ["average item", "whole history"]


def test_a_new_item_has_a_place_and_can_be_told(
    trained: Trained, here: World, folder: Path
) -> None:
    expert = again(trained("bert", "lora"), here.catalogue, folder)
    expert.grow(shelf([*here.items, item(60, 3)]))
    larger = here.took(45)
    assert expert.log_prob([larger]).shape == (1, 61)


def test_in_the_product_it_is_saved_and_loaded_with_the_rest(
    here: World, backbones: Path, folder: Path
) -> None:
    settings = asked(made("t5", backbones), "lora", epochs=1, max_examples_per_epoch=300)
    few = settings.model_copy(update={"experts": ("popularity", "content", "language")})
    product = fit_product(here.training(few, open_reader=readers()), READER)
    models = ModelRegistry(folder)
    name = models.save(product, here.catalogue.ids, created=1.0, data={}, settings={}, metrics={})
    back = models.load(name, here.catalogue, readers())
    asked_of = here.split.test.user_contexts(0, 20)

    assert product.names == ("popularity", "content", "language")
    np.testing.assert_allclose(back.score(asked_of), product.score(asked_of), atol=1e-4)
    assert not list(folder.rglob("*.bin"))


def test_minilm_is_tuned_for_real(here: World) -> None:
    name = "sentence-transformers/all-MiniLM-L6-v2"
    settings = asked(
        Path(name),
        "lora",
        epochs=1,
        max_examples_per_epoch=32,
        max_checked_cases=8,
        learning_rate=1e-3,
    )
    [expert] = Opened.fit(here.training(settings, open_reader=readers()))

    ordinary = here.split.test.user_contexts(0, 4)
    assert np.isfinite(expert.log_prob(ordinary)).all()
    assert expert.state()[1]["backbone"].startswith("bert:53aa5117")

"""The classic recipe, for each family."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from foretaste.classify.classifier import (
    Classifier,
    ClassifierMetrics,
    LabelledSearch,
    accuracy,
    split_rows,
)
from foretaste.errors import InputError, ModelError
from foretaste.model.settings import ClassifierSettings
from model.backbones import made
from model.world import CLUSTERS

SETTINGS = ClassifierSettings(
    epochs=6, learning_rate=2e-3, head_rate=1e-2, batch_size=8, max_tokens=32, device="cpu"
)
ROWS = [
    LabelledSearch(
        f"{CLUSTERS[n % 4]} {n % 9}. {CLUSTERS[n % 4]} {n // 4 % 3}", (f"{CLUSTERS[n % 4]}!",)
    )
    for n in range(96)
]
Made = Callable[[str], tuple[Classifier, ClassifierMetrics]]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backbones")


@pytest.fixture(scope="module")
def trained(base: Path) -> Made:
    """Family → the classifier and its figures, each trained once."""
    kept: dict[str, tuple[Classifier, ClassifierMetrics]] = {}

    def of(family: str) -> tuple[Classifier, ClassifierMetrics]:
        if family not in kept:
            kept[family] = Classifier.fit(ROWS, made(family, base), SETTINGS)
        return kept[family]

    return of


@pytest.mark.parametrize("family", ["bert", "roberta", "t5"])
def test_every_family_learns_what_is_taken(trained: Made, family: str, tmp_path: Path) -> None:
    classifier, measured = trained(family)
    classifier.save(tmp_path / "kept", measured)
    texts = [row.text for row in ROWS[:8]]

    assert measured.accuracy_1 > measured.frequent_1 + 0.2
    assert measured.accuracy_5 == measured.frequent_5 == 1  # there are four
    assert measured.held_out == 19
    back = Classifier.load(tmp_path / "kept")
    for one, other in zip(back.predict_top(texts), classifier.predict_top(texts), strict=True):
        assert dict(one) == pytest.approx(dict(other), abs=1e-5)
    assert not list(tmp_path.rglob("*.bin"))


def test_the_likeliest_come_first_and_are_probabilities(trained: Made) -> None:
    classifier, _ = trained("bert")
    [top] = classifier.predict_top(["jazz piano 3"], 4)
    chances = [chance for _, chance in top]

    assert top[0][0] == "jazz piano!"
    assert chances == sorted(chances, reverse=True)
    assert sum(chances) == pytest.approx(1, abs=1e-5)
    assert len(classifier.predict_top(["jazz " * 500, ""], 2)) == 2


def test_a_new_one_replaces_the_old(trained: Made, tmp_path: Path) -> None:
    for family in ("bert", "roberta"):
        classifier, measured = trained(family)
        classifier.save(tmp_path / "kept", measured)

    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert Classifier.load(tmp_path / "kept")._network.config.model_type == "roberta"


def test_rows_that_measure_are_not_learned_from() -> None:
    train, choose, test = split_rows(ROWS, SETTINGS, 0)
    again = split_rows(ROWS, SETTINGS, 0)

    assert (train, choose, test) == again
    assert len(train) + len(choose) + len(test) == len(ROWS)
    assert (len(test), len(choose)) == (19, 8)


def test_one_of_several_taken_is_a_hit() -> None:
    rows = [LabelledSearch("", ("a", "b")), LabelledSearch("", ("c",))]
    assert accuracy(rows, [["b", "x"], ["x", "y"]]) == 0.5


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (ROWS[:9], "9 rows have both .* at least 10 are needed"),
        ([LabelledSearch("a", ("same",))] * 20, "two different things taken"),
    ],
)
def test_too_little_to_learn_from(base: Path, rows: list[LabelledSearch], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Classifier.fit(rows, made("bert", base), SETTINGS)


def test_a_loss_that_is_no_number_stops(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Classifier, "_loss", lambda *_: torch.tensor(torch.nan))
    with pytest.raises(ModelError, match=r"became nan in epoch 1; lower model.classifier"):
        Classifier.fit(ROWS, made("bert", base), SETTINGS)


def test_none_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="train one: 'foretaste classify FILE'"):
        Classifier.load(tmp_path)

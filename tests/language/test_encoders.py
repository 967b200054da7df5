"""Encoders of a workspace: tuned for real, kept, opened again, refused where they are not whole."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Longs
from foretaste.domain.ports import TextPairs
from foretaste.errors import ModelError
from foretaste.language.encoders import UNUSED_KEEP_SECONDS, Encoders
from foretaste.language.settings import LanguageSettings, TuningSettings

WORDS = ["a slow film about space", "science fiction in space", "the red nail polish", "a cat"]
LAST = ["red", "blue", "cat", "film", "time", "mat"]
TEXTS = tuple(f"{words} {last}" for words in WORDS for last in LAST)
RATES = {"linear": 1e-2, "lora": 1e-2, "whole": 1e-3}


def pairs() -> TextPairs:
    """Texts that end alike go together, though the rest of their words says otherwise."""
    rng = np.random.default_rng(0)
    left: Longs = rng.integers(0, len(TEXTS), 240)
    return TextPairs(TEXTS, left, left % 6 + 6 * rng.integers(0, 4, len(left)))


def opened(
    checkpoint: Path, folder: Path, what: str = "linear", rate: float | None = None
) -> Encoders:
    tuning = TuningSettings.model_validate(
        {"method": what, "batch_size": 24, "learning_rate": rate or RATES[what], "epochs": 4}
    )
    settings = LanguageSettings(encoder=str(checkpoint), device="cpu", tuning=tuning)
    return Encoders(settings, folder)


@pytest.mark.parametrize(
    ("family", "what", "rate"),
    [
        ("bert", "linear", None),
        ("bert", "lora", 2e-3),
        ("bert", "whole", None),
        ("roberta", "lora", 2e-3),
        ("t5", "lora", 2e-3),
    ],
)
def test_tuned_kept_and_opened_by_another_process(
    checkpoints: dict[str, Path], tmp_path: Path, family: str, what: str, rate: float | None
) -> None:
    encoders = opened(checkpoints[family], tmp_path, what, rate)
    published = encoders.open(None).encode(TEXTS)
    name = encoders.tune(pairs(), seed=0, now=1.0)
    tuned = encoders.open(name).encode(TEXTS)
    told = encoders.tuning_manifest(name)
    again = opened(checkpoints[family], tmp_path, what, rate)

    assert told["what"] == what
    assert told["held_out_loss"]["after"] < told["held_out_loss"]["before"]
    assert np.abs(tuned - published).max() > 1e-3
    np.testing.assert_allclose(again.open(name).encode(TEXTS), tuned, atol=1e-6)
    # one cache, and yet none gets the vectors of the other
    np.testing.assert_array_equal(again.open(None).encode(TEXTS), published)
    assert again.open(name).fingerprint != again.open(None).fingerprint
    # a backbone that is the encoder is as it was tuned
    assert (
        again.backbone_opener(name)("", tokens=32).fingerprint
        != again.backbone_opener(None)("", tokens=32).fingerprint
    )


def test_the_same_is_tuned_once(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    told: list[str] = []
    encoders = opened(checkpoints["bert"], tmp_path)
    name = encoders.tune(pairs(), seed=0, now=1.0)
    again = encoders.tune(
        pairs(), seed=0, now=2.0, progress=lambda task, done, total, note="": told.append(task)
    )
    assert again == name
    assert not told
    assert encoders.tune(pairs(), seed=1, now=3.0) != name


def test_another_encoder_in_its_place_is_refused(
    checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    name = opened(checkpoints["bert"], tmp_path).tune(pairs(), seed=0, now=1.0)
    with pytest.raises(ModelError, match="bring the old one back, or train again"):
        opened(checkpoints["roberta"], tmp_path).open(name)


@pytest.mark.parametrize(("what", "file"), [("linear", "map"), ("whole", "model")])
def test_damage_is_told(checkpoints: dict[str, Path], tmp_path: Path, what: str, file: str) -> None:
    encoders = opened(checkpoints["bert"], tmp_path, what)
    name = encoders.tune(pairs(), seed=0, now=1.0)
    path = tmp_path / "encoders" / name / f"{file}.safetensors"
    changed = bytearray(path.read_bytes())
    changed[-1] ^= 1
    path.write_bytes(changed)
    with pytest.raises(ModelError, match=r"damaged|SHA-256"):
        encoders.open(name)


def test_a_later_format_and_none_at_all_are_told(
    checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    encoders = opened(checkpoints["bert"], tmp_path)
    name = encoders.tune(pairs(), seed=0, now=1.0)
    path = tmp_path / "encoders" / name / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    with pytest.raises(ModelError, match="later Foretaste"):
        encoders.open(name)
    with pytest.raises(ModelError, match="cannot be read; train again"):
        encoders.open("gone")


def test_what_no_version_names_goes_after_a_day(
    checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    encoders = opened(checkpoints["bert"], tmp_path)
    kept, old = (encoders.tune(pairs(), seed=seed, now=1.0) for seed in (0, 1))
    young = encoders.tune(pairs(), seed=2, now=1.0)
    now = 1_800_000_000.0
    for name, age in (
        (kept, 2 * UNUSED_KEEP_SECONDS),
        (old, 2 * UNUSED_KEEP_SECONDS),
        (young, UNUSED_KEEP_SECONDS / 2),
    ):
        os.utime(tmp_path / "encoders" / name, (now - age, now - age))
    encoders.prune({kept, None}, now)
    assert sorted(path.name for path in (tmp_path / "encoders").iterdir()) == sorted([kept, young])


def test_off_wants_no_pairs() -> None:
    assert Encoders(LanguageSettings(), Path()).pair_count == 0

"""Small real backbones that know the words of the world, and the settings to tune them with."""

from pathlib import Path
from typing import Any

from foretaste.domain.ports import BackboneOpener
from foretaste.language.open import open_backbones
from foretaste.language.settings import LanguageSettings
from foretaste.model.settings import LanguageExpertSettings, ModelSettings
from language.checkpoints import FAMILIES

from .world import CLUSTERS, SETTINGS, world

RATES = {"whole": 2e-3, "lora": 1e-2, "head": None}
"""A small network that starts at random learns faster than a published one should."""


def made(family: str, folder: Path) -> Path:
    """The checkpoint of a family in the folder, made where it is not there yet."""
    path = folder / family
    if not path.exists():
        words = [*world().catalogue.titles, *(f"search: {name}. view: a fine" for name in CLUSTERS)]
        FAMILIES[family](path, [*words, "review: like: hide: query; 0 1 2 3 4 5 6 7 8 9"])
    return path


def readers() -> BackboneOpener:
    """What opens them."""
    return open_backbones(LanguageSettings(device="cpu"))


def asked(backbone: Path, tune: str = "whole", **changed: Any) -> ModelSettings:
    """The world's settings with the language expert on."""
    given: dict[str, Any] = {
        "tuned_parameters": tune,
        "learning_rate": RATES[tune],
        "head_rate": 1e-2,
        "epochs": 2,
        "max_examples_per_epoch": 700,
        "max_recent_events": 4,
        "max_tokens": 48,
        "device": "cpu",
        **changed,
    }
    settings = LanguageExpertSettings(enabled=True, backbone=str(backbone), **given)
    return SETTINGS.model_copy(update={"language": settings})

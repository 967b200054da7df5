"""Which settings are searched, and where: texts in; settings to try out.

`model.sequence.dropout=0.1..0.4` is a range, `model.sequence.dim=64,128` are choices. The first
trials lie evenly over the whole space (Halton 1960; they do for random search what leaves no part
out, Bergstra and Bengio 2012). The later ones are near the best of those, some settings moved.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Any

import numpy as np

from foretaste.config.load import Config, changed_config
from foretaste.config.overrides import settings_tree
from foretaste.domain.data import Doubles
from foretaste.errors import InputError, SettingsError

DEFAULT_SPACE = (
    "model.sequence.learning_rate=0.0005..0.003",
    "model.sequence.input_dropout=0.1..0.6",
    "model.sequence.dropout=0.05..0.4",
    "model.sequence.temperature=0.04..0.12",
    "model.sequence.dim=64,128,192",
    "model.transition.smoothing=1..30",
    "model.neighbour.smoothing=5..100",
    "model.neighbour.backward=0.3..1.0",
    "model.content.max_recent_events=2,3,5,10",
    "model.content.decay=0.5..0.95",
    "model.lexical.temperature=0.08..0.3",
)
"""What is not chosen by each training itself and moves the order of lists."""
SEARCHED_GROUPS = ("model", "language")
CHANCE_OR_PLACE = (
    "model.seed",
    "model.max_versions",
    "model.share",
    "model.share_rule",
    "model.share_seconds",
)
"""Settings of the model that make no list better."""
LOGARITHMIC_RATIO = 4.0
"""Ends of a range that are further apart than this are searched by their logarithm."""
MOVED_SHARE, STEP_SHARE = 0.5, 0.15
"""Of the settings those that a later trial moves, and how far: a share of the range."""
SIGNIFICANT_DIGITS = 3


@dataclass(frozen=True, slots=True)
class SearchedSetting:
    """One setting, and the values that are tried."""

    key: str
    values: tuple[Any, ...]
    """The choices; of a range its two ends."""
    is_range: bool = False

    def value_at(self, share: float) -> Any:
        """The value at a place between 0 and 1."""
        if not self.is_range:
            return self.values[min(int(share * len(self.values)), len(self.values) - 1)]
        low, high = self.values
        if low > 0 and high / low >= LOGARITHMIC_RATIO:
            value = exp(log(low) + share * (log(high) - log(low)))
        else:
            value = low + share * (high - low)
        if isinstance(low, int) and isinstance(high, int):
            return round(value)
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


Changes = dict[str, Any]
"""Settings by their keys, as in {"model.sequence.dim": 64}."""


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """All that is searched."""

    settings: tuple[SearchedSetting, ...]

    def changes_at(self, shares: Doubles) -> Changes:
        """shares: [settings], between 0 and 1."""
        return {
            setting.key: setting.value_at(float(share))
            for setting, share in zip(self.settings, shares, strict=True)
        }

    def even_shares(self, count: int, seed: int) -> Doubles:
        """[count, settings]; more of them begin with the same."""
        from scipy.stats import qmc

        sampler = qmc.Halton(len(self.settings), rng=np.random.default_rng(seed))
        return np.asarray(sampler.random(count), np.float64)

    def near_shares(self, parents: Doubles, count: int, seed: int) -> Doubles:
        """[count, settings] near these [parents, settings], each in turn."""
        rng = np.random.default_rng((seed, len(parents)))
        shares = parents[np.arange(count) % len(parents)]
        is_moved = rng.random(shares.shape) < MOVED_SHARE
        is_moved[np.arange(count), rng.integers(shares.shape[1], size=count)] = True
        steps = rng.normal(0.0, STEP_SHARE, shares.shape)
        return np.asarray(np.clip(shares + is_moved * steps, 0.0, 1.0), np.float64)


def make_space(texts: Sequence[str], config: Config) -> SearchSpace:
    """The space of these texts, or where there are none that of `DEFAULT_SPACE`, as far as the
    experts of the settings have it. Raises InputError and SettingsError for what cannot be.
    """
    if texts:
        settings = [parse_searched_setting(text, config) for text in texts]
    else:
        experts = config.model.experts
        settings = [
            parse_searched_setting(text, config)
            for text in DEFAULT_SPACE
            if experts is None or text.split(".")[1] in experts
        ]
    if not settings:
        raise InputError(
            "none of the settings that are searched by themselves matters to the experts of "
            "model.experts; name some with --setting"
        )
    keys = [setting.key for setting in settings]
    repeated = next((key for key in keys if keys.count(key) > 1), None)
    if repeated is not None:
        raise InputError(f"--setting {repeated} is given twice; put all its values into one")
    return SearchSpace(tuple(settings))


def parse_searched_setting(text: str, config: Config) -> SearchedSetting:
    """`KEY=LOW..HIGH` or `KEY=VALUE,VALUE,…`; each value is checked against the settings."""
    key, equals, right = text.partition("=")
    key = key.strip()
    _require_searchable(key, text, has_values=bool(equals and right.strip()))
    low, dots, high = right.partition("..")
    if dots:
        ends = (_parse_value(low), _parse_value(high))
        if not all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends):
            raise InputError(f"--setting {text}: the ends of a range are numbers, as in 0.1..0.4")
        if not ends[0] < ends[1]:
            raise InputError(f"--setting {text}: the lower end comes first, as in 0.1..0.4")
        setting = SearchedSetting(key, ends, is_range=True)
    else:
        values = tuple(_parse_value(value) for value in right.split(","))
        if len(set(map(str, values))) < 2:
            raise InputError(f"--setting {text}: give at least two values, or a range LOW..HIGH")
        setting = SearchedSetting(key, values)
    for value in setting.values:
        _require_valid({key: value}, config, text)
    return setting


def _require_searchable(key: str, text: str, *, has_values: bool) -> None:
    if not has_values:
        raise InputError(
            f"--setting {text}: write KEY=LOW..HIGH or KEY=VALUE,VALUE, as in "
            "model.sequence.dropout=0.1..0.4"
        )
    if key.split(".")[0] not in SEARCHED_GROUPS or "." not in key:
        raise InputError(
            f"--setting {text}: '{key}' cannot be searched; only settings of "
            f"{' and '.join(SEARCHED_GROUPS)} change how well held-out behaviour is predicted "
            "and nothing of what is held out"
        )
    if key in CHANCE_OR_PLACE or key.endswith(".device"):
        raise InputError(f"--setting {text}: '{key}' makes no list better; leave it out")


def _require_valid(changes: Mapping[str, Any], config: Config, text: str) -> None:
    try:
        changed_config(config, settings_tree(changes))
    except SettingsError as error:
        raise SettingsError(f"--setting {text}: {error}") from None


def _parse_value(text: str) -> Any:
    """A number, true, false or null where it is one; else the words."""
    text = text.strip()
    try:
        return json.loads(text)
    except ValueError:
        return text.strip('"')

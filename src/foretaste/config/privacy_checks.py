"""In: all settings. Out: which of them learn of people what a privacy budget does not pay for."""

from collections.abc import Iterator
from typing import Protocol

from foretaste.behaviour.settings import BehaviourSettings
from foretaste.domain.privacy_settings import PrivacySettings
from foretaste.language.settings import LanguageSettings
from foretaste.model.settings import ModelSettings
from foretaste.prepare.settings import PrepareSettings
from foretaste.rank.settings import RankSettings


class LearningSettings(Protocol):
    """The sections of the settings that say what is learnt of people."""

    @property
    def privacy(self) -> PrivacySettings: ...
    @property
    def model(self) -> ModelSettings: ...
    @property
    def language(self) -> LanguageSettings: ...
    @property
    def prepare(self) -> PrepareSettings: ...
    @property
    def rank(self) -> RankSettings: ...
    @property
    def behaviour(self) -> BehaviourSettings: ...


def privacy_conflicts(config: LearningSettings) -> Iterator[str]:
    """What is to be changed, in words; nothing without a budget."""
    if not config.privacy.is_private:
        return
    if config.model.language.enabled:
        yield "model.language.enabled = false: the language expert is tuned on histories"
    if config.language.tuning.method != "off":
        yield 'language.tuning.method = "off": the encoder is tuned on histories'
    if config.prepare.review_aspects:
        yield "prepare.review_aspects = false: it writes into items what single reviews say"
    if config.model.popularity.half_life_days:
        yield "no model.popularity.half_life_days: counts fade from somebody's newest event on"
    if config.rank.freshness is not None and isinstance(config.rank.freshness.half_life, str):
        yield "rank.freshness.half_life in hours or days: it is learnt from what people took"
    if config.model.group_weights:
        yield "no model.group_weights: the noise is for people who count as much as one another"
    if config.rank.replenish is not None:
        yield "no rank.replenish: intervals are learnt from what people took again"
    for name, values in config.behaviour.value.items():
        if values.counts and values.threshold is None and not values.curve:
            yield (
                f"a threshold or a curve for behaviour.value.{name}: its scale is taken from "
                "people's values"
            )

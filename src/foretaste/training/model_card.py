"""A model version in; its card, for whoever has to judge it and has never seen it, out.

As Mitchell et al. 2019 (Model Cards for Model Reporting) order it: what it is, what it is for, what
it learnt from, how good it is, for whom, and what it cannot do. Written from the manifest alone, so
it can be made of any version at any time; an audit of the lists is added where there is one.
"""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretaste.config.changed_settings import changed_settings
from foretaste.config.load import Config, parse_config
from foretaste.display.words import day, duration, plain_expert, toml_value
from foretaste.domain.consent import PURPOSES
from foretaste.errors import SettingsError
from foretaste.evaluate.audit.audit_result import Audit
from foretaste.model.artefacts import ModelRegistry
from foretaste.model.version import ModelVersion
from foretaste.model.version_files import CARD_FILE as CARD_FILE

log = logging.getLogger(__name__)

TOLD_SETTINGS = ("behaviour.consent", "behaviour.event_weights", "behaviour.retention_days")
TOLD_GROUPS = ("model.", "prepare.", "rank.", "language.encoder", "language.tuning", "audit.")
"""Settings that say what a model is; none of them names a host, a path or a secret."""
NO_PRIVACY_BUDGET = (
    "Trained without differential privacy: no ε is bounded. Whoever has the files of the model, or "
    "asks it very often, may find out whether somebody whose taste is nearly alone was among those "
    "it learnt from."
)
REPEATED_TRAININGS = (
    "All {trainings} trainings with a budget so far spent ε = {epsilon:g} and δ = {delta:g} "
    "together, which bounds what somebody knows who has seen lists of all of them."
)
LIMITS = (
    "It orders items by what people like this one take next. Whether one is good for somebody it "
    "does not know. It is not made for decisions about people: credit, work, housing, health.",
    "What it learnt is what people did in this one place. What they had done with items that "
    "they never saw it cannot know, and lists that it makes shape what it learns next.",
    "Of people without a history it knows what is popular, and what they ask; of items that nobody "
    "took, what is written of them, in the languages that the encoder reads.",
    "Figures are of the time of the training. Taste changes: `foretaste audit` looks at lists now.",
)  # fmt: skip


@dataclass(frozen=True)
class ModelCard:
    """What there is to be known of a version."""

    service: str
    version: ModelVersion
    audit: Audit | None = None
    """Of its lists; None where they were not looked at."""

    def summary(self) -> dict[str, Any]:
        """One object that JSON can hold."""
        version = self.version
        return {
            "service": self.service,
            "version": version.name,
            "created": version.created,
            "data": _data_figures(version),
            "metrics": dict(version.metrics.get("measured") or {}),
            "checks": list(version.metrics.get("checks") or ()),
            "popularity_lift": _lift(version),
            "audit": None if self.audit is None else self.audit.summary(),
            "settings": {name: toml_value(value) for name, value in _settings(version).items()},
            "epsilon": version.privacy and version.privacy["epsilon"],
            "delta": version.privacy and version.privacy["delta"],
            "privacy": privacy_sentence(version),
            "limits": list(LIMITS),
        }

    def text(self) -> str:
        """As Markdown."""
        version, figures = self.version, _data_figures(self.version)
        cpu_seconds = version.metrics.get("cpu_seconds")
        took = f" It took {duration(cpu_seconds)} of one core." if cpu_seconds else ""
        sections = [
            ("What it is", [
                f"Version {version.name} of the recommender of {self.service}, trained on "
                f"{day(version.created)}.{took} A product of experts: each says how likely the "
                "next thing is that somebody takes, from one point of view, and the weights say "
                "how much each of them counts.",
                "It is for lists of items: for a person, a search, an item, a cart.",
            ]),
            ("What it learnt from", [
                f"{figures['events']:,} events of {', '.join(figures['event_types']) or 'no type'} "
                f"and {figures['items']:,} items, as they were in the store up to event "
                f"{figures['last_event']:,}. Texts were read by "
                f"{figures['encoder'] or 'the encoder as it was published'}.",
                _consent_sentence(version),
            ]),
            ("How good it is", _quality_lines(version)),
            ("Whom and what its lists favour", self._bias_lines()),
            ("What was found wrong with its lists", _check_lines(version)),
            ("Privacy", [privacy_sentence(version)]),
            ("Limits", [f"- {limit}" for limit in LIMITS]),
            ("Settings that differ from the usual ones", [
                f"- `{name} = {toml_value(value)}`" for name, value in _settings(version).items()
            ] or ["None."]),
        ]  # fmt: skip
        lines = [f"# Model card: {version.name}"]
        for title, body in sections:
            lines += ["", f"## {title}", "", *body]
        return "\n".join(lines) + "\n"

    def _bias_lines(self) -> list[str]:
        lift = _lift(self.version)
        lines = []
        if lift is not None:
            lines.append(
                f"After the training the lists were {lift:.2f} times as popular as what the same "
                "people take; 1 favours neither."
            )
        if self.audit is None:
            return [*lines, "The lists were not audited: `foretaste model-card --audit` does it."]
        lines.append(
            f"Audited on {day(self.audit.created)} by the lists of {self.audit.people:,} people; "
            "every figure and its interval is in `foretaste audit`:"
        )
        for section in self.audit.sections:
            remedy = f" What to do: {section.remedy}." if section.remedy else ""
            lines.append(f"- {section.title}: {section.verdict}{remedy}")
        return lines


def privacy_sentence(version: ModelVersion) -> str:
    """How much it may know of any one person."""
    budget = version.privacy
    if budget is None:
        return NO_PRIVACY_BUDGET
    sentence = (
        f"Trained with differential privacy of people, ε = {budget['epsilon']:g} and δ = "
        f"{budget['delta']:g} ({budget['accountant']} accounting): lists are at most "
        f"{math.exp(budget['epsilon']):.3g} times as likely with somebody's data as without, but "
        f"for a chance of {budget['delta']:g}. Of each person the newest {budget['max_events']} "
        "events count. The number of people is taken as known, and so are items and what is "
        "written of them. It holds for what the model learnt, not for what the log is asked at "
        "once, such as what is trending."
    )
    total = budget["all_trainings"]
    if total["trainings"] < 2:
        return sentence
    return f"{sentence} {REPEATED_TRAININGS.format(**total)}"


def write_card(folder: Path, card: ModelCard) -> Path:
    """Beside the files of its version. folder: of the versions. → where it is."""
    path = folder / card.version.name / CARD_FILE
    path.write_text(card.text(), encoding="utf-8")
    return path


def write_missing_cards(models: ModelRegistry, service: str) -> None:
    """Beside every version that has none: one that was counted anew has another name."""
    for version in models.versions():
        path = models.folder / version.name / CARD_FILE
        if not path.exists():
            try:
                write_card(models.folder, ModelCard(service, version))
            except OSError as error:  # the model is there all the same; or it was just replaced
                log.warning("no model card at %s: %s", path, error.strerror)


def _data_figures(version: ModelVersion) -> dict[str, Any]:
    data = version.data
    return {
        "events": int(data.get("events", 0)),
        "items": int(data.get("items", 0)),
        "people_with_attributes": int(data.get("users", 0)),
        "event_types": list(data.get("event_counts") or data.get("kinds", ())),
        "last_event": int(data.get("event", 0)),
        "encoder": data.get("encoder"),
    }


def _lift(version: ModelVersion) -> float | None:
    curve: Sequence[Sequence[float]] = version.metrics.get("popularity_lifts") or ()
    return float(curve[0][1]) if curve else None


def _quality_lines(version: ModelVersion) -> list[str]:
    measured: Mapping[str, Any] = version.metrics.get("measured") or {}
    if not measured.get("ndcg@10"):
        return ["Not measured: nobody took anything that it had not learnt from."]
    mean, low, high = measured["ndcg@10"]
    lines = [
        f"On {measured['cases']:,} last takings of people, which it had not learnt from, ranked "
        f"among all items: NDCG@10 {mean:.3f} [{low:.3f}, {high:.3f}]. 0 is a list that never has "
        "what is taken next among its first ten, 1 one that has it first every time.",
        "",
        "| ahead of | by NDCG@10 | 95 % interval |",
        "|---|---|---|",
    ]
    for name, (margin, margin_low, margin_high) in (measured.get("ahead") or {}).items():
        interval = f"[{margin_low:+.3f}, {margin_high:+.3f}]"
        lines.append(f"| {plain_expert(name)} | {margin:+.3f} | {interval} |")
    return lines


def _check_lines(version: ModelVersion) -> list[str]:
    checks = version.metrics.get("checks")
    if checks is None:
        return ["Not looked at."]
    if not checks:
        return ["Nothing, by the lists of 200 people."]
    return [f"- {check['message']} What to do: {check['remedy']}" for check in checks]


def _consent_sentence(version: ModelVersion) -> str:
    consent = (version.settings.get("behaviour") or {}).get("consent")
    if consent is None:
        return "It is of a time when people could not refuse training by themselves."
    defaults = ", ".join(f"{name} {'yes' if consent[name] else 'no'}" for name in PURPOSES)
    return (
        "Events of people who refused training, and of minors, were left out. Of who had said "
        f"nothing it held: {defaults}."
    )


def _settings(version: ModelVersion) -> dict[str, Any]:
    try:
        config: Config = parse_config(version.settings, f"model {version.name}")
    except SettingsError:  # of another version of Foretaste
        return {}
    return {
        name: value
        for name, value in changed_settings(config).items()
        if name.startswith((*TOLD_GROUPS, *TOLD_SETTINGS))
    }

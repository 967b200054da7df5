"""Generated content: a question and what answers it in; features, a list and words out.

`loop` says in which order things happen; what generation keeps between questions is here: the
topics of each model's catalogue, and who writes.
"""

import json
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from foretaste.display.render import face
from foretaste.domain.consent import Consent, Purpose
from foretaste.domain.data import (
    Catalogue,
    Feature,
    Floats,
    Ints,
    Recommendation,
    Recommended,
    Request,
)
from foretaste.domain.files import FOLDER_MODE
from foretaste.domain.ports import Writer
from foretaste.domain.prompt import Deadline
from foretaste.domain.reason import Reason
from foretaste.domain.titles import natural_title
from foretaste.errors import ForetasteError
from foretaste.generate.consent_text import refusals_in_words
from foretaste.generate.facts import collect_facts
from foretaste.generate.features import ImaginedFeatures, imagine_features
from foretaste.generate.narration import Narrator, Passage
from foretaste.generate.profile import LikedValue, event_titles
from foretaste.generate.topics import Topics
from foretaste.language.settings import WriterSettings
from foretaste.language.writer import open_writer
from foretaste.online.answer import ScoringWorkspace, scored
from foretaste.online.reasoning import Reasoning
from foretaste.online.slate import PageRequest
from foretaste.rank.filters import (
    HARD_FILTERS,
    FilterContext,
    excluded_items,
    muted_items,
    negative_feedback_items,
)

log = logging.getLogger(__name__)

REFUSED = (muted_items, negative_feedback_items)
"""What the person themselves will not be shown."""
NAMING = 2
"""How topics are named; those that were kept with other names are found anew."""
CANDIDATES = 1000
"""Of a catalogue too large to score whole, the items that what is imagined stands on."""


@dataclass(frozen=True)
class Generation:
    """The content a person would want."""

    imagined: ImaginedFeatures
    """As features: column → values, the strongest first; "topic" is among the columns."""
    recommendation: Recommendation
    """The real items nearest to it, which are those likeliest under P(R|U)."""
    passages: "PassageStream"
    """In words: title, description, a line for each item, each as soon as it is written."""
    deadline: Deadline
    """By when; whoever stops listening calls it off."""
    event_titles: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The titles of the items that features come from, by their ids."""

    def _repr_html_(self) -> str:
        passages = self.passages.all_passages()
        lines = {passage.item: passage.wording.text for passage in passages if passage.item}
        items = [
            (natural_title(item.title) or item.id, lines.get(item.id))
            for item in self.recommendation
        ]
        titles = {event: natural_title(title) for event, title in self.event_titles.items()}
        values = {"generation": self, "passages": passages, "items": items, "titles": titles}
        return face("generation", **values)


class PassageStream(Iterator[Passage]):
    """Passages as they are written, each once; and all of them again, for a notebook."""

    def __init__(self, passages: Iterator[Passage]) -> None:
        self._passages = passages
        self._written: list[Passage] = []

    def __next__(self) -> Passage:
        passage = next(self._passages)
        self._written.append(passage)
        return passage

    def all_passages(self) -> list[Passage]:
        """Those that were written, and those still to be."""
        return [*self._written, *self]


@dataclass(frozen=True)
class TargetScores:
    """What the product says to a question, before it is put into features and words."""

    question: FilterContext
    version: str
    catalogue: Catalogue
    scores: Floats
    """[items], log P(R|U) up to a constant, -inf for what may not be shown."""
    everyone: Floats
    """[items], the same by popularity alone."""


class Policed:
    """What the operator's policy, and the person's own mutes, let be said in answer to one
    question.
    """

    def __init__(self, question: FilterContext) -> None:
        policy, self._question = question.policy, question
        self._censor = (
            None
            if policy is None
            else policy.text_checker(
                question.index, question.policy_context, excluded_items(question, REFUSED)
            )
        )

    def faults(self, text: str) -> tuple[str, ...]:
        """Why a text may not be said; none where it may."""
        return () if self._censor is None else self._censor(text)

    def sayable(self, imagined: ImaginedFeatures) -> ImaginedFeatures:
        """Without values that may not be said, each by itself and with those before it."""
        sayable: dict[str, tuple[LikedValue, ...]] = {}
        texts: list[str] = []
        for column, values in imagined.items():
            for liked in values:
                if not self.faults(", ".join([*texts, liked.value])):
                    texts.append(liked.value)
                    sayable[column] = (*sayable.get(column, ()), liked)
        return sayable

    def tellable(self, recommended: Recommended) -> Recommended:
        """An item with those of its reasons that may be said, and whose past items may be named."""
        catalogue = self._question.index.catalogue

        def may_be_said(reason: Reason) -> bool:
            titles = [
                f"“{catalogue.titles[catalogue.index[event]]}”"
                for event in reason.events
                if event in catalogue.index
            ]
            texts = (reason.text, *titles, *filter(None, [reason.feature]))
            return not any(self.faults(text) for text in texts)

        return replace(recommended, reasons=tuple(filter(may_be_said, recommended.reasons)))


class ContentGenerator:
    """What one workspace generates content with."""

    def __init__(
        self,
        settings: WriterSettings,
        folder: Path,
        reasoning: Reasoning | None = None,
        *,
        seed: int = 0,
    ) -> None:
        self._reasoning = reasoning or Reasoning()
        self._settings, self._folder, self._seed = settings, folder, seed
        self._lock, self._studying = threading.Lock(), threading.Lock()
        self._topics: tuple[str, Topics] | None = None
        self._codes: Ints = np.empty(0, np.int32)
        self._writer: tuple[Writer | None] | None = None

    @property
    def writer(self) -> Writer | None:
        """Who writes; None where templates do. Opened when first asked for."""
        with self._lock:
            if self._writer is None:
                self._writer = (open_writer(self._settings, self._folder),)
            return self._writer[0]

    @property
    def _outside_purposes(self) -> tuple[Purpose, ...]:
        """What must be allowed for the writer to be asked."""
        return ("share",) if self._settings.kind == "endpoint" else ()

    def warm(self) -> None:
        """Begin to load what takes long. What goes wrong is logged: no list waits for a word."""
        try:
            writer = self.writer
        except ForetasteError as error:
            log.error("the writer cannot be had: %s", error)
            return
        if writer is not None:
            writer.start()

    def study(self, version: str, catalogue: Catalogue) -> Topics:
        """Find the topics of a model's catalogue, and keep them beside what else is cached."""
        topics = Topics.of(catalogue, self._seed)
        path = self._path(version)
        path.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        aside = path.with_suffix(".aside")
        save_file({"centres": topics.centres}, aside, {"names": json.dumps(topics.names)})
        aside.replace(path)
        return topics

    def _path(self, version: str) -> Path:
        return self._folder / "topics" / f"{version}-{NAMING}.safetensors"

    def target(self, workspace: ScoringWorkspace, request: Request) -> TargetScores:
        """What the product says of every item that may be shown."""
        snapshot, question, scorer = scored(workspace, PageRequest(request))
        catalogue, allowed = snapshot.catalogue, ~excluded_items(question, HARD_FILTERS)
        scores = np.where(allowed, scorer.score_row(allowed, CANDIDATES), -np.inf).astype(
            np.float32
        )
        popularity = snapshot.product.popularity_scorer(len(catalogue))
        everyone = popularity.score_row(allowed, CANDIDATES)
        return TargetScores(question, snapshot.version, catalogue, scores, everyone)

    def generation(
        self, target: TargetScores, recommendation: Recommendation, consent: Consent
    ) -> Generation:
        """What is imagined, and what is said of it and of the list.

        consent: where a language model elsewhere may not read the person's words, templates say it.
        """
        catalogue, question = target.catalogue, target.question
        behaviour, policy = question.user_context, Policed(question)
        features = self._features(target.version, catalogue)
        imagined = policy.sayable(
            imagine_features(target.scores, target.everyone, features, behaviour, catalogue.ids)
        )
        told_facts = collect_facts(
            imagined,
            map(policy.tellable, recommendation),
            features,
            catalogue.index,
            query=behaviour.query,
            private=question.request.incognito,
            messages=self._reasoning.messages(question.request),
            feature_settings=self._reasoning.features,
        )
        deadline = Deadline(self._settings.timeout_seconds)
        messages = self._reasoning.messages(question.request)
        refusals = refusals_in_words(consent, self._outside_purposes, messages)
        recommendation = replace(recommendation, refusals=(*recommendation.refusals, *refusals))
        writer = None if refusals else self.writer
        passages = Narrator(writer, policy.faults).narrate(told_facts, deadline)
        titles = event_titles(imagined, catalogue)
        return Generation(imagined, recommendation, PassageStream(passages), deadline, titles)

    def _features(self, version: str, catalogue: Catalogue) -> Sequence[Feature]:
        """The named columns, and the topics as one more."""
        with self._studying:
            if self._topics is None or self._topics[0] != version:
                self._topics = (version, self._stored_topics(version, catalogue))
                self._codes = np.empty(0, np.int32)
            topics = self._topics[1]
            new = topics.nearest_topics(catalogue.vectors, len(self._codes))
            self._codes = np.concatenate([self._codes, new])
            return [*catalogue.descriptive_features, topics.feature(self._codes[: len(catalogue)])]

    def _stored_topics(self, version: str, catalogue: Catalogue) -> Topics:
        """Those that were studied for the version, or else now."""
        path = self._path(version)
        if path.exists():
            try:
                centres = load_file(path)["centres"]
                with safe_open(path, "np") as file:
                    return Topics(centres, tuple(json.loads(file.metadata()["names"])))
            except (SafetensorError, OSError, KeyError, TypeError, ValueError):
                log.warning("%s is damaged; the topics are found anew", path)
        return self.study(version, catalogue)

    def close(self) -> None:
        """Let go of the writer."""
        with self._lock:
            if self._writer is not None and self._writer[0] is not None:
                self._writer[0].close()
            self._writer = None

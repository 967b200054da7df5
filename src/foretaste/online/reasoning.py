"""A list and the terms of its scores in, what is said of each item out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from foretaste.domain.consent import PURPOSES, Consent, PurposeRefusal
from foretaste.domain.data import Feature, ItemSource, Request
from foretaste.domain.feature_types import FeatureSettings
from foretaste.domain.reason import Reason
from foretaste.domain.request import Shortfall
from foretaste.domain.term_table import TermTable
from foretaste.generate.consent_text import refusals_in_words
from foretaste.generate.item_display import ItemDisplay
from foretaste.generate.list_evidence import ListEvidence
from foretaste.generate.messages import Messages, best_language, messages_in
from foretaste.generate.reasons import (
    UNKNOWN_USER_MESSAGE,
    ListReasons,
    compose_reasons,
    placed_reason,
    trending_reason,
)
from foretaste.generate.settings import Language, ReasonSettings
from foretaste.generate.shortfall_text import shortfall_in_words
from foretaste.model.product_scorer import is_unknown_user
from foretaste.online.resume_list import resume_reason
from foretaste.rank.filters import FilterContext
from foretaste.rank.slate import FILL_SOURCES, Slate

SOURCES_WITH_REASON = ("pinned", "promoted", "explored", "new", *FILL_SOURCES)
"""Sources that are a reason before those of the score."""


@dataclass(frozen=True)
class Reasoning:
    """Puts reasons into words, as the settings of a workspace have it."""

    settings: ReasonSettings = field(default_factory=ReasonSettings)
    features: Mapping[str, FeatureSettings] = field(default_factory=dict)
    currency: str | None = None
    """Of prices that name none."""

    def display(self, language: str | None = None, features: Sequence[Feature] = ()) -> ItemDisplay:
        """How items are shown. language: as of a request, or the tags of Accept-Language. features:
        of the catalogue; where it is not known, the types are found from the values of each item.
        """
        messages = messages_in(self.language(language))
        return ItemDisplay(features, self.features, messages, self.currency)

    def language(self, language: str | None) -> Language:
        """The first of the tags of a request that there is, else that of the settings."""
        return best_language((language or "").split(","), self.settings.language)

    def messages(self, request: Request) -> Messages:
        """In the language of a request."""
        return messages_in(self.language(request.language))

    def shortfall(self, request: Request, shortfall: Shortfall | None) -> Shortfall | None:
        """In the words of a request's language."""
        return None if shortfall is None else shortfall_in_words(shortfall, self.messages(request))

    def refusals(self, request: Request, consent: Consent) -> tuple[PurposeRefusal, ...]:
        """What of it changes a list, in the words of a request's language."""
        return refusals_in_words(consent, ("record", "personalise"), self.messages(request))

    def consent_refusals(self, consent: Consent, language: str | None) -> list[PurposeRefusal]:
        """What is refused, in words. language: as of a request."""
        return list(refusals_in_words(consent, PURPOSES, self.display(language).messages))

    def evidence(self, question: FilterContext, event_types: Sequence[str]) -> ListEvidence:
        """What the reasons of one list may stand on, in the language of its request."""
        return ListEvidence(
            question.index.catalogue,
            question.user_context,
            tuple(event_types),
            self.messages(question.request),
            self.features,
            self.settings.activity,
            frozenset(question.request.items),
        )

    def reasons(
        self,
        question: FilterContext,
        slate: Slate,
        terms: TermTable,
        event_types: Sequence[str],
        user_counts: Sequence[int] | None = None,
    ) -> ListReasons:
        """Of each item of a list. terms: that may be told. user_counts: of a list of what people
        took within a window, how many took each; 0 for what fills it up.
        """
        evidence = self.evidence(question, event_types)
        items = slate.items.tolist()
        max_reasons = self.settings.max_reasons
        if user_counts is not None:
            window = question.request.window or 0.0
            popular = placed_reason("fallback", evidence)
            counted = [
                (trending_reason(users, window, evidence) if users else popular,)
                for users in user_counts
            ]
            return ListReasons(tuple(tuple(filter(None, reasons)) for reasons in counted))
        progress = question.trade.progress
        resume_reasons = [resume_reason(item, progress, evidence) for item in items]
        if question.request.kind == "resume":
            return ListReasons(tuple(() if own is None else (own,) for own in resume_reasons))
        if is_unknown_user(question.user_context) and not question.preferences:
            terms = terms.select_columns([column.expert == "rule" for column in terms.columns])
            list_reasons = compose_reasons(items, terms, evidence, max_reasons=max_reasons)
            list_reasons = replace(
                list_reasons, headline=evidence.messages.text(UNKNOWN_USER_MESSAGE)
            )
        else:
            list_reasons = compose_reasons(items, terms, evidence, max_reasons=max_reasons)
        return replace(
            list_reasons,
            items=tuple(
                _with_source(source, (*filter(None, [begun]), *reasons), evidence)[:max_reasons]
                for source, begun, reasons in zip(
                    slate.sources, resume_reasons, list_reasons.items, strict=True
                )
            ),
        )


def _with_source(
    source: ItemSource, reasons: tuple[Reason, ...], evidence: ListEvidence
) -> tuple[Reason, ...]:
    """What brought an item to its place comes first, once."""
    if source not in SOURCES_WITH_REASON:
        return reasons
    placed = placed_reason(source, evidence)
    if placed is None:
        return reasons
    if source == "unmatched":  # it answers the query in no way, however its score came about
        reasons = tuple(reason for reason in reasons if reason.expert != "query")
    return (placed, *(reason for reason in reasons if reason.text != placed.text))

"""What somebody has typed so far in, what they may mean out: items, values, popular searches.

What may not be shown to them is not suggested, and of what others search for only what many do.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from foretaste.domain.data import Catalogue, Floats
from foretaste.domain.patience import BESIDE, patience
from foretaste.domain.store import Store
from foretaste.domain.suggestion import Suggestion, Suggestions
from foretaste.domain.text_limits import shorten
from foretaste.errors import InputError, StoreError
from foretaste.generate.item_display import ItemDisplay, readable_title
from foretaste.generate.safe import is_suspicious
from foretaste.online.facets import FacetWorkspace, newest_of, shown_items
from foretaste.online.list_kinds import popularity_row
from foretaste.online.page_request import PageRequest
from foretaste.online.reasoning import Reasoning
from foretaste.online.snapshot import Snapshot
from foretaste.online.suggest_index import SuggestIndex, SuggestIndexCache, ValueIndex
from foretaste.online.work_thread import Budget
from foretaste.rank.conditions import parse_condition
from foretaste.rank.facets import value_filter
from foretaste.rank.filters import FilterContext
from foretaste.rank.index import Mask
from foretaste.rank.prefix_index import Positions, TypedTextIndex, folded_words, matched_spans
from foretaste.rank.settings import RankSettings
from foretaste.understand.language import is_said

MAX_SUGGESTIONS, MAX_TYPED_LETTERS = 50, 200
SEARCH_DAYS, MAX_SEARCHES, REFRESH_SECONDS = 90, 5_000, 60.0
"""Of which popular searches are counted, how many are kept, and how long counts hold."""
MIN_PRIVATE_DIGITS = 6
"""Digits in a search from which it may be a telephone number or a card."""
MAX_CANDIDATES = 200
"""Items that are compared with what somebody takes."""
MAX_VALUES_COUNTED = 12
OTHER_SHARE = 3
"""Of so many suggestions one may be a value and one a search."""
BEGINNING_BONUS, TASTE_WEIGHT = 3.0, 4.0
"""In nats of popularity: of a title that begins so, and of an item that reads just as what
somebody takes."""


class PopularSearches:
    """What many people search for. Safe to share between threads."""

    def __init__(
        self,
        store: Store,
        settings: RankSettings,
        clock: Callable[[], float],
        min_people: int = 1,
    ) -> None:
        self._store, self._clock = store, clock
        self._min_people = max(settings.suggested_search_people, min_people)
        self._lock = threading.Lock()
        self._counted_at, self._erasures = float("-inf"), -1
        self._searches: list[tuple[str, int]] = []
        self._index = TypedTextIndex.of([])

    def current(self) -> tuple[list[tuple[str, int]], TypedTextIndex]:
        """((words, people), the commonest first; the index of the words); as it was while the
        store is away.
        """
        now = self._clock()
        with self._lock, suppress(StoreError):
            erasures = self._store.erasure_count()
            is_fresh = 0 <= now - self._counted_at < REFRESH_SECONDS
            if not is_fresh or erasures != self._erasures:
                with patience(BESIDE):
                    searches = self._store.popular_searches(
                        now - SEARCH_DAYS * 86_400,
                        self._min_people,
                        MAX_SEARCHES,
                    )
                self._searches = [own for own in searches if may_be_told(own[0])]
                self._index = TypedTextIndex.of([words for words, _ in self._searches])
                self._counted_at, self._erasures = now, erasures
        return self._searches, self._index


def may_be_told(words: str) -> bool:
    """Whether a search names nobody's address, number or card."""
    digits = sum(letter.isdigit() for letter in words)
    return "@" not in words and digits < MIN_PRIVATE_DIGITS and not is_suspicious(words)


class SuggestSources:
    """What is kept between two letters that somebody types."""

    def __init__(
        self,
        store: Store,
        settings: RankSettings,
        clock: Callable[[], float],
        min_people: int = 1,
    ) -> None:
        self.indexes = SuggestIndexCache()
        self.popular = PopularSearches(store, settings, clock, min_people)


class WordReader(Protocol):
    """What knows words of a language."""

    def knows_word(self, word: str, /) -> bool: ...


class SuggestWorkspace(FacetWorkspace, Protocol):
    """What the loop lends to suggestions."""

    @property
    def suggest_sources(self) -> SuggestSources: ...
    @property
    def reasoning(self) -> Reasoning: ...
    @property
    def data_encoder(self) -> WordReader: ...


def suggest(workspace: SuggestWorkspace, typed: str, page: PageRequest, n: int) -> Suggestions:
    """What may be meant, the likeliest first. Raises InputError for what cannot be asked."""
    if not 1 <= n <= MAX_SUGGESTIONS:
        raise InputError(f"n: {n}; ask for 1 to {MAX_SUGGESTIONS} suggestions")
    slates, newest = newest_of(workspace, Budget(page.request.timeout_ms))
    snapshot = newest.snapshot
    page = page.asked_by(slates.owner(page.request))
    context = slates.user_context(page.request, snapshot)
    question = slates.question(page, context, snapshot)
    sources = workspace.suggest_sources
    index = sources.indexes.get(snapshot.catalogue, snapshot.version)
    display = workspace.reasoning.display(page.request.language, snapshot.catalogue.features)
    numbered = slates.numbered_items(typed[:MAX_TYPED_LETTERS], question.index).items
    finder = SuggestionFinder(
        question, snapshot, index, sources.popular, display, workspace.data_encoder.knows_word
    )
    return finder.suggest(typed, n, numbered)


class SuggestionFinder:
    """Suggests for one person and one question."""

    def __init__(
        self,
        question: FilterContext,
        snapshot: Snapshot,
        index: SuggestIndex,
        popular: PopularSearches,
        display: ItemDisplay,
        is_word: Callable[[str], bool],
    ) -> None:
        """is_word: whether it is one of the language, though no item has it: a tractor is no
        traitor.
        """
        self._display, self._is_word = display, is_word
        self._question, self._snapshot, self._index = question, snapshot, index
        self._shown = shown_items(question)
        filter_spec = question.request.filter
        if filter_spec:
            self._shown = self._shown & question.index.mask(parse_condition(filter_spec))
        self._searches, self._search_index = popular.current()
        self._popularity: Floats = popularity_row(snapshot)

    def suggest(self, typed: str, n: int, numbered: Sequence[int] = ()) -> Suggestions:
        """numbered: items whose article number was typed, or begins so; they come first."""
        typed = typed[:MAX_TYPED_LETTERS]
        ends = typed[-1:].isspace()
        words = folded_words(typed)
        meant = self._corrected(words, ends=ends)
        by_number = [self._item(item) for item in numbered if self._shown[item]][:n]
        named = {own.item for own in by_number}
        own_items = [own for own in self._items(meant) if own.item not in named]
        others = [*self._values(meant), *self._queries(meant)]
        share = max(n // OTHER_SHARE, 1)
        by_kind = {
            kind: [own for own in others if own.kind == kind][:share] for kind in ("query", "value")
        }
        few = n - sum(map(len, by_kind.values()))
        chosen = [*by_kind["query"], *by_kind["value"], *own_items[: max(few, 1)]][:n]
        spans = [replace(own, matches=tuple(matched_spans(own.text, meant))) for own in chosen]
        spans.sort(key=lambda own: not _begins(own.text, meant))
        corrected = " ".join(meant) if meant != words else None
        return Suggestions(typed, (*by_number, *spans)[:n], corrected)

    def _corrected(self, words: list[str], *, ends: bool) -> list[str]:
        """Each word as it was meant: one that nothing has is one of those that are nearest, but no
        number, and no word of a language that wishes are read in.
        """
        indexes = [*self._index.indexes, self._search_index]
        meant = []
        for row, word in enumerate(words):
            whole = row < len(words) - 1 or ends
            is_known = any(own.has(word, whole=False) for own in indexes) or is_said(word)
            has_digit = any(letter.isdigit() for letter in word)
            if is_known or has_digit or (whole and self._is_word(word)):
                meant.append(word)
                continue
            near = (own.corrected(word, whole=whole) for own in indexes)
            meant.append(next((own for own in near if own is not None), word))
        return meant

    def _items(self, words: Sequence[str]) -> list[Suggestion]:
        titles, catalogue = self._index.titles, self._snapshot.catalogue
        matching = titles.matching(words)
        matching = matching[self._shown[matching]]
        scores = self._popularity[matching].astype(np.float64)
        if words:
            begins = np.isin(matching, titles.beginning(words))
            scores = scores + BEGINNING_BONUS * begins
        best = matching[_largest(scores, MAX_CANDIDATES)]
        scores = scores[_largest(scores, MAX_CANDIDATES)] + self._taste(catalogue, best)
        ordered = best[np.argsort(-scores, kind="stable")].tolist()
        groups, seen, suggestions = self._question.index.groups, set[int](), []
        for item in ordered[: 2 * MAX_SUGGESTIONS]:
            group = -1 if groups is None else int(groups.codes[item])
            if group < 0 or group not in seen:
                seen.add(group)
                suggestions.append(self._item(item))
        return suggestions

    def _item(self, item: int) -> Suggestion:
        catalogue = self._snapshot.catalogue
        item_id = catalogue.ids[item]
        stored = self._snapshot.items.at([item])[0]
        text = shorten(readable_title(catalogue.titles[item], item_id))
        return Suggestion("item", text, item=item_id, image=stored.image)

    def _taste(self, catalogue: Catalogue, items: Positions) -> Any:
        """[items], what it counts that each reads like what this person takes."""
        usual = np.unique(self._question.user_context.consumed_items[-20:])
        if not len(usual) or not len(items):
            return np.zeros(len(items))
        center = np.asarray(catalogue.vectors[usual]).mean(axis=0)
        return TASTE_WEIGHT * np.asarray(catalogue.vectors[items] @ center, np.float64)

    def _values(self, words: Sequence[str]) -> list[Suggestion]:
        """Values, those with most items first; none that would show nothing."""
        suggestions: list[tuple[bool, int, Suggestion]] = []
        for own in self._index.values:
            rows = own.index.matching(words)
            if not len(rows):
                continue
            counts = _counts(own, self._shown)
            rows = rows[counts[rows] > 0]
            for row in rows[np.argsort(-counts[rows], kind="stable")][:MAX_VALUES_COUNTED].tolist():
                value, count = own.feature.values[row], int(counts[row])
                column, column_type = own.feature.column, own.feature.feature_type
                suggestion = Suggestion(
                    "value",
                    shorten(value),
                    column=column,
                    label=self._display.column_label(self._display.describe(column)),
                    value=value,
                    items=count,
                    filter=value_filter(column, value, column_type),
                )
                suggestions.append((_begins(value, words), count, suggestion))
        suggestions.sort(key=lambda own: (-own[0], -own[1]))
        return [suggestion for _, _, suggestion in suggestions]

    def _queries(self, words: Sequence[str]) -> list[Suggestion]:
        """What many search for, unless it names what this person may not be shown."""
        rows = np.sort(self._search_index.matching(words)).tolist()
        typed = " ".join(words)
        suggestions = []
        for row in rows[:MAX_CANDIDATES]:
            text, people = self._searches[row]
            if " ".join(folded_words(text)) != typed and self._may_name(text):
                suggestions.append(Suggestion("query", text, people=people))
            if len(suggestions) == MAX_VALUES_COUNTED:
                break
        return suggestions

    def _may_name(self, text: str) -> bool:
        question = self._question
        if question.policy is None:
            return True
        violations = self._violations
        return not violations(text)

    @property
    def _violations(self) -> Callable[[str], tuple[str, ...]]:
        """Text → why it may not be said to this person."""
        question = self._question
        if self._checker is None:
            assert question.policy is not None
            self._checker = question.policy.text_checker(question.index, question.policy_context)
        return self._checker

    _checker: Callable[[str], tuple[str, ...]] | None = None


def _counts(values: ValueIndex, shown: Mask) -> Any:
    """[values], how many items that may be shown have each."""
    feature = values.feature
    rows = np.repeat(shown[: len(feature.offsets) - 1], np.diff(feature.offsets))
    return np.bincount(feature.codes[rows], minlength=len(feature.values))


def _largest(scores: Any, n: int) -> Any:
    """The places of the n largest, in no order."""
    return np.arange(len(scores)) if len(scores) <= n else np.argpartition(-scores, n)[:n]


def _begins(text: str, words: Sequence[str]) -> bool:
    return " ".join(folded_words(text)).startswith(" ".join(words))

"""What the operator will not have, in: settings. Out: items never shown, pairs never together, and
whether generated words may be said.
"""

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np

from foretaste.domain.child_profile import is_child_profile
from foretaste.domain.data import Request, Term, UserContext
from foretaste.domain.part_columns import column_meant
from foretaste.domain.preference import Preference
from foretaste.domain.term_table import TermColumn, TermTable
from foretaste.domain.words import phrase_pattern
from foretaste.errors import InputError, StoreError
from foretaste.rank.about import stems
from foretaste.rank.conditions import (
    About,
    And,
    AnyOf,
    Condition,
    IdIn,
    Or,
    parse_condition,
    parse_number,
)
from foretaste.rank.index import FilterIndex, Mask
from foretaste.rank.policy_settings import AgeSettings, PolicySettings

log = logging.getLogger(__name__)

ADULT_AGE = 18
"""Years from which nobody is a child."""
MAX_AGE_YEARS = 130
"""Years; a larger number is the year of birth."""
MIN_TITLE_LETTERS = 4
"""Letters of a title that words are searched for; shorter ones are found in any text."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class PolicyContext:
    """Who asks, and what for, as far as a policy looks at it."""

    request: Request
    user_context: UserContext
    preferences: tuple[Preference, ...] = ()
    earlier_item_ids: tuple[str, ...] = ()
    now: float = 0.0


class Policy:
    """The operator's rules, and what they mean in a catalogue."""

    def __init__(self, settings: PolicySettings) -> None:
        self._age_settings = settings.age
        self._sensitive = [parse_condition(filter_spec) for filter_spec in settings.sensitive]
        self._exclusions = [
            (parse_condition(exclusion.first), parse_condition(exclusion.second))
            for exclusion in settings.mutually_exclusive
        ]

    def barred_items(self, index: FilterIndex, policy_context: PolicyContext) -> Mask:
        """[items], what may not be shown to this person now."""
        excluded = np.zeros(len(index), bool)
        for condition, mask in self._sensitive_masks(index):
            if not is_requested(condition, mask, index, policy_context):
                excluded |= mask
        if self._age_settings is not None:
            excluded |= self._minimum_ages(index, self._age_settings) > self.user_age(
                policy_context
            )
        shown_items = index.item_indices(
            [*policy_context.request.items, *policy_context.earlier_item_ids]
        )
        for first_mask, second_mask in self.exclusive_pairs(index):
            if first_mask[shown_items].any():
                excluded |= second_mask
            if second_mask[shown_items].any():
                excluded |= first_mask
        return excluded

    def exclusive_pairs(self, index: FilterIndex) -> list[tuple[Mask, Mask]]:
        """([items], [items]) that are never in one list."""
        return [
            (mask_of(index, first_condition), mask_of(index, second_condition))
            for first_condition, second_condition in self._exclusions
        ]

    def without_sensitive(
        self, user_context: UserContext, index: FilterIndex, policy_context: PolicyContext | None
    ) -> UserContext:
        """Without what the person did with sensitive items that are not asked for."""
        sensitive_masks = self._sensitive_masks(index)
        if not sensitive_masks or not len(user_context):
            return user_context
        excluded = np.zeros(len(index), bool)
        for condition, mask in sensitive_masks:
            if policy_context is None or not is_requested(condition, mask, index, policy_context):
                excluded |= mask
        keep = (user_context.item < 0) | ~excluded[user_context.item]
        return user_context if keep.all() else user_context.select_events(keep)

    def allowed_terms(self, terms: Sequence[Term], index: FilterIndex) -> list[Term]:
        """Those that may be said as reasons."""
        return self.tellable_terms(TermTable.of([terms]), index)[0]

    def tellable_terms(self, terms: TermTable, index: FilterIndex) -> TermTable:
        """The same for the terms of each item of a list."""
        kinds = self._sensitive_masks(index)
        if not kinds:
            return terms
        features = {
            f"{column}: {value}" for kind, _ in kinds for column, value in named_values(kind)
        }

        def tells(term: TermColumn) -> bool:
            """Whether it would say what is sensitive."""
            item_index = None if term.event is None else index.catalogue.index.get(term.event)
            texts = [text for text in (term.event, term.feature) if text]
            return term.feature in features or any(
                (item_index is not None and mask[item_index])
                or any(text_mentions(kind, text) for text in texts)
                for kind, mask in kinds
            )

        return terms.select_columns([not tells(column) for column in terms.columns])

    def text_violations(
        self, text: str, index: FilterIndex, policy_context: PolicyContext
    ) -> tuple[str, ...]:
        """Why generated words may not be said to this person; none where they may."""
        return self.text_checker(index, policy_context)(text)

    def text_checker(
        self, index: FilterIndex, policy_context: PolicyContext, withheld: Mask | None = None
    ) -> "PolicyTextChecker":
        """The same for many texts in answer to one question.

        withheld: [items], what the person themselves will not be shown, and is not named either.
        """
        banned_conditions = [
            sensitive_condition
            for sensitive_condition, mask in self._sensitive_masks(index)
            if not is_requested(sensitive_condition, mask, index, policy_context)
        ]
        muted_conditions = [
            parse_condition(preference.filter)
            for preference in policy_context.preferences
            if preference.act == "mute"
        ]
        barred = self.barred_items(index, policy_context)
        barred = barred if withheld is None else barred | withheld
        titles = index.catalogue.titles
        barred_titles = {titles[row] for row in np.flatnonzero(barred).tolist()}
        if barred_titles:  # an item that may be shown may be named, also where another may not
            barred_titles.difference_update(titles[row] for row in np.flatnonzero(~barred).tolist())
        return PolicyTextChecker(
            banned_conditions,
            self._exclusions,
            sorted(barred_titles),
            muted_conditions,
        )

    def user_age(self, policy_context: PolicyContext) -> float:
        """In years, as stated; else what the settings say of the unknown."""
        if self._age_settings is None:
            return float(MAX_AGE_YEARS)
        taste, asked = policy_context.user_context.taste, policy_context.request.context
        column, unknown_age = self._age_settings.user_attribute, self._age_settings.unknown_user_age
        stated_ages = (*taste.get(column_meant(column, taste), ()), asked.get(column))
        ages = (age_in_years(stated_age, policy_context.now) for stated_age in stated_ages)
        age = next((years for years in ages if years is not None), None)
        if age is not None and age < ADULT_AGE:
            return age
        # the profile of a child may have the age of the parents whose account it is
        is_child = is_child_profile(taste) or is_child_profile(asked)
        child_age = min(self._age_settings.child_profile_age, unknown_age)
        return float(child_age if is_child else unknown_age if age is None else age)

    def _sensitive_masks(self, index: FilterIndex) -> list[tuple[Condition, Mask]]:
        return [
            (sensitive_condition, mask_of(index, sensitive_condition))
            for sensitive_condition in self._sensitive
        ]

    @staticmethod
    def _minimum_ages(index: FilterIndex, age_settings: AgeSettings) -> Any:
        """[items], the age from which each may be shown; of several values the highest."""
        features = {own.column: own for own in index.catalogue.features}
        feature = features.get(column_meant(age_settings.item_attribute, features))
        minimum_ages = np.full(len(index), float(age_settings.unrated_item_age))
        if feature is None:
            _warn_once(
                f"rank.policy.age: no item has the attribute '{age_settings.item_attribute}'"
            )
            return minimum_ages
        value_ages = np.array(
            [_minimum_age(value, age_settings) for value in feature.values] or [0.0]
        )
        lengths = np.diff(feature.offsets)
        owner = np.repeat(np.arange(len(lengths)), lengths)
        minimum_ages[np.flatnonzero(lengths)] = -np.inf
        np.maximum.at(minimum_ages, owner, value_ages[feature.codes])
        return minimum_ages


class PolicyTextChecker:
    """Says of generated words why they may not be told to one person; nothing where they may."""

    def __init__(
        self,
        sensitive: Sequence[Condition],
        exclusions: Sequence[tuple[Condition, Condition]],
        titles: Iterable[str],
        muted: Sequence[Condition] = (),
    ) -> None:
        """titles: of what may not be shown. muted: what the person asked never to be shown."""
        self._sensitive, self._exclusions, self._muted = sensitive, exclusions, muted
        self._titles_by_word: dict[str, list[tuple[str, str]]] = {}
        for title in titles:
            if len(title) >= MIN_TITLE_LETTERS:
                lower_title = title.lower()
                first_word = _WORD.search(lower_title)
                word = "" if first_word is None else first_word.group()
                self._titles_by_word.setdefault(word, []).append((title, lower_title))

    def __call__(self, text: str) -> tuple[str, ...]:
        """Each fault in words."""
        lower_text = text.lower()
        sensitive_violations = [
            f"it speaks of what is sensitive ({first_condition})"
            for first_condition in self._sensitive
            if text_mentions(first_condition, text)
        ]
        mute_violations = [
            f"it speaks of what this person muted ({muted_condition})"
            for muted_condition in self._muted
            if text_mentions(muted_condition, text)
        ]
        exclusion_violations = [
            f"it speaks of {first_condition} and of {second_condition} together"
            for first_condition, second_condition in self._exclusions
            if text_mentions(first_condition, text) and text_mentions(second_condition, text)
        ]
        title_violations = [
            f"it names “{title}”, which may not be shown"
            for word in sorted({"", *_WORD.findall(lower_text)})
            for title, lower_title in self._titles_by_word.get(word, ())
            if lower_title in lower_text and _mentions_title(title, text)
        ]
        return (
            *sensitive_violations,
            *mute_violations,
            *exclusion_violations,
            *title_violations,
        )


def _minimum_age(value: str, age_settings: AgeSettings) -> float:
    if value in age_settings.limits:
        return float(age_settings.limits[value])
    numeric_age = parse_number(value)
    return float(age_settings.unlisted_value_age) if numeric_age is None else numeric_age


def age_in_years(stated_age: Any, now: float) -> float | None:
    """The age of who states it: years, or a year or a date of birth; None where it is none."""
    today = datetime.fromtimestamp(now, UTC)
    stated_number = (
        parse_number(stated_age)
        if not isinstance(stated_age, str) or "-" not in stated_age.strip("-")
        else None
    )
    if stated_number is not None:
        if 0 <= stated_number <= MAX_AGE_YEARS:
            return stated_number
        birth_year = int(stated_number)
        return (
            float(today.year - birth_year - 1)
            if today.year - MAX_AGE_YEARS <= birth_year <= today.year
            else None
        )
    try:
        birth_date = datetime.fromisoformat(str(stated_age).strip())
    except ValueError:
        return None
    had_birthday = (today.month, today.day) >= (birth_date.month, birth_date.day)
    years = today.year - birth_date.year - (not had_birthday)
    return float(years) if 0 <= years <= MAX_AGE_YEARS else None


def mask_of(index: FilterIndex, condition: Condition) -> Mask:
    """[items]; of an attribute that no item ever had, none."""
    try:
        return index.mask(condition)
    except (InputError, StoreError) as error:
        _warn_once(str(error))
        return np.zeros(len(index), bool)


@cache
def _warn_once(problem: str) -> None:
    """Once: it may be a slip of the pen, or a column that is not there yet."""
    log.warning("rank.policy bars nothing here: %s", problem)


def named_values(condition: Condition) -> Iterable[tuple[str, str]]:
    """The (column, value) that a condition asks for; not what it leaves out."""
    if isinstance(condition, AnyOf):
        yield from ((condition.column, value) for value in condition.values)
    elif isinstance(condition, About):
        yield "about", condition.words
    elif isinstance(condition, And | Or):
        for part in condition.parts:
            yield from named_values(part)


def matches_by_name(condition: Condition, has_value: Callable[[str, str], bool]) -> bool | None:
    """Whether what is given, (column, value) by (column, value), names what a condition asks for:
    one of several values, but each of several parts. None where it asks for nothing by name.
    """
    if isinstance(condition, And | Or):
        part_matches = [matches_by_name(part, has_value) for part in condition.parts]
        decided_matches = [part_match for part_match in part_matches if part_match is not None]
        combine = all if isinstance(condition, And) else any
        return combine(decided_matches) if decided_matches else None
    values = list(named_values(condition))
    return any(has_value(column, value) for column, value in values) if values else None


def text_mentions(condition: Condition, text: str) -> bool:
    """Whether words name what a condition asks for."""
    text_stems = stems(text)

    def text_has_value(_: str, value: str) -> bool:
        value_stems = stems(value)
        starts = range(len(text_stems) - len(value_stems) + 1) if value_stems else ()
        return any(text_stems[start : start + len(value_stems)] == value_stems for start in starts)

    return bool(matches_by_name(condition, text_has_value))


def is_requested(
    condition: Condition, mask: Mask, index: FilterIndex, policy_context: PolicyContext
) -> bool:
    """Whether the person asks for such items by name: in the filter, the words, the items that the
    question is about, or what they want more of.
    """
    request = policy_context.request
    if mask[index.item_indices(request.items)].any():
        return True
    if policy_context.user_context.query and text_mentions(
        condition, policy_context.user_context.query
    ):
        return True
    preferred_filters = [
        preference.filter
        for preference in policy_context.preferences
        if preference.act == "only" or preference.nats > 0
    ]
    for filter_spec in [*preferred_filters, request.filter]:
        requested_condition = parse_condition(filter_spec)
        if (
            _covers_condition(condition, set(named_values(requested_condition)))
            or mask[index.item_indices(_condition_ids(requested_condition))].any()
        ):
            return True
    return False


def _covers_condition(condition: Condition, requested_values: set[tuple[str, str]]) -> bool:
    return bool(
        matches_by_name(condition, lambda column, value: (column, value) in requested_values)
    )


def _condition_ids(condition: Condition) -> list[str]:
    if isinstance(condition, IdIn):
        return list(condition.ids)
    if isinstance(condition, And | Or):
        return [item_id for part in condition.parts for item_id in _condition_ids(part)]
    return []


def _mentions_title(title: str, text: str) -> bool:
    """Whether the title stands in the text as words, not within one. A title of one word is the
    word itself as well, so it counts in quotes, or as it is written amid a sentence.
    """
    title_pattern = phrase_pattern(title)
    if " " in title:
        return re.search(title_pattern, text, re.IGNORECASE) is not None
    quoted = re.search(rf"[“„\"«'‘]{title_pattern}", text, re.IGNORECASE)
    return quoted is not None or re.search(rf"\w[^\w.!?…]+{title_pattern}", text) is not None

"""Rules: what the operator wants of a list. In: JSON; out: what each does to the draft of a list.

    {"boost": {"genres": "Drama"}, "by": 2}       twice as likely as the model says
    {"bury": {"brand": "Acme"}, "by": 4}          a quarter as likely
    {"pin": "31", "at": 1}                        this item at this place
    {"quota": "genres", "max_items": 3}           of each genre at most three
    {"quota": {"brand": "Own"}, "min_items": 2}   at least two that meet a filter
    {"promote": {"label": "new"}, "percent": 20}  a fifth of the places for what meets a filter
    {"floor": {"maker": "small"}, "percent": 30}  not fewer among the first k than a fair draw has

A new one is one class here and one line in `RULE_TYPES`. Its first field is its name.
"""

import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from foretaste.domain.data import Request
from foretaste.domain.settings import Settings
from foretaste.errors import InputError, did_you_mean
from foretaste.rank.conditions import Condition, parse_condition
from foretaste.rank.floors import PrefixFloor, check_joint_floors, prefix_minimums
from foretaste.rank.slate import QuotaLimit, SlateDraft

log = logging.getLogger(__name__)

DEFAULT_FLOORS = "rank.floors"
"""Begins the names of those of the settings."""
MAX_RULES = 50
"""In one request."""


class Rule(Settings, ABC):
    """What every rule can do."""

    @abstractmethod
    def apply(self, draft: SlateDraft, field_path: str) -> None:
        """Say to the draft what is wanted; `field_path` names the rule in an error."""


class BoostRule(Rule):
    """Makes items likelier than the model says."""

    boost: Mapping[str, Any]
    """Which, as a filter."""
    by: float = Field(default=2.0, gt=0, le=1e6, allow_inf_nan=False)
    """How many times as likely."""

    def apply(self, draft: SlateDraft, field_path: str) -> None:
        _boost_matching(draft, self.boost, f"{field_path}.boost", math.log(self.by), "boosted")


class BuryRule(Rule):
    """Makes items less likely than the model says."""

    bury: Mapping[str, Any]
    """Which, as a filter."""
    by: float = Field(default=2.0, gt=0, le=1e6, allow_inf_nan=False)
    """By how much the likelihood is divided."""

    def apply(self, draft: SlateDraft, field_path: str) -> None:
        _boost_matching(draft, self.bury, f"{field_path}.bury", -math.log(self.by), "buried")


class PinRule(Rule):
    """Puts an item at a place. One that is hidden, not available or filtered out is not shown."""

    pin: str
    """The item."""
    at: int = Field(ge=1, le=10_000)
    """The place, from 1."""

    @field_validator("pin", mode="before")
    @classmethod
    def _digits(cls, value: Any) -> Any:
        """A whole number is its digits, as everywhere."""
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    def apply(self, draft: SlateDraft, field_path: str) -> None:
        item_index = draft.index.catalogue.index.get(self.pin)
        if item_index is None:
            raise InputError(f"{field_path}.pin: there is no item '{self.pin}'; import it first")
        draft.pins.setdefault(self.at, item_index)


class QuotaRule(Rule):
    """How many of a kind an answer has."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"most": "max_items", "least": "min_items"}

    quota: str | Mapping[str, Any]
    """A filter; or an attribute, and then each of its values is a kind."""
    max_items: int | None = Field(default=None, ge=0, le=10_000)
    min_items: int | None = Field(default=None, ge=1, le=10_000)
    """As far as there are any; only with a filter."""

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        if self.max_items is None and self.min_items is None:
            raise ValueError('how many? give "max_items", or "min_items", or both')
        if isinstance(self.quota, str) and self.min_items is not None:
            raise ValueError(
                '"min_items" needs a filter, e.g. {"quota": {"brand": "Own"}, "min_items": 2}'
            )
        if (
            self.max_items is not None
            and self.min_items is not None
            and self.min_items > self.max_items
        ):
            raise ValueError('"min_items" is more than "max_items"; swap them')
        return self

    def apply(self, draft: SlateDraft, field_path: str) -> None:
        if isinstance(self.quota, str):
            groups_of = draft.index.column(self.quota, f"{field_path}.quota").value_codes
            draft.limits.append(QuotaLimit(groups_of, self.max_items))
        else:
            mask = draft.index.mask(parse_condition(self.quota, f"{field_path}.quota"))
            groups_by_match = {True: [0], False: list[int]()}
            draft.limits.append(
                QuotaLimit(
                    lambda item: groups_by_match[bool(mask[item])],
                    self.max_items,
                    self.min_items or 0,
                    mask,
                )
            )


class PromoteRule(Rule):
    """Gives a share of the places to the best of some items, spread over the list."""

    promote: Mapping[str, Any]
    """Which, as a filter."""
    percent: float = Field(gt=0, le=100, allow_inf_nan=False)

    def apply(self, draft: SlateDraft, field_path: str) -> None:
        mask = draft.index.mask(parse_condition(self.promote, f"{field_path}.promote"))
        draft.promotions.append((mask, self.percent))


class FloorRule(Rule):
    """Gives some items at least their share, from the first place on (FA*IR)."""

    floor: Mapping[str, Any]
    """Which, as a filter."""
    percent: float = Field(gt=0, lt=100, allow_inf_nan=False)
    """Of the places of a list that is fair to them, on average."""
    significance: float = Field(default=0.1, gt=0, lt=0.5, allow_inf_nan=False)
    """The probability with which a list made by chance would be taken for unfair: the higher, the
    nearer to the percent each list has to be."""

    def apply(self, draft: SlateDraft, field_path: str) -> None:
        mask = draft.index.mask(parse_condition(self.floor, f"{field_path}.floor"))
        counts = prefix_minimums(draft.n, self.percent / 100, self.significance)
        draft.floors.append(PrefixFloor(mask, counts, f"{field_path}.floor"))


RULE_TYPES: tuple[type[Rule], ...] = (
    BoostRule,
    BuryRule,
    PinRule,
    QuotaRule,
    PromoteRule,
    FloorRule,
)
RULE_TYPE_BY_NAME: Mapping[str, type[Rule]] = {
    next(iter(rule_type.model_fields)): rule_type for rule_type in RULE_TYPES
}


def _boost_matching(
    draft: SlateDraft, filter_spec: Any, field_path: str, nats: float, verb: str
) -> None:
    condition: Condition = parse_condition(filter_spec, field_path)
    draft.add_boost(draft.index.mask(condition), nats, f"{verb}, {condition}")


def parse_rule(rule_spec: Any, field_path: str = "rules") -> Rule:
    """One rule; an InputError says what cannot be read and what to write."""
    if isinstance(rule_spec, Rule):
        return rule_spec
    if not isinstance(rule_spec, Mapping):
        raise InputError(
            f'{field_path}: a rule is an object; write it like {{"pin": "31", "at": 1}}'
        )
    rule_names = [name for name in RULE_TYPE_BY_NAME if name in rule_spec]
    if len(rule_names) != 1:
        problem = (
            f"both {' and '.join(rule_names)}" if rule_names else "none of the rules there are"
        )
        first_key = next(iter(rule_spec), "")
        hint = (
            f"one rule an object: {', '.join(RULE_TYPE_BY_NAME)}"
            if rule_names
            else did_you_mean(first_key, RULE_TYPE_BY_NAME)
        )
        raise InputError(f"{field_path}: {problem}; {hint}")
    rule_type = RULE_TYPE_BY_NAME[rule_names[0]]
    try:
        parsed_rule = rule_type.model_validate(rule_spec)
    except ValidationError as error:
        raise InputError(f"{field_path}.{_first_error_text(error, rule_type)}") from error
    filter_spec = getattr(parsed_rule, rule_names[0])
    if isinstance(filter_spec, Mapping):
        parse_condition(
            filter_spec, f"{field_path}.{rule_names[0]}"
        )  # a fault is told before the catalogue is looked at
    return parsed_rule


def _first_error_text(error: ValidationError, rule_type: type[Rule]) -> str:
    """The first fault in one line."""
    first_error = error.errors()[0]
    field = ".".join(str(part) for part in first_error["loc"][:1]) or next(
        iter(rule_type.model_fields)
    )
    if first_error["type"] == "extra_forbidden":
        return f"{field}: unknown field; {did_you_mean(field, rule_type.model_fields)}"
    if first_error["type"] == "missing":
        return f"{field}: is missing; send it"
    message = (
        first_error["msg"].removeprefix("Value error, ").replace("Input should be", "it should be")
    )
    sent_value = first_error["input"]
    value = f" (sent: {sent_value})" if isinstance(sent_value, str | int | float) else ""
    return f"{field}: {message}{value}"


def add_default_floors(draft: SlateDraft, floors: Iterable[FloorRule], request: Request) -> None:
    """Those of the settings, which hold for personal lists."""
    if not request.is_personal_list:
        return
    for row, rule in enumerate(floors):
        try:
            rule.apply(draft, f"{DEFAULT_FLOORS}.{row}")
        except InputError as error:  # no item has the attribute: a list without it is better
            log.warning("%s", error)


def settle_floors(draft: SlateDraft) -> None:
    """Have floors that can be met together. Raises InputError where those of the request cannot;
    those of the settings give way.
    """
    if not draft.floors:
        return
    shown = ~draft.hidden
    try:
        check_joint_floors(draft.floors, shown)
    except InputError as error:
        own_floors = [floor for floor in draft.floors if not floor.name.startswith(DEFAULT_FLOORS)]
        if len(own_floors) == len(draft.floors):
            raise
        log.warning("without the floors of the settings: %s", error)
        draft.floors = own_floors
        check_joint_floors(draft.floors, shown)


def rule_conditions(rules: Iterable[Rule]) -> Iterator[Condition]:
    """Which items the rules speak of, where they say it by a filter."""
    for rule in rules:
        filter_spec = getattr(rule, next(iter(type(rule).model_fields)))
        if isinstance(filter_spec, Mapping):
            yield parse_condition(filter_spec, "rules")


def parse_rules(rule_specs: Any, field_path: str = "rules") -> tuple[Rule, ...]:
    """All rules of a request."""
    if not isinstance(rule_specs, list | tuple):
        raise InputError(f"{field_path}: it is a list of rules; write it like [{{…}}]")
    if len(rule_specs) > MAX_RULES:
        raise InputError(f"{field_path}: {len(rule_specs)} rules; give at most {MAX_RULES}")
    return tuple(
        parse_rule(rule_spec, f"{field_path}.{position}")
        for position, rule_spec in enumerate(rule_specs)
    )

"""Rules: what the operator wants of a list. In: JSON; out: what each does to the draft of a list.

    {"boost": {"genres": "Drama"}, "by": 2}       twice as likely as the model says
    {"bury": {"brand": "Acme"}, "by": 4}          a quarter as likely
    {"pin": "31", "at": 1}                        this item at this place
    {"quota": "genres", "most": 3}                of each genre at most three
    {"quota": {"brand": "Own"}, "least": 2}       at least two that meet a filter
    {"promote": {"label": "new"}, "percent": 20}  a fifth of the places for what meets a filter

A new one is one class here and one line in `RULES`. Its first field is its name.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from foretaste.domain.settings import Settings
from foretaste.errors import InputError, did_you_mean
from foretaste.rank.conditions import Condition, parsed
from foretaste.rank.slate import Draft, Limit

MOST_RULES = 50
"""In one request."""


class Rule(Settings, ABC):
    """What every rule can do."""

    @abstractmethod
    def apply(self, draft: Draft, where: str) -> None:
        """Say to the draft what is wanted; `where` names the rule in an error."""


class Boost(Rule):
    """Makes items likelier than the model says."""

    boost: Mapping[str, Any]
    """Which, as a filter."""
    by: float = Field(default=2.0, gt=0, le=1e6, allow_inf_nan=False)
    """How many times as likely."""

    def apply(self, draft: Draft, where: str) -> None:
        _lift(draft, self.boost, f"{where}.boost", math.log(self.by), "boosted")


class Bury(Rule):
    """Makes items less likely than the model says."""

    bury: Mapping[str, Any]
    """Which, as a filter."""
    by: float = Field(default=2.0, gt=0, le=1e6, allow_inf_nan=False)
    """By how much the likelihood is divided."""

    def apply(self, draft: Draft, where: str) -> None:
        _lift(draft, self.bury, f"{where}.bury", -math.log(self.by), "buried")


class Pin(Rule):
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

    def apply(self, draft: Draft, where: str) -> None:
        place = draft.index.catalogue.index.get(self.pin)
        if place is None:
            raise InputError(f"{where}.pin: there is no item '{self.pin}'; import it first")
        draft.pins.setdefault(self.at, place)


class Quota(Rule):
    """How many of a kind an answer has."""

    quota: str | Mapping[str, Any]
    """A filter; or an attribute, and then each of its values is a kind."""
    most: int | None = Field(default=None, ge=0, le=10_000)
    least: int | None = Field(default=None, ge=1, le=10_000)
    """As far as there are any; only with a filter."""

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.most is None and self.least is None:
            raise ValueError('how many? give "most", or "least", or both')
        if isinstance(self.quota, str) and self.least is not None:
            raise ValueError('"least" needs a filter, e.g. {"quota": {"brand": "Own"}, "least": 2}')
        if self.most is not None and self.least is not None and self.least > self.most:
            raise ValueError('"least" is more than "most"; swap them')
        return self

    def apply(self, draft: Draft, where: str) -> None:
        if isinstance(self.quota, str):
            kinds = draft.index.column(self.quota, f"{where}.quota").codes
            draft.limits.append(Limit(kinds, self.most))
        else:
            mask = draft.index.mask(parsed(self.quota, f"{where}.quota"))
            only = {True: [0], False: list[int]()}
            draft.limits.append(
                Limit(lambda item: only[bool(mask[item])], self.most, self.least or 0, mask)
            )


class Promote(Rule):
    """Gives a share of the places to the best of some items, spread over the list."""

    promote: Mapping[str, Any]
    """Which, as a filter."""
    percent: float = Field(gt=0, le=100, allow_inf_nan=False)

    def apply(self, draft: Draft, where: str) -> None:
        mask = draft.index.mask(parsed(self.promote, f"{where}.promote"))
        draft.promotions.append((mask, self.percent))


RULES: tuple[type[Rule], ...] = (Boost, Bury, Pin, Quota, Promote)
NAMES: Mapping[str, type[Rule]] = {next(iter(one.model_fields)): one for one in RULES}


def _lift(draft: Draft, asked: Any, where: str, nats: float, word: str) -> None:
    condition: Condition = parsed(asked, where)
    draft.lift(draft.index.mask(condition), nats, f"{word}, {condition}")


def rule(asked: Any, where: str = "rules") -> Rule:
    """One rule; an InputError says what cannot be read and what to write."""
    if isinstance(asked, Rule):
        return asked
    if not isinstance(asked, Mapping):
        raise InputError(f'{where}: a rule is an object; write it like {{"pin": "31", "at": 1}}')
    named = [name for name in NAMES if name in asked]
    if len(named) != 1:
        told = f"both {' and '.join(named)}" if named else "none of the rules there are"
        first = next(iter(asked), "")
        hint = f"one rule an object: {', '.join(NAMES)}" if named else did_you_mean(first, NAMES)
        raise InputError(f"{where}: {told}; {hint}")
    kind = NAMES[named[0]]
    try:
        found = kind.model_validate(asked)
    except ValidationError as error:
        raise InputError(f"{where}.{_said(error, kind)}") from error
    filtered = getattr(found, named[0])
    if isinstance(filtered, Mapping):
        parsed(filtered, f"{where}.{named[0]}")  # a fault is told before the catalogue is looked at
    return found


def _said(error: ValidationError, kind: type[Rule]) -> str:
    """The first fault in one line."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][:1]) or next(iter(kind.model_fields))
    if first["type"] == "extra_forbidden":
        return f"{field}: unknown field; {did_you_mean(field, kind.model_fields)}"
    if first["type"] == "missing":
        return f"{field}: is missing; send it"
    said = first["msg"].removeprefix("Value error, ").replace("Input should be", "it should be")
    sent = first["input"]
    value = f" (sent: {sent})" if isinstance(sent, str | int | float) else ""
    return f"{field}: {said}{value}"


def rules(asked: Any, where: str = "rules") -> tuple[Rule, ...]:
    """All rules of a request."""
    if not isinstance(asked, list | tuple):
        raise InputError(f"{where}: it is a list of rules; write it like [{{…}}]")
    if len(asked) > MOST_RULES:
        raise InputError(f"{where}: {len(asked)} rules; give at most {MOST_RULES}")
    return tuple(rule(one, f"{where}.{place}") for place, one in enumerate(asked))

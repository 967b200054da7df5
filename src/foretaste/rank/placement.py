"""Placements: what holds for every list at one place of a shop. In: settings or JSON; out: the
fields of a question with what the placement says of those that the caller leaves out.

The filter and the rules of a placement hold besides those of the caller, whatever they are.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from foretaste.domain.request import FillSource
from foretaste.domain.settings import Settings
from foretaste.errors import InputError, did_you_mean
from foretaste.rank.conditions import parse_condition
from foretaste.rank.filter_size import check_filter_size
from foretaste.rank.rules import parse_rules
from foretaste.rank.trade_settings import Duration

MAX_LIST_ITEMS = 1000
MAX_TIMEOUT_MS = 60_000
NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
REPLACED_FIELDS = (
    "n",
    "diversity",
    "explore",
    "goal",
    "goal_weight",
    "popularity_lift",
    "own_mix",
    "min_relative_likelihood",
    "max_age",
    "timeout_ms",
)
"""What the caller's own replaces."""
ADDED_FIELDS = ("filter", "rules")
"""What is added to the caller's own, rather than replaced by it."""


class Placement(Settings):
    """What a call that names this place need not say."""

    description: str = Field(default="", max_length=2000)
    """For people: where this place is."""
    n: int | None = Field(default=None, ge=1, le=MAX_LIST_ITEMS)
    """How many items a list has."""
    filter: Mapping[str, Any] = Field(default_factory=dict)
    """What all items here are like, besides what the caller asks for."""
    rules: tuple[Mapping[str, Any], ...] = ()
    """Rules that come before those of the caller."""
    diversity: float | None = Field(default=None, ge=0, le=1)
    """From 0, the order of the scores, to 1, as unlike one another as can be."""
    explore: float | None = Field(default=None, ge=0, le=1)
    """The share of places given to a random item further down."""
    goal: str | None = Field(default=None, max_length=200)
    """What a list is to bring in: one of `rank.goals`, or a column of numbers; "" for nothing."""
    goal_weight: float | None = Field(default=None, ge=0, le=1)
    """From 0, what is likely, to 1, what is expected to bring in most."""
    popularity_lift: float | None = Field(default=None, ge=0.1, le=100)
    """How many times as popular as what people take a list is to be."""
    own_mix: float | None = Field(default=None, ge=0, le=1)
    """How much a list keeps to the mix of what the person takes."""
    min_relative_likelihood: float | None = Field(default=None, ge=0, le=1)
    """An item less than this times as likely as the best is left out."""
    fill_up: tuple[FillSource, ...] | None = None
    """What fills up a list that is too short, the first first: "popular", "taken", "unfiltered",
    "unmatched", "outdated"."""
    max_age: Duration | None = None
    """Items that came longer ago are not here, "24h" or "14d"."""
    context: Mapping[str, Any] = Field(default_factory=dict)
    """Where this is: `surface`, `device`, fields of your own; what the caller sends wins."""
    properties: tuple[str, ...] | None = Field(default=None, max_length=100)
    """The columns of the items that are wanted back."""
    timeout_ms: float | None = Field(default=None, gt=0, le=MAX_TIMEOUT_MS)
    """Milliseconds an answer may take."""

    @field_validator("filter")
    @classmethod
    def _check_filter(cls, value: Mapping[str, Any]) -> Mapping[str, Any]:
        if value:
            _with_value_errors(lambda: check_filter_size(value, "filter"))
            _with_value_errors(lambda: parse_condition(value))
        return value

    @field_validator("rules")
    @classmethod
    def _check_rules(cls, value: tuple[Mapping[str, Any], ...]) -> tuple[Mapping[str, Any], ...]:
        _with_value_errors(lambda: parse_rules(value))
        return value

    @model_validator(mode="after")
    def _check_fill_up(self) -> Self:
        if self.fill_up is not None and len(set(self.fill_up)) < len(self.fill_up):
            raise ValueError("fill_up names the same twice; name each once")
        return self

    def applied_to(self, fields: Mapping[str, Any], said: Collection[str]) -> dict[str, Any]:
        """The fields of a question, as `domain.request.Request` names them.

        said: the fields that the caller gave; those hold.
        """
        placed = dict(fields)
        for name in REPLACED_FIELDS:
            if name not in said and getattr(self, name) is not None:
                placed[name] = getattr(self, name)
        for name in ("fill_up", "properties"):
            if name not in said and getattr(self, name) is not None:
                placed[name] = tuple(getattr(self, name))
        if self.filter:
            own_filter = placed.get("filter") or {}
            placed["filter"] = {"and": [self.filter, own_filter]} if own_filter else self.filter
        if self.rules:
            placed["rules"] = (*self.rules, *(placed.get("rules") or ()))
        if self.context:
            placed["context"] = {**self.context, **(placed.get("context") or {})}
        return {**placed, "placement_applied": True}


def _with_value_errors(check: Any) -> None:
    """As pydantic wants faults told."""
    try:
        check()
    except InputError as error:
        raise ValueError(str(error)) from None


def parse_placement(spec: Any, field_path: str = "placement") -> Placement:
    """A placement of JSON. InputError says what is wrong, and what to write."""
    if not isinstance(spec, Mapping):
        raise InputError(f'{field_path}: it is an object; write it like {{"n": 12}}')
    try:
        return Placement.model_validate(spec)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            hint = did_you_mean(field, Placement.model_fields)
            raise InputError(f"{field_path}: unknown field '{field}'; {hint}") from None
        message = first["msg"].removeprefix("Value error, ")
        message = message.replace("Input should be", "it should be")
        sent = first["input"]
        value = f" (sent: {sent})" if isinstance(sent, str | int | float) else ""
        prefix = "" if not field or message.startswith((f"{field}:", f"{field}.")) else f"{field}: "
        raise InputError(f"{field_path}: {prefix}{message}{value}") from None


def placement_json(placement: Placement) -> dict[str, Any]:
    """What it says, without what it leaves to the caller."""
    return placement.model_dump(mode="json", exclude_defaults=True)


def check_placement_name(name: str) -> str:
    """Raises InputError for what is no name."""
    if not NAME_PATTERN.fullmatch(name):
        raise InputError(
            f"placement: '{name[:80]}' is no name; use up to 64 of a-z, 0-9, - and _, beginning "
            "with a letter or digit"
        )
    return name

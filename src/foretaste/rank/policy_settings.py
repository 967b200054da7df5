"""The settings of the operator's policy: filters and ages in, checked; see `rank.policy`.

[rank.policy]
sensitive = [{ genre = "Erotica" }]     # only when asked for, never a reason, never a taste

[[rank.policy.mutually_exclusive]]
first = { category = "Alcohol" }
second = { category = "Baby" }          # not in one list, not beside a cart of the other

[rank.policy.age]
item_attribute = "certificate"
limits = { "PG-13" = 13, "R" = 17 }
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator

from foretaste.domain.settings import Settings
from foretaste.errors import InputError
from foretaste.rank.conditions import parse_condition


def _checked_filter(value: Any) -> Any:
    try:
        parse_condition(value, "it")
    except InputError as error:
        raise ValueError(str(error)) from None
    return value


class MutualExclusion(Settings):
    """Items of two kinds that are never recommended together."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"these": "first", "those": "second"}

    first: Mapping[str, Any]
    """A filter."""
    second: Mapping[str, Any]
    """Another."""

    check = field_validator("first", "second")(_checked_filter)


class AgeSettings(Settings):
    """From which age on an item may be shown."""

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "attribute": "item_attribute",
        "other": "unlisted_value_age",
        "unrated": "unrated_item_age",
        "user": "user_attribute",
        "unknown": "unknown_user_age",
    }

    item_attribute: str
    """The items' attribute that has the limit."""
    limits: Mapping[str, int] = Field(default_factory=dict)
    """Value of the attribute → age. A value that is a number need not be named."""
    unlisted_value_age: int = 18
    """The age for a value that is neither named nor a number."""
    unrated_item_age: int = 0
    """The age for an item that has no value."""
    user_attribute: str = "age"
    """The users' attribute that states an age in years, a year or a date of birth; and the field of
    a request's context, where no attribute does."""
    unknown_user_age: int = 0
    """The age of somebody of whom none is stated."""
    child_profile_age: int = 8
    """The age of a profile that is a child's and states no age of one: an attribute `is_kids`,
    `is_child`, `Kinderprofil` and the like says yes, or `profile_type` says kids."""


class PolicySettings(Settings):
    """What the operator will not have, whatever is asked."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"apart": "mutually_exclusive"}

    sensitive: tuple[Mapping[str, Any], ...] = ()
    """Filters. Such items are shown only to who asks for them by name; they are never part of a
    taste, and never a reason in words."""
    mutually_exclusive: tuple[MutualExclusion, ...] = ()
    """Pairs of kinds that are never recommended together."""
    age: AgeSettings | None = None
    """Age limits."""

    @field_validator("sensitive")
    @classmethod
    def _filters(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(_checked_filter(filter_spec) for filter_spec in value)

"""The settings of exposure: shares of lists that some items are to have, checked together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from foretaste.domain.settings import Settings
from foretaste.errors import InputError
from foretaste.rank.conditions import parse_condition

TargetShare = Annotated[float, Field(gt=0, lt=1)]


class ExposureTarget(Settings):
    """What share of all lists some items have over time, at least or at most."""

    filter: Mapping[str, Any]
    """Which, e.g. `{ maker = "small" }`."""
    min_share: TargetShare | None = None
    """Of the places that people look at, over all personal lists."""
    max_share: TargetShare | None = None
    """The same, at most."""

    @field_validator("filter")
    @classmethod
    def _filter(cls, value: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            parse_condition(value, "it")
        except InputError as error:
            raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.min_share is None and self.max_share is None:
            raise ValueError("how much? give min_share, or max_share, or both")
        if self.min_share and self.max_share and self.min_share > self.max_share:
            raise ValueError("min_share is more than max_share; swap them")
        return self


def check_targets(targets: Sequence[ExposureTarget]) -> None:
    """Raises ValueError where several values of one attribute want more than all there is, with
    what they could have.
    """
    min_shares: dict[str, dict[str, float]] = defaultdict(dict)
    for target in targets:
        if len(target.filter) == 1 and target.min_share is not None:
            ((column, value),) = target.filter.items()
            if isinstance(value, str | int | float):
                min_shares[column][str(value)] = target.min_share
    for column, shares in min_shares.items():
        total = sum(shares.values())
        if total >= 1:
            fair = ", ".join(f"{name} {share / total:.2f}" for name, share in shares.items())
            raise ValueError(
                f"the floors of {column} want {total:.2f} of the places together, and there is 1; "
                f"in the same proportion they could have less than {fair}"
            )

"""The settings of privacy for what is learnt of people. Imports no library of it."""

from typing import Self

from pydantic import Field, model_validator

from foretaste.domain.settings import Settings

PRIVATE_MIN_PEOPLE = 10
"""People that what is counted of the log at once must be of, where a budget is set."""


class PrivacySettings(Settings):
    """Differential privacy of each training, and how few people lists may speak of.

    A person is a user, or a session that nobody signed in to.
    """

    epsilon: float | None = Field(default=None, gt=0)
    """How much a training may learn of any one person (differential privacy): lists are at most
    e^epsilon times as likely with them as without; empty = no such limit. Needs
    `foretaste[privacy]`, and `delta`."""
    delta: float | None = Field(default=None, gt=0, lt=1)
    """The chance that `epsilon` does not hold; less than one in the number of people."""
    clipping: float = Field(default=0.5, gt=0)
    """Length that the gradient of one person is cut to before noise of that scale is added."""
    max_events: int = Field(default=50, ge=2)
    """Of each person the newest so many events are learnt from."""
    people_per_step: int = Field(default=256, ge=1)
    """People that a step of the sequence expert is about, in the mean; each is drawn by itself."""
    steps: int = Field(default=400, ge=1)
    """Steps of the sequence expert; more learn more and need more noise."""
    count_share: float = Field(default=0.25, gt=0, lt=1)
    """Share of `epsilon` for what is counted; the rest is for the sequence expert."""
    min_people: int | None = Field(default=None, ge=1)
    """What fewer people did is not shown as what people do: trending, taken together, searched
    for, and pairs of items that follow one another. Empty = 1, or 10 with an `epsilon`."""

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if self.epsilon is not None and self.delta is None:
            raise ValueError(
                "epsilon needs a delta, the chance that it does not hold: less than one in the "
                "number of people, e.g. delta = 1e-6 for some 100,000"
            )
        if self.delta is not None and self.epsilon is None:
            raise ValueError("delta says nothing without an epsilon, e.g. epsilon = 4.0")
        return self

    @property
    def is_private(self) -> bool:
        """Whether trainings have a budget."""
        return self.epsilon is not None

    @property
    def fewest_people(self) -> int:
        """`min_people`, or what it is when it is empty."""
        if self.min_people is not None:
            return self.min_people
        return PRIVATE_MIN_PEOPLE if self.is_private else 1


NO_PRIVACY = PrivacySettings()

"""The settings of how much groups of people count in a training."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

EQUAL = "equal"
"""All values of an attribute count as much together, however many people have each."""
GroupWeights = Mapping[
    str, Literal["equal"] | Mapping[str, Annotated[float, Field(ge=0.1, le=10.0)]]
]
"""Attribute of people → "equal", or value → how much each person who has it counts."""

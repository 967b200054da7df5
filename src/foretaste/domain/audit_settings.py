"""The settings of an audit."""

from pydantic import Field

from foretaste.domain.settings import Settings


class AuditSettings(Settings):
    """How many people an audit looks at, and which groups it speaks of."""

    people: int = Field(default=1000, ge=50)
    """People whose lists are made, drawn by chance; more take longer and say more."""
    min_group_people: int = Field(default=30, ge=5)
    """A group of fewer people is not spoken of, alone or as what two columns have in common: of a
    few nothing can be said, and a figure of a few says something of each."""
    max_values: int = Field(default=12, ge=2)
    """Values of a column that are looked at, the most frequent ones."""
    rounds: int = Field(default=10, ge=1)
    """Rounds of lists and clicks that `--simulate` plays."""
    simulated_people: int = Field(default=200, ge=10)
    """People of each round."""
    level: float = Field(default=0.05, gt=0, lt=0.5)
    """The share of alarms that may be false among those that an audit raises (Benjamini and
    Yekutieli 2001)."""

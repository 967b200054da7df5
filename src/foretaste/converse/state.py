"""The state of a talk: query, filter and seeds in, a question out. All of it is seen and edited."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from foretaste.errors import InputError
from foretaste.rank.conditions import number, parsed

EDITED = ("query", "filter", "items", "n")
TURNS = 12
"""Things said that are kept, of both sides."""
LONGEST = 2000
"""Characters of one thing said."""


@dataclass(frozen=True)
class State:
    """What the talk has come to."""

    query: str | None = None
    filter: Mapping[str, Any] = field(default_factory=dict)
    items: tuple[str, ...] = ()
    """Seeds: more like these."""
    n: int = 5
    recommendation_id: str | None = None
    """The last list."""
    shown: Mapping[str, str] = field(default_factory=dict)
    """Its items, id → title, in their order."""
    turns: tuple[tuple[str, str], ...] = ()
    """(who, what was said), the oldest first: "person" or "assistant"."""

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """The inverse of `told`."""
        given = dict(told)
        given["items"] = tuple(given.get("items", ()))
        given["turns"] = tuple((who, text) for who, text in given.get("turns", ()))
        return cls(**given)

    def told(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {
            "items": list(self.items),
            "turns": [list(one) for one in self.turns],
        }

    def edited(self, by: Mapping[str, Any]) -> "State":
        """With what the person edited: query, filter, items, n."""
        changed = {
            name: value for name, value in by.items() if name in EDITED and value is not None
        }
        if "items" in changed:
            changed["items"] = tuple(changed["items"])
        if "filter" in changed:
            parsed(changed["filter"])  # a fault is told at once
        if "query" in changed:
            changed["query"] = changed["query"].strip() or None
        return replace(self, **changed)

    def narrowed(self, what: Mapping[str, Any]) -> "State":
        """With one more condition; of a column that was named before the newer holds."""
        return replace(self, filter={**self.filter, **what})

    def said(self, person: str, assistant: str) -> "State":
        """With one more turn."""
        turns = (*self.turns, ("person", person[:LONGEST]), ("assistant", assistant[:LONGEST]))
        return replace(self, turns=turns[-TURNS:])

    def begun_anew(self) -> "State":
        """Without query, filter and seeds."""
        return State(n=self.n, turns=self.turns)


YEARS = ("year", "released", "release_year", "published", "release")
PRICES = ("price", "cost", "amount", "price_eur", "price_usd")


def column_for(about: str, features: Mapping[str, tuple[str, ...]]) -> str:
    """The attribute that a bound in words means. features: column → its values.

    Raises InputError where no attribute has such numbers.
    """
    numeric = {name: found for name, values in features.items() if (found := _numbers(values))}
    by_name = YEARS if about == "year" else PRICES
    for name in by_name:
        if name in numeric:
            return name
    years = [name for name, found in numeric.items() if all(1800 <= one < 2200 for one in found)]
    others = [name for name in numeric if name not in years]
    likely = years if about == "year" else others
    if len(likely) == 1:
        return likely[0]
    raise InputError(
        f"no attribute of the items is a {about}"
        if not likely
        else f"which number is meant: {', '.join(likely)}? Use a filter"
    )


def _numbers(values: tuple[str, ...]) -> list[float]:
    """The numbers of a column that has hardly anything else."""
    found = [one for one in map(number, values) if one is not None]
    return found if len(found) >= 0.8 * len(values) else []

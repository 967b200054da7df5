"""The state of a talk: query, filter and seeds in, a question out. All of it is seen and edited."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from foretaste.domain.text_limits import MAX_TEXT_LENGTH, check_text
from foretaste.errors import InputError
from foretaste.rank.conditions import parse_condition, parse_number

EDITABLE_FIELDS = ("query", "filter", "items", "n")
MAX_TURNS = 12
"""Things said that are kept, of both sides."""


@dataclass(frozen=True)
class ChatState:
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
    def from_json_dict(cls, json_dict: Mapping[str, Any]) -> Self:
        """The inverse of `to_json_dict`."""
        arguments = dict(json_dict)
        arguments["items"] = tuple(arguments.get("items", ()))
        arguments["turns"] = tuple((speaker, text) for speaker, text in arguments.get("turns", ()))
        return cls(**arguments)

    def to_json_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {
            "items": list(self.items),
            "turns": [list(turn) for turn in self.turns],
        }

    def with_edits(self, edits: Mapping[str, Any]) -> "ChatState":
        """With what the person edited: query, filter, items, n."""
        changed = {
            name: value
            for name, value in edits.items()
            if name in EDITABLE_FIELDS and value is not None
        }
        if "items" in changed:
            changed["items"] = tuple(str(item_id) for item_id in changed["items"])
            for item_id in changed["items"]:
                check_text(item_id, "items")
        if "filter" in changed:
            parse_condition(changed["filter"])  # a fault is told at once
        if "query" in changed:
            check_text(changed["query"], "query")
            changed["query"] = changed["query"].strip() or None
        return replace(self, **changed)

    def with_conditions(self, conditions: Mapping[str, Any]) -> "ChatState":
        """With one more condition; of a column that was named before the newer holds."""
        return replace(self, filter={**self.filter, **conditions})

    def with_turn(self, person: str, assistant: str) -> "ChatState":
        """With one more turn."""
        turns = (
            *self.turns,
            ("person", person[:MAX_TEXT_LENGTH]),
            ("assistant", assistant[:MAX_TEXT_LENGTH]),
        )
        return replace(self, turns=turns[-MAX_TURNS:])

    def reset(self) -> "ChatState":
        """Without query, filter and seeds."""
        return ChatState(n=self.n, turns=self.turns)


YEAR_COLUMNS = ("year", "released", "release_year", "published", "release")
PRICE_COLUMNS = ("price", "cost", "amount", "price_eur", "price_usd")


def column_for(about: str, features: Mapping[str, tuple[str, ...]]) -> str:
    """The attribute that a bound in words means. features: column → its values.

    Raises InputError where no attribute has such numbers.
    """
    numeric = {
        name: column_numbers
        for name, values in features.items()
        if (column_numbers := _column_numbers(values))
    }
    by_name = YEAR_COLUMNS if about == "year" else PRICE_COLUMNS
    for name in by_name:
        if name in numeric:
            return name
    years = [
        name for name, values in numeric.items() if all(1800 <= value < 2200 for value in values)
    ]
    other_columns = [name for name in numeric if name not in years]
    likely = years if about == "year" else other_columns
    if len(likely) == 1:
        return likely[0]
    raise InputError(
        f"no attribute of the items is a {about}"
        if not likely
        else f"which number is meant: {', '.join(likely)}? Use a filter"
    )


def _column_numbers(values: tuple[str, ...]) -> list[float]:
    """The numbers of a column that has hardly anything else."""
    parsed_numbers = [
        parsed_number for parsed_number in map(parse_number, values) if parsed_number is not None
    ]
    return parsed_numbers if len(parsed_numbers) >= 0.8 * len(values) else []

"""The state of a talk: query, filter and seeds in, a question out. All of it is seen and edited."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from foretaste.domain.text_limits import MAX_TEXT_LENGTH, check_text
from foretaste.rank.conditions import parse_condition, parse_number
from foretaste.understand.meaning import Topic

EDITABLE_FIELDS = ("query", "filter", "items", "n")
QUESTION_FIELDS = (*EDITABLE_FIELDS, "rules")
"""What "undo" brings back."""
MAX_EARLIER_QUESTIONS = 5
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
    rules: tuple[Mapping[str, Any], ...] = ()
    """What is likelier or less likely in this talk alone, as rules of a request."""
    recommendation_id: str | None = None
    """The last list."""
    shown: Mapping[str, str] = field(default_factory=dict)
    """Its items, id → title, in their order."""
    turns: tuple[tuple[str, str], ...] = ()
    """(who, what was said), the oldest first: "person" or "assistant"."""
    language: str = "en"
    """In which the person was understood last."""
    undo: Mapping[str, Any] = field(default_factory=dict)
    """What the last change takes back; see `undo`."""
    seed_titles: Mapping[str, str] = field(default_factory=dict)
    """The seeds, id → title."""
    subject: tuple[str, ...] = ()
    """The item that was spoken of last, which “it” is."""
    topic: Topic | None = None
    """What was asked of it."""
    earlier_questions: tuple[Mapping[str, Any], ...] = ()
    """The query and filter of questions before this one, the newest first."""
    said_queries: Mapping[str, str] = field(default_factory=dict)
    """The query → the words that it was said in, where it is searched in others."""

    @classmethod
    def from_json_dict(cls, json_dict: Mapping[str, Any]) -> Self:
        """The inverse of `to_json_dict`."""
        arguments = dict(json_dict)
        for name in ("items", "subject", "rules", "earlier_questions"):
            arguments[name] = tuple(arguments.get(name, ()))
        arguments["turns"] = tuple((speaker, text) for speaker, text in arguments.get("turns", ()))
        return cls(**arguments)

    def to_json_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {
            "items": list(self.items),
            "subject": list(self.subject),
            "rules": list(self.rules),
            "earlier_questions": list(self.earlier_questions),
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

    def with_query(self, query: str | None, said_query: str | None, *, more: bool) -> "ChatState":
        """With a query, and the words that it was said in. more: beside the one there is."""
        queries = [self.query, query] if more else [query]
        texts = [self.said_query, said_query or query] if more else [said_query or query]
        joined = " ".join(filter(None, queries)) or None
        said_text = " ".join(filter(None, texts))
        return replace(self, query=joined, said_queries={joined: said_text} if joined else {})

    @property
    def said_query(self) -> str | None:
        """The query in the words of the person."""
        return None if self.query is None else self.said_queries.get(self.query, self.query)

    def with_condition(self, condition: Mapping[str, Any]) -> "ChatState":
        """With one more condition; of a column that was named before the newer holds, but a bound
        on the other side stays.
        """
        merged = dict(self.filter)
        for column, value in condition.items():
            if column == "not":
                merged["and"] = [*merged.get("and", ()), {"not": value}]
            else:
                merged[column] = _merged_tests(merged.get(column), value)
        return replace(self, filter=merged)

    def without_conditions(self, columns: Collection[str]) -> "ChatState":
        """Without the conditions of these columns."""
        conditions = {column: test for column, test in self.filter.items() if column not in columns}
        return replace(self, filter=conditions)

    def with_question_kept(self) -> "ChatState":
        """With this question among the earlier ones, before another takes its place."""
        if not self.query and not self.filter:
            return self
        question = {"query": self.query, "filter": dict(self.filter)}
        other_questions = (earlier for earlier in self.earlier_questions if earlier != question)
        return replace(self, earlier_questions=(question, *other_questions)[:MAX_EARLIER_QUESTIONS])

    @property
    def has_question(self) -> bool:
        """Whether there is a list, or something that was asked."""
        return bool(self.query or self.filter or self.items or self.shown)

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
        return ChatState(n=self.n, turns=self.turns, language=self.language)


LOW_TESTS, HIGH_TESTS = ("gt", "gte"), ("lt", "lte")


def _merged_tests(previous: Any, value: Any) -> Any:
    """A test beside the one before: the other bound of a range stays, if both can hold."""
    if not isinstance(previous, Mapping) or not isinstance(value, Mapping):
        return value
    sides = [side for side in (LOW_TESTS, HIGH_TESTS) if set(side) & set(value)]
    if len(sides) != 1 or not set(previous) <= {*LOW_TESTS, *HIGH_TESTS}:
        return value
    other = {test: bound for test, bound in previous.items() if test not in sides[0]}
    merged = {**other, **value}
    bounds = [
        next((merged[test] for test in side if test in merged), None)
        for side in (LOW_TESTS, HIGH_TESTS)
    ]
    numbers = [parse_number(bound) for bound in bounds]
    if numbers[0] is not None and numbers[1] is not None and numbers[0] >= numbers[1]:
        return value
    return merged

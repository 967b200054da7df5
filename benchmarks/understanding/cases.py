"""What is said and the state it must lead to: lines of a file in, what is wrong out.

    catalogue language context | what is said | intent | what must hold; …

`context` is "list" where there is a list in hand; of intents "a/b" both are right. `column=value`,
`column<number` and `column=low..high` are conditions, of which there may be no others; `q=words`
are in the query;
`-words` is refused (for good, or in this talk), `~-words` in this talk alone, `--words` and
`++words` are less and more from now on; `!-words` and `!++words` must not be. `seed=` and `item=`
name items, `n=` how many; `top=A|B` says that one of them is in the first five, `!top=A|B` none;
`says=words` are in the answer. Of `first >> second` both are said, one after the other, and the
state after the last counts. Today is the NOW of `catalogues.py`.
"""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.understanding.catalogues import LIST_IN_HAND
from foretaste.converse.conversation import Chat, Reply
from foretaste.converse.state import ChatState
from foretaste.domain.preference import Conversation
from foretaste.loop import Foretaste
from foretaste.understand.titles import title_key

CONDITION = re.compile(r"(\w+)(=|<=|>=|<|>)(.+)")
SPOKEN = ("greet", "thanks", "help", "my_data", "unknown", "start_over", "forget")
SAME_INTENTS = {"refine": "find", "forget": "undo"}
SIGNS = {"<": "lt", ">": "gt", "<=": "lte", ">=": "gte"}


@dataclass(frozen=True)
class Case:
    """One line."""

    catalogue: str
    language: str
    has_list: bool
    text: str
    intent: str
    checks: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a case."""

    case: Case
    reply: Reply
    faults: tuple[str, ...]
    """Of the state."""
    list_faults: tuple[str, ...]
    """Of the first five."""
    is_reversal: bool
    """Whether more is shown of what was refused."""


def read_cases(path: Path) -> list[Case]:
    """The lines that are no comment."""
    cases = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            place, text, intent, checks = (part.strip() for part in line.split("|", 3))
            catalogue, language, context = place.split()
            parts = tuple(check.strip() for check in checks.split(";") if check.strip())
            cases.append(Case(catalogue, language, context == "list", text, intent, parts))
    return cases


def outcome_of(case: Case, shop: Foretaste, number: int) -> Outcome:
    """Say it to a visitor of their own, and look at what it led to."""
    catalogue = shop.catch_up().catalogue
    ids = dict(zip(catalogue.titles, catalogue.ids, strict=True))
    visitor = f"{uuid.uuid4().hex[:8]}-{number}"  # a workspace that is kept knows earlier ones
    session, name = f"case-{visitor}", f"talk-{visitor}"
    shown = {ids[t]: t for t in LIST_IN_HAND[case.catalogue]} if case.has_list else {}
    state = ChatState(shown=shown, language="en")
    talk = Conversation(name, None, session, shop.clock(), state.to_json_dict(), None)
    shop.store.put_conversation(talk, delete_before=0.0)
    for text in case.text.split(">>"):
        reply = Chat(shop).say(text.strip(), conversation=name, session=session)
    state_of = _State(reply, {item_id: title for title, item_id in ids.items()})
    faults = list(state_of.intent_faults(case))
    list_faults = []
    for check in case.checks:
        is_top = check.lstrip("!").startswith("top=")
        (list_faults if is_top else faults).extend(state_of.faults(check))
    faults += state_of.extra_conditions(case.checks)
    return Outcome(case, reply, tuple(faults), tuple(list_faults), state_of.reversed(case.checks))


class _State:
    """What a reply led to, as the checks see it."""

    def __init__(self, reply: Reply, titles: Mapping[str, str]) -> None:
        self.reply, self.titles = reply, titles
        self.filter = dict(reply.state.filter)
        self.excluded = " ".join(str(part) for part in self.filter.pop("and", ())).lower()
        self.changes = [
            (f"{m.name} {m.phrase} {m.filter}".lower(), m.act, m.nats) for m in reply.clause_matches
        ]

    def intent_faults(self, case: Case) -> list[str]:
        intent = str(self.reply.intent)
        right = {SAME_INTENTS.get(name, name) for name in case.intent.split("/")}
        same = SAME_INTENTS.get(intent, intent) in right
        spoken = case.intent in SPOKEN and self.reply.recommendation is not None
        return [*([] if same else [f"intent {intent}"]), *(["a list"] if spoken else [])]

    def faults(self, check: str) -> list[str]:
        if check.startswith("!"):
            return [] if self._fails(check[1:]) else [f"is so: {check[1:]}"]
        return [check] if self._fails(check) else []

    def _fails(self, check: str) -> bool:
        for sign, acts in (("~-", _TALK), ("--", _LESS), ("++", _MORE), ("-", _NONE)):
            if check.startswith(sign):
                return not acts(self, check[len(sign) :].lower())
        name, value = check.split("=", 1) if check.split("=")[0] in SLOTS else ("", "")
        if name:
            return not SLOTS[name](self, value)
        hit = CONDITION.fullmatch(check)
        assert hit is not None, check
        return not self._has_condition(hit[1], hit[2], hit[3])

    def has_change(self, words: str, act: str, sign: int) -> bool:
        return any(
            words in text and changed == act and (sign == 0 or nats * sign > 0)
            for text, changed, nats in self.changes
        )

    def _has_condition(self, column: str, sign: str, value: str) -> bool:
        actual = self.filter.get(column)
        if sign != "=":
            tests = actual if isinstance(actual, dict) else {}
            return tests.get(SIGNS[sign]) in (value, _number(value))
        if ".." in value:
            low, high = value.split("..")
            tests = actual if isinstance(actual, dict) else {}
            if _number(high) is None:  # up to the end of that day
                day_after = (date.fromisoformat(high) + timedelta(1)).isoformat()
                return bool(tests == {"gte": low, "lt": day_after})
            return bool(tests == {"gte": float(low), "lte": float(high)})
        values = actual.get("all", actual) if isinstance(actual, dict) else actual
        return value in (values if isinstance(values, list) else [values])

    def extra_conditions(self, checks: tuple[str, ...]) -> list[str]:
        """Conditions that nobody asked for."""
        wanted = {hit[1] for check in checks if (hit := CONDITION.fullmatch(check))}
        return [f"also {name}" for name in self.filter if name not in wanted and name != "genres"]

    def reversed(self, checks: tuple[str, ...]) -> bool:
        """Whether what is refused is asked for or boosted, or what is wanted is muted."""
        for check in checks:
            words = check.lstrip("!~-+").lower()
            if check.startswith(("-", "~-", "--")):
                conditions = str(self.filter).lower()
                if words in conditions or self.has_change(words, "boost", 1):
                    return True
            if check.startswith("!-") and self.has_change(words, "mute", 0):
                return True
            hit = CONDITION.fullmatch(check)
            if hit and hit[2] == "=" and self.has_change(f"'{hit[3].lower()}'", "mute", 0):
                return True
        return False

    def top(self, names: str) -> bool:
        keys = {title_key(name) for name in names.split("|")}
        items = list(self.reply.recommendation or ())[:5]
        return any(title_key(item.title) in keys for item in items)

    def named(self, ids: tuple[str, ...], name: str) -> bool:
        return title_key(name) in {title_key(self.titles[item_id]) for item_id in ids}


def _number(text: str) -> float | None:
    """None for a date."""
    try:
        return float(text)
    except ValueError:
        return None


def _TALK(state: _State, words: str) -> bool:  # noqa: N802
    return words in state.excluded and not state.has_change(words, "mute", 0)


def _NONE(state: _State, words: str) -> bool:  # noqa: N802
    return words in state.excluded or state.has_change(words, "mute", 0)


def _LESS(state: _State, words: str) -> bool:  # noqa: N802
    return state.has_change(words, "boost", -1)


def _MORE(state: _State, words: str) -> bool:  # noqa: N802
    return state.has_change(words, "boost", 1)


SLOTS: Mapping[str, Callable[[_State, str], Any]] = {
    "q": lambda state, words: set(words.split()) <= set((state.reply.state.query or "").split()),
    "seed": lambda state, name: state.named(state.reply.state.items, name),
    "item": lambda state, name: state.named(state.reply.items, name),
    "says": lambda state, words: words.lower() in state.reply.text.lower(),
    "n": lambda state, n: len(state.reply.recommendation or ()) == int(n),
    "top": lambda state, names: state.top(names),
}

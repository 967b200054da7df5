"""What a model may say in a talk: what tools gave it in; why its words may not be told, out.

Each sentence goes through the checker of generated words (`generate.checker`). It may name the
items that a tool gave in this talk, and of the items it names the features and reasons that came
with them; what it says besides is plain, or the loop's own words.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from foretaste.converse.state import ChatState
from foretaste.domain.words import phrase_pattern
from foretaste.generate.checker import find_fault
from foretaste.generate.safe import clean_text, is_suspicious, safe_name

MAX_ANSWER_CHARACTERS = 1500
"""Characters of one answer."""
TALK_WORDS = """
ask asked asking begin beginning can could do else everything fine first found give given got hello
help hi i is last list lists me ok okay option options please prefer rather say second see shown
sorry start sure tell thank thanks them third too want welcome what which wish would you
"""
"""Words of a talk that claim nothing, beside the checker's."""
MARKER = re.compile(r"(?m)^[ \t]*+(?:[-*•]|\d{1,2}[.)])\s++")
"""What stands before an entry of a list."""
SENTENCE_FIELDS = ("reasons", "why_not")
"""Fields that hold sentences of the loop's own."""
_AMOUNT = re.compile(r" \([+-]?\d+\.\d+\)$")
_QUOTED = re.compile(r"“([^“”]+)”")
_ITEM = re.compile("\ue000(\\d+)\ue001")
_SENTENCE = re.compile(r"(?<=[.!?…;])\s+|\n+")
MAX_DATA_CHARACTERS = 400
"""Of one text that a model sees."""
MAX_DATA_LEVELS = 12
LEFT_OUT = "(left out: it looks like an instruction)"


def neutral_data(tool_output: Any, levels_left: int = MAX_DATA_LEVELS) -> Any:
    """What a tool gave, or the state of a talk, as data that a model may see: texts and keys of one
    line and bounded, without those that tell machines what to do or speak for another role.
    """
    if levels_left == 0 and isinstance(tool_output, Mapping | list | tuple):
        return LEFT_OUT
    if isinstance(tool_output, Mapping):
        return {
            str(_neutral_text(str(key))): neutral_data(value, levels_left - 1)
            for key, value in tool_output.items()
        }
    if isinstance(tool_output, list | tuple):
        return [neutral_data(value, levels_left - 1) for value in tool_output]
    return _neutral_text(tool_output) if isinstance(tool_output, str) else tool_output


def _neutral_text(text: str) -> str:
    if is_suspicious(text):
        return LEFT_OUT
    cleaned_text = clean_text(text)
    if len(cleaned_text) > MAX_DATA_CHARACTERS:
        return f"{cleaned_text[:MAX_DATA_CHARACTERS]}…"
    return cleaned_text


class Evidence:
    """What tools gave in answer to one thing said."""

    def __init__(self) -> None:
        self._items: dict[str, set[str]] = {}
        """Title → what came with it."""
        self._names: set[str] = set()
        self._words: list[str] = []

    def add(self, tool_output: Any) -> None:
        """What a tool gave."""
        if isinstance(tool_output, Mapping) and isinstance(tool_output.get("title"), str):
            title = safe_name(tool_output["title"])
            if title is not None:
                title_facts = self._items.setdefault(title, set())
                self._collect_names(
                    {key: entry for key, entry in tool_output.items() if key != "title"},
                    title_facts,
                )
        elif isinstance(tool_output, Mapping):
            for key, value in tool_output.items():
                self._words.append(str(key))
                self.add(value)
        elif isinstance(tool_output, list | tuple):
            for element in tool_output:
                self.add(element)
        else:
            self._collect_names(tool_output, self._names)

    def _collect_names(self, tool_output: Any, names: set[str]) -> None:
        """The names in it; the words around them are the loop's own."""
        for key, text in _texts(tool_output):
            self._words.append(key)
            text = _AMOUNT.sub("", text)
            head, colon, value = text.partition(": ")
            if key in SENTENCE_FIELDS and not colon:
                names.update(_QUOTED.findall(text))
                self._words.append(_QUOTED.sub(" ", text))
            elif colon:  # as "genres: Drama"
                names.add(value)
                self._words.append(head)
            else:
                names.add(text)

    def fault(self, text: str, state: ChatState) -> str | None:
        """Why a text may not be told; None if it may."""
        if not text.strip() or len(text) > MAX_ANSWER_CHARACTERS:
            return "it is too long" if text.strip() else "it is empty"
        items = {
            title: set[str]()
            for shown_title in state.shown.values()
            if (title := safe_name(shown_title))
        }
        items |= self._items
        titles = sorted(items, key=len, reverse=True)
        marked = MARKER.sub("", text)
        for title_index, title in enumerate(titles):
            marked = re.sub(
                phrase_pattern(title), f"\ue000{title_index}\ue001", marked, flags=re.IGNORECASE
            )
        common = self._names | ({state.query} if state.query else set())
        for sentence in _SENTENCE.split(marked):
            named_titles = {titles[int(title_index)] for title_index in _ITEM.findall(sentence)}
            facts_by_title = [items[named_title] for named_title in named_titles] or [
                _shared(items)
            ]
            names = common.union(named_titles, *facts_by_title)
            checked_text = _ITEM.sub(lambda hit: titles[int(hit[1])], sentence).strip()
            objection = checked_text and find_fault(
                checked_text,
                tuple(names),
                f"{TALK_WORDS} {' '.join(self._words)}",
                allow_unnamed=True,
            )
            if objection:
                return objection
        return None


def _shared(items: Mapping[str, set[str]]) -> set[str]:
    """What may be said of all of them together."""
    owns = [own for own in items.values() if own]
    return set.intersection(*owns) if owns else set()


def _texts(tool_output: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """(the field, the text) of all that is in it; numbers of a score are no evidence to name."""
    if isinstance(tool_output, Mapping):
        for inner, value in tool_output.items():
            yield from _texts(value, str(inner))
    elif isinstance(tool_output, list | tuple):
        for value in tool_output:
            yield from _texts(value, key)
    elif isinstance(tool_output, str) or (
        isinstance(tool_output, int) and key in ("position", "rank")
    ):
        yield key, str(tool_output)

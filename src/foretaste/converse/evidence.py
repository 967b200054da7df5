"""What a model may say in a talk: what tools gave it in; why its words may not be told, out.

Each sentence goes through the checker of generated words (`generate.checker`). It may name the
items that a tool gave in this talk, and of the items it names the features and reasons that came
with them; what it says besides is plain, or the loop's own words.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from foretaste.converse.state import State
from foretaste.generate.checker import fault
from foretaste.generate.safe import name, suspicious

LONGEST = 1500
"""Characters of one answer."""
TALK = """
ask asked asking begin beginning can could do else everything fine first found give given got hello
help hi i is last list lists me ok okay option options please prefer rather say second see shown
sorry start sure tell thank thanks them third too want welcome what which wish would you
"""
"""Words of a talk that claim nothing, beside the checker's."""
MARKER = re.compile(r"(?m)^\s*(?:[-*•]|\d{1,2}[.)])\s+")
"""What stands before an entry of a list."""
SENTENCES = ("reasons", "why_not")
"""Fields that hold sentences of the loop's own."""
_AMOUNT = re.compile(r" \([+-]?\d+\.\d+\)$")
_QUOTED = re.compile(r"“([^”]+)”")
_ITEM = re.compile("\ue000(\\d+)\ue001")
_SENTENCE = re.compile(r"(?<=[.!?…;])\s+|\n+")
LEFT_OUT = "(left out: it looks like an instruction)"


def contained(told: Any) -> Any:
    """What a tool gave, without texts that tell machines what to do."""
    if isinstance(told, Mapping):
        return {key: contained(value) for key, value in told.items()}
    if isinstance(told, list | tuple):
        return [contained(value) for value in told]
    return LEFT_OUT if isinstance(told, str) and suspicious(told) else told


class Evidence:
    """What tools gave in answer to one thing said."""

    def __init__(self) -> None:
        self._items: dict[str, set[str]] = {}
        """Title → what came with it."""
        self._names: set[str] = set()
        self._words: list[str] = []

    def hear(self, told: Any) -> None:
        """What a tool gave."""
        if isinstance(told, Mapping) and isinstance(told.get("title"), str):
            title = name(told["title"])
            if title is not None:
                own = self._items.setdefault(title, set())
                self._keep({key: one for key, one in told.items() if key != "title"}, own)
        elif isinstance(told, Mapping):
            for key, value in told.items():
                self._words.append(str(key))
                self.hear(value)
        elif isinstance(told, list | tuple):
            for one in told:
                self.hear(one)
        else:
            self._keep(told, self._names)

    def _keep(self, told: Any, names: set[str]) -> None:
        """The names in it; the words around them are the loop's own."""
        for key, text in _texts(told):
            self._words.append(key)
            text = _AMOUNT.sub("", text)
            head, colon, value = text.partition(": ")
            if key in SENTENCES and not colon:
                names.update(_QUOTED.findall(text))
                self._words.append(_QUOTED.sub(" ", text))
            elif colon:  # as "genres: Drama"
                names.add(value)
                self._words.append(head)
            else:
                names.add(text)

    def fault(self, text: str, state: State) -> str | None:
        """Why a text may not be told; None if it may."""
        if not text.strip() or len(text) > LONGEST:
            return "it is too long" if text.strip() else "it is empty"
        items = {title: set[str]() for one in state.shown.values() if (title := name(one))}
        items |= self._items
        titles = sorted(items, key=len, reverse=True)
        marked = MARKER.sub("", text)
        for place, title in enumerate(titles):
            exact = r"\s+".join(re.escape(part) for part in title.split())
            marked = re.sub(
                rf"(?<!\w){exact}(?!\w)", f"\ue000{place}\ue001", marked, flags=re.IGNORECASE
            )
        common = self._names | ({state.query} if state.query else set())
        for sentence in _SENTENCE.split(marked):
            named = {titles[int(place)] for place in _ITEM.findall(sentence)}
            own = [items[one] for one in named] or [_shared(items)]
            names = common.union(named, *own)
            said = _ITEM.sub(lambda hit: titles[int(hit[1])], sentence).strip()
            why = said and fault(said, tuple(names), f"{TALK} {' '.join(self._words)}", bare=True)
            if why:
                return why
        return None


def _shared(items: Mapping[str, set[str]]) -> set[str]:
    """What may be said of all of them together."""
    owns = [own for own in items.values() if own]
    return set.intersection(*owns) if owns else set()


def _texts(told: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """(the field, the text) of all that is in it; numbers of a score are no evidence to name."""
    if isinstance(told, Mapping):
        for inner, value in told.items():
            yield from _texts(value, str(inner))
    elif isinstance(told, list | tuple):
        for value in told:
            yield from _texts(value, key)
    elif isinstance(told, str) or (isinstance(told, int) and key in ("position", "rank")):
        yield key, str(told)

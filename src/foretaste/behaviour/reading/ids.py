"""In: a column of ids of users, items or sessions. Out: each as text, the same for every door.

Three things are decided: which words mean that there is no id, whether `31.0` is the whole number
31 that was a float on its way, and whether user 0 is a person or what a tracker sends of visitors.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from foretaste.behaviour.reading.column import ColumnReading, read_column
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.values import CellError, is_missing, parse_identifier
from foretaste.domain.identifiers import without_zero_fraction
from foretaste.domain.store import FactStore

PERSON_FIELDS = ("user", "session")
MAX_REMEMBERED_IDS = 200_000
ZERO = "0"
ID_FORMS = "id_forms"
"""Under which the store remembers the decisions."""


class IdParser(dict[str, str | None]):
    """A cell in, the id out; None where the cell says that there is none.

    A dict of what was read already, as `parser[text]` is several times as fast as parsing. What
    means nobody is counted and not remembered.
    """

    def __init__(
        self,
        field: str,
        null_words: frozenset[str] = frozenset(),
        whole_floats: Callable[[], bool | None] = lambda: None,
        *,
        remember: bool = True,
    ) -> None:
        super().__init__()
        self.field, self._null_words, self.whole_floats = field, null_words, whole_floats
        self._max_size = MAX_REMEMBERED_IDS if remember else 0
        self.null_counts: Counter[str] = Counter()
        """Word that means nobody → cells."""
        self.normalised: dict[str, str] = {}
        """Id as it was written → as it looks, of those that differ."""

    def __missing__(self, cell: str) -> str | None:
        text = self._text(cell)
        if text is not None and self._max_size:
            if len(self) >= self._max_size:
                self.clear()
            self[cell] = text
        return text

    def __call__(self, cell: Any) -> str | None:
        """Any cell. Raises `CellError` for what is no id or has lost digits."""
        if cell is None:
            return None
        return self[cell] if cell.__class__ is str else self._text(cell)

    def _text(self, cell: Any) -> str | None:
        text = parse_identifier(cell, self.field)
        if text is None:
            return None
        if text.casefold() in self._null_words or (len(text) >= 32 and is_zero_uuid(text)):
            self.null_counts[text] += 1
            return None
        if text.endswith("0") and "." in text and isinstance(cell, str) and self.whole_floats():
            return without_zero_fraction(text)
        if isinstance(cell, float) and self.whole_floats() is False:
            return repr(float(cell))
        if isinstance(cell, str) and not cell.isascii() and text != cell.strip():
            self.normalised.setdefault(cell, text)
        return text


class IdForms:
    """What was decided for the ids of a store by what was imported; remembered in the store."""

    def __init__(self, store: FactStore) -> None:
        self._store = store

    def whole_floats(self, entity: str) -> bool | None:
        """Whether `31.0` is the whole number 31; None: never decided. entity: user, item, …"""
        return self._load().get(f"{entity}_whole_floats")

    def zero_is_nobody(self) -> bool:
        """Whether user 0 is what a tracker sends of visitors."""
        return self._load().get("zero_is_nobody", True)

    def save(self, decisions: Mapping[str, bool]) -> None:
        """Keep what a file decided, beside what others did."""
        known = self._load()
        if decisions.items() - known.items():
            self._store.put_meta_text(ID_FORMS, json.dumps({**known, **decisions}))

    def _load(self) -> dict[str, bool]:
        forms: dict[str, bool] = json.loads(self._store.meta_text(ID_FORMS) or "{}")
        return forms


def is_zero_uuid(text: str) -> bool:
    """00000000-0000-0000-0000-000000000000, however it is written."""
    return len(text) >= 32 and not text.strip("{}").strip("0-")


def null_words(field: str, settings: BehaviourSettings) -> frozenset[str]:
    """What means that there is no id in this field."""
    words = settings.null_ids + (settings.anonymous_users if field == "user" else ())
    return frozenset(word.casefold() for word in words)


def read_id_column(
    cells: Sequence[Any],
    field: str,
    settings: BehaviourSettings,
    stored_whole_floats: bool | None = None,
) -> ColumnReading:
    """What the ids of a column are.

    field: user, session, item or id (of an item or a user). stored_whole_floats: what was decided
    for ids of this kind before, which holds.
    """
    evidence = whole_float_evidence(cells)
    whole_floats = evidence if stored_whole_floats is None else stored_whole_floats
    parser = IdParser(field, null_words(field, settings), lambda: whole_floats)
    decision = "ids"
    if whole_floats and evidence:
        decision = "whole numbers that were written as decimals (31.0 is 31)"
    is_decided = not evidence or stored_whole_floats is not None
    reading = read_column(cells, decision, parser, decided=is_decided)
    parser.null_counts.clear()  # these cells come again
    return reading


def whole_float_evidence(cells: Sequence[Any]) -> bool | None:
    """True where all ids are whole numbers written as decimals, False where some could be and
    others are not, None where nothing looks like it.
    """
    has_whole = has_fraction = has_other_text = has_whole_text = False
    for cell in cells:
        if is_missing(cell):
            continue
        is_short_float = type(cell).__name__ in ("float32", "float16")  # NumPy's own
        if isinstance(cell, float | Decimal) or is_short_float:
            is_whole = cell == cell // 1
            has_whole, has_fraction = has_whole or is_whole, has_fraction or not is_whole
        elif isinstance(cell, str):
            is_whole = without_zero_fraction(cell.strip()) != cell.strip()
            has_whole_text = has_whole_text or is_whole
            has_other_text = has_other_text or not is_whole
    if not has_whole and not has_whole_text:
        return None
    return not has_fraction and not (has_whole_text and has_other_text)


def zero_is_nobody(users: Sequence[str | None], sessions: Sequence[str | None]) -> bool:
    """Whether user 0 is what a tracker sends of visitors, and not the first of numbered people.

    users, sessions: of the same rows. A tracker's 0 has more sessions than any person.
    """
    sessions_by_user: defaultdict[str, set[str]] = defaultdict(set)
    for user, session in zip(users, sessions, strict=True):
        if user is not None and session is not None:
            sessions_by_user[user].add(session)
    zero_sessions = len(sessions_by_user.pop(ZERO, ()))
    if not zero_sessions:
        return True
    return zero_sessions > max(map(len, sessions_by_user.values()), default=1)


def nobody_problem(field: str, word: str) -> CellError:
    """The error for an event whose user is nobody and that has no session either."""
    return CellError(
        field,
        word,
        f"{field} '{word}' means nobody, and there is no session",
        "leave such rows out; if it is a user of yours, take the word out of behaviour.null_ids or "
        "behaviour.anonymous_users",
    )


def id_warnings(column: str, parser: IdParser) -> list[str]:
    """What a parser met while it read a column."""
    warnings = []
    if parser.null_counts:
        count = sum(parser.null_counts.values())
        words = ", ".join(f"'{word}'" for word, _ in parser.null_counts.most_common(3))
        meaning = {
            "user": "means nobody: there the session is the person",
            "session": "means no session",
        }.get(parser.field, "means that there is none")
        warnings.append(f"column '{column}': {words} in {count:,} rows {meaning}")
    if parser.normalised:
        written, text = next(iter(parser.normalised.items()))
        warnings.append(
            f"column '{column}': {len(parser.normalised):,} ids were written with characters that "
            f"cannot be seen or in another form of Unicode, e.g. {written!a}; each is the one that "
            f"looks the same, '{text}'"
        )
    return warnings

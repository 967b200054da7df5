"""What one turn changed in, the way back out: “undo” restores the question and the profile."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from foretaste.converse.state import QUESTION_FIELDS, ChatState
from foretaste.converse.turn import ChatTurn
from foretaste.domain.preference import Preference
from foretaste.loop import Foretaste


def undo_of(
    before: ChatState,
    after: ChatState,
    old_preferences: Sequence[Preference],
    new_preferences: Sequence[Preference],
    events: Sequence[tuple[str, str]],
) -> dict[str, Any]:
    """What takes a turn back; empty where it changed nothing."""
    old = {preference.name: preference for preference in old_preferences}
    new = {preference.name: preference for preference in new_preferences}
    changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    question = {name: _plain(getattr(before, name)) for name in QUESTION_FIELDS}
    has_moved = question != {name: _plain(getattr(after, name)) for name in QUESTION_FIELDS}
    if not changed and not events and not has_moved:
        return {}
    return {
        "question": question,
        "restored": [asdict(old[name]) for name in changed if name in old],
        "removed": [name for name in changed if name not in old],
        "events": [list(event) for event in events],
    }


def take_back(shop: Foretaste, turn: ChatTurn) -> bool:
    """Restore what was before the last change. → False where an event of a visitor stays."""
    undo, tools = turn.state.undo, turn.tools
    restored = [Preference(**preference) for preference in undo["restored"]]
    if restored or undo["removed"]:
        shop.store.put_preferences(tools.user, tools.session, restored, undo["removed"])
    question = dict(undo["question"])
    lists = {name: tuple(question.get(name, ())) for name in ("items", "rules")}
    turn.state = replace(turn.state, **(question | lists))
    if undo["events"] and tools.user is None:
        return False
    for item, event_type in undo["events"]:
        shop.take_back(str(tools.user), item, event_type)
    return True


def _plain(value: Any) -> Any:
    """As JSON has it."""
    return (
        list(value)
        if isinstance(value, tuple)
        else dict(value)
        if isinstance(value, Mapping)
        else value
    )

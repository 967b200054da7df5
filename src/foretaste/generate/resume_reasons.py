"""How far somebody got with an item, in. The sentence that says so, out."""

from foretaste.domain.reason import Reason
from foretaste.generate.list_evidence import ListEvidence

RESUME_EXPERT = "resume"
"""Names what these reasons come from."""


def stopped_reason(share: float, evidence: ListEvidence) -> Reason | None:
    """You stopped at 42 %. None of what was hardly begun. share: from 0 to 1."""
    percent = min(round(100 * share), 99)
    if percent < 1:
        return None
    messages = evidence.messages
    text = messages.text("You stopped at {number} %", number=messages.number(percent))
    return Reason(text, expert=RESUME_EXPERT)


def next_part_reason(previous_id: str, evidence: ListEvidence) -> Reason:
    """What comes after the part that was finished."""
    messages, title = evidence.messages, evidence.title(previous_id)
    if title is None:
        return Reason(messages.text("The next part"), expert=RESUME_EXPERT)
    text = messages.text("Next after {event}", event=title)
    return Reason(
        text, expert=RESUME_EXPERT, event=previous_id, names=(title,), events=(previous_id,)
    )

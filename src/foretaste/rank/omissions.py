"""A question and its list in; what was asked for by name and is not in the list, with why, out.

These are the items of a list that was to be put in order, and the pins of places of this page.
"""

from collections.abc import Callable, Iterator

from foretaste.domain.data import LeftOut
from foretaste.rank.filters import WHY, Question, left_out
from foretaste.rank.rules import Pin, rules
from foretaste.rank.slate import Choice

UNKNOWN = "there is no such item"
RULED = "a rule leaves it out"
NOT_A_CANDIDATE = "it is not in the list that was to be put in order"
PLACE_TAKEN = "another rule pins an item to its place"
KEPT_APART = "the operator's policy keeps it apart from another item of this list"
WITHDRAWN = "it was changed just now and is not on offer"


def omissions(question: Question, choice: Choice) -> tuple[LeftOut, ...]:
    """Each item once, in the order in which they were named."""
    ids = question.index.catalogue.ids
    # what an earlier page shows is not missing
    shown_ids = {*(ids[item] for item in choice.items.tolist()), *question.earlier}
    ordering = question.request.candidates is not None
    candidates = dict.fromkeys(question.request.candidates or ())
    pins = [pin for pin in _pins(question) if pin.pin not in shown_ids]
    why = dict.fromkeys([item for item in candidates if item not in shown_ids], RULED)
    if not why and not pins:
        return ()
    filter_reason = _filter_reason(question)
    for item in why:
        why[item] = filter_reason(item) or RULED
    for pin in pins:
        if pin.pin not in why:
            other_reason = NOT_A_CANDIDATE if ordering else _displaced(question, pin)
            why[pin.pin] = filter_reason(pin.pin) or other_reason
    return tuple(LeftOut(item, reason) for item, reason in why.items())


def _pins(question: Question) -> Iterator[Pin]:
    """Those whose place is on this page."""
    before = len(question.earlier)
    for rule in rules(question.request.rules):
        if isinstance(rule, Pin) and before < rule.at <= before + question.request.n:
            yield rule


def _filter_reason(question: Question) -> Callable[[str], str | None]:
    """Item → which filter leaves it out; None where none does."""
    masks = {reason: left_out(question, [rule]) for rule, reason in WHY.items()}

    def reason_for(item: str) -> str | None:
        place = question.index.catalogue.index.get(item)
        if place is None:
            return UNKNOWN
        return next((reason for reason, mask in masks.items() if mask[place]), None)

    return reason_for


def _displaced(question: Question, pin: Pin) -> str:
    """What keeps a pin from its place that no filter leaves out."""
    at_its_place = [other.pin for other in _pins(question) if other.at == pin.at]
    if at_its_place[0] != pin.pin:
        return PLACE_TAKEN
    place = question.index.catalogue.index[pin.pin]
    pairs = () if question.policy is None else question.policy.pairs(question.index)
    kept_apart = any(these[place] or those[place] for these, those in pairs)
    return KEPT_APART if kept_apart else WITHDRAWN

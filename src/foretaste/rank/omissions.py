"""A question and its list in; what was asked for by name and is not in the list, with why, out.

These are the items of a list that was to be put in order, and the pins of places of this page.
"""

from collections.abc import Callable, Iterator

from foretaste.domain.data import OmittedItem
from foretaste.rank.filters import FILTER_REASONS, FilterContext, excluded_items
from foretaste.rank.rules import PinRule, parse_rules
from foretaste.rank.slate import Slate

UNKNOWN_ITEM = "there is no such item"
EXCLUDED_BY_RULE = "a rule leaves it out"
NOT_A_CANDIDATE = "it is not in the list that was to be put in order"
POSITION_TAKEN = "another rule pins an item to its place"
KEPT_APART = "the operator's policy keeps it apart from another item of this list"
WITHDRAWN = "it was changed just now and is not on offer"
REASONS_OF_CANDIDATES = (UNKNOWN_ITEM, EXCLUDED_BY_RULE)
"""Why, besides `FILTER_REASONS`, an item of a list to be put in order may be missing."""
REASONS_OF_PINS = (POSITION_TAKEN, KEPT_APART, NOT_A_CANDIDATE, WITHDRAWN)
"""Why, besides `FILTER_REASONS`, a pin may be missing."""


def explain_omissions(filter_context: FilterContext, slate: Slate) -> tuple[OmittedItem, ...]:
    """Each item once, in the order in which they were named."""
    ids = filter_context.index.catalogue.ids
    # what an earlier page shows is not missing
    shown_ids = {*(ids[item] for item in slate.items.tolist()), *filter_context.earlier_item_ids}
    ordering = filter_context.request.candidates is not None
    candidates = dict.fromkeys(filter_context.request.candidates or ())
    pins = [pin for pin in _pins_on_page(filter_context) if pin.pin not in shown_ids]
    reason_by_item = dict.fromkeys(
        [item for item in candidates if item not in shown_ids], EXCLUDED_BY_RULE
    )
    if not reason_by_item and not pins:
        return ()
    filter_reason = _filter_reason(filter_context)
    for item in reason_by_item:
        reason_by_item[item] = filter_reason(item) or EXCLUDED_BY_RULE
    for pin in pins:
        if pin.pin not in reason_by_item:
            other_reason = (
                NOT_A_CANDIDATE if ordering else _displacement_reason(filter_context, pin)
            )
            reason_by_item[pin.pin] = filter_reason(pin.pin) or other_reason
    return tuple(OmittedItem(item, reason) for item, reason in reason_by_item.items())


def _pins_on_page(filter_context: FilterContext) -> Iterator[PinRule]:
    """Those whose place is on this page."""
    earlier_count = len(filter_context.earlier_item_ids)
    for rule in parse_rules(filter_context.request.rules):
        if (
            isinstance(rule, PinRule)
            and earlier_count < rule.at <= earlier_count + filter_context.request.n
        ):
            yield rule


def _filter_reason(filter_context: FilterContext) -> Callable[[str], str | None]:
    """Item → which filter leaves it out; None where none does."""
    masks = {
        reason: excluded_items(filter_context, [rule]) for rule, reason in FILTER_REASONS.items()
    }

    def reason_for(item: str) -> str | None:
        item_index = filter_context.index.catalogue.index.get(item)
        if item_index is None:
            return UNKNOWN_ITEM
        return next((reason for reason, mask in masks.items() if mask[item_index]), None)

    return reason_for


def _displacement_reason(filter_context: FilterContext, pin: PinRule) -> str:
    """What keeps a pin from its place that no filter leaves out."""
    pins_at_position = [
        other_pin.pin for other_pin in _pins_on_page(filter_context) if other_pin.at == pin.at
    ]
    if pins_at_position[0] != pin.pin:
        return POSITION_TAKEN
    item_index = filter_context.index.catalogue.index[pin.pin]
    pairs = (
        ()
        if filter_context.policy is None
        else filter_context.policy.exclusive_pairs(filter_context.index)
    )
    kept_apart = any(
        first_mask[item_index] or second_mask[item_index] for first_mask, second_mask in pairs
    )
    return KEPT_APART if kept_apart else WITHDRAWN

"""Why a list is empty or short: counts in, a sentence in the language of the request out."""

from collections.abc import Sequence
from dataclasses import replace

from foretaste.domain.request import Shortfall, ShortfallCount
from foretaste.generate.messages import Messages

NO_ITEMS = "there are no items yet; import them, or send them to /v1/items"
NOTHING = "nothing can be shown"
SHOWN_COUNT = "{shown} of the {requested} asked for"
FILLED = "filled up with {filled} of these"


def shortfall_in_words(shortfall: Shortfall, messages: Messages) -> Shortfall:
    """With its reason and those of its counts as sentences; the counts name theirs in English."""
    counts = tuple(
        count._replace(reason=messages.plural(count.reason, count.reason, count.items))
        for count in shortfall.counts
    )
    return replace(shortfall, reason=_sentence(shortfall, counts, messages), counts=counts)


def _sentence(shortfall: Shortfall, counts: Sequence[ShortfallCount], messages: Messages) -> str:
    if not shortfall.catalogue:
        return messages.text(NO_ITEMS)
    own, number = shortfall.shown - shortfall.filled, messages.number
    begin = (
        messages.text(SHOWN_COUNT, shown=number(own), requested=number(shortfall.requested))
        if own
        else messages.text(NOTHING)
    )
    parts = [
        messages.plural("{count} is {reason}", "{count} are {reason}", count.items, reason=reason)
        for count in counts
        for reason in (count.reason,)
    ]
    sentence = messages.plural(
        "{begin}: of {count} item, {parts}",
        "{begin}: of the {count} items, {parts}",
        shortfall.catalogue,
        begin=begin,
        parts=", ".join(parts),
    )
    if not shortfall.filled:
        return sentence
    return f"{sentence}; {messages.text(FILLED, filled=number(shortfall.filled))}"

"""The lists of many people in; what is wrong with them, in words for whoever runs the shop, out.

A figure like NDCG says how often the lists hold what was taken next. It does not say that everybody
is shown the same ten items, or that nothing in a list was ever bought. Each check here looks for
one such fault. A new check is a function and a line in `CHECKS`.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass

from foretaste.display.words import expert_with_setting, plain_expert, plain_feature
from foretaste.domain.words import plain_column
from foretaste.evaluate.shown_lists import (
    HARDLY_TAKEN_EVENTS,
    ListSample,
    compared_positions,
    deciding_column,
    hardly_taken_share,
    overlap,
    sole_cause,
    tied_share,
    values_shown,
)

SAME_LIST_OVERLAP = 0.8
"""Share of the first places that two people's lists have in common, from which on they are the same
for everybody. What is popular, less what each person has, comes near it where histories are short.
"""
MAX_TIED_SHARE = 0.5
"""Share of places that stand in a tie, from which on the order of a list is mostly chance."""
MAX_ONE_REASON_SHARE = 0.8
"""Share of the places with the same only reason, from which on there is one reason for all."""
MAX_HARDLY_TAKEN_ODDS, HARDLY_TAKEN_MARGIN = 2.5, 0.05
"""How many times the odds with which people take them hardly taken items may be shown with, and a
share of the places that is let pass in any case, half a place of ten: two samples differ."""
MAX_SHORT_LIST_SHARE = 0.05
"""Share of people with next to nothing in their list that is let pass: some took nearly all."""
MAX_COLUMN_SHARE = 0.8
"""Share of the places decided by one column of attributes, from which on that dominates."""
MAX_VALUE_SHARE, MAX_VALUE_RATIO = 0.5, 2.5
"""Share of the places from which on one value fills most, and how many times its share among what
people take that must be: what is popular is less varied than what people take."""
MIN_SAMPLE_SIZE = 20
"""People without whom nothing is said of what their lists have in common; and measured events
without which no expert is called better for certain."""
BLOCKING_CODES = frozenset({"same-list", "tied-scores", "one-reason", "below-expert"})
"""Codes for which a model is not promoted in the place of one that does not have them."""


MIN_MEASURED_EVENTS = 100
"""Measured events without which it is not said that they show nothing."""
MAX_REPEAT_SHARE = 0.2
"""Share of repeats from which on they are what many people come for."""


@dataclass(frozen=True, slots=True)
class ListWarning:
    """Something wrong with the lists, and what to do."""

    code: str
    """Names it for programs."""
    message: str
    remedy: str

    def summary(self) -> dict[str, str]:
        """What JSON can hold."""
        return asdict(self)


def check_lists(sample: ListSample) -> tuple[ListWarning, ...]:
    """What is wrong with the lists, the worst first."""
    user_count = sum(row.history > 0 for row in sample.lists)
    warnings = [check(sample) for check, min_users in CHECKS if user_count >= min_users]
    return tuple(warning for warning in warnings if warning is not None)


def empty_lists(sample: ListSample) -> ListWarning | None:
    """People with an empty list, or less than half of what there could be."""
    minimum = max(min(sample.length, sample.showable) // 2, 1)
    short = [row for row in sample.lists if len(row.items) < minimum]
    if len(short) > MAX_SHORT_LIST_SHARE * len(sample.lists):
        affected_users = f"{len(short):,} of {len(sample.lists):,} people"
    elif any(not row.history for row in short):
        affected_users = "A person who comes for the first time"
    else:
        return None
    empty = sum(not row.items for row in short)
    took_most = sum(row.history > sample.showable / 2 for row in short) > len(short) / 2
    return ListWarning(
        "empty-lists",
        f"{affected_users} would get fewer than {minimum} of {sample.length} items; {empty:,} "
        "lists are "
        "empty.",
        "They took most of what there is: set rank.hide_seen = false to show it again."
        if took_most
        else f"{sample.showable:,} items may be shown: see whether too many are hidden or past "
        "available_until, and what [rank.policy] keeps back.",
    )


def better_expert(sample: ListSample) -> ListWarning | None:
    """The product is worse than one of its experts, for certain."""
    measured = sample.measured
    if measured is None or measured.cases < MIN_SAMPLE_SIZE or measured.margin.high >= 0:
        return None
    mean, low, high = measured.margin
    return ListWarning(
        "below-expert",
        f"{expert_with_setting(measured.expert)} alone is better than all experts together, on "
        f"events kept from both: they are {mean:+.4f} [{low:+.4f}, {high:+.4f}] beside it in "
        "NDCG@10.",
        "Run 'foretaste evaluate' to see each, and name the good ones in model.experts.",
    )


def weak_data(sample: ListSample) -> ListWarning | None:
    """As far as can be told, one list of what is popular is as good for everybody."""
    measured = sample.measured
    if (
        measured is None
        or measured.margin_over_popularity is None
        or measured.cases < MIN_MEASURED_EVENTS
    ):
        return None
    if measured.margin_over_popularity.low > 0:
        return None
    return ListWarning(
        "weak-data",
        f"On {measured.cases:,} events that the model had not seen, its lists were not better for "
        "certain than one list of what is popular: these data say little of what one person wants.",
        "Call the lists what is popular for now. More events for each person help, and titles, "
        "texts and attributes of the items.",
    )


def hidden_repeats(sample: ListSample) -> ListWarning | None:
    """People take the same again, and lists leave it out."""
    share = sample.hidden_repeats
    if share is None or share < MAX_REPEAT_SHARE:
        return None
    return ListWarning(
        "hidden-repeats",
        f"{share:.0%} of what people chose lately they had chosen before, and lists leave out what "
        "somebody chose (rank.hide_seen = true).",
        "Where people want the same again, as with groceries and music, set "
        "rank.hide_seen = false and train again.",
    )


def same_list(sample: ListSample) -> ListWarning | None:
    """Everybody is shown the same."""
    compared_count = compared_positions(sample.showable)
    share = overlap(sample.lists, compared_count)
    if share < SAME_LIST_OVERLAP:
        return None
    first = "item" if compared_count == 1 else f"{compared_count} items"
    return ListWarning(
        "same-list",
        f"Nearly everybody is shown the same: of the first {first} of two people {share:.0%} are "
        "in common.",
        "The events say too little of who wants what. See in 'foretaste report' that they name "
        "people and that most have several; until then call the list what is popular.",
    )


def tied_scores(sample: ListSample) -> ListWarning | None:
    """The order of the lists is chance."""
    share = tied_share(sample.lists)
    if share < MAX_TIED_SHARE:
        return None
    return ListWarning(
        "tied-scores",
        f"{share:.0%} of the places have the score of another place in the same list: their order "
        "is chance.",
        "The model cannot tell these items apart. Give them texts and attributes, or import more "
        "events, and train again.",
    )


def one_reason(sample: ListSample) -> ListWarning | None:
    """Everything is shown for one reason that has nothing to do with the person."""
    lists = [row for row in sample.lists if row.history]  # of a stranger nothing else is known
    item_causes = [(item, sole_cause(item)) for row in lists for item in row.items]
    counts = Counter(cause for _, cause in item_causes if cause is not None)
    if not counts or counts.most_common(1)[0][1] < MAX_ONE_REASON_SHARE * len(item_causes):
        return None
    cause, count = counts.most_common(1)[0]
    words = Counter(
        item.reason[0] for item, item_cause in item_causes if item_cause == cause and item.reason
    )
    reason, said_count = words.most_common(1)[0] if words else ("", 0)
    if said_count < count / 2:  # most of them say nothing, or something else
        reason = plain_feature(cause[2]) or plain_expert(cause[0])
    return ListWarning(
        "one-reason",
        f"{count / len(item_causes):.0%} of what is shown has one and the same reason, whoever "
        "asks: "
        f"“{reason}”.",
        "Nothing that a person did counts. See in 'foretaste report' that events name people, and "
        "in 'foretaste evaluate' how each expert does.",
    )


def hardly_taken_items(sample: ListSample) -> ListWarning | None:
    """Items that hardly anybody took are shown much more often than people take such items."""
    usual, share = sample.usual_hardly_taken_share, hardly_taken_share(sample)
    if usual is None or share <= usual + HARDLY_TAKEN_MARGIN:
        return None
    if share * (1 - usual) <= MAX_HARDLY_TAKEN_ODDS * usual * (1 - share):
        return None
    return ListWarning(
        "hardly-taken",
        f"{share:.0%} of what is shown was chosen at most {HARDLY_TAKEN_EVENTS} times so far; of "
        f"what people really choose next it is {usual:.0%}.",
        "The lists are full of items of which next to nothing is known. See that all events are "
        "imported and reach back far enough (model.popularity.half_life_days).",
    )


def one_attribute(sample: ListSample) -> ListWarning | None:
    """One column, or one value of it, decides what is shown."""
    item_count = len(sample.shown_items)
    deciding = map(deciding_column, sample.shown_items)
    columns = Counter(column for column in deciding if column is not None)
    for column, count in columns.most_common(1):
        if count >= MAX_COLUMN_SHARE * item_count:
            share = (
                f"“{plain_column(column)}” alone decides {count / item_count:.0%} of what is shown."
            )
            return _one_attribute_warning(column, share)
    for column, value, shown_share, taken_share in values_shown(sample):
        if shown_share >= MAX_VALUE_SHARE and shown_share > MAX_VALUE_RATIO * taken_share:
            share = (
                f"{shown_share:.0%} of what is shown has {plain_column(column)} “{value}”; of "
                "what people take it "
            )
            return _one_attribute_warning(column, f"{share}is {taken_share:.0%}.")
    return None


def _one_attribute_warning(column: str, message: str) -> ListWarning:
    return ListWarning(
        "one-attribute",
        message,
        f"If people do not choose by {plain_column(column)}, leave it out: name the other "
        "columns in model.attribute.columns.",
    )


def weights_fallback(sample: ListSample) -> ListWarning | None:
    """The fitted exponents were given up for plainer ones."""
    if sample.measured is None or not sample.measured.fallback:
        return None
    return ListWarning(
        "fallback",
        f"The model is plainer than it could be: {sample.measured.fallback}.",
        "The lists can be used. With more events the next training may do without.",
    )


def too_few_people(sample: ListSample) -> ListWarning | None:
    """Too few lists to say what is alike between them."""
    user_count = sum(row.history > 0 for row in sample.lists)
    if user_count >= MIN_SAMPLE_SIZE:
        return None
    return ListWarning(
        "too-few-people",
        f"{user_count:,} people have a history: too few people to judge the lists by.",
        f"Look at them with 'foretaste recommend'; with {MIN_SAMPLE_SIZE} people they are checked.",
    )


Check = Callable[[ListSample], ListWarning | None]
CHECKS: tuple[tuple[Check, int], ...] = (
    (empty_lists, 0),
    (better_expert, 0),
    (weak_data, 0),
    (hidden_repeats, 0),
    (same_list, MIN_SAMPLE_SIZE),
    (tied_scores, MIN_SAMPLE_SIZE),
    (one_reason, MIN_SAMPLE_SIZE),
    (hardly_taken_items, MIN_SAMPLE_SIZE),
    (one_attribute, MIN_SAMPLE_SIZE),
    (weights_fallback, 0),
    (too_few_people, 0),
)
"""What to look for, the worst first, and the people it takes to tell."""

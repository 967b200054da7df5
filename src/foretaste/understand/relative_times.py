"""Times as people say them in, the days that they are out: “last week”, “from the last two years”.

What a calendar has a name for is the whole of it: last week is from Monday to Sunday, last month
from its first day to its last. “The last two weeks” end today. A month without a year is the last
one of that name.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from dateutil.relativedelta import MO, relativedelta

from foretaste.understand.clauses import CHILDREN_TOKEN
from foretaste.understand.grammar import BOUNDARY, Grammar
from foretaste.understand.grammar_patterns import TIME_UNITS
from foretaste.understand.numbers import Bound, negation_before, parse_amount

DAYS_PER_WEEK = 7
MAX_AMOUNT = 1000


@dataclass(frozen=True, slots=True)
class _Span:
    """Days of the calendar; None where it goes on."""

    first: date | None
    last: date | None


def extract_times(
    text: str, grammar: Grammar, today: date, *, has_days: bool
) -> tuple[str, tuple[Bound, ...]]:
    """(the text without them, the bounds that they are)

    has_days: whether the items have days, and not years alone; without them “this weekend” says
    when something is wanted, and only “from last week” what.
    """
    bounds: list[Bound] = []
    for name, pattern in grammar.time_patterns:
        kind = name.partition(".")[0]

        def take_out(hit: "re.Match[str]", kind: str = kind) -> str:
            negation = negation_before(hit.string[: hit.start()], grammar)
            is_marked = bool(hit["since"] or hit["of"]) or kind in AMOUNT_KINDS
            if not is_marked and (not has_days or negation is not None):
                return hit[0]
            span = _span(kind, hit, grammar, today)
            if span is None:
                return hit[0]
            if hit["since"]:
                span = replace(span, last=None)
            if negation != "of something":
                bound = Bound("year", first_day=span.first, last_day=span.last)
                bounds.append(replace(bound, is_negated=negation == "of the number"))
            return BOUNDARY

        text = pattern.sub(take_out, text)
    return text, _united(bounds)


def _united(bounds: list[Bound]) -> tuple[Bound, ...]:
    """ "Last month or this month" is from the first day of the one to the last of the other."""
    spans = [bound for bound in bounds if bound.first_day and not bound.is_negated]
    if len(spans) < 2:
        return tuple(bounds)
    first_day = min(bound.first_day for bound in spans if bound.first_day)
    last_days = [bound.last_day for bound in spans]
    last_day = None if None in last_days else max(day for day in last_days if day)
    other_bounds = (bound for bound in bounds if bound not in spans)
    return (*other_bounds, replace(spans[0], first_day=first_day, last_day=last_day))


def _span(kind: str, hit: "re.Match[str]", grammar: Grammar, today: date) -> _Span | None:
    """The days that a pattern found; None where it is no time."""
    if kind in AMOUNT_KINDS:
        return _span_of_amount(kind, hit, grammar, today)
    if kind in ("month", "month_before"):
        first = date(today.year, grammar.months[hit["month"]], 1)
        first = first if first <= today else first - relativedelta(years=1)
        last = first + relativedelta(months=1, days=-1)
        return _Span(None, first - timedelta(1)) if kind == "month_before" else _Span(first, last)
    if kind == "date":
        return _date(hit, grammar, today)
    if kind == "weekday":
        ago = (today.weekday() - grammar.weekdays[hit["weekday"]]) % DAYS_PER_WEEK or DAYS_PER_WEEK
        return _Span(today - timedelta(ago), today - timedelta(ago))
    if kind in DAYS_AGO:
        day = today - timedelta(DAYS_AGO[kind])
        return _Span(day, day)
    unit = _unit(hit)
    begin = BEGINNINGS[unit](today)
    if kind == "this":
        return _Span(begin, None)
    return _Span(begin - relativedelta(**{f"{unit}s": 1}), begin - timedelta(1))


def _date(hit: "re.Match[str]", grammar: Grammar, today: date) -> _Span | None:
    """A day by its number and its month, the last one of the name where no year is said."""
    text, year = hit["day_number"], hit["date_year"]
    number = grammar.day_words.get(text) or int(text)
    try:
        day = date(int(year or today.year), grammar.months[hit["month"]], number)
    except ValueError:
        return None
    if not year and day > today:
        day -= relativedelta(years=1)
    return _Span(day, day)


def _span_of_amount(kind: str, hit: "re.Match[str]", grammar: Grammar, today: date) -> _Span | None:
    """From so many weeks ago, or until then."""
    text = hit.groupdict().get("n") or "1"
    amount = 1.0 if text in grammar.ones else parse_amount(text, grammar)
    is_age = CHILDREN_TOKEN in hit.string and bool(hit["year"])
    if amount is None or not 1 <= amount <= MAX_AMOUNT or is_age:
        return None
    day = today - relativedelta(**{f"{_unit(hit)}s": int(amount)})
    return _Span(None, day - timedelta(1)) if kind == "older" else _Span(day, None)


def _unit(hit: "re.Match[str]") -> str:
    return next(unit for unit in TIME_UNITS if hit[unit])


AMOUNT_KINDS = ("rolling", "past", "since_ago", "newer", "older")
DAYS_AGO: Mapping[str, int] = {"today": 0, "yesterday": 1, "before_yesterday": 2}
BEGINNINGS: Mapping[str, Callable[[date], date]] = {
    "day": lambda today: today,
    "week": lambda today: today + relativedelta(weekday=MO(-1)),
    "month": lambda today: today.replace(day=1),
    "year": lambda today: today.replace(month=1, day=1),
}
"""The first day of the one that today is in."""

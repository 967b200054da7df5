"""In: a column of times or dates. Out: seconds since 1970 UTC, by one rule for the column.

The whole column tells whether dates begin with the day or the month, and what numbers count. What
it does not tell is refused, with the setting that does.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

from foretaste.behaviour.reading.column import ColumnReading, read_column
from foretaste.behaviour.reading.locales import LOCALE_SETTING, DateOrder, date_order
from foretaste.behaviour.reading.moments import (
    EXCEL_EPOCH,
    MIN_PLAUSIBLE_SECONDS,
    SECONDS_PER_DAY,
    MomentParser,
    match_numbers,
    order_of_numbers,
    zone_of,
)
from foretaste.behaviour.settings import BehaviourSettings, TimeUnit
from foretaste.behaviour.values import CellError, display_text, format_time, is_missing

ORDER_TEXTS: dict[DateOrder | None, str] = {
    "day": "dates, the day first",
    "month": "dates, the month first",
    "year": "dates, the year first",
    None: "dates that could be two",
}
UNIT_HINT = (
    "if they are right, say what the numbers count with --at-unit (or behaviour.at_unit): s, ms, "
    "us, ns, min, h or d since 1970, or excel for the days of a spreadsheet"
)
MAX_ZONE_CELLS = 1_000
"""Times that are looked at for a zone."""
NO_ZONE = "name no time zone and were taken as"
"""In the note of times that name none."""
_FIRST_EXCEL_DAY = 32_874.0  # 1990-01-01
_MAX_YEARS_ON_OFFER = 200


def read_time_column(
    cells: Sequence[Any], field: str, settings: BehaviourSettings, now: float
) -> ColumnReading:
    """field: at, available_from or available_until; now: seconds since 1970.

    A date without a time is the whole day, in `behaviour.timezone`: an item is available until its
    end. `problem` is set where a column cannot be told, or its times cannot be those of events.
    """
    filled = [cell for cell in cells if not is_missing(cell)]
    numbers = [number for cell in filled if (number := _number(cell)) is not None]
    unit = settings.at_unit if field == "at" else None
    warnings: list[str] = []
    if unit is None and numbers and _are_excel_days(numbers, field, now):
        unit = "excel"
        example = MomentParser(field, unit=unit)(numbers[0]) or 0.0
        warnings.append(
            f"times like {numbers[0]:.10g} were read as days of a spreadsheet, "
            f"{format_time(example)}; behaviour.at_unit says otherwise"
        )
    order, is_order_decided, problem = _date_order(filled, settings)
    if field == "at" and problem is None:
        warnings += zone_notes(filled, settings, unit, order)
    parser = time_parser(field, settings, unit=unit, order=order, cells=filled)
    forms = Counter(_form(cell, unit, order) for cell in filled)
    if len(forms) > 1:
        shares = ", ".join(f"{form} ({count:,})" for form, count in forms.most_common())
        warnings.append(f"times are written in several ways, each was read as written: {shares}")
    is_told = settings.at_unit is not None or (unit == "excel" and len(numbers) == len(filled))
    if field == "at" and problem is None and not is_told:
        dates = filled if unit is None else [cell for cell in filled if _number(cell) is None]
        problem = _implausible_problem(dates, field, settings, order, now)
    return read_column(
        cells,
        forms.most_common(1)[0][0] if forms else "no times",
        parser,
        warnings=warnings,
        problem=problem,
        decided=is_order_decided and problem is None,
    )


def zone_notes(
    cells: Sequence[Any],
    settings: BehaviourSettings,
    unit: TimeUnit | None,
    order: DateOrder | None,
) -> list[str]:
    """That times name no zone, where nobody has said which is meant; dates alone are the day."""
    if "timezone" in settings.model_fields_set:
        return []
    by_zone = [
        MomentParser("at", zone=zone, unit=unit, order=order or date_order(settings.locale))
        for zone in (UTC, timezone(timedelta(hours=1)))
    ]
    for cell in cells[:MAX_ZONE_CELLS]:
        try:
            at, other = (parse(cell) for parse in by_zone)
        except CellError:
            continue
        if at is not None and at != other and at % SECONDS_PER_DAY:
            return [
                f"times like {display_text(cell)} {NO_ZONE} {settings.timezone}; "
                "if they are of another, set behaviour.timezone, e.g. Europe/Berlin, and import "
                "again with --replace"
            ]
    return []


def time_parser(
    field: str,
    settings: BehaviourSettings,
    *,
    unit: TimeUnit | None = None,
    order: DateOrder | None = None,
    cells: Sequence[Any] = (),
) -> MomentParser:
    """What reads the times of a field. cells: of the column, to see whether it has only dates."""
    moments = [cell for cell in cells if isinstance(cell, datetime)]
    return MomentParser(
        field,
        zone=zone_of(settings.timezone),
        unit=unit,
        order=order or date_order(settings.locale),
        min_seconds=MIN_PLAUSIBLE_SECONDS if unit is None else None,
        dates_are_days=all(moment.time() == time() for moment in moments),
    )


def _number(cell: Any) -> float | None:
    """The cell as a number, if it is written as one."""
    if isinstance(cell, bool) or not isinstance(cell, str | int | float | Decimal):
        return None
    try:
        return float(cell)
    except (ValueError, OverflowError):
        return None


def _are_excel_days(numbers: Sequence[float], field: str, now: float) -> bool:
    """Whether all are days of a spreadsheet from 1990 on; as seconds all were one day of 1970."""
    last_day = (now - EXCEL_EPOCH.timestamp()) / SECONDS_PER_DAY + 2
    if field != "at":
        last_day += _MAX_YEARS_ON_OFFER * 365
    return all(_FIRST_EXCEL_DAY <= number <= last_day for number in numbers)


def _date_order(
    cells: Sequence[Any], settings: BehaviourSettings
) -> tuple[DateOrder | None, bool, str | None]:
    """(what dates begin with, whether that is decided, why the column cannot be told)."""
    if settings.locale is not None:
        return date_order(settings.locale), True, None
    texts = [cell.strip() for cell in cells if isinstance(cell, str)]
    evidence: Counter[DateOrder | None] = Counter()
    ambiguous = ""
    for text in texts:
        numbers = match_numbers(text)
        if numbers is not None and numbers[1].zfill(2) != numbers[3].zfill(2):
            order = order_of_numbers(numbers)
            evidence[order] += 1
            ambiguous = ambiguous or (text if order is None else "")
    both_orders: tuple[DateOrder, DateOrder] = ("day", "month")
    told_orders = [order for order in both_orders if evidence[order]]
    if len(told_orders) == 1:
        return told_orders[0], True, None
    if not ambiguous or told_orders:  # of two orders none holds for all: each must tell by itself
        return None, True, None
    problem = (
        f"dates like '{display_text(ambiguous)}' could be two, and no date of the column tells "
        f"which number is the month; set {LOCALE_SETTING}"
    )
    return None, False, problem


def _implausible_problem(
    cells: Sequence[Any],
    field: str,
    settings: BehaviourSettings,
    order: DateOrder | None,
    now: float,
) -> str | None:
    """Why these cannot be the times of events: all are of 1970, or lie in the future."""
    parser = MomentParser(field, zone=zone_of(settings.timezone), order=order)
    times, all_numbers, example = [], True, ""
    for cell in cells:
        try:
            at = parser(cell)
        except CellError:
            continue
        if at is not None:
            times.append(at)
            all_numbers = all_numbers and _number(cell) is not None
            example = example or display_text(cell)
    if not times:
        return None
    span = f"from {format_time(min(times))} to {format_time(max(times))} UTC"
    if all_numbers and min(times) >= 0 and max(times) < MIN_PLAUSIBLE_SECONDS:
        return f"all times, like '{example}', would lie in 1970, {span}; {UNIT_HINT}"
    if min(times) > now + SECONDS_PER_DAY:
        remedy = UNIT_HINT if all_numbers else "check the column and the clock of this machine"
        return f"all times, like '{example}', lie beyond tomorrow, {span}; {remedy}"
    return None


def _form(cell: Any, unit: TimeUnit | None, order: DateOrder | None) -> str:
    """How a time is written, in words."""
    number = _number(cell)
    if number is not None:
        return _number_form(abs(number), unit)
    if isinstance(cell, datetime):
        return "times with a zone" if cell.tzinfo else "times"
    if isinstance(cell, date):
        return "dates"
    text = str(cell).strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        numbers = match_numbers(text)
        if numbers is None:
            return "dates in words"
        is_either = numbers[1].zfill(2) == numbers[3].zfill(2)  # 03/03/2024
        own_order = order if is_either and order is not None else order_of_numbers(numbers)
        return ORDER_TEXTS[own_order or order]
    if len(text) <= len("2026-03-01"):
        return "dates of ISO 8601"
    return f"times of ISO 8601 with{'' if moment.tzinfo else 'out'} a zone"


def _number_form(size: float, unit: TimeUnit | None) -> str:
    if unit == "excel":
        return "days of a spreadsheet"
    if unit is not None:
        return f"numbers of {unit} since 1970"
    if 19_000_101 <= size <= 21_001_231:
        return "dates like 20260301"
    if 1.9e13 <= size <= 2.2e13 or 1.9e11 <= size <= 2.2e11:
        return "times like 20260301183000"
    limits = ((1e11, "seconds"), (1e14, "milliseconds"), (1e17, "microseconds"))
    name = next((name for limit, name in limits if size < limit), "nanoseconds")
    return f"{name} since 1970"

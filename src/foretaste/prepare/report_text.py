"""A measured `QualityFigures` in; its plain-text report and its warnings out."""

from datetime import UTC, datetime

from foretaste.prepare.language_text import encoder_advice, language_summary, percent
from foretaste.prepare.quality import QualityFigures


def utc_date(at: float) -> str:
    """The date in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def time_span(quality: QualityFigures) -> str:
    """From when to when."""
    if not quality.events:
        return "no events"
    if quality.order_only:
        return "only an order, no times"
    return f"{utc_date(quality.first_time)} to {utc_date(quality.last_time)}"


def with_count(n: int, noun: str, plural: str = "") -> str:
    """`1 item`, `1,200 items`."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def rejected_counts(quality: QualityFigures) -> dict[str, int]:
    """Problem → rows the readers refused, the most frequent first.

    A reader names the first rejects alone; what it only counted is under "not named".
    """
    counts_by_problem: dict[str, int] = {}
    for import_result in quality.imports:
        for reject in import_result.rejects:
            counts_by_problem[reject.problem] = counts_by_problem.get(reject.problem, 0) + 1
        unnamed = import_result.rejected - len(import_result.rejects)
        if unnamed > 0:
            counts_by_problem["not named here"] = (
                counts_by_problem.get("not named here", 0) + unnamed
            )
    return dict(sorted(counts_by_problem.items(), key=lambda pair: -pair[1]))


def left_out_lines(quality: QualityFigures) -> list[str]:
    """What is in the store and not in the histories, a line a reason."""
    load_report = quality.gathering
    lines = []
    if load_report.weightless:
        lines.append(
            f"{with_count(load_report.weightless, 'event')} that weigh nothing (impressions)"
        )
    if load_report.unknown_item:
        lines.append(
            f"{with_count(load_report.unknown_item, 'event')} with items not in the catalogue"
        )
    if load_report.charges:
        lines.append(f"{with_count(load_report.charges, 'event')} of charges such as postage")
    if load_report.returned:
        lines.append(
            f"{with_count(load_report.returned, 'event')}: purchases that came back, and returns"
        )
    if load_report.empty:
        lines.append(f"{with_count(load_report.empty, 'event')} with neither item nor words")
    lines += [
        f"{with_count(n, 'event')} of unknown event type '{event_type}'"
        for event_type, n in load_report.unknown_event_types.items()
    ]
    return lines + quality.cleaning.summary_lines()


def quality_warnings(quality: QualityFigures) -> list[str]:
    """What will hurt, in words, the worst first."""
    if not quality.positive_events or not quality.items:
        return ["Nothing was taken: there is nothing to learn from. Import items and events first."]
    return [*_row_warnings(quality), *_item_warnings(quality), *_event_warnings(quality)]


def _row_warnings(quality: QualityFigures) -> list[str]:
    messages = []
    refused = sum(import_result.rejected for import_result in quality.imports)
    read = sum(done.read for done in quality.imports)
    if refused:
        files = sorted({done.rejects_file for done in quality.imports if done.rejects_file})
        files_hint = f"; they are in {', '.join(files)}" if files else ""
        messages.append(f"{refused:,} of {with_count(read, 'row')} read were rejected{files_hint}.")
    messages += [f"{done.file}: {warning}" for done in quality.imports for warning in done.warnings]
    load_report = quality.gathering
    if load_report.unknown_item:
        messages.append(
            f"{with_count(load_report.unknown_item, 'event')} "
            f"({percent(load_report.unknown_item / load_report.read)}) name items "
            "that are not in the catalogue and teach nothing: import those items."
        )
    for event_type, n in load_report.unknown_event_types.items():
        messages.append(
            f"{with_count(n, 'event')} of type '{event_type}' are left out: give the type a "
            "weight under [behaviour.event_weights]."
        )
    if quality.cleaning.bots:
        messages.append(
            f"{with_count(quality.cleaning.bots, 'bot')}, users with more events on a day than a "
            "person can have, left out."
        )
    return messages


def _item_warnings(quality: QualityFigures) -> list[str]:
    messages = []
    if quality.no_text:
        messages.append(
            f"{percent(quality.no_text / quality.items)} of items have no text: new ones among "
            "them cannot be "
            "recommended before they have events."
        )
    if quality.silent:
        messages.append(
            f"{with_count(quality.silent, 'item')} {'has' if quality.silent == 1 else 'have'} "
            "neither text nor events and cannot be recommended."
        )
    if quality.no_events / quality.items > 0.2:
        messages.append(
            f"{percent(quality.no_events / quality.items)} of items have no events: their text "
            "alone speaks "
            "for them."
        )
    messages += [
        f"{column} is missing in {percent(share)} of items: nothing can be told of them by it."
        for column, share in quality.missing.items()
        if share > 0.2 and column != "title"
    ]
    if advice := encoder_advice(quality.languages):
        messages.append(advice)
    return messages


def _event_warnings(quality: QualityFigures) -> list[str]:
    messages = []
    if quality.order_only:
        messages.append(
            "The times are only an order: no split by time, no ageing of popularity, and bots "
            "cannot be told."
        )
    if quality.positive_events < 1_000:
        messages.append(
            f"{with_count(quality.positive_events, 'interaction')} in all: too few to train on; "
            "expect little."
        )
    short_history_share = float((quality.lengths < 3).mean())
    if short_history_share > 0.5:
        messages.append(
            f"{percent(short_history_share)} of users consumed fewer than 3 items: a sequence has "
            "little to go on, "
            "and they are not tested by leave-one-out."
        )
    if quality.tail.top_1_percent > 0.4:
        messages.append(
            f"{percent(quality.tail.top_1_percent)} of interactions fall on 1 % of the items: "
            "popularity "
            "will look good in every figure, and the rest of the catalogue is learned from little."
        )
    if quality.tied_ends > 0.1 and not quality.order_only:
        messages.append(
            f"The last two items of {percent(quality.tied_ends)} of users have the same time: the "
            "order of ties decides what leave-one-out tests."
        )
    return messages


def render_text(quality: QualityFigures) -> str:
    """The report for a terminal."""
    shortest, tenth, quarter, median, upper, ninth, top, longest = quality.quantiles()
    users_text = f"{quality.users:,}" + (
        f" ({quality.sessions:,} anonymous sessions)" if quality.sessions else ""
    )
    rows = [
        ("users", users_text),
        ("items", f"{quality.items:,}"),
        (
            "events",
            f"{quality.events:,}: "
            f"{', '.join(f'{n:,} {k}' for k, n in quality.event_type_counts.items())}",
        ),
        (
            "",
            _interest_text(quality),
        ),
        (
            "words",
            f"{with_count(quality.searches, 'search', 'searches')}, "
            f"{with_count(quality.reviews, 'review')}",
        ),
        ("time", time_span(quality)),
        ("density", f"{percent(quality.density)} of all pairs of user and item"),
        ("repeats", f"{percent(quality.repeats)} of interactions are with an item consumed before"),
        ("history", f"median {median} items, middle half {quarter} to {upper},"),
        ("", f"shortest {shortest}, tenth {tenth}, 90th {ninth}, 99th {top}, longest {longest}"),
        (
            "long tail",
            f"top 1 % of items have {percent(quality.tail.top_1_percent)} of interactions, "
            f"top 10 % {percent(quality.tail.top_10_percent)}; Gini {quality.tail.gini:.2f}",
        ),
        (
            "no text",
            f"{with_count(quality.no_text, 'item')} "
            f"({percent(quality.no_text / max(quality.items, 1))})",
        ),
        (
            "no events",
            f"{with_count(quality.no_events, 'item')} "
            f"({percent(quality.no_events / max(quality.items, 1))})",
        ),
        (
            "missing",
            ", ".join(f"{k} {percent(v)}" for k, v in quality.missing.items()) or "nothing",
        ),
        ("languages", language_summary(quality.languages)),
    ]
    rows += _labelled_lines("left out", left_out_lines(quality) or ["nothing"])
    problems = [
        f"{with_count(n, 'row')}: {problem}" for problem, n in rejected_counts(quality).items()
    ]
    rows += _labelled_lines("rejected", problems or ["no row"])
    rows += _labelled_lines(
        "warnings", [f"! {warning}" for warning in quality_warnings(quality)] or ["none"]
    )
    return "\n".join(["Data quality", *(f"  {name:<10} {row_text}" for name, row_text in rows)])


def _interest_text(quality: QualityFigures) -> str:
    """How many events speak for an item, and how many against one."""
    interest, refusals = quality.positive_events, quality.negative_events
    if not refusals:
        return f"{interest:,} show interest in an item, none a refusal"
    return f"{interest:,} show interest in an item, {with_count(refusals, 'refusal')}"


def _labelled_lines(name: str, lines: list[str], max_lines: int = 12) -> list[tuple[str, str]]:
    """A name beside the first of several lines."""
    if len(lines) > max_lines:
        lines = [*lines[:max_lines], f"and {len(lines) - max_lines:,} more"]
    return list(zip([name, *[""] * (len(lines) - 1)], lines, strict=True))

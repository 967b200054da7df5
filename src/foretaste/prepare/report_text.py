"""A measured `QualityFigures` in; its plain-text report and its warnings out."""

from datetime import UTC, datetime

from foretaste.prepare.quality import QualityFigures

LANGUAGES = {
    "ar": "Arabic",
    "da": "Danish",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "sv": "Swedish",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "zh": "Chinese",
    "": "too short to tell",
}


def percent(share: float) -> str:
    """`38 %`; finer at both ends, so that a little is not nothing and nearly all is not all."""
    if 0.0995 <= share < 0.9951 or share in (0, 1):
        return f"{share * 100:.0f} %"
    return f"{share * 100:.{'1f' if share > 0.5 else '2g'}} %"


def day(at: float) -> str:
    """The date in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def language(code: str) -> str:
    """A language code in words where we have them."""
    return LANGUAGES.get(code, code)


def span(q: QualityFigures) -> str:
    """From when to when."""
    if not q.events:
        return "no events"
    if q.order_only:
        return "only an order, no times"
    return f"{day(q.first)} to {day(q.last)}"


def counted(n: int, noun: str, plural: str = "") -> str:
    """`1 item`, `1,200 items`."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def rejected(q: QualityFigures) -> dict[str, int]:
    """Problem → rows the readers refused, the most frequent first.

    A reader names the first rejects alone; what it only counted is under "not named".
    """
    found: dict[str, int] = {}
    for done in q.imports:
        for reject in done.rejects:
            found[reject.problem] = found.get(reject.problem, 0) + 1
        unnamed = done.rejected - len(done.rejects)
        if unnamed > 0:
            found["not named here"] = found.get("not named here", 0) + unnamed
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def left_out(q: QualityFigures) -> list[str]:
    """What is in the store and not in the histories, a line a reason."""
    g = q.gathering
    lines = []
    if g.weightless:
        lines.append(f"{counted(g.weightless, 'event')} that weigh nothing (impressions)")
    if g.unknown_item:
        lines.append(f"{counted(g.unknown_item, 'event')} with items not in the catalogue")
    if g.empty:
        lines.append(f"{counted(g.empty, 'event')} with neither item nor words")
    lines += [f"{counted(n, 'event')} of unknown kind '{k}'" for k, n in g.unknown_kind.items()]
    return lines + q.cleaning.lines()


def warnings(q: QualityFigures) -> list[str]:
    """What will hurt, in words, the worst first."""
    if not q.taken or not q.items:
        return ["Nothing was taken: there is nothing to learn from. Import items and events first."]
    return [*_of_rows(q), *_of_items(q), *_of_events(q)]


def _of_rows(q: QualityFigures) -> list[str]:
    found = []
    refused = sum(done.rejected for done in q.imports)
    read = sum(done.read for done in q.imports)
    if refused:
        files = sorted({done.rejects_file for done in q.imports if done.rejects_file})
        where = f"; they are in {', '.join(files)}" if files else ""
        found.append(f"{refused:,} of {counted(read, 'row')} read were rejected{where}.")
    found += [f"{done.file}: {said}" for done in q.imports for said in done.warnings]
    g = q.gathering
    if g.unknown_item:
        found.append(
            f"{counted(g.unknown_item, 'event')} ({percent(g.unknown_item / g.read)}) name items "
            "that are not in the catalogue and teach nothing: import those items."
        )
    for kind, n in g.unknown_kind.items():
        found.append(
            f"{counted(n, 'event')} of kind '{kind}' are left out: give the kind a weight in the "
            "settings."
        )
    if q.cleaning.robots:
        found.append(
            f"{counted(q.cleaning.robots, 'person', 'people')} with more events on a day than a "
            "person can have are left out."
        )
    return found


def _of_items(q: QualityFigures) -> list[str]:
    found = []
    if q.no_text:
        found.append(
            f"{percent(q.no_text / q.items)} of items have no text: new ones among them cannot be "
            "recommended before they have events."
        )
    if q.silent:
        found.append(
            f"{counted(q.silent, 'item')} have neither text nor events and cannot be recommended."
        )
    if q.no_events / q.items > 0.2:
        found.append(
            f"{percent(q.no_events / q.items)} of items have no events: their text alone speaks "
            "for them."
        )
    found += [
        f"{column} is missing in {percent(share)} of items: nothing can be told of them by it."
        for column, share in q.missing.items()
        if share > 0.2 and column != "title"
    ]
    told = sum(n for code, n in q.languages.items() if code)
    other = told - q.languages.get("en", 0)
    if told and other / told > 0.2:
        found.append(
            f"{percent(other / told)} of the item texts are not in English, which is what the "
            "built-in encoder reads best: choose a multilingual one."
        )
    return found


def _of_events(q: QualityFigures) -> list[str]:
    found = []
    if q.order_only:
        found.append(
            "The times are only an order: no split by time, no ageing of popularity, and robots "
            "cannot be told."
        )
    if q.taken < 1_000:
        found.append(
            f"{counted(q.taken, 'interaction')} in all: too few to train on; expect little."
        )
    few = float((q.lengths < 3).mean())
    if few > 0.5:
        found.append(
            f"{percent(few)} of people took fewer than 3 items: a sequence has little to go on, "
            "and they are not tested by leave-one-out."
        )
    if q.tail.top_1_percent > 0.4:
        found.append(
            f"{percent(q.tail.top_1_percent)} of interactions fall on 1 % of the items: popularity "
            "will look good in every figure, and the rest of the catalogue is learned from little."
        )
    if q.tied_ends > 0.1 and not q.order_only:
        found.append(
            f"The last two items of {percent(q.tied_ends)} of people have the same time: the "
            "order of ties decides what leave-one-out tests."
        )
    return found


def text(q: QualityFigures) -> str:
    """The report for a terminal."""
    shortest, tenth, quarter, median, upper, ninth, top, longest = q.quantiles()
    people = f"{q.users:,}" + (f" ({q.sessions:,} anonymous sessions)" if q.sessions else "")
    rows = [
        ("people", people),
        ("items", f"{q.items:,}"),
        ("events", f"{q.events:,}: {', '.join(f'{n:,} {k}' for k, n in q.kinds.items())}"),
        ("", f"{q.taken:,} take an item, {q.refused:,} refuse one"),
        ("words", f"{counted(q.searches, 'search', 'searches')}, {counted(q.reviews, 'review')}"),
        ("time", span(q)),
        ("density", f"{percent(q.density)} of all pairs of person and item"),
        ("repeats", f"{percent(q.repeats)} of interactions are with an item taken before"),
        ("history", f"median {median} items, middle half {quarter} to {upper},"),
        ("", f"shortest {shortest}, tenth {tenth}, 90th {ninth}, 99th {top}, longest {longest}"),
        (
            "long tail",
            f"top 1 % of items have {percent(q.tail.top_1_percent)} of interactions, "
            f"top 10 % {percent(q.tail.top_10_percent)}; Gini {q.tail.gini:.2f}",
        ),
        ("no text", f"{counted(q.no_text, 'item')} ({percent(q.no_text / max(q.items, 1))})"),
        ("no events", f"{counted(q.no_events, 'item')} ({percent(q.no_events / max(q.items, 1))})"),
        ("missing", ", ".join(f"{k} {percent(v)}" for k, v in q.missing.items()) or "nothing"),
        ("languages", _languages(q)),
    ]
    rows += _listed("left out", left_out(q) or ["nothing"])
    problems = [f"{counted(n, 'row')}: {problem}" for problem, n in rejected(q).items()]
    rows += _listed("rejected", problems or ["no row"])
    rows += _listed("warnings", [f"! {warning}" for warning in warnings(q)] or ["none"])
    return "\n".join(["Data quality", *(f"  {name:<10} {said}" for name, said in rows)])


def _listed(name: str, lines: list[str], most: int = 12) -> list[tuple[str, str]]:
    """A name beside the first of several lines."""
    if len(lines) > most:
        lines = [*lines[:most], f"and {len(lines) - most:,} more"]
    return list(zip([name, *[""] * (len(lines) - 1)], lines, strict=True))


def _languages(q: QualityFigures) -> str:
    total = sum(q.languages.values())
    if not total:
        return "no text to tell them by"
    shown = list(q.languages.items())[:5]
    said = ", ".join(f"{language(code)} {percent(n / total)}" for code, n in shown)
    rest = total - sum(n for _, n in shown)
    return said + (f", others {percent(rest / total)}" if rest else "") + f" (of {total:,} read)"

"""Numbers in what is said in, bounds out: "under 50 euros", "before 1980", "from the seventies".

Which attribute a bound is of is found by `number_columns`, from what it compares and from its unit.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from foretaste.domain.measures import UNITS
from foretaste.understand.grammar import BOUNDARY, Grammar
from foretaste.understand.grammar_patterns import Dimension

YEARS = range(1500, 2101)
"""A number among these without a unit is taken for a year."""
MINUTES_PER_HOUR = 60.0
MONTHS_PER_YEAR = 12
YEARS_AROUND, SHARE_AROUND = 3.0, 0.2
"""How far "around 1990" and "about 50" reach, either way."""
DECADE_PARTS = {"early": (0, 4), "mid": (3, 7), "late": (5, 9)}
"""The years of a decade that are its beginning, its middle and its end, as people say it."""
FIRST_OLD_DECADE = 30
"""The 30s are of the last century, the 20s of this."""
YEARS_PER_CENTURY = 100
MAX_COUNT = 50


@dataclass(frozen=True, slots=True)
class Bound:
    """A number that an attribute must be under or over."""

    subject: Dimension | Literal["any"]
    low: float | None = None
    high: float | None = None
    is_exclusive: bool = False
    """Whether the bound itself is left out."""
    unit: str = ""
    """"pages", "minutes", or nothing."""
    is_month: bool = False
    """Whether it is the first day of a month: May 2025 is 2025 and 4/12."""
    is_negated: bool = False
    """Whether it is what is refused: "skip anything before 2000"."""
    first_day: date | None = None
    """Where it is of days: see `relative_times`."""
    last_day: date | None = None

    @property
    def is_days(self) -> bool:
        """Whether it is said in days, and not in numbers."""
        return self.first_day is not None or self.last_day is not None

    @property
    def opposite(self) -> "Bound | None":
        """What is left where this is refused; None where it has two sides."""
        sides = (self.low, self.high, self.first_day, self.last_day)
        if sum(side is not None for side in sides) != 1 or self.is_month:
            return None
        if self.first_day is not None:
            return Bound(self.subject, last_day=self.first_day - timedelta(1))
        if self.last_day is not None:
            return Bound(self.subject, first_day=self.last_day + timedelta(1))
        return Bound(self.subject, self.high, self.low, not self.is_exclusive, self.unit)

    def as_test(self) -> dict[str, float]:
        """As a filter tests it."""
        low, high = ("gt", "lt") if self.is_exclusive else ("gte", "lte")
        limits = {low: self.low, high: self.high}
        return {name: value for name, value in limits.items() if value is not None}


LOW_KINDS = ("after", "since", "over", "at_least", "upwards", "open")
"""Those that say what it must be over."""
CURRENCY_SIGNS = "$€£"
_COUNTED_NOUNS = (
    *("°", "grad", "degrees?", "%", "percent", "prozent", "pieces", "pcs", "teile", "pièces"),
    *("piezas", "persons?", "people", "personen", "personnes?", "personas?", "players?", "spieler"),
    *("joueurs?", "jugadores?", "km/h", "mph", "miles?"),
)
_UNIT_NAMES = (name for name, unit in UNITS.items() if unit.dimension != "pages")
MEASURE = re.compile(
    rf" ?-?(?:{'|'.join((*map(re.escape, _UNIT_NAMES), *_COUNTED_NOUNS))})(?!\w)", re.IGNORECASE
)
"""What a number may be of that is neither a price, a length nor a year: “around 30 litres”."""
BOUND_KINDS = (
    *(
        "month_before",
        "month_since",
        "month_after",
        "month",
        "decade",
        "century",
        "between",
        "range",
        "open",
        "before",
        "since",
        "after",
        "at_most",
        "at_least",
    ),
    *("under", "over", "upwards", "downwards", "around", "exactly"),
)
"""In the order in which they are looked for."""


SIZED = re.compile(r"(?:size|sizes|age|ages|aged|größe|alter|taille|âge|talla|edad) $")
"""What a range behind it is of, and no price."""


def extract_bounds(text: str, grammar: Grammar) -> tuple[str, tuple[Bound, ...]]:
    """(the text without them, the bounds that it names)."""
    bounds: list[Bound] = []
    for kind in BOUND_KINDS:

        def take_out(hit: "re.Match[str]", kind: str = kind) -> str:
            bound = _bound_of(kind, hit, grammar)
            if bound is None:
                return hit[0]
            negation = negation_before(hit.string[: hit.start()], grammar)
            if kind == "at_most" and negation == "of something":  # “not leather, 60 at most”
                negation = None
            if negation != "of something":  # "no westerns before 1960" refuses westerns
                bounds.append(replace(bound, is_negated=negation == "of the number"))
            return BOUNDARY

        text = grammar.patterns[f"bound.{kind}"].sub(take_out, text)
    return text, _joined(bounds)


def with_centuries(text: str, grammar: Grammar) -> str:
    """The text with its years of two digits as years of the last century: “from 94 or 95”. Only
    for items that have years, and nothing else that such numbers may be of.
    """

    def whole_year(hit: "re.Match[str]") -> str:
        second = f"{hit['between']}19{hit['b']}" if hit["b"] else ""
        return f"{hit['before']} 19{hit['a']}{second}"

    return grammar.patterns["short_year"].sub(whole_year, text)


def _joined(bounds: list[Bound]) -> tuple[Bound, ...]:
    """ "The 80s or 90s" is from the first year of the one to the last of the other."""
    ranges = [
        bound
        for bound in bounds
        if bound.subject == "year"
        and bound.low
        and bound.high
        and not bound.is_month
        and not bound.is_negated
    ]
    if len(ranges) < 2:
        return tuple(bounds)
    low, high = min(b.low or 0 for b in ranges), max(b.high or 0 for b in ranges)
    return (*(b for b in bounds if b not in ranges), Bound("year", low, high))


def negation_before(text: str, grammar: Grammar) -> Literal["of the number", "of something"] | None:
    """What a negation in front of a number, in the same clause, is of."""
    tokens = grammar.tokens(text)
    stops = grammar.clauses["breaks"] | {",", BOUNDARY.strip()}
    starts = [position for position, token in enumerate(tokens) if token in stops]
    clause = tokens[starts[-1] + 1 if starts else 0 :]
    strength, behind, position = None, 0, 0
    while position < len(clause):
        length = grammar.phrase_length(grammar.strengths, clause, position)
        if length:
            strength = grammar.strengths[" ".join(clause[position : position + length])]
            behind = position + length
        position += max(length, 1)
    if strength not in ("none", "without"):
        return None
    content = [word for word in clause[behind:] if word not in grammar.clauses["plain"]]
    return "of something" if content else "of the number"


def extract_count(text: str, grammar: Grammar) -> tuple[str, int | None]:
    """(the text without it, how many are wanted)"""
    patterns = (grammar.patterns["bound.count_at_most"], grammar.patterns["bound.count"])
    hit = next((hit for pattern in patterns if (hit := pattern.match(text))), None)
    number = None if hit is None else parse_amount(hit["a"], grammar)
    if grammar.patterns["bound.downwards"].match(text):  # “40 tops”
        return text, None
    if hit is None or number is None or not 2 <= number <= MAX_COUNT:
        return text, None
    is_ranking = hit[0].startswith("top ")
    if not is_ranking and grammar.patterns["counted"].match(text[hit.end() :]) is None:
        return text, None  # “nine woman hurricane” are words of a search
    return text[hit.end() :], int(number)


def extract_count_within(
    text: str, grammar: Grammar, names_feature: Callable[[str], bool]
) -> tuple[str, int | None]:
    """The same of a number that stands before a plural of items: “a list of seven thrillers”."""
    words = text.split()
    for position in range(1, len(words) - 1):
        number = parse_amount(words[position], grammar) if words[position].isalnum() else None
        if number is None or not 2 <= number <= MAX_COUNT or number != int(number):
            continue
        if extract_bounds(" ".join(words[max(position - 3, 0) : position + 1]), grammar)[1]:
            continue
        nouns = [word.strip(",.;!?") for word in words[position + 1 : position + 3]]
        nouns = [noun for noun in nouns if noun.endswith("s")]
        if any(noun in grammar.clauses["item_nouns"] or names_feature(noun) for noun in nouns):
            words_before = " ".join(words[:position])
            words_before = grammar.patterns["count_before"].sub("", words_before)
            return f"{words_before} {' '.join(words[position + 1 :])}".strip(), int(number)
    return text, None


def parse_amount(text: str, grammar: Grammar) -> float | None:
    """A number in digits or as a word: "1.299,50" and "1,299.50" are the same."""
    word = text.strip().lower()
    if word in grammar.number_words:
        return grammar.number_words[word]
    mark = max(word.rfind("."), word.rfind(","))
    decimals = len(word) - mark - 1
    whole_part, fraction = (word, "") if mark < 0 else (word[:mark], word[mark + 1 :])
    if mark >= 0 and decimals == 3:
        whole_part, fraction = word, ""
    digits = whole_part.replace(".", "").replace(",", "")
    try:
        return float(f"{digits}.{fraction or 0}")
    except ValueError:
        return None


def _bound_of(kind: str, hit: "re.Match[str]", grammar: Grammar) -> Bound | None:
    """The bound that a pattern found; None where the number is none."""
    groups = hit.groupdict()
    if kind == "decade":
        return _decade(groups, grammar)
    if kind == "century":
        century = int(groups["century"])
        return Bound("year", (century - 1) * 100.0 + 1, century * 100.0)
    if kind.startswith("month"):
        return _month(kind.removeprefix("month").lstrip("_"), groups, grammar)
    amounts = [parse_amount(groups[name], grammar) for name in ("a", "b") if groups.get(name)]
    first = amounts[0] if amounts else None
    if first is None or None in amounts:
        return None
    subject, unit, factor = _unit(groups, first)
    if subject == "any" and MEASURE.match(hit.string, hit.end()):
        return None
    first *= factor
    is_all = hit[0].strip() == hit.string.strip()
    is_last = hit.end() == len(hit.string.rstrip(" .!?")) and not SIZED.search(
        hit.string[: hit.start()]
    )
    if (
        kind == "range"
        and subject == "any"
        and not (is_all or is_last or set(hit[0]) & set(CURRENCY_SIGNS))
    ):
        return None
    if kind in ("between", "range"):
        second = (amounts[-1] or 0.0) * factor
        if subject == "year" and second < YEARS_PER_CENTURY:  # “between 1950 and 70”
            second += first // YEARS_PER_CENTURY * YEARS_PER_CENTURY
        return Bound(subject, min(first, second), max(first, second), unit=unit)
    if kind == "around":
        if not unit and subject == "any" and groups.get("vague"):
            return None  # “about 50 dwarves” is what it is about
        width = YEARS_AROUND if subject == "year" else first * SHARE_AROUND
        return Bound(subject, first - width, first + width, unit=unit)
    if kind in ("before", "after", "since", "exactly"):
        subject = "year"
    if kind in ("upwards", "downwards") and subject == "any" and len(hit[0]) < 4:
        return None
    low_kinds, high_kinds = LOW_KINDS, ("exactly",)
    is_exclusive = kind in ("before", "after", "under", "over")
    low = first if kind in (*low_kinds, *high_kinds) else None
    high = None if kind in low_kinds else first
    return Bound(subject, low, high, is_exclusive, unit)


def _month(side: str, groups: dict[str, str | None], grammar: Grammar) -> Bound:
    start = int(str(groups["a"])) + (grammar.months[str(groups["month"])] - 1) / MONTHS_PER_YEAR
    low = None if side == "before" else start
    high = None if side in ("since", "after") else start
    return Bound("year", low, high, is_exclusive=side in ("before", "after"), is_month=True)


def _unit(
    groups: dict[str, str | None], number: float
) -> tuple[Dimension | Literal["any"], str, float]:
    """(what the number is of, its unit, what it is multiplied with)"""
    for group, spelling in groups.items():
        if spelling is None or "_" not in group or group[:2] not in ("a_", "b_"):
            continue
        unit = group[2:]
        if unit == "price":
            return "price", "", 1.0
        if unit == "hours":
            return "length", "minutes", MINUTES_PER_HOUR
        if unit in ("pages", "minutes"):
            return "length", unit, 1.0
    is_year = number in YEARS and number == int(number)
    return ("year" if is_year else "any"), "", 1.0


def _decade(groups: dict[str, str | None], grammar: Grammar) -> Bound:
    if groups.get("decade_word"):
        decade = grammar.decades[str(groups["decade_word"])]
    else:
        decade = int(str(groups["decade"]))
    century = groups.get("century")
    base = int(century) * 100 if century else (1900 if decade >= FIRST_OLD_DECADE else 2000)
    if century and decade == 0 and int(century) < 20:  # “the 1800s”
        return Bound("year", base, base + YEARS_PER_CENTURY - 1)
    part = next((years for name, years in DECADE_PARTS.items() if groups.get(name)), (0, 9))
    return Bound("year", base + decade + part[0], base + decade + part[1])

"""The words of a language's file in, the patterns of its grammar out."""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

Dimension = Literal["year", "price", "length", "rating"]
COMPARATIVES: Mapping[str, tuple[Dimension, Literal["low", "high"]]] = {
    "newer": ("year", "low"),
    "older": ("year", "high"),
    "cheaper": ("price", "high"),
    "dearer": ("price", "low"),
    "shorter": ("length", "high"),
    "longer": ("length", "low"),
    "better": ("rating", "low"),
}
"""Comparative → (what it compares, which bound the other item is)."""
MAX_CHILD_AGE = 14
TIME_UNITS = ("day", "week", "month", "year")


def spelling_patterns(content: Mapping[str, Any]) -> list[tuple["re.Pattern[str]", str]]:
    """As it is typed → as the grammar has it."""
    spellings = content.get("spellings", {})
    return [(re.compile(rf"(?<!\w)(?:{typed})(?!\w)"), it) for typed, it in spellings.items()]


def plain_phrases(
    glossary: Mapping[str, str], plain: Sequence[str]
) -> list[tuple["re.Pattern[str]", str]]:
    """Phrases that mean something though each of their words means nothing: “love story”."""
    return [
        (re.compile(rf"(?<!\w){re.escape(phrase)}(?!\w)"), meaning.partition("/")[0])
        for phrase, meaning in glossary.items()
        if " " in phrase and all(word in plain for word in phrase.split())
    ]


def compiled_patterns(content: Mapping[str, Any]) -> dict[str, "re.Pattern[str]"]:
    """Everything of a file that is a pattern, compiled."""
    number_words = content["numbers"]["words"]
    words = "|".join(sorted(map(re.escape, map(str, number_words)), key=len, reverse=True))
    numbering = itertools.count()

    def count(_: "re.Match[str]") -> str:
        return rf"(?P<count_{next(numbering)}>\d{{1,2}}|{words})"

    patterns = {
        f"whole.{name}": f"^(?:{re.sub(r'[{]n[}]', count, pattern)})$"
        for name, pattern in content["whole"].items()
    }
    patterns |= {name: content[name] for name in ("elisions", "compounds") if name in content}
    patterns |= {f"starts.{name}": rf"^(?:{it})(?!\w)" for name, it in content["starts"].items()}
    patterns |= _phrase_patterns(content, words)
    patterns |= {
        f"tails.{name}": f"^(?:{tail})$" for name, tail in content.get("tails", {}).items()
    }
    patterns |= _noun_patterns(content["about_nouns"])
    patterns |= {f"about_alone.{topic}": it for topic, it in content["about_alone"].items()}
    loved = content.get("tails", {}).get("loved", "(?!)")
    patterns["tails.loved_within"] = (
        rf"(?<!\w)(?<!not )(?<!nicht )(?<!pas )(?<!no )(?:{loved})(?!\w)"
    )
    nouns = "|".join(map(re.escape, content["clauses"]["item_nouns"].split()))
    patterns["bound.count_at_most"] = (
        rf"^(?:{content['numbers']['at_most']}) (?P<a>\d{{1,2}}|{words}) (?=(?:{nouns})(?!\w))"
    )
    for name in COMPARATIVES:
        words_of_it = content["comparatives"][name]
        patterns[f"comparative.{name}"] = rf"(?<!\w)(?:{words_of_it})(?!\w)"
        superlatives = content["superlatives"][name]
        patterns[f"superlative.{name}"] = rf"(?<!\w)(?:{superlatives})(?!\w)"
    patterns |= _number_patterns(content["numbers"], words)
    patterns |= _order_patterns(content["order"])
    return {name: re.compile(pattern) for name, pattern in patterns.items()}


def _phrase_patterns(content: Mapping[str, Any], words: str) -> dict[str, str]:
    """The patterns of parts of what is said; words: the number words of the language."""
    return {
        "politeness.before": rf"^(?:{content['politeness_before']})(?!\w)[ ,.!:;]*+",
        "politeness.after": rf"(?<!\w)(?:{content['politeness_after']})(?!\w)[ ,.!?]*+$",
        "reference.end": rf"(?<!\w)(?:{content['ends']['reference']})[ .?!]*+$",
        "more_request": rf"(?:^|[,.!;?:]| and| so) ?(?:{content['ends']['more_requests']})[.?!]*+$",
        "reference.before": rf"^(?>(?:(?:{content['references']['before']})(?!\w) ?)+)",
        "reference.after": rf" (?:{content['references']['after']})$",
        "than": rf"^(?:{content['comparatives']['than']}) ",
        "than_within": rf"(?<!\w)(?:{content['comparatives']['than']}) ",
        "children": rf"(?<!\w)(?:{_children_pattern(content)})(?!\w)",
        "men": rf"(?<!\w)(?:{content['clauses']['men']})(?!\w)",
        "women": rf"(?<!\w)(?:{content['clauses']['women']})(?!\w)",
        "correction": rf"^(?:{content['correction']})",
        "correction_within": content["correction_within"],
        "amount_alone": rf"^(?:{content['numbers']['amount_alone']})? ?[$€£]? ?"
        rf"(?P<a>\d{{1,6}}(?:[.,]\d{{1,2}})?|{words}) ?(?:{_unit_words(content['numbers'])})?",
        "short_year": rf"(?<!\w)(?P<before>{content['numbers']['short_year']}) ['’]?(?P<a>[3-9]\d)"
        rf"(?:(?P<between> ?(?:{content['numbers']['between_and']}) ?)['’]?(?P<b>[3-9]\d))?"
        rf"(?!\w| ?(?:%|{_unit_words(content['numbers'])})(?!\w))",
        "sorted_first": rf"^ (?:{content['superlatives']['first']})(?!\w)",
        "excess": rf"^ ?(?:{content['references']['excess']})(?!\w)",
        "excess_within": rf" ?(?:{content['references']['excess']})(?!\w)",
        "same_maker_again": rf"^(?:{content['same_maker_again']})$",
        "occasion": rf"(?<!\w)(?:{content['clauses']['occasion']})(?!\w)",
        "recipient": rf"(?<!\w)(?:{content['clauses']['recipient']})(?!\w)",
        "counted": rf"^(?:{content['numbers']['counted']})",
        "again": rf"^(?:{content['again']})(?!\w)",
        "goes_with": rf"(?<!\w)(?:{content['clauses']['goes_with']})(?!\w)",
        "goes_with_last": rf"(?<!\w)(?:{content['clauses'].get('goes_with_last', '(?!)')})(?!\w)",
        "media": rf"(?<!\w)(?:{content['clauses']['media']})(?!\w)",
        "service": rf"(?<!\w)(?:{content['service']})(?!\w)",
        "private": rf"(?<!\w)(?:{content['private']})(?!\w)",
        "questions": rf"^(?:{content['questions']})(?!\w)",
        "described_by_value": rf"^(?:{content['references']['described_by_value']})$",
        "and_this": rf"^{content['references']['and_this']}",
        "count_before": rf"(?<!\w)(?:{content['numbers'].get('count_before', '(?!)')})$",
        "sentence_end": _sentence_end(content["frames"]),
        "same_value": rf"(?<!\w)(?:{content['same_value']})(?!\w)",
        "value_of_item": rf"^(?:{content['value_of_item']})$",
        "lifted": rf"^(?:{content['lifted']})$",
        "described": rf"^(?:{content['references']['described']})$",
    }


def _sentence_end(frames: Mapping[str, str]) -> str:
    """What ends a sentence that tells something: a stop, or “and” before somebody."""
    links, people = ("|".join(sorted(frames[name].split())) for name in ("links", "subjects"))
    return rf"([,.;!?¦] ?| (?:{links}) (?=(?:{people})(?![\w'])))"


def _order_patterns(order: Mapping[str, str]) -> dict[str, str]:
    """How a list is to be put, see `ordering`."""
    return {
        "order.sort": rf"(?<!\w)(?:{order['sort']})(?!\w)",
        "order.what": rf"(?:{order['what']})?",
        "order.by": rf"^(?:{order['by']}) ",
        "order.first": rf"(?:{order['first']})$",
        "order.to": rf"^ (?:{order['to']})(?!\w)",
        "order.rising": rf"(?<!\w)(?:{order['rising']})(?!\w)",
        "order.falling": rf"(?<!\w)(?:{order['falling']})(?!\w)",
        "order.end": rf"(?<!\w)(?:{order['end']})$",
    }


def _noun_patterns(nouns_by_topic: Mapping[str, str]) -> dict[str, str]:
    """Nouns of [about_nouns], and what may stand behind a question of the list."""
    patterns = {f"about_nouns.{name}": f"^(?:{nouns})" for name, nouns in nouns_by_topic.items()}
    return patterns | {"about_nouns.ends": rf"(?<!\w)(?:{nouns_by_topic['ends']})$"}


def _children_pattern(content: Mapping[str, Any]) -> str:
    """With the ages of children in digits and in words."""
    words = content["numbers"]["words"]
    ages = "|".join(word for word, number in words.items() if 1 < number <= MAX_CHILD_AGE)
    return str(content["clauses"]["children"]).replace("{age}", rf"(?:\d|1[0-4]|{ages})")


def _unit_words(numbers: Mapping[str, Any]) -> str:
    return "|".join(numbers["units"].values())


def _number_patterns(numbers: Mapping[str, Any], words: str) -> dict[str, str]:
    """Numbers with what is compared: each finds its number as a, a second as b, units beside."""
    units = "|".join(f"(?P<{{0}}_{unit}>{spelling})" for unit, spelling in numbers["units"].items())
    amount = (
        r"(?:[$€£] ?)?(?P<{0}>\d{{1,9}}(?:[.,]\d{{1,3}}){{0,3}}|(?:" + words + r")(?![\w-]))"
        r"(?: ?(?:" + units + r")(?!\w))?"
    )
    first, second = amount.format("a"), amount.format("b")
    year = r"(?P<a>1[0-9]\d\d|20\d\d)(?!\w)"
    months = "|".join(sorted(numbers["months"], key=len, reverse=True))
    month = rf"(?P<month>{months})\.? (?:of |de |del )?(?P<a>1[0-9]\d\d|20\d\d)(?!\w)"
    upwards, downwards = numbers["upwards"], numbers["downwards"]
    decades = "|".join(sorted(numbers["decades"], key=len, reverse=True))
    decade = numbers["decade_pattern"].replace("{decades}", decades)
    before = rf"(?:(?:{numbers['decade_before']}) )?(?:the )?"
    return {
        "bound.month_before": rf"(?<!\w)(?:{numbers['before']}) {month}",
        "bound.month_since": rf"(?<!\w)(?:{numbers['since']}) {month}(?: (?:{upwards})(?!\w))?",
        "bound.month_after": rf"(?<!\w)(?:{numbers['after']}) {month}",
        "bound.month": rf"(?<!\w)(?:(?:{numbers['exactly']}|im) )?{month}",
        "bound.decade": rf"(?<!\w){before}{decade}(?!\w)",
        "bound.century": rf"(?<!\w){before}{numbers['century_pattern']}(?!\w)",
        "bound.range": rf"(?<!\w){first} ?(?:{numbers['range_to']}) ?{second}(?!\w)",
        "bound.open": r"(?<!\w)(?:[$€£] ?)?(?P<a>\d{1,6}) ?\+(?: ?(?:"
        + units.format("a")
        + r"))?(?!\w)",
        "bound.between": rf"(?<!\w)(?:{numbers['between']}) {first} ?(?:{numbers['between_and']}) ?"
        rf"{second}(?!\w)",
        "bound.before": rf"(?<!\w)(?:{numbers['before']}) {year}",
        "bound.after": rf"(?<!\w)(?:{numbers['after']}) {year}",
        "bound.since": rf"(?<!\w)(?:{numbers['since']}) {year}(?: (?:{upwards})(?!\w))?",
        "bound.at_most": rf"(?<!\w)(?:{numbers['at_most']}) {first}(?!\w)",
        "bound.at_least": rf"(?<!\w)(?:{numbers['at_least']}) {first}(?!\w)"
        rf"(?: (?:{upwards})(?!\w))?",
        "bound.under": rf"(?<!\w)(?:{numbers['under']}) ?{first}(?!\w)",
        "bound.over": rf"(?<!\w)(?:{numbers['over']}) ?{first}(?!\w)",
        "bound.upwards": rf"(?<!\w){first} (?:{upwards})(?!\w)",
        "bound.downwards": rf"(?<!\w){first} (?:{downwards})(?!\w)",
        "bound.around": rf"(?<!\w)(?:{numbers['around']}) {first}(?!\w)",
        "bound.exactly": rf"(?<!\w)(?:{numbers['exactly']}) {year}",
        "bound.count": rf"^(?:(?:{numbers['article']}) "
        rf"(?=\S+ (?:{numbers['ranked']})(?!\w)))?(?:top )?"
        rf"(?P<a>\d{{1,2}}|{words}) (?=\w)",
    }


QUESTION_WORD = re.compile(r"[^\W\d_]{2,}")
SLOT = re.compile(r"\{\w+\}")


def question_words(content: Mapping[str, Any]) -> frozenset[str]:
    """The words that questions about items are asked with."""
    questions = (question for group in content["about"].values() for question in group)
    return frozenset(w for q in questions for w in QUESTION_WORD.findall(SLOT.sub(" ", q)))


def about_patterns(content: Mapping[str, Any]) -> tuple[tuple[str, "re.Pattern[str]"], ...]:
    """Each question of [about], with the places of what it is about."""
    slots = {
        "{item}": r"(?P<item>[^;?!]{1,50}?)",
        "{noun}": r"(?P<noun>[\w'-]{2,16}+(?: [\w'-]{2,12}+){0,2}?)",
        "{quality}": r"(?P<quality>[^?!;]{2,50})",
    }
    patterns = []
    for topic, questions in content["about"].items():
        for question in questions:
            for slot, pattern in slots.items():
                question = question.replace(slot, pattern, 1)
            patterns.append((topic, re.compile(rf"^(?:{question})$")))
    return tuple(patterns)


def time_patterns(content: Mapping[str, Any]) -> tuple[tuple[str, "re.Pattern[str]"], ...]:
    """Each phrase of [times] with what may stand before it; {unit} and {n} are a length of time."""
    times, numbers = content["times"], content["numbers"]
    units = "|".join(f"(?P<{unit}>{times['units'][unit]})" for unit in TIME_UNITS)
    words = "|".join(sorted(map(re.escape, numbers["words"]), key=len, reverse=True))
    weekdays = "|".join(sorted(times["weekdays"], key=len, reverse=True))
    months = "|".join(sorted(numbers["months"], key=len, reverse=True))
    first_days = "|".join(times["first"])
    slots = {
        "{unit}": f"(?:{units})",
        "{n}": rf"(?P<n>\d{{1,3}}|{words}|{times['ones']})",
        "{weekday}": f"(?P<weekday>{weekdays})",
        "{date_month}": rf"(?P<month>{months})\.?",
        "{day}": rf"(?P<day_number>[12]?\d|3[01]|{first_days})(?:st|nd|rd|th|\.|er)?",
        "{year}": r"(?P<date_year>(?:19|20)\d\d)",
        "{month}": rf"(?P<month>{months})(?! (?:of |de |del )?\d)",
    }
    patterns = []
    for kind, phrases in times["phrases"].items():
        for number, phrase in enumerate([phrases] if isinstance(phrases, str) else phrases):
            for slot, group in slots.items():
                phrase = phrase.replace(slot, group)
            before = rf"(?:(?P<since>{times['since']}) |(?P<of>{times['of']}) )?"
            pattern = re.compile(rf"(?<!\w){before}(?:{phrase})(?!\w)")
            patterns.append((f"{kind}.{number}", pattern))
    return tuple(patterns)

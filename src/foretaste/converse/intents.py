"""What a person says in, what they mean out: a fixed grammar, for a talk without a large model.

    start over | forget everything          ResetIntent
    more | next | what else                 NextPageIntent
    why the second? | why 2                 WhyIntent
    why not Heat?                           WhyNotIntent
    like the first | less like the third    LikeIntent
    I'll take the first | not the second    FeedbackIntent, a `like` or a `hide`
    under 20 | from the 90s | before 1980   bounds, as part of FreeTextIntent
    anything else                           FreeTextIntent: its clauses, see `preferences.grammar`

Items are named by their place in the list ("2", "the second", "the last", "this") or by title.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

_REFERENCE_START = re.compile(r"^(?:the|number|no\.?|#|item) ?")
_REFERENCE_END = re.compile(r" (?:one|item|film|movie|book|song)$")
_NUMERAL = re.compile(r"(\d{1,6})(?:st|nd|rd|th)?")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True)
class ResetIntent:
    """Begin anew; `whole_profile` takes back the changes of the profile too."""

    whole_profile: bool


@dataclass(frozen=True, slots=True)
class NextPageIntent:
    """The next page."""


@dataclass(frozen=True, slots=True)
class WhyIntent:
    """Why an item is there."""

    item: str


@dataclass(frozen=True, slots=True)
class WhyNotIntent:
    """Why an item is not there."""

    item: str


@dataclass(frozen=True, slots=True)
class LikeIntent:
    """More like an item, or less."""

    item: str
    less: bool


@dataclass(frozen=True, slots=True)
class FeedbackIntent:
    """What somebody does with an item of the list."""

    item: str
    kind: Literal["like", "hide"]


@dataclass(frozen=True, slots=True)
class Bound:
    """A number that an attribute must be under or over."""

    subject: Literal["price", "year", "any"]
    low: float | None = None
    high: float | None = None
    is_exclusive: bool = False
    """Whether the bound itself is left out."""


@dataclass(frozen=True, slots=True)
class FreeTextIntent:
    """A wish, to be read further; without the bounds, which are told apart."""

    text: str
    bounds: tuple[Bound, ...] = ()


Intent = (
    ResetIntent
    | NextPageIntent
    | WhyIntent
    | WhyNotIntent
    | LikeIntent
    | FeedbackIntent
    | FreeTextIntent
)

_ASK = r"(?:please |can you |could you |would you ){0,3}+"
_ITEM = r"(?P<item>.+?)"
_RULES: tuple[tuple[str, Callable[[Mapping[str, str]], Intent]], ...] = (
    (
        r"(?:forget|undo|reset|clear) (?:everything|all)(?: about me| i said)?|reset my profile",
        lambda _: ResetIntent(whole_profile=True),
    ),
    (
        r"start over|start again|begin again|new search|reset|clear|forget (?:it|that|this)",
        lambda _: ResetIntent(whole_profile=False),
    ),
    (
        r"(?:show |give )?(?:me )?(?:some |any )?(?:more|others|other ones)(?: results| items)?|"
        r"next(?: page| ones)?|what else(?: is there| do you have)?|anything else|go on",
        lambda _: NextPageIntent(),
    ),
    (
        rf"why (?:not|isn't|is not|don't i see|do i not see|didn't you show)(?: me)? {_ITEM}"
        r"(?: there| here| in the list| shown)?",
        lambda groups: WhyNotIntent(groups["item"]),
    ),
    (
        r"(?:why|explain)(?: is| do i see| do i get| did you show me| did you recommend)?"
        rf"(?: {_ITEM})?(?: there| here| in the list)?",
        lambda match: WhyIntent(match["item"] or "this"),
    ),
    (
        rf"(?:less|nothing|not|no more|fewer)(?: \w+)? like {_ITEM}",
        lambda match: LikeIntent(match["item"], less=True),
    ),
    (
        r"(?:show me |give me |i want |find )?(?:more |something |some |others )?"
        rf"(?:similar to|like) {_ITEM}",
        lambda match: LikeIntent(match["item"], less=False),
    ),
    (
        rf"(?:i'll take|i will take|i take|i choose|i like|i love|i liked|yes,? to|yes,?) {_ITEM}",
        lambda match: FeedbackIntent(match["item"], "like"),
    ),
    (
        rf"(?:hide|remove|not|no,? not|i don't like|i do not like|i hate|skip|i've seen|"
        rf"i have seen|i know|already saw|i have) {_ITEM}(?: already)?",
        lambda match: FeedbackIntent(match["item"], "hide"),
    ),
)
RULES = tuple((re.compile(f"{_ASK}(?:{words})"), build) for words, build in _RULES)
NEEDS_ITEM = (WhyIntent, WhyNotIntent, LikeIntent, FeedbackIntent)

_N = r"(?:[$€£] ?)?(?P<{0}>\d+(?:[.,]\d+)?) ?(?:[$€£]|euros?|dollars?|pounds?)?"
_A, _B = _N.format("a"), _N.format("b")
_YEAR = r"(?P<a>(?:19|20)\d\d)"
BuildBound = Callable[[float, float], Bound]
_BOUNDS: tuple[tuple[str, BuildBound], ...] = (
    (r"(?:from |of |in )?the (?:(?:19|20)?(?P<a>\d0)'?s)", lambda a, _: _decade(a)),
    (rf"(?:between|from) {_A} (?:and|to) {_B}", lambda a, b: Bound(_bound_subject(a), a, b)),
    (
        rf"(?:before|until|older than) {_YEAR}",
        lambda a, _: Bound("year", high=a, is_exclusive=True),
    ),
    (rf"(?:after|newer than) {_YEAR}", lambda a, _: Bound("year", low=a, is_exclusive=True)),
    (rf"since {_YEAR}", lambda a, _: Bound("year", low=a)),
    (rf"(?:from|of) {_YEAR}", lambda a, _: Bound("year", a, a)),
    (
        rf"(?:under|below|less than|cheaper than|at most|up to|no more than|max(?:imum)?) {_A}",
        lambda a, _: Bound("price", high=a),
    ),
    (
        rf"(?:over|above|more than|at least|from) {_A}(?: up| upwards)?",
        lambda a, _: Bound("price", low=a),
    ),
)
BOUNDS = tuple((re.compile(rf"\b{words}(?!\w)"), build) for words, build in _BOUNDS)


def _bound_subject(number: float) -> Literal["price", "year"]:
    return "year" if 1900 <= number < 2100 else "price"


def _decade(number: float) -> Bound:
    century = 1900 if number >= 30 else 2000
    return Bound("year", century + number, century + number + 9)


def extract_bounds(text: str) -> tuple[str, tuple[Bound, ...]]:
    """(the text without them, the bounds that it names)."""
    parsed_bounds: list[Bound] = []
    for pattern, build in BOUNDS:

        def take_out(hit: re.Match[str], build: BuildBound = build) -> str:
            groups = hit.groupdict()
            a, b = (float((groups.get(group) or "0").replace(",", ".")) for group in ("a", "b"))
            parsed_bounds.append(build(a, b))
            return " , "

        text = pattern.sub(take_out, text)
    return text, tuple(parsed_bounds)


def parse_intent(
    text: str, titles: Mapping[str, str], find_item_id: Callable[[str], str | None]
) -> Intent:
    """What is meant. An intent that speaks of an item has its id, from the list or by its title.

    titles: id → title of the items of the last list, in their order. find_item_id: a title → the
    id of an item of the catalogue.
    """
    plain = " ".join(text.lower().replace("’", "'").split())
    request = plain.rstrip(".!?").removesuffix(" please")
    for pattern, build in RULES:
        hit = pattern.fullmatch(request)
        if hit is None:
            continue
        matched_intent = build({name: value or "" for name, value in hit.groupdict().items()})
        if not isinstance(matched_intent, NEEDS_ITEM):
            return matched_intent
        item = item_by_reference(matched_intent.item, titles) or find_item_id(matched_intent.item)
        if item is not None:
            return _with_item(matched_intent, item)
        if isinstance(matched_intent, WhyIntent | WhyNotIntent):
            return _with_item(matched_intent, "")
    remaining_text, named_bounds = extract_bounds(plain)
    return FreeTextIntent(remaining_text.strip(" ,"), named_bounds)


def _with_item(
    matched_intent: WhyIntent | WhyNotIntent | LikeIntent | FeedbackIntent, item: str
) -> Intent:
    if isinstance(matched_intent, LikeIntent):
        return LikeIntent(item, matched_intent.less)
    return (
        FeedbackIntent(item, matched_intent.kind)
        if isinstance(matched_intent, FeedbackIntent)
        else type(matched_intent)(item)
    )


def item_by_reference(words: str, titles: Mapping[str, str]) -> str | None:
    """The item of the list that words name: by place, by "this", by its title or a part of it."""
    item_ids = list(titles)
    words = _REFERENCE_START.sub("", words.strip(" \"'“”?.!"))
    words = _REFERENCE_END.sub("", words).strip()
    if not item_ids:
        return None
    if words in ("last", "last one"):
        return item_ids[-1]
    if words in ("this", "that", "it", "this one", "that one", "top", "best"):
        return item_ids[0]
    for ordinal_index, names in enumerate(zip(ORDINALS, NUMBERS, strict=False)):
        if words in names or words in (str(ordinal_index + 1), f"{ordinal_index + 1}."):
            return item_ids[ordinal_index] if ordinal_index < len(item_ids) else None
    if (numeral := _NUMERAL.fullmatch(words)) is not None:
        number = int(numeral[1])
        return item_ids[number - 1] if 1 <= number <= len(item_ids) else None
    return item_by_title(words, titles)


def item_by_title(words: str, titles: Mapping[str, str]) -> str | None:
    """The one item whose title is, or else begins with, these words."""
    words = words.lower().strip(" \"'“”?.!")
    exact_matches = [
        item_id
        for item_id, title in titles.items()
        if title.lower() == words or item_id.lower() == words
    ]
    if exact_matches or len(words) < 3:
        return exact_matches[0] if exact_matches else None
    prefix_matches = [
        item_id for item_id, title in titles.items() if title.lower().startswith(words)
    ]
    return prefix_matches[0] if len(prefix_matches) == 1 else None

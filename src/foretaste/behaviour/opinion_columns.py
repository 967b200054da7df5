"""In: a column of events and its values. Out: which of them are likes, dislikes and neither.

`thumb` with up and down, `vote` with 1 and -1, `liked` with true and false. Read as nothing, a
thumb down would be a view, and speak for the item.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from foretaste.domain.no_taste import column_words
from foretaste.domain.words import without_accents

_COLUMN_NAMES = (
    "thumb thumbs vote opinion feedback reaction sentiment verdict like liked daumen votum meinung "
    "stimme reaktion gefallt avis pouce"
)
_COLUMN_WORDS = frozenset(_COLUMN_NAMES.split())
"""None that is also a count: `votes` and `likes` say how many there were."""
LIKE, DISLIKE, NEITHER = "like", "dislike", ""
_OPINION_BY_WORD: Mapping[str, str] = {
    word: opinion
    for opinion, words in (
        (LIKE, "up thumbsup thumbup like liked upvote love loved positive pos good + +1 1"),
        (LIKE, "gut positiv hoch oben daumenhoch 👍 ❤ ❤️"),
        (DISLIKE, "down thumbsdown thumbdown dislike disliked downvote hate hated negative neg"),
        (DISLIKE, "bad - -1 schlecht negativ runter unten daumenrunter 👎"),
        (NEITHER, "0 neutral none"),
    )
    for word in words.split()
}
_FLAGS = {
    **dict.fromkeys(("1", "true", "yes", "y", "t", "ja", "j"), True),
    **dict.fromkeys(("0", "false", "no", "n", "f", "nein"), False),
}
MIN_KNOWN_SHARE = 0.95
"""Of the values, those that must be known words for a column to be one of opinions."""


def opinions_of_column(column: str, values: Sequence[Any]) -> Mapping[str, str]:
    """Value, as `opinion_word` leaves it → like, dislike or "", for neither; empty where the
    column holds no opinions.

    A flag that is not set is no dislike: in logs most people have not pressed the button.
    """
    if not _COLUMN_WORDS.intersection(map(without_accents, column_words(column))):
        return {}
    words = list(map(opinion_word, values))
    opinions = _OPINION_BY_WORD
    if set(words) <= _FLAGS.keys():
        opinions = {word: LIKE if is_set else NEITHER for word, is_set in _FLAGS.items()}
        if not any(_FLAGS[word] for word in words):
            return {}
    known_words = [word for word in words if word in opinions]
    is_known = len(known_words) >= MIN_KNOWN_SHARE * len(words)
    return opinions if is_known and any(opinions[word] for word in known_words) else {}


def opinion_word(value: Any) -> str:
    """One spelling of a value: 'Thumbs up' → thumbsup, 1.0 → 1, True → true."""
    word = str(value).strip().casefold().replace("_", "").replace(" ", "")
    return word.removesuffix(".0")


def opinion_note(column: str, opinions: Mapping[str, str], values: Sequence[Any]) -> str:
    """What the values were taken for, in words."""
    spellings: dict[str, list[str]] = {LIKE: [], DISLIKE: []}
    for value in dict.fromkeys(str(value).strip() for value in values):
        spellings.get(opinions.get(opinion_word(value), NEITHER), []).append(f"'{value}'")
    parts = [f"{', '.join(words)} for a {opinion}" for opinion, words in spellings.items() if words]
    return f"column '{column}' says what people think: took {' and '.join(parts)}"

"""What is said in, the same out without the sentences that only tell something of the person.

“I have to be up early, something short”: being up early is nothing to search for. A sentence tells
where it begins with a person and neither wants, weighs nor names anything, and it is left out where
another one asks for something. What is bought is chosen by what somebody does, so a shop keeps the
words of it that items have.
"""

from collections.abc import Sequence

from foretaste.understand.clauses import CHILDREN_TOKEN
from foretaste.understand.grammar import BOUNDARY, Grammar
from foretaste.understand.numbers import extract_bounds
from foretaste.understand.vocabulary import Vocabulary

MIN_WORDS = 2
HAVING_WORDS = frozenset({"have", "habe", "haben", "ai", "avons", "tengo", "tenemos"})


def without_statements(text: str, grammar: Grammar, vocabulary: Vocabulary) -> str:
    """The text without them; as it is where nothing else is said."""
    pieces = grammar.patterns["sentence_end"].split(text)
    sentences, pauses = pieces[::2], [*pieces[1::2], ""]
    telling = [_tells(sentence, grammar, vocabulary) for sentence in sentences]
    asking = [s for s, tells in zip(sentences, telling, strict=True) if not tells]
    if not any(telling) or not any(_content(sentence, grammar) for sentence in asking):
        return text
    is_shop = vocabulary.numbers.of_dimension("price") is not None
    parts = []
    for sentence, tells, pause in zip(sentences, telling, pauses, strict=True):
        if not tells:
            parts.append(sentence + pause)
            continue
        words = _content(sentence, grammar) if is_shop else []
        if _has_already(grammar.tokens(sentence), grammar):
            words = []
        useful = [word for word in words if vocabulary.has_any({"about": word})]
        parts.append(f"{BOUNDARY}{' '.join(useful)}{BOUNDARY}")
    return "".join(parts)


def _content(sentence: str, grammar: Grammar) -> list[str]:
    """Its words that name something."""
    empty = grammar.clauses["plain"] | grammar.frames["filler"] | grammar.frames["subjects"]
    return [w for w in grammar.tokens(sentence) if w[0].isalnum() and w not in empty]


def _tells(sentence: str, grammar: Grammar, vocabulary: Vocabulary) -> bool:
    """Whether it tells something of somebody, and asks for nothing."""
    words, frames = grammar.tokens(sentence), grammar.frames
    while words and words[0] in frames["links"]:
        words = words[1:]
    if _is_complaint(words, grammar):
        return True
    if len(words) < MIN_WORDS or words[0] not in frames["subjects"]:
        return False
    if CHILDREN_TOKEN in words or any(word in frames["interests"] for word in words):
        return False
    has_already = _has_already(words, grammar)
    if extract_bounds(sentence, grammar)[1]:  # “I have 100 euros”
        return False
    for position, word in enumerate(words):
        is_wish = any(
            grammar.phrase_length(phrases, words, position)
            for phrases in (grammar.strengths, grammar.postponed)
        )
        if is_wish or grammar.compares(word):
            return False
        if has_already:  # “I have a black dress, which shoes go with it?”
            continue
        phrases_here = (tuple(words[position : position + size]) for size in (1, 2))
        if any(vocabulary.feature(phrase, grammar) for phrase in phrases_here):
            return False
    return True


def _has_already(words: Sequence[str], grammar: Grammar) -> bool:
    """Whether something is had, or was taken before."""
    return any(word in grammar.frames["consumed"] or word in HAVING_WORDS for word in words)


def _is_complaint(words: Sequence[str], grammar: Grammar) -> bool:
    """ "A bit boring", in front of what is wanted instead."""
    frames, clauses = grammar.frames, grammar.clauses
    empty = clauses["plain"] | frames["adverbs"] | frozenset(grammar.articles)
    return (
        any(word in frames["disliked"] for word in words)
        and not any(word in clauses["item_nouns"] for word in words)
        and all(word in frames["disliked"] or word in empty for word in words)
    )

"""In: words that name no value of a catalogue. Out: the values that they are a form of in German.

No stemmer of English takes these endings off: “rote” is rot, “weißer” weiß.
"""

from collections.abc import Container, Mapping, Sequence

from foretaste.rank.about import stems
from foretaste.understand.grammar import fold
from foretaste.understand.spelled_values import FeatureValue

ADJECTIVE_ENDINGS = ("e", "en", "er", "es", "em")
MIN_BASE_LETTERS = 3


def inflected_values(
    words: Sequence[str],
    values_by_stems: Mapping[tuple[str, ...], Sequence[FeatureValue]],
    known_words: Container[str],
) -> list[FeatureValue]:
    """known_words: of the items; what one has as it was said is no form of anything else."""
    *first, last = words or ("",)
    ending = next((ending for ending in reversed(ADJECTIVE_ENDINGS) if last.endswith(ending)), "")
    base = last.removesuffix(ending)
    if not ending or last in known_words or len(base) < MIN_BASE_LETTERS:
        return []
    name = " ".join([*first, base])
    values = values_by_stems.get(tuple(stems(name)), ())
    return [value for value in values if fold(value[1].lower()) == name]

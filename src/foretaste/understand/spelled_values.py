"""Words that are no value as they are written in, the value that they name out.

A word misspelt ("comdies"), a name misspelt ("agatha cristie"), and people by their last name alone
where it is said that a person is meant ("by spielberg", "spielberg's films", "with de niro").
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property, lru_cache

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from foretaste.domain.words import stem
from foretaste.rank.about import stems
from foretaste.understand.grammar import fold
from foretaste.understand.titles import plain_words

MIN_MISSPELT_LETTERS, MIN_MISSPELT_RATIO = 5, 85.0
"""Of a word that is read as the name of a value, misspelt."""
MIN_NAME_LETTERS = 4
MAX_NAME_WORDS = 3
MIN_ROLES = 3
"""Items that somebody who plays in them is known by the last name alone from."""
MIN_LEAD = 2
"""How many times the items of another of the same name somebody must have to be meant."""
CREATOR_WORDS: Mapping[str, frozenset[str]] = {
    "en": frozenset({"by", "directed", "written"}),
    "de": frozenset({"von"}),
    "fr": frozenset({"de", "par"}),
    "es": frozenset({"de", "por"}),
}
"""By language: “de” is in a name where it is no word."""
CREATOR_COLUMNS = ("director", "directors", "author", "authors", "writer", "artist", "brand")
CAST_COLUMNS = ("cast", "actors", "actor", "stars", "starring")
CAST_WORDS = frozenset({"with", "starring", "mit", "avec", "con", "featuring"})
NAME_STARTS = CAST_WORDS | {
    *("or", "and", "oder", "und", "ou", "et", "o", "y", "u", "e"),
    *("de", "van", "von", "di", "la", "le", "del", "der", "da", "mac", "mr", "mrs", "ms"),
}
"""What may stand before a last name that is said alone."""
SIBLINGS = frozenset({("brothers",), ("bros",), ("sisters",), ("brüder",), ("hermanos",)})
"""What may stand behind a last name: “the Coen brothers”, who made their films together."""
FeatureValue = tuple[str, str]
"""(column, value)"""
SpelledMatch = tuple[int, int, FeatureValue]
"""(offset in the run, words, value)"""


class SpelledValues:
    """The values of a catalogue by how they are spelled.

    is_only_name: whether a word is said of no items but those of these people.
    """

    def __init__(
        self,
        values_by_stems: Mapping[tuple[str, ...], Sequence[FeatureValue]],
        item_count: Callable[[FeatureValue], int],
        is_only_name: Callable[[str, Sequence[FeatureValue]], bool],
    ) -> None:
        self._values_by_stems, self._item_count = values_by_stems, item_count
        self._is_only_name = is_only_name

    def find(
        self,
        run: Sequence[str],
        is_word: Callable[[str], bool],
        plain: Collection[str],
        language: str = "en",
    ) -> SpelledMatch | None:
        """The first value that words of the run name. is_word: whether items or the language have
        it; plain: words that name nothing.
        """
        unknown = [
            offset
            for offset, word in enumerate(run)
            if len(word) >= MIN_NAME_LETTERS and not is_word(word)
        ]
        return (
            self._misspelt_name(run, unknown)
            or self._last_name(run, unknown, plain, CREATOR_WORDS[language])
            or self._name_alone(run, plain)
            or self._misspelt_maker(run, unknown, CREATOR_WORDS[language])
            or self._misspelt_last_name(run)
            or self._misspelt_word(run, unknown)
        )

    def _misspelt_word(self, run: Sequence[str], unknown: Sequence[int]) -> SpelledMatch | None:
        """ "comdies"."""
        for offset in unknown:
            if len(run[offset]) < MIN_MISSPELT_LETTERS:
                continue
            word = stem(run[offset])  # hardly anybody mistypes the first letter
            nearest = process.extractOne(
                word,
                [value for value in self._word_stems if value[0] == word[0]],
                scorer=fuzz.ratio,
                score_cutoff=MIN_MISSPELT_RATIO,
            )
            if nearest is not None:
                value = max(self._values_by_stems[(nearest[0],)], key=self._item_count)
                return offset, 1, value
        return None

    def _misspelt_name(self, run: Sequence[str], unknown: Sequence[int]) -> SpelledMatch | None:
        """ "agatha cristie": several words, of which one is no word."""
        for offset in unknown:
            for length in range(MAX_NAME_WORDS, 1, -1):
                for start in range(max(offset - length + 1, 0), offset + 1):
                    words = run[start : start + length]
                    if len(words) < length:
                        continue
                    nearest = process.extractOne(
                        " ".join(words),
                        self._names,
                        scorer=fuzz.ratio,
                        score_cutoff=MIN_MISSPELT_RATIO,
                    )
                    if nearest is not None:
                        values = self._values_by_name[nearest[0]]
                        is_cast = start > 0 and run[start - 1] in CAST_WORDS
                        return start, length, (values[-1] if is_cast else values[0])
        return None

    def _misspelt_last_name(self, run: Sequence[str]) -> SpelledMatch | None:
        """ "Jim Carey", where there is a Jim Carrey: one letter of a last name behind its first."""
        for offset in range(len(run) - 1):
            first, last = run[offset : offset + 2]
            people = (
                self._people_by_first_name.get(first, ()) if len(last) >= MIN_NAME_LETTERS else ()
            )
            namesakes = [v for v in people if OSA.distance(plain_words(v[1])[-1], last) == 1]
            if namesakes:
                return offset, 2, max(namesakes, key=self._item_count)
        return None

    def _last_name(
        self,
        run: Sequence[str],
        unknown: Sequence[int],
        plain: Collection[str],
        creator_words: frozenset[str],
    ) -> SpelledMatch | None:
        """People, where it is said that one is meant."""
        for offset, word in enumerate(run):
            before = set(run[:offset])
            is_owner = word.endswith(("'s", "s'")) or (offset in unknown and word.endswith("s"))
            columns = (
                *(CREATOR_COLUMNS if before & creator_words or is_owner else ()),
                *(CAST_COLUMNS if before & CAST_WORDS else ()),
            )
            if not columns or word in plain or len(word) < MIN_NAME_LETTERS:
                continue
            if not is_owner and offset and run[offset - 1] not in creator_words | NAME_STARTS:
                continue  # “with the cowboy doll”
            names = [word]
            if is_owner:  # “with dogs” is no film of Jill the Dog
                names += [word.removesuffix("'s").removesuffix("'"), word.removesuffix("s")]
            keys = [key for name in dict.fromkeys(names) if (key := " ".join(plain_words(name)))]
            for name in keys:
                values = [v for v in self._by_last_name.get(name, ()) if v[0].lower() in columns]
                if values:
                    return offset, 1, max(values, key=self._item_count)
        return None

    def _misspelt_maker(
        self, run: Sequence[str], unknown: Sequence[int], creator_words: frozenset[str]
    ) -> SpelledMatch | None:
        """ "By tarentino": a last name with one letter wrong, where it is said that it is one."""
        for offset in unknown:
            word = run[offset]
            if len(word) < MIN_MISSPELT_LETTERS or not set(run[:offset]) & creator_words:
                continue
            people = [
                person
                for name, group in self._by_last_name.items()
                if name[0] == word[0] and OSA.distance(name, word, score_cutoff=1) <= 1
                for person in group
                if person[0].lower() in CREATOR_COLUMNS
            ]
            if people:
                return offset, 1, max(people, key=self._item_count)
        return None

    def _name_alone(self, run: Sequence[str], plain: Collection[str]) -> SpelledMatch | None:
        """ "hitchcock": a last name that is said of no item but those of one person."""
        for offset, word in enumerate(run):
            people = self._by_last_name.get(word, ())
            if word in plain or len(word) < MIN_NAME_LETTERS or not people:
                continue
            counts = sorted(((self._item_count(person), person) for person in people), reverse=True)
            other_counts = [count for count, person in counts if person[1] != counts[0][1][1]]
            is_maker = counts[0][1][0].lower() in CREATOR_COLUMNS
            is_clear = is_maker or counts[0][0] >= MIN_ROLES
            is_clear = is_clear and (not other_counts or counts[0][0] >= MIN_LEAD * other_counts[0])
            has_siblings = tuple(run[offset + 1 : offset + 2]) in SIBLINGS and is_maker
            if (is_clear or has_siblings) and self._is_only_name(word, people):
                start = self._name_start(run, offset, counts[0][1][1])
                return start, offset + 1 + has_siblings - start, counts[0][1]
        return None

    def _name_start(self, run: Sequence[str], offset: int, name: str) -> int:
        """Where the name begins that ends here: “de niro”, and “steven spielberg”."""
        parts = plain_words(name)
        start = offset
        while start and len(parts) > offset - start + 1:
            if run[start - 1] != parts[-(offset - start + 2)]:
                break
            start -= 1
        return start

    @cached_property
    def _word_stems(self) -> list[str]:
        """Of the values of one word."""
        return [key[0] for key in self._values_by_stems if len(key) == 1 and len(key[0]) > 3]

    @cached_property
    def _values_by_name(self) -> dict[str, list[FeatureValue]]:
        """Values of several words, in lower case; of people who made it first, of its cast last."""
        values = {value for group in self._values_by_stems.values() for value in group}
        values_by_name: dict[str, list[FeatureValue]] = {}
        for value in sorted(values, key=self._rank):
            if " " in value[1].strip():
                values_by_name.setdefault(value[1].lower(), []).append(value)
        return values_by_name

    def _rank(self, value: FeatureValue) -> tuple[int, FeatureValue]:
        column = value[0].lower()
        return (column in CAST_COLUMNS) - (column in CREATOR_COLUMNS), value

    @cached_property
    def _names(self) -> list[str]:
        return list(self._values_by_name)

    @cached_property
    def _people_by_first_name(self) -> dict[str, list[FeatureValue]]:
        """People of two names."""
        people: dict[str, list[FeatureValue]] = {}
        for value in (value for group in self._by_last_name.values() for value in group):
            words = plain_words(value[1])
            if len(words) == 2:
                people.setdefault(words[0], []).append(value)
        return people

    @cached_property
    def _by_last_name(self) -> dict[str, list[FeatureValue]]:
        """People by the last word of their names."""
        people: dict[str, list[FeatureValue]] = {}
        for value in sorted({v for group in self._values_by_stems.values() for v in group}):
            words = plain_words(value[1])
            if value[0].lower() in (*CREATOR_COLUMNS, *CAST_COLUMNS) and len(words) > 1:
                people.setdefault(words[-1], []).append(value)
        return people


@lru_cache(maxsize=100_000)
def stem_keys(value: str) -> frozenset[tuple[str, ...]]:
    """What a value is looked up by; kept, as a catalogue of new items has the same values."""
    return frozenset((tuple(stems(value)), tuple(stems(fold(value)))))

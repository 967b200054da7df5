"""Words that name items in, their ids out: by place, by "this", by title, or several of them.

the second | number 2 | the last one | this | The Shining | Alien and Blade Runner
"""

import re
from collections.abc import Mapping, Sequence

from foretaste.rank.about import stems
from foretaste.understand.grammar import Grammar
from foretaste.understand.meaning import Scene
from foretaste.understand.spelled_values import FeatureValue
from foretaste.understand.titles import ARTICLES, TitleIndex, title_key

_NUMERAL = re.compile(r"(\d{1,3})(?:st|nd|rd|th|er|e|eme|o|a|\.)?")
_CUT = re.compile(r"[,;.!?:¦]|\s")
MOVED_ARTICLE = re.compile(rf", (?:{'|'.join(ARTICLES)})$")
MAX_TITLE_WORDS = 14
MAX_ITEMS = 8
PAUSES = (",", ";", ".", "!", "?", ":")
EDGE = " \"'“”«»„?.!,;:"


class ItemReader:
    """The items that words may name in one talk."""

    def __init__(self, scene: Scene, grammar: Grammar) -> None:
        self._grammar = grammar
        self._shown_ids, self._subject = list(scene.shown), scene.subject
        self._shown_titles, self._all_titles = scene.shown, scene.vocabulary.titles.titles
        self._vocabulary = scene.vocabulary
        self._shown = TitleIndex(scene.shown)
        self._all = scene.vocabulary.titles
        self._empty_words = grammar.clauses["plain"] | frozenset(grammar.articles)

    def leading(self, words: str, *, greedy: bool = False) -> tuple[tuple[str, ...], str]:
        """(the items that the text begins with, what is said behind them)

        greedy: words between them may be passed over, as in a comparison.
        """
        items: list[str] = []
        rest = words.strip(EDGE)
        group = self._group(rest)
        if group is not None:
            return group
        while rest and len(items) < MAX_ITEMS:
            item, behind = self._first(rest, is_exact=bool(items))
            if item is None:
                if not greedy or not rest.split():
                    break
                rest = " ".join(rest.split()[1:])
                continue
            if item not in items:
                items.append(item)
            next_words = behind.strip(" ,;?!").split()
            if not next_words:
                return tuple(items), ""
            rest = behind
            if behind.strip().startswith(",") or next_words[0] in self._grammar.joins:
                joined = next_words[1:] if next_words[0] in self._grammar.joins else next_words
                rest = " ".join(joined)
                if self._first(rest, is_exact=True)[0] is None and not greedy:
                    return tuple(items), behind
            elif not greedy:
                break
        return tuple(items), rest

    def ending(self, words: str) -> tuple[str, ...]:
        """The item that the text ends with: “on earth would you give me Jaws”."""
        tokens = words.strip(EDGE).split()[-MAX_TITLE_WORDS:]
        for start in range(1, len(tokens)):
            name = " ".join(tokens[start:]).strip(EDGE)
            item = self._by_place(name) or self._exact(name)
            if item is not None:
                return (item,)
        return ()

    def last_title_span(self, words: str) -> tuple[int, int] | None:
        """(first word, word behind it) of the last title in a text, the longest that ends there."""
        tokens = words.split()
        for stop in range(len(tokens), 0, -1):
            for start in range(max(stop - MAX_TITLE_WORDS, 0), stop):
                name = " ".join(tokens[start:stop]).strip(EDGE)
                if self._by_place(name) or self._exact(name):
                    return start, stop
        return None

    def titles_alone(self, words: str) -> tuple[str, ...]:
        """The items whose exact titles, joined by "and" or commas, are all that is said; a title
        that is a pronoun is one.
        """
        names = [""]
        for word in words.replace(",", " , ").split():
            if word == "," or word in self._grammar.joins:
                names.append("")
            else:
                names[-1] = f"{names[-1]} {word}".strip()
        title = self._shown.exact(words) or self._all.exact(words)
        items = [self._shown.exact(name) or self._all.exact(name) for name in names]
        if title is not None:
            return (title,)
        return () if None in items else tuple(item for item in items if item)

    def _described(self, words: str) -> str | None:
        """The item of the list that has these words in its title: “the whales one”."""
        hit = self._grammar.patterns["described"].match(words)
        if hit is None:
            return None
        groups = hit.groupdict()
        is_noun = groups.pop("noun", None) is not None  # “the bank story” is one of the list
        name = next(group for group in groups.values() if group)
        in_list = self._titled(self._shown_titles, name)
        if in_list is None and (groups["about"] is not None or is_noun):
            in_list = self._told_in_list(set(stems(name)))
        return in_list or (None if is_noun else self._titled(self._all_titles, name))

    def _titled(self, titles: Mapping[str, str], name: str) -> str | None:
        """The only one of these whose title has the words, as they were said or in English."""
        tokens = tuple(name.split())
        for sought in (tokens, self._grammar.translated(tokens)):
            keys = set(stems(" ".join(sought)))
            items = [item for item, title in titles.items() if keys <= set(stems(title))]
            if keys and len(items) == 1:
                return items[0]
        return None

    def _told_in_list(self, keys: set[str]) -> str | None:
        """The only item of the list whose texts have these words: “the one with the shark”."""
        catalogue = self._vocabulary.catalogue
        items = [
            item
            for item in self._shown_ids
            if (at := catalogue.index.get(item)) is not None
            and keys <= set(stems(catalogue.full_texts[at]))
        ]
        return items[0] if keys and len(items) == 1 else None

    def _by_value(self, words: str) -> str | None:
        """The only item of the list that has a value: “the blue one”."""
        hit = self._grammar.patterns["described_by_value"].fullmatch(words)
        if hit is None or hit.groupdict().get("several"):
            return None
        name = next(group for key, group in hit.groupdict().items() if group and key != "several")
        feature = self._vocabulary.feature(tuple(name.split()), self._grammar)
        return None if feature is None else self._only_one_with(feature)

    def _only_one_with(self, feature: FeatureValue) -> str | None:
        """The only item of the list that has a value."""
        items = self._vocabulary.items_that({feature[0]: feature[1]}, self._shown_ids)
        return items[0] if len(items) == 1 else None

    def _group(self, words: str) -> tuple[tuple[str, ...], str] | None:
        """ "The first two", "both"."""
        if len(self._shown_ids) < 2:
            return None
        for prefix, behind in _prefixes(words):
            if prefix in self._grammar.references["first_two"]:
                return tuple(self._shown_ids[:2]), behind
        return None

    def is_place(self, words: str) -> bool:
        """Whether the text begins with a place in the list, and not with a title."""
        return any(
            self._by_place(prefix) is not None or self._is_described_in_list(prefix)
            for prefix, _ in _prefixes(words)
        )

    def _is_described_in_list(self, words: str) -> bool:
        """Whether it is “the denim one” of the list."""
        return self._by_value(words) is not None or self._described(words) in self._shown_ids

    def by_partial_title(self, words: str) -> str | None:
        """ "The loafers": the only item of the list, or of all, with these words in its title;
        “the coat”: the only one of the list.
        """
        first, _, name = words.partition(" ")
        if first not in ARTICLES or not name:
            return None
        feature = self._vocabulary.feature(tuple(name.split()), self._grammar)
        if feature is not None:
            return self._only_one_with(feature)
        english = " ".join(self._grammar.translated(tuple(name.split())))
        return (
            self._shown.containing(name)
            or self._all.containing(name)
            or self._all.containing(english)
        )

    def called_by_kind(self, words: str) -> tuple[tuple[str, ...], str]:
        """(the item that the text begins with, the rest) where it is “the wolves article” or “the
        article about wolves”: the only one of all with these words in its title.
        """
        for prefix, behind in _prefixes(words):
            hit = self._grammar.patterns["described"].fullmatch(prefix)
            groups = {} if hit is None else hit.groupdict()
            name = groups.get("about") or (groups.get("name") if groups.get("noun") else None)
            item = None if name is None else self._titled(self._all_titles, name)
            if item is not None:
                return (item,), behind
        return (), words

    def looks_like_title(self, words: str, line: str) -> bool:
        """Whether only a title can be meant: it begins with an article, and says no kind."""
        first = words.split()[0] if words.split() else ""
        return first in ("the",) and "¦" not in words and len(words.split()) <= MAX_TITLE_WORDS

    def _first(self, words: str, *, is_exact: bool) -> tuple[str | None, str]:
        """(the item that the text begins with, the rest), the longest name that fits."""
        prefixes = _prefixes(words)
        if is_exact and (title := self._all.exact(words)) and not self._by_place(words):
            return title, ""  # “Dracula and It”
        for find in (self._by_place, self._exact, self._described, self._by_value):
            for prefix, behind in prefixes:
                item = find(prefix)
                is_cut = MOVED_ARTICLE.search(prefix) and behind.strip()[:1].isalnum()
                if item is not None and not is_cut:  # “not Dune, the others”
                    return item, behind
        for prefix, behind in prefixes:
            if is_exact or not self._is_boundary(behind) or self.names_place(prefix):
                continue
            if all(word in self._empty_words for word in prefix.split()):
                continue  # “something with a lot of explosions”
            item = self._shown.nearest(prefix) or self._all.nearest(prefix)
            if item is not None:
                return item, behind
        return None, words

    def _exact(self, words: str) -> str | None:
        if words in self._grammar.clauses["plain"] or words in self._grammar.articles:
            return None
        item = self._shown.exact(words) or self._all.exact(words)
        is_id = words.isdigit() and item is not None and words == item  # “I'm 45”
        return None if is_id and title_key(self._all_titles[item or ""]) != words else item

    def _is_boundary(self, behind: str) -> bool:
        """Whether a name that is not exact may end here."""
        word = behind.strip().split(" ")[0] if behind.strip() else ""
        stops = self._grammar.clauses["breaks"] | self._grammar.joins
        return not word or not word[0].isalnum() or word in stops

    def _by_place(self, words: str) -> str | None:
        """The item at a place of the list that words name, or the one that was spoken of."""
        references, ids = self._grammar.references, self._shown_ids
        if self._subject and words in references["current"]:
            return self._subject[0]
        if not ids:
            return None
        if words in references["last"]:
            return ids[-1]
        if words in references["current"]:
            return ids[0]
        place, is_named = self._place_words(words)
        if place in references["last"]:
            return ids[-1]
        number = self._ordinal(place, named=is_named)
        return ids[number - 1] if number is not None and 1 <= number <= len(ids) else None

    def names_place(self, words: str) -> bool:
        """Whether it is a place, in the list or behind its end."""
        place, is_named = self._place_words(words)
        return self._ordinal(place, named=is_named) is not None

    def _place_words(self, words: str) -> tuple[str, bool]:
        """(the words of a place alone, whether something like "number" stood before them)"""
        before = self._grammar.patterns["reference.before"].match(words)
        place = words[before.end() :] if before is not None else words
        place = self._grammar.patterns["reference.after"].sub("", place).strip()
        is_named = before is not None and before[0].strip() not in self._grammar.articles
        return place, is_named  # “number one” is a place, “the one with the shark” is not

    def _ordinal(self, word: str, *, named: bool) -> int | None:
        for number, names in enumerate(self._grammar.references["ordinals"], 1):
            if word in (names.split("/") if isinstance(names, str) else names):
                return number
        numeral = _NUMERAL.fullmatch(word)
        if numeral is not None:
            return int(numeral[1])
        amount = self._grammar.number_words.get(word) if named else None
        return int(amount) if amount is not None else None


def _prefixes(words: str) -> Sequence[tuple[str, str]]:
    """(the first words, the rest), the longest first."""
    cuts = [
        hit.start()
        for hit in _CUT.finditer(words)
        if not (hit[0].isspace() and words[: hit.start()].endswith(PAUSES))  # cut before the pause
    ]
    cuts.append(len(words))
    prefixes = [(words[:cut].strip(EDGE), words[cut:]) for cut in cuts[: 2 * MAX_TITLE_WORDS]]
    if cuts[-1] == len(words) and len(cuts) > 2 * MAX_TITLE_WORDS:
        prefixes.append((words.strip(EDGE), ""))
    return [(prefix, behind) for prefix, behind in reversed(prefixes) if prefix]

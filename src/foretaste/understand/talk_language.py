"""What is said in a talk in, the language that it is read in out."""

from collections.abc import Iterable

from foretaste.understand.grammar import GRAMMARS
from foretaste.understand.language import detect_language
from foretaste.understand.meaning import Scene
from foretaste.understand.references import MAX_TITLE_WORDS
from foretaste.understand.whole_requests import STOPS, WholeRequests

MAX_NAME_WORDS = 2
"""Of a text that is a name in the catalogue, which tells no language."""


def talk_language(text: str, scene: Scene) -> str:
    """ISO code: of the talk where the text is a name, of a whole request where it is one."""
    if scene.vocabulary.titles.exact(text) is not None or _is_value(text, scene):
        return scene.language
    language = detect_language(_without_title(text, scene), previous=scene.language)
    return _language_of_whole(text, (scene.language, language, *GRAMMARS)) or language


def _without_title(text: str, scene: Scene) -> str:
    """Without the longest title in it, which is of no language: “parecida a Toy Story”."""
    words = text.split()
    for length in range(min(len(words) - 1, MAX_TITLE_WORDS), 1, -1):
        for start in range(len(words) - length + 1):
            if scene.vocabulary.titles.exact(" ".join(words[start : start + length])) is not None:
                return " ".join(words[:start] + words[start + length :])
    return text


def _is_value(text: str, scene: Scene) -> bool:
    """Whether it is a value of the catalogue alone, which is of no language: “comedies”."""
    grammar = GRAMMARS.get(scene.language)
    words = tuple(text.lower().strip(STOPS).split())
    if grammar is None or not 0 < len(words) <= MAX_NAME_WORDS:
        return False
    return scene.vocabulary.feature(words, grammar) is not None


def _language_of_whole(text: str, languages: Iterable[str]) -> str | None:
    """The first of these languages in which the text is a request that needs nothing else: “yo”
    greets in English and is a word of Spanish too; “sorpréndeme” is Spanish whatever was before.
    """
    for language in dict.fromkeys(languages):
        grammar = GRAMMARS.get(language)
        if grammar is not None:
            line = grammar.normalised(text).strip(STOPS)
            if WholeRequests(grammar).read(line) is not None:
                return language
    return None

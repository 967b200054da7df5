"""What is said in, whether it asks for something else than items out: the time, my data."""

from collections.abc import Callable
from dataclasses import dataclass

from foretaste.understand.grammar import Grammar

SELLING_WORDS = frozenset(
    (
        *("sell", "stock", "carry", "verkauft", "verkaufen", "verkaufst", "vendez", "vends"),
        *("vendeis", "venden", "vendes"),
    )
)
STOPS = " \"'.,;:!?-–—"


@dataclass(frozen=True)
class OutOfScope:
    """One text, as it was said and without politeness."""

    request: str
    line: str
    grammar: Grammar
    names_feature: Callable[[str], bool]
    """Whether words are a value of the items."""
    names_person: Callable[[str], bool]
    """Whether somebody who made items, or plays in them, is named."""
    is_shop: bool = False
    """Whether the items have prices."""

    def asks_of_data(self) -> bool:
        """Whether it is about what is stored of the person: “stop tracking me”."""
        return self.grammar.patterns["private"].search(self.line) is not None

    def asks_something_else(self) -> bool:
        """Whether it asks for the time, a joke, or where a parcel is."""
        if self.names_person(self.request):  # “what did Stephen King write?”
            return False
        if any(self.grammar.whole("unknown", text) for text in (self.request, self.line)):
            return True
        return self.names_service() or self.asks_service()

    def names_service(self) -> bool:
        """Whether it is of what is around the items: stock, opening hours, a restaurant."""
        service = self.grammar.patterns["service"].search(self.request)
        return service is not None and not self.names_feature(service[0])

    def asks_service(self) -> bool:
        """Whether it asks for what a shop does besides showing items: “call me a taxi”, and
        not “do you sell hoodies?”
        """
        pattern = self.grammar.patterns["questions"]
        if not any(pattern.match(text.strip(STOPS)) for text in (self.request, self.line)):
            return False
        words = [word for word in self.grammar.tokens(self.request) if word[0].isalpha()]
        if self.is_shop and SELLING_WORDS & set(words):  # “do you sell umbrellas?”
            return self.grammar.patterns["service"].search(self.request) is not None
        return not any(self.names_feature(word) for word in words)

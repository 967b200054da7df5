"""One thing said in a talk, while it is answered, and a model that may answer it."""

from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from foretaste.converse.answers import answer
from foretaste.converse.evidence import Evidence
from foretaste.converse.sentences import list_in_words
from foretaste.converse.state import ChatState
from foretaste.converse.tools import Tools
from foretaste.domain.data import Recommendation
from foretaste.generate.item_display import ItemDisplay
from foretaste.preferences.matching import ClauseMatch
from foretaste.understand.meaning import Meaning


@dataclass
class ChatTurn:
    """One thing said, while it is answered."""

    tools: Tools
    state: ChatState
    recommendation: Recommendation | None = None
    clause_matches: list[ClauseMatch] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What was done, in sentences of the loop's own."""
    evidence: Evidence = field(default_factory=Evidence)
    """What tools gave a model."""
    meaning: Meaning | None = None
    """How the grammar understood it."""
    count: int | None = None
    """Items wanted in this answer alone."""
    order: str | None = None
    """What its list is to begin with, as a comparative: “cheaper”."""
    undoable_events: list[tuple[str, str]] = field(default_factory=list)
    """(item, event type) that were recorded."""
    is_undo: bool = False
    """Whether it takes back what was before; then there is nothing more to take back."""

    def explain(self, item: str) -> dict[str, Any]:
        """Why, and why not, in answer to what the talk has come to."""
        state = self.state
        return self.tools.explain(
            item,
            state.query,
            filter=state.filter,
            like=state.items,
            n=state.n,
            rules=state.rules,
        )

    def display(self) -> ItemDisplay:
        """How items and conditions are written in the language of the talk."""
        shop = self.tools.shop
        snapshot = shop.manager.snapshot
        features = () if snapshot is None else snapshot.catalogue.features
        return shop.reasoning.display(self.state.language, features)

    def keep_shown(self) -> None:
        """The items of the list, if there is one, are what is spoken of from now on."""
        if self.recommendation is not None:
            self.state = replace(
                self.state,
                shown={item.id: item.title or item.id for item in self.recommendation},
                recommendation_id=self.recommendation.recommendation_id,
            )

    def in_words(self) -> str:
        """What was done and what was found."""
        list_sentences = (
            []
            if self.recommendation is None
            else [list_in_words(self.state, self.recommendation, self.display())]
        )
        return " ".join([*self.notes, *list_sentences]) or answer("help", self.state.language)


class LeadingModel(Protocol):
    """A model that answers by tool calls."""

    def __call__(self, turn: ChatTurn, text: str, /) -> str:
        """What is said. Raises WriterError where it cannot."""

    def close(self) -> None:
        """Let go of what it holds."""

"""A history as text. In: a user context; out: what a language model reads of it, the newest last.

rating: Toy Story (1995); Heat (1995). search: a slow film about space. like: Solaris (1972)
"""

from collections.abc import Sequence
from itertools import groupby

from foretaste.domain.data import Catalogue, UserContext
from foretaste.domain.text_limits import shorten

MAX_PART_CHARACTERS = 200
"""Characters read of one title, search or review."""

EventWords = tuple[int, str]
"""The row of an event, and its words."""


class HistoryTextBuilder:
    """Puts the last events of a person into words."""

    def __init__(self, catalogue: Catalogue, event_types: Sequence[str], max_events: int) -> None:
        self.event_types = tuple(event_types)
        self.item_ids = catalogue.ids
        self._event_type_words = [event_type.replace("_", " ") for event_type in event_types]
        self._max_events = max_events
        title_readings = zip(catalogue.titles, catalogue.full_texts, strict=True)
        self._titles = [
            (title.strip() or reading.strip())[:MAX_PART_CHARACTERS]
            for title, reading in title_readings
        ]

    def event_words(self, user_context: UserContext) -> list[EventWords]:
        """The last events that say something, oldest first."""
        newest_parts: list[EventWords] = []
        for row in range(len(user_context) - 1, -1, -1):
            words = self._words_of_event(user_context, row)
            if words:
                newest_parts.append((row, words))
                if len(newest_parts) == self._max_events:
                    break
        return newest_parts[::-1]

    def _words_of_event(self, user_context: UserContext, row: int) -> str:
        """The title, and the words of the search or the review."""
        item = int(user_context.item[row])
        title = self._titles[item] if item >= 0 else ""
        words = user_context.text[row].strip()[:MAX_PART_CHARACTERS] if user_context.text else ""
        return f"{title}, {words}" if title and words else title or words

    def compose(
        self, user_context: UserContext, parts: Sequence[EventWords], query: str | None
    ) -> str:
        """In words; an event type is named once for all its events in a row. "" where there is
        nothing.

        What the person asks for now comes last, as the search that it is.
        """
        type_groups = groupby(
            parts, lambda part: self._event_type_words[int(user_context.kind[part[0]])]
        )
        sentences = [
            f"{type_words}: {'; '.join(words for _, words in group_parts)}"
            for type_words, group_parts in type_groups
        ]
        if query and query.strip():
            sentences.append(f"search: {query.strip()[:MAX_PART_CHARACTERS]}")
        return ". ".join(sentences)

    def text(self, user_context: UserContext) -> str:
        """All that is read of a person."""
        return self.compose(user_context, self.event_words(user_context), user_context.query)

    def event_name(self, user_context: UserContext, row: int) -> str:
        """Of an event in an explanation: the item's id, or the first words of the search."""
        item = int(user_context.item[row])
        return self.item_ids[item] if item >= 0 else shorten(user_context.text[row])

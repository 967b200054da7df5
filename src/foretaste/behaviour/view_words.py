"""What the files and trackers of a workspace call a view: `listen`, `played`, `watch`.

They are all views to the model. A reason says what people did, and nobody looks at a song.
"""

import json
from collections.abc import Iterable, Mapping

from foretaste.behaviour.settings import normalise_event_type
from foretaste.domain.no_taste import column_words
from foretaste.domain.store import FactStore

VIEW_WORDS_KEY = "view_words"
"""Under this name the store keeps them."""
_SPELLINGS = {
    "watch": "watch watched start_watching",
    "listen": "listen listened listening gehört scrobble",
    "play": "play played plays stream streamed video_play",
    "read": "read reading gelesen",
}
_VERB_BY_WORD = {word: verb for verb, words in _SPELLINGS.items() for word in words.split()}

_VERB_BY_COLUMN_WORD = {
    **dict.fromkeys(("listener", "listened", "listen", "listening"), "listen"),
    **dict.fromkeys(("watched", "watch", "viewer"), "watch"),
    **dict.fromkeys(("played", "play", "plays", "playback"), "play"),
}
"""Words of columns of events without types, the most telling first."""


def verb_of_columns(columns: Iterable[str]) -> str | None:
    """What the columns of a table of views say that people did; None where they do not."""
    words = {word for column in columns for word in column_words(column)}
    return next((verb for word, verb in _VERB_BY_COLUMN_WORD.items() if word in words), None)


def note_view_words(store: FactStore, spellings: Mapping[str, str]) -> None:
    """Keep what views were called. spellings: event type as it was written → as we write it."""
    words = {normalise_event_type(raw) for raw, written in spellings.items() if written == "view"}
    known_words = _view_words(store)
    if not words <= known_words:
        store.put_meta_text(VIEW_WORDS_KEY, json.dumps(sorted(words | known_words)))


def view_verb(store: FactStore) -> str | None:
    """watch, listen, play or read, where all views were called so; else None."""
    verbs = {_VERB_BY_WORD.get(word) for word in _view_words(store)}
    return verbs.pop() if len(verbs) == 1 else None


def _view_words(store: FactStore) -> set[str]:
    return set(json.loads(store.meta_text(VIEW_WORDS_KEY) or "[]"))

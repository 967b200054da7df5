"""In: a workspace that answers without words. Out: the same with its language model loaded."""

import logging
from collections.abc import Mapping
from threading import Event
from typing import Any

from foretaste.domain.data import Request
from foretaste.domain.memory import trim_memory
from foretaste.domain.switching import short_turns
from foretaste.errors import ForetasteError
from foretaste.generate.catalogue_words import count_title_words
from foretaste.generate.messages import LANGUAGES, messages_in
from foretaste.language.open import REHEARSAL_QUERY, forgetful
from foretaste.loop import Foretaste
from foretaste.understand.language import load_identifier

log = logging.getLogger("foretaste.serve")

HISTORY_LENGTH = 5
"""Items that the rehearsed list goes with."""


def warm_up_lists(workspace: Foretaste) -> None:
    """Answer as nobody and as somebody with a history, so that the first person need not wait for
    what a list makes once: statements of the store, rows of the experts, words of the catalogue.
    """
    workspace.recommend(Request(n=1, explain=True, incognito=True))
    catalogue = workspace.manager.current.catalogue
    count_title_words(catalogue.titles)
    workspace.reasoning.messages(Request()).names(("", ""))  # Babel reads its lists for it
    seeds = tuple(catalogue.ids[:HISTORY_LENGTH])
    workspace.recommend(Request("nobody", items=seeds, n=10, explain=True, incognito=True))


def rehearsal_bodies(workspace: Foretaste) -> list[Mapping[str, Any]]:
    """The lists that are rehearsed over HTTP: of nobody, with a history, and of a user."""
    seeds = list(workspace.manager.current.catalogue.ids[:HISTORY_LENGTH])
    bodies: list[Mapping[str, Any]] = [{}, {"items": seeds, "explain": True}, {"user": "nobody"}]
    return [{**body, "incognito": True} for body in bodies]


def try_to_warm_up_language(workspace: Foretaste, stop_event: Event) -> None:
    """Words are read when this is done; why they cannot be is for the log. It is the last step of
    a start.
    """
    try:
        warm_up_language(workspace)
        trim_memory()
    except ForetasteError as error:
        if not stop_event.is_set():
            log.error("words cannot be read: %s", error)
    except Exception:
        log.exception("while loading the language model")


@short_turns()  # requests are answered meanwhile
def warm_up_language(workspace: Foretaste) -> None:
    """Load what words need.

    A language model takes longer to load than all the rest, and a list that nobody asked for in
    words need not wait for it. Until it is there a request in words is answered by what counts, and
    says so; and no list waits for a new item to be read. Raises ForetasteError where the model
    cannot be loaded.
    """
    workspace.suggest("a")  # who types first need not wait for the index of titles
    encoder = workspace.data_encoder.open_encoder(workspace.catch_up().encoder)
    forgetful(encoder).encode([REHEARSAL_QUERY])  # alone: others have their turn meanwhile
    workspace.manager.waits_for_items = True
    workspace.recommend(Request(query=REHEARSAL_QUERY, n=1, explain=True, incognito=True))
    load_identifier()  # for the first search that no word tells the language of
    workspace.generator.warm()
    for language in LANGUAGES:
        messages_in(language).names(("", ""))

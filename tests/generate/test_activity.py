"""What people do with items: told by the types of their events, then by the columns."""

import numpy as np
import pytest

from foretaste.domain.data import Feature
from foretaste.generate.activity import activity_of, past_tense
from foretaste.generate.messages import messages_in

NO_ITEMS = (np.zeros(1, np.int64), np.zeros(0, np.int32))
SONGS = (Feature("artist", ("Abba", "Blur"), *NO_ITEMS),)
SHOWS = (Feature("show", ("True Crime Hour", "Slow Garden"), *NO_ITEMS),)


@pytest.mark.parametrize(
    ("event_type", "features", "activity"),
    [
        ("listen", SHOWS, "listen"),
        ("play", SHOWS, "play"),
        ("play", SONGS, "listen"),  # a song that is played is heard
        ("view", SHOWS, "view"),
    ],
)
def test_the_event_type_is_the_verb(
    event_type: str, features: tuple[Feature, ...], activity: str
) -> None:
    assert activity_of([event_type], features) == activity


def test_played_is_said_in_every_language() -> None:
    verbs = {name: past_tense("play", messages_in(name)) for name in ("en", "de", "fr", "es")}

    assert verbs == {"en": "played", "de": "abgespielt", "fr": "lancé", "es": "reproducido"}

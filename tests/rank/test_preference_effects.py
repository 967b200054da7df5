"""What a person changed: muted items are never shown, whatever else is asked; boosts are terms."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.domain.preference import Preference
from foretaste.rank.preference_effects import add_preference_boosts, withheld_items
from foretaste.rank.slate import SlateDraft

from .shop import film, index_of

GENRES = ("drama", "war", "comedy")
FILMS = [
    film(f"f{n}", "|".join(g for bit, g in enumerate(GENRES) if n >> bit & 1)) for n in range(8)
]
INDEX = index_of(FILMS)


def change(what: dict[str, Any], act: str, nats: float = 0.0) -> Preference:
    return Preference(str(what), what, act, nats)  # type: ignore[arg-type]


def has(item: int, genre: str) -> bool:
    return genre in FILMS[item].attributes["genre"]


@settings(max_examples=60, deadline=None)
@given(
    muted=st.sets(st.sampled_from(GENRES)),
    only=st.sets(st.sampled_from(GENRES)),
    boosted=st.dictionaries(st.sampled_from(GENRES), st.floats(-5, 5)),
)
def test_any_changes(muted: set[str], only: set[str], boosted: dict[str, float]) -> None:
    changes = [
        *(change({"genre": one}, "mute") for one in muted),
        *(change({"genre": one}, "only") for one in only),
        *(change({"genre": one}, "boost", nats) for one, nats in boosted.items()),
    ]
    out = withheld_items(INDEX, changes)
    never = np.zeros(len(FILMS), bool)
    draft = SlateDraft(np.zeros(len(FILMS), np.float32), never, never, INDEX, n=8)
    add_preference_boosts(draft, changes)
    for item in range(len(FILMS)):
        shown = not any(has(item, one) for one in muted)
        shown = shown and (not only or any(has(item, one) for one in only))
        assert out[item] == (not shown)
        nats = sum(worth for one, worth in boosted.items() if has(item, one))
        assert abs(draft.scores[item] - nats) < 1e-4
        terms = sum(one.nats for one in draft.boosts if one.mask[item])
        assert abs(terms - nats) < 1e-4
    assert all(one.expert == "wish" for one in draft.boosts)


def test_what_no_item_has_any_more_changes_nothing() -> None:
    gone = [change({"brand": "Acme"}, act, 1.0) for act in ("mute", "only", "boost")]
    assert not withheld_items(INDEX, gone).any()

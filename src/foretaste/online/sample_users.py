"""In: how much each user did. Out: some whose tastes are clear and unlike one another's."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from foretaste.domain.feature_types import FLAG_VALUES
from foretaste.domain.order_charges import is_article
from foretaste.domain.part_titles import title_of
from foretaste.domain.words import deepest_values
from foretaste.generate.profile import LikedValue, TasteProfile

CANDIDATES_PER_USER = 3
"""Users looked at for each that is wanted."""
MIN_EVENTS, MAX_EVENTS = 15, 400
"""Who did less has no taste to see yet; who did more likes everything."""
MIN_LIFT, MIN_SHARE = 1.25, 0.04
"""From where a value sets somebody apart."""
MAX_TASTES, MAX_LATEST_ITEMS, MAX_PROFILE_VALUES = 2, 4, 12
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")


class TasteSource(Protocol):
    """What is asked for each user: the workspace."""

    @property
    def store(self) -> Any: ...

    def profile(self, user: str | None = None, *, n: int = 5) -> TasteProfile: ...


@dataclass(frozen=True, slots=True)
class Taste:
    """One value that somebody takes more than people do."""

    column: str
    value: str
    share: float
    lift: float


@dataclass(frozen=True, slots=True)
class SampleUser:
    """Somebody to look at lists with."""

    user: str
    event_count: int
    tastes: tuple[Taste, ...]
    """The strongest first."""
    decade: int | None
    """1980: from when most of what sets them apart is; None where no decade does."""
    latest_items: tuple[tuple[str, str], ...]
    """(id, title) of what they took last, the newest first."""


def sample_users(workspace: TasteSource, counts: Mapping[str, int], n: int) -> list[SampleUser]:
    """At most n, those of the clearest taste first; of two alike only the first."""
    active = [user for user, count in counts.items() if MIN_EVENTS <= count <= MAX_EVENTS]
    if len(active) < n:  # a young or a small shop: whoever did most, but for robots
        busiest = sorted(counts, key=lambda user: (counts[user] > MAX_EVENTS, -counts[user]))
        active = busiest[: n * CANDIDATES_PER_USER]
    step = max(1, len(active) // (n * CANDIDATES_PER_USER))
    described = [
        _described(workspace, user, counts[user])
        for user in active[::step][: n * CANDIDATES_PER_USER]
    ]
    return _unlike_one_another([user for user in described if user.tastes], n)


def _described(workspace: TasteSource, user: str, event_count: int) -> SampleUser:
    profile = workspace.profile(user, n=MAX_PROFILE_VALUES)
    tastes = sorted(
        (
            Taste(column, liked.value, liked.probability, liked.lift)
            for column, values in profile.items()
            if not _are_years(values)
            for liked in values
            if liked.lift >= MIN_LIFT
            and liked.probability >= MIN_SHARE
            and any(map(str.isalpha, liked.value))  # a number alone says nothing, nor does a yes
            and liked.value.lower() not in FLAG_VALUES
            and liked.value in deepest_values([taste_value.value for taste_value in values])
        ),
        key=_strength,
        reverse=True,
    )
    years = next((values for values in profile.values() if _are_years(values)), ())
    return SampleUser(
        user,
        event_count,
        tuple(_of_different_values(tastes)[:MAX_TASTES]),
        _decade(years),
        _latest(workspace, user),
    )


def _of_different_values(tastes: Sequence[Taste]) -> list[Taste]:
    """The first of each value: a subject that is a tag as well is one taste."""
    first_tastes: dict[str, Taste] = {}
    for taste in tastes:
        first_tastes.setdefault(taste.value.casefold(), taste)
    return list(first_tastes.values())


def _strength(taste: Taste) -> float:
    return taste.share * math.log(taste.lift)


def _are_years(values: Sequence[LikedValue]) -> bool:
    return bool(values) and all(_YEAR.fullmatch(liked.value) for liked in values)


def _decade(years: Sequence[LikedValue]) -> int | None:
    """The decade that sets them apart most, where it is much of what they take."""
    shares: dict[int, float] = {}
    expected_shares: dict[int, float] = {}
    for liked in years:
        decade = int(liked.value) // 10 * 10
        shares[decade] = shares.get(decade, 0.0) + liked.probability
        expected = liked.probability / max(liked.lift, 1e-9)
        expected_shares[decade] = expected_shares.get(decade, 0.0) + expected
    clear = [
        decade
        for decade, share in shares.items()
        if share >= 0.3 and share >= MIN_LIFT * expected_shares[decade]
    ]
    return max(clear, key=lambda decade: shares[decade], default=None)


def _latest(workspace: TasteSource, user: str) -> tuple[tuple[str, str], ...]:
    events = workspace.store.history(user, None, 4 * MAX_LATEST_ITEMS)
    names = dict.fromkeys(event.item for event in reversed(events) if event.item is not None)
    items = workspace.store.items_by_id(list(names))
    articles = [item for name in names if (item := items.get(name)) and is_article(item)]
    titles = [(item.id, title) for item in articles if (title := title_of(item))]
    return tuple(titles[:MAX_LATEST_ITEMS])


def _unlike_one_another(users: Sequence[SampleUser], n: int) -> list[SampleUser]:
    """In turns: first those of whom each has another strongest taste, then the others."""
    by_strength = sorted(users, key=lambda user: -_strength(user.tastes[0]))
    chosen: list[SampleUser] = []
    uses: dict[str, int] = {}
    labels: set[tuple[object, ...]] = set()
    for limit in (1, 2, len(users)):
        for user in by_strength:
            label = (*sorted(taste.value for taste in user.tastes), user.decade)
            strongest = user.tastes[0].value
            if label not in labels and uses.get(strongest, 0) < limit and len(chosen) < n:
                chosen.append(user)
                labels.add(label)
                uses[strongest] = uses.get(strongest, 0) + 1
    return chosen

"""Whatever somebody did, among whatever others did and in whatever order: once they are erased,
every expert that counts has the counts of a workspace that never saw them.
"""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event, Item, User
from foretaste.loop import Foretaste
from foretaste.model.product import ProductOfExperts
from foretaste.model.training import Training
from foretaste.prepare.cleaned import cleaned_interactions
from foretaste.training.version_data import version_data

VICTIM = "victim"
ITEMS = [f"{theme}-{number}" for theme in ("space", "kitchen") for number in range(10)]
TYPES = ("click", "view", "purchase", "like", "rating", "hide", "dislike", "search", "review")


@dataclass(frozen=True)
class Act:
    """One thing that somebody does."""

    person: str
    event_type: str
    item: str
    is_anonymous: bool
    value: float

    def event(self, number: int) -> Event:
        is_search = self.event_type == "search"
        return Event(
            f"{self.person}-{number}",
            self.event_type,
            1_700_000_000.0 + 60 * number,
            None if self.is_anonymous else self.person,
            session=f"of-{self.person}",
            item=None if is_search else self.item,
            value=self.value if self.event_type in ("rating", "purchase") else None,
            query="moon" if is_search else None,
            text="good" if self.event_type == "review" else None,
        )


acts = st.builds(
    Act,
    st.sampled_from([VICTIM, VICTIM, "ann", "bob"]),
    st.sampled_from(TYPES),
    st.sampled_from(ITEMS),
    st.booleans(),
    st.sampled_from([1.0, 3.0, 5.0]),
)


class Counting:
    """Takes the counts of a trained model anew from a store."""

    def __init__(self, folder: Path) -> None:
        self._loop = Foretaste.open(folder)
        version = self._loop.models.version(str(self._loop.models.live_name()))
        ids = self._loop.models.item_ids(version.name)
        self._product, self._training = version_data(self._loop, version, ids)
        self.items = {item.id: item for _, item in self._loop.store.items()}

    def counts(self, store: SqlStore) -> dict[str, bytes]:
        config = self._loop.config
        interactions, _, _ = cleaned_interactions(
            store,
            self.items,
            self._loop.weights,
            config.prepare,
            config.behaviour.value,
            until=None,
            progress=self._loop.progress,
        )
        training = Training(
            self._training.catalogue, interactions, self._training.validation_cases, config.model
        )
        return state_bytes(self._product.recount(training))

    def close(self) -> None:
        self._loop.close()


def state_bytes(product: ProductOfExperts) -> dict[str, bytes]:
    states, _ = product.state()
    return {
        f"{name} {key}": np.asarray(array).tobytes()
        for name, (arrays, _) in states.items()
        for key, array in arrays.items()
    }


@pytest.fixture(scope="module")
def counting(_trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counting]:
    folder = tmp_path_factory.mktemp("counting") / "trained"
    shutil.copytree(_trained, folder)
    counting = Counting(folder)
    yield counting
    counting.close()


def fill(
    store: SqlStore, items: list[Item], steps: list[Act], *, with_victim: bool, erased_after: int
) -> None:
    """erased_after: steps after which the victim is erased, and goes on as somebody new."""
    store.put_items(items)
    store.put_users([User("ann", {"genre": ("space",)})])
    for number, act in enumerate(steps):
        is_theirs = act.person == VICTIM
        if is_theirs and (not with_victim or number >= erased_after):
            continue
        store.add_events([act.event(number)])
        if act.is_anonymous:  # known afterwards whose it was
            at = 1_700_000_000.0 + 60 * number + 1
            store.identify(f"of-{act.person}", act.person, at)
        if with_victim and number + 1 == erased_after:
            store.erase(VICTIM, 2e9)
    if with_victim:
        store.erase(VICTIM, 2e9)


histories = given(st.lists(acts, min_size=1, max_size=14), st.integers(1, 14))
quick = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@quick
@histories
def test_counts_are_those_of_a_workspace_that_never_saw_them(
    counting: Counting, steps: list[Act], erased_after: int
) -> None:
    assert_never_seen(counting, steps, erased_after)


@pytest.mark.slow
@settings(quick, max_examples=1000)
@histories
def test_they_are_in_a_thousand_histories(
    counting: Counting, steps: list[Act], erased_after: int
) -> None:
    assert_never_seen(counting, steps, erased_after)


def assert_never_seen(counting: Counting, steps: list[Act], erased_after: int) -> None:
    found = []
    for with_victim in (True, False):
        with (
            tempfile.TemporaryDirectory() as folder,
            SqlStore(Path(folder) / "behaviour.db") as store,
        ):
            items = list(counting.items.values())
            fill(store, items, steps, with_victim=with_victim, erased_after=erased_after)
            found.append(counting.counts(store))
    after_erasure, never_seen = found
    assert after_erasure == never_seen

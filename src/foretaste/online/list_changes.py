"""Two ways of making lists in; the lists of some people by both, and how much differs, out.

Two placements by one model, or two versions of the model. The lists are those of the service, and
leave no trace.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from foretaste.behaviour.operator_reads import OperatorReads
from foretaste.domain.data import Recommended, Request, UserContext
from foretaste.online.answer import ScoringWorkspace
from foretaste.online.list_health import ComposingWorkspace, compose_list
from foretaste.online.slate import SlateBuilder
from foretaste.online.snapshot import Snapshot

MakeList = Callable[[Request], Sequence[Recommended]]


@dataclass(frozen=True, slots=True)
class ListPair:
    """The lists of one person by both ways."""

    user: str | None
    """None is somebody of whom nothing is known."""
    first: tuple[Recommended, ...]
    second: tuple[Recommended, ...]

    @property
    def changed_share(self) -> float:
        """Of the places of the longer list, those that have another item."""
        place_count = max(len(self.first), len(self.second))
        same_count = sum(a.id == b.id for a, b in zip(self.first, self.second, strict=False))
        return 1 - same_count / place_count if place_count else 0.0

    @property
    def replaced_share(self) -> float:
        """Of the items of the second list, those that the first has not got."""
        first_ids = {item.id for item in self.first}
        new_items = [item for item in self.second if item.id not in first_ids]
        return len(new_items) / len(self.second) if self.second else float(bool(self.first))


def sample_users(reads: OperatorReads, n: int) -> list[str | None]:
    """A stranger, and those who did something last."""
    return [None, *(user for user, _ in reads.recent_people(n - 1))] if n > 1 else [None]


def compare_ways(users: Sequence[str | None], first: MakeList, second: MakeList) -> list[ListPair]:
    """The lists of these people by both."""
    pairs = []
    for user in users:
        request = Request(user=user)
        pairs.append(ListPair(user, tuple(first(request)), tuple(second(request))))
    return pairs


@dataclass(frozen=True)
class VersionLists:
    """Makes lists by one version of the model.

    slates: of its own where the version is not the one that answers: what is made of a catalogue
    for its filters is kept for one version at a time.
    """

    workspace: ComposingWorkspace
    slates: SlateBuilder
    snapshot: Snapshot

    def make(self, request: Request) -> tuple[Recommended, ...]:
        """The list, with its terms; nothing of it is kept."""
        plain = replace(request, incognito=True, explore=0.0, explain=True)
        return compose_list(self, self.snapshot, plain)

    def listen(
        self, behaviour: UserContext, encoder: str | None = None, *, keep: bool = True
    ) -> UserContext:
        """As the workspace does."""
        return self.workspace.listen(behaviour, encoder, keep=keep)


@dataclass(frozen=True, slots=True)
class RequestKindWeights:
    """What the experts are raised to in one kind of request."""

    kind: str
    requests: int
    """Over which the mean was taken."""
    weights: dict[str, float]
    """By expert; 0 for one that has nothing to say."""


def weights_by_request_kind(
    workspace: ScoringWorkspace, snapshot: Snapshot, users: Sequence[str]
) -> list[RequestKindWeights]:
    """What counts in the lists of a stranger, of these people, beside an item, and in searches."""
    item = _most_taken_item(snapshot)
    query = snapshot.catalogue.titles[snapshot.catalogue.index[item]] if item else "new"
    seeds = (item,) if item else ()
    kinds = {
        "stranger": [Request()],
        "stranger-search": [Request(query=query)],
        "stranger-item": [Request(items=seeds)],
        "person": [Request(user=user) for user in users],
        "person-search": [Request(user=user, query=query) for user in users],
        "person-item": [Request(user=user, items=seeds) for user in users],
    }
    rows = []
    for kind, requests in kinds.items():
        if not requests:
            continue
        contexts = [
            workspace.listen(
                workspace.slates.user_context(request, snapshot), snapshot.encoder, keep=False
            )
            for request in requests
        ]
        means = snapshot.product.expert_weights(contexts).mean(axis=0)
        names = snapshot.product.names
        weights = {name: round(float(mean), 4) for name, mean in zip(names, means, strict=True)}
        rows.append(RequestKindWeights(kind, len(requests), weights))
    return rows


def _most_taken_item(snapshot: Snapshot) -> str | None:
    """One on offer."""
    counts = snapshot.product.event_counts()
    if counts is None or not len(counts):
        return None
    event_counts = np.where(snapshot.shelf.hidden, -1.0, counts)
    return snapshot.catalogue.ids[int(event_counts.argmax())]

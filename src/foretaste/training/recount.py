"""A person to forget in; a receipt out, of what is gone and of what waits for the next training.

The store forgets in one step. The models then count again, without the person, what they had
counted: each kept version is written anew by `settle`, with the numbers that training would have
given it, and takes the old one's place. What was trained by gradient is trained anew at the next
fit, and until then the receipt says so. A process that dies between the two steps leaves a note
(the number of erasures that a version knows of), and the next `settle` goes on from it.
"""

import logging
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

from foretaste.behaviour.export import person_told
from foretaste.config.load import Config
from foretaste.domain.data import Cases, Erased, Floats, Histories, Item, User
from foretaste.domain.ports import OpenReader
from foretaste.domain.store import Store
from foretaste.errors import ForetasteError, ModelError
from foretaste.model.artefacts import WAS, Models, Version
from foretaste.model.product import Product
from foretaste.model.training import Training
from foretaste.online.manager import ModelManager
from foretaste.online.snapshot import absent
from foretaste.prepare.catalogue import catalogue, vectors_of

log = logging.getLogger(__name__)

KNOWN = "erasures"
"""Under this name a version's data say how many erasures its counts know of."""
MOMENT, REST, PATIENCE = 0.2, 30.0, 5.0
"""Seconds before counting anew, after it, and that closing waits for it."""
WAITS = (
    "the weights of what was trained by gradient, a tuned encoder's among them, and the exponents, "
    "until 'foretaste train' has run and the versions before it are gone",
    "vectors of their searches and reviews, under a hash of the text, until the folder 'cache' is "
    "deleted",
    "rows that were rejected at an import, in the folder 'rejects', and your own backups",
)
"""What an erasure does not reach by itself."""
DUE = (
    "the counts of the model versions that do not answer, which are taken anew beside the answers "
    "within some minutes; until then do not roll back to one"
)
"""What waits besides where an erasure counts anew in the version that answers alone."""


@dataclass(frozen=True)
class Receipt:
    """What became of the wish to be forgotten."""

    user: str
    erased: Erased
    recounted: tuple[str, ...]
    """The versions of the model that were written anew without them, by their new names."""
    waits: tuple[str, ...]
    """What may still hold something of them, and until when."""


class Workspace(Protocol):
    """What a `Settler` needs of the loop."""

    @property
    def store(self) -> Store: ...
    @property
    def models(self) -> Models: ...
    @property
    def manager(self) -> ModelManager: ...
    @property
    def config(self) -> Config: ...
    def readers(self, encoder: str | None = None) -> OpenReader: ...
    def histories(
        self, items: Mapping[str, Item], until: int | None = None
    ) -> tuple[Histories, Any, Any]: ...
    def vectors(self, items: Sequence[Item], encoder: str | None = None) -> Floats: ...


class Settler:
    """Keeps the counts of the versions in step with what was erased."""

    def __init__(self, workspace: Workspace) -> None:
        self._its = workspace
        self._lock = threading.Lock()
        self._wanted, self._ended = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def erase(self, user: str, *, others_soon: bool = False) -> Receipt:
        """Forget a person. What answers has forgotten them when this returns.

        others_soon: the versions that do not answer are counted anew beside the answers, after it.
        """
        erased = self._its.store.erase(user)
        recounted = self.settle(answering=others_soon)
        self._its.manager.renew()
        waits = WAITS if erased.anything else ()
        if others_soon and self._stale(self._its.store.erasures()) is not None:
            self.soon()
            waits = (DUE, *waits)
        return Receipt(user, erased, tuple(recounted), waits)

    def soon(self) -> None:
        """Settle beside the answers: in a moment, and after that once in a while for all that came
        together.
        """
        self._wanted.set()
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._beside, name="settle", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Begin no more; what is not settled is when the workspace is opened again."""
        self._ended.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def _beside(self) -> None:
        while self._wanted.wait() and not self._ended.wait(MOMENT):
            self._wanted.clear()
            try:
                self.settle()
                self._its.manager.renew()
            except ForetasteError as error:
                log.error("not counted anew: %s", error)
            except Exception:  # a thread that dies would settle nothing any more
                log.exception("while counting anew")
            if self._ended.wait(REST):
                return

    def settle(self, *, answering: bool = False) -> list[str]:
        """Count anew in every version that does not know of the erasures so far; `answering`: in
        those alone that answer. → the new names.

        One process at a time counts, a version at a time; whoever comes second finds it done. A
        version that cannot be read is left as it is; it cannot answer either.
        """
        erasures = self._its.store.erasures()
        names, tried = [], set[str]()
        while self._stale(erasures, tried, answering=answering) is not None:
            with self._its.models.settling():
                version = self._stale(erasures, tried, answering=answering)
                if version is None:  # another process was faster
                    break
                tried.add(version.name)
                name = self._succeeded(version)
                if name is not None:
                    names.append(name)
        return names

    def _stale(
        self, erasures: int, tried: Collection[str] = (), *, answering: bool = False
    ) -> Version | None:
        """The first version that knows of fewer erasures, past those that were tried."""
        answers = self._its.manager.answering
        wanted = (
            version
            for version in self._its.models.versions()
            if not answering or version.live or (answers is not None and version.name == answers[0])
        )
        stale = (version for version in wanted if int(version.data.get(KNOWN, 0)) < erasures)
        return next((version for version in stale if version.name not in tried), None)

    def _succeeded(self, version: Version) -> str | None:
        """Put a version that is counted anew in the place of this one. → its name.

        None where it cannot be read, or where another has taken its place meanwhile, which is then
        counted anew itself.
        """
        models = self._its.models
        erasures = self._its.store.erasures()
        try:
            ids = models.ids(version.name)
            product = self._counted_again(version, ids)
        except ModelError as error:
            if models.now(version.name) == version.name:
                log.error("not counted anew: %s", error)
            return None
        data = {KNOWN: erasures, WAS: [*version.data.get(WAS, ()), version.name]}
        name = models.save(
            product,
            ids,
            created=version.created,
            data={**version.data, **data},
            settings=version.settings,
            metrics=version.metrics,
        )
        return name if models.replace(version.name, name) == name else None

    def _counted_again(self, version: Version, ids: Sequence[str]) -> Product:
        """The product with the counts it would have, had it been trained on what is left of the
        events up to its snapshot.
        """
        there = {item.id: item for _, item in self._its.store.items()}
        items = {one: there.get(one, absent(one)) for one in ids}
        listed = list(items.values())
        encoder = version.data.get("encoder")
        shelf = catalogue(listed, vectors_of(listed, partial(self._its.vectors, encoder=encoder)))
        readers = self._its.readers(encoder)
        product = self._its.models.load(version.name, shelf, readers=readers)
        found, _, _ = self._its.histories(items, int(version.data["event"]))
        nothing = np.empty(0, np.int64)
        training = Training(shelf, found, Cases(found, nothing, nothing), self._its.config.model)
        return product.recounted(training)


def personal(store: Store, user: str) -> dict[str, Any] | None:
    """All that is kept of a person, for JSON; None if nothing is."""
    there, events, answers = store.user(user), store.history(user, None), store.served_to(user)
    changes, talks = store.changes(user, None), store.conversations_with(user)
    if there is None and not (events or changes or answers or talks):
        return None
    return person_told(there or User(user), events, changes, answers, talks)

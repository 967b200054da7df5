"""A data set in a workspace, as the loop has it: in: a set's name, out: histories and catalogue."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.datasets import write
from foretaste.domain.data import Catalogue, EvaluationCases, Interactions, Item
from foretaste.loop import Foretaste
from foretaste.model.cold_items import NewestInteractions
from foretaste.model.fit import fit_to_serve
from foretaste.model.product import ProductOfExperts
from foretaste.model.training import Training
from foretaste.prepare.arrivals import newest_positive_cases


@dataclass(frozen=True)
class World:
    """What a bench works on."""

    name: str
    loop: Foretaste
    items: dict[str, Item]
    shelf: Catalogue
    histories: Interactions

    def training(self, found: Interactions, valid: EvaluationCases) -> Training:
        """Learn from these, choose by those."""
        return Training(self.shelf, found, valid, self.loop.config.model, self.loop.progress)

    def fitted(self, found: Interactions, valid: EvaluationCases) -> ProductOfExperts:
        """As `foretaste train` and `evaluate` fit."""
        arrivals = NewestInteractions(*newest_positive_cases(found, repeats=False))
        return fit_to_serve(self.training(found, valid), found, arrivals, self.loop.encoder).product

    def read(self, items: dict[str, Item]) -> "World":
        """The same people with other texts of the items, in the same order."""
        return replace(self, items=items, shelf=self.loop.catalogue(items))


@contextmanager
def world(name: str, keep: Path | None = None) -> Iterator[World]:
    """Import a set into a workspace and read it. Raises Absent where it is not on this machine.

    keep: a folder in which the workspace stays, so that nothing is encoded twice.
    """
    with tempfile.TemporaryDirectory() as passing:
        folder = keep / name if keep else Path(passing)
        fresh = not (folder / "workspace").exists()
        folder.mkdir(parents=True, exist_ok=True)
        events, items = write(name, folder)
        loop = Foretaste.open(folder / "workspace")
        try:
            if fresh:
                loop.add(events=events, items=items)
            known = {item.id: item for _, item in loop.store.items()}
            found, _, _ = loop.interactions(known)
            yield World(name, loop, known, loop.catalogue(known), loop.read(found))
        finally:
            loop.close()

"""A workspace in; what its models take items and people for, as arrays, out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from foretaste.domain.data import Floats, Ints, Request
from foretaste.domain.frames import polars_frame
from foretaste.domain.identifiers import identifiers
from foretaste.errors import InputError, did_you_mean
from foretaste.model.experts.sequence import SequenceExpert
from foretaste.online.answer import ScoringWorkspace
from foretaste.online.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas
    import polars

VectorKind = Literal["text", "behaviour"]
KINDS: tuple[VectorKind, ...] = ("text", "behaviour")
MAX_RECENT_ITEMS = 50
"""Items whose texts make a person's vector, the newest."""


class VectorTable(NamedTuple):
    """Vectors with the ids that they are of."""

    ids: tuple[str, ...]
    vectors: Floats
    """[ids, dim] float32, each of length 1, or zero where there is nothing to tell by."""

    def to_pandas(self) -> "pandas.DataFrame":
        """A row an id, a column a dimension."""
        import pandas

        return pandas.DataFrame(self.vectors, index=pandas.Index(self.ids, name="id"))

    def to_polars(self) -> "polars.DataFrame":
        """A row an id: the column `id`, then a column a dimension, called by its number."""
        dimensions = {str(at): column for at, column in enumerate(self.vectors.T)}
        return polars_frame({"id": self.ids, **dimensions})


def item_vectors(
    workspace: ScoringWorkspace, items: Sequence[str] | None, kind: VectorKind
) -> VectorTable:
    """Of these items, or of all of the catalogue. Raises InputError for one that is not there."""
    snapshot = workspace.manager.caught_up()
    catalogue = snapshot.catalogue
    names = catalogue.ids if items is None else identifiers(items, "items")
    for name in names:
        if name not in catalogue.index:
            raise InputError(f"items: there is no item '{name}'; import it first")
    rows: Ints = np.array([catalogue.index[name] for name in names], np.int32)
    if _checked(kind) == "text":
        return VectorTable(tuple(names), np.asarray(catalogue.vectors[rows], np.float32))
    return VectorTable(tuple(names), _sequence_expert(snapshot).item_vectors()[rows])


def user_vectors(
    workspace: ScoringWorkspace, users: Sequence[str], kind: VectorKind
) -> VectorTable:
    """Of these people, from what they did up to now."""
    snapshot = workspace.manager.caught_up()
    names = identifiers(users, "users")
    slates = workspace.slates
    contexts = [slates.user_context(Request(user=name, incognito=True), snapshot) for name in names]
    if _checked(kind) == "behaviour":
        return VectorTable(tuple(names), _sequence_expert(snapshot).user_vectors(contexts))
    vectors = np.zeros((len(names), snapshot.catalogue.vectors.shape[1]), np.float32)
    for row, context in zip(vectors, contexts, strict=True):
        items = context.consumed_items[-MAX_RECENT_ITEMS:]
        total = snapshot.catalogue.vectors[items].sum(axis=0)
        row[:] = total / max(float(np.linalg.norm(total)), 1e-12)
    return VectorTable(tuple(names), vectors)


def _checked(kind: str) -> str:
    if kind not in KINDS:
        raise InputError(f"kind: '{kind}' is none; {did_you_mean(kind, KINDS)}")
    return kind


def _sequence_expert(snapshot: Snapshot) -> SequenceExpert:
    for expert in snapshot.product.experts:
        if isinstance(expert, SequenceExpert):
            return expert
    raise InputError(
        "kind: the model that answers has no sequence expert, which learns vectors from behaviour; "
        "ask for kind='text', or name it in model.experts and train again"
    )

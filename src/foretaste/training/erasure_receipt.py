"""What an erasure comes to, and what it does not reach at once, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from foretaste.display.receipts import ReceiptFace
from foretaste.domain.data import ErasureCounts
from foretaste.domain.store import TakeBackCounts
from foretaste.model.version import ModelVersion

PENDING_WEIGHTS_NOTE = (
    "the weights of what was trained by gradient, a tuned encoder's among them, and the exponents, "
    "until 'foretaste train' has run and the versions before it are gone"
)
PENDING_CACHE_NOTE = (
    "vectors of their searches and reviews, under a hash of the text, until the folder 'cache' is "
    "deleted"
)
PENDING_REJECTS_NOTE = (
    "rows that were rejected at an import, in the folder 'rejects', until you delete them"
)
PENDING_BACKUPS_NOTE = "your own backups, until you delete those of before"
PENDING_LIST_NOTE = (
    "the lists that keep a restore from bringing them back, erasures.jsonl in the workspace and "
    "one beside each backup, which could not all be written (see the log); this is tried again "
    "within ten minutes while a service or a worker runs, and when one starts"
)
PENDING_LOG_NOTE = (
    "the log of the database, until no other process reads a state of before; this is tried again "
    "within ten minutes while a service or a worker runs, and when one starts"
)
PENDING_PAGES_NOTE = (
    "copies of deleted rows in parts of the database's file that are not in use, until a training "
    "has ended or 'foretaste scrub' was run (a file of more than 512 MB: 'foretaste scrub' alone)"
)
PENDING_RECOUNT_NOTE = (
    "the counts of the model versions that do not answer, which are taken anew beside the answers "
    "within ten minutes; until then do not roll back to one"
)
PENDING_ANSWERING_NOTE = (
    "what the models counted of them, as models were counted anew a moment ago; it is done again "
    "beside the answers within ten minutes, for all who were erased by then"
)
PENDING_TAKE_BACK_NOTE = (
    "what the models counted of it, which is counted anew beside the answers within ten minutes; "
    "the lists of whoever did it know already"
)
PENDING_FAILED_RECOUNT_NOTE = (
    "the counts of the model, which could not be taken anew now (see the log; is the disk full?); "
    "this is tried again within ten minutes while a service or a worker runs, and when one starts"
)
"""What an erasure does not reach at once, each told as long as it is so."""
SOON_NOTES = frozenset(
    (PENDING_ANSWERING_NOTE, PENDING_RECOUNT_NOTE, PENDING_LOG_NOTE, PENDING_LIST_NOTE)
)
"""Those of them that a service sees to by itself within ten minutes."""


def private_notes(versions: Sequence[ModelVersion]) -> list[str]:
    """Of each of these that was trained with a privacy budget, what it still holds of a person."""
    return [
        f"the counts of model {version.name}, with noise: it was trained with differential privacy "
        f"of epsilon {version.privacy['epsilon']:g} and delta {version.privacy['delta']:g}, so "
        "hardly anything in it can come of one person, and counting it anew would spend that once "
        "more; until it is gone"
        for version in versions
        if version.privacy is not None
    ]


def version_notes(versions: Sequence[ModelVersion], erased_at: float) -> list[str]:
    """What those of these that were trained before an erasure may still hold of the person."""
    older = [version for version in versions if version.created <= erased_at]
    return [*([PENDING_WEIGHTS_NOTE] if older else []), *private_notes(older)]


@dataclass(frozen=True)
class ErasureReceipt(ReceiptFace):
    """What became of the wish to be forgotten."""

    user: str
    erased: ErasureCounts
    recounted_versions: tuple[str, ...]
    """The versions of the model that were written anew without them, by their new names."""
    pending_notes: tuple[str, ...]
    """What may still hold something of them, and until when."""
    signed_receipt: Mapping[str, Any] = field(default_factory=dict)
    """The same, signed by the key of the workspace: to be given out; `foretaste verify` checks it.
    """
    completion: Mapping[str, Any] | None = None
    """The second receipt, which closes the first; None while something is due."""


@dataclass(frozen=True)
class TakeBackReceipt(ReceiptFace):
    """What became of the wish to take events back."""

    counts: TakeBackCounts
    recounted_versions: tuple[str, ...] = ()
    """The versions of the model that were written anew without them, by their new names."""
    pending_notes: tuple[str, ...] = ()
    """What still counts them, and until when."""

"""In: what an erasure came to. Out: a signed receipt of it, and a second one that closes it.

The first is given to whoever asked, and names the person. What is kept of it in the store names
nobody: its number, when it was, and what is still due. Once nothing is due any more, which the next
trainings bring about, the second is signed and kept under the same number.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from foretaste.config.load import Config
from foretaste.domain.signed_documents import new_private_key, public_key_of, signed
from foretaste.domain.store import Store
from foretaste.errors import InputError
from foretaste.model.artefacts import ModelRegistry
from foretaste.model.version import ModelVersion
from foretaste.training.erasure_receipt import SOON_NOTES
from foretaste.training.recount_pace import MAX_PAUSE_SECONDS

RECEIPT_FORMAT = "foretaste erasure receipt 1"
KEY_NAME, RECEIPT_PREFIX, BOOK_NAME = "receipt_key", "receipt:", "receipts_due"
"""Names in `meta`: of the secret key, before the number of a receipt, and of the list of those that
are due."""
STORES = ("events", "sessions", "recommendations", "changes", "conversations", "consents")
"""What the database keeps of a person, as their export has it."""
SECONDS_PER_HOUR = 3600.0


class ReceiptWorkspace(Protocol):
    """What is needed of the loop."""

    @property
    def store(self) -> Store: ...
    @property
    def models(self) -> ModelRegistry: ...
    @property
    def config(self) -> Config: ...
    @property
    def clock(self) -> Callable[[], float]: ...


@dataclass(frozen=True)
class StoreCounts:
    """How much each store has of a person."""

    counts_before: Mapping[str, int]
    counts_after: Mapping[str, int]
    digests: Mapping[str, str]
    """Of what each had, for those that their export shows; see `personal_digests`."""

    def rows(self) -> list[dict[str, Any]]:
        """As a receipt has them."""
        return [
            {"store": name, "before": count, "after": self.counts_after.get(name, 0)}
            | ({"sha256_before": self.digests[name]} if name in self.digests else {})
            for name, count in self.counts_before.items()
        ]


@dataclass(frozen=True)
class ReceiptState:
    """What has become of an erasure by now."""

    receipt_id: str
    erased_at: float
    """Seconds since 1970."""
    due: tuple[str, ...]
    """What may still hold something of the person, and until when; () once it is closed."""
    completion: Mapping[str, Any] | None
    """The second receipt, signed; None while something is due."""


def count_of(personal: Mapping[str, Any], has_attributes: bool) -> dict[str, int]:
    """How much the database has of a person. personal: their export, {} of who has none."""
    counts = {name: len(personal.get(name) or ()) for name in STORES}
    return {**counts, "attributes": int(has_attributes)}


def personal_digests(personal: Mapping[str, Any]) -> dict[str, str]:
    """SHA-256 of each part of a person's export, as compact JSON with sorted keys: by it a receipt
    shows what was erased to whoever has the export, and to nobody else.
    """
    return {
        name: hashlib.sha256(
            json.dumps(
                personal[name], sort_keys=True, ensure_ascii=True, separators=(",", ":")
            ).encode()
        ).hexdigest()
        for name in STORES
        if personal.get(name)
    }


class ReceiptBook:
    """The receipts of one workspace."""

    def __init__(self, workspace: ReceiptWorkspace) -> None:
        self._workspace = workspace

    def private_key(self) -> str:
        """The secret key of the workspace, which is made where there is none."""
        store = self._workspace.store
        key = store.meta_text(KEY_NAME)
        if key is None:
            store.swap_meta_text(KEY_NAME, None, new_private_key())
            key = store.meta_text(KEY_NAME)
        return str(key)

    def has_key(self) -> bool:
        """Whether the workspace has ever signed something."""
        return self._workspace.store.meta_text(KEY_NAME) is not None

    def public_key(self) -> dict[str, str]:
        """What may be published of it."""
        return public_key_of(self.private_key())

    def issue(
        self,
        user: str,
        counts: StoreCounts,
        models: Sequence[Mapping[str, str]],
        due_notes: Sequence[str],
        lasting_notes: Sequence[str],
        versions: Sequence[ModelVersion],
    ) -> dict[str, Any]:
        """The first receipt, signed. models: {"before", "after"} of each version that was written
        anew. due_notes: what ends by itself; lasting_notes: what others must see to. versions:
        those there are.
        """
        receipt_id, now = secrets.token_hex(16), self._workspace.clock()
        document = {
            "format": RECEIPT_FORMAT,
            "kind": "erasure",
            "receipt_id": receipt_id,
            "service": self._workspace.config.name,
            "user": user,
            "erased_at": _time_text(now),
            "stores": counts.rows(),
            "models": [dict(model) for model in models],
            "privacy": _budgets(versions),
            "due": [
                {"what": note, "expected_by": self._expected_by(note, now)} for note in due_notes
            ],
            "for_others_to_do": list(lasting_notes),
        }
        self._keep(receipt_id, {"erased_at": now, "completion": None})
        self._change_due({receipt_id}, set())
        return signed(document, self.private_key())

    def state(self, receipt_id: str, due_notes: Callable[[float], Sequence[str]]) -> ReceiptState:
        """What has become of an erasure. due_notes: when it was → what is still due of it.

        Raises InputError where there is no such receipt.
        """
        text = self._workspace.store.meta_text(RECEIPT_PREFIX + receipt_id)
        if text is None:
            raise InputError(
                f"there is no receipt '{receipt_id[:64]}' in this workspace; the number is "
                "`receipt_id` in the receipt"
            )
        stored_state = json.loads(text)
        notes = () if stored_state["completion"] else tuple(due_notes(stored_state["erased_at"]))
        return ReceiptState(
            receipt_id, stored_state["erased_at"], notes, stored_state["completion"]
        )

    def close_due(self, due_notes: Callable[[float], Sequence[str]]) -> list[str]:
        """Sign the second receipt of every erasure of which nothing is due any more. → numbers."""
        return [receipt_id for receipt_id in self._due() if self.close(receipt_id, due_notes)]

    def close(
        self, receipt_id: str, due_notes: Callable[[float], Sequence[str]]
    ) -> Mapping[str, Any] | None:
        """Sign the second receipt of an erasure of which nothing is due any more. → that; None
        where something is, or where it was signed before.
        """
        text = self._workspace.store.meta_text(RECEIPT_PREFIX + receipt_id)
        stored_state = json.loads(text) if text else None
        if stored_state is None or stored_state["completion"]:
            self._change_due(set(), {receipt_id})
            return None
        if due_notes(stored_state["erased_at"]):
            return None
        versions = self._workspace.models.versions()
        document = {
            "format": RECEIPT_FORMAT,
            "kind": "completion",
            "receipt_id": receipt_id,
            "service": self._workspace.config.name,
            "erased_at": _time_text(stored_state["erased_at"]),
            "completed_at": _time_text(self._workspace.clock()),
            "models": [
                {"version": version.name, "trained_at": _time_text(version.created)}
                for version in versions
            ],
            "due": [],
        }
        completion = signed(document, self.private_key())
        self._keep(receipt_id, {**stored_state, "completion": completion})
        self._change_due(set(), {receipt_id})
        return completion

    def _keep(self, receipt_id: str, content: Mapping[str, Any]) -> None:
        self._workspace.store.put_meta_text(RECEIPT_PREFIX + receipt_id, json.dumps(content))

    def _due(self) -> list[str]:
        numbers: list[str] = json.loads(self._workspace.store.meta_text(BOOK_NAME) or "[]")
        return numbers

    def _change_due(self, added: set[str], removed: set[str]) -> None:
        """One step, whoever else writes."""
        store = self._workspace.store
        while True:
            text = store.meta_text(BOOK_NAME)
            numbers = sorted((set(json.loads(text or "[]")) | added) - removed)
            if store.swap_meta_text(BOOK_NAME, text, json.dumps(numbers)):
                return

    def _expected_by(self, note: str, now: float) -> str | None:
        """When what is due will have been done: beside the answers, or once trainings on the
        worker's schedule have replaced every version of before; None where nothing is scheduled.
        """
        if note in SOON_NOTES:
            return _time_text(now + MAX_PAUSE_SECONDS)
        hours = self._workspace.config.worker.every_hours
        if not hours:
            return None
        trainings = max(self._workspace.config.model.max_versions, 2)
        return _time_text(now + hours * trainings * SECONDS_PER_HOUR)


def _budgets(versions: Sequence[ModelVersion]) -> list[dict[str, Any]]:
    """Of these versions those with a privacy budget, and what they spent."""
    return [
        {
            "version": version.name,
            "epsilon": version.privacy["epsilon"],
            "delta": version.privacy["delta"],
        }
        for version in versions
        if version.privacy is not None
    ]


def _time_text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

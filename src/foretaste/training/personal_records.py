"""What is kept of one person, and their say in it: all of it told, some of it taken back, or all
of it forgotten, with a receipt.

A part of `loop.Foretaste`, kept apart so that the loop can be read at once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from foretaste.behaviour.export import personal_data
from foretaste.domain.consent import Consent
from foretaste.domain.consent_store import ConsentChange
from foretaste.domain.identifiers import identifier, identifiers, required_identifier
from foretaste.domain.store import EventOwner, Store
from foretaste.feedback.recommendation_log import RecommendationLog
from foretaste.model.artefacts import ModelRegistry, ModelVersion
from foretaste.training.erasure_receipt import ErasureReceipt, TakeBackReceipt
from foretaste.training.receipt_book import ReceiptState
from foretaste.training.recount import ErasureRecounter


class RecordWorkspace(Protocol):
    """What is needed of the loop."""

    @property
    def store(self) -> Store: ...
    @property
    def models(self) -> ModelRegistry: ...
    @property
    def recommendation_log(self) -> RecommendationLog: ...
    @property
    def recounter(self) -> ErasureRecounter: ...
    @property
    def clock(self) -> Callable[[], float]: ...
    def train(self) -> ModelVersion: ...


class PersonalRecords:
    """What people may have of what is kept of them."""

    def erase(self: RecordWorkspace, user: str, *, retrain: bool = False) -> ErasureReceipt:
        """Forget a person: in the store, then in the counts of the models and of what answers.

        retrain: train anew at once, and delete every version of before, so that the weights have
        nothing of them either; this takes as long as a training.
        """
        self.recommendation_log.flush()
        receipt = self.recounter.erase(required_identifier(user, "user"))
        erased_at = self.store.erased_at(receipt.user)
        if not retrain or erased_at is None:
            return receipt
        self.train()
        self.models.delete_older(erased_at)
        return self.recounter.with_completion(receipt)

    def receipt(self: RecordWorkspace, receipt_id: str) -> ReceiptState:
        """What has become of an erasure by now: what is still due, or the receipt that closes it.

        Raises InputError where there is no such receipt.
        """
        self.recounter.close_receipts()
        return self.recounter.receipts.state(receipt_id, self.recounter.due_notes)

    def receipt_key(self: RecordWorkspace) -> Mapping[str, str]:
        """The public key that receipts of this workspace are signed with, and its fingerprint."""
        return self.recounter.receipts.public_key()

    def take_back(self: RecordWorkspace, user: str, item: str, kind: str | None = None) -> int:
        """Undo what a user did with an item; models count anew beside the answers. → how many."""
        ids = required_identifier(user, "user"), required_identifier(item, "item")
        return self.recounter.take_back_item(*ids, kind)

    def take_back_events(self: RecordWorkspace, event_ids: Sequence[str]) -> TakeBackReceipt:
        """Take events back for good, by their ids: the next list is as if they had not been."""
        names = identifiers(event_ids, "event_ids")
        return self.recounter.take_back([EventOwner(name) for name in names])

    def consent(
        self: RecordWorkspace, user: str | None = None, *, session: str | None = None
    ) -> Consent:
        """What may be done with what a person does, on a session or at all."""
        return self.store.consent(identifier(user, "user"), identifier(session, "session"))

    def set_consent(
        self: RecordWorkspace,
        user: str | None = None,
        *,
        session: str | None = None,
        **choices: bool | None,
    ) -> Consent:
        """Say what may be done: record, personalise, train, share; None takes it back. It holds for
        the next request, and for the next training. minor: that the person is one.

        Either of a user or of a session. Raises InputError for a purpose that there is not.
        """
        user, session = identifier(user, "user"), identifier(session, "session")
        self.store.put_consents([ConsentChange(user, session, choices)], self.clock())
        return self.store.consent(user, session)

    def set_consents(self: RecordWorkspace, consents: Iterable[Mapping[str, Any]]) -> int:
        """The same of many people, all or none: `[{"user": "anna", "train": False}, …]`, of each a
        user or a session. → of how many.
        """
        changes = [
            ConsentChange(
                identifier(row.get("user"), "user"),
                identifier(row.get("session"), "session"),
                {name: value for name, value in row.items() if name not in ("user", "session")},
            )
            for row in consents
        ]
        self.store.put_consents(changes, self.clock())
        return len(changes)

    def personal(self: RecordWorkspace, user: str) -> dict[str, Any] | None:
        """All that is kept of a person, for JSON; None if nothing is."""
        self.recommendation_log.flush()
        return personal_data(self.store, required_identifier(user, "user"))

"""What a workspace says of itself: how good its lists are, what settings change, its vectors.

A part of `loop.Foretaste`, kept apart so that the loop can be read at once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from foretaste.display.render import face
from foretaste.errors import InputError, ModelError
from foretaste.evaluate.audit.audit_result import Audit
from foretaste.evaluate.comparison import Comparison
from foretaste.evaluate.evaluation import Evaluation
from foretaste.evaluate.report_page import EvaluationReport
from foretaste.online.manager import NO_MODEL
from foretaste.online.vectors import VectorKind, VectorTable, item_vectors, user_vectors
from foretaste.prepare.aspects import Aspect
from foretaste.training.aspects import item_aspects
from foretaste.training.candidate import SavingWorkspace, evaluate_protocol
from foretaste.training.compare import compare_settings
from foretaste.training.evaluation_report import make_report
from foretaste.training.list_audit import AuditScope, AuditWorkspace, audit_lists
from foretaste.training.model_card import ModelCard, write_card


class Measurement:
    """How good the lists of a workspace are."""

    def evaluate(self: SavingWorkspace, protocol: str = "leave-one-out") -> Evaluation:
        """How good the product and each expert alone are on behaviour kept from them.

        Fitted anew on the protocol's own training part: nothing of a live model leaks in.
        """
        return evaluate_protocol(self, protocol)

    def report(self: AuditWorkspace, protocol: str = "leave-one-out") -> EvaluationReport:
        """The same as a page for a meeting; a notebook shows it, `html(path)` writes it."""
        return make_report(self, protocol)

    def audit(
        self: AuditWorkspace,
        columns: Sequence[str] = (),
        *,
        user_columns: Sequence[str] = (),
        people: int | None = None,
        simulate: bool = False,
    ) -> Audit:
        """Whom and what the lists of the version that answers favour; a notebook shows it.

        columns: of the items, those whose groups are looked at; none is those that say what kind an
        item is. user_columns: attributes of people; none is all. people: whose lists are made; None
        as in the settings. simulate: play rounds of lists and clicks, which takes minutes.
        """
        scope = AuditScope(tuple(columns), tuple(user_columns), people, simulate)
        return audit_lists(self, scope)

    def model_card(
        self: AuditWorkspace, version: str | None = None, *, audit: bool = False
    ) -> ModelCard:
        """What there is to be known of a model version; None is the one that answers. It is also
        written beside the version.

        audit: look at the lists as well, which takes up to a minute; of the one that answers alone.
        Raises ModelError where there is no such version.
        """
        live_name = self.models.live_name()
        name = version or live_name
        if name is None:
            raise ModelError(NO_MODEL)
        if audit and name != live_name:
            raise InputError(
                f"{name}: only the lists of {live_name}, which answers, can be audited"
            )
        result = audit_lists(self, AuditScope()) if audit else None
        card = ModelCard(self.config.name, self.models.version(name), result)
        write_card(self.models.folder, card)
        return card

    def compare(
        self: SavingWorkspace,
        settings_a: Mapping[str, Any],
        settings_b: Mapping[str, Any],
        *,
        seeds: int = 3,
        protocol: str = "leave-one-out",
    ) -> Comparison:
        """Which of two settings makes the better lists, with an interval over people and seeds.

        settings: what differs from those of the workspace, as in {"model.sequence.epochs": 8}; {}
        is the workspace as it is. Each is fitted `seeds` times, which takes as long as so many
        trainings. Nothing is changed.
        """
        return compare_settings(self, settings_a, settings_b, seeds=seeds, protocol=protocol)

    def aspects(self: SavingWorkspace, item: str) -> tuple[Aspect, ...]:
        """What people praise and blame in an item by its reviews, the most spoken of first: how
        many of each, and the sentences that say so. Needs `prepare.review_aspects`.
        """
        return item_aspects(self, item)

    def item_vectors(
        self: SavingWorkspace, items: Sequence[str] | None = None, kind: VectorKind = "text"
    ) -> VectorTable:
        """(ids, [items, dim]) of these items or of all: "text" is what the language model reads,
        "behaviour" what the sequence network learnt.
        """
        return item_vectors(self, items, kind)

    def user_vectors(
        self: SavingWorkspace, users: Sequence[str], kind: VectorKind = "text"
    ) -> VectorTable:
        """(ids, [users, dim]) of these people: their cosine with the vectors of items of the same
        kind says how near the items are to them.
        """
        return user_vectors(self, users, kind)

    def _repr_html_(self: SavingWorkspace) -> str:
        counts, live_model = self.store.counts(), self.models.live_name()
        tiles = [(name.capitalize(), f"{count:,}", "") for name, count in counts.items()]
        next_step = f"Model {live_model} answers: recommend(user) gives a list."
        if live_model is None:
            next_step = (
                "No model answers yet: train() makes one."
                if counts.get("items")
                else "Nothing is in it yet: add(items=…, events=…) takes in frames and files."
            )
        values = {"name": self.config.name, "folder": str(self.folder), "next_step": next_step}
        return face("workspace", tiles=tiles, **values)

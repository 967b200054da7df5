"""What a workspace says of itself: how good its lists are, what settings change, its vectors.

A part of `loop.Foretaste`, kept apart so that the loop can be read at once.
"""

from foretaste.display.render import face
from foretaste.evaluate.evaluation import Evaluation
from foretaste.evaluate.report_page import EvaluationReport
from foretaste.training.candidate import SavingWorkspace, evaluate_protocol
from foretaste.training.evaluation_report import make_report


class Measurement:
    """How good the lists of a workspace are."""

    def evaluate(self: SavingWorkspace, protocol: str = "leave-one-out") -> Evaluation:
        """How good the product and each expert alone are on behaviour kept from them.

        Fitted anew on the protocol's own training part: nothing of a live model leaks in.
        """
        return evaluate_protocol(self, protocol)

    def report(self: SavingWorkspace, protocol: str = "leave-one-out") -> EvaluationReport:
        """The same as a page for a meeting; a notebook shows it, `html(path)` writes it."""
        return make_report(self, protocol)

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

"""A measured `Evaluation` and what stood around it in; one page for a meeting out.

Nothing in it is loaded from elsewhere, no person is named, and whatever comes from data is text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from foretaste.display.render import face, page
from foretaste.errors import MissingExtra
from foretaste.evaluate import report_words
from foretaste.evaluate.audit.audit_result import Audit
from foretaste.evaluate.case_groups import GroupResult
from foretaste.evaluate.list_checks import ListWarning
from foretaste.evaluate.machine import Description
from foretaste.evaluate.metrics import Interval
from foretaste.evaluate.report_words import EvaluationFigures


@dataclass(frozen=True)
class EvaluationReport:
    """How good the lists are, for people who decide; a notebook shows it."""

    service: str
    """What the service calls itself."""
    evaluation: EvaluationFigures
    created: float
    """Seconds since 1970."""
    machine: Description
    settings: Mapping[str, Any]
    """Those that are not as they come, by their keys."""
    live_model: str | None = None
    """The version that answers; None where none does."""
    warnings: Sequence[ListWarning] = ()
    """What is wrong with the lists of the version that answers, the worst first."""
    audit: Audit | None = None
    """Whom and what those lists favour; None where no version answers."""

    def html(self, path: Path | str | None = None) -> str:
        """One self-contained page; also written to `path` where one is given."""
        title = f"How good the lists are · {self.service}"
        page_html = page("evaluation_report", title, level=1, **self._values())
        if path is not None:
            Path(path).write_text(page_html, encoding="utf-8")
        return page_html

    def _repr_html_(self) -> str:
        return face("evaluation_report", level=3, **self._values())

    def summary(self) -> dict[str, Any]:
        """One object that JSON can hold."""
        return {
            **self.evaluation.summary(),
            "warnings": [warning.summary() for warning in self.warnings],
            "audit": None if self.audit is None else self.audit.summary(),
            "live_model": self.live_model,
            "settings": dict(self.settings),
            "machine": self.machine,
            "created": self.created,
        }

    def _values(self) -> dict[str, Any]:
        """What the template shows."""
        columns, variety = report_words.variety_table(self.evaluation)
        return {
            **evaluation_values(self.evaluation),
            "report": self,
            "variety_columns": columns,
            "variety": variety,
            "most_shown": report_words.most_shown_text(self.evaluation.lists),
            "calibration": report_words.calibration_words(self.evaluation.calibration),
            "reliability": _reliability(self.evaluation),
        }


def evaluation_values(evaluation: EvaluationFigures) -> dict[str, Any]:
    """What the faces of an evaluation show."""
    rows = report_words.quality_rows(evaluation)
    by_activity, by_popularity = evaluation.by_activity(), evaluation.by_popularity()
    return {
        "evaluation": evaluation,
        "measured": report_words.measured_text(evaluation),
        "verdict": report_words.verdict(evaluation),
        "certainty": report_words.certainty(evaluation),
        "rows": rows,
        "hits_limit": _limit([row.hits for row in rows]),
        "order_limit": _limit([row.order for row in rows]),
        "by_activity": by_activity,
        "by_popularity": by_popularity,
        "group_limit": _limit(_group_intervals([*by_activity, *by_popularity])),
    }


def _group_intervals(groups: Sequence[GroupResult]) -> list[Interval]:
    return [
        interval
        for group in groups
        for interval in (group.product, group.popularity)
        if interval is not None
    ]


def _limit(intervals: Sequence[Interval]) -> float:
    """Where the scale of these ends."""
    return max((interval.high for interval in intervals), default=0.0)


def _reliability(evaluation: EvaluationFigures) -> Markup | None:
    """The reliability plot; None without figures, or without what draws it."""
    bins = (evaluation.calibration.get("bins") or {}).get("10")
    if not bins:
        return None
    try:
        from foretaste.evaluate.reliability_plot import reliability_plot
    except MissingExtra:
        return None
    return Markup(reliability_plot(bins))  # ours, and without any text of the data

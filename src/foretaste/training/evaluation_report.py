"""A workspace in; how good its lists are, as a page for a meeting, out."""

from typing import Any

from foretaste.config.changed_settings import changed_settings
from foretaste.evaluate.evaluation import Evaluation
from foretaste.evaluate.machine import describe_machine
from foretaste.evaluate.report_page import EvaluationReport
from foretaste.online.list_health import look_at_live
from foretaste.training.candidate import evaluate_protocol
from foretaste.training.list_audit import AuditScope, AuditWorkspace, audit_lists

REPORTED_GROUPS = ("prepare", "model", "rank")
"""Groups of settings that decide what lists are like. The others may hold what must not be passed
on, such as the password of a database."""


def make_report(workspace: AuditWorkspace, protocol: str) -> EvaluationReport:
    """Measure anew, and look at the lists of the version that answers, if one does."""
    return report_of(workspace, evaluate_protocol(workspace, protocol))


def report_of(workspace: AuditWorkspace, evaluation: Evaluation) -> EvaluationReport:
    """The page of what was measured already."""
    live_model = workspace.models.live_name()
    health = None if live_model is None else look_at_live(workspace)
    settings: dict[str, Any] = {
        key: value
        for key, value in changed_settings(workspace.config).items()
        if key.split(".")[0] in REPORTED_GROUPS
    }
    return EvaluationReport(
        service=workspace.config.name,
        evaluation=evaluation,
        created=workspace.clock(),
        machine=describe_machine(workspace.folder),
        settings=settings,
        live_model=live_model,
        warnings=() if health is None else health.warnings,
        audit=None if live_model is None else audit_lists(workspace, AuditScope()),
    )

"""Stage 2: stored events in; clean histories, a quality report and splits without leakage out."""

from foretaste.prepare.clean import CleaningReport, clean, has_order_only
from foretaste.prepare.interactions import (
    LoadReport,
    build_interactions,
    build_user_context,
    user_key,
)
from foretaste.prepare.report import QualityReport, measure_quality
from foretaste.prepare.settings import PrepareSettings
from foretaste.prepare.splits import shuffled_ties, split_by_time, split_latest, split_leave_one_out

__all__ = [
    "CleaningReport",
    "LoadReport",
    "PrepareSettings",
    "QualityReport",
    "build_interactions",
    "build_user_context",
    "clean",
    "has_order_only",
    "measure_quality",
    "shuffled_ties",
    "split_by_time",
    "split_latest",
    "split_leave_one_out",
    "user_key",
]

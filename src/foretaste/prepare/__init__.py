"""Stage 2: stored events in; clean histories, a quality report and splits without leakage out."""

from foretaste.prepare.clean import Cleaning, clean, order_only
from foretaste.prepare.histories import Gathering, behaviour, histories, person_key
from foretaste.prepare.report import Quality, quality
from foretaste.prepare.settings import PrepareSettings
from foretaste.prepare.splits import by_time, latest, leave_one_out, shuffled_ties

__all__ = [
    "Cleaning",
    "Gathering",
    "PrepareSettings",
    "Quality",
    "behaviour",
    "by_time",
    "clean",
    "histories",
    "latest",
    "leave_one_out",
    "order_only",
    "person_key",
    "quality",
    "shuffled_ties",
]

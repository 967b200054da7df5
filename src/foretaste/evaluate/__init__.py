"""Held-out cases and scores in; honest figures, their intervals and a report out."""

from foretaste.evaluate.machine import describe_machine
from foretaste.evaluate.metrics import Interval, interval, intervals, paired_interval
from foretaste.evaluate.protocols import RankingResult, evaluate_model, evaluate_models
from foretaste.evaluate.report import evaluation_summary, results_table

__all__ = [
    "Interval",
    "RankingResult",
    "describe_machine",
    "evaluate_model",
    "evaluate_models",
    "evaluation_summary",
    "interval",
    "intervals",
    "paired_interval",
    "results_table",
]

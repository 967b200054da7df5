"""Held-out cases and scores in; honest figures, their intervals and a report out."""

from foretaste.evaluate.machine import machine
from foretaste.evaluate.metrics import Interval, interval, intervals, paired_interval
from foretaste.evaluate.protocols import Result, compare, evaluate
from foretaste.evaluate.report import summary, table

__all__ = [
    "Interval",
    "Result",
    "compare",
    "evaluate",
    "interval",
    "intervals",
    "machine",
    "paired_interval",
    "summary",
    "table",
]

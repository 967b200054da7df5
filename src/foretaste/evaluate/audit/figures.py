"""What an audit says: sections of figures, each with its interval, what it means and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from foretaste.domain.data import Doubles
from foretaste.evaluate.metrics import Interval

FigureUnit = Literal["number", "share", "times", "score"]


@dataclass(frozen=True, slots=True)
class AuditFigure:
    """One figure."""

    name: str
    value: Interval
    """With its 95 % interval over people."""
    unit: FigureUnit = "number"
    usual: float | None = None
    """What to read it against: what people take, or what others get."""
    size: int = 0
    """People or places that it is of."""
    p_value: float | None = None
    """Of no difference from `usual`, corrected for how many groups were looked at."""
    is_flagged: bool = False
    """Whether it is a difference that is there and large enough to act on."""

    def text(self, number: float | None) -> str:
        """A number of this figure's unit."""
        if number is None or not np.isfinite(number):
            return "–"
        if self.unit == "share":
            return f"{number:.1%}"
        if self.unit == "times":
            return f"{number:.2f}×"
        if self.unit == "score":
            return f"{number:.4f}"
        return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.2f}"

    @property
    def value_text(self) -> str:
        """The figure alone."""
        return self.text(self.value.mean)

    @property
    def range_text(self) -> str:
        """Its interval."""
        return f"{self.text(self.value.low)} to {self.text(self.value.high)}"

    def summary(self) -> dict[str, Any]:
        """One object that JSON can hold."""
        return {
            "name": self.name,
            "value": _finite(self.value.mean),
            "interval": [_finite(self.value.low), _finite(self.value.high)],
            "unit": self.unit,
            "usual": None if self.usual is None else _finite(self.usual),
            "size": self.size,
            "p": self.p_value,
            "flagged": self.is_flagged,
        }


@dataclass(frozen=True, slots=True)
class AuditSection:
    """Figures that answer one question."""

    code: str
    """Names it for programs."""
    title: str
    figures: tuple[AuditFigure, ...]
    meaning: str
    """What the figures are and how to read them."""
    verdict: str
    """What they come to."""
    remedy: str = ""
    """What to do; empty where there is nothing to do."""
    usual_name: str = "what people take"
    """What `usual` of the figures is."""

    @property
    def flagged(self) -> list[AuditFigure]:
        """What to act on."""
        return [figure for figure in self.figures if figure.is_flagged]

    def summary(self) -> dict[str, Any]:
        """One object that JSON can hold."""
        return {
            "code": self.code,
            "title": self.title,
            "figures": [figure.summary() for figure in self.figures],
            "usual": self.usual_name,
            "meaning": self.meaning,
            "verdict": self.verdict,
            "remedy": self.remedy,
        }


def corrected(p_values: Sequence[float]) -> Doubles:
    """The p values of many groups, so that of those below a level at most that share is chance.

    Benjamini and Yekutieli 2001, which holds however the groups depend on one another: the groups
    of a column do, as what one has more the others have less.
    """
    if not len(p_values):
        return np.empty(0)
    from scipy import stats  # half a second, which commands without an audit do not wait

    return np.asarray(stats.false_discovery_control(np.asarray(p_values, np.float64), method="by"))


def normal_p_value(difference: Interval, level: float = 0.95) -> float:
    """Two-sided, of no difference, by the width of its interval."""
    width = (difference.high - difference.low) / 2
    if width <= 0:
        return 1.0 if difference.mean == 0 else 0.0
    from scipy import stats

    deviation = width / stats.norm.ppf((1 + level) / 2)
    return float(2 * stats.norm.sf(abs(difference.mean) / deviation))


def _finite(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None

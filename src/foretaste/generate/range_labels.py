"""A range of a column's numbers in, what people call it out: “1980–1989”, “€20 to €50”."""

from datetime import UTC, datetime

from foretaste.domain.feature_types import FeatureDescription
from foretaste.generate.item_display import ItemDisplay


def range_label(
    description: FeatureDescription,
    display: ItemDisplay,
    bounds: tuple[float | None, float | None],
    highest: float | None = None,
) -> str:
    """bounds: from the first to below the second; None is open. highest: of all items."""
    low, high = bounds
    if description.type in ("year", "date"):
        return _year_label(description, display, bounds, highest)
    text = display.messages.text
    if low is None:
        return text("Under {amount}", amount=display.amount(description, high or 0.0))
    if high is None:
        return text("{amount} and more", amount=display.amount(description, low))
    amounts = [display.amount(description, bound) for bound in (low, high)]
    return text("{low} to {high}", low=amounts[0], high=amounts[1])


def _year_label(
    description: FeatureDescription,
    display: ItemDisplay,
    bounds: tuple[float | None, float | None],
    highest: float | None,
) -> str:
    """Years are parted at whole years, days too."""
    low, high = (None if bound is None else _year(description, bound) for bound in bounds)
    if low is None:
        return display.messages.text("Before {amount}", amount=str(high))
    last = high - 1 if high is not None else None
    if last is None and highest is not None:
        last = _year(description, highest)
    if last is None or last <= low:
        return str(low)
    return f"{low}–{last}"


def _year(description: FeatureDescription, bound: float) -> int:
    return int(bound) if description.type == "year" else datetime.fromtimestamp(bound, UTC).year

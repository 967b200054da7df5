"""In: the span of the lists that are asked about. Out: what came of them."""

from typing import Annotated, Literal

from pydantic import Field

from foretaste.evaluate.metrics import Interval
from foretaste.evaluate.outcomes import (
    CONVERSION_TYPES,
    OutcomeFigures,
    OutcomeGroup,
    PlaceComparison,
)
from foretaste.online.outcome_report import MAX_DAYS, OutcomeReport
from foretaste.serve.schemas.values import RequestSchema, ResponseSchema

MAX_CONVERSION_TYPES = 10


class OutcomesQuery(RequestSchema):
    """Which lists, in the address."""

    days: Annotated[float, Field(gt=0, le=MAX_DAYS)] = 7.0
    """How many days up to now, or up to `until`."""
    until: Annotated[float, Field(ge=0, le=1e11)] | None = None
    """Seconds since 1970; now without it."""
    by: Literal["placement", "version", "both"] = "both"
    """By what the lists are told apart."""
    conversions: Annotated[str, Field(max_length=1000)] = ",".join(CONVERSION_TYPES)
    """The event types that are a conversion, with commas between: their values are summed."""

    @property
    def conversion_types(self) -> tuple[str, ...]:
        """The types by their names."""
        names = (name.strip() for name in self.conversions.split(","))
        return tuple(name for name in names if name)[:MAX_CONVERSION_TYPES]


class IntervalOut(ResponseSchema):
    """A figure, and where it would lie with other people, in 95 of 100 cases."""

    mean: float
    low: float | None = None
    """null where too few people tell."""
    high: float | None = None

    @classmethod
    def of(cls, interval: Interval | None) -> "IntervalOut | None":
        """The same without infinite bounds."""
        if interval is None:
            return None
        low, high = (
            None if bound in (float("inf"), float("-inf")) else bound for bound in interval[1:]
        )
        return cls(mean=interval.mean, low=low, high=high)


class OutcomeFiguresOut(ResponseSchema):
    """What came of some lists."""

    lists: int
    people: int
    impressions: int
    """Places that were shown: as `impression` events say; where none comes, all places."""
    impressions_reported: bool
    """Whether such events come."""
    clicks: int
    """Places whose item the person took, by an event with the `recommendation_id`."""
    conversions: int
    """Places whose item came to a conversion, likewise."""
    value: float
    """The sum of the values of the conversions."""
    click_rate: IntervalOut | None = None
    """Clicks an impression."""
    conversion_rate: IntervalOut | None = None
    """Conversions an impression."""
    value_per_list: IntervalOut | None = None

    @classmethod
    def of(cls, figures: OutcomeFigures) -> "OutcomeFiguresOut":
        """The figures as they are sent."""
        counts = ("lists", "people", "impressions", "impressions_reported", "clicks")
        return cls(
            **{name: getattr(figures, name) for name in (*counts, "conversions", "value")},
            click_rate=IntervalOut.of(figures.click_rate),
            conversion_rate=IntervalOut.of(figures.conversion_rate),
            value_per_list=IntervalOut.of(figures.value_per_list),
        )


class OutcomeDayOut(OutcomeFiguresOut):
    """What came of the lists of a day."""

    start: float
    """Midnight UTC, seconds since 1970."""


class OutcomeGroupOut(ResponseSchema):
    """The lists of one placement and version."""

    placement: str | None = None
    """null for lists that name none, and where placements are not told apart."""
    version: str | None = None
    """Of the model."""
    figures: OutcomeFiguresOut
    days: list[OutcomeDayOut]

    @classmethod
    def of(cls, group: OutcomeGroup) -> "OutcomeGroupOut":
        """The group as it is sent."""
        days = [
            OutcomeDayOut(start=start, **OutcomeFiguresOut.of(figures).model_dump())
            for start, figures in group.days
        ]
        return cls(
            placement=group.placement or None,
            version=group.version or None,
            figures=OutcomeFiguresOut.of(group.figures),
            days=days,
        )


class PlaceComparisonOut(ResponseSchema):
    """What the same people do with what the model chose and with something else."""

    kind: Literal["popular", "explored"]
    """popular: lists of what most people take. explored: places given to a random item."""
    people: int
    """Who were shown both."""
    model: IntervalOut
    """Click rate of what the model has chosen."""
    alternative: IntervalOut
    difference: IntervalOut
    """Of the model's above the alternative's; above 0 for certain where `low` is."""

    @classmethod
    def of(cls, comparison: PlaceComparison) -> "PlaceComparisonOut":
        """The comparison as it is sent."""
        intervals = {
            name: IntervalOut.of(getattr(comparison, name))
            for name in ("model", "alternative", "difference")
        }
        return cls.model_validate(
            {"kind": comparison.kind, "people": comparison.people, **intervals}
        )


class ExposureOut(ResponseSchema):
    """How wide the lists look."""

    shown_places: int
    distinct_items: int
    coverage: float
    """Share of the items on offer that were shown at least once."""
    gini: float
    """0 where every item is shown as often, near 1 where a few are shown all the time."""
    popular_share: float | None = None
    """Of the places, those of the tenth of the catalogue that people take most."""
    taken_popular_share: float | None = None
    """The same of what people took from the lists."""
    novelty: float | None = None
    """Bits: the higher, the less known are the items."""
    diversity: float | None = None
    """0 where all items of a list are alike, about 1 where they have nothing in common."""


class OutcomesAnswer(ResponseSchema):
    """Whether the lists work."""

    since: float
    until: float
    covered_since: float
    """From when on the figures are: later than `since` where there is too much to look at."""
    total: OutcomeFiguresOut
    groups: list[OutcomeGroupOut]
    comparisons: list[PlaceComparisonOut]
    """Where at least ten people were shown both."""
    exposure: ExposureOut | None = None
    """null while no model is loaded."""

    @classmethod
    def of(cls, report: OutcomeReport) -> "OutcomesAnswer":
        """The report as it is sent."""
        exposure = report.exposure
        return cls(
            since=report.since,
            until=report.until,
            covered_since=report.covered_since,
            total=OutcomeFiguresOut.of(report.total),
            groups=[OutcomeGroupOut.of(group) for group in report.groups],
            comparisons=[PlaceComparisonOut.of(pair) for pair in report.comparisons],
            exposure=None
            if exposure is None
            else ExposureOut.model_validate(exposure, from_attributes=True),
        )

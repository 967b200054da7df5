"""Which data, at which age, with which settings: the rows of the zoo."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from benchmarks.datasets import Absent
from benchmarks.zoo.dataset import Dataset
from benchmarks.zoo.public import PUBLIC
from benchmarks.zoo.synthetic import SYNTHETIC
from foretaste.recipes import NAMES as RECIPES

DEFAULTS = "defaults"
AS_IS = "as is"
AGES = {"day": 1, "year": 365, "ten years": 3650}
"""Days since the last event."""
DATASETS: dict[str, Callable[[], Dataset]] = {**SYNTHETIC, **PUBLIC}
VARIED = ("diginetica", "books", "groceries", "ml-small/10%")
"""The sets that are run at every age and with every recipe."""
EXTRA = (("books-in-order", "shop"),)
"""Further sets and settings."""


class Row(NamedTuple):
    """One workspace."""

    data: str
    age: str
    settings: str

    @property
    def name(self) -> str:
        return f"{self.data}, {self.age}, {self.settings}"


def usual_age(data: str) -> str:
    """Public data are as old as they are; invented data ended a year ago."""
    return "year" if data in SYNTHETIC else AS_IS


QUICK = tuple(
    Row(data, usual_age(data), settings)
    for data, settings in (
        ("two-events", DEFAULTS),
        ("same-item", DEFAULTS),
        ("only-repeats", DEFAULTS),
        ("diginetica", DEFAULTS),
        ("diginetica", "shop"),
        ("books", DEFAULTS),
        ("books", "shop"),
        ("books-in-order", "shop"),
        ("groceries", DEFAULTS),
        ("groceries", "shop"),
        ("ml-small/10%", DEFAULTS),
        ("ml-small/10%", "shop"),
    )
)


def every_row() -> Iterator[Row]:
    """All sets with the defaults; those of VARIED at every age and with every recipe too."""
    for data in DATASETS:
        yield Row(data, usual_age(data), DEFAULTS)
        if data in VARIED:
            yield from (Row(data, age, DEFAULTS) for age in AGES if age != usual_age(data))
            yield from (Row(data, usual_age(data), recipe) for recipe in RECIPES)
    yield from (Row(data, usual_age(data), settings) for data, settings in EXTRA)


def select_rows(only: Sequence[str], *, quick: bool) -> list[Row]:
    """The rows of a run; `only` names sets: `books`, `ml-small/10%`, `ml-small` with all cuts.

    Raises Absent for a name that no set has.
    """
    known = {name for data in DATASETS for name in (data, data.partition("/")[0])}
    for name in only:
        if name not in known:
            raise Absent(f"no set '{name}'; there are {', '.join(DATASETS)}")
    rows = QUICK if quick else tuple(every_row())
    if not only:
        return list(rows)
    return [row for row in rows if row.data in only or row.data.partition("/")[0] in only]

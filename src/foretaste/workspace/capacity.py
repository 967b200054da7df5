"""In: how many users, items, events and requests a shop has. Out: what machine it takes.

Every figure comes from the curves in `data/costs.json`, which `make readme` writes from the benches
(`benchmarks/costs.py`): a sum of a part for each item and one for each event, found by non-negative
least squares. The interval of an estimate is how far the measured points are from that sum, or the
span of what was measured where it was measured twice.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import ceil, exp, log
from typing import Any

import numpy as np

from foretaste.domain.packed_rows import is_packed
from foretaste.errors import InputError

BUSY_SHARE = 0.6
"""Of a core that lists may take at the busiest time: past it waiting grows fast."""
PEAK_TO_MEAN = 3.0
"""How much busier the busiest time is than the mean of a day."""
KEPT_VERSIONS = 3
VECTOR_BYTES = 4 * 384
DAY = 86_400.0
_SHARED_NOTE = "the lower end while all processes share the model that they started with"
_MAPPED_NOTE = "one copy for all processes, in memory where there is room"
_UNITS = (("hours", 3600.0), ("minutes", 60.0), ("seconds", 1.0))


@dataclass(frozen=True, slots=True)
class Load:
    """What a shop has."""

    users: int
    items: int
    events_per_day: float
    requests_per_second: float
    """Lists at the busiest time."""
    history_days: int = 365
    """How long events are kept."""
    list_days: int = 90
    """How long lists that were shown are kept (`rank.keep_days`)."""

    def __post_init__(self) -> None:
        """InputError where there is nothing to plan for."""
        for name, value in asdict(self).items():
            if not value > 0:
                raise InputError(f"{name.replace('_', ' ')}: {value}; give a number above 0")

    @property
    def events(self) -> float:
        """All that are kept."""
        return self.events_per_day * self.history_days


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of one thing, with the interval in which it is to be expected."""

    title: str
    low: float
    high: float
    unit: str
    """Empty of what is counted."""
    note: str = ""

    def text(self) -> str:
        """`2.1 to 3.4 GB`; whole numbers of what is counted."""
        ends = [_rounded(value, self.unit) for value in (self.low, self.high)]
        span = ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
        return f"{span} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class CapacityPlan:
    """What it takes."""

    load: Load
    estimates: tuple[Estimate, ...]
    advice: tuple[str, ...]
    """What to turn on, and what was not measured."""
    machine: str
    """What the curves were measured on."""

    def as_dict(self) -> dict[str, Any]:
        """One object that JSON can hold."""
        return asdict(self)


def plan_capacity(load: Load) -> CapacityPlan:
    """Estimate what a load takes. Raises InputError for a load of nothing."""
    costs = load_costs()
    list_ms = _list_ms(costs, load)
    cores = [load.requests_per_second * ms / 1000 / BUSY_SHARE for ms in list_ms]
    processes = [max(1, ceil(value)) for value in cores]
    extra = costs["served_extra_gb"]
    held = [extra + value for value in _fitted(costs["service"], "held_gb", load, ("items",))]
    file_gigabytes = _mapped_file_sizes(costs["service"], load)
    peak = _fitted(costs["training"], "memory_gb", load)
    fit_seconds = _fitted(costs["training"], "fit_cpu_seconds", load)
    network = [load.events * seconds for seconds in costs["network_cpu_seconds_per_event"]]
    reading_seconds = load.items / costs["texts_per_cpu_second"]
    batch_seconds = sorted(
        load.users * costs["batch_cpu_ms"] / 1000 * ms / measured_ms
        for ms, measured_ms in zip(list_ms, costs["served_lists"][0]["cpu_ms"], strict=True)
    )
    event_bytes = load.events * costs["bytes_per_event"]
    lists = [load.requests_per_second * DAY / share for share in (2 * PEAK_TO_MEAN, PEAK_TO_MEAN)]
    list_bytes = [count * load.list_days * costs["bytes_per_list"] for count in lists]
    model = _fitted(costs["training"], "disk_mb", load)
    shared = costs["shared_process_share"]
    service_memory = [held[0] * (1 + shared * (processes[0] - 1)), held[1] * processes[1]]
    training = [fit + steps for fit, steps in zip(fit_seconds, network, strict=True)]
    database = [(event_bytes + size) / 1e9 for size in list_bytes]
    disk = [
        (KEPT_VERSIONS * size * 1e6 + load.items * VECTOR_BYTES) / 1e9 + KEPT_VERSIONS * files
        for size, files in zip(model, file_gigabytes, strict=True)
    ]
    kept_note = f"events of {load.history_days} days, lists of {load.list_days}"
    estimates = (
        _span("CPU of a list", list_ms, "ms"),
        _span("cores for lists at the busiest time", cores, "cores"),
        _span("processes (serve --workers)", processes, ""),
        _span("memory of the service", service_memory, "GB", _SHARED_NOTE),
        *(
            [_span("files that it maps", file_gigabytes, "GB", _MAPPED_NOTE)]
            if file_gigabytes[1]
            else ()
        ),
        _span("memory of a training", peak, "GB"),
        _time("CPU of a training", training, "every new text is read once before it"),
        _time("CPU of reading all texts, once", [reading_seconds, reading_seconds]),
        _time("CPU of lists for everybody (foretaste batch)", batch_seconds),
        _span("database after that time", database, "GB", kept_note),
        _span("models and vectors on disk", disk, "GB", f"{KEPT_VERSIONS} versions"),
    )
    advice = tuple(_advice(costs, load, processes[1]))
    return CapacityPlan(load, estimates, advice, costs["machine"])


@cache
def load_costs() -> Mapping[str, Any]:
    """What was measured."""
    path = files("foretaste") / "data" / "costs.json"
    costs: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return costs


def _list_ms(costs: Mapping[str, Any], load: Load) -> list[float]:
    """CPU of a list in the service, between the catalogues that were measured, by the logarithm."""
    points = costs["served_lists"]
    neighbours = list(pairwise(points))
    small, large = next(
        (pair for pair in neighbours if load.items <= pair[1]["items"]), neighbours[-1]
    )
    share = log(max(load.items, points[0]["items"]) / small["items"]) / log(
        large["items"] / small["items"]
    )
    return [
        exp(log(low) + share * (log(high) - log(low)))
        for low, high in zip(small["cpu_ms"], large["cpu_ms"], strict=True)
    ]


def _mapped_file_sizes(points: Sequence[Mapping[str, float]], load: Load) -> list[float]:
    """(least, most) GB that a version of a large catalogue is loaded with; none of a small one."""
    if not is_packed(load.items):
        return [0.0, 0.0]
    shares = [point["files_gb"] / point["items"] for point in points if point["files_gb"]]
    return [load.items * min(shares), load.items * max(shares)]


def _fitted(
    points: Sequence[Mapping[str, float]],
    name: str,
    load: Load,
    counts: Sequence[str] = ("items", "events"),
) -> list[float]:
    """(low, high) of a cost that is a sum of parts for what is counted."""
    from scipy.optimize import nnls

    rows = np.array([[1.0, *(point[count] for count in counts)] for point in points])
    costs = np.array([point[name] for point in points])
    # each point counts by its share: a million items would outweigh all others
    weights, _ = nnls(rows / costs[:, None], np.ones(len(costs)))
    errors = np.abs(np.log(np.maximum(rows @ weights, 1e-12) / costs))
    cost = float(np.array([1.0, *(getattr(load, count) for count in counts)]) @ weights)
    spread = exp(float(errors.max()))
    return [cost / spread, cost * spread]


def _span(title: str, ends: Sequence[float], unit: str, note: str = "") -> Estimate:
    return Estimate(title, ends[0], ends[1], unit, note)


def _time(title: str, seconds: Sequence[float], note: str = "") -> Estimate:
    """In the unit in which the longer end is read easily."""
    unit, size = next(
        ((name, length) for name, length in _UNITS if max(seconds) >= length), _UNITS[-1]
    )
    return Estimate(title, seconds[0] / size, seconds[1] / size, unit, note)


def _advice(costs: Mapping[str, Any], load: Load, processes: int) -> list[str]:
    largest = costs["training"][-1]
    peak_events = PEAK_TO_MEAN * load.events_per_day / DAY
    advice = []
    if peak_events > BUSY_SHARE * costs["events_per_second"]:
        advice.append(
            f"{peak_events:,.0f} events a second at the busiest time are more than single calls "
            f"carry ({costs['events_per_second']:,.0f}): send them in batches, or by "
            "'foretaste consume'"
        )
    if processes > costs["cores_measured"]:
        advice.append(
            "more cores than one small machine has: PostgreSQL for the store, several machines "
            "behind a load balancer (docs/scale.md, 6); speeds across machines were not measured"
        )
    else:
        advice.append("one machine with SQLite will do; PostgreSQL where others read the store too")
    if load.items > costs["static_from_items"]:
        advice.append(
            '[language] kind = "static" reads texts 160 times faster, for a little less quality'
        )
    if load.items > largest["items"] or load.events > largest["events"]:
        advice.append(
            f"no training beyond {largest['items']:,} items and {largest['events']:,} events was "
            "measured: its figures go on as before, which nobody has seen"
        )
    served = costs["served_lists"][-1]
    if load.items > served["items"]:
        advice.append(
            f"no service of more than {served['items']:,} items was measured: its figures go on as "
            "before, which nobody has seen"
        )
    index = costs["largest_index"]
    if largest["items"] < load.items <= index["items"]:
        advice.append(
            f"of {index['items']:,} items the search of one expert finds {index['recall']:.3f} of "
            "the 100 nearest (docs/scale.md, 5)"
        )
    return advice


def _rounded(value: float, unit: str) -> str:
    if not unit:
        return f"{value:,.0f}"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2g}" if value >= 0.01 else "0.01"

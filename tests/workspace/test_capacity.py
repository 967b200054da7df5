"""What a shop of a size takes, by the curves that were measured."""

import json
from dataclasses import replace

import pytest
from benchmarks import costs

from foretaste.errors import InputError
from foretaste.workspace.capacity import Estimate, Load, load_costs, plan_capacity

SMALL = Load(20_000, 12_101, 500, 100)


def found(load: Load) -> dict[str, Estimate]:
    return {estimate.title: estimate for estimate in plan_capacity(load).estimates}


def test_the_curves_are_those_of_the_benches() -> None:
    assert costs.COSTS.read_text(encoding="utf-8") == costs.text()


def test_what_was_measured_is_within_its_interval() -> None:
    for point in load_costs()["training"]:
        load = replace(SMALL, items=point["items"], events_per_day=point["events"] / 365)
        estimates = found(load)
        memory = estimates["memory of a training"]
        assert memory.low <= point["memory_gb"] * 1.001
        assert memory.high >= point["memory_gb"] * 0.999
    for point in load_costs()["served_lists"]:
        lists = found(replace(SMALL, items=point["items"]))["CPU of a list"]
        assert [lists.low, lists.high] == pytest.approx(point["cpu_ms"])


def test_a_large_catalogue_is_mapped_and_a_small_one_is_not() -> None:
    assert "files that it maps" not in found(SMALL)
    for point in load_costs()["service"]:
        if point["files_gb"]:
            mapped = found(replace(SMALL, items=point["items"]))["files that it maps"]
            assert mapped.low <= point["files_gb"] * 1.001
            assert mapped.high >= point["files_gb"] * 0.999
    disks = [
        found(replace(SMALL, items=items))["models and vectors on disk"]
        for items in (50_000, 50_001)
    ]
    assert disks[1].low > disks[0].low + 0.1  # three versions, each with its files


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("users", "CPU of lists for everybody (foretaste batch)"),
        ("items", "CPU of lists for everybody (foretaste batch)"),
        ("items", "memory of a training"),
        ("items", "memory of the service"),
        ("items", "CPU of a list"),
        ("events_per_day", "database after that time"),
        ("requests_per_second", "cores for lists at the busiest time"),
        ("history_days", "CPU of a training"),
        ("list_days", "database after that time"),
    ],
)
def test_more_takes_more(name: str, title: str) -> None:
    before = found(SMALL)[title]
    after = found(replace(SMALL, **{name: 1000 * getattr(SMALL, name)}))[title]
    assert before.low <= before.high
    assert after.low <= after.high
    factor = {"hours": 3600, "minutes": 60, "seconds": 1}
    assert after.low * factor.get(after.unit, 1) > before.low * factor.get(before.unit, 1)


def test_the_cores_are_those_of_the_requests() -> None:
    cores = found(SMALL)["cores for lists at the busiest time"]
    least_cpu_ms = min(load_costs()["served_lists"][0]["cpu_ms"])
    assert cores.low == pytest.approx(100 * least_cpu_ms / 1000 / 0.6)


def test_what_was_not_measured_is_said() -> None:
    assert not any("beyond" in line for line in plan_capacity(SMALL).advice)
    large = plan_capacity(replace(SMALL, items=5_000_000, events_per_day=5e7))
    told = " ".join(large.advice)
    assert "no training beyond 1,000,000 items and 10,000,000 events was measured" in told
    assert "batches" in told
    assert "of 10,000,000 items the search of one expert finds 0.976 of the 100 nearest" in told
    json.dumps(large.as_dict())
    assert not any("no service" in line for line in large.advice)
    served = load_costs()["served_lists"][-1]["items"]
    beyond = plan_capacity(replace(SMALL, items=2 * served)).advice
    assert any(line.startswith(f"no service of more than {served:,} items") for line in beyond)


@pytest.mark.parametrize("name", ["users", "items", "events_per_day", "requests_per_second"])
def test_a_shop_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"{name.replace('_', ' ')}: 0; give a number above 0"):
        replace(SMALL, **{name: 0})


def test_a_span_is_written_with_its_unit() -> None:
    assert Estimate("a", 0.001, 2.345, "GB").text() == "0.01 to 2.3 GB"
    assert Estimate("a", 1, 1, "").text() == "1"
    assert Estimate("a", 1234.5, 2000, "hours").text() == "1,234 to 2,000 hours"

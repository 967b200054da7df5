"""The dashboard and the alerts speak of metrics that there are, and show those that matter."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import yaml

from foretaste.serve.http.metrics import Metrics

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "foretaste.json"
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
OF_PROMETHEUS = {"up"}
UNSHOWN = {"foretaste_freshness_seconds_count", "foretaste_freshness_seconds_sum"}
COLUMNS = 24
"""Of Grafana's grid."""


def exposed() -> dict[str, bool]:
    """Name of a series → whether it is an old name, as a service tells Prometheus."""
    text = Metrics(lambda: nullcontext({})).exposition().decode()
    helps = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.MULTILINE))
    series: dict[str, bool] = {}
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE):
        suffixes = ("_bucket", "_count", "_sum") if kind == "histogram" else ("",)
        series |= {name + suffix: "old name" in helps[name] for suffix in suffixes}
    return series


def dashboard() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return content


def expressions() -> Iterator[str]:
    """Every expression of PromQL in both."""
    content = dashboard()
    yield from (
        target["expr"] for panel in content["panels"] for target in panel.get("targets", [])
    )
    yield from (note["expr"] for note in content["annotations"]["list"])
    yield from (
        variable["definition"]
        for variable in content["templating"]["list"]
        if "definition" in variable
    )
    yield from (
        rule["expr"]
        for group in yaml.safe_load(ALERTS.read_text())["groups"]
        for rule in group["rules"]
    )


def named_metrics() -> set[str]:
    text = " ".join(re.sub(r'"[^"]*"', "", expression) for expression in expressions())
    return set(re.findall(r"\b(?:foretaste_|process_)\w+|\bup\b", text))


def test_every_metric_that_is_named_is_there_by_its_present_name() -> None:
    there = exposed()
    assert named_metrics() - there.keys() - OF_PROMETHEUS == set()
    assert not [name for name in named_metrics() if there.get(name)]


def test_every_metric_of_ours_is_shown() -> None:
    ours = {
        name for name, is_old in exposed().items() if name.startswith("foretaste_") and not is_old
    }
    assert ours - UNSHOWN - named_metrics() == set()


def test_labels_are_those_of_the_metrics() -> None:
    text = " ".join(expressions())
    assert set(re.findall(r"[{,]\s*(\w+)=", text)) <= {
        "job", "method", "route", "status", "tenant", "outcome", "fallback_level", "source",
    }  # fmt: skip


def test_panels_lie_beside_each_other_and_say_what_they_are_made_of() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    squares = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(squares)) == len(squares)
    assert max(x for x, _ in squares) < COLUMNS
    for panel in panels:
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
            assert panel["targets"], panel["title"]
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]


def test_every_alert_says_what_to_do() -> None:
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"].keys() == {"summary", "action"}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool: Debian's prometheus")
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "rules", "alerts.yml"),
        ("test", "rules", "alerts_test.yml"),
        ("check", "config", "--syntax-only", "prometheus.yml"),
    ],
    ids=["rules", "when they fire", "configuration"],
)
def test_promtool_finds_nothing(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        ["promtool", *arguments],
        cwd=DEPLOY / "prometheus",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_unit_test_of_the_alerts_knows_every_alert() -> None:
    text = (DEPLOY / "prometheus" / "alerts_test.yml").read_text()
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    assert {rule["alert"] for rule in group["rules"]} == set(re.findall(r'alertname="(\w+)"', text))

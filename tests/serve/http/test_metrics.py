"""What Prometheus is told, of a real server and of single parts."""

import os
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import httpx
import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.errors import StoreError
from foretaste.serve.http.keys import create_key
from foretaste.serve.http.metrics import METRICS_MEDIA_TYPE, Metrics, TenantMetrics
from foretaste.workspace.tenants import create_tenant

from ..conftest import checked
from ..workspace import serving, until

SUBSTITUTED = ("substituted", "instead")
"""The name of a gauge and the old one."""


def read(text: str) -> dict[str, float]:
    """Series with its labels → value."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            found[name] = float(value)
    return found


class Ticks:
    """A clock that is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_freshness_is_from_acceptance_to_learning() -> None:
    ticks = Ticks()
    metrics = Metrics(lambda: nullcontext({}))
    watch = TenantMetrics(metrics, "default", ticks=ticks)
    watch.record_events(accepted=2, duplicates=1, rejected=3, last_event=10)
    ticks.now = 0.2
    watch.record_answer("full", 9)  # has not come so far
    watch.record_events(accepted=1, duplicates=0, rejected=0, last_event=11)
    ticks.now = 0.3
    watch.record_answer("counting", 10)
    found = read(metrics.exposition().decode())
    assert found['foretaste_freshness_seconds_count{tenant="default"}'] == 2
    assert found['foretaste_freshness_seconds_sum{tenant="default"}'] == pytest.approx(0.6)
    watch.record_learnt(11)
    found = read(metrics.exposition().decode())
    assert found['foretaste_freshness_seconds_sum{tenant="default"}'] == pytest.approx(0.7)
    for name, duplicate in (
        ("foretaste_received_events_total", "duplicate"),
        ("foretaste_events_total", "known"),  # the old names, for one release
    ):
        assert found[f'{name}{{outcome="accepted",tenant="default"}}'] == 3
        assert found[f'{name}{{outcome="{duplicate}",tenant="default"}}'] == 1
        assert found[f'{name}{{outcome="rejected",tenant="default"}}'] == 3
    lists = "foretaste_recommendations_total"
    assert found[f'{lists}{{fallback_level="counting",tenant="default"}}'] == 1
    assert found['foretaste_answers_total{rung="counting",tenant="default"}'] == 1


def test_the_name_of_a_source_may_have_colons() -> None:
    class Consuming:
        def gauges(self) -> dict[str, float]:
            return {
                "foretaste_consumer_lag:redis/shop:events": 7.0,
                "foretaste_consumer_rows:accepted:redis/shop:events": 5.0,
                "foretaste_worker_outcome:failed": 1.0,
            }

    found = read(Metrics(lambda: nullcontext({"a": Consuming()})).exposition().decode())
    assert found['foretaste_consumer_lag{source="redis/shop:events",tenant="a"}'] == 7
    rows = 'foretaste_consumer_rows{outcome="accepted",source="redis/shop:events",tenant="a"}'
    assert found[rows] == 5
    assert found['foretaste_worker_outcome{outcome="failed",tenant="a"}'] == 1


def test_a_tenant_that_cannot_be_asked_is_not_ready() -> None:
    class Away:
        def gauges(self) -> dict[str, float]:
            raise StoreError("gone")

    found = read(Metrics(lambda: nullcontext({"acme": Away()})).exposition().decode())
    assert found['foretaste_ready{tenant="acme"}'] == 0
    assert 'foretaste_items{tenant="acme"}' not in found


def test_made_up_methods_make_no_series() -> None:
    metrics = Metrics(lambda: nullcontext({}))
    for method in ("GET", "BREW", "PROPFIND"):
        metrics.observe_request(method, "/", 200, 0.1)
    text = metrics.exposition().decode()
    assert set(re.findall(r'_count\{method="(\w+)"', text)) == {"GET", "other"}


def test_a_server_tells_of_every_status(copied: Path) -> None:
    with serving(copied) as client:
        event = {"event_id": "m", "user": "p1", "item": "space-1", "kind": "click"}
        client.post("/v1/recommend", json={"user": "p1", "n": 1})
        client.post("/v1/events", json={"events": [event, {"kind": "clik"}]})
        client.post("/v1/events", json={"events": [event]})
        before = read(client.get("/metrics").text)
        assert before['foretaste_event_lag{tenant="default"}'] == 1
        client.post("/v1/recommend", json={"user": "p1", "n": 1})
        client.post("/v1/recommend", json={"usr": 1})
        client.post("/v1/recommend", content=b"{", headers={"content-type": "application/json"})
        client.get(f"/{'x' * 20}")
        answer = client.get("/metrics")
        assert answer.headers["content-type"].startswith(METRICS_MEDIA_TYPE.split(";")[0])
        until(lambda: 'status="404"' in client.get("/metrics").text, "counted")
        found = read(client.get("/metrics").text)
    count = "foretaste_request_seconds_count"
    for route, method, status, times in (
        ("/v1/recommend", "POST", 200, 2),
        ("/v1/recommend", "POST", 422, 1),
        ("/v1/recommend", "POST", 400, 1),
        ("/v1/events", "POST", 200, 2),
        ("unknown", "GET", 404, 1),
    ):
        key = f'{count}{{method="{method}",route="{route}",status="{status}"}}'
        assert found[key] == times, key
    assert not any("xxxx" in name for name in found), "no address as typed"
    assert found['foretaste_received_events_total{outcome="accepted",tenant="default"}'] == 1
    assert found['foretaste_received_events_total{outcome="duplicate",tenant="default"}'] == 1
    assert found['foretaste_received_events_total{outcome="rejected",tenant="default"}'] == 1
    lists = "foretaste_recommendations_total"
    assert found[f'{lists}{{fallback_level="full",tenant="default"}}'] == 2
    substituted = [found[f'foretaste_model_{name}{{tenant="default"}}'] for name in SUBSTITUTED]
    assert substituted == [0, 0]
    assert found['foretaste_freshness_seconds_count{tenant="default"}'] == 1
    assert found['foretaste_event_lag{tenant="default"}'] == 0
    assert found['foretaste_items{tenant="default"}'] == 24
    assert found['foretaste_ready{tenant="default"}'] == 1
    assert found['foretaste_model_age_seconds{tenant="default"}'] > 0
    assert found["process_resident_memory_bytes"] > 1e6


def test_a_count_that_cannot_be_kept_cuts_no_answer_off(tmp_path: Path) -> None:
    script = """
from foretaste.serve.http.metrics import Metrics, TenantMetrics
metrics = Metrics(lambda: __import__("contextlib").nullcontext({}))
metrics.observe_request("GET", "/", 200, 0.1)
tenant = TenantMetrics(metrics, "shop")
tenant.record_events(accepted=1, duplicates=1, rejected=1, last_event=1)
tenant.record_answer("full", 1)
"""
    folder = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "swept away")}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **folder},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "not counted in the metrics" in done.stderr


def test_who_may_read_them(copied: Path) -> None:
    create_tenant(copied, "acme")
    with SqlStore(copied / STORE_FILE) as store:
        root = create_key(store.keys, "r", ["admin"], now=0.0)[1]
        reader = create_key(store.keys, "r", ["read"], now=0.0)[1]
        acme = create_key(store.keys, "a", ["admin"], tenant="acme", now=0.0)[1]
    with serving(copied) as client:

        def asked(**headers: str) -> httpx.Response:
            return client.get(
                "/metrics", headers={k.replace("_", "-"): headers[k] for k in headers}
            )

        assert asked().status_code == 200, "from this machine"
        assert checked(asked(x_forwarded_for="10.1.2.3"), "no-key")
        assert checked(asked(cf_connecting_ip="127.0.0.1"), "no-key")
        assert asked(host="recommend.example").status_code == 421
        assert asked(x_forwarded_for="10.1.2.3", x_api_key=root).status_code == 200
        assert checked(asked(x_api_key=reader), "forbidden")
        assert "of all tenants" in checked(asked(x_api_key=acme), "forbidden")

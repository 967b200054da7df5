"""`foretaste serve --with-worker`: a model is trained and swapped in under a stream of requests,
and the worker ends with the service.
"""

import re
import signal
import threading
import time
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest

from .workspace import DEADLINE, running, until, until_ready

WORKER = """
[worker]
after_events = 20
min_compared_events = 20
tolerance = 1.0
poll_interval_seconds = 0.1
lease_seconds = 3
nice = 5
"""


def row(number: int) -> dict[str, object]:
    theme = ("space", "kitchen")[number // 5 % 2]
    return {
        "event_id": f"e{number}",
        "user": f"w{number // 5}",
        "item": f"{theme}-{number % 12}",
        "kind": "click",
    }


@pytest.mark.slow
def test_a_model_is_swapped_in_under_a_stream_of_requests(copied: Path) -> None:
    with (copied / "foretaste.toml").open("a") as file:
        file.write(WORKER)
    with (
        running(copied, "serve", "--with-worker", "--port", "0") as service,
        httpx.Client(base_url=service.address, timeout=DEADLINE) as client,
    ):
        until_ready(client)
        (worker,) = until_one(service.process.pid)
        assert worker.nice() >= 5
        first = client.get("/readyz").json()["model"]["version"]
        rows = [row(number) for number in range(120)]
        assert client.post("/v1/events", json={"events": rows}).json()["accepted"] == 120
        versions, slow = set(), []
        end = time.monotonic() + DEADLINE
        after = 0
        while after < 20:  # and some by the new one
            assert time.monotonic() < end, "no model was swapped in"
            began = time.perf_counter()
            answer = client.post("/v1/recommend", json={"user": "p1", "n": 5})
            slow.append(time.perf_counter() - began)
            assert answer.status_code == 200, answer.text
            told = answer.json()
            assert len(told["items"]) == 5
            threading.Event().wait(0.02)
            versions.add(told["model_version"])
            after += told["model_version"] != first
        assert len(versions) == 2
        assert max(slow) < 2, f"of {len(slow)}; p99 {np.quantile(slow, 0.99):.3f} s"
        ready = client.get("/readyz").json()
        assert ready["model"]["version"] in versions - {first}
        assert ready["worker"]["outcome"] == "promoted"
        metrics = client.get("/metrics").text
        assert 'foretaste_worker_outcome{outcome="promoted",tenant="default"} 1.0' in metrics
        age = re.search(r'foretaste_model_age_seconds\{tenant="default"\} ([\d.]+)', metrics)
        assert age
        assert 0 < float(age[1]) < DEADLINE
        service.end(signal.SIGKILL)
        until(lambda: not worker.is_running(), "the worker ended with the service")


def until_one(parent: int) -> list[psutil.Process]:
    """The worker beside the service, once it stands back."""

    def there() -> bool:
        found = psutil.Process(parent).children()
        return len(found) == 1 and found[0].nice() > 0

    until(there, "a worker beside the service")
    return psutil.Process(parent).children()

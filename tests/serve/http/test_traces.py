import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from foretaste.serve.http.traces import Tracer

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
LINE = {
    "method": "POST",
    "path": "/v1/recommend",
    "status": 200,
    "request_id": "r-1",
    "tenant": "acme",
    "rung": "full",
    "key": "k1",
}


def traced(headers: Mapping[str, str], line: Mapping[str, Any]) -> ReadableSpan:
    exporter = InMemorySpanExporter()
    tracer = Tracer(exporter)
    tracer.begin_span(headers)(line)
    tracer.close()
    (span,) = exporter.get_finished_spans()
    return span


def test_a_request_is_a_span_of_the_callers_trace() -> None:
    span = traced({"traceparent": PARENT}, LINE)
    assert span.name == "POST /v1/recommend"
    assert span.context is not None
    assert f"{span.context.trace_id:032x}" == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == "00f067aa0ba902b7"
    assert dict(span.attributes or {}) == {
        "http.request.method": "POST",
        "http.route": "/v1/recommend",
        "http.response.status_code": 200,
        "foretaste.request_id": "r-1",
        "foretaste.tenant": "acme",
        "foretaste.rung": "full",
    }
    assert span.resource.attributes["service.name"] == "foretaste"


@pytest.mark.parametrize(("status", "code"), [(503, StatusCode.ERROR), (404, StatusCode.UNSET)])
def test_only_our_own_failures_are_errors(status: int, code: StatusCode) -> None:
    span = traced({}, LINE | {"status": status})
    assert span.status.status_code is code
    assert span.parent is None


def test_without_the_extra_it_is_named() -> None:
    program = (
        "import sys; sys.modules['opentelemetry.sdk'] = None\n"
        "from foretaste.serve.http.traces import Tracer\n"
        "try: Tracer()\n"
        "except Exception as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "OpenTelemetry is not installed; pip install 'foretaste[otel]'"

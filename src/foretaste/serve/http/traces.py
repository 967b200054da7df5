"""In: a request. Out: a span of it, sent to an OpenTelemetry collector where the settings say so.

The span is named by the route and has neither the address as typed nor the body: what people search
for and who they are is not told. A trace that the caller began goes on.
"""

from collections.abc import Callable, Mapping
from typing import Any

from foretaste.errors import MissingExtra

EndSpan = Callable[[Mapping[str, Any]], None]
"""Told what became of a request: `method`, `path` (the route), `status`, and more."""


class Tracer:
    """Sends spans as the usual variables say: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SERVICE_NAME, …

    Raises:
        MissingExtra: OpenTelemetry is not installed.

    """

    def __init__(self, exporter: Any = None) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
        except ImportError as error:
            raise MissingExtra("OpenTelemetry", "otel") from error
        resource = Resource.create()
        if str(resource.attributes["service.name"]).startswith("unknown_service"):
            resource = resource.merge(Resource({"service.name": "foretaste"}))
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("foretaste")
        self._propagator = TraceContextTextMapPropagator()

    def begin_span(self, headers: Mapping[str, str]) -> EndSpan:
        """A request begins. → what is to be told when it has been answered."""
        from opentelemetry.trace import SpanKind, Status, StatusCode

        context = self._propagator.extract(dict(headers))
        span = self._tracer.start_span("request", context, kind=SpanKind.SERVER)

        def end_span(log_fields: Mapping[str, Any]) -> None:
            span.update_name(f"{log_fields['method']} {log_fields['path']}")
            span.set_attribute("http.request.method", log_fields["method"])
            span.set_attribute("http.route", log_fields["path"])
            span.set_attribute("http.response.status_code", log_fields["status"])
            for name in ("request_id", "tenant", "model_version", "fallback_level", "rung"):
                if log_fields.get(name) is not None:
                    span.set_attribute(f"foretaste.{name}", log_fields[name])
            if log_fields["status"] >= 500:
                span.set_status(Status(StatusCode.ERROR))
            span.end()

        return end_span

    def close(self) -> None:
        """Send what has not been sent yet."""
        self._provider.shutdown()

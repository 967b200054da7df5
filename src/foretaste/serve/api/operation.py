"""The addresses for whoever runs the service. In: a request. Out: what Prometheus reads."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from foretaste.behaviour.keys import DEFAULT
from foretaste.serve.http.metrics import MEDIA, Metrics
from foretaste.serve.http.problems import Refused

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """All metrics, of all tenants: for the root's admin, or from this machine."""
    if request.scope["foretaste.tenant"] != DEFAULT:
        raise Refused("forbidden", "the metrics are of all tenants; use a key of the root")
    found: Metrics = request.app.state.metrics
    return Response(found.text(), media_type=MEDIA)

"""The addresses for whoever runs the service. In: a request. Out: what Prometheus reads."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from foretaste.behaviour.keys import DEFAULT_TENANT
from foretaste.domain.patience import LIST, patience
from foretaste.serve.http.body import StrictRoute, encode_json
from foretaste.serve.http.metrics import METRICS_MEDIA_TYPE, Metrics
from foretaste.serve.http.problems import ProblemError
from foretaste.serve.http.security import METRICS, NO_KEY_NEEDED

router = APIRouter(route_class=StrictRoute, include_in_schema=False)


@router.get("/openapi.json", dependencies=[NO_KEY_NEEDED])
def openapi(request: Request) -> Response:
    """The OpenAPI document, made in a quarter of a second, in which others are answered."""
    return Response(encode_json(request.app.openapi()), media_type="application/json")


@router.get("/metrics", dependencies=[METRICS])
def metrics(request: Request) -> Response:
    """All metrics, of all tenants: for a key of the root, or from this machine."""
    if request.scope["foretaste.tenant"] != DEFAULT_TENANT:
        raise ProblemError("forbidden", "the metrics are of all tenants; use a key of the root")
    app_metrics: Metrics = request.app.state.metrics
    with patience(LIST):
        return Response(app_metrics.exposition(), media_type=METRICS_MEDIA_TYPE)

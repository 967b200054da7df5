"""In: nothing. Out: the client for browsers, one file without dependencies, for pages anywhere."""

from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import Response

from foretaste.serve.http.body import StrictRoute
from foretaste.serve.http.security import NO_KEY_NEEDED

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

SCRIPT = files("foretaste.serve").joinpath("client.js").read_text(encoding="utf-8")
HEADERS = {
    "Cache-Control": "public, max-age=3600",
    "Cross-Origin-Resource-Policy": "cross-origin",  # a shop's page is seldom from here
}


@router.get("/client.js", dependencies=[NO_KEY_NEEDED])
async def client() -> Response:
    """The file."""
    return Response(SCRIPT, media_type="text/javascript; charset=utf-8", headers=HEADERS)

"""The addresses of the pages and of what they load. In: a request. Out: a file, the same for all.

They are read, translated and packed once, which is too much for the event loop, so the functions
run in threads. No address here needs a key: nothing of a shop is in a page. What it shows it asks
of the public API, with the key that whoever opened it enters.
"""

from typing import Annotated

from fastapi import APIRouter, Cookie, Header, Query, Request
from fastapi.responses import Response

from foretaste.serve.http.body import StrictRoute
from foretaste.serve.http.problems import ProblemError
from foretaste.serve.http.security import NO_KEY_NEEDED
from foretaste.serve.pages.languages import LANGUAGE_NAMES, chosen_language
from foretaste.serve.pages.rendering import THEMES, page_response, rendered_page
from foretaste.serve.pages.static_files import static_response

PAGE_TEMPLATES: dict[str, str] = {
    "/": "shop.html",
    "/console": "console/now.html",
    "/console/outcomes": "console/outcomes.html",
    "/console/people": "console/people.html",
    "/console/rules": "console/rules.html",
    "/console/catalogue": "console/catalogue.html",
    "/console/model": "console/model.html",
    "/console/data": "console/data.html",
    "/console/keys": "console/keys.html",
}
"""Address → template. A page is added by its template and a line here."""
COOKIE_SECONDS = 365 * 24 * 3600

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
Text = Annotated[str, Header()]


def page(
    request: Request,
    language: Annotated[str | None, Query()] = None,
    foretaste_language: Annotated[str | None, Cookie()] = None,
    foretaste_theme: Annotated[str | None, Cookie()] = None,
    accept_language: Text = "",
    accept_encoding: Text = "",
    if_none_match: Text = "",
) -> Response:
    """A page. language: what somebody chose on it, and is remembered."""
    tag = chosen_language([language, foretaste_language], accept_language)
    theme = foretaste_theme if foretaste_theme in THEMES else None
    rendered = rendered_page(PAGE_TEMPLATES[request.scope["route"].path], tag, theme)
    response = page_response(
        rendered,
        image_origins=request.app.state.image_origins,
        accept_encoding=accept_encoding,
        if_none_match=if_none_match,
    )
    if language in LANGUAGE_NAMES:
        response.set_cookie(
            "foretaste_language", tag, max_age=COOKIE_SECONDS, samesite="lax", httponly=True
        )
    return response


for address in PAGE_TEMPLATES:
    router.add_api_route(address, page, dependencies=[NO_KEY_NEEDED], response_model=None)


@router.get("/static/{version}/{path:path}", dependencies=[NO_KEY_NEEDED])
def static_file(version: str, path: str, accept_encoding: Text = "") -> Response:
    """A script, a style, a font or a picture of the pages."""
    response = static_response(version, path, accept_encoding)
    if response is None:
        raise ProblemError("not-found", f"there is no file '{path}' of the pages")
    return response

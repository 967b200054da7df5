"""In: a request for a list, or with events. Out: its answer, by the shortest way from the bytes of
the body to the endpoint.

FastAPI finds out for each request anew what an endpoint depends on, which takes as long as all
other layers together (docs/decisions/0075). The endpoints that are asked most depend on the same
four things. They are declared and documented as others are; what is out of the ordinary goes the
usual way.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response

from foretaste.serve.http.accept_language import MAX_HEADER_CHARACTERS, accepted_language
from foretaste.serve.http.body import StrictRequest, StrictRoute
from foretaste.serve.http.user_access import get_user_access


class DirectRoute(StrictRoute):
    """A route whose endpoint takes `body`, `service`, `user_access` and `language`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What calls the endpoint."""
        handle_usually = super().get_route_handler()
        endpoint, body_field = self.dependant.call, self.body_field
        assert endpoint is not None
        assert body_field is not None

        async def handle(request: Request) -> Response:
            headers = request.headers
            accept_language = headers.get("accept-language")
            is_usual = headers.get("content-type") == "application/json"
            if not is_usual or len(accept_language or "") > MAX_HEADER_CHARACTERS:
                return await handle_usually(request)
            self.enter_lane(request)
            response: Response = await endpoint(
                body=await StrictRequest(request.scope, request.receive, body_field).checked(),
                service=request.scope["foretaste.service"],
                user_access=await get_user_access(request),
                language=await accepted_language(accept_language),
            )
            return response

        return handle

"""In: anything that went wrong with a request. Out: an RFC 9457 problem document that says what,
which value, and what to do. Nothing the service answers with an error has another form.
"""

import logging
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from foretaste.behaviour.batch import Rejected
from foretaste.behaviour.values import shown
from foretaste.errors import ForetasteError, InputError, ModelError

log = logging.getLogger("foretaste.serve")

MEDIA = "application/problem+json"
PREFIX = "urn:foretaste:problem:"

KINDS: Mapping[str, tuple[int, str]] = {
    "bad-json": (400, "The body is not JSON"),
    "bad-request": (400, "The request cannot be read"),
    "no-key": (401, "A key is asked for"),
    "forbidden": (403, "This key may not do that"),
    "not-found": (404, "There is nothing here"),
    "wrong-method": (405, "This address does not do that"),
    "too-slow": (408, "The body did not come in time"),
    "too-large": (413, "The body is too large"),
    "wrong-media-type": (415, "The body must be JSON"),
    "invalid": (422, "The request cannot be used as it is"),
    "nothing-accepted": (422, "Nothing in the batch could be used"),
    "too-many": (429, "Too many requests"),
    "internal": (500, "The service failed"),
    "no-model": (503, "There is no model to answer with"),
    "not-ready": (503, "The service is starting"),
    "unavailable": (503, "The service cannot answer now"),
}
"""What can go wrong → its status and its title. The last part of `type` in the document."""


class Fault(BaseModel):
    """One thing that is wrong with one value."""

    field: str
    """Where in the body, e.g. "n" or "filter.genre"."""
    problem: str
    value: str = ""
    """What was sent, on one line and shortened."""
    remedy: str = ""


class Problem(BaseModel):
    """A problem document, RFC 9457."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    type: str
    """A name for the kind of problem that does not change."""
    title: str
    """The kind of problem in words."""
    status: int
    """The HTTP status."""
    detail: str
    """What is wrong, with which value, and what to do."""
    errors: list[Fault] | None = None
    """Each value of the request that is wrong."""
    rejected: list[Rejected] | None = None
    """Each event or item of a batch, all of which are wrong."""
    request_id: str | None = None
    """That of the answer's header, to find the request in the log."""


class Refused(HTTPException):
    """A request that is not answered, of one of the `KINDS`.

    An HTTPException, because FastAPI lets nothing else through while a body is read.
    """

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        rejected: Sequence[Rejected] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(KINDS[kind][0], detail, headers)
        self.kind, self.rejected = kind, rejected


def problem(
    kind: str,
    detail: str,
    *,
    request_id: str | None = None,
    errors: Sequence[Fault] = (),
    rejected: Sequence[Rejected] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The answer that carries the document."""
    status, title = KINDS[kind]
    document = Problem(
        type=PREFIX + kind,
        title=title,
        status=status,
        detail=detail,
        errors=list(errors) or None,
        rejected=list(rejected) or None,
        request_id=request_id,
    )
    content = document.model_dump(exclude_none=True)
    return JSONResponse(content, status, headers=dict(headers or {}), media_type=MEDIA)


def install(app: FastAPI) -> None:
    """Every error of the application becomes a problem document."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(ForetasteError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def unexpected(error: Exception, request_id: str) -> JSONResponse:
    """An error nobody foresaw: the log gets where it happened, the client an id and no more.

    Not the text of the error, which may hold what somebody searched for.
    """
    number = uuid.uuid4().hex[:12]
    places = []
    trace = error.__traceback__
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    told = f"error {number} in request {request_id}: {type(error).__name__} at {places[-3:]}"
    log.error("%s", told)
    log.debug("error %s", number, exc_info=error)
    detail = f"error {number}; it is in the service's log under this number. Try again"
    return problem("internal", detail, request_id=request_id)


def told(error: ForetasteError) -> tuple[str, str]:
    """(kind, detail) of one of our own errors."""
    if isinstance(error, InputError):
        return "invalid", _safe(str(error))
    return ("no-model" if isinstance(error, ModelError) else "unavailable"), _safe(str(error))


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)  # it is installed for this
    return problem(
        error.kind,
        _safe(error.detail),
        request_id=_id(request),
        rejected=error.rejected,
        headers=error.headers,
    )


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ForetasteError)  # it is installed for this
    kind, detail = told(error)
    if kind != "invalid":
        log.error("request %s: %s", _id(request), detail)
    headers = {} if kind == "invalid" else {"Retry-After": "5"}
    return problem(kind, detail, request_id=_id(request), headers=headers)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # it is installed for this
    where = f"{request.method} {shown(request.url.path)}"
    known = {
        404: ("not-found", f"{where}: no such address; /openapi.json lists those there are"),
        405: ("wrong-method", f"{where}: use {_allowed(error)} here"),
    }
    kind, detail = known.get(error.status_code, ("bad-request", _safe(str(error.detail))))
    return problem(kind, detail, request_id=_id(request), headers=error.headers)


def _allowed(error: HTTPException) -> str:
    return (error.headers or {}).get("Allow", "another method")


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # it is installed for this
    faults = [_fault(each) for each in error.errors()[:20]]
    first = faults[0]
    detail = f"{first.field}: {first.problem}"
    if first.value:
        detail += f" (sent: {first.value})"
    if first.remedy:
        detail += f"; {first.remedy}"
    if len(faults) > 1:
        detail += f". And {len(faults) - 1} more, see errors"
    return problem("invalid", detail, request_id=_id(request), errors=faults)


def _fault(error: Mapping[str, Any]) -> Fault:
    """One complaint of pydantic's in our words."""
    where, *place = (str(part) for part in error["loc"])
    field = shown(".".join(place)) or ("the address" if where == "query" else "the body")
    if error["type"] == "missing":
        return Fault(
            field=field, problem="is missing", remedy="send it; /openapi.json has examples"
        )
    problem, _, remedy = error["msg"].partition("; ")
    problem = problem.removeprefix("Value error, ").replace("Input should be", "it should be")
    return Fault(field=field, problem=_safe(problem), value=_value(error), remedy=_safe(remedy))


def _value(error: Mapping[str, Any]) -> str:
    sent = error.get("input")
    if isinstance(sent, dict | list):
        return ""
    return "null" if sent is None else shown(sent)


def _safe(text: str) -> str:
    """What can be sent: half a character within a message would make the answer fail."""
    return text.encode("utf-8", "backslashreplace").decode()


def _id(request: Request) -> str | None:
    found: str | None = request.scope.get("foretaste.request_id")
    return found

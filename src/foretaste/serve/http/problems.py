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
from starlette.types import Scope

from foretaste.behaviour.batch import BatchRejection
from foretaste.behaviour.values import display_text
from foretaste.domain.text_limits import MAX_TEXT_LENGTH, shorten
from foretaste.errors import ForetasteError, InputError, ModelError
from foretaste.serve.http.encoded_path import SLASH_MARK
from foretaste.serve.http.problem_texts import answer_language, detail_in, title_in

log = logging.getLogger("foretaste.serve")

PROBLEM_MEDIA_TYPE = "application/problem+json"
PROBLEM_TYPE_PREFIX = "urn:foretaste:problem:"
MAX_REJECTED_ROWS = 1000
"""Wrong rows that one answer tells of: Gorse's clients may send any number at once."""
MAX_FIELD_PROBLEMS = 20
"""Wrong fields that one answer tells of."""

PROBLEM_KINDS: Mapping[str, tuple[int, str]] = {
    "bad-json": (400, "The body is not JSON"),
    "bad-request": (400, "The request cannot be read"),
    "no-key": (401, "A key is asked for"),
    "forbidden": (403, "This key may not do that"),
    "user-token": (403, "This user is not proven"),
    "not-found": (404, "There is nothing here"),
    "wrong-method": (405, "This address does not do that"),
    "too-slow": (408, "The body did not come in time"),
    "too-large": (413, "The body is too large"),
    "bad-form": (400, "The form cannot be read"),
    "wrong-media-type": (415, "The body must be JSON"),
    "wrong-host": (421, "This service is not known by that name"),
    "invalid": (422, "The request cannot be used as it is"),
    "nothing-accepted": (422, "Nothing in the batch could be used"),
    "too-many": (429, "Too many requests"),
    "internal": (500, "The service failed"),
    "no-model": (503, "There is no model to answer with"),
    "not-ready": (503, "The service is starting"),
    "unavailable": (503, "The service cannot answer now"),
}
"""What can go wrong → its status and its title. The last part of `type` in the document."""


class FieldProblem(BaseModel):
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
    errors: list[FieldProblem] | None = None
    """Each value of the request that is wrong."""
    rejected: list[BatchRejection] | None = None
    """Each event or item of a batch, all of which are wrong; the first thousand."""
    request_id: str | None = None
    """That of the answer's header, to find the request in the log."""


class ProblemError(HTTPException):
    """A request that is not answered, of one of the `PROBLEM_KINDS`.

    An HTTPException, because FastAPI lets nothing else through while a body is read. public_detail:
    what whoever does not run the service is told instead of the detail.
    """

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        rejected: Sequence[BatchRejection] = (),
        headers: Mapping[str, str] | None = None,
        public_detail: str | None = None,
    ) -> None:
        super().__init__(PROBLEM_KINDS[kind][0], detail, headers)
        self.kind, self.rejected = kind, rejected[:MAX_REJECTED_ROWS]
        self.public_detail = detail if public_detail is None else public_detail


class InvalidBodyError(ProblemError):
    """A body that does not fit its route.

    errors: what pydantic says of it. Of these only the first are kept, and as text: they hold the
    whole body, and whoever catches this would free it.
    """

    def __init__(self, errors: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("invalid", "the body does not fit")
        self.field_problems = _field_problems(errors)
        self.error_count = len(errors)


def problem_response(
    kind: str,
    detail: str,
    *,
    request_id: str | None = None,
    errors: Sequence[FieldProblem] = (),
    rejected: Sequence[BatchRejection] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The answer that carries the document, in the language that the caller accepts."""
    status, title = PROBLEM_KINDS[kind]
    language = answer_language()
    document = Problem(
        type=PROBLEM_TYPE_PREFIX + kind,
        title=title_in(language, title),
        status=status,
        detail=detail_in(language, detail),
        errors=list(errors) or None,
        rejected=list(rejected) or None,
        request_id=request_id,
    )
    content = document.model_dump(exclude_none=True)
    return JSONResponse(content, status, headers=dict(headers or {}), media_type=PROBLEM_MEDIA_TYPE)


def install_handlers(app: FastAPI) -> None:
    """Every error of the application becomes a problem document."""
    app.add_exception_handler(ProblemError, _on_problem_error)
    app.add_exception_handler(ForetasteError, _on_foretaste_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(InvalidBodyError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)


def is_operator(scope: Scope) -> bool:
    """Whether the request is of somebody who runs the service, so may know its paths and hosts: by
    an `admin` key, where no key is asked for, or from this machine. `AccessMiddleware` says so of
    every request; an application without it is nobody else's.
    """
    return bool(scope.get("foretaste.operator", True))


def unexpected_response(error: Exception, request_id: str) -> JSONResponse:
    """An error nobody foresaw: the log gets where it happened, the client an id and no more.

    Not the text of the error, which may hold what somebody searched for.
    """
    error_id = uuid.uuid4().hex[:12]
    locations = []
    trace = error.__traceback__
    while trace is not None:
        locations.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    log_message = (
        f"error {error_id} in request {request_id}: {type(error).__name__} at {locations[-3:]}"
    )
    log.error("%s", log_message)
    log.debug("error %s", error_id, exc_info=error)
    detail = f"error {error_id}; it is in the service's log under this number. Try again"
    return problem_response("internal", detail, request_id=request_id)


def describe_error(error: ForetasteError) -> tuple[str, str]:
    """(kind, detail) of one of our own errors."""
    detail = _encodable(shorten(str(error), MAX_TEXT_LENGTH))
    if isinstance(error, InputError):
        return "invalid", detail
    return ("no-model" if isinstance(error, ModelError) else "unavailable"), detail


async def _on_problem_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)  # it is installed for this
    return problem_response(
        error.kind,
        _encodable(error.detail if is_operator(request.scope) else error.public_detail),
        request_id=_request_id(request),
        rejected=error.rejected,
        headers=error.headers,
    )


async def _on_foretaste_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ForetasteError)  # it is installed for this
    kind, detail = describe_error(error)
    if kind != "invalid":
        log.error("request %s: %s", _request_id(request), detail)
    if not is_operator(request.scope):
        detail = _encodable(error.public_text())
    headers = {} if kind == "invalid" else {"Retry-After": "5"}
    return problem_response(kind, detail, request_id=_request_id(request), headers=headers)


async def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # it is installed for this
    path = display_text(request.url.path.replace(SLASH_MARK, "%2F"))
    request_line = f"{request.method} {path}"
    problems_by_status = {
        404: ("not-found", f"{request_line}: no such address; /openapi.json lists those there are"),
        405: ("wrong-method", f"{request_line}: use {_allowed(error)} here"),
    }
    kind, detail = problems_by_status.get(
        error.status_code, ("bad-request", _encodable(str(error.detail)))
    )
    return problem_response(kind, detail, request_id=_request_id(request), headers=error.headers)


def _allowed(error: HTTPException) -> str:
    return (error.headers or {}).get("Allow", "another method")


async def _on_invalid_request(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, InvalidBodyError):
        field_problems, count = error.field_problems, error.error_count
    else:
        assert isinstance(error, RequestValidationError)  # it is installed for these two
        complaints = error.errors()
        field_problems, count = _field_problems(complaints), len(complaints)
    first = field_problems[0]
    detail = f"{first.field}: {first.problem}"
    if first.value:
        detail += f" (sent: {first.value})"
    if first.remedy:
        detail += f"; {first.remedy}"
    if count > 1:
        detail += f". And {count - 1:,} more, see errors"
        if count > MAX_FIELD_PROBLEMS:
            detail += f", which has the first {MAX_FIELD_PROBLEMS}"
    return problem_response(
        "invalid", detail, request_id=_request_id(request), errors=field_problems
    )


def _field_problems(complaints: Sequence[Mapping[str, Any]]) -> list[FieldProblem]:
    """The first complaints of pydantic's in our words."""
    return [_field_problem(complaint) for complaint in complaints[:MAX_FIELD_PROBLEMS]]


def _field_problem(complaint: Mapping[str, Any]) -> FieldProblem:
    """One complaint of pydantic's in our words."""
    request_part, *field_path = (str(part) for part in complaint["loc"])
    field = display_text(".".join(field_path)) or (
        "the address" if request_part == "query" else "the body"
    )
    if complaint["type"] == "missing":
        return FieldProblem(
            field=field, problem="is missing", remedy="send it; /openapi.json has examples"
        )
    problem, _, remedy = complaint["msg"].partition("; ")
    problem = problem.removeprefix("Value error, ").replace("Input should be", "it should be")
    return FieldProblem(
        field=field,
        problem=_encodable(problem),
        value=_sent_value(complaint),
        remedy=_encodable(remedy),
    )


def _sent_value(complaint: Mapping[str, Any]) -> str:
    value = complaint.get("input")
    if isinstance(value, dict | list):
        return ""
    return "null" if value is None else display_text(value)


def _encodable(text: str) -> str:
    """What can be sent: half a character within a message would make the answer fail."""
    return text.encode("utf-8", "backslashreplace").decode()


def _request_id(request: Request) -> str | None:
    request_id: str | None = request.scope.get("foretaste.request_id")
    return request_id

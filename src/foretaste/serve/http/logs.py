"""In: what happens in the service. Out: lines on stderr, for people or for a log collector.

What people search for, who they are, keys and passwords are not the log's business.
"""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

TEXT_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"

_request_fields: ContextVar[dict[str, Any] | None] = ContextVar("visit", default=None)


def begin_request() -> dict[str, Any]:
    """The facts of a request under way, which whoever answers it may add to: `add_fields`."""
    fields: dict[str, Any] = {}
    _request_fields.set(fields)
    return fields


def add_fields(**fields: Any) -> None:
    """Add to the line of the request under way, if there is one; also from its thread."""
    request_fields = _request_fields.get()
    if request_fields is not None:
        request_fields |= fields


class JsonFormatter(logging.Formatter):
    """A JSON object a record. A request's line has its fields beside those that every line has."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        created = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": created.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        fields = getattr(record, "fields", None)
        line |= fields if fields is not None else {"message": record.getMessage()}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)


def log_to_stderr(log_format: str) -> None:
    """Send our log and the server's there, as text or as JSON."""
    # Not the root logger: some libraries tell it at debug level what they are asked.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonFormatter() if log_format == "json" else logging.Formatter(TEXT_FORMAT)
    )
    for name in ("foretaste", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False

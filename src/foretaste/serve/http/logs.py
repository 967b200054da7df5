"""In: what happens in the service. Out: lines on stderr, for people or for a log collector.

What people search for, who they are, keys and passwords are not the log's business.
"""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"

_visit: ContextVar[dict[str, Any] | None] = ContextVar("visit", default=None)


def begin() -> dict[str, Any]:
    """The facts of a request under way, which whoever answers it may add to with `note`."""
    facts: dict[str, Any] = {}
    _visit.set(facts)
    return facts


def note(**facts: Any) -> None:
    """Add to the line of the request under way, if there is one; also from its thread."""
    found = _visit.get()
    if found is not None:
        found |= facts


class Lines(logging.Formatter):
    """A JSON object a record. A request's line has its fields beside those that every line has."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        fields = getattr(record, "fields", None)
        line |= fields if fields is not None else {"message": record.getMessage()}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)


def to_stderr(form: str) -> None:
    """Send our log and the server's there, as text or as JSON."""
    # Not the root logger: some libraries tell it at debug level what they are asked.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines() if form == "json" else logging.Formatter(TEXT))
    for name in ("foretaste", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False

"""The page at `/`: a person or visit, a query, the list with its reasons, clicks that change it.

Everything is in one file; the browser is told to load nothing else and to talk to nobody else.
"""

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from importlib.resources import files
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from foretaste.domain.store import EventLog, ItemStore
from foretaste.serve.api.lists import Behind
from foretaste.serve.http.security import OPEN
from foretaste.serve.schemas import Id

PEOPLE = 30
SAMPLE = 20_000
"""Events among which people to try are looked for."""
LATEST = 12

router = APIRouter(include_in_schema=False)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _policy(html: str) -> str:
    """What the page may do: run its own script, wear its own style, call its own service."""
    scripts = " ".join(map(_hash, re.findall(r"<script>(.*?)</script>", html, re.DOTALL)))
    styles = " ".join(map(_hash, re.findall(r"<style>(.*?)</style>", html, re.DOTALL)))
    return (
        f"default-src 'none'; script-src {scripts}; style-src {styles}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


HTML = files("foretaste.serve").joinpath("page.html").read_text(encoding="utf-8")
HEADERS = {"Content-Security-Policy": _policy(HTML), "Referrer-Policy": "no-referrer"}


@router.get("/", dependencies=[OPEN])
async def page() -> HTMLResponse:
    """The page."""
    return HTMLResponse(HTML, headers=HEADERS)


@router.get("/page/people")
def people(service: Behind) -> list[str]:
    """Some people with behaviour, for the page to offer."""
    return _some(service.workspace.store)


def _some(store: EventLog) -> list[str]:
    rows = islice(store.event_columns(chunk=SAMPLE), SAMPLE)
    counts = Counter(user for user, *_ in rows if user is not None)
    return [user for user, _ in counts.most_common(PEOPLE)]


@router.get("/page/history")
def history(
    service: Behind,
    user: Annotated[Id | None, Query()] = None,
    session: Annotated[Id | None, Query()] = None,
) -> list[dict[str, Any]]:
    """The latest events of a person or a visit, newest first."""
    store = service.workspace.store
    told = store.history(user, session)[-LATEST:]
    titles = _titles(store, (event.item for event in told if event.item is not None))
    return [
        {
            "kind": event.kind,
            "item": event.item,
            "title": titles.get(event.item or "", event.query or ""),
            "value": event.value,
            "at": event.at,
        }
        for event in reversed(told)
    ]


def _titles(store: ItemStore, items: Iterable[str]) -> dict[str, str]:
    names = set(items)
    there = store.items_by_id(list(names))
    return {name: (there[name].title if name in there else "") or name for name in names}

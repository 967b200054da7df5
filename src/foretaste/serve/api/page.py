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
from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.http.body import StrictRoute
from foretaste.serve.http.security import NO_KEY_NEEDED
from foretaste.serve.schemas import Id

MAX_SAMPLE_USERS = 30
MAX_SAMPLE_EVENTS = 20_000
"""Events among which people to try are looked for."""
MAX_HISTORY_EVENTS = 12

router = APIRouter(route_class=StrictRoute, include_in_schema=False)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _content_security_policy(html: str) -> str:
    """What the page may do: run its own script, wear its own style, call its own service."""
    scripts = " ".join(map(_hash, re.findall(r"<script>(.*?)</script>", html, re.DOTALL)))
    styles = " ".join(map(_hash, re.findall(r"<style>(.*?)</style>", html, re.DOTALL)))
    return (
        f"default-src 'none'; script-src {scripts}; style-src {styles}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


HTML = files("foretaste.serve").joinpath("page.html").read_text(encoding="utf-8")
HEADERS = {
    "Content-Security-Policy": _content_security_policy(HTML),
    "Referrer-Policy": "no-referrer",
}


@router.get("/", dependencies=[NO_KEY_NEEDED])
async def page() -> HTMLResponse:
    """The page."""
    return HTMLResponse(HTML, headers=HEADERS)


@router.get("/page/people")
def sample_users(service: ServiceDep) -> list[str]:
    """Some people with behaviour, for the page to offer."""
    return _most_active_users(service.workspace.store)


def _most_active_users(store: EventLog) -> list[str]:
    rows = islice(store.event_columns(chunk_size=MAX_SAMPLE_EVENTS), MAX_SAMPLE_EVENTS)
    counts = Counter(user for user, *_ in rows if user is not None)
    return [user for user, _ in counts.most_common(MAX_SAMPLE_USERS)]


@router.get("/page/history")
def history(
    service: ServiceDep,
    user: Annotated[Id | None, Query()] = None,
    session: Annotated[Id | None, Query()] = None,
) -> list[dict[str, Any]]:
    """The latest events of a person or a visit, newest first."""
    store = service.workspace.store
    events = store.history(user, session, MAX_HISTORY_EVENTS)
    titles = _titles(store, (event.item for event in events if event.item is not None))
    return [
        {
            "kind": event.kind,
            "item": event.item,
            "title": titles.get(event.item or "", event.query or ""),
            "value": event.value,
            "at": event.at,
        }
        for event in reversed(events)
    ]


def _titles(store: ItemStore, items: Iterable[str]) -> dict[str, str]:
    names = set(items)
    items_by_id = store.items_by_id(list(names))
    return {
        name: (items_by_id[name].title if name in items_by_id else "") or name for name in names
    }

"""In: calls. Out: typed answers, awaited; the asynchronous client."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, Self, TypeVar

import httpx

from foretaste_client import calls
from foretaste_client.answers import (
    Aspect,
    BatchResult,
    Erasure,
    ItemPage,
    Json,
    Page,
    Recommendation,
    ServiceError,
    ShopPage,
    Suggestions,
    TakeBack,
)
from foretaste_client.calls import Call, Rows

T = TypeVar("T")


class AsyncClient:
    """The calls of the service, to be awaited. Close it, or use it in an `async with`."""

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        user_token: str | None = None,
        timeout: float = calls.TIMEOUT,
        retries: int = calls.RETRIES,
        pause: float = 0.2,
    ) -> None:
        """url: where the service is. user_token: proves the user whom requests name, where the key
        is that of a page, see `sign_user_token`. timeout: seconds an attempt. retries: attempts
        after the first. pause: about how many seconds before the second; then it doubles.
        """
        self._http = httpx.AsyncClient(
            base_url=url,
            headers=calls.headers(key, user_token),
            timeout=timeout,
            verify=calls.certificates(),
        )
        self._retries, self._pause = retries, pause

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def _send(self, call: Call[T]) -> T:
        pauses = calls.pauses(self._retries, self._pause)
        while True:
            try:
                response = await self._http.request(
                    call.method, call.path, json=call.body, params=call.params, headers=call.headers
                )
                return call.read(calls.checked(response))
            except (httpx.TransportError, ServiceError) as error:
                seconds = calls.pause_after(error, pauses)
                if seconds is None:
                    raise
            await asyncio.sleep(seconds)

    async def recommend(self, user: str | None = None, **fields: Any) -> Recommendation:
        """A list for a user; further fields as in `POST /v1/recommend`: n, query, filter, …"""
        return await self._send(calls.recommend("/v1/recommend", {"user": user, **fields}))

    async def search(
        self,
        query: str | None = None,
        *,
        image: bytes | None = None,
        audio: bytes | None = None,
        **fields: Any,
    ) -> Recommendation:
        """What answers a search, in words, by the bytes of a picture or of a clip, or by all."""
        return await self._send(calls.search(query, image, audio, fields))

    async def similar(self, item: str, **fields: Any) -> Recommendation:
        """What goes with an item."""
        return await self._send(calls.recommend("/v1/similar", {"item": item, **fields}))

    async def rank(self, candidates: list[str], **fields: Any) -> Recommendation:
        """A list of the caller's in order."""
        return await self._send(calls.recommend("/v1/rank", {"candidates": candidates, **fields}))

    async def trending(self, **fields: Any) -> Recommendation:
        """What most users consumed lately: window, category, filter, n, user."""
        return await self._send(calls.trending(fields))

    async def bought_together(self, item: str | list[str], **fields: Any) -> Recommendation:
        """What people take together with an item, or with those of a cart."""
        seeds = {"item": item} if isinstance(item, str) else {"items": item}
        return await self._send(calls.recommend("/v1/bought-together", {**seeds, **fields}))

    async def page(
        self, user: str | None = None, *, shelves: Iterable[str | Json], **fields: Any
    ) -> ShopPage:
        """Several lists at once, no item twice: kinds of shelves, or of each what is asked, as in
        `POST /v1/page`.
        """
        return await self._send(calls.shop_page({"user": user, **fields}, shelves))

    async def item_page(self, item: str, **fields: Any) -> ItemPage:
        """An item as people read it, what is similar and what is taken together with it."""
        return await self._send(calls.item_page(item, fields))

    async def aspects(self, item: str) -> tuple[Aspect, ...]:
        """What reviews praise and blame in an item, the most spoken of first."""
        return await self._send(calls.aspects(item))

    async def suggest(self, typed: str, **fields: Any) -> Suggestions:
        """What somebody may mean who has typed so far: n, user, session, filter."""
        return await self._send(calls.suggest(typed, fields))

    async def facets(self, **fields: Any) -> Json:
        """What people can choose by, and how many items each choice would show; as in
        `POST /v1/facets`: user, query, filter, facets.
        """
        return await self._send(calls.facets(fields))

    async def placements(self) -> list[Json]:
        """All placements that hold."""
        return await self._send(calls.placements())

    async def placement(self, name: str) -> Json:
        """One placement."""
        return await self._send(calls.placement("GET", name))

    async def put_placement(self, name: str, placement: Json) -> Json:
        """Create or replace a placement. → it as it holds now."""
        return await self._send(calls.placement("PUT", name, placement))

    async def delete_placement(self, name: str) -> bool:
        """Delete a placement. → whether it was there."""
        answer = await self._send(calls.placement("DELETE", name))
        return bool(answer["deleted"])

    async def placement_changes(self, name: str) -> list[Json]:
        """What became of a placement, the newest first, with who and when."""
        answer = await self._send(calls.placement("GET", name, part="/changes"))
        return list(answer["changes"])

    async def undo_placement(self, name: str) -> Json:
        """Take back the newest change of a placement."""
        return await self._send(calls.placement("POST", name, part="/undo"))

    async def events(self, rows: Rows) -> BatchResult:
        """Record what users did, at most a thousand at once; safe to repeat with the same ids."""
        return await self._send(calls.events(rows))

    async def take_back(self, events: Iterable[str | Json]) -> TakeBack:
        """Take events back, at most a thousand at once: the next list is as if they had not been.

        Their ids; or rows, as in `POST /v1/take-back`, with user, session and key where a page sent
        the event.
        """
        return await self._send(calls.take_back(events))

    async def identify(self, session: str, user: str, *, user_token: str | None = None) -> bool:
        """A session is a user. → whether that is new. The key of a page needs a user token."""
        return await self._send(calls.identify(session, user, user_token))

    async def put_items(self, rows: list[Json]) -> BatchResult:
        """Create or replace items, at most a thousand at once."""
        return await self._send(calls.put("items", rows))

    async def item(self, item: str) -> Json:
        """One item."""
        return await self._send(calls.record("GET", "items", item))

    async def change_item(self, item: str, patch: Json) -> Json:
        """Change some fields, None removes (RFC 7396). → the item as it is now."""
        return await self._send(calls.record("PATCH", "items", item, patch))

    async def delete_item(self, item: str) -> bool:
        """Take an item out of the catalogue. → whether it was there."""
        return await self._send(calls.delete_item(item))

    async def items(self, *, n: int = 100, cursor: str | None = None) -> Page:
        """A page of the catalogue."""
        return await self._send(calls.page("items", n, cursor))

    async def put_users(self, rows: list[Json]) -> BatchResult:
        """Create or replace users, at most a thousand at once."""
        return await self._send(calls.put("users", rows))

    async def user(self, user: str) -> Json:
        """A user's attributes."""
        return await self._send(calls.record("GET", "users", user))

    async def change_user(self, user: str, patch: Json) -> Json:
        """Change some attributes, None removes. → the user as they are now."""
        return await self._send(calls.record("PATCH", "users", user, patch))

    async def users(self, *, n: int = 100, cursor: str | None = None) -> Page:
        """A page of the users."""
        return await self._send(calls.page("users", n, cursor))

    async def export(self, user: str) -> Json:
        """All that is stored of a user."""
        return await self._send(calls.export(user))

    async def consent(self, user: str | None = None, *, session: str | None = None) -> Json:
        """What may be done with what a person does, at all or on a session."""
        return await self._send(calls.consent(user, session))

    async def set_consent(
        self, user: str | None = None, *, session: str | None = None, **choices: bool | None
    ) -> Json:
        """Say what may be done: record, personalise, train, share; None takes it back. Either of a
        user or of a session. → what may be done then.
        """
        return await self._send(calls.set_consent(user, session, choices))

    async def set_consents(self, consents: Sequence[Mapping[str, bool | str | None]]) -> int:
        """The same of many at once, all or none: `[{"user": "anna", "train": False}, …]`; needs an
        `admin` key. → of how many.
        """
        return await self._send(calls.set_consents(consents))

    async def erase(self, user: str) -> Erasure:
        """Forget a user. → the receipt."""
        return await self._send(calls.erase(user))

    async def ready(self) -> bool:
        """Whether the service can answer; it is asked again while it starts."""
        return await self._send(calls.ready())

    async def all_items(self, *, n: int = 1000) -> AsyncIterator[Json]:
        """Every one of the items, fetched n at a time."""
        cursor = None
        while True:
            page = await self.items(n=n, cursor=cursor)
            for row in page.rows:
                yield row
            cursor = page.cursor
            if cursor is None:
                return

    async def all_users(self, *, n: int = 1000) -> AsyncIterator[Json]:
        """Every one of the users, fetched n at a time."""
        cursor = None
        while True:
            page = await self.users(n=n, cursor=cursor)
            for row in page.rows:
                yield row
            cursor = page.cursor
            if cursor is None:
                return

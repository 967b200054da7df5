"""In: a request, and whose it is. Out: U, what the models are told of that person."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from foretaste.domain.bare_event import BareEvent
from foretaste.domain.consent import Consent
from foretaste.domain.data import Request, UserContext
from foretaste.domain.impressions import IMPRESSION_EVENT, Impressions
from foretaste.domain.store import Store
from foretaste.errors import InputError
from foretaste.online.media_queries import media_queries_of
from foretaste.online.request_checks import request_time
from foretaste.online.request_consent import allowed_attributes
from foretaste.online.snapshot import Snapshot
from foretaste.prepare.interactions import build_user_context, read_event_types
from foretaste.rank.settings import RankSettings

MAX_IMPRESSIONS = 200
"""Of a person the newest so many impression events are looked at."""


class UserContextReader:
    """Reads what one person did and was shown, as far as they allow it."""

    def __init__(
        self,
        store: Store,
        settings: RankSettings,
        weights: Mapping[str, float],
        history_events: int | None,
    ) -> None:
        """weights: event type → weight. history_events: the newest so many of a person are read;
        None for all.
        """
        self._store, self._settings, self._weights = store, settings, weights
        self._history_events = history_events
        self._telling_event_types = read_event_types(weights)
        # where the settings give impressions a weight they are events like others
        self._reads_impressions = weights.get(IMPRESSION_EVENT, 0.0) == 0

    def read(
        self,
        request: Request,
        user: str | None,
        consent: Consent,
        asked_at: float,
        snapshot: Snapshot,
    ) -> UserContext:
        """What this user did, and what they ask for now.

        Raises InputError for an item at hand that there is not.
        """
        events: Sequence[BareEvent] = ()
        impressions: Impressions | None = None
        session = request.session
        if (user is not None or session is not None) and consent.allows("personalise"):
            events = self._store.bare_history(
                user, session, self._history_events, self._telling_event_types
            )
            impressions = self._impressions(user, session, snapshot)
        profile, age = self._store.user(user) if user else None, self._settings.policy.age
        taste = allowed_attributes(profile, consent, age, asked_at)
        free_text = request.context.get("text")
        words = [part for part in (request.query, free_text) if isinstance(part, str)]
        for item in request.items:
            if item not in snapshot.catalogue.index and self._store.item(item) is None:
                raise InputError(f"items: there is no item '{item}'; import it first")
        context = build_user_context(
            events,
            snapshot.catalogue.index,
            self._weights,
            snapshot.kinds,
            now=request_time(request, asked_at),
            query=" ".join(words).strip() or None,
            taste=taste,
            seeds=request.items,
            curves=snapshot.value_curves,
        )
        queries = media_queries_of(request, snapshot)
        if queries or impressions is not None:
            context = replace(context, media_queries=queries, impressions=impressions)
        return context

    def _impressions(
        self, user: str | None, session: str | None, snapshot: Snapshot
    ) -> Impressions | None:
        """None where nothing is known of them, or nothing that answers would look at them."""
        if not self._reads_impressions or IMPRESSION_EVENT not in snapshot.product.names:
            return None
        index = snapshot.catalogue.index
        shown = [
            (index[item], at)
            for item, at in self._store.impressions(user, session, MAX_IMPRESSIONS)
            if item in index
        ]
        if not shown:
            return None
        items, times = zip(*shown, strict=True)
        return Impressions(np.array(items, np.int32), np.array(times, np.float64))

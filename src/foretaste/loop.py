"""One turn of the loop, wired. Read this first.

    1 behaviour   add, record      events, items and people go into the store
    2 prepare     histories        cleaned, one history a person, and the catalogue
    3 language    read             items, searches and reviews become vectors
    4 model       train            the product of experts is fitted and promoted
    5 generate    reasons          why each item, in words that are terms of its score; a profile
    6 rank        recommend        scores, then filters, then the list
    7 feedback    catch_up         what happened since is learnt before the next answer (`live`)

The stages know nothing of one another; they speak in the nouns of `domain` and only meet here.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np

from foretaste.behaviour.importer import import_file
from foretaste.behaviour.intake import What
from foretaste.behaviour.store import open_store
from foretaste.config import Config, load
from foretaste.domain import (
    KINDS,
    Behaviour,
    Catalogue,
    Event,
    Floats,
    Histories,
    Imported,
    Item,
    Recommendation,
    Recommended,
    Request,
)
from foretaste.errors import InputError, ModelError
from foretaste.evaluate.evaluation import Evaluation, judge
from foretaste.generate.profile import Profile, profile
from foretaste.generate.words import reasons
from foretaste.language.open import open_encoder, open_readers
from foretaste.live import Live
from foretaste.model.artefacts import Models, Version
from foretaste.model.experts.attribute import Attribute
from foretaste.model.fit import fit, recount
from foretaste.model.training import Training
from foretaste.ports import Progress, TextEncoder, silent
from foretaste.prepare.catalogue import catalogue
from foretaste.prepare.clean import Cleaning, clean
from foretaste.prepare.histories import Gathering, behaviour, histories
from foretaste.prepare.report import Quality, quality
from foretaste.prepare.splits import by_time, latest, leave_one_out
from foretaste.rank.filters import Question, left_out, values
from foretaste.rank.top import top

log = logging.getLogger(__name__)

SPLITS = {"leave-one-out": leave_one_out, "time": by_time}
HELD_OUT = 5000
"""People whose last event chooses the weights of a model that is to serve."""


class Foretaste:
    """A workspace: one folder with settings, store, caches and models."""

    def __init__(
        self,
        folder: Path,
        config: Config,
        *,
        progress: Progress = silent,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.folder, self.config, self.progress, self.clock = folder, config, progress, clock
        self.store = open_store(config.behaviour, folder)
        self.models = Models(folder / "models")
        self.weights = {**KINDS, **config.behaviour.kinds}
        self.readers = open_readers(config.language)
        self._encoder: TextEncoder | None = None
        self._live: Live | None = None
        self._turn = threading.RLock()

    @classmethod
    def open(cls, folder: str | Path, *, progress: Progress = silent) -> Self:
        """The workspace in a folder, which is made if it is not there."""
        folder = Path(folder).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, load(folder), progress=progress)

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()

    # 1 behaviour -------------------------------------------------------------------------------

    def add(
        self, *, events: Any = None, items: Any = None, users: Any = None, strict: bool = False
    ) -> list[Imported]:
        """Files, data frames or tables into the store: items first, as events name them."""
        given: dict[What, Any] = {"items": items, "users": users, "events": events}
        return [
            import_file(
                self.store,
                what,
                source,
                self.config.behaviour,
                rejects_dir=self.folder / "rejects",
                now=self.clock(),
                strict=strict,
                progress=self.progress,
            )
            for what, source in given.items()
            if source is not None
        ]

    def record(self, events: Sequence[Event]) -> int:
        """Feedback, as it happens: durable when this returns. → how many were new."""
        return self.store.add_events(events)

    # 2 prepare ---------------------------------------------------------------------------------

    def histories(self, items: Mapping[str, Item]) -> tuple[Histories, Cleaning, Gathering]:
        """Everybody's behaviour, cleaned; items get their internal ids by their order."""
        index = {item: place for place, item in enumerate(items)}
        raw, gathering = histories(
            self.store.event_columns(),
            index,
            self.weights,
            total=self.store.counts()["events"],
            progress=self.progress,
        )
        return *clean(raw, self.config.prepare), gathering

    def quality(self, imports: Sequence[Imported] = ()) -> Quality:
        """The data-quality report."""
        items = {item.id: item for _, item in self.store.items()}
        found, cleaning, gathering = self.histories(items)
        return quality(
            found, list(items.values()), cleaning=cleaning, gathering=gathering, imports=imports
        )

    # 3 language --------------------------------------------------------------------------------

    @property
    def encoder(self) -> TextEncoder:
        """The language model that reads."""
        if self._encoder is None:
            self._encoder = open_encoder(self.config.language, self.folder / "cache")
        return self._encoder

    def catalogue(self, items: Mapping[str, Item]) -> Catalogue:
        """The items, each read."""
        texts = [item.reading() for item in items.values()]
        return catalogue(list(items.values()), self.encoder.encode(texts, self.progress))

    def read(self, found: Histories) -> Histories:
        """The searches and reviews, each read."""
        if not found.texts:
            return found
        return replace(found, vectors=self.encoder.encode(found.texts, self.progress))

    def listen(self, one: Behaviour) -> Behaviour:
        """One person's query, searches and reviews, each read."""
        if one.query:
            one = replace(one, query_vector=self.encoder.encode([one.query])[0])
        if any(one.text):
            one = replace(one, text_vectors=self.encoder.encode(one.text))
        return one

    # 4 model -----------------------------------------------------------------------------------

    def train(self) -> Version:
        """Fit the product on all behaviour so far, keep it as a version, and make it live."""
        start = time.process_time(), time.monotonic()
        event, items = self.store.last_event(), {}
        revision = 0
        for revision, item in self.store.items():  # noqa: B007
            items[item.id] = item
        if not items:
            raise ModelError("there are no items to learn from; run 'foretaste import' first")
        found, _, _ = self.histories(items)
        found = self.read(found)
        shelf = self.catalogue(items)
        split = latest(found, HELD_OUT, np.random.default_rng(self.config.model.seed))
        training = self._training(shelf, split.train, split.valid)
        product = recount(fit(training, self.encoder), replace(training, histories=found))
        name = self.models.save(
            product,
            shelf.ids,
            created=self.clock(),
            data={"event": event, "revision": revision, "kinds": found.kinds}
            | dict(self.store.counts()),
            settings=self.config.model_dump(mode="json"),
            metrics={
                "cpu_seconds": time.process_time() - start[0],
                "wall_seconds": time.monotonic() - start[1],
            },
        )
        self.models.promote(name)
        self.models.prune(self.config.model.keep)
        return self.models.version(name)

    def _training(self, shelf: Catalogue, found: Histories, valid: Any) -> Training:
        return Training(
            catalogue=shelf,
            histories=found,
            valid=valid,
            settings=self.config.model,
            progress=self.progress,
            checkpoints=self.folder / "cache" / "checkpoints",
            readers=self.readers,
        )

    def evaluate(self, protocol: str = "leave-one-out") -> Evaluation:
        """How good the product and each expert alone are on behaviour kept from them.

        Fitted anew on the protocol's own training part: nothing of a live model leaks in.
        """
        if protocol not in SPLITS:
            raise InputError(f"unknown protocol '{protocol}'; expected one of {', '.join(SPLITS)}")
        items = {item.id: item for _, item in self.store.items()}
        found, _, _ = self.histories(items)
        split = SPLITS[protocol](self.read(found))
        shelf = self.catalogue(items)
        start = time.process_time(), time.monotonic()
        training = self._training(shelf, split.train, split.valid)
        product = fit(training, self.encoder)
        spent = time.process_time() - start[0], time.monotonic() - start[1]
        served = recount(product, replace(training, histories=split.served))
        return judge(product, served, split, spent=spent, progress=self.progress)

    # 5 and 6 generate and rank -----------------------------------------------------------------

    def recommend(
        self, who: Request | str | None = None, /, *, n: int | None = None, **asked: Any
    ) -> Recommendation:
        """The list, with the reason for each item, from all that happened up to now.

        who: a whole request; or a user's id, with the other fields of a request by name: query,
        session, items, context, filter, explain.
        """
        request = who
        if not isinstance(request, Request):
            request = Request(user=request, n=n or self.config.rank.n, **asked)
        request = replace(request, filter=values(request.filter))
        with self._turn:
            live = self.catch_up()
            if request.user is None and request.session is None:
                events: list[Event] = []
            else:
                events = self.store.history(request.user, request.session)
            one = self.listen(self._behaviour(request, events, live))
            scores = live.product.score([one])[0]
            hide = left_out(self._question(request, one, live))
            chosen = top(scores, min(request.n, self.config.rank.most), hide=hide)
            return Recommendation(
                recommendation_id=uuid.uuid4().hex,
                model_version=live.version,
                items=self._told(request, one, live, chosen, scores),
            )

    def search(self, text: str, user: str | None = None, **asked: Any) -> Recommendation:
        """What answers these words, for this person where one is named."""
        return self.recommend(user, query=text, **asked)

    def similar(self, item: str, **asked: Any) -> Recommendation:
        """What goes with an item."""
        return self.recommend(items=(item,), **asked)

    def profile(self, user: str, *, n: int = 5) -> Profile:
        """What sets this person's taste apart, by attribute column, with the events behind it."""
        with self._turn:
            live = self.catch_up()
            one = self._behaviour(Request(user=user), self.store.history(user, None), live)
            tastes = [expert for expert in live.product.experts if isinstance(expert, Attribute)]
            return profile(tastes, one, live.catalogue, most=n)

    def _behaviour(self, request: Request, events: Sequence[Event], live: Live) -> Behaviour:
        person = self.store.user(request.user) if request.user else None
        spoken = request.context.get("text")
        words = [part for part in (request.query, spoken) if isinstance(part, str)]
        for item in request.items:
            if item not in live.catalogue.index:
                raise InputError(f"items: there is no item '{item}'; import it first")
        return behaviour(
            events,
            live.catalogue.index,
            self.weights,
            live.kinds,
            now=self.clock() if request.now is None else request.now,
            query=" ".join(words).strip() or None,
            taste=person.attributes if person else None,
            seeds=request.items,
        )

    def _question(self, request: Request, one: Behaviour, live: Live) -> Question:
        searching = bool(request.query)  # whoever looks for something may want it again
        hide_seen = self.config.rank.hide_seen and not searching
        return Question(request, one, live.catalogue, live.shelf, hide_seen)

    def _told(
        self, request: Request, one: Behaviour, live: Live, chosen: Any, scores: Floats
    ) -> tuple[Recommended, ...]:
        """The chosen items with what is said of them."""
        terms = live.product.terms(one, chosen, deep=request.explain)
        titles = {
            live.catalogue.ids[item]: live.catalogue.titles[item] for item in one.item if item >= 0
        }
        return tuple(
            Recommended(
                id=live.catalogue.ids[item],
                position=place + 1,
                score=float(scores[item]),
                title=live.catalogue.titles[item],
                reason=reasons(terms[place], titles),
                terms=tuple(terms[place]) if request.explain else (),
                attributes=live.items[live.catalogue.ids[item]].attributes,
            )
            for place, item in enumerate(chosen)
        )

    # 7 feedback --------------------------------------------------------------------------------

    def catch_up(self) -> Live:
        """What answers now, having learnt every event and met every item up to this moment."""
        with self._turn:
            version = self.models.live()
            if version is None:
                raise ModelError("there is no model yet; run 'foretaste train'")
            if self._live is None or self._live.version != version:
                self._live = Live.of(
                    self.models.version(version),
                    self.models.ids(version),
                    self.store,
                    weights=self.weights,
                    read=self.catalogue,
                    product=partial(self.models.load, version, readers=self.readers),
                )
            self._live.catch_up(self.store)
            return self._live

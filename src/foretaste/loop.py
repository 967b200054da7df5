"""One turn of the loop, wired. Read this first.

    1 behaviour   add, record      events, items and people go into the store
    2 prepare     histories        cleaned, one history a person, and the catalogue
    3 language    read             items, searches and reviews become vectors
    4 model       train            the product of experts is fitted and promoted
    5 generate    generate         the content this person wants, as features, items and words
                  reasons          why each item: the terms of its score, put into words
    6 rank        recommend        scores, then filters, then the list
    7 feedback    catch_up         what happened since is learnt before the next answer (`live`)

The stages know nothing of one another; they speak in the nouns of `domain` and only meet here.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np

from foretaste.behaviour.importer import import_file
from foretaste.behaviour.row_reader import What
from foretaste.behaviour.store import open_store
from foretaste.config.load import Config, load
from foretaste.domain.data import (
    KINDS,
    Behaviour,
    Catalogue,
    Event,
    Floats,
    Histories,
    Imported,
    Item,
    Recommendation,
    Request,
)
from foretaste.domain.ports import OpenReader, Progress, TextEncoder, silent
from foretaste.domain.store import Store
from foretaste.evaluate.evaluation import Evaluation
from foretaste.generate.profile import Profile, profile
from foretaste.language.open import forgetful
from foretaste.model.artefacts import Models, Version
from foretaste.model.experts.attribute import Attribute
from foretaste.model.training import Training
from foretaste.online.answer import answer
from foretaste.online.fallback import Budget, Ladder
from foretaste.online.generation import Generation, Imagining
from foretaste.online.list_health import amend_checks
from foretaste.online.manager import Keeper
from foretaste.online.model import Live
from foretaste.online.outage import Outage
from foretaste.online.slate import Lists
from foretaste.online.why_not import WhyNot, why_not
from foretaste.preferences.service import People, Steered
from foretaste.prepare.clean import Cleaning, clean
from foretaste.prepare.histories import Gathering, histories
from foretaste.prepare.report import Quality, quality
from foretaste.rank.trending import seconds
from foretaste.training.candidate import evaluate, fit_candidate, measure
from foretaste.training.encode import Read, Reading
from foretaste.training.recount import KNOWN, Receipt, Settler, personal

log = logging.getLogger(__name__)


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
        self.lists = self._lists(self.store)
        self.people = People(self.store, lambda texts: self.encoder.encode(texts), clock)
        self.reading = Reading(config, folder, progress=progress, clock=clock)
        self.keeper = Keeper(self.store, self.models, self.at_snapshot, self._rehearse)
        self.outage = Outage(self.store, self.keeper, self._lists)
        self.ladder = Ladder()
        self.settler = Settler(self)
        self.imagining = Imagining(config.language.writer, folder / "cache", seed=config.model.seed)
        self._rng: np.random.Generator | None = None  # for exploration; None draws anew each time

    @classmethod
    def open(cls, folder: str | Path, *, progress: Progress = silent) -> Self:
        """The workspace in a folder, which is made if it is not there."""
        folder = Path(folder).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, load(folder), progress=progress)

    def close(self) -> None:
        """Keep what was served, and let go of the store."""
        self.imagining.close()
        self.outage.close()
        self.settler.close()
        self.ladder.close()
        self.keeper.close()
        self.lists.answers.close()
        self.reading.close()
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

    def identify(self, session: str, user: str) -> bool:
        """A session is a user's from now on, on every device. → whether that is new.

        So is what it did while nobody was known; see `behaviour.identity`.
        """
        return self.store.identify(session, user, self.clock())

    def erase(self, user: str) -> Receipt:
        """Forget a person: in the store, then in the counts of the models and of what answers."""
        self.lists.answers.flush()
        return self.settler.erase(user)

    def take_back(self, user: str, item: str, kind: str | None = None) -> int:
        """Undo what a user did with an item; models count anew beside the answers. → how many."""
        gone = self.store.delete_events(user, item, kind)
        if gone:
            self.settler.soon()
        return gone

    def personal(self, user: str) -> dict[str, Any] | None:
        """All that is kept of a person, for JSON; None if nothing is."""
        self.lists.answers.flush()
        return personal(self.store, user)

    # 2 prepare ---------------------------------------------------------------------------------

    def histories(
        self, items: Mapping[str, Item], until: int | None = None
    ) -> tuple[Histories, Cleaning, Gathering]:
        """Everybody's behaviour up to a number in the log, cleaned; items get their internal ids by
        their order.
        """
        index = {item: place for place, item in enumerate(items)}
        raw, gathering = histories(
            self.store.event_columns(until=until),
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
        """The language model that reads, as it was published."""
        return self.reading.by(None)

    def catalogue(self, items: Mapping[str, Item]) -> Catalogue:
        """The items, each read."""
        return self.reading.catalogue(items)

    def vectors(self, items: Sequence[Item], encoder: str | None = None) -> Floats:
        """[items, dim], what is read of each."""
        return self.reading.vectors(items, encoder)

    def read(self, found: Histories) -> Histories:
        """The searches and reviews, each read."""
        return self.reading.histories(found)

    def listen(self, one: Behaviour, encoder: str | None = None, *, keep: bool = True) -> Behaviour:
        """One person's query, searches and reviews, each read; the query is kept only if it may."""
        return self.reading.behaviour(one, encoder, keep=keep)

    def readers(self, encoder: str | None = None) -> OpenReader:
        """What opens the backbones that experts tune; one of them may be the encoder's own."""
        return self.reading.encoders.readers(encoder)

    def _overheard(self, words: str) -> Floats:
        """[dim]; what a filter is about is not kept."""
        return forgetful(self.reading.by(self.keeper.encoder)).encode([words])[0]

    def _lists(self, store: Store) -> Lists:
        most = self.config.behaviour.history_events
        return Lists(
            store, self.config.rank, self.weights, self.clock, self._overheard, history_events=most
        )

    # 4 model -----------------------------------------------------------------------------------

    def train(self) -> Version:
        """Fit the product on all behaviour so far, keep it as a version, and make it live."""
        name = self.candidate().name
        self.models.promote(name)
        self.models.prune(self.config.model.keep)
        self.reading.prune(one.data.get("encoder") for one in self.models.versions())
        return self.models.version(name)

    def candidate(self, until: int | None = None) -> Version:
        """Fit the product on the behaviour up to a number in the log, and keep it as a version.

        Nothing past that number is known to it, not even what is accepted while it is fitted.
        """
        start = time.process_time(), time.monotonic()
        erasures = self.store.erasures()
        candidate = fit_candidate(self, until)
        read, fitted = candidate.read, candidate.fitted
        name = self.models.save(
            fitted.served,
            read.catalogue.ids,
            created=self.clock(),
            data={"event": candidate.event, "revision": candidate.revision, KNOWN: erasures}
            | {"kinds": read.histories.kinds, "encoder": read.encoder}
            | dict(self.store.counts()),
            settings=self.config.model_dump(mode="json"),
            metrics={
                "fit": fitted.report.figures(),
                "measured": measure(self, candidate),
                "cpu_seconds": time.process_time() - start[0],
                "wall_seconds": time.monotonic() - start[1],
            },
        )
        name = amend_checks(self, name)
        self.imagining.study(name, read.catalogue)
        self.settler.settle()  # somebody may have been erased meanwhile
        return self.models.version(self.models.now(name))

    def training(self, read: Read) -> Training:
        """What a model is fitted on, with the settings of this workspace."""
        return Training(
            catalogue=read.catalogue,
            histories=read.split.train,
            valid=read.split.valid,
            settings=self.config.model,
            hide_seen=self.config.rank.hide_seen,
            progress=self.progress,
            checkpoints=self.folder / "cache" / "checkpoints",
            readers=self.readers(read.encoder),
        )

    def evaluate(self, protocol: str = "leave-one-out") -> Evaluation:
        """How good the product and each expert alone are on behaviour kept from them.

        Fitted anew on the protocol's own training part: nothing of a live model leaks in.
        """
        return evaluate(self, protocol)

    # 5 and 6 generate and rank -----------------------------------------------------------------

    def recommend(
        self, who: Request | str | None = None, /, *, n: int | None = None, **rest: Any
    ) -> Recommendation:
        """The list, with the reason for each item, from all that happened up to now.

        who: a whole request; or a user's id, with the other fields of a `Request` by name: query,
        session, items, context, filter, rules, diversity, explain, …
        """
        return answer(self, self.lists.asked(who, n, rest), self._rng)

    def generate(
        self, who: Request | str | None = None, /, *, n: int | None = None, **rest: Any
    ) -> Generation:
        """The content this person would want: as features, as the real items nearest to them, and
        in words, which come one after another as they are written. Asked as `recommend` is.
        """
        request = replace(self.lists.asked(who, n, rest).request, explain=True)
        return self.imagining.generation(
            self.imagining.wish(self, request), self.recommend(request)
        )

    def why_not(
        self, item: str, who: Request | str | None = None, /, *, n: int | None = None, **rest: Any
    ) -> WhyNot:
        """The rule, filter or term that keeps an item out of the list `recommend` gives."""
        return why_not(self, item, self.lists.asked(who, n, rest))

    def search(self, text: str, user: str | None = None, **asked: Any) -> Recommendation:
        """What answers these words, for this person where one is named."""
        return self.recommend(user, query=text, **asked)

    def similar(self, item: str, user: str | None = None, **asked: Any) -> Recommendation:
        """What goes with an item, for this person where one is named."""
        return self.recommend(user, items=(item,), **asked)

    def rank(self, items: Sequence[str], user: str | None = None, **asked: Any) -> Recommendation:
        """A list of the caller's in the order that suits this person, without what may not be
        shown, which `left_out` tells.
        """
        return self.recommend(user, candidates=tuple(items), n=len(items), **asked)

    def trending(self, window: str | float = "7d", **asked: Any) -> Recommendation:
        """What most people took lately: "24h", "7d", or seconds; with a filter, of a category."""
        return self.recommend(Request(window=seconds(window), **{"n": self.config.rank.n, **asked}))

    def profile(
        self, user: str | None = None, *, session: str | None = None, n: int = 5
    ) -> Profile:
        """What sets this person's taste apart, by attribute column, with the events behind it."""
        with self.keeper.fresh(Budget(None)) as live:
            one = self.lists.behaviour(Request(user=user, session=session), live)
            one = self.lists.policy.discreet(one, self.lists.index(live), None)
            tastes = [expert for expert in live.product.experts if isinstance(expert, Attribute)]
            return profile(tastes, one, live.catalogue, most=n)

    def steer(
        self, user: str | None = None, *, session: str | None = None, **asked: Any
    ) -> Steered:
        """A person's own control; it holds from the very next list on, on all their devices.

        changes: [{"what": {"genres": "Drama"}, "nats": 1}], or "mute", "only", "remove": True;
        wish: "more slow films, nothing violent"; less_like: items; reset: away with all before.
        Without any of them what holds now is told.
        """
        with self.keeper.fresh(Budget(None)) as live:
            return self.people.steer(user, session, self.lists.index(live), **asked)

    # 7 feedback --------------------------------------------------------------------------------

    @property
    def learnt(self) -> int:
        """The number of the newest event that what answers has learnt; 0 while nothing does."""
        return self.keeper.learnt

    def catch_up(self) -> Live:
        """What answers now, having learnt every event and met every item up to this moment."""
        return self.keeper.caught_up()

    def at_snapshot(self, version: str) -> Live:
        """A version as it was trained, among the items there are now."""
        told = self.models.version(version)
        encoder = told.data.get("encoder")
        return Live.of(
            told,
            self.models.ids(version),
            self.store,
            weights=self.weights,
            read=partial(self.vectors, encoder=encoder),
            product=partial(self.models.load, version, readers=self.readers(encoder)),
        )

    def _rehearse(self, live: Live) -> None:
        """Ask once, so that nobody waits for what a model makes at its first question."""
        asked = self.lists.behaviour(Request(query="warm up"), live)
        live.rehearse(self.listen(asked, live.encoder, keep=False), self.config.rank.n)

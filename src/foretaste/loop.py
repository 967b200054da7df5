"""One turn of the loop, wired. Read this first.

    1 behaviour   add, record      events, items and people go into the store
    2 prepare     histories        cleaned, one history a person, and the catalogue
    3 language    read             items, searches and reviews become vectors
    4 model       train            the product of experts is fitted and promoted
    5 generate    generate         the content this person wants, as features, items and words
                  reasons          why each item: the terms of its score, put into words
    6 rank        recommend        scores, then filters, then the list
    7 feedback    catch_up         what happened since is learnt before the next answer

The stages know nothing of one another; they speak in the nouns of `domain` and only meet here.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np

from foretaste.behaviour.import_log import last_imports
from foretaste.behaviour.inspection.inspection_report import Inspection
from foretaste.behaviour.inspection.sources import sources_of
from foretaste.behaviour.opening import open_store
from foretaste.behaviour.recording import record_events
from foretaste.cluster.ray_cluster import engaged, open_cluster
from foretaste.config.load import Config, load_config
from foretaste.config.overrides import settings_tree
from foretaste.domain.closable import Closable
from foretaste.domain.data import (
    EVENT_TYPE_WEIGHTS,
    Catalogue,
    Event,
    Floats,
    ImportResult,
    Interactions,
    Item,
    Recommendation,
    Request,
    UserContext,
)
from foretaste.domain.event_value import ValueCurves
from foretaste.domain.imports import ImportResults
from foretaste.domain.order_charges import articles_of
from foretaste.domain.ports import BackboneOpener, Progress, TextEncoder, no_progress
from foretaste.domain.store import Store
from foretaste.errors import StoreError
from foretaste.feedback.recommendation_log import RecommendationLog
from foretaste.generate.profile import TasteProfile
from foretaste.model.artefacts import ModelVersion
from foretaste.model.shared_registry import open_registry
from foretaste.model.training import Training
from foretaste.online.answer import SLOT_SHARE, degradation, first_in_time, levels
from foretaste.online.canary_answers import CanaryAnswers
from foretaste.online.fair_queue import FairQueue
from foretaste.online.fallback import Budget, FallbackChain
from foretaste.online.generation import ContentGenerator, Generation
from foretaste.online.list_shortcuts import ListShortcuts
from foretaste.online.loading import load_snapshot, read_filter_words, rehearse
from foretaste.online.manager import ModelManager, Newest
from foretaste.online.outage import Outage
from foretaste.online.placement_book import PlacementBook
from foretaste.online.query_facets import QueryFacets
from foretaste.online.reasoning import Reasoning
from foretaste.online.shop_pages import ShopPages
from foretaste.online.slate import PageRequest, SlateBuilder
from foretaste.online.snapshot import Snapshot
from foretaste.online.suggestions import SuggestSources
from foretaste.online.taste import profile_of
from foretaste.online.why_not import WhyNot, why_not
from foretaste.preferences.service import PreferenceService, PreferenceUpdate
from foretaste.prepare.clean import CleaningReport
from foretaste.prepare.cleaned import cleaned_interactions
from foretaste.prepare.interactions import LoadReport
from foretaste.prepare.report import QualityReport, measure_quality
from foretaste.prepare.reviews import NO_REVIEWS, ItemReviews
from foretaste.training.candidate import make_candidate, training_of
from foretaste.training.encode import DataEncoder, EncodedData
from foretaste.training.intake import IntakeMethods, import_sources, inspect_sources
from foretaste.training.measurement import Measurement
from foretaste.training.media_methods import MediaMethods
from foretaste.training.personal_records import PersonalRecords
from foretaste.training.recount import ErasureRecounter
from foretaste.training.returned_counts import ReturnedCounts


class Foretaste(
    ListShortcuts, ShopPages, Measurement, PersonalRecords, IntakeMethods, MediaMethods, Closable
):
    """A workspace: one folder with settings, store, caches and models."""

    def __init__(
        self,
        folder: Path,
        config: Config,
        *,
        progress: Progress = no_progress,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.folder, self.config, self.progress, self.clock = folder, config, progress, clock
        self.cluster = open_cluster(config.ray)
        self.store = open_store(config.behaviour, folder)
        self.models = open_registry(folder / "models", self.store, config.model, self.at_snapshot)
        self.weights = {**EVENT_TYPE_WEIGHTS, **config.behaviour.event_weights}
        self.feature_typing = config.behaviour.feature_typing()
        currency, features = config.behaviour.currency, config.behaviour.features
        self.reasoning = Reasoning(config.reasons, features, currency)
        keep_days = config.rank.keep_days
        self.recommendation_log = RecommendationLog(self.store, keep_days=keep_days, clock=clock)
        self.placements = PlacementBook(self.store, config.placements)
        self.slates = self.slate_builder(self.store)
        self.query_facets = QueryFacets(self.reasoning, is_on=config.rank.query_facets)
        self.people = PreferenceService(self.store, lambda texts: self.encoder.encode(texts), clock)
        self.data_encoder = DataEncoder(
            config, folder, progress=progress, clock=clock, cluster=self.cluster
        )
        rehearsal, look = partial(rehearse, self, config.rank.n), self.look_at_media
        make_manager = partial(
            ModelManager, self.store, load=self.at_snapshot, rehearse=rehearsal, look=look
        )
        self.manager = make_manager(self.models)
        make_slates = partial(self.slate_builder, self.store)
        self.canary_answers = CanaryAnswers(self.models.folder, make_manager, make_slates)
        self.outage = Outage(self.store, self.manager, self.slate_builder, self.weights)
        self.fallback, self.fair_queue = FallbackChain(), FairQueue()
        self.recounter = ErasureRecounter(self)
        self.returned_counts = ReturnedCounts(self.store, self.recounter)
        self.suggest_sources = SuggestSources(
            self.store, config.rank, clock, config.privacy.fewest_people
        )
        writer, seed = config.language.writer, config.model.seed
        self.generator = ContentGenerator(writer, folder / "cache", self.reasoning, seed=seed)
        self._rng: np.random.Generator | None = None  # for exploration; None draws anew each time

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        settings: Mapping[str, Any] | None = None,
        progress: Progress = no_progress,
    ) -> Self:
        """The workspace in a folder, which is made if it is not there.

        settings: hold over those of the folder, as in {"model.sequence.epochs": 8}.
        """
        folder = Path(folder).absolute()
        folder.mkdir(0o750, parents=True, exist_ok=True)  # see domain.files
        changes = settings_tree(settings or {})
        return cls(folder, load_config(folder, changes=changes), progress=progress)

    def close(self) -> None:
        """Keep what was served, and let go of the store."""
        parts = (self.generator, self.outage, self.recounter, self.fallback, self.canary_answers)
        kept_parts = (self.manager, self.recommendation_log, self.data_encoder, self.store)
        for part in (*parts, *kept_parts):
            part.close()

    # 1 behaviour -------------------------------------------------------------------------------

    def add(
        self,
        *sources: Any,
        events: Any = None,
        items: Any = None,
        users: Any = None,
        format: str | None = None,  # noqa: A002
        replace: bool = False,
        **options: Any,
    ) -> ImportResults:
        """Files, frames or tables into the store, items first; of `sources` it is found out what
        they are. format: as in `FORMATS`. replace: earlier imports of these go. Else: `import_all`.
        """
        tables = sources_of(sources, {"items": items, "users": users, "events": events}, format)
        return import_sources(self, tables, replace, options)

    def inspect(
        self,
        *sources: Any,
        events: Any = None,
        items: Any = None,
        users: Any = None,
        format: str | None = None,  # noqa: A002
    ) -> Inspection:
        """What `add` would take the columns for, why, and what looks wrong. Nothing is stored."""
        tables = sources_of(sources, {"items": items, "users": users, "events": events}, format)
        return inspect_sources(self, tables)

    def record(self, events: Sequence[Event]) -> int:
        """Feedback, checked and durable when this returns; none if one is wrong. → how many new."""
        count = record_events(self.store, events, self.config.behaviour, self.clock())
        self.returned_counts.follow()
        return count

    # 2 prepare ---------------------------------------------------------------------------------

    def interactions(
        self,
        items: Mapping[str, Item],
        until: int | None = None,
        curves: ValueCurves | None = None,
        *,
        as_returned: bool = False,
    ) -> tuple[Interactions, CleaningReport, LoadReport]:
        """Everybody's behaviour up to a number in the log, cleaned; items get their internal ids by
        their order. curves: what values are worth; None takes it from settings and data.
        as_returned: without what came back past that number.
        """
        scope: dict[str, Any] = {"until": until, "curves": curves, "as_returned": as_returned}
        settings, values = self.config.prepare, self.config.behaviour.value
        return cleaned_interactions(
            self.store, items, self.weights, settings, values, progress=self.progress, **scope
        )

    histories = interactions  # as it was called before; for one release

    def quality(self, imports: Sequence[ImportResult] | None = None) -> QualityReport:
        """The data-quality report. imports: None is the last of each file."""
        items = articles_of(self.store.items())
        cleaned, cleaning, gathering = self.interactions(items)
        imports = last_imports(self.store) if imports is None else imports
        return measure_quality(
            cleaned, list(items.values()), cleaning=cleaning, gathering=gathering, imports=imports
        )

    # 3 language --------------------------------------------------------------------------------

    @property
    def encoder(self) -> TextEncoder:
        """The language model that reads, as it was published."""
        return self.data_encoder.open_encoder(None)

    def catalogue(self, items: Mapping[str, Item]) -> Catalogue:
        """The items, each read."""
        return self.data_encoder.catalogue(items)

    def vectors(
        self, items: Sequence[Item], encoder: str | None = None, reviews: ItemReviews = NO_REVIEWS
    ) -> Floats:
        """[items, dim], what is read of each, and of its reviews."""
        return self.data_encoder.vectors(items, encoder, reviews)

    def read(self, histories: Interactions) -> Interactions:
        """The searches and reviews, each read."""
        return self.data_encoder.interactions(histories)

    def listen(
        self, behaviour: UserContext, encoder: str | None = None, *, keep: bool = True
    ) -> UserContext:
        """One person's query, searches and reviews, each read; the query is kept only if it may."""
        return self.data_encoder.user_context(behaviour, encoder, keep=keep)

    def readers(self, encoder: str | None = None) -> BackboneOpener:
        """What opens the backbones that experts tune; one of them may be the encoder's own."""
        return self.data_encoder.encoders.backbone_opener(encoder)

    def slate_builder(self, store: Store) -> SlateBuilder:
        slates = SlateBuilder(
            store,
            self.config.rank,
            self.weights,
            self.clock,
            partial(read_filter_words, self),
            history_events=self.config.behaviour.history_events,
            recommendation_log=self.recommendation_log,
            reasoning=self.reasoning,
            placements=self.placements,
        )
        slates.hide_few(self.config.privacy.fewest_people)
        return slates

    # 4 model -----------------------------------------------------------------------------------

    def train(self) -> ModelVersion:
        """Fit the product on all behaviour so far, keep it as a version, and make it live."""
        name = self.candidate().name
        self.models.promote(name)
        self.models.prune(self.config.model.max_versions)
        self.recounter.finish_training()
        self.data_encoder.prune(version.data.get("encoder") for version in self.models.versions())
        return self.models.version(name)

    def candidate(self, until: int | None = None) -> ModelVersion:
        """Fit the product on the behaviour up to a number in the log, and keep it as a version.

        Nothing past that number is known to it, not even what is accepted while it is fitted.
        """
        with engaged(self.cluster):
            return make_candidate(self, until)

    def training(self, encoded_data: EncodedData) -> Training:
        """What a model is fitted on, with the settings of this workspace."""
        return training_of(self, encoded_data)

    # 5 and 6 generate and rank -----------------------------------------------------------------

    def recommend(
        self, request: Request | str | None = None, /, *, n: int | None = None, **fields: Any
    ) -> Recommendation:
        """The list, with the reason for each item, from all that happened up to now.

        request: a whole one; or a user's id, with the other fields of a `Request` by name: query,
        session, items, context, filter, rules, diversity, explain, …
        """
        page = self.slates.page_request(request, n, fields)
        budget, without_store = Budget(page.request.timeout_ms), self.outage.slates
        if without_store is None:
            try:
                with budget.store_patience():
                    answer = self.canary_answers.newest(page.request, budget)
                    newest, slates = answer or (self.manager.newest(budget), self.slates)
                    return self.list_by(page, budget, slates, newest)
            except StoreError as error:
                without_store = self.outage.begin(error)
        return self.list_by(page, budget, without_store, Newest(self.manager.current))

    def list_by(
        self, page: PageRequest, budget: Budget, slates: SlateBuilder, newest: Newest
    ) -> Recommendation:
        """The steps to one list, all by one snapshot, which nothing changes."""
        snapshot = newest.snapshot
        with self.store.reading():
            slates = slates.for_page(snapshot)  # what is asked of the store is asked once a list
            page = slates.permitted(page)
            request, owner = page.request, slates.owner(page.request)
            page = page.asked_by(owner)
            page, searched = self.query_facets.apply(page, slates, snapshot)
            # the context: what the user did and asks; with it all that filters look at
            context = slates.user_context(page.request, snapshot)
            question = slates.question(page, context, snapshot)
        # who scores, and what is made of the scores: what is left out, rules, the slate
        listen = partial(self.listen, encoder=snapshot.encoder, keep=not request.incognito)
        score = partial(slates.scorer, snapshot, listen, deep=request.explain)
        make_slate = partial(slates.slate, page, question, rng=self._rng)
        chain = levels(snapshot, question, score, make_slate, slates.together_scorer)
        caller = owner or request.session
        with self.fair_queue.slot(caller, budget.part(SLOT_SHARE).timeout) as slot:
            level, slate, reason = first_in_time(self.fallback, chain, question, budget, slot)
            lag = None
            if newest.lag is not None:
                slate = slates.on_offer(slate, question, snapshot)
                lag = newest.lag if slates.has_newer_events(page.request, snapshot) else None
            # the reasons, and what is kept for attribution and for the next page
            degraded = degradation(level, reason, lag=lag, outage=slates.outage)
            recommendation = slates.recommendation(question, snapshot, slate, degraded)
        recommendation = replace(recommendation, searched=searched, cover=self.cover)
        slates.keep(request, recommendation, owner=owner, owner_known=slates.outage is None)
        return recommendation

    def generate(
        self, request: Request | str | None = None, /, *, n: int | None = None, **fields: Any
    ) -> Generation:
        """The content this person would want: as features, as the real items nearest to them, and
        in words, which come one after another as they are written. Asked as `recommend` is.
        """
        request = replace(self.slates.page_request(request, n, fields).request, explain=True)
        target, recommendation = self.generator.target(self, request), self.recommend(request)
        return self.generator.generation(target, recommendation, self.slates.consent(request))

    def why_not(self, item: str, request: Request | str | None = None, /, **fields: Any) -> WhyNot:
        """The rule, filter or term that keeps an item out of the list `recommend` gives."""
        return why_not(self, item, self.slates.page_request(request, fields.pop("n", None), fields))

    def profile(
        self, user: str | None = None, *, session: str | None = None, n: int = 5
    ) -> TasteProfile:
        """What sets this person's taste apart, by attribute column, with the events behind it."""
        return profile_of(self.slates, self.catch_up(), user, session, n)

    def steer(
        self, user: str | None = None, *, session: str | None = None, **fields: Any
    ) -> PreferenceUpdate:
        """A person's own control; it holds from the very next list on, on all their devices.

        changes: [{"filter": {"genres": "Drama"}, "nats": 1}], or "mute", "only", "remove": True;
        wish: "more slow films, nothing violent"; less_like: items; reset: away with all before.
        Without any of them what holds now is told.
        """
        return self.people.steer(user, session, self.slates.index(self.catch_up()), **fields)

    # 7 feedback --------------------------------------------------------------------------------

    @property
    def learnt(self) -> int:
        """The number of the newest event that what answers has learnt; 0 while nothing does."""
        snapshot = self.manager.snapshot
        return 0 if snapshot is None else snapshot.event

    def catch_up(self) -> Snapshot:
        """What answers now, having learnt every event and met every item up to this moment."""
        return self.manager.caught_up()

    def at_snapshot(self, version: str) -> Snapshot:
        """A version as it was trained, among the items there are now."""
        return load_snapshot(self, version, self.config.behaviour.history_events)

"""Slates: a question and the scores that answer it in, the recommendation out.

`loop` says in which order things happen; how a list is put together from scores, rules and words
is here, and what is kept of it afterwards.
"""

import copy
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Self

import numpy as np

from foretaste.domain.consent import Consent
from foretaste.domain.data import (
    Degradation,
    Floats,
    LoggedRecommendation,
    Recommendation,
    Request,
    UserContext,
)
from foretaste.domain.store import Store
from foretaste.domain.term_table import TermColumn, TermTable
from foretaste.feedback.recommendation_log import RecommendationLog
from foretaste.generate.list_evidence import ListEvidence
from foretaste.model.product_scorer import ProductScorer, Scores, SharedScorer
from foretaste.model.together import TogetherScorer
from foretaste.online.bought_together import BasketCounts, together_scorer, with_evidence
from foretaste.online.explained_slate import ExplainedSlate as ExplainedSlate
from foretaste.online.explained_slate import event_titles, offered_rows, recommended_items
from foretaste.online.exposure_control import ExposureControl
from foretaste.online.indexed_words import filter_index
from foretaste.online.list_corrections import corrected_scorer, own_mix_of
from foretaste.online.list_goal import ListGoal
from foretaste.online.list_kinds import kind_mask, popularity_row
from foretaste.online.page_request import PageRequest as PageRequest
from foretaste.online.page_request import RequestReader, may_be_unmatched
from foretaste.online.placement_book import PlacementBook
from foretaste.online.reasoning import Reasoning
from foretaste.online.request_checks import may_show_cold_items
from foretaste.online.request_consent import request_consent, with_consent
from foretaste.online.resume_list import resume_slate
from foretaste.online.session import session_context
from foretaste.online.shared_results import SharedResults
from foretaste.online.snapshot import Snapshot
from foretaste.online.trade_context import TradeRules, continued, list_groups
from foretaste.online.user_contexts import UserContextReader
from foretaste.online.window_counts import WindowCounts
from foretaste.rank import preference_effects
from foretaste.rank.article_numbers import (
    NewestNumbers,
    NumberedItems,
    with_unmatched,
)
from foretaste.rank.fill_up import fill_up
from foretaste.rank.filters import HARD_FILTERS, SOFT_FILTERS, FilterContext, excluded_items
from foretaste.rank.index import FilterIndex
from foretaste.rank.omissions import explain_omissions
from foretaste.rank.policy import Policy, PolicyContext
from foretaste.rank.rules import add_default_floors, parse_rules, settle_floors
from foretaste.rank.settings import RankSettings
from foretaste.rank.shortfall import explain_shortfall
from foretaste.rank.slate import SCORE_ONLY_POSITIONS, UNEXPLORED_POSITIONS, Slate, SlateDraft
from foretaste.rank.spread import build_spread_slate, spread_limits
from foretaste.rank.trending import counts_by_item, trending_scores


class SlateBuilder(SharedResults):
    """Puts lists together for one workspace."""

    def __init__(
        self,
        store: Store,
        settings: RankSettings,
        weights: Mapping[str, float],
        clock: Callable[[], float],
        read: Callable[[str], Floats] | None = None,
        *,
        history_events: int | None = None,
        recommendation_log: RecommendationLog | None = None,
        reasoning: Reasoning | None = None,
        placements: PlacementBook | None = None,
    ) -> None:
        self._reasoning = reasoning or Reasoning()
        self._store, self._settings, self._weights, self._clock = store, settings, weights, clock
        self._read, self.policy = read, Policy(settings.policy)
        self._contexts = UserContextReader(store, settings, weights, history_events)
        self.log = recommendation_log or RecommendationLog(
            store, keep_days=settings.keep_days, clock=clock
        )
        """What was served."""
        self._index: FilterIndex | None = None
        self._numbers = NewestNumbers()
        self.requests = RequestReader(store, settings, self.log, placements)
        self._trade, self._goal = TradeRules(settings), ListGoal(store, settings, weights)
        self._window_counts = WindowCounts(store, weights)
        self._basket_counts = BasketCounts(store, weights)
        self.exposure = ExposureControl(settings.exposure)
        """What share of all lists some items get."""
        self.outage: str | None = None
        """What its lists say of a store that cannot be reached; None where it can."""

    def for_page(self, snapshot: Snapshot) -> Self:
        """What makes lists of one moment by this snapshot: what they share is read once."""
        if self._shared is not None:
            return self
        self.index(snapshot)
        page_slates = copy.copy(self)
        page_slates._shared = {}
        return page_slates

    # The question -----------------------------------------------------------------------------

    def page_request(
        self, request_or_user: Request | str | None, n: int | None, fields: Mapping[str, Any]
    ) -> PageRequest:
        """The question; that of a next page is the first page's."""
        return self.requests.page_request(request_or_user, n, fields)

    def permitted(self, page: PageRequest) -> PageRequest:
        """The same, incognito where nothing may be kept of it."""
        return replace(page, request=with_consent(page.request, self.consent(page.request)))

    def consent(self, request: Request) -> Consent:
        """What may be done for a request, by whom it is for and by itself."""
        user, session = self.owner(request), request.session
        return self._shared_result(
            ("consent", user, session, request.personalise, request.share),
            lambda: request_consent(self._store.consent(user, session), request),
        )

    def owner(self, request: Request) -> str | None:
        """Whose question it is: the user's whom it names, or who is known on its session now."""
        session, find_user = request.session, self._store.user_of_session
        if request.user is None and session is not None:
            return self._shared_result(("owner", session), lambda: find_user(session))
        return request.user

    def user_context(self, request: Request, snapshot: Snapshot) -> UserContext:
        """U: what this user did, and what they ask for now."""
        user, free_text = self.owner(request), request.context.get("text")
        asked = (request.session, request.query, free_text, request.items, request.personalise)
        key = ("context", user, repr(asked), request.now, repr(request.context.get("time")))
        return self._shared_result(
            key,
            lambda: self._contexts.read(
                request, user, self.consent(request), self.asked_at(request), snapshot
            ),
        )

    def has_newer_events(self, request: Request, snapshot: Snapshot) -> bool:
        """Whether this user did something that the snapshot has not learnt."""
        user, session = request.user, request.session
        if (user, None) in snapshot.deferred or (None, session) in snapshot.deferred:
            return True
        return self._store.newest_event_number(user, session) > snapshot.event

    def asked_at(self, request: Request) -> float:
        """When the question is answered, in seconds since 1970."""
        return self._shared_result("now", self._clock) if request.now is None else request.now

    def index(self, snapshot: Snapshot) -> FilterIndex:
        """What meets a filter now."""
        self._index = filter_index(snapshot, self._index, self._read, self._store.item_columns)
        return self._index

    def numbered_items(self, typed: str | None, index: FilterIndex) -> NumberedItems:
        """Those whose article number somebody typed, also that of a variant of theirs."""
        item_of = self.requests.item_of if self.outage is None else None
        return self._numbers.numbered_items(typed or "", index, item_of)

    def take_index(self, other: "SlateBuilder") -> None:
        """What another one of the workspace has found out of a catalogue that is to answer next."""
        self._index = other._index

    def question(
        self, page: PageRequest, context: UserContext, snapshot: Snapshot
    ) -> FilterContext:
        """All that filters look at."""
        request = page.request
        # whoever looks for something may want it again, and a list to be ordered is the caller's
        free = request.is_search or request.candidates is not None
        hide_seen = self._settings.hide_seen and not free
        index, now = self.index(snapshot), self.asked_at(request)
        user, session = request.user, request.session
        changes = self._shared_result(
            ("preferences", user, session), lambda: self._store.preferences(user, session)
        )
        asking = PolicyContext(request, context, changes, page.earlier, now)
        discreet = self.policy.without_sensitive(context, index, asking)
        trade = self._trade.limits(request, discreet, snapshot, index, now)
        if request.kind == "continue":
            newest = session_context(discreet, len(index.item_indices(request.items)))
            trade = continued(trade, discreet if hide_seen else newest)
            discreet = newest
        numbered = self.numbered_items(request.query if request.is_search else None, index)
        if numbered.items and request.candidates is None:
            trade = replace(trade, boosts=(*trade.boosts, numbered.boost(len(index))))
        return FilterContext(
            request,
            discreet,
            index,
            hide_seen,
            now,
            page.earlier,
            changes,
            self.policy,
            self._shared_result(
                ("kind", request.kind, request.window, id(discreet)),
                lambda: kind_mask(request, discreet, snapshot, index, now, trade.progress),
                of=discreet,
            ),
            partial(popularity_row, snapshot),
            lift_curve=snapshot.lift_curve,
            trade=trade,
        )

    def scorer(
        self,
        snapshot: Snapshot,
        listen: Callable[[UserContext], UserContext],
        context: UserContext,
        *,
        deep: bool = False,
    ) -> Scores:
        """What all experts say. listen: has the language model read what the user said. deep: deep
        terms will be asked for.
        """
        return self._shared_result(
            ("scorer", id(context), deep),
            lambda: snapshot.product.scorer(listen(context), deep=deep),
            of=context,
        )

    # The slate --------------------------------------------------------------------------------

    def slate(
        self,
        page: PageRequest,
        question: FilterContext,
        scorer: Scores,
        rng: np.random.Generator | None = None,
    ) -> ExplainedSlate:
        """The list by these scores: what may be shown, rules, terms."""
        if page.request.is_trending:
            return self._trending_slate(page, question, scorer)
        if page.request.kind == "resume":
            return resume_slate(page, question, self._choice)
        if isinstance(scorer, ProductScorer) and may_be_unmatched(page):
            question = with_unmatched(question, scorer.unmatched_items())
        scorer = self.corrected(scorer, question)
        choice = self._choice(page, question, scorer, rng)
        terms = scorer.terms(choice.explained_items, deep=page.request.explain)
        if isinstance(scorer, TogetherScorer):
            choice = replace(choice, sources=with_evidence(choice, scorer))
        for lift in choice.boosts:
            column = TermColumn(lift.expert, feature=lift.name)
            terms = terms.with_columns([column], lift.term_nats(choice.items))
        return ExplainedSlate(choice, terms, unmatched=question.unmatched)

    def together_scorer(self, question: FilterContext, snapshot: Snapshot) -> TogetherScorer:
        """What scores what people take together with the items of a question."""
        return together_scorer(question.request, question, snapshot, self._basket_counts)

    def corrected(self, scorer: Scores, question: FilterContext) -> Scores:
        """What scores, less what popularity alone gives where less of it is wanted, and with what
        each item is worth where lists have a goal.
        """
        return self._goal.scorer(corrected_scorer(scorer, question, self._settings), question)

    def _choice(
        self,
        page: PageRequest,
        question: FilterContext,
        scorer: Scores,
        rng: np.random.Generator | None,
    ) -> Slate:
        request, settings = page.request, self._settings
        never = excluded_items(question, HARD_FILTERS)
        draft = SlateDraft(
            scores=np.zeros(len(question.index), np.float32),
            hidden=excluded_items(question, SOFT_FILTERS, never),
            never_shown=never,
            index=question.index,
            n=min(request.n, settings.max_n),
            offset=page.offset,
            diversity=request.diversity,
            own_mix=own_mix_of(request, settings, question),
            min_relative_likelihood=request.min_relative_likelihood,
            exploration_rate=settings.exploration_rate
            if request.explore is None
            else request.explore,
            unexplored_positions=UNEXPLORED_POSITIONS if request.explore is None else 0,
            exploration_pool=settings.exploration_pool,
            exclusive_pairs=self.policy.exclusive_pairs(question.index),
            groups=list_groups(question),
        )
        if may_show_cold_items(request) and page.offset + draft.n > SCORE_ONLY_POSITIONS:
            draft.cold_pools = scorer.cold_items(settings.cold_item_share)
        for row, rule in enumerate(parse_rules(request.rules)):
            rule.apply(draft, f"rules.{row}")
        add_default_floors(draft, settings.floors, request)
        if request.is_scored:  # else the score is a number of users, or of days
            preference_effects.add_preference_boosts(draft, question.preferences)
            for boost in question.trade.boosts:
                draft.add_score_boost(boost)
            draft.shifts += self.exposure.shifts(request, question.index)
        # what rules speak of is scored even where the experts alone would not look
        scores = scorer.score_row(
            draft.scorable,
            draft.items_to_score,
            extra_masks=draft.rule_masks,
            items=draft.pins.values(),
        )
        draft.add_scores(scores)
        settle_floors(draft)
        spread = spread_limits(draft, settings.spread, request)
        slate = build_spread_slate(draft, spread, lambda: rng or np.random.default_rng())
        return fill_up(draft, slate, question, settings.fill_up, scorer.score_row)

    def _trending_slate(
        self, page: PageRequest, question: FilterContext, popularity: Scores
    ) -> ExplainedSlate:
        """What most users took within the window; then, to fill the list, what is popular."""
        window = page.request.window or 0.0
        counts = self._window_counts.users_by_item(window, question.now)
        users = counts_by_item(counts, question.index.catalogue)
        log_prob = popularity.score_row(users >= 0, 0)
        scorer = SharedScorer(trending_scores(users, log_prob))
        choice = self._choice(page, question, scorer, None)
        counted = users[choice.explained_items]
        sources = tuple(
            ("trending" if count else "fallback") if source == "model" else source
            for source, count in zip(choice.sources, counted > 0, strict=True)
        )
        choice = replace(choice, sources=sources, scores=counted)
        user_counts = tuple(int(count) for count in counted)
        return ExplainedSlate(choice, TermTable.joined((), len(counted)), user_counts)

    def on_offer(
        self, slate: ExplainedSlate, question: FilterContext, snapshot: Snapshot
    ) -> ExplainedSlate:
        """Without what was hidden, taken off, sold or changed since the snapshot."""
        stock_column = self._settings.stock_attribute
        return offered_rows(slate, question, snapshot.items, self._store, stock_column)

    # The recommendation -----------------------------------------------------------------------

    def recommendation(
        self,
        question: FilterContext,
        snapshot: Snapshot,
        slate: ExplainedSlate,
        degraded: Degradation | None = None,
    ) -> Recommendation:
        """The slate with what is said of each item."""
        question = replace(question, unmatched=slate.unmatched)
        tellable_terms = self.policy.tellable_terms(slate.terms, question.index)
        reasons = self._reasoning.reasons(
            question, slate.choice, tellable_terms, snapshot.told_event_types, slate.user_counts
        )
        is_full = degraded is None or degraded.fallback_level == "full"
        return Recommendation(
            recommendation_id=uuid.uuid4().hex,
            model_version=snapshot.version,
            items=recommended_items(question, snapshot, slate, reasons, is_full=is_full),
            degraded=degraded,
            left_out=explain_omissions(question, slate.choice),
            shortfall=self._reasoning.shortfall(
                question.request,
                explain_shortfall(
                    question, slate.choice, self._settings.max_n, snapshot.deleted_mask
                ),
            ),
            headline=reasons.headline,
            privacy=snapshot.privacy,
            refusals=self._reasoning.refusals(question.request, self.consent(question.request)),
            event_titles=event_titles(slate.terms, snapshot) if question.request.explain else {},
        )

    def evidence(self, question: FilterContext, snapshot: Snapshot) -> ListEvidence:
        """What may be said of the items of a list, in the language of its request."""
        return self._reasoning.evidence(question, snapshot.told_event_types)

    def keep(self, request: Request, recommendation: Recommendation, **ownership: Any) -> None:
        """Into the log of what was served, unless it is to leave no trace. `ownership`: whose it
        is, as in `LoggedRecommendation`.
        """
        if self._index is not None:
            self.exposure.observe(request, [item.id for item in recommendation], self._index)
        is_empty_shelf = request.shelf is not None and not recommendation.items  # nobody sees it
        may_keep = not request.incognito and self.consent(request).allows("record")
        if may_keep and not is_empty_shelf:
            at = self.asked_at(request)
            self.log.add(LoggedRecommendation.of(request, recommendation, at, **ownership))

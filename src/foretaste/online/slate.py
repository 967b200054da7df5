"""Lists: a question and what answers it in, the recommendation out.

`loop` says in which order things happen; how a list is put together from scores, rules and words
is here, and what is kept of it afterwards.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from foretaste.domain.data import (
    Behaviour,
    Degraded,
    Event,
    Floats,
    Recommendation,
    Recommended,
    Request,
    Served,
    Term,
)
from foretaste.domain.store import Store
from foretaste.errors import InputError
from foretaste.feedback.recommendation_log import AnswerLog
from foretaste.generate.reasons import PLACED, UNKNOWN, reasons
from foretaste.model.scorer import is_unknown
from foretaste.online.snapshot import Popular, Scores, Standby, Stock
from foretaste.prepare.histories import behaviour
from foretaste.rank import preferences as wants
from foretaste.rank.conditions import number
from foretaste.rank.filters import NEVER, Question, left_out
from foretaste.rank.index import Index, Mask
from foretaste.rank.omissions import omissions
from foretaste.rank.policy import Asking, Policy
from foretaste.rank.properties import Wanted
from foretaste.rank.rules import rules
from foretaste.rank.settings import RankSettings
from foretaste.rank.slate import TEN, Choice, Draft
from foretaste.rank.trending import counts, spoken
from foretaste.rank.trending import scores as trending_scores

PAGES = 100
"""Pages of one list, at most."""
REASONED = ("pinned", "promoted", "explored", "new")
"""Sources that are a reason before those of the score."""
COUNTED, WINDOWS = 5.0, 64
"""Seconds for which counts of takers hold, and windows whose counts are kept."""


@dataclass(frozen=True)
class Asked:
    """A question, and what earlier pages of its list have shown."""

    request: Request
    earlier: tuple[str, ...] = ()
    offset: int = 0


@dataclass(frozen=True)
class Composed:
    """A list, and the terms of its scores."""

    choice: Choice
    terms: list[list[Term]]
    told: tuple[str, ...] | None = None
    """What is said of each item, where that is not its terms."""


class Lists:
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
    ) -> None:
        self._store, self._settings, self._weights, self._clock = store, settings, weights, clock
        self._read, self.policy = read, Policy(settings.policy)
        self._history_events = history_events
        self.answers = AnswerLog(store, keep_days=settings.keep_days, clock=clock)
        """What was served."""
        self._index: Index | None = None
        self._counted: dict[float, tuple[float, list[tuple[str, int]]]] = {}

    def asked(self, who: Request | str | None, n: int | None, rest: Mapping[str, Any]) -> Asked:
        """The question; that of a next page is the first page's."""
        request = who
        if not isinstance(request, Request):
            request = Request(user=request, n=n or self._settings.n, **rest)
        if request.next_page_of is None:
            return Asked(request)
        pages = self._pages(request.next_page_of)
        first = Request.of(pages[0].request)
        asked = replace(
            first,
            n=request.n if n or isinstance(who, Request) else first.n,
            explain=request.explain,
            timeout_ms=request.timeout_ms,
            now=request.now,
            next_page_of=request.next_page_of,
        )
        shown = [one for page in pages for one in page.items]
        offset = max((one[1] for one in shown), default=0)
        return Asked(asked, tuple(one[0] for one in shown), offset)

    def _pages(self, last: str) -> list[Served]:
        """The pages of a list up to this one, the last first."""
        pages: list[Served] = []
        following: Any = last
        while following and len(pages) < PAGES:
            page = self.answers.get([following]).get(following)
            if page is None:
                raise InputError(
                    f"next_page_of: there is no recommendation '{following}'; it was incognito, is "
                    "older than rank.keep_days, or is not from here. Ask anew"
                )
            pages.append(page)
            following = page.request.get("next_page_of")
        return pages

    def behaviour(self, request: Request, live: Stock) -> Behaviour:
        """U: what this person did, and what they ask for now."""
        events: Sequence[Event] = ()
        if request.user is not None or request.session is not None:
            events = self._store.history(request.user, request.session, self._history_events)
        user = request.user
        if user is None and request.session is not None:
            user = self._store.identified(request.session)
        person = self._store.user(user) if user else None
        spoken = request.context.get("text")
        words = [part for part in (request.query, spoken) if isinstance(part, str)]
        for item in request.items:
            if item not in live.catalogue.index and self._store.item(item) is None:
                raise InputError(f"items: there is no item '{item}'; import it first")
        return behaviour(
            events,
            live.catalogue.index,
            self._weights,
            live.kinds,
            now=self._moment(request),
            query=" ".join(words).strip() or None,
            taste=person.attributes if person else None,
            seeds=request.items,
        )

    def _now(self, request: Request) -> float:
        return self._clock() if request.now is None else request.now

    def _moment(self, request: Request) -> float:
        """When the person asks, where the context tells; else now."""
        told = request.context.get("time")
        if told is None:
            return self._now(request)
        found = number(told)
        if found is None:
            raise InputError(
                f"context.time: '{told}' cannot be read; write ISO 8601 or seconds since 1970"
            )
        return found

    def index(self, live: Stock) -> Index:
        """What meets a filter now; made anew when the catalogue has changed."""
        index = self._index
        if index is None or index.catalogue is not live.catalogue or index.shelf is not live.shelf:
            index = self._index = Index(live.catalogue, live.shelf, self._read)
        return index

    def question(self, asked: Asked, one: Behaviour, live: Stock) -> Question:
        """All that filters look at."""
        request = asked.request
        # whoever looks for something may want it again, and a list to be ordered is the caller's
        free = bool(request.query) or request.candidates is not None
        hide_seen = self._settings.hide_seen and not free
        index, now = self.index(live), self._now(request)
        changes = self._store.changes(request.user, request.session)
        asking = Asking(request, one, changes, asked.earlier, now)
        known = self.policy.discreet(one, index, asking)
        return Question(request, known, index, hide_seen, now, asked.earlier, changes, self.policy)

    def compose(
        self, asked: Asked, question: Question, scorer: Scores, rng: np.random.Generator | None
    ) -> Composed:
        """The list by these scores: what may be shown, rules, terms."""
        choice = self._chosen(asked, question, scorer, rng)
        terms = scorer.terms(choice.items, deep=asked.request.explain)
        for lift in choice.lifts:
            for place, item in enumerate(choice.items):
                if lift.mask[item]:
                    terms[place].append(Term(lift.expert, lift.nats, feature=lift.name))
        return Composed(choice, terms)

    def _chosen(
        self, asked: Asked, question: Question, scorer: Scores, rng: np.random.Generator | None
    ) -> Choice:
        request, settings = asked.request, self._settings
        never = left_out(question, NEVER)
        draft = Draft(
            scores=np.zeros(len(question.index), np.float32),
            hide=_with_seen(never, question),
            never=never,
            index=question.index,
            n=min(request.n, settings.most),
            offset=asked.offset,
            diversity=request.diversity,
            floor=request.floor,
            explore=settings.explore if request.explore is None else request.explore,
            pool=settings.explore_pool,
            apart=self.policy.pairs(question.index),
        )
        if _may_meet_new(request) and asked.offset + draft.n > TEN:
            draft.strangers, draft.newcomers = scorer.untaken(settings.newcomers)
        for place, rule in enumerate(rules(request.rules)):
            rule.apply(draft, f"rules.{place}")
        if request.window is None:  # else the score is a number of people
            wants.lift(draft, question.changes)
        # what rules speak of is scored even where the experts alone would not look
        row = scorer.row(~draft.hide, draft.looked_at, also=draft.named, items=draft.pins.values())
        draft.scores, draft.hide = draft.scores + row, draft.hide | np.isneginf(row)
        return draft.listed(lambda: rng or np.random.default_rng())

    def trending(self, asked: Asked, question: Question, popular: Popular) -> Composed:
        """What most people took within the window; then, to fill the list, what is popular."""
        window = asked.request.window or 0.0
        people = counts(self._takers(window, question.now), question.index.catalogue)
        log_prob = popular.row(people >= 0, 0)
        scorer = Popular(trending_scores(people, log_prob))
        choice = self._chosen(asked, question, scorer, None)
        found = people[choice.items]
        sources = tuple(
            ("trending" if some else "fallback") if source == "model" else source
            for source, some in zip(choice.sources, found > 0, strict=True)
        )
        told = tuple(
            f"taken by {int(some):,} people in {spoken(window)}" if some else PLACED["fallback"]
            for some in found
        )
        choice = replace(choice, sources=sources, scores=found)
        return Composed(choice, [[] for _ in found], told)

    def _takers(self, window: float, now: float) -> list[tuple[str, int]]:
        """Counted anew every few seconds."""
        kept = self._counted.get(window)
        if kept is None or not 0 <= now - kept[0] < COUNTED:
            kinds = [kind for kind, weight in self._weights.items() if weight > 0]
            kept = (now, self._store.takers(now - window, now, kinds))
            if len(self._counted) >= WINDOWS:
                self._counted.clear()
            self._counted[window] = kept
        return kept[1]

    def stand_in(self, asked: Asked, still: Standby, why: str) -> Recommendation:
        """The answer by popularity alone, from a still picture; hidden items are looked up."""
        request = asked.request
        question = self.question(asked, self.behaviour(request, still), still)
        if request.window is None:
            composed = self.compose(asked, question, still.scores, None)
        else:
            composed = self.trending(asked, question, still.scores)
        composed = self._still_there(composed, question)
        return self.told(request, question, still, composed, Degraded("popularity", why))

    def _still_there(self, composed: Composed, question: Question) -> Composed:
        """Without what was hidden, taken off or changed since the picture was drawn."""
        choice = composed.choice
        ids = [question.index.catalogue.ids[item] for item in choice.items.tolist()]
        items = self._store.items_by_id(ids)
        keep = [
            place
            for place, item_id in enumerate(ids)
            if item_id in items and items[item_id].available(question.now)
        ]
        if len(keep) == len(choice.items):
            return composed
        told = composed.told
        return Composed(
            choice.only(keep),
            [composed.terms[place] for place in keep],
            None if told is None else tuple(told[place] for place in keep),
        )

    def told(
        self,
        request: Request,
        question: Question,
        live: Stock,
        composed: Composed,
        degraded: Degraded | None = None,
    ) -> Recommendation:
        """The answer, with what is said of each item; kept, unless it is to leave no trace."""
        answer = Recommendation(
            recommendation_id=uuid.uuid4().hex,
            model_version=live.version,
            items=self._items(request, question, live, composed, degraded),
            degraded=degraded,
            left_out=omissions(question, composed.choice),
        )
        if not request.incognito:
            self.answers.add(served(request, answer, self._now(request)))
        return answer

    def _items(
        self,
        request: Request,
        question: Question,
        live: Stock,
        composed: Composed,
        degraded: Degraded | None,
    ) -> tuple[Recommended, ...]:
        ids, titles = live.catalogue.ids, live.catalogue.titles
        past = {ids[item]: titles[item] for item in question.behaviour.item if item >= 0}
        choice = composed.choice
        wanted = Wanted.of(request.properties, question.index, live.items)
        unknown = composed.told is None and is_unknown(question.behaviour)
        told = []
        for place, item in enumerate(choice.items.tolist()):
            source = choice.sources[place]
            if degraded is not None and source == "model":
                source = "fallback"
            terms = composed.terms[place]
            placed = (PLACED[source],) if source in REASONED else ()
            tellable = self.policy.tellable(terms, question.index)
            said = reasons(tellable, past) if composed.told is None else (composed.told[place],)
            if unknown and source == "model":
                said = (UNKNOWN,)
            there = live.items[ids[item]]
            told.append(
                Recommended(
                    id=ids[item],
                    position=choice.positions[place],
                    score=float(choice.scores[place]),
                    title=titles[item],
                    reason=placed + said,
                    terms=tuple(terms) if request.explain else (),
                    attributes=wanted.attributes(there),
                    propensity=choice.propensities[place],
                    source=source,
                    properties=wanted.others(there),
                )
            )
        return tuple(told)


def _may_meet_new(request: Request) -> bool:
    """Whoever asks for something, or orders their own list, is shown nothing else."""
    free = request.query is None and request.candidates is None and request.window is None
    return free and request.floor == 0


def _with_seen(never: Mask, question: Question) -> Mask:
    if not question.hide_seen:
        return never
    hide = never.copy()
    hide[question.behaviour.taken] = True
    return hide


def served(request: Request, answer: Recommendation, at: float) -> Served:
    """What is kept of an answer."""
    return Served(
        id=answer.recommendation_id,
        at=at,
        user=request.user,
        session=request.session,
        model=answer.model_version,
        request=request.told(),
        items=[(one.id, one.position, one.propensity, one.source, one.score) for one in answer],
    )

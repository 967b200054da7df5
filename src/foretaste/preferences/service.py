"""In: a person's changes, by hand or in words. Out: what holds from the next answer on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from foretaste.domain.consent import RefusalSource
from foretaste.domain.data import Event
from foretaste.domain.identifiers import identifier, identifiers
from foretaste.domain.preference import MAX_PREFERENCE_NATS, Preference
from foretaste.domain.store import Store
from foretaste.errors import InputError, did_you_mean
from foretaste.preferences.matching import ClauseMatch, match_clause, updated_preferences
from foretaste.rank.conditions import check_amount, parse_condition, parse_number
from foretaste.rank.index import FilterIndex
from foretaste.understand.clauses import Clause
from foretaste.understand.grammar import Grammar
from foretaste.understand.reader import read_wish
from foretaste.understand.vocabulary import EncodeTexts, Vocabulary

MAX_PREFERENCES = 100
"""Changes of one person."""
MAX_WISH_CHARACTERS = 500
"""Characters of a wish."""
ACT_FIELDS = ("nats", "mute", "only", "remove")
OLD_FILTER_FIELD = "what"
"""The old name of `filter` in a change, for one release."""


@dataclass(frozen=True)
class PreferenceUpdate:
    """What a person's changes are now, and how a wish was understood."""

    preferences: tuple[Preference, ...]
    clause_matches: tuple[ClauseMatch, ...] = ()
    unrecorded: RefusalSource | None = None
    """Who does not let `less_like` be recorded; None where it was, or nothing was to be."""


class PreferenceService:
    """Reads and writes what people changed about their lists."""

    def __init__(self, store: Store, encode_texts: EncodeTexts, clock: Callable[[], float]) -> None:
        self._store, self._encode_texts, self._clock = store, encode_texts, clock
        self._vocabulary: Vocabulary | None = None

    def vocabulary(self, index: FilterIndex) -> Vocabulary:
        """What the items have, kept as long as they are the same."""
        if self._vocabulary is None or self._vocabulary.catalogue is not index.catalogue:
            self._vocabulary = Vocabulary(index, self._encode_texts, self._vocabulary)
        return self._vocabulary

    def match_wish(self, wish: str, index: FilterIndex) -> tuple[ClauseMatch, ...]:
        """What a wish means here. Raises InputError for one that is empty or too long."""
        if len(wish) > MAX_WISH_CHARACTERS:
            raise InputError(f"wish: {len(wish):,} characters; say it in {MAX_WISH_CHARACTERS}")
        grammar, parsed_wish = read_wish(wish)
        if not parsed_wish.clauses:
            raise InputError(
                "wish: it names nothing; say it like 'more science fiction, nothing violent'"
            )
        vocabulary = self.vocabulary(index)
        return tuple(
            clause_match
            for clause in parsed_wish.clauses
            for clause_match in match_clause(clause, vocabulary, grammar)
        )

    def steer_clauses(
        self,
        user: str | None,
        session: str | None,
        index: FilterIndex,
        clauses: Sequence[Clause],
        grammar: Grammar,
    ) -> PreferenceUpdate:
        """What clauses change, which were understood in a talk."""
        vocabulary = self.vocabulary(index)
        matches = [
            match for clause in clauses for match in match_clause(clause, vocabulary, grammar)
        ]
        return self.steer(user, session, index, clause_matches=matches)

    def steer(
        self,
        user: str | None,
        session: str | None,
        index: FilterIndex,
        *,
        clause_matches: Sequence[ClauseMatch] = (),
        changes: Sequence[Mapping[str, Any]] = (),
        wish: str | None = None,
        less_like: Sequence[str] = (),
        reset: bool = False,
    ) -> PreferenceUpdate:
        """Reset, then each change as it is written, then the wish, then what is refused."""
        user, session = identifier(user, "user"), identifier(session, "session")
        if user is None and session is None:
            raise InputError("whose profile? name a user or a session")
        less_like = identifiers(less_like, "less_like")
        for item in less_like:
            if self._store.item(item) is None:
                raise InputError(f"less_like: there is no item '{item}'; import it first")
        at = self._clock()
        written_preferences = [
            self.parse_preference(change, index, f"changes.{n}", at)
            for n, change in enumerate(changes)
        ]
        previous = () if reset else self._store.preferences(user, session)
        preferences = {preference.name: preference for preference in previous}
        for name, change in written_preferences:
            preferences.pop(name, None)
            if change is not None:
                preferences[name] = change
        clause_matches = (
            *clause_matches,
            *(() if wish is None else self.match_wish(wish, index)),
        )
        put, remove = updated_preferences(tuple(preferences.values()), clause_matches, at)
        preferences = {
            name: preference for name, preference in preferences.items() if name not in remove
        }
        preferences |= {preference.name: preference for preference in put}
        if len(preferences) > MAX_PREFERENCES:
            raise InputError(
                f"changes: {len(preferences)} of them; a person has at most {MAX_PREFERENCES}"
            )
        if len(preferences) > len(previous):
            conditions = (parse_condition(preference.filter) for preference in preferences.values())
            check_amount(conditions, "changes")
        if reset or written_preferences or put or remove:
            new_preferences = [
                preference for preference in preferences.values() if reset or preference.at == at
            ]
            removed = [*remove, *(name for name, change in written_preferences if change is None)]
            self._store.put_preferences(user, session, new_preferences, None if reset else removed)
        if less_like:
            self._store.add_events(
                [_dislike_event(item_id, user, session, at) for item_id in less_like]
            )
        source = self._store.consent(user, session).refusals.get("record") if less_like else None
        return PreferenceUpdate(self._store.preferences(user, session), clause_matches, source)

    @staticmethod
    def parse_preference(
        fields: Mapping[str, Any], index: FilterIndex, field_path: str, at: float
    ) -> tuple[str, Preference | None]:
        """(name, the change; None to take it out) as people write it:

        {"filter": {"genres": "Drama"}, "nats": 1.5}; or "mute", "only" or "remove": true. 0 nats
        are no change.
        """
        for field in fields:
            if field not in ("filter", OLD_FILTER_FIELD, *ACT_FIELDS):
                raise InputError(
                    f"{field_path}: unknown field '{field}'; "
                    f"{did_you_mean(field, ('filter', *ACT_FIELDS))}"
                )
        acts = [
            act for act in ACT_FIELDS if fields.get(act) is not None and fields[act] is not False
        ]
        filter_field = OLD_FILTER_FIELD if OLD_FILTER_FIELD in fields else "filter"
        item_filter = fields.get(filter_field)
        if not isinstance(item_filter, Mapping) or not item_filter or len(acts) != 1:
            raise InputError(
                f'{field_path}: it needs "filter" and one of nats, mute, only and remove; '
                'write it like {"filter": {"genres": "Drama"}, "nats": 1}'
            )
        condition = parse_condition(item_filter, f"{field_path}.{filter_field}")
        name, act = str(condition), acts[0]
        if act == "remove":
            return name, None
        index.mask(condition)  # an attribute that no item has is a mistake
        if act == "mute":
            return name, Preference(name, dict(item_filter), "mute", at=at)
        if act == "only":
            return name, Preference(name, dict(item_filter), "only", at=at)
        nats = parse_number(fields["nats"])
        if nats is None or not -MAX_PREFERENCE_NATS <= nats <= MAX_PREFERENCE_NATS:
            raise InputError(
                f"{field_path}.nats: it is a number from -{MAX_PREFERENCE_NATS:g} to "
                f"{MAX_PREFERENCE_NATS:g}, "
                f"this is {fields['nats']!r}; 1 is e times as likely"
            )
        return name, Preference(name, dict(item_filter), "boost", nats, at=at) if nats else None


def _dislike_event(item: str, user: str | None, session: str | None, at: float) -> Event:
    return Event(f"less-like-{uuid4().hex}", "dislike", at, user=user, session=session, item=item)

"""In: a person's changes, by hand or in words. Out: what holds from the next answer on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from foretaste.domain.data import Event
from foretaste.domain.preference import STRONGEST, Change
from foretaste.domain.store import Store
from foretaste.errors import InputError, did_you_mean
from foretaste.preferences.grammar import clauses
from foretaste.preferences.matching import Reads, Understood, Vocabulary, adjusted
from foretaste.rank.conditions import number, parsed
from foretaste.rank.index import Index

MOST = 100
"""Changes of one person."""
LONGEST = 500
"""Characters of a wish."""
ACTS = ("nats", "mute", "only", "remove")


@dataclass(frozen=True)
class Steered:
    """What a person's changes are now, and how a wish was understood."""

    changes: tuple[Change, ...]
    understood: tuple[Understood, ...] = ()


class People:
    """Reads and writes what people changed about their lists."""

    def __init__(self, store: Store, reads: Reads, clock: Callable[[], float]) -> None:
        self._store, self._reads, self._clock = store, reads, clock
        self._vocabulary: tuple[Index, Vocabulary] | None = None

    def vocabulary(self, index: Index) -> Vocabulary:
        """What the items have, kept as long as they are the same."""
        if self._vocabulary is None or self._vocabulary[0] is not index:
            self._vocabulary = (index, Vocabulary(index, self._reads))
        return self._vocabulary[1]

    def read(self, wish: str, index: Index) -> tuple[Understood, ...]:
        """What a wish means here. Raises InputError for one that is empty or too long."""
        if len(wish) > LONGEST:
            raise InputError(f"wish: {len(wish):,} characters; say it in {LONGEST}")
        found = clauses(wish)
        if not found:
            raise InputError(
                "wish: it names nothing; say it like 'more science fiction, nothing violent'"
            )
        vocabulary = self.vocabulary(index)
        return tuple(one for clause in found for one in vocabulary.understood(clause))

    def steer(
        self,
        user: str | None,
        session: str | None,
        index: Index,
        *,
        changes: Sequence[Mapping[str, Any]] = (),
        wish: str | None = None,
        less_like: Sequence[str] = (),
        reset: bool = False,
    ) -> Steered:
        """Reset, then each change as it is written, then the wish, then what is refused."""
        if user is None and session is None:
            raise InputError("whose profile? name a user or a session")
        for item in less_like:
            if self._store.item(item) is None:
                raise InputError(f"less_like: there is no item '{item}'; import it first")
        at = self._clock()
        given = [self.change(one, index, f"changes.{n}", at) for n, one in enumerate(changes)]
        before = () if reset else self._store.changes(user, session)
        kept = {one.name: one for one in before}
        for name, change in given:
            kept.pop(name, None)
            if change is not None:
                kept[name] = change
        understood = () if wish is None else self.read(wish, index)
        put, remove = adjusted(tuple(kept.values()), understood, at)
        kept = {name: one for name, one in kept.items() if name not in remove}
        kept |= {one.name: one for one in put}
        if len(kept) > MOST:
            raise InputError(f"changes: {len(kept)} of them; a person has at most {MOST}")
        if reset or given or put or remove:
            news = [one for one in kept.values() if reset or one.at == at]
            gone = [*remove, *(name for name, change in given if change is None)]
            self._store.put_changes(user, session, news, None if reset else gone)
        if less_like:
            self._store.add_events([_refusal(one, user, session, at) for one in less_like])
        return Steered(self._store.changes(user, session), understood)

    @staticmethod
    def change(
        asked: Mapping[str, Any], index: Index, where: str, at: float
    ) -> tuple[str, Change | None]:
        """(name, the change; None to take it out) as people write it:

        {"what": {"genres": "Drama"}, "nats": 1.5}; or "mute", "only" or "remove": true. 0 nats are
        no change.
        """
        for field in asked:
            if field not in ("what", *ACTS):
                raise InputError(
                    f"{where}: unknown field '{field}'; {did_you_mean(field, ('what', *ACTS))}"
                )
        acts = [act for act in ACTS if asked.get(act) is not None and asked[act] is not False]
        what = asked.get("what")
        if not isinstance(what, Mapping) or not what or len(acts) != 1:
            raise InputError(
                f'{where}: it needs "what", a filter, and one of nats, mute, only and remove; '
                'write it like {"what": {"genres": "Drama"}, "nats": 1}'
            )
        condition = parsed(what, f"{where}.what")
        name, act = str(condition), acts[0]
        if act == "remove":
            return name, None
        index.mask(condition)  # an attribute that no item has is a mistake
        if act == "mute":
            return name, Change(name, dict(what), "mute", at=at)
        if act == "only":
            return name, Change(name, dict(what), "only", at=at)
        nats = number(asked["nats"])
        if nats is None or not -STRONGEST <= nats <= STRONGEST:
            raise InputError(
                f"{where}.nats: it is a number from -{STRONGEST:g} to {STRONGEST:g}, "
                f"this is {asked['nats']!r}; 1 is e times as likely"
            )
        return name, Change(name, dict(what), "boost", nats, at=at) if nats else None


def _refusal(item: str, user: str | None, session: str | None, at: float) -> Event:
    return Event(f"less-like-{uuid4().hex}", "dislike", at, user=user, session=session, item=item)

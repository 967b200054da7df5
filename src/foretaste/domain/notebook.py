"""A list of items in; frames, and what a notebook shows, out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foretaste.display.render import face
from foretaste.display.words import plain_expert, plain_feature
from foretaste.domain.frames import polars_frame
from foretaste.domain.titles import natural_title

if TYPE_CHECKING:
    import pandas
    import polars

MAX_TERMS = 6
"""Terms of an item that are shown one by one, the largest first."""
AVERAGE_ITEM = "average item"
"""The feature of terms that every item has alike."""
LIST_COLUMNS = ("position", "id", "title", "score", "reason")
TERM_COLUMNS = ("position", "id", "expert", "event", "event_title", "feature", "contribution")


@dataclass(frozen=True, slots=True)
class TermBar:
    """A part of a score, as a bar."""

    label: str
    note: str
    nats: float


class NotebookDisplay(ABC):
    """What a recommendation can do in a notebook."""

    __slots__ = ()

    @property
    @abstractmethod
    def omissions(self) -> Iterator[tuple[str, str]]:
        """(item, reason) of what was asked for by name and is not in the list."""

    @property
    @abstractmethod
    def shortfall_text(self) -> str | None:
        """Why there are fewer items than were asked for."""

    @property
    @abstractmethod
    def searched_text(self) -> str | None:
        """How the query was read, where it names what filters."""

    headline: str | None
    cover: Callable[[str], str | None] | None
    event_titles: Mapping[str, str]

    @abstractmethod
    def __iter__(self) -> Iterator[Any]: ...

    def to_pandas(self) -> "pandas.DataFrame":
        """A row an item: position, id, title, score, reason; then its attributes, a column each;
        then, with explain=True, what each expert adds to the score, as `score: popularity`. Several
        values of an attribute are joined by "; ", as reasons are.
        """
        import pandas  # a third of a second, for those who want one

        rows = self._item_rows()
        return pandas.DataFrame(rows, columns=_item_columns(rows))

    def to_polars(self) -> "polars.DataFrame":
        """The same as a polars frame; polars is an extra."""
        rows = self._item_rows()
        return polars_frame({name: [row.get(name) for row in rows] for name in _item_columns(rows)})

    def terms_to_pandas(self) -> "pandas.DataFrame":
        """A row a part of a score, of a list with explain=True: the contributions of an item sum to
        its score.
        """
        import pandas

        return pandas.DataFrame(self._term_rows(), columns=list(TERM_COLUMNS))

    def terms_to_polars(self) -> "polars.DataFrame":
        """The same as a polars frame; polars is an extra."""
        rows = self._term_rows()
        return polars_frame(
            {name: [row[at] for row in rows] for at, name in enumerate(TERM_COLUMNS)}
        )

    def _item_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "position": recommended.position,
                "id": recommended.id,
                "title": recommended.title,
                "score": recommended.score,
                "reason": "; ".join(recommended.reason),
                **_attribute_cells(recommended.attributes),
                **_expert_sums(recommended.terms),
            }
            for recommended in self
        ]

    def _term_rows(self) -> list[tuple[Any, ...]]:
        return [
            (
                recommended.position,
                recommended.id,
                term.expert,
                term.event,
                self.event_titles.get(term.event or ""),
                term.feature,
                term.nats,
            )
            for recommended in self
            for term in recommended.terms
        ]

    def _repr_html_(self) -> str:
        terms = [self._term_bars(item.terms) for item in self if item.terms]
        sizes = (abs(bar.nats) for bars in terms for bar in bars)
        return face(
            "recommendation",
            answer=self,
            covers=self._covers(),
            titles=[natural_title(item.title) or item.id for item in self],
            terms=terms,
            terms_limit=max(sizes, default=0.0),
            omissions=list(self.omissions),
        )

    def _covers(self) -> list[str | None]:
        """A data URL an item; nothing at all where no item has one."""
        covers = [self.cover(item.id) for item in self] if self.cover else []
        return covers if any(covers) else []

    def _term_bars(self, terms: Any) -> list[TermBar]:
        """What sets an item apart, the largest first; the small ones together."""
        own_terms = [term for term in terms if term.feature != AVERAGE_ITEM]
        own_terms.sort(key=lambda term: -abs(term.nats))
        bars = [
            TermBar(self._source(term), plain_expert(term.expert), term.nats)
            for term in own_terms[:MAX_TERMS]
        ]
        smaller = own_terms[MAX_TERMS:]
        if smaller:
            nats = sum(term.nats for term in smaller)
            bars.append(TermBar(f"{len(smaller)} smaller ones", "", nats))
        return bars

    def _source(self, term: Any) -> str:
        """Where a term comes from: a past item or search, a feature, or both."""
        title = natural_title(self.event_titles.get(term.event, "")) or term.event
        return ", ".join(part for part in (title, plain_feature(term.feature)) if part)


SCORE_PREFIX = "score: "


def _item_columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """In their order: the attributes before what experts add."""
    names = dict.fromkeys([*LIST_COLUMNS, *(name for row in rows for name in row)])
    return sorted(names, key=lambda name: name.startswith(SCORE_PREFIX))


def _attribute_cells(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Column → values; one that is called like a column of the list is told apart."""
    return {
        f"{name} (attribute)" if name in LIST_COLUMNS else name: "; ".join(values)
        for name, values in attributes.items()
    }


def _expert_sums(terms: Any) -> dict[str, float]:
    """What each expert adds to a score."""
    sums: dict[str, float] = {}
    for term in terms:
        name = f"{SCORE_PREFIX}{term.expert}"
        sums[name] = sums.get(name, 0.0) + term.nats
    return sums

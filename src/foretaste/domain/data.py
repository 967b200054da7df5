"""The nouns. Everything the stages say to one another is one of these.

People and items come in as `Event`, `Item`, `User`. `Interactions` is what people did, in columns.
`Catalogue` is what there is to recommend. `UserContext` is U in P(R|U): what a model is told of one
person at one moment. `Request` asks, `Recommendation` answers; what then is done is an `Event`.

External ids are strings and live in `Event`, `Item`, `User`, `Request` and `Recommendation`.
Internal ids are positions in `Catalogue.ids` and live in arrays. The two never mix.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from foretaste.domain.arrays import Array, Vectors
from foretaste.domain.arrays import Floats as Floats
from foretaste.domain.arrays import Ints as Ints
from foretaste.domain.arrays import Longs as Longs
from foretaste.domain.derived_files import IN_MEMORY, DerivedFiles
from foretaste.domain.erasure import ErasureCounts as ErasureCounts
from foretaste.domain.event_types import EVENT_TYPE_WEIGHTS as EVENT_TYPE_WEIGHTS
from foretaste.domain.event_types import IDENTIFY_EVENT as IDENTIFY_EVENT
from foretaste.domain.event_types import RETURN_EVENT as RETURN_EVENT
from foretaste.domain.event_value import MIN_WEIGHT, ValueCurves
from foretaste.domain.feature_types import FeatureType, descriptive_features
from foretaste.domain.imports import ImportResult as ImportResult
from foretaste.domain.imports import RejectedRow as RejectedRow
from foretaste.domain.impressions import Impressions
from foretaste.domain.media import MediaSpace
from foretaste.domain.refusals import worths_after_refusals
from foretaste.domain.request import Degradation as Degradation
from foretaste.domain.request import FallbackLevel as FallbackLevel
from foretaste.domain.request import ItemSource as ItemSource
from foretaste.domain.request import LoggedItem as LoggedItem
from foretaste.domain.request import LoggedRecommendation as LoggedRecommendation
from foretaste.domain.request import OmittedItem as OmittedItem
from foretaste.domain.request import Recommendation as Recommendation
from foretaste.domain.request import Recommended as Recommended
from foretaste.domain.request import Request as Request
from foretaste.domain.request import Shortfall as Shortfall
from foretaste.domain.request import Term as Term
from foretaste.domain.words import BAND_SUFFIX as BAND_SUFFIX
from foretaste.domain.words import deepest_values, is_descriptive, is_readable

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a person did. Feedback is an event too: that is how the loop closes."""

    event_id: str
    kind: str
    at: float
    """Seconds since 1970-01-01 UTC."""
    user: str | None = None
    session: str | None = None
    """An anonymous visit. An event has a user, a session or both."""
    item: str | None = None
    """Absent for a search."""
    value: float | None = None
    """The stars of a rating, the price of a purchase, the seconds of a view."""
    text: str | None = None
    """The words of a review."""
    query: str | None = None
    """The words of a search."""
    device: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    recommendation_id: str | None = None
    """The list this came from, so that a click is attributed to it."""
    position: int | None = None
    """The place in that list, from 1."""


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of content."""

    id: str
    title: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Further text columns by name, e.g. description, plot."""
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Named features, each with one or several values, e.g. genre, brand, price band."""
    image: str | None = None
    """The cover: an address, a file or a data URL."""
    audio: str | None = None
    available_from: float | None = None
    available_until: float | None = None
    hidden: bool = False
    more_images: tuple[str, ...] = ()
    """Further pictures."""
    vectors: Mapping[str, bytes] = field(default_factory=dict)
    """Vectors of one's own by column, see `media.vector_bytes`."""

    @property
    def images(self) -> tuple[str, ...]:
        """All pictures, the cover first."""
        return self.more_images if self.image is None else (self.image, *self.more_images)

    @property
    def files(self) -> tuple[str | None, ...]:
        """The clip, then all pictures."""
        return (self.audio, *self.images)

    def reading(self) -> str:
        """What a language model reads of the item: title, attributes, then the longer texts."""
        attribute_texts = (
            f"{column}: {', '.join(filter(is_readable, deepest_values(values)))}"
            for column, values in self.attributes.items()
            if any(map(is_readable, values)) and is_descriptive(column, self.attributes)
        )
        parts = [self.title, *attribute_texts, *self.texts.values()]
        return ". ".join(part.strip().rstrip(".") for part in parts if part.strip())

    def available(self, at: float) -> bool:
        """Whether the item may be shown at this time."""
        has_started = self.available_from is None or self.available_from <= at
        not_ended = self.available_until is None or at < self.available_until
        return has_started and not_ended and not self.hidden


@dataclass(frozen=True, slots=True)
class User:
    """One person. An attribute named like an item attribute is a stated taste in it."""

    id: str
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def columns_at(
    events: "Interactions | UserContext", rows: slice | npt.NDArray[Any]
) -> dict[str, Any]:
    """These rows of what is kept of each event in an array of its own, by name."""
    names = ("item", "weight", "kind", "value", "at", *(() if events.worth is None else ("worth",)))
    return {name: getattr(events, name)[rows] for name in names}


@dataclass(frozen=True, slots=True)
class Interactions:
    """What every person did, in columns, each person's events together and in time order.

    Person p owns rows offsets[p]:offsets[p+1]. A million events take about 40 MB.
    """

    users: tuple[str, ...]
    offsets: Longs
    """[people + 1]"""
    item: Ints
    """[events], internal id, -1 where the event has none (a search)."""
    weight: Floats
    """[events], by event type and by what it was worth; below 0 is negative feedback."""
    kind: npt.NDArray[np.int8]
    """[events], position in `event_types`."""
    value: Floats
    """[events], nan where there is none."""
    at: Doubles
    """[events], seconds since 1970."""
    text: Ints
    """[events], position in `texts`, -1 where there is none."""
    event_types: tuple[str, ...]
    texts: tuple[str, ...]
    """The distinct searches and reviews."""
    vectors: Floats | None = None
    """[texts, dim], the texts as the language model reads them; None until it has."""
    worth: Floats | None = None
    """[events], from -1 to 1, what each was worth by its value, below 0 for what was taken and
    disliked; None where no event type has a curve, as if all were 1."""
    value_curves: ValueCurves = field(default_factory=dict)
    """How `worth` came from the values."""

    def __len__(self) -> int:
        return len(self.users)

    @property
    def event_count(self) -> int:
        return len(self.item)

    def user_slice(self, user_index: int) -> slice:
        """The rows of one person."""
        return slice(int(self.offsets[user_index]), int(self.offsets[user_index + 1]))

    def user_context(self, user_index: int, end_row: int) -> "UserContext":
        """What was known of a person just before row `end_row`, theirs or one past theirs."""
        rows = slice(int(self.offsets[user_index]), end_row)
        codes = self.text[rows]
        vectors = None
        if self.vectors is not None and len(codes) and codes.max() >= 0:
            vectors = np.where(codes[:, None] >= 0, self.vectors[codes], np.float32(0))
        return UserContext(
            **columns_at(self, rows),
            text=tuple(self.texts[code] if code >= 0 else "" for code in codes),
            text_vectors=vectors,
            now=self._time_of_row(user_index, end_row),
        )

    def _time_of_row(self, user_index: int, end_row: int) -> float:
        """The time of row `end_row`, or of their last row past it; never another person's."""
        start, stop = int(self.offsets[user_index]), int(self.offsets[user_index + 1])
        row = min(end_row, stop - 1)
        return float(self.at[row]) if row >= start else 0.0

    def row_users(self) -> Longs:
        """[events], the person of each row."""
        return np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.offsets))

    def positive_mask(self) -> npt.NDArray[np.bool_]:
        """[events], whether the row takes an item: not a search, not negative feedback."""
        return (self.item >= 0) & (self.weight > 0)

    def filter_rows(self, row_mask: npt.NDArray[np.bool_]) -> "Interactions":
        """The rows for which `row_mask` [events] holds; people stay, even those left with none."""
        counts = np.add.reduceat(np.append(row_mask, False).astype(np.int64), self.offsets[:-1])
        counts[np.diff(self.offsets) == 0] = 0
        return replace(
            self,
            offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            **columns_at(self, row_mask),
            text=self.text[row_mask],
        )


@dataclass(frozen=True, slots=True)
class EvaluationCases:
    """Moments to predict: at each row the item that was taken, given all that came before it."""

    interactions: Interactions
    user_indices: Longs
    """[cases], position in `interactions.users`."""
    target_rows: Longs
    """[cases], row of the target in `interactions`."""

    def __len__(self) -> int:
        return len(self.target_rows)

    @property
    def targets(self) -> Ints:
        """[cases], the items taken."""
        return self.interactions.item[self.target_rows]

    def user_contexts(self, start: int, stop: int) -> list["UserContext"]:
        """U of the cases start:stop."""
        pairs = zip(self.user_indices[start:stop], self.target_rows[start:stop], strict=True)
        return [
            self.interactions.user_context(int(user_index), int(row)) for user_index, row in pairs
        ]

    def sample(self, n: int, rng: np.random.Generator) -> "EvaluationCases":
        """At most n of them, drawn without replacement, in their order."""
        if n >= len(self):
            return self
        return self.select(np.sort(rng.choice(len(self), n, replace=False)))

    def select(self, case_indices: Longs) -> "EvaluationCases":
        """The cases at these places."""
        return EvaluationCases(
            self.interactions, self.user_indices[case_indices], self.target_rows[case_indices]
        )


@dataclass(frozen=True, slots=True)
class Split:
    """A protocol: what may be learned from, what chooses, what is read once."""

    protocol: str
    train: Interactions
    valid: EvaluationCases
    test: EvaluationCases
    service_interactions: Interactions
    """What a service has counted by the time of the test: `train` and what chose."""


@dataclass(frozen=True, slots=True)
class UserContext:
    """U: what a model is told of one person at one moment. Oldest event first."""

    item: Ints
    """[length], internal id, -1 for a search or an unknown item."""
    weight: Floats
    kind: npt.NDArray[np.int8]
    value: Floats
    at: Doubles
    text: tuple[str, ...] = ()
    """[length], the search or the review of each event, "" where there is none."""
    query: str | None = None
    """What the person asks for now; the free text of the context is part of it."""
    query_vector: Floats | None = None
    """[dim], the query as the language model reads it, of length 1."""
    media_queries: Mapping[str, Array] = field(default_factory=dict)
    """Space → [dim], pictures and the like that the person asks with, of length 1; of the space of
    landmarks [peaks], those of a clip."""
    text_vectors: Floats | None = None
    """[length, dim], each search or review as the language model reads it; zero where none."""
    taste: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Stated tastes by attribute column."""
    now: float = 0.0
    """When the question is asked, seconds since 1970."""
    worth: Floats | None = None
    """[length], as in `Interactions`."""
    impressions: Impressions | None = None
    """What was on the person's screen; None where that is not known."""
    returned_items: tuple[int, ...] = ()
    """What the person sent back: no part of their taste, and hidden like what they took."""
    _consumed_cache: list[Ints] = field(default_factory=list, init=False, repr=False, compare=False)
    _worth_cache: list[Floats | None] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    def __len__(self) -> int:
        return len(self.item)

    def select_events(self, rows: slice | npt.NDArray[np.bool_]) -> "UserContext":
        """The same question with only some of the events: a slice, or [length] of which."""
        kept_rows = range(len(self))[rows] if isinstance(rows, slice) else np.flatnonzero(rows)
        return replace(
            self,
            **columns_at(self, rows),
            text=tuple(self.text[row] for row in kept_rows) if self.text else (),
            text_vectors=None if self.text_vectors is None else self.text_vectors[rows],
        )

    @property
    def has_query(self) -> bool:
        """Whether the person asks for something: in words, or with a picture."""
        return bool(self.query and self.query.strip()) or bool(self.media_queries)

    @property
    def consumed_items(self) -> Ints:
        """The items the person took, oldest first, without negative feedback and searches."""
        if not self._consumed_cache:  # every expert asks
            self._consumed_cache.append(self.item[(self.item >= 0) & (self.weight > 0)])
        return self._consumed_cache[0]

    @property
    def event_worths(self) -> Floats | None:
        """[length], `worth`, and of what was refused later what it was worth then; None where all
        say as much.
        """
        if not self._worth_cache:  # every expert asks
            self._worth_cache.append(worths_after_refusals(self.item, self.weight, self.worth))
        return self._worth_cache[0]

    @property
    def consumed_weights(self) -> Floats | None:
        """[consumed], what each of `consumed_items` says of the taste by what it was worth, above 0
        and at most 1; None where all say as much.
        """
        if (worths := self.event_worths) is None:
            return None
        worths = worths[(self.item >= 0) & (self.weight > 0)]
        return np.maximum(worths, np.float32(MIN_WEIGHT))


@dataclass(frozen=True, slots=True)
class Feature:
    """One named column over the catalogue, as a sparse table item → values."""

    column: str
    values: tuple[str, ...]
    offsets: Longs
    """[items + 1]; item i has values codes[offsets[i]:offsets[i+1]]."""
    codes: Ints
    feature_type: FeatureType = "category"

    def item_codes(self, item_index: int) -> Ints:
        """The value codes of one item."""
        return self.codes[self.offsets[item_index] : self.offsets[item_index + 1]]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What there is to recommend, as the model sees it. Position is internal id."""

    ids: Sequence[str]
    titles: Sequence[str]
    full_texts: Sequence[str]
    """The text of each item, for words and for BM25."""
    vectors: Vectors
    """[items, dim], each of length 1, or zero where there is nothing to read."""
    features: tuple[Feature, ...] = ()
    index: Mapping[str, int] = field(default_factory=dict)
    """External id → internal id."""
    media: tuple[MediaSpace, ...] = ()
    derived: DerivedFiles = IN_MEMORY
    """What is made of these items."""
    origin: "Catalogue | None" = None
    """The one with files that this has grown of."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def descriptive_features(self) -> tuple[Feature, ...]:
        """The features that say what items are."""
        return descriptive_features(self.features)
